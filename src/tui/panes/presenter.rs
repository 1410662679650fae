//! The presenter's view: three numbers in large digits, and a caption for the audience.

use super::{
    Scene,
    banner::word_role,
    recent_answers::{self, RecentAnswers},
};
use crate::{
    insight,
    tui::{
        figures,
        letters::LetterSize,
        pane_buffer::{PaneBuffer, RoleLine},
        picture::{breaker_now, ready_now, shown_endpoint},
        text,
        theme::Role,
    },
};

/// Seconds for which a caption written for the audience is shown.
const CAPTION_S: f64 = 30.0;
/// Columns left of the numbers, and left of the lane texts.
const MARGIN: (usize, usize) = (2, 1);
/// Columns from which each lane has two rows.
const WIDE: usize = 34;

/// A number with its unit and a label that names what is counted.
struct BigFigure {
    number: String,
    unit: &'static str,
    role: Role,
    counts: &'static str,
}

/// Draws the numbers, then the current state of the breaker and of the provider in the rows of their lanes.
pub(crate) fn figures(canvas: &mut PaneBuffer, scene: &Scene) {
    let (width, height) = (canvas.width(), canvas.height());
    let each = if width >= WIDE { 2 } else { 1 };
    let rows = height.saturating_sub(2 * each);
    let figures = of(scene);
    // The digits, their label, and a blank row if there is room for it.
    let high = LetterSize::Small.rows() + 1;
    let pitch = [high + 1, high].into_iter().find(|pitch| pitch * figures.len() <= rows + 1);
    for (figure, i) in figures.iter().zip(0..) {
        match pitch.filter(|_| !canvas.theme.ascii) {
            Some(pitch) => big(&mut canvas.part(0, i * pitch, width, high), figure),
            None => plain(&mut canvas.part(0, 2 * i, width, 1), figure),
        }
    }
    let (breaker, provider) = (breaker_now(scene), scene.session.provider_readiness());
    canvas.at(MARGIN.1, rows + each - 1, &breaker);
    canvas.at(MARGIN.1, rows + 2 * each - 1, &ready_now(scene, provider.last(), Role::Fault));
}

fn of(scene: &Scene) -> Vec<BigFigure> {
    let Some(endpoint) = shown_endpoint(scene) else { return Vec::new() };
    let (waiting, _) = recent_answers::waiting(scene, endpoint);
    let (failed, counts) = match scene.session.t0() {
        Some(_) => (endpoint.since_t0(scene.until).error, "failed since T0"),
        None => (endpoint.baseline(scene.until).error, "failed before T0"),
    };
    let counted = |number: u64, role: Role, counts: &'static str| BigFigure {
        number: number.to_string(),
        unit: "",
        role: if number == 0 { Role::Text } else { role },
        counts,
    };
    let median = RecentAnswers::of(scene, endpoint).answered.median_ms;
    let median = figures::wait(median);
    let (number, unit) = match median.split_once(' ') {
        Some((number, "ms")) => (number, "ms"),
        Some((number, _)) => (number, "s"),
        None => (median.as_str(), ""),
    };
    let took = BigFigure {
        number: number.to_owned(),
        unit,
        role: word_role(scene.verdict.word),
        counts: "median wait, 5 s",
    };
    vec![
        counted(waiting as u64, Role::Waiting, "users waiting now"),
        counted(failed, Role::Failing, counts),
        took,
    ]
}

fn big(canvas: &mut PaneBuffer, figure: &BigFigure) {
    let columns = LetterSize::Small.columns(&figure.number);
    if MARGIN.0 + columns + figure.unit.len() + 2 > canvas.width() {
        return plain(canvas, figure);
    }
    let (style, rows) = (canvas.theme.style(figure.role), LetterSize::Small.rows());
    LetterSize::Small.draw(canvas, MARGIN.0, 0, &figure.number, style);
    canvas.at(MARGIN.0 + columns + 2, rows - 1, &RoleLine::strong(figure.role, figure.unit));
    canvas.at(MARGIN.0, rows, &RoleLine::strong(Role::Text, figure.counts));
}

fn plain(canvas: &mut PaneBuffer, figure: &BigFigure) {
    let number = format!("{} {}", figure.number, figure.unit);
    let row = RoleLine::strong(figure.role, number.trim_end()).and(format!(" {}", figure.counts));
    canvas.at(MARGIN.1, 0, &row);
}

/// Draws one sentence on the last change. A note that the operator must see now has priority.
pub(crate) fn caption(canvas: &mut PaneBuffer, scene: &Scene) {
    if super::note::pressing_note(canvas, scene) {
        return;
    }
    // Captions written for this audience have priority over those derived from events.
    let written = scene.session.annotations.captions.back();
    let written = written.filter(|entry| figures::between(entry.at, scene.now) < CAPTION_S);
    let derived = insight::latest_caption(scene.session, scene.now).map(|(_, text)| text);
    if let Some(text) = written.map(|entry| entry.text.clone()).or(derived) {
        let text = whole_clauses(&text, canvas.width().saturating_sub(4));
        canvas.at(1, 0, &RoleLine::of(Role::Focus, "▌").and(" ").bold(Role::Strong, text));
    }
}

/// As many clauses of a sentence as fit; no clause is cut.
fn whole_clauses(text: &str, columns: usize) -> String {
    if text::width(text) <= columns {
        return text.to_owned();
    }
    let ends = text.match_indices([',', ':', ';']).map(|(end, _)| text.get(..end).unwrap_or_default());
    match ends.filter(|clause| text::width(clause) < columns).reduce(|_, longer| longer) {
        Some(clause) => format!("{clause}."),
        None => text.to_owned(),
    }
}

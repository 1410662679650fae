//! Two sessions side by side at the end: the table, users and breaker on one axis, findings.

use super::{Scene, chart};
use crate::{
    report::{Comparison, Judgement},
    session::state::Lane,
    tui::{
        canvas::{Canvas, Row},
        keymap::Action,
        text,
        theme::Role,
    },
};

/// Columns from which the words about a change are shown beside its judgement.
const ROOMY: usize = 100;
/// Where the prediction stands, right of the lanes.
const PREDICTION: usize = 84;
/// Rows of the lanes: four of them and the axis.
const LANES: usize = 5;
/// Rows below which the fault has no lane: it stands where users and breaker tell of it.
const TALL: usize = 22;

/// Draws the comparison in the room of all panes.
pub(crate) fn comparison(canvas: &mut Canvas, scene: &Scene) {
    let Some(earlier) = scene.earlier else { return };
    let (one, two) = scene.view.names();
    let compared = Comparison::of((one, earlier), (two, scene.session));
    let (width, height) = (canvas.width(), canvas.height());
    let shown = if height < TALL { LANES - 1 } else { LANES };
    let table = (compared.rows.len() + 3).min(height.saturating_sub(shown + 1));
    let title = format!("{} and {}, lined up at T0 (the kill)", one.to_uppercase(), two.to_uppercase());
    let title = Row::of(Role::Strong, title);
    let mut upper = canvas.part(0, 0, width, table);
    let mut inside = upper.framed(&title, &Row::new(), Role::Muted);
    rows(&mut inside, &compared);
    lanes(&mut canvas.part(0, table, width, shown), &compared);
    if width >= ROOMY {
        let room = width.saturating_sub(PREDICTION);
        prediction(&mut canvas.part(PREDICTION, table, room, LANES), &compared);
    }
    let below = height.saturating_sub(table + shown);
    findings(&mut canvas.part(0, table + shown, width, below), scene, &compared);
}

fn rows(canvas: &mut Canvas, compared: &Comparison) {
    let roomy = canvas.width() >= ROOMY;
    let (first, second, third) = if roomy { (48, 66, 82) } else { (38, 51, 64) };
    let head = Row::text(" ").to(first).and(&*compared.before.name).to(second).and(&*compared.after.name);
    canvas.row(0, &Row::of(Role::Strong, head.0.iter().map(|piece| piece.text.as_str()).collect::<String>()));
    for (y, row) in compared.rows.iter().enumerate() {
        let role = match row.judgement {
            Judgement::Good => Role::Ok,
            Judgement::Worse => Role::Failing,
            Judgement::Neutral => Role::Muted,
        };
        let mut line = Row::text(format!(" {}", row.what)).to(first).and(&*row.before).to(second);
        line = line.and(&*row.after).to(third).with(role, row.judgement.text());
        if roomy {
            line = line.with(Role::Muted, format!("  {}", row.change));
        }
        if let Some(number) = row.finding {
            line = line.with(Role::Focus, format!(" [{number}]"));
        }
        canvas.row(y + 1, &line);
    }
}

/// What was expected of the second one, or of the first, beside what happened.
fn prediction(canvas: &mut Canvas, compared: &Comparison) {
    let sides = [&compared.after, &compared.before];
    let Some(side) = sides.into_iter().find(|side| !side.scores.is_empty()) else { return };
    canvas.row(0, &Row::of(Role::Strong, "YOUR PREDICTION"));
    for (y, score) in (1..).zip(&side.scores) {
        let (guess, fact) = super::finished::score(score);
        canvas.spread(y, &guess, &fact);
    }
}

/// How much of it was right, and what was not, in a line.
fn prediction_in_short(compared: &Comparison) -> Option<Row> {
    let scores =
        &[&compared.after, &compared.before].into_iter().find(|side| !side.scores.is_empty())?.scores;
    let right = scores.iter().filter(|score| score.right == Some(true)).count();
    let wrong = scores.iter().filter(|score| score.right == Some(false));
    let wrong: Vec<String> = wrong.map(|score| format!("{} ({})", score.guess, score.fact)).collect();
    let wrong = if wrong.is_empty() { String::new() } else { format!("; not {}", wrong.join(", ")) };
    Some(Row::of(Role::Strong, format!("     YOUR PREDICTION {right} of {} right{wrong}", scores.len())))
}

/// Users of both, the breaker of the second one, on one axis.
fn lanes(canvas: &mut Canvas, compared: &Comparison) {
    const LABEL: usize = 16;
    let sides = [
        ("users", &compared.before, Lane::Users),
        ("users", &compared.after, Lane::Users),
        ("breaker", &compared.after, Lane::Breaker),
        ("fault", &compared.after, Lane::Fault),
    ];
    let foot = canvas.height().saturating_sub(1);
    for (y, (label, side, lane)) in sides.into_iter().take(foot).enumerate() {
        canvas.at(1, y, &Row::of(Role::Muted, format!("{:6} {label}", side.name)));
        let letters = side.lanes.iter().find(|(kind, _)| *kind == lane).map_or("", |(_, letters)| letters);
        for (x, letter) in letters.chars().enumerate() {
            let role = match (lane, letter) {
                (Lane::Users, letter) => chart::role(letter),
                (Lane::Fault, '#') => Role::Fault,
                (_, 'O') => Role::Protected,
                (_, 'h') => Role::Waiting,
                (_, 'c') => Role::Ok,
                _ => Role::Muted,
            };
            canvas.letters(LABEL + x, y, letter.encode_utf8(&mut [0; 4]), role);
        }
    }
    // The lanes begin five seconds before T0.
    canvas.at(
        LABEL + 5,
        foot,
        &Row::of(Role::Muted, "T0        +10       +20       +30       +40       +50"),
    );
}

fn findings(canvas: &mut Canvas, scene: &Scene, compared: &Comparison) {
    let width = canvas.width().saturating_sub(6);
    let mut lines = Vec::new();
    if canvas.width() < ROOMY {
        lines.extend(prediction_in_short(compared));
    }
    for (number, finding) in (1..).zip(&compared.findings) {
        let said = format!("{} {} ({})", finding.text, finding.remedy, finding.evidence);
        for (i, line) in text::wrap(&said, width, 3).into_iter().enumerate() {
            let head = if i == 0 { format!(" [{number}] ") } else { "     ".to_owned() };
            lines.push(Row::of(Role::Focus, head).and(line));
        }
    }
    let caveats = compared.caveats.iter().flat_map(|caveat| text::wrap(caveat, width, 2));
    lines.extend(caveats.map(|line| Row::of(Role::Muted, format!("     {line}"))));
    let scroll = scene.view.scroll_of(scene.view.focus);
    super::scrolled(canvas, &lines, scroll);
    let more = lines.len().saturating_sub(canvas.height()).saturating_sub(scroll);
    if more > 0 {
        let key = scene.view.keymap.key(Action::Down);
        let below = Row::of(Role::Focus, format!(" {key}: {more} more below "));
        canvas.right(canvas.height().saturating_sub(1), &below);
    }
}

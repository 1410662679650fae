//! Two sessions compared at the end: the table, both plots on one axis, findings.

mod table;

use super::{
    Scene,
    banner::standing_role,
    comparison_bars,
    findings::{self, FindingText},
    framed, narrowed,
};
use crate::{
    report::Comparison,
    tui::{
        click_targets::ClickTarget,
        keymap::Action,
        layout::Size,
        pane::Pane,
        pane_buffer::{PaneBuffer, RoleLine},
        picture::{ComparedRun, ComparedRuns, compared_strips},
        theme::Role,
    },
};

#[cfg(test)]
mod tests;

/// The picture's share of the width, as a fraction, on a standard and on a wide screen.
const PICTURE: [(usize, usize); 2] = [(72, 120), (130, 200)];
/// Rows of the small table with its head, and rows of both strips with the axis.
const SMALL: (usize, usize) = (7, 5);
/// The column in which the strips of the small screen begin.
const TRACK: usize = 9;

/// Draws the comparison in place of all panes.
pub(crate) fn comparison(canvas: &mut PaneBuffer, scene: &Scene, size: Size) {
    let Some(earlier) = scene.earlier else { return };
    canvas.clear();
    let (before_name, after_name) = scene.view.run_names();
    let compared = Comparison::of((before_name, earlier), (after_name, scene.session));
    let before = ComparedRun {
        session: earlier,
        name: before_name,
        role: standing_role(compared.before.conclusion.verdict),
    };
    let after = ComparedRun {
        session: scene.session,
        name: after_name,
        role: standing_role(compared.after.conclusion.verdict),
    };
    match size {
        Size::Compact => small(canvas, scene, &compared, before, after),
        _ => large(canvas, scene, &compared, size, before, after),
    }
}

fn large(
    canvas: &mut PaneBuffer,
    scene: &Scene,
    compared: &Comparison,
    size: Size,
    before: ComparedRun,
    after: ComparedRun,
) {
    let (width, height) = (canvas.width(), canvas.height());
    let top = (compared.rows.len() + 3).min(height);
    let title = RoleLine::strong(Role::Focus, format!("1 {}", compared.heading));
    {
        let mut upper = canvas.part(0, 0, width, top);
        let mut inside = narrowed(upper.framed(&title, &"1 run each".into(), Role::Focus));
        table::draw(&mut inside, compared);
    }
    let (share, of) = if size == Size::Wide { PICTURE[1] } else { PICTURE[0] };
    let left = width * share / of;
    {
        let mut pane = canvas.part(0, top, left, height - top);
        let picture = ComparedRuns::in_frame(before, after, left);
        let word = RoleLine::text(format!("{} a column", picture.step()));
        framed(&mut pane, scene, (Pane::Users, Pane::Users.number()), "USERS", RoleLine::new(), word);
        picture.draw(&mut pane, scene);
    }
    let mut right = canvas.part(left, top, width - left, height - top);
    draw_findings(&mut right, scene, compared, 3);
}

fn small(
    canvas: &mut PaneBuffer,
    scene: &Scene,
    compared: &Comparison,
    before: ComparedRun,
    after: ComparedRun,
) {
    let (width, height) = (canvas.width(), canvas.height());
    // One spare row goes to the table, the others to the findings.
    let spare = usize::from(height > SMALL.0 + SMALL.1 + 7);
    let top = SMALL.0 + spare;
    table::brief(&mut canvas.part(0, 0, width, top), compared);
    let track = (TRACK, width.saturating_sub(TRACK + 1));
    compared_strips(&mut canvas.part(0, top, width, SMALL.1), before, after, track);
    let below = top + SMALL.1;
    draw_findings(&mut canvas.part(0, below, width, height.saturating_sub(below)), scene, compared, 1);
}

/// Findings, then what was not seen, what two runs cannot show, and the scored predictions.
fn draw_findings(canvas: &mut PaneBuffer, scene: &Scene, compared: &Comparison, number: usize) {
    let key = scene.view.keymap.key(Action::Why);
    let word = RoleLine::of(Role::Soft, format!("{}, {key} opens the evidence", compared.findings.len()));
    let scroll = scene.view.scroll_of(scene.view.focus);
    // The mouse wheel scrolls this list, whichever pane has the focus.
    scene.mark(canvas.area(), ClickTarget::Pane(scene.view.focus));
    let hidden = {
        let title = RoleLine::strong(Role::Focus, format!("{number} ")).bold(Role::Strong, "FINDINGS");
        let mut body = narrowed(canvas.framed(&title, &word, Role::Line));
        let width = body.width();
        let texts: Vec<FindingText> = compared.findings.iter().map(FindingText::of).collect();
        let mut lines = findings::lines(&texts, &compared.not_seen, width);
        // The first caveat is in the note line.
        lines.extend(findings::headed("NOTE", compared.caveats.get(1..).unwrap_or_default(), width));
        for side in [&compared.after, &compared.before].into_iter().filter(|side| !side.scores.is_empty()) {
            lines.push(RoleLine::new());
            lines.push(RoleLine::strong(Role::Strong, "YOUR PREDICTION").and(format!("  {}", side.name)));
            lines.extend(side.scores.iter().map(|score| comparison_bars::prediction(score, width)));
        }
        super::scrolled(&mut body, &lines, scroll);
        lines.len().saturating_sub(body.height())
    };
    super::more_below(canvas, scene, scene.view.focus, hidden.saturating_sub(scroll));
}

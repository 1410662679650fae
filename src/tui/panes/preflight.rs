//! What to mend and what to know before anything is fired.

use super::Scene;
use crate::{
    session::{
        event::{Check, CheckLevel},
        wording,
    },
    tui::{
        canvas::{Canvas, Row},
        keymap::Action,
        pane::Pane,
        text,
        theme::Role,
    },
};

/// Draws the checks of the wide screen: what to mend first, texts wrapped.
pub(crate) fn preflight(canvas: &mut Canvas, scene: &Scene) {
    canvas.clear();
    let lines = lines(scene, canvas.width(), 3, true);
    let scroll = scene.view.scroll_of(Pane::Users);
    super::scrolled(canvas, &lines, scroll);
}

/// What is in order as one line; the zoomed pane lists it.
fn in_order(fine: &[&Check], kit: Option<&Check>, scene: &Scene) -> Check {
    let (pane, zoom) = (Pane::Users.number(), scene.view.keymap.key(Action::Zoom));
    let kit = kit.map(|kit| format!("; {}", kit.text)).unwrap_or_default();
    let things = wording::count(fine.len() as u64, "thing");
    let text = format!("{things} in order{kit}   [{pane}] [{zoom}] list all");
    Check { level: CheckLevel::Ok, text, remedy: None, offer: None }
}

/// The checks, each on `most` lines at the most; those in order on a line of `each`, or all on one.
fn lines(scene: &Scene, width: usize, most: usize, each: bool) -> Vec<Row> {
    let mut checks: Vec<&Check> = scene.session.checks.iter().collect();
    // On a small screen the sort brings what matters; the order of finding is kept within a level.
    checks.sort_by_key(|check| match check.level {
        CheckLevel::Fix => 0,
        CheckLevel::Know => 1,
        CheckLevel::Ok => 2,
    });
    if checks.is_empty() {
        let observe = scene.view.keymap.key(Action::Observe);
        return vec![Row::of(Role::Soft, format!(" nobody is asked yet; {observe} starts watching"))];
    }
    let kit = Some(scene.session.undo.manifests()).filter(|saved| *saved > 0).map(|saved| Check {
        level: CheckLevel::Ok,
        text: format!("undo kit: {} saved", wording::count(saved as u64, "manifest")),
        remedy: None,
        offer: None,
    });
    let (mut told, fine): (Vec<&Check>, Vec<&Check>) =
        checks.into_iter().partition(|check| each || check.level != CheckLevel::Ok);
    let summary = in_order(&fine, kit.as_ref(), scene);
    told.extend(if fine.is_empty() { kit.as_ref() } else { Some(&summary) });
    told.into_iter().flat_map(|check| line(scene, check, width, most)).collect()
}

fn line(scene: &Scene, check: &Check, width: usize, most: usize) -> Vec<Row> {
    let (word, role) = match check.level {
        CheckLevel::Ok => (" ok   ", Role::Ok),
        CheckLevel::Fix => (" FIX  ", Role::Failing),
        CheckLevel::Know => (" know ", Role::Waiting),
    };
    let key = scene.view.keymap.key(Action::Fix);
    let said = match (&check.offer, &check.remedy) {
        // On one line what to press goes before what is wrong.
        (Some(offer), _) if most == 1 => format!("[{key}] {}: {}", offer.offer(), check.text),
        (Some(offer), _) => format!("{}.  Press {key} to {}", check.text, offer.offer()),
        (None, Some(remedy)) => format!("{} -> {remedy}", check.text),
        (None, None) => check.text.clone(),
    };
    let wrapped = text::wrap(&said, width.saturating_sub(word.len() + 1), most);
    wrapped
        .into_iter()
        .enumerate()
        .map(|(i, text)| Row::of(role, if i == 0 { word } else { "      " }).and(text))
        .collect()
}

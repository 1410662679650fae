//! What the fire will do, shown before it can be fired.

use super::Scene;
use crate::session::wording;
use crate::tui::{
    canvas::{Canvas, Row},
    figures,
    keymap::Action,
    text,
    theme::Role,
    view::Pane,
};

/// Draws the card in the place of the pods.
pub fn target(canvas: &mut Canvas, scene: &Scene) {
    let key = scene.view.keymap.spoken(Action::Fire);
    let number = Pane::Pods.number();
    let title = Row::of(Role::Fault, format!("{number} TARGET - what {key} will do"));
    let place = scene.session.meta.context.as_deref().unwrap_or("this machine");
    let mut inside = canvas.framed(&title, &Row::of(Role::Fault, format!("on {place}")), Role::Fault);
    let mut body = inside.part(1, 0, inside.width().saturating_sub(1), inside.height());
    for (y, line) in lines(scene, body.width()).iter().enumerate() {
        body.row(y, line);
    }
}

/// The name without its kind: the headline says what it is.
fn name_of(object: &str) -> &str {
    object.split_once('/').map_or(object, |(_, name)| name)
}

/// Whether what the fire takes away can be put back, and when the server was last asked.
fn kit(scene: &Scene) -> Option<(Role, String)> {
    let session = scene.session;
    let kit = session.undo.kits.get(&scene.card()?.step)?;
    let key = scene.view.keymap.key(Action::Undo);
    let words = match kit.needed {
        true => format!("{key} restores the manifests"),
        false => format!("undo kit: {} saved", wording::count(kit.manifests.len() as u64, "manifest")),
    };
    Some(match &session.undo.checked {
        Some((_, Some(why))) => (Role::Failing, format!("{key} CANNOT restore: {why}")),
        Some((at, None)) => {
            let ago = figures::length(figures::between(*at, scene.now));
            (Role::Muted, format!("{words}, checked {ago} ago"))
        }
        None => (Role::Muted, words),
    })
}

/// The card as one paragraph, for small screens.
pub(super) fn paragraph(scene: &Scene, width: usize, most: usize) -> Vec<Row> {
    let Some(card) = scene.card() else { return lines(scene, width) };
    let objects: Vec<&str> = card.objects.iter().map(|object| name_of(object)).collect();
    let mut words = vec![format!("{}: {}.", card.headline, objects.join(", "))];
    words.extend(card.share.iter().map(|share| format!("{share}.")));
    words.extend(card.consequences.iter().map(|text| format!("{text}.")));
    words.push(format!("Comes back: {}.", card.comes_back));
    let wrapped = text::wrap(&words.join(" "), width, most);
    let role = |y| if y == 0 { Role::Fault } else { Role::Text };
    wrapped.into_iter().enumerate().map(|(y, text)| Row::of(role(y), text)).collect()
}

/// The card's lines, the most important first.
pub(super) fn lines(scene: &Scene, width: usize) -> Vec<Row> {
    let Some(card) = scene.card() else {
        let step = scene.awaiting_fire().map(|row| row.step.label.clone()).unwrap_or_default();
        return vec![
            Row::of(Role::Fault, step),
            Row::text("what it will hit is being looked up;"),
            Row::text("where that cannot be told, it may hit anything"),
        ];
    };
    let mut lines = vec![Row::of(Role::Fault, card.headline.as_str())];
    let more = card.objects.len().saturating_sub(3);
    for object in card.objects.iter().take(3) {
        lines.push(Row::text("  ").with(Role::Strong, name_of(object)));
    }
    if more > 0 {
        lines.push(Row::of(Role::Strong, format!("  and {more} more")));
    }
    let mut follows: Vec<String> = card.share.iter().map(|share| format!("= {share}.")).collect();
    follows.extend(card.consequences.iter().cloned());
    lines.extend(text::wrap(&follows.join(" "), width, 3).into_iter().map(Row::text));
    lines
        .extend(text::wrap(&format!("comes back: {}", card.comes_back), width, 2).into_iter().map(Row::text));
    let (role, undo) = kit(scene).unwrap_or_else(|| (Role::Muted, card.undo.clone()));
    lines.extend(text::wrap(&undo, width, 2).into_iter().map(|text| Row::of(role, text)));
    lines
}

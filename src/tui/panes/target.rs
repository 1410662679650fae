//! What the fire will do, shown before it can be fired.

use super::Scene;
use crate::tui::{
    canvas::{Canvas, Row},
    figures,
    keymap::Action,
    pane::Pane,
    targets::Target,
    text,
    theme::Role,
};
use crate::{
    insight,
    session::{event::TargetCard, wording},
};

/// Columns of the frame and of the shortest title beside the cluster.
pub(super) const SHORT_TITLE: usize = 24;

/// Draws the card in the place of the pods.
pub(crate) fn target(canvas: &mut Canvas, scene: &Scene) {
    canvas.clear();
    let key = scene.view.keymap.spoken(Action::Fire);
    let number = Pane::Pods.number();
    let place = Row::of(Role::Fault, place(scene, canvas.width().saturating_sub(SHORT_TITLE)));
    let told = Row::of(Role::Fault, format!("{number} TARGET - what {key} will do"));
    // Corners, lines and spaces around both.
    let title = match told.width() + place.width() + 8 > canvas.width() {
        true => Row::of(Role::Fault, format!("{number} TARGET of {key}")),
        false => told,
    };
    scene.mark(canvas.area(), Target::Pane(Pane::Pods));
    let mut inside = canvas.framed(&title, &place, Role::Fault);
    let mut body = inside.part(1, 0, inside.width().saturating_sub(1), inside.height());
    let (width, height) = (body.width(), body.height());
    for (y, line) in lines(scene, width, height).iter().enumerate() {
        body.row(y, line);
    }
}

/// The cluster that the step would act in. A program is only given one.
pub(super) fn place(scene: &Scene, columns: usize) -> String {
    let of_session = scene.session.meta.context.as_deref();
    let (context, sure) = match scene.card().map(|card| card.place.as_ref()) {
        Some(Some(place)) => (place.context.as_deref(), place.sure),
        // A recording of before this was told.
        Some(None) => (of_session, true),
        None => return "looking it up".to_owned(),
    };
    // What tells contexts apart often stands at their end.
    let short = |word: &str, context: &str| {
        format!("{word} {}", text::fit_ends(context, columns.saturating_sub(word.len() + 1)))
    };
    match (context, sure) {
        (Some(context), true) => short("on", context),
        (Some(context), false) => short("given", context),
        (None, _) => "on this machine".to_owned(),
    }
}

/// The name without its kind: the headline says what it is.
fn name_of(object: &str) -> &str {
    object.split_once('/').map_or(object, |(_, name)| name)
}

/// Whether what the fire takes away can be put back, and when the server was last asked.
fn kit(scene: &Scene, narrow: bool) -> Option<(Role, String)> {
    let session = scene.session;
    let kit = session.undo.kits.get(&scene.card()?.step)?;
    let key = scene.view.keymap.key(Action::Undo);
    let words = match kit.needed {
        true if narrow => format!("{key} restores it"),
        true => format!("{key} restores the manifests"),
        false => format!("{} saved", wording::count(kit.manifests.len() as u64, "manifest")),
    };
    Some(match &session.undo.checked {
        Some((_, Some(why))) => (Role::Failing, format!("{key} CANNOT restore: {why}")),
        Some((at, None)) => {
            let ago = figures::between(*at, scene.now);
            (Role::Soft, format!("{words}, checked {ago:.0} s ago"))
        }
        None => (Role::Soft, words),
    })
}

/// As many clauses of the headline as there is room for: the line that says how to fire has them all.
fn headline(card: &TargetCard, width: usize) -> &str {
    let whole = card.headline.as_str();
    let ends = whole.match_indices(", ").map(|(end, _)| end).chain([whole.len()]);
    let fits = |end: &usize| whole.get(..*end).is_some_and(|text| text.chars().count() <= width);
    ends.filter(fits).last().and_then(|end| whole.get(..end)).unwrap_or(whole)
}

/// What follows, in as few words as there is room for: one Service needs no name beside its pod.
fn follows(card: &TargetCard) -> String {
    let short = |text: &str| {
        let left = text.strip_prefix("Service ")?.split_once(" is left with ")?.1;
        Some(format!("Service left with {left}"))
    };
    let consequences: Vec<String> = match card.consequences.as_slice() {
        [only] => vec![short(only).unwrap_or_else(|| only.clone())],
        several => several.to_vec(),
    };
    let share = card.share.iter().map(|share| format!("= {share}."));
    share.chain(consequences).collect::<Vec<_>>().join(" ")
}

/// The same in one row of a small screen: `1 of 1 replicas: Service has 0 left`.
fn in_a_row(card: &TargetCard) -> Option<String> {
    let [only] = card.consequences.as_slice() else { return None };
    let left = only.strip_prefix("Service ")?.split_once(" is left with ")?.1;
    let number = left.split(' ').next()?;
    Some(format!("{}: Service has {number} left", card.share.as_deref().unwrap_or("of it")))
}

/// The card's lines. Where there are few rows, whether it comes back and what puts it back go before what is hit.
pub(super) fn lines(scene: &Scene, width: usize, height: usize) -> Vec<Row> {
    let Some(card) = scene.card() else {
        let step = scene.awaiting_fire().map(|row| row.step.label.clone()).unwrap_or_default();
        return vec![
            Row::of(Role::Fault, step),
            Row::text("what it will hit is being looked up;"),
            Row::text("where that cannot be told, it may hit anything"),
        ];
    };
    let (role, undo) = kit(scene, width < 40).unwrap_or_else(|| (Role::Soft, card.undo.clone()));
    let warned = insight::not_ready_to_fire(scene.session).map(|why| format!("no verdict yet: {why}"));
    // In as few rows as leave one for each of the others: the row below all panes has the whole of it.
    let warned = warned.map_or(Vec::new(), |words| match height {
        0..=7 => vec![text::fit(&words, width).into_owned()],
        _ => text::wrap(&words, width, 2),
    });
    // Headline, what comes back and the undo have a row each.
    let rest = height.saturating_sub(3 + warned.len());
    let follows = match rest {
        0..=2 => in_a_row(card).unwrap_or_else(|| follows(card)),
        _ => follows(card),
    };
    let follows = text::wrap(&follows, width, rest.saturating_sub(1).clamp(1, 4));
    let named = rest.saturating_sub(follows.len()).clamp(1, 3);
    let mut lines = vec![Row::of(Role::Fault, headline(card, width))];
    lines.extend(warned.into_iter().map(|text| Row::of(Role::Waiting, text)));
    let more = card.objects.len().saturating_sub(named);
    for (i, object) in card.objects.iter().take(named).enumerate() {
        let last = if i + 1 == named && more > 0 { format!("  and {more} more") } else { String::new() };
        let room = width.saturating_sub(2 + last.len());
        let name = text::fit_ends(name_of(object), room);
        lines.push(Row::text("  ").with(Role::Strong, name).with(Role::Strong, last));
    }
    lines.extend(follows.into_iter().map(Row::text));
    let spare = height.saturating_sub(lines.len() + 1).clamp(1, 2);
    let comes_back = text::wrap(&format!("comes back: {}", card.comes_back), width, spare);
    lines.extend(comes_back.into_iter().map(Row::text));
    let spare = height.saturating_sub(lines.len()).clamp(1, 2);
    lines.extend(text::wrap(&undo, width, spare).into_iter().map(|text| Row::of(role, text)));
    lines
}

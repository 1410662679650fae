//! What an abort does and how long that takes, in phrases from the longest to the shortest, so that the operator knows
//! it before pressing the key.

use super::Scene;
use crate::session::event::TargetCard;

/// What the abort key would do now besides ending the run; empty if nothing is missing any more.
pub(super) fn of_abort(scene: &Scene) -> Vec<String> {
    let session = scene.session;
    if let Some(kit) = session.undo_due() {
        return put_back(&kit.cost);
    }
    let Some(fault) = session.fault.as_ref().filter(|fault| fault.is_on()) else { return Vec::new() };
    // The kit knows how long pods take to start.
    let fired = fault.fires.last().map(|firing| firing.step);
    let kit = fired.and_then(|step| session.undo.kits.get(&step)).filter(|kit| !kit.needed);
    let card = session.target.as_ref().filter(|card| Some(card.step) == fired);
    match (kit, card) {
        (Some(kit), _) => by_itself(&kit.cost),
        (None, Some(card)) => of_file(&card.undo),
        (None, None) => Vec::new(),
    }
}

/// What the abort key would do after the card's step was fired.
pub(super) fn of_card(scene: &Scene, card: &TargetCard) -> Vec<String> {
    match scene.session.undo.kits.get(&card.step) {
        Some(kit) if kit.needed => put_back(&kit.cost),
        Some(kit) => by_itself(&kit.cost),
        None => of_file(&card.undo),
    }
}

/// `puts my-provider-app back to 1 replica, about 0 s`
fn put_back(cost: &str) -> Vec<String> {
    let (what, time) = timed(cost);
    let with = |what: &str| format!("{what}{time}");
    let mut forms = vec![with(what)];
    let brief = what.rsplit_once(" back to ").map(|(before, _)| format!("{before} back"));
    let brief = brief.unwrap_or_else(|| what.to_owned());
    forms.push(with(&brief));
    if let Some((verb, _)) = what.split_once(' ') {
        let back = if brief.ends_with(" back") { " back" } else { "" };
        forms.extend([with(&format!("{verb} it{back}")), format!("{verb} it{back}")]);
    }
    forms
}

/// `nothing to undo: my-provider-app starts a new pod by itself, about 4 s`
fn by_itself(cost: &str) -> Vec<String> {
    let (what, time) = timed(cost);
    if what.ends_with("starts a new pod by itself") {
        let comes = "a new pod comes";
        return vec![format!("{comes} by itself{time}"), format!("{comes}{time}"), comes.to_owned()];
    }
    if what.contains("starts the containers of") {
        return vec![
            "its containers start again by themselves".to_owned(),
            "its containers restart".to_owned(),
        ];
    }
    vec!["nothing to undo".to_owned()]
}

/// The card's text on undo, for a step without a kit.
fn of_file(undo: &str) -> Vec<String> {
    let first = undo.split_once(", or ").map_or(undo, |(first, _)| first);
    match first {
        "the file's rollbacks" => {
            vec!["runs the file's rollbacks".to_owned(), "runs the rollbacks".to_owned()]
        }
        "no rollbacks in the file" => vec!["the file has no rollbacks".to_owned(), "no rollbacks".to_owned()],
        "a new pod comes by itself" => vec![first.to_owned(), "a new pod comes".to_owned()],
        "" => Vec::new(),
        _ => vec![undo.to_owned(), first.to_owned()],
    }
}

/// Splits a cost into the action and its duration: `, about 4 s`, `, at once`.
fn timed(cost: &str) -> (&str, String) {
    match cost.rsplit_once(", about ") {
        Some((what, "0 s" | "1 s")) => (what, ", at once".to_owned()),
        Some((what, time)) => (what, format!(", about {time}")),
        None => (cost, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::{by_itself, of_file, put_back};

    #[test]
    fn each_cost_has_shorter_words() {
        assert_eq!(
            put_back("puts my-provider-app back to 1 replica, about 0 s"),
            [
                "puts my-provider-app back to 1 replica, at once",
                "puts my-provider-app back, at once",
                "puts it back, at once",
                "puts it back"
            ]
        );
        assert_eq!(
            put_back("re-creates my-provider-app, about 8 s").last().map(String::as_str),
            Some("re-creates it")
        );
        assert_eq!(
            by_itself("nothing to undo: my-provider-app starts a new pod by itself, about 4 s"),
            ["a new pod comes by itself, about 4 s", "a new pod comes, about 4 s", "a new pod comes"]
        );
        assert_eq!(
            of_file("the file's rollbacks, or `kubectl uncordon` for each")[0],
            "runs the file's rollbacks"
        );
        assert_eq!(of_file("`kubectl rollout undo deployment a` would roll once more").len(), 2);
    }
}

//! The facts about what a fire would do.

use crate::{
    insight,
    session::{
        event::{Guard, PreflightCheck, RecordState, TargetCard},
        wording,
    },
    tui::{
        figures,
        keymap::Action,
        panes::{Scene, abort_effect},
        text,
        theme::Role,
    },
};

/// The maximum number of other operators that are named.
const OTHERS: usize = 2;

/// One fact with its label.
pub(super) struct CardFact {
    pub(super) name: &'static str,
    pub(super) role: Role,
    /// The lines of the fact; a line that is too long is wrapped.
    pub(super) lines: Vec<String>,
    /// Whether the fact is shown even where there is little room.
    pub(super) required: bool,
}

impl CardFact {
    fn new(name: &'static str, lines: impl IntoIterator<Item = String>) -> Self {
        Self { name, role: Role::Text, lines: lines.into_iter().collect(), required: false }
    }

    fn required(self) -> Self {
        Self { required: true, ..self }
    }

    fn warning(self) -> Self {
        Self { role: Role::Waiting, ..self }
    }
}

/// All known facts in order; `named` is the number of affected objects to list by name.
pub(super) fn facts(scene: &Scene, card: &TargetCard, named: usize) -> Vec<CardFact> {
    let back = return_words(&card.comes_back);
    let returns = CardFact::new("returns", [back.clone()]).required();
    let returns = if ["by itself", "yes", "nothing goes"].iter().any(|well| back.starts_with(well)) {
        returns
    } else {
        returns.warning()
    };
    let key = scene.view.keymap.key(Action::Abort);
    let abort = abort_effect::of_card(scene, card).into_iter().next();
    let abort = abort.map_or_else(|| format!("{key} ends the run"), |cost| cost_sentence(&key, &cost));
    let mut facts: Vec<CardFact> =
        (named > 0).then(|| CardFact::new("hits", hits(card, named)).required()).into_iter().collect();
    if !card.consequences.is_empty() {
        facts.push(CardFact::new("then", card.consequences.clone()));
    }
    facts.extend(others(scene));
    facts.extend([returns, CardFact::new("abort", [abort]).required()]);
    facts.extend(undo(scene, card));
    facts.extend(record(scene));
    facts.extend(repair(scene, card));
    facts.extend(guards(scene));
    facts.extend(notes(scene));
    facts
}

/// Who else has a fault on at the target.
fn others(scene: &Scene) -> Option<CardFact> {
    let others = &scene.session.others;
    let lines = others.iter().take(OTHERS).map(wording::other_operator);
    (!others.is_empty()).then(|| CardFact::new("beware", lines).warning().required())
}

/// What the preflight found wrong with this very step, and the key that repairs it: the card covers the preflight.
fn repair(scene: &Scene, card: &TargetCard) -> Option<CardFact> {
    let of_step = |check: &&PreflightCheck| {
        check.offer.as_ref().is_some_and(|offer| offer.steps().contains(&card.step))
    };
    let check = scene.session.checks.iter().find(of_step)?;
    let offer = check.offer.as_ref()?.offer_text();
    let key = scene.view.keymap.key(Action::Fix);
    Some(CardFact::new("to fix", [check.text.clone(), format!("{key} {offer}")]).warning().required())
}

/// `A puts it back`; a cost that does not begin with a verb follows a colon.
fn cost_sentence(key: &str, cost: &str) -> String {
    let first = cost.split(' ').next().unwrap_or_default();
    let verb = first.ends_with('s') && first.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    if verb && first != "its" { format!("{key} {cost}") } else { format!("{key}: {cost}") }
}

/// The affected objects by their full names, without those that the headline already names.
fn hits(card: &TargetCard, most: usize) -> Vec<String> {
    let headline: Vec<&str> = card.headline.split([' ', ',', ';']).collect();
    let named: Vec<&str> = card.objects.iter().map(|object| without_kind(object)).collect();
    let names: Vec<&str> = named.iter().copied().filter(|name| !headline.contains(name)).collect();
    let names = if names.is_empty() { named } else { names };
    let mut lines: Vec<String> = names.iter().take(most).map(|name| (*name).to_owned()).collect();
    let more = names.len().saturating_sub(most);
    let share = card.share.as_ref().map(|share| format!("  ({share})")).unwrap_or_default();
    match lines.last_mut() {
        Some(last) if more > 0 => last.push_str(&format!("  and {more} more{share}")),
        Some(last) => last.push_str(&share),
        None => lines.push(format!("targets unknown{share}")),
    }
    lines
}

/// The name without its kind, which the headline already gives.
fn without_kind(object: &str) -> &str {
    object.split_once('/').map_or(object, |(_, name)| name)
}

/// Rewords the card's yes/no answer as a statement: `NO: it stays at 0` becomes `not by itself: stays at 0`.
fn return_words(comes_back: &str) -> String {
    let comes_back = comes_back.replace(" until it is ", " until ");
    for (answer, words) in
        [("NO: it ", "not by itself: "), ("NO: ", "not by itself: "), ("yes: ", "by itself: ")]
    {
        if let Some(how) = comes_back.strip_prefix(answer) {
            return format!("{words}{how}");
        }
    }
    comes_back
}

/// The saved manifests, and the result of the last check whether they can be restored.
fn undo(scene: &Scene, card: &TargetCard) -> Option<CardFact> {
    let session = scene.session;
    let kit = session.undo.kits.get(&card.step)?;
    let place = match &session.meta.record {
        // The values in them may be passwords.
        Some(RecordState::Kept { kit_file: true, .. }) => "; on disk",
        _ => "",
    };
    let saved = format!("{} saved", wording::count(kit.manifests.len() as u64, "manifest"));
    Some(match &session.undo.checked {
        Some((_, Some(why))) => {
            CardFact { role: Role::Failing, ..CardFact::new("undo", [format!("CANNOT be put back: {why}")]) }
                .required()
        }
        Some((at, None)) => {
            let ago = figures::between(*at, scene.display_time);
            CardFact::new("undo", [format!("{saved}, checked {ago:.0} s ago{place}")])
        }
        None => CardFact::new("undo", [saved + place]),
    })
}

/// Says if nothing could undo the fire after a crash.
fn record(scene: &Scene) -> Option<CardFact> {
    let text = match scene.session.meta.record.as_ref()? {
        RecordState::Kept { .. } => return None,
        RecordState::Off => "off (--no-record): after a crash nothing can undo this".to_owned(),
        RecordState::Failed { why } => format!("IMPOSSIBLE, so nothing is fired: {why}"),
    };
    Some(CardFact::new("record", [text]).warning().required())
}

/// The limits at which the guards end the run.
fn guards(scene: &Scene) -> Option<CardFact> {
    let limits = &scene.session.guards.limits;
    let words = |guard: Guard| {
        let limit = limits.limit(guard)?;
        Some(match guard {
            Guard::Users => format!("when users are let down for more than {limit} s"),
            Guard::Restarts => format!("at {}", wording::count(limit.into(), "restart")),
            Guard::Silence => format!("when the cluster is silent for {limit} s"),
            Guard::Hold => format!("when no key is pressed for {limit} s"),
        })
    };
    let words: Vec<String> = Guard::ALL.into_iter().filter_map(words).collect();
    let key = scene.view.keymap.key(Action::Guards);
    Some(match words.as_slice() {
        [] => {
            CardFact::new("guards", [format!("are off: nothing ends the run by itself; {key} sets limits")])
                .warning()
        }
        [only] => CardFact::new("guards", [format!("end the run {only}")]),
        [first, second] => CardFact::new("guards", [format!("end the run {first},"), format!("or {second}")]),
        [first, middle @ .., last] => {
            let middle = middle.join(", ");
            CardFact::new("guards", [format!("end the run {first},"), format!("{middle}, or {last}")])
        }
    })
}

/// Warnings to read before the fire.
fn notes(scene: &Scene) -> Option<CardFact> {
    let unready = insight::not_ready_to_fire(scene.session).map(|why| format!("no verdict yet: {why}"));
    let lines: Vec<String> = unready.into_iter().chain(liveness(scene)).collect();
    (!lines.is_empty()).then(|| CardFact::new("note", lines).warning())
}

/// A warning if the consumer's liveness probe requests the health page that an open breaker makes fail.
fn liveness(scene: &Scene) -> Option<String> {
    let session = scene.session;
    session.breaker.belief.as_ref().filter(|belief| belief.state.is_breaker_state())?;
    let page = insight::health_page(session);
    let mut probes = session.bystanders().filter_map(|pod| pod.pod.liveness.as_ref());
    let probe = probes.find(|probe| probe.path.as_deref() == Some(page.as_str()))?;
    // The first miss comes up to one period after the breaker opened.
    let periods = |number: u32| u64::from(number) * u64::from(probe.period_s);
    let (least, most) = (periods(probe.threshold.saturating_sub(1)), periods(probe.threshold));
    let page = text::fit(&page, 24);
    Some(format!("if an open breaker fails {page}, the consumer restarts after {least} to {most} s"))
}

#[cfg(test)]
mod tests {
    use super::{cost_sentence, return_words};

    #[test]
    fn answers_are_put_as_sentences() {
        for (comes_back, wanted) in [
            ("NO: it stays at 0 until it is scaled again", "not by itself: stays at 0 until scaled again"),
            ("yes: a new pod, by the ReplicaSet of a", "by itself: a new pod, by the ReplicaSet of a"),
            (
                "NO: nothing makes a deleted Deployment anew",
                "not by itself: nothing makes a deleted Deployment anew",
            ),
            ("not known", "not known"),
        ] {
            assert_eq!(return_words(comes_back), wanted);
        }
        assert_eq!(cost_sentence("A", "puts it back"), "A puts it back");
        assert_eq!(cost_sentence("A", "re-creates it"), "A re-creates it");
        assert_eq!(cost_sentence("A", "a new pod comes by itself"), "A: a new pod comes by itself");
        assert_eq!(cost_sentence("A", "its containers restart"), "A: its containers restart");
    }
}

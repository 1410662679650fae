//! What the fault did to the provider, in a word or two.

use super::Scene;
use crate::tui::figures;

/// `killed by us`, `scaled to 0 by us`; `None` unless the fault is on.
pub(super) fn by_us(scene: &Scene) -> Option<String> {
    let fault = scene.session.fault.as_ref().filter(|fault| fault.is_on())?;
    let step = fault.fires.last()?.step;
    let card = scene.session.target.as_ref().filter(|card| card.step == step);
    let done = card.map_or_else(|| "hit".to_owned(), |card| participle(&card.headline));
    Some(format!("{done} by us"))
}

/// Why the provider is down, and for how long: (`killed by us`, `8.6 s`), (`down again`, `3.0 s`).
pub(super) fn away(scene: &Scene) -> Option<(String, String)> {
    let down = scene.session.provider_readiness().last().copied().filter(|last| last.ready == 0)?;
    let lasted = figures::length(figures::between(down.from, scene.display_time));
    Some(match by_us(scene) {
        Some(done) => (done, lasted),
        None if scene.session.t0().is_some_and(|t0| down.from > t0) => ("down again".to_owned(), lasted),
        None => ("down".to_owned(), lasted),
    })
}

/// The headline `KILL 1 pod, by deleting it` as a participle: `killed`.
fn participle(headline: &str) -> String {
    let done = match headline.split(' ').next().unwrap_or_default() {
        "KILL" => "killed",
        "SCALE" => {
            let to = headline.rsplit_once(" to ").map(|(_, to)| to);
            return to.map_or_else(|| "scaled".to_owned(), |to| format!("scaled to {to}"));
        }
        "DELETE" => "deleted",
        "REPLACE" => "replaced",
        "DRAIN" => "drained",
        "STOP" => "stopped",
        "CUT" => "cut off",
        "ATTACK" => "attacked",
        "CORDON" => "cordoned",
        _ => "hit",
    };
    done.to_owned()
}

/// The headline as what a fire does: `kills 1 pod, by deleting it`, from the longest to the shortest phrase.
pub(super) fn effect_phrases(headline: &str) -> Vec<String> {
    let (verb, rest) = headline.split_once(' ').unwrap_or((headline, ""));
    if verb.is_empty() || !verb.chars().all(|c| c.is_ascii_uppercase()) {
        return vec![format!("does {headline}"), "does it".to_owned()];
    }
    if verb == "NOTHING" {
        return vec!["hits nothing".to_owned()];
    }
    let verb = format!("{}s", verb.to_lowercase());
    // The kind is left out, since the name implies it; the shorter form drops the old count, since the new one matters
    // more.
    let rest = match (verb.as_str(), rest.split_once(' ')) {
        ("scales", Some((kind, named))) if kind.starts_with(char::is_uppercase) => named,
        _ => rest,
    };
    let mut forms = vec![format!("{verb} {rest}")];
    if let Some((name, to)) =
        rest.split_once(" from ").and_then(|(name, change)| Some((name, change.split_once(" to ")?.1)))
    {
        forms.push(format!("{verb} {name} to {to}"));
    }
    // Drops one clause after the other.
    let ends: Vec<usize> = rest.match_indices([',', ';']).map(|(end, _)| end).collect();
    forms.extend(ends.iter().rev().filter_map(|end| Some(format!("{verb} {}", rest.get(..*end)?))));
    forms
}

#[cfg(test)]
mod tests {
    use super::{effect_phrases, participle};

    #[test]
    fn a_headline_says_what_was_done() {
        for (headline, done) in [
            ("KILL 1 pod, by deleting it, immediately, without a grace period", "killed"),
            ("SCALE Deployment my-provider-app from 1 to 0", "scaled to 0"),
            ("DELETE Service my-provider-service; the pods behind it stay", "deleted"),
            ("DRAIN 1 node: evict 3 pods", "drained"),
            ("RUN `kill 1` in 1 pod", "hit"),
            ("", "hit"),
        ] {
            assert_eq!(participle(headline), done);
        }
    }
    #[test]
    fn a_headline_says_what_a_fire_does() {
        for (headline, first, last) in [
            (
                "KILL 1 pod, by deleting it, immediately, without a grace period",
                "kills 1 pod, by deleting it, immediately, without a grace period",
                "kills 1 pod",
            ),
            (
                "SCALE Deployment my-provider-app from 1 to 0",
                "scales my-provider-app from 1 to 0",
                "scales my-provider-app to 0",
            ),
            (
                "DELETE Service a; the pods behind it stay",
                "deletes Service a; the pods behind it stay",
                "deletes Service a",
            ),
            ("NOTHING matches", "hits nothing", "hits nothing"),
            ("what it says", "does what it says", "does it"),
        ] {
            let forms = effect_phrases(headline);
            assert_eq!((forms.first().unwrap().as_str(), forms.last().unwrap().as_str()), (first, last));
        }
    }
}

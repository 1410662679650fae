//! What we did to the provider, in a word or two: what people say of a victim.

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

/// Why the provider is away, and for how long: `killed by us, 8.6 s ago`, `down again for 3.0 s`.
pub(super) fn away(scene: &Scene) -> Option<(String, String)> {
    let down = scene.session.provider_readiness().last().copied().filter(|last| last.ready == 0)?;
    let lasted = figures::length(figures::between(down.from, scene.said));
    Some(match by_us(scene) {
        Some(done) => (done, lasted),
        None if scene.session.t0().is_some_and(|t0| down.from > t0) => ("down again".to_owned(), lasted),
        None => ("down".to_owned(), lasted),
    })
}

/// `KILL 1 pod, by deleting it` as what was done: `killed`.
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

#[cfg(test)]
mod tests {
    use super::participle;

    #[test]
    fn a_headline_says_what_was_done() {
        for (headline, done) in [
            ("KILL 1 pod, by deleting it, at once and without grace", "killed"),
            ("SCALE Deployment my-provider-app from 1 to 0", "scaled to 0"),
            ("DELETE Service my-provider-service; the pods behind it stay", "deleted"),
            ("DRAIN 1 node: evict 3 pods", "drained"),
            ("RUN `kill 1` in 1 pod", "hit"),
            ("", "hit"),
        ] {
            assert_eq!(participle(headline), done);
        }
    }
}

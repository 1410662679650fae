//! One line for the audience on what happened last: what a presenter would say.

use super::{
    event::{BreakerState, Timestamp},
    state::{CycleEnd, Session},
    wording,
};

/// How long one sentence stands before the next one about the same.
const READING: jiff::SignedDuration = jiff::SignedDuration::from_secs(4);

impl Session {
    /// The latest turn of the story up to now, with its moment; `None` before there was any.
    pub fn told_so_far(&self, now: Timestamp) -> Option<(Timestamp, String)> {
        let mut turns = Vec::new();
        if let Some(endpoint) = self.users.main() {
            turns.push((
                endpoint.since,
                "We ask the service as its users do, and learn what they get.".to_owned(),
            ));
        }
        if let Some(fault) = &self.fault {
            turns.extend(
                fault
                    .fires
                    .iter()
                    .map(|fire| (fire.at, format!("Fired: {}. Now look at the users.", fire.what))),
            );
            turns.extend(fault.healed.map(|at| (at, "What we took away is back. Are its users?".to_owned())));
            if let Some(at) = self.users.main().and_then(|endpoint| endpoint.recovered) {
                turns.push((at, "Users get real answers again.".to_owned()));
            }
        }
        turns.extend(self.breaker_turns());
        turns.extend(self.restarts());
        turns.retain(|(at, _)| *at <= now);
        // Of two in the same moment the later one tells more.
        turns.into_iter().max_by_key(|(at, _)| *at)
    }

    /// The breaker's turns, in words that need no knowledge of breakers.
    fn breaker_turns(&self) -> Vec<(Timestamp, String)> {
        let since =
            |at| self.since_t0(at).map_or_else(String::new, |s| format!(" at {}", wording::moment(s)));
        let mut turns: Vec<(Timestamp, String)> = Vec::new();
        let mut again = false;
        for cycle in &self.breaker.cycles {
            // An opening that ends a trial is told with it.
            if !again {
                let opened = format!("OPEN{}: the breaker answers at once, with less.", since(cycle.opened));
                turns.push((cycle.opened, opened));
            }
            turns.extend(
                cycle
                    .trial
                    .map(|at| (at, "HALF-OPEN: the breaker lets a few trial calls through.".to_owned())),
            );
            again = matches!(cycle.ended, Some((_, CycleEnd::Failed)));
            turns.extend(cycle.ended.map(|(at, end)| match end {
                CycleEnd::Worked if cycle.trial.is_none() => {
                    (at, "CLOSED without a trial: a new process starts that way.".to_owned())
                }
                CycleEnd::Worked => (at, "CLOSED: the trial calls worked, all calls go through.".to_owned()),
                CycleEnd::Failed => {
                    let briefly =
                        cycle.trial.is_some_and(|trial| at.duration_since(trial).as_secs_f64() < 1.0);
                    let was = if briefly { "HALF-OPEN for a moment: the" } else { "The" };
                    (at, format!("{was} trial failed, the breaker is OPEN again."))
                }
            }));
        }
        if let Some(belief) = &self.breaker.belief
            && belief.state == BreakerState::Open
            && let Some(due) = belief.next_trial.and_then(|due| self.since_t0(due))
        {
            // Once what led there has been read.
            let told = belief.since.checked_add(READING).unwrap_or(belief.since);
            turns.push((told, format!("OPEN until {}: then a trial call asks again.", wording::moment(due))));
        }
        if let Some(belief) =
            self.breaker.belief.as_ref().filter(|belief| belief.state == BreakerState::NoBreakerSeen)
        {
            turns.push((
                belief.since,
                "Nobody cuts calls short: every user waits for the dead provider.".to_owned(),
            ));
        }
        if let Some(belief) = &self.breaker.belief {
            let text = match belief.state {
                BreakerState::Disabled | BreakerState::MetricsOnly => {
                    "The breaker is switched off: nothing protects these calls."
                }
                BreakerState::ForcedOpen => "The breaker is held open by hand: no call goes through.",
                BreakerState::Mixed => "Replicas differ: some cut calls short, some do not.",
                BreakerState::FallbackAtOnce => "Users get a fallback at once: by a breaker, or without one.",
                _ => "",
            };
            turns.extend((!text.is_empty()).then(|| (belief.since, text.to_owned())));
        }
        let restarted = self.breaker.restarted;
        turns.extend(
            restarted.map(|at| (at, "A restart reset the breaker: it counts from nothing.".to_owned())),
        );
        turns
    }

    /// Pods that Kubernetes started again though the fault was not about them.
    fn restarts(&self) -> impl Iterator<Item = (Timestamp, String)> {
        self.bystanders().filter_map(|pod| {
            let again = pod.restarts().checked_sub(pod.restarts_at_t0?).filter(|again| *again > 0)?;
            let times = wording::count(u64::from(again), "time");
            let text = format!(
                "Kubernetes restarted the healthy {} {times}.",
                pod.pod.owner.as_deref().unwrap_or("pod")
            );
            Some((pod.ready_since.unwrap_or(pod.status_since), text))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::session::fixtures::{self, Variant};

    #[test]
    fn the_story_is_told_turn_by_turn() {
        for (told, wanted) in [
            (fixtures::steady(), "We ask the service"),
            (fixtures::before_failing(), "Nobody cuts calls short"),
            (fixtures::told(Variant::After, 9.0), "OPEN at T+6.2"),
            (fixtures::told(Variant::After, 12.0), "OPEN until T+16.5"),
            (fixtures::after_half_open(), "HALF-OPEN"),
            (fixtures::told(Variant::After, 24.0), "The trial failed, the breaker is OPEN again"),
            (fixtures::after_closed(), "Users get real answers again"),
            (fixtures::finished(Variant::Before), "Users get real answers again"),
        ] {
            let (_, text) = told.0.told_so_far(told.1).unwrap();
            assert!(text.contains(wanted), "{text}, not {wanted}");
            assert!(text.chars().count() <= 71, "{text}");
        }
        let (ready, now) = fixtures::ready();
        assert_eq!(ready.told_so_far(now), None);
    }
}

//! One line for the audience on what happened last: what a presenter would say.

use super::{
    event::{BreakerState, Timestamp},
    state::{CycleEnd, Session},
    wording,
};

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
        let mut turns = Vec::new();
        for cycle in &self.breaker.cycles {
            let opened =
                format!("The breaker opened{}: users get a quick answer, but less.", since(cycle.opened));
            turns.push((cycle.opened, opened));
            turns.extend(
                cycle
                    .trial
                    .map(|at| (at, "A trial: the breaker lets a few calls through to see.".to_owned())),
            );
            turns.extend(cycle.ended.map(|(at, end)| match end {
                CycleEnd::Worked => (at, "The trial worked: the breaker is closed again.".to_owned()),
                CycleEnd::Failed => (at, "The trial failed: the breaker is open again.".to_owned()),
            }));
        }
        if let Some(belief) =
            self.breaker.belief.as_ref().filter(|belief| belief.state == BreakerState::NoneSeen)
        {
            turns.push((
                belief.since,
                "Nobody cuts calls short: every user waits for the dead provider.".to_owned(),
            ));
        }
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
            (fixtures::after_open(), "The breaker opened at T+6.2"),
            (fixtures::after_half_open(), "A trial"),
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

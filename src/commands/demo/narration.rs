//! Prints the demo as lines if there is no screen: each change of the users, the breaker, the fault, steps and pods.

use crate::{
    insight::{self, UserWord},
    printing,
    session::{
        Session,
        clock::Clock,
        event::{BreakerState, Timestamp},
        state::{CycleEnd, StepState},
        wording,
    },
};
use std::time::Duration;
use tokio::{sync::watch, time::interval};

/// How often the session is checked for changes.
const LOOK: Duration = Duration::from_millis(100);

/// The state that was last printed.
#[derive(Debug, Default)]
pub(super) struct Narration {
    users: Option<UserWord>,
    breaker: Option<BreakerState>,
    /// The number of state changes of the breaker printed so far.
    breaker_changes: usize,
    fault: Option<bool>,
    steps: usize,
    restarts: u32,
}

impl Narration {
    /// Prints changes of the session until the future is dropped.
    pub(super) async fn follow(mut self, shown: watch::Receiver<Session>, clock: Clock) {
        let mut ticks = interval(LOOK);
        loop {
            ticks.tick().await;
            for line in self.news(&shown.borrow(), clock.now()) {
                printing::out(line);
            }
        }
    }

    /// Returns the changes since the last call, one line each.
    pub(super) fn news(&mut self, session: &Session, now: Timestamp) -> Vec<String> {
        let mut news = self.breaker_news(session, now);
        let over = session.steps.rows.iter().filter(|row| row.state.is_over());
        for row in over.clone().skip(self.steps) {
            let outcome = if row.state == StepState::Succeeded { "ok" } else { "FAILED" };
            let summary = row.summary.as_deref().unwrap_or_default();
            news.push(format!("step     {} {outcome} {summary}", row.step.name));
        }
        self.steps = self.steps.max(over.count());
        let fault = session.fault.as_ref();
        if changed(&mut self.fault, fault.map(|fault| fault.is_on())) {
            let words = fault.and_then(|fault| {
                if fault.is_on() {
                    fault.fires.last().map(|firing| firing.what.clone())
                } else {
                    fault.healed_by.clone()
                }
            });
            news.push(format!("fault    {}", words.unwrap_or_default()));
        }
        let verdict = insight::verdict(session, now);
        if changed(&mut self.users, Some(verdict.word)) {
            news.push(format!("users    {}  {}", verdict.word.text(), verdict.sentence));
        }
        let restarts =
            session.bystanders().filter_map(|pod| pod.restarts().checked_sub(pod.restarts_at_t0?)).sum();
        if restarts > self.restarts {
            self.restarts = restarts;
            let times = wording::count(restarts.into(), "time");
            news.push(format!("pods     Kubernetes restarted the healthy consumer, {times} so far"));
        }
        let time = session.since_t0(now).map_or_else(|| "       ".to_owned(), |s| format!("T+{s:04.1} "));
        for line in &mut news {
            format!("  {time} {line}").trim_end().clone_into(line);
        }
        news
    }

    /// Returns every state of the breaker since the last call. Reads its cycles, since the current state would miss
    /// short ones.
    fn breaker_news(&mut self, session: &Session, now: Timestamp) -> Vec<String> {
        let breaker = &session.breaker;
        let at =
            |at| session.since_t0(at).map(|s| format!(" (at {})", wording::moment(s))).unwrap_or_default();
        let mut turns = Vec::new();
        for (i, cycle) in breaker.cycles.iter().enumerate() {
            let again = i > 0
                && breaker
                    .cycles
                    .get(i - 1)
                    .is_some_and(|previous| previous.ended.is_some_and(|(end, _)| end == cycle.opened));
            if !again {
                turns.push(format!("OPEN: calls are rejected{}", at(cycle.opened)));
            }
            turns.extend(cycle.trial.map(|trial| format!("HALF-OPEN: trial calls are made{}", at(trial))));
            turns.extend(cycle.ended.map(|(ended, end)| match end {
                CycleEnd::Worked if cycle.trial.is_none() => {
                    format!("CLOSED again: the trial call was not observed{}", at(ended))
                }
                CycleEnd::Worked => format!("CLOSED: the trial calls worked{}", at(ended)),
                CycleEnd::Failed => {
                    let belief = breaker.belief.as_ref().filter(|belief| belief.since >= ended);
                    let due = belief.and_then(|belief| belief.next_trial).map_or_else(String::new, |due| {
                        let left = due.duration_since(now).as_secs_f64().max(0.0);
                        format!("; the next one is due in {}", wording::seconds(left))
                    });
                    format!("OPEN: the trial call failed{due}")
                }
            }));
        }
        let mut news: Vec<String> =
            turns.iter().skip(self.breaker_changes).map(|turn| format!("breaker  {turn}")).collect();
        self.breaker_changes = self.breaker_changes.max(turns.len());
        let belief = breaker.belief.as_ref();
        let other = changed(&mut self.breaker, belief.map(|belief| belief.state)) && news.is_empty();
        // States outside of any cycle, such as the initial closed state.
        if let Some(belief) = belief.filter(|_| other) {
            news.push(format!("breaker  {}: {}", wording::breaker(belief.state), belief.because));
        }
        news
    }
}

/// Stores the new value, if any. Returns whether it differs from the stored one.
fn changed<T: PartialEq + Copy>(kept: &mut Option<T>, new: Option<T>) -> bool {
    let changed = new.is_some() && *kept != new;
    *kept = new.or(*kept);
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::fixtures::{self, Variant};

    #[test]
    fn a_change_is_told_once() {
        let mut telling = Narration::default();
        let (session, now) = fixtures::steady();
        let first = telling.news(&session, now).join("\n");
        assert!(first.contains("users    OK") && first.contains("breaker  CLOSED"), "{first}");
        assert_eq!(telling.news(&session, now), Vec::<String>::new());
        let (session, now) = fixtures::session_at(Variant::After, 10.0);
        let second = telling.news(&session, now).join("\n");
        for wanted in ["T+10.0", "fault    ", "users    PROTECTED", "breaker  OPEN"] {
            assert!(second.contains(wanted), "{wanted} in\n{second}");
        }
        assert!(!second.contains("HALF-OPEN") && !second.contains("trial call failed"), "{second}");
        let (session, now) = fixtures::session_at(Variant::After, 24.0);
        let third = telling.news(&session, now).join("\n");
        for wanted in [
            "breaker  HALF-OPEN: trial calls",
            "(at T+16.5)",
            "OPEN: the trial call failed; the next one is due in 8.5 s",
        ] {
            assert!(third.contains(wanted), "{wanted} in\n{third}");
        }
        let (session, now) = fixtures::session_at(Variant::After, 45.0);
        assert!(telling.news(&session, now).join("\n").contains("breaker  CLOSED: the trial calls worked"));
    }
}

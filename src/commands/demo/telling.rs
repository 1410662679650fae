//! The demo in lines, for where there is no screen: each change of what users get, of the breaker, of the fault.

use crate::session::{
    Session,
    clock::Clock,
    event::{BreakerState, Timestamp},
    state::StepState,
    verdict::Word,
};
use std::time::Duration;
use tokio::{sync::watch, time::interval};

/// How often it is looked for something to tell.
const LOOK: Duration = Duration::from_millis(100);

/// What was told last.
#[derive(Debug, Default)]
pub struct Telling {
    users: Option<Word>,
    breaker: Option<BreakerState>,
    fault: Option<bool>,
    steps: usize,
}

impl Telling {
    /// Prints what changes until it is dropped.
    pub async fn follow(mut self, shown: watch::Receiver<Session>, clock: Clock) {
        let mut ticks = interval(LOOK);
        loop {
            ticks.tick().await;
            for line in self.news(&shown.borrow(), clock.now()) {
                println!("{line}");
            }
        }
    }

    /// What changed since the last call, one line each.
    pub fn news(&mut self, session: &Session, now: Timestamp) -> Vec<String> {
        let mut news = Vec::new();
        let over = session.steps.rows.iter().filter(|row| row.state.is_over());
        for row in over.clone().skip(self.steps) {
            let outcome = if row.state == StepState::Succeeded { "ok" } else { "FAILED" };
            let summary = row.summary.as_deref().unwrap_or_default();
            news.push(format!("step     {} {outcome} {summary}", row.step.name));
        }
        self.steps = self.steps.max(over.count());
        let fault = session.fault.as_ref();
        if changed(&mut self.fault, fault.map(|fault| fault.is_on())) {
            let words = fault.and_then(|fault| match fault.is_on() {
                true => fault.fires.last().map(|firing| firing.what.clone()),
                false => fault.healed_by.clone(),
            });
            news.push(format!("fault    {}", words.unwrap_or_default()));
        }
        let verdict = session.verdict(now);
        if changed(&mut self.users, Some(verdict.word)) {
            news.push(format!("users    {}  {}", verdict.word.text(), verdict.sentence));
        }
        let belief = session.breaker.belief.as_ref();
        if changed(&mut self.breaker, belief.map(|belief| belief.state)) {
            news.extend(belief.map(|belief| format!("breaker  {}", belief.because)));
        }
        let time = session.since_t0(now).map_or_else(|| "       ".to_owned(), |s| format!("T+{s:04.1} "));
        news.iter_mut().for_each(|line| *line = format!("  {time} {line}").trim_end().to_owned());
        news
    }
}

/// Keeps the new value; tells whether it is another one that is worth a word.
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
        let mut telling = Telling::default();
        let (session, now) = fixtures::steady();
        let first = telling.news(&session, now).join("\n");
        assert!(first.contains("users    OK") && first.contains("breaker  CLOSED"), "{first}");
        assert_eq!(telling.news(&session, now), Vec::<String>::new());
        let (session, now) = fixtures::told(Variant::After, 10.0);
        let second = telling.news(&session, now).join("\n");
        for wanted in ["T+10.0", "fault    ", "users    PROTECTED", "breaker  OPEN"] {
            assert!(second.contains(wanted), "{wanted} in\n{second}");
        }
    }
}

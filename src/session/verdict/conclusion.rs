//! The verdict about a run: one of five, from what users got while the fault was on.
//!
//! The rules, in this order:
//!
//! 1. FAULT NEVER HAPPENED - nothing was fired, every fire was refused before it changed anything, or the cluster was
//!    watched and nothing of what was hit went away.
//!    FAULT NOT CONFIRMED - the fire failed, and no watch shows whether it changed something.
//!    WEAK - a probe of the method missed the tolerance that it declares, after the fire.
//! 2. NOT OBSERVABLE - fewer than five requests were due while the fault was on, or none of them was answered.
//! 3. WEAK - one answer in a hundred or more was an error, or users were let down for longer than the budget allows,
//!    or in more than half of the fault's seconds without even a fallback.
//! 4. PROTECTED - users got fallbacks, or had to wait.
//! 5. RESILIENT - real answers in time, all along.

use crate::session::{
    event::Timestamp,
    state::{Endpoint, Fault, Session},
    wording,
};

/// Requests during the fault without which nothing can be said.
const ENOUGH: u64 = 5;

/// The verdict about a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    /// In a word.
    pub standing: Standing,
    /// Why, in a sentence.
    pub because: String,
}

/// How the system stood the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Users did not notice.
    Resilient,
    /// Users got less, or later, but got something.
    Protected,
    /// Users were let down.
    Weak,
    /// There was nothing to stand.
    FaultNeverHappened,
    /// The fire failed, and nobody knows whether there was anything to stand.
    FaultNotConfirmed,
    /// Nobody looked, or not long enough.
    NotObservable,
}

impl Standing {
    /// As the verdict line writes it.
    pub fn text(self) -> &'static str {
        match self {
            Standing::Resilient => "RESILIENT",
            Standing::Protected => "PROTECTED",
            Standing::Weak => "WEAK",
            Standing::FaultNeverHappened => "FAULT NEVER HAPPENED",
            Standing::FaultNotConfirmed => "FAULT NOT CONFIRMED",
            Standing::NotObservable => "NOT OBSERVABLE",
        }
    }
}

impl Session {
    /// The verdict about the run, as far as it went. Once everything of the run is over, it stands.
    pub fn conclusion(&self, now: Timestamp) -> Conclusion {
        match &self.concluded {
            Some(concluded) => concluded.clone(),
            None => self.conclusion_so_far(now),
        }
    }

    /// What the verdict would be by now, where it is another one than the one that stands: a footnote.
    pub fn late_word(&self, now: Timestamp) -> Option<Conclusion> {
        let stands = self.concluded.as_ref()?;
        Some(self.conclusion_so_far(now)).filter(|late| late.standing != stands.standing)
    }

    /// The verdict from all that is known by now.
    pub fn conclusion_so_far(&self, now: Timestamp) -> Conclusion {
        let Some(fault) = &self.fault else {
            return conclude(Standing::FaultNeverHappened, self.never_happened());
        };
        if let Some(doubt) = self.fault_in_doubt(now) {
            return conclude(Standing::FaultNotConfirmed, doubt);
        }
        if self.fault_had_effect() == Some(false) {
            let because = "it was fired, but nothing of what it hit ever went away".to_owned();
            return conclude(Standing::FaultNeverHappened, because);
        }
        if let Some(missed) = self.missed_in_method(fault) {
            return conclude(Standing::Weak, missed);
        }
        let judged = self.users.endpoints.iter().map(|endpoint| self.conclude_endpoint(fault, endpoint, now));
        judged.min_by_key(|conclusion| severity(conclusion.standing)).unwrap_or_else(|| {
            conclude(
                Standing::NotObservable,
                "no endpoint was probed: what users got is not known".to_owned(),
            )
        })
    }

    /// Whether something of what the fault hit was seen to go away or to start again; `None` if nobody watched it.
    pub fn fault_had_effect(&self) -> Option<bool> {
        let fault = self.fault.as_ref()?;
        let names: Vec<&str> = fault.targets().collect();
        self.cluster.was_hit(&names, fault.t0())
    }

    fn conclude_endpoint(&self, fault: &Fault, endpoint: &Endpoint, now: Timestamp) -> Conclusion {
        let users = endpoint.during_fault();
        let answered = users.answered();
        if users.sent < ENOUGH || answered == 0 {
            let because = format!("only {} requests, {answered} answers while the fault was on", users.sent);
            return conclude(Standing::NotObservable, because);
        }
        if users.error * 100 >= answered {
            return conclude(
                Standing::Weak,
                format!("users got errors: {} of {answered} answers", users.error),
            );
        }
        if endpoint.endless {
            let because = "answers begin and do not end: what users got is not seen; watch another path";
            return conclude(Standing::NotObservable, because.to_owned());
        }
        let bad = self.bad_seconds(endpoint, now);
        let lasted = fault.lasted(now);
        if bad > self.users.budget_s || (users.fallback == 0 && f64::from(bad) * 2.0 > lasted) {
            let because = format!(
                "users had to wait: {bad} bad seconds, the fault lasted {}",
                wording::seconds(lasted)
            );
            return conclude(Standing::Weak, because);
        }
        if users.fallback > 0 {
            let because =
                format!("users got a fallback: {} of {answered} answers, no errors", users.fallback);
            return conclude(Standing::Protected, because);
        }
        if bad > 0 {
            return conclude(Standing::Protected, format!("real answers only, but late in {bad} seconds"));
        }
        let unseen = endpoint.shape.as_ref().and_then(|shape| shape.unseen.as_deref());
        let because = match unseen {
            Some(unseen) => {
                format!("{answered} of {answered} answers looked real and were in time; {unseen}")
            }
            None => format!("{answered} of {answered} answers were real and in time"),
        };
        conclude(Standing::Resilient, because)
    }
}

/// The worst endpoint speaks for the run; one that could not be observed only if no other was.
fn severity(standing: Standing) -> u8 {
    match standing {
        Standing::Weak => 0,
        Standing::Protected => 1,
        Standing::Resilient => 2,
        Standing::NotObservable => 3,
        Standing::FaultNeverHappened | Standing::FaultNotConfirmed => 4,
    }
}

fn conclude(standing: Standing, because: String) -> Conclusion {
    Conclusion { standing, because }
}

//! Whether there was a fault at all, and whether the system is safe after it: in words.

use crate::session::{
    event::{Section, Timestamp},
    state::{Endpoint, Session, StepRow},
    wording,
};

/// Answers that let a user down, beyond what the steady state had, from which on users show that there is a fault.
const HARMED: u64 = 3;
/// Seconds after a fire that failed after which targets that are watched and untouched say that nothing happened.
const UNTOUCHED_S: f64 = 15.0;

impl Session {
    /// Why nobody knows whether there is a fault: every fire has failed, and no watch shows harm.
    pub fn fault_in_doubt(&self, now: Timestamp) -> Option<String> {
        let doubt = self.fault.as_ref()?.doubt_of_all()?;
        let shown = self.fault_had_effect() == Some(true) || self.users_harmed(now);
        (!shown).then(|| format!("{doubt}: whether it changed something is not known"))
    }

    /// Why there was no fault: fires that failed, and whose targets are watched and as they were.
    pub fn fault_untouched(&self, now: Timestamp) -> Option<String> {
        let fault = self.fault.as_ref()?;
        let doubt = fault.doubt_of_all()?;
        let over =
            fault.fires.iter().all(|firing| now.duration_since(firing.at).as_secs_f64() >= UNTOUCHED_S);
        let untouched = self.fault_had_effect() == Some(false) && !self.users_harmed(now);
        (over && untouched)
            .then(|| format!("{doubt}; nothing of what it names changed within {UNTOUCHED_S:.0} s"))
    }

    /// Whether users fare worse under the fault than before it.
    fn users_harmed(&self, now: Timestamp) -> bool {
        self.users.endpoints.iter().any(|endpoint| harmed(endpoint, now))
    }

    /// Why there is no fault to judge.
    pub(super) fn never_happened(&self) -> String {
        if let Some(refusal) = self.refusals.last() {
            return format!("the fire changed nothing: {}", refusal.reason);
        }
        match self.failed_gate() {
            Some(why) => format!("nothing was fired: before the method {why}"),
            None => "no destructive step was fired".to_owned(),
        }
    }

    /// Which probe of the hypothesis failed before the method, and why; nothing while it may be met.
    pub fn failed_gate(&self) -> Option<String> {
        let before = |row: &&StepRow| row.step.at.section == Section::Before && row.failed();
        let row = self.steps.rows.iter().filter(before).next_back()?;
        Some(format!("the hypothesis was not met: {}", missed(row)))
    }

    /// What the way back to safety came to, or where it stands.
    pub fn safety_text(&self) -> String {
        let Some(safety) = &self.safety else { return String::new() };
        match (&safety.done, &safety.asked) {
            (Some(done), _) if done.met => {
                let took = wording::seconds(safety.took().unwrap_or(0.0));
                format!("SAFE: steady state met again after {took}")
            }
            (Some(done), _) => format!("NOT SAFE: {}", done.wrong.join("; ")),
            (None, Some(asked)) if !asked.wrong.is_empty() => {
                format!("still wrong: {}", asked.wrong.join("; "))
            }
            (None, _) => "waiting for what was hit to be back".to_owned(),
        }
    }
}

/// What a probe gave, and what it should have: `users get 200: gave 500, wanted 200`.
pub fn missed(row: &StepRow) -> String {
    let gave = row
        .summary
        .as_deref()
        .or(row.trouble.as_deref())
        .filter(|text| !text.is_empty())
        .unwrap_or("nothing");
    match &row.step.tolerance {
        Some(tolerance) => format!("`{}` gave {gave}, wanted {tolerance}", row.step.name),
        None => format!("`{}`: {gave}", row.step.name),
    }
}

/// More bad answers than in steady state, for the same number of answers.
fn harmed(endpoint: &Endpoint, now: Timestamp) -> bool {
    let (before, during) = (endpoint.baseline(), endpoint.during_fault());
    let waiting = endpoint.waiting_over(now, endpoint.limit_ms as f64).count() as u64;
    let bad = during.error + during.fallback + during.over_limit + waiting;
    let asked = during.answered() + waiting;
    let usual = before.error + before.fallback + before.over_limit;
    // Twice as often as before, and more than a few.
    bad >= HARMED && bad * before.answered().max(1) > 2 * usual * asked
}

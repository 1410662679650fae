//! Statements on whether there was a fault at all, and whether the system is safe after it.

use super::{
    UserWord,
    statement::{Statement, sentence},
    users::verdict,
};
use crate::session::{
    event::{Section, Timestamp},
    state::{Endpoint, Fault, Session, StepRow, StepState},
    wording,
};

/// Minimum bad answers during the fault for users to count as harmed.
const HARMED: u64 = 3;
/// Seconds after a failed fire after which watched targets that have not changed show that it had no effect.
const UNTOUCHED_S: f64 = 15.0;

/// Returns why it is unknown whether there is a fault: every fire failed, and no observation shows harm.
pub fn why_fault_unconfirmed(session: &Session, now: Timestamp) -> Option<String> {
    let doubt = session.fault.as_ref()?.all_unconfirmed()?;
    let shown = session.fault_had_effect() == Some(true) || users_harmed(session, now);
    (!shown).then(|| format!("{doubt}: whether it changed something is not known"))
}

/// Returns why there was no fault: every fire failed, and its watched targets have not changed.
pub fn why_fault_had_no_effect(session: &Session, now: Timestamp) -> Option<String> {
    let fault = session.fault.as_ref()?;
    let doubt = fault.all_unconfirmed()?;
    fault.targets().next()?;
    let over = fault.fires.iter().all(|firing| now.duration_since(firing.at).as_secs_f64() >= UNTOUCHED_S);
    let untouched = session.fault_had_effect() == Some(false) && !users_harmed(session, now);
    (over && untouched)
        .then(|| format!("{doubt}; nothing of what it names changed within {UNTOUCHED_S:.0} s"))
}

/// Whether users fare worse under the fault than before it.
fn users_harmed(session: &Session, now: Timestamp) -> bool {
    session.users.endpoints.iter().any(|endpoint| harmed(endpoint, now))
}

/// Returns why there is no fault to judge.
pub(super) fn never_happened(session: &Session) -> Statement {
    if let Some(refusal) = session.refusals.last() {
        let statement =
            Statement::new("The fire was refused before it changed anything", &["the fire was refused"]);
        return statement.with_details(Some(sentence(&refusal.reason)));
    }
    match unmet(session) {
        Some(row) => {
            Statement::new("Nothing was fired: the steady state was not met", &["nothing was fired"])
                .with_details(Some(sentence(&missed(row))))
        }
        None => Statement::new("No destructive step was fired", &[]),
    }
}

/// The probe of the hypothesis that failed before the method.
fn unmet(session: &Session) -> Option<&StepRow> {
    session.steps.rows.iter().rfind(|row| row.step.at.section == Section::Before && row.failed())
}

/// Returns which probe of the hypothesis failed before the method, and why; `None` if none did.
pub fn failed_hypothesis_text(session: &Session) -> Option<String> {
    let row = unmet(session)?;
    // The number of calls shows the operator that the probe was retried.
    let times = if row.calls > 1 { format!(" ({} times)", row.calls) } else { String::new() };
    Some(format!("the hypothesis was not met: {}{times}", missed(row)))
}

/// Returns the result of the first method probe that missed its tolerance after the fire. The author declared what must
/// hold during the fault.
pub(in crate::insight) fn missed_in_method(session: &Session, fault: &Fault) -> Option<String> {
    let since = |row: &StepRow| row.ended.is_some_and(|ended| ended >= fault.t0());
    let judged = |row: &StepRow| row.step.at.section == Section::Method && row.step.tolerance.is_some();
    let row = session.steps.rows.iter().find(|row| judged(row) && since(row) && row.failed())?;
    Some(sentence(&missed(row)))
}

/// Whether there is something to recover from at the end of the run.
pub fn needs_recovery(session: &Session, now: Timestamp) -> bool {
    let users = || users_still_harmed(session, now).is_some();
    session
        .fault
        .as_ref()
        .is_some_and(|fault| session.run.ended_early_at.is_some() || fault.is_on() || users())
}

/// Returns what the fault took away and is not back, one sentence each; empty if that is not observed.
pub fn targets_not_back(session: &Session) -> Vec<String> {
    let Some(fault) = session.fault.as_ref().filter(|fault| fault.is_on()) else { return Vec::new() };
    if session.fault_had_effect() != Some(true) {
        return Vec::new();
    }
    let names: Vec<&str> = fault.targets().collect();
    let away = session.cluster.unready_workloads(&names);
    if away.is_empty() { vec!["what was hit is not back yet".to_owned()] } else { away }
}

/// Returns what is wrong besides the hypothesis: users who are not well, and rollbacks that failed.
pub fn remaining_problems(session: &Session, now: Timestamp) -> Vec<String> {
    let rollbacks = session.steps.failed_rollbacks().map(rollback_failure_text);
    users_still_harmed(session, now).into_iter().chain(rollbacks).collect()
}

/// Whether everything wrong is a failed rollback, which does not heal by waiting.
pub fn only_failed_rollbacks(session: &Session, wrong: &[String]) -> bool {
    let failed: Vec<String> = session.steps.failed_rollbacks().map(rollback_failure_text).collect();
    !wrong.is_empty() && wrong.iter().all(|reason| failed.contains(reason))
}

/// Users who are watched and not well. If the look of a real answer was not learned, they count as not well only if
/// they wait or get errors.
fn users_still_harmed(session: &Session, now: Timestamp) -> Option<String> {
    session.users.endpoints.iter().find(|endpoint| endpoint.watched)?;
    let verdict = verdict(session, now);
    let known = verdict.word != UserWord::Unknown || !session.users.has_unlearned_endpoint();
    (verdict.word != UserWord::Ok && known)
        .then(|| format!("users {}: {}", verdict.word.text(), verdict.short))
}

/// Returns why the running step waits for a condition that can no longer be met.
pub fn why_wait_is_hopeless(session: &Session) -> Option<String> {
    let row = session.steps.current().filter(|row| matches!(row.state, StepState::Running { .. }))?;
    let harm = row.step.label.ends_with("_not_fully_available");
    match &session.fault {
        Some(fault) if harm && !fault.is_on() => {
            Some("the outage is over: this cannot pass any more".to_owned())
        }
        None if harm && !session.refusals.is_empty() => {
            Some("the fault never happened: this cannot pass".to_owned())
        }
        Some(fault) if !harm && row.step.label.ends_with("fully_available") => {
            let names: Vec<&str> = fault.targets().collect();
            let gone = session.cluster.deleted_workload(&names)?;
            Some(format!("{gone} is deleted: nothing brings it back by itself"))
        }
        _ => None,
    }
}

/// Describes a rollback that failed.
pub fn rollback_failure_text(row: &StepRow) -> String {
    let why = row.trouble.as_deref().or(row.summary.as_deref()).filter(|why| !why.is_empty());
    let why = why.map(|why| format!(": {}", wording::short_error(why))).unwrap_or_default();
    format!("rollback `{}` FAILED{why}", row.step.name)
}

/// What a probe returned, and what it should have: `users get 200: gave 500, wanted 200`.
pub(super) fn missed(row: &StepRow) -> String {
    let gave = row.summary.as_deref().or(row.trouble.as_deref()).filter(|text| !text.is_empty());
    let gave = gave.map_or("nothing".to_owned(), wording::short_error);
    match &row.step.tolerance {
        Some(tolerance) => format!("`{}` gave {gave}, wanted {tolerance}", row.step.name),
        None => format!("`{}`: {gave}", row.step.name),
    }
}

/// Whether bad answers are more frequent than in steady state.
fn harmed(endpoint: &Endpoint, now: Timestamp) -> bool {
    let (before, during) = (endpoint.baseline(now), endpoint.during_fault(now));
    let bad = during.error + during.fallback + during.over_limit;
    let asked = during.answered() + during.over_limit_unanswered;
    let usual = before.error + before.fallback + before.over_limit;
    // More than twice as often as before, and more than a few.
    bad >= HARMED && bad * before.answered().max(1) > 2 * usual * asked
}

//! The verdict about a run, from what users got while the fault was on, compared with the time before it.
//!
//! What was already bad in steady state is not blamed on the fault: [`basis`](super::basis) defines the comparison. The
//! rules, in this order:
//!
//! 1. FAULT NEVER HAPPENED - nothing was fired, every fire was refused before it changed anything, or the cluster was
//!    watched and none of the targets went away.
//!    FAULT NOT CONFIRMED - the fire failed, and no observation shows whether it changed something.
//!    NOT RESILIENT - a probe of the method missed its declared tolerance after the fire.
//! 2. NOT OBSERVABLE - fewer than five requests were due while the fault was on, or none of them was answered and fewer
//!    than five users have waited longer than the limit.
//! 3. NOT RESILIENT - one answer in a hundred or more was an error, and more than before.
//! 4. NOT OBSERVABLE - the look of a real answer was not learned before the fault.
//! 5. NOT RESILIENT - no user got an answer, or users were let down for longer than the budget allows, or in more than
//!    half of the fault's seconds without even a fallback.
//! 6. NOT OBSERVABLE - this program did not run for more than half of the fault, or there are too few answers to tell
//!    whether errors are more than before.
//! 7. PROTECTED - users got fallbacks, more than before, or had to wait longer than before.
//! 8. RESILIENT - real answers, in time or as before, all along.

use super::{
    basis::{Share, ShareChange, compare},
    compared::Compared,
    fault_effect::{missed_in_method, never_happened, why_fault_unconfirmed},
    input::VerdictInput,
    run_verdict::RunVerdict,
    statement::{Statement, sentence},
    users::bad_seconds,
};
use crate::session::{
    event::Timestamp,
    state::{CallShare, Endpoint, Fault, Session},
};

/// Minimum requests during the fault for a verdict.
const ENOUGH: u64 = 5;

/// The verdict about a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    pub verdict: RunVerdict,
    /// What users got, in a sentence of about 60 columns, with the endpoint's name if several were probed.
    pub sentence: String,
    /// Further details: one or two sentences more.
    pub details: Option<String>,
    /// What users got, in at most [`MEDIUM`](super::MEDIUM) columns.
    pub medium: String,
    /// The same in at most [`SHORT`](super::SHORT) columns.
    pub short: String,
}

impl Conclusion {
    pub(super) fn new(standing: RunVerdict, said: Statement) -> Self {
        let Statement { sentence, details: price, medium, short } = said;
        Self { verdict: standing, sentence, details: price, medium, short }
    }

    /// Returns the reason in one line: the sentence and its details.
    pub fn because(&self) -> String {
        match &self.details {
            Some(price) => format!("{} {}", sentence(&self.sentence), sentence(price)),
            None => sentence(&self.sentence),
        }
    }
}

/// Returns the verdict about the run so far. Once everything of the run is over, the verdict is final; its figures are
/// updated as long as they give the same verdict.
pub fn conclusion(session: &Session, now: Timestamp) -> Conclusion {
    let so_far = conclusion_so_far(session, now);
    match final_verdict(session) {
        Some(stands) if stands.verdict != so_far.verdict => stands,
        _ => so_far,
    }
}

/// The verdict at the moment when everything of the run was over, if it is.
fn final_verdict(session: &Session) -> Option<Conclusion> {
    session.concluded.as_ref().map(|(at, then)| conclusion_so_far(then, *at))
}

/// Returns the session and time that the verdict's figures are read from: the current ones, or, if the verdict would be
/// another one by now, those of the moment when everything of the run was over.
pub(in crate::insight) fn state_of_verdict(session: &Session, now: Timestamp) -> (&Session, Timestamp) {
    match &session.concluded {
        Some((at, then)) if late_verdict(session, now).is_some() => (then, *at),
        _ => (session, now),
    }
}

/// Returns the verdict by now, if it differs from the final one: a footnote.
pub fn late_verdict(session: &Session, now: Timestamp) -> Option<Conclusion> {
    let stands = final_verdict(session)?.verdict;
    Some(conclusion_so_far(session, now)).filter(|late| late.verdict != stands)
}

/// Returns the verdict from everything known by now.
pub fn conclusion_so_far(session: &Session, now: Timestamp) -> Conclusion {
    let Some(fault) = &session.fault else {
        return Conclusion::new(RunVerdict::FaultNeverHappened, never_happened(session));
    };
    if why_fault_unconfirmed(session, now).is_some() {
        let statement = Statement::new(
            "The fire failed; whether it changed something is not known",
            &["whether it changed something is not known", "its effect is unknown"],
        );
        return Conclusion::new(
            RunVerdict::FaultNotConfirmed,
            statement.with_details(fault.all_unconfirmed().map(sentence)),
        );
    }
    if session.fault_had_effect() == Some(false) {
        let statement = Statement::new(
            "It was fired, but nothing of what it hit ever went away",
            &["nothing of what it hit went away"],
        );
        let price = "The other figures are meaningless: check what the action selects.".to_owned();
        return Conclusion::new(RunVerdict::FaultNeverHappened, statement.with_details(Some(price)));
    }
    if let Some(missed) = missed_in_method(session, fault) {
        let statement =
            Statement::new("A probe of the method missed its tolerance", &["a probe missed its tolerance"]);
        return Conclusion::new(RunVerdict::NotResilient, statement.with_details(Some(missed)));
    }
    let several = session.users.endpoints.len() > 1;
    let judged = session.users.endpoints.iter().map(|endpoint| {
        let (standing, statement) = judge(session, fault, endpoint, now);
        (standing, if several { statement.of(&session.users.name(endpoint)) } else { statement })
    });
    let worst = judged.min_by_key(|(standing, _)| standing.severity());
    let (standing, statement) = worst.unwrap_or_else(|| unasked(session));
    Conclusion::new(standing, statement)
}

/// The verdict without requests. Counters may still show that more calls fail; if they do not, fallbacks and waits
/// remain unknown.
fn unasked(session: &Session) -> (RunVerdict, Statement) {
    if !session.users.passive {
        let statement =
            Statement::new("No endpoint was asked: what users got is not known", &["no endpoint was asked"]);
        return (RunVerdict::NotObservable, statement);
    }
    let nobody = || {
        Statement::new("No requests were sent: what users got is not known", &["nobody was asked: passive"])
    };
    let Some((before, since)) = session.users.calls.before_and_since() else {
        return (
            RunVerdict::NotObservable,
            nobody().with_details(Some("No page counts what users got.".to_owned())),
        );
    };
    let share = |of: CallShare| Share { part: of.failed, of: of.calls };
    let (before, since) = (share(before), share(since));
    let counted =
        format!("{} of {} calls failed since T0 ({} before)", since.part, since.of, before.percent());
    match compare(before, since, 0) {
        ShareChange::Worse if since.part >= since.of.div_ceil(100) => {
            let short = format!("{} of {} calls failed", since.part, since.of);
            let price = "Counted by the service's own pages; no requests were sent.".to_owned();
            (RunVerdict::NotResilient, Statement::new(counted, &[&short]).with_details(Some(price)))
        }
        _ => {
            let price = format!("{counted}; fallbacks and waits are not counted");
            (RunVerdict::NotObservable, nobody().with_details(Some(sentence(&price))))
        }
    }
}

/// The verdict about the users of one endpoint.
fn judge(session: &Session, fault: &Fault, endpoint: &Endpoint, now: Timestamp) -> (RunVerdict, Statement) {
    let users = endpoint.during_fault(now);
    let answered = users.answered();
    let before = endpoint.baseline_at_t0.as_ref().map(|usual| &usual.tally);
    let errors = Compared::of(before, &users, |tally| tally.error, users.errors_in_a_row);
    let fallbacks = Compared::of(before, &users, |tally| tally.fallback, 0);
    let bad = bad_seconds(session, endpoint, now);
    let ending = VerdictInput {
        session,
        fault,
        endpoint,
        now,
        users: &users,
        errors: &errors,
        fallbacks: &fallbacks,
        bad,
    };
    let (lasted, unseen) = (fault.lasted(now), fault.unobserved(&session.gaps, now));
    if users.sent < ENOUGH && unseen * 2.0 > lasted {
        return (RunVerdict::NotObservable, ending.not_observed());
    }
    if users.sent < ENOUGH || (answered == 0 && users.over_limit_unanswered < ENOUGH) {
        return (RunVerdict::NotObservable, ending.too_few());
    }
    let errors_matter = users.error * 100 >= answered && users.error > 0;
    if errors_matter && errors.change == ShareChange::Worse {
        return (RunVerdict::NotResilient, ending.failed());
    }
    if endpoint.shape.is_none() {
        return (RunVerdict::NotObservable, ending.not_learned());
    }
    if answered == 0 {
        return (RunVerdict::NotResilient, ending.nobody_answered());
    }
    if endpoint.endless {
        return (RunVerdict::NotObservable, ending.endless());
    }
    if bad > session.users.budget_s || (users.fallback == 0 && f64::from(bad) * 2.0 > lasted - unseen) {
        return (RunVerdict::NotResilient, ending.waited());
    }
    if unseen * 2.0 > lasted {
        return (RunVerdict::NotObservable, ending.not_observed());
    }
    if errors_matter && errors.change == ShareChange::CannotTell {
        return (RunVerdict::NotObservable, ending.cannot_tell());
    }
    let as_before = users.fallback == 0
        || (before.is_some_and(|before| before.fallback > 0) && fallbacks.change == ShareChange::Same);
    match (as_before, bad) {
        (false, _) => (RunVerdict::Protected, ending.fallback()),
        (true, 1..) => (RunVerdict::Protected, ending.late()),
        (true, 0) => (RunVerdict::Resilient, ending.real()),
    }
}

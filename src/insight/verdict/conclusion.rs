//! The verdict about a run: one of five, from what users got while the fault was on, compared with what they were used to.
//!
//! What was bad in steady state already is not blamed on the fault: [`basis`](super::basis) says what a comparison can
//! carry. The rules, in this order:
//!
//! 1. FAULT NEVER HAPPENED - nothing was fired, every fire was refused before it changed anything, or the cluster was
//!    watched and nothing of what was hit went away.
//!    FAULT NOT CONFIRMED - the fire failed, and no watch shows whether it changed something.
//!    WEAK - a probe of the method missed the tolerance that it declares, after the fire.
//! 2. NOT OBSERVABLE - fewer than five requests were due while the fault was on, or none of them was answered and fewer
//!    than five users have waited longer than the limit.
//! 3. WEAK - one answer in a hundred or more was an error, and more than before.
//! 4. NOT OBSERVABLE - it was not learned before the fault what a real answer looks like.
//! 5. WEAK - nobody got an answer, or the fault let users down for longer than the budget allows, or in more than half of
//!    its seconds without even a fallback.
//! 6. NOT OBSERVABLE - we did not run for more than half of the fault, or there are too few answers to tell whether
//!    errors are more than before.
//! 7. PROTECTED - users got fallbacks, more than before, or had to wait longer than before.
//! 8. RESILIENT - real answers, in time or as before, all along.

use super::{
    basis::{Change, Share, compare},
    deed::{fault_in_doubt, missed_in_method, never_happened},
    users::bad_seconds,
};
use crate::session::{
    event::Timestamp,
    state::{CallShare, Endpoint, Fault, Session, Tally, Usual},
    wording,
};

/// Requests during the fault without which nothing can be said.
const ENOUGH: u64 = 5;

/// The verdict about a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
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

/// The verdict about the run, as far as it went. Once everything of the run is over, it stands.
pub fn conclusion(session: &Session, now: Timestamp) -> Conclusion {
    match &session.concluded {
        Some((at, then)) => conclusion_so_far(then, *at),
        None => conclusion_so_far(session, now),
    }
}

/// What the verdict would be by now, where it is another one than the one that stands: a footnote.
pub fn late_word(session: &Session, now: Timestamp) -> Option<Conclusion> {
    let (at, then) = session.concluded.as_ref()?;
    let stands = conclusion_so_far(then, *at).standing;
    Some(conclusion_so_far(session, now)).filter(|late| late.standing != stands)
}

/// The verdict from all that is known by now.
pub fn conclusion_so_far(session: &Session, now: Timestamp) -> Conclusion {
    let Some(fault) = &session.fault else {
        return conclude(Standing::FaultNeverHappened, never_happened(session));
    };
    if let Some(doubt) = fault_in_doubt(session, now) {
        return conclude(Standing::FaultNotConfirmed, doubt);
    }
    if session.fault_had_effect() == Some(false) {
        let because = "it was fired, but nothing of what it hit ever went away".to_owned();
        return conclude(Standing::FaultNeverHappened, because);
    }
    if let Some(missed) = missed_in_method(session, fault) {
        return conclude(Standing::Weak, missed);
    }
    let judged =
        session.users.endpoints.iter().map(|endpoint| conclude_endpoint(session, fault, endpoint, now));
    judged.min_by_key(|conclusion| severity(conclusion.standing)).unwrap_or_else(|| unasked(session))
}

/// Nobody was asked. Counters may still show that more calls fail; that none does says nothing of fallbacks and waits.
fn unasked(session: &Session) -> Conclusion {
    if !session.users.passive {
        let because = "no endpoint was probed: what users got is not known".to_owned();
        return conclude(Standing::NotObservable, because);
    }
    let Some((before, since)) = session.users.calls.before_and_since() else {
        let because = "passive: nobody was asked, and no page counts what users got".to_owned();
        return conclude(Standing::NotObservable, because);
    };
    let share = |of: CallShare| Share { part: of.failed, of: of.calls };
    let (before, since) = (share(before), share(since));
    let counted =
        format!("{} of {} calls failed since T0 ({} before)", since.part, since.of, before.percent());
    match compare(before, since, 0) {
        Change::Worse if since.part * 100 >= since.of => {
            conclude(Standing::Weak, format!("the service's own counters: {counted}"))
        }
        _ => {
            let because =
                format!("passive: nobody was asked; {counted}, fallbacks and waits are not counted");
            conclude(Standing::NotObservable, because)
        }
    }
}

fn conclude_endpoint(session: &Session, fault: &Fault, endpoint: &Endpoint, now: Timestamp) -> Conclusion {
    let users = endpoint.during_fault(now);
    let answered = users.answered();
    if users.sent < ENOUGH || (answered == 0 && users.over_limit_unanswered < ENOUGH) {
        let because = format!("only {} requests, {answered} answers while the fault was on", users.sent);
        return conclude(Standing::NotObservable, because);
    }
    let before = endpoint.usual.as_ref().map(|usual| &usual.tally);
    let errors = Compared::of(before, &users, |tally| tally.error, users.errors_in_a_row);
    let errors_matter = users.error * 100 >= answered && users.error > 0;
    if errors_matter && errors.change == Change::Worse {
        let before = if errors.before.part > 0 { errors.before() } else { String::new() };
        let because = format!("users got errors: {} of {answered} answers{before}", users.error);
        return conclude(Standing::Weak, because);
    }
    if endpoint.shape.is_none() {
        let errors =
            if users.error > 0 { format!(", {} of them errors", users.error) } else { String::new() };
        let because =
            format!("fired before it was learned what a real answer looks like: {answered} answers{errors}");
        return conclude(Standing::NotObservable, because);
    }
    if answered == 0 {
        let longest = wording::wait(users.all.max.unwrap_or(0.0));
        let because =
            format!("nobody got an answer: {} users waited, up to {longest} or more", users.waiting);
        return conclude(Standing::Weak, because);
    }
    if endpoint.endless {
        let because = "answers begin and do not end: what users got is not seen; watch another path";
        return conclude(Standing::NotObservable, because.to_owned());
    }
    let bad = bad_seconds(session, endpoint, now);
    let lasted = fault.lasted(now);
    let unseen = fault.unobserved(&session.gaps, now);
    if bad > session.users.budget_s || (users.fallback == 0 && f64::from(bad) * 2.0 > lasted - unseen) {
        let because =
            format!("users had to wait: {bad} bad seconds, the fault lasted {}", length(session, fault, now));
        return conclude(Standing::Weak, because);
    }
    if unseen * 2.0 > lasted {
        let because = format!("the fault lasted {}", length(session, fault, now));
        return conclude(Standing::NotObservable, because);
    }
    if errors_matter && errors.change == Change::CannotTell {
        let because = format!(
            "cannot tell whether the fault did it: {} of {answered} answers were errors{}, too few to compare",
            users.error,
            errors.before()
        );
        return conclude(Standing::NotObservable, because);
    }
    let notes = notes(session, fault, endpoint, &users, &errors, now);
    let fallbacks = Compared::of(before, &users, |tally| tally.fallback, 0);
    let as_before = users.fallback == 0
        || (before.is_some_and(|before| before.fallback > 0) && fallbacks.change == Change::Same);
    if !as_before {
        let errors = if errors_matter { String::new() } else { ", no errors".to_owned() };
        let because =
            format!("users got a fallback: {} of {answered} answers{errors}{notes}", users.fallback);
        return conclude(Standing::Protected, because);
    }
    if bad > 0 {
        let because = format!("real answers only, but late in {bad} seconds{notes}");
        return conclude(Standing::Protected, because);
    }
    let usually_slow = endpoint.usual.as_ref().filter(|usual| usual.is_slow(endpoint.limit_ms));
    let time = usually_slow.filter(|_| users.over_limit > 0).map(|usual| as_late(usual, &users));
    let real = users.real;
    let unseen = endpoint.shape.as_ref().and_then(|shape| shape.unseen.as_deref());
    let because = match (unseen, time) {
        (Some(unseen), None) => {
            format!("{real} of {answered} answers looked real and were in time{notes}; {unseen}")
        }
        (Some(unseen), Some(late)) => {
            format!("{real} of {answered} answers looked real{late}{notes}; {unseen}")
        }
        (None, None) => format!("{real} of {answered} answers were real and in time{notes}"),
        (None, Some(late)) => format!("{real} of {answered} answers were real{late}{notes}"),
    };
    conclude(Standing::Resilient, because)
}

/// What else belongs to a verdict: what was so before, and what nobody saw.
fn notes(
    session: &Session,
    fault: &Fault,
    endpoint: &Endpoint,
    users: &Tally,
    errors: &Compared,
    now: Timestamp,
) -> String {
    let mut notes = String::new();
    let before = endpoint.usual.as_ref().map(|usual| &usual.tally);
    if before.is_some_and(|before| before.error > 0) || errors.change == Change::Same {
        notes += &format!("; {}", errors.as_before("errors"));
    }
    if users.fallback > 0 && before.is_some_and(|before| before.fallback > 0) {
        notes +=
            &format!("; {}", Compared::of(before, users, |tally| tally.fallback, 0).as_before("fallbacks"));
    }
    let unseen = fault.unobserved(&session.gaps, now);
    if unseen > 0.0 {
        notes += &format!("; {} of the fault not observed", wording::seconds(unseen));
    }
    notes
}

/// How long the fault has lasted, and how much of that nobody saw.
fn length(session: &Session, fault: &Fault, now: Timestamp) -> String {
    let lasted = wording::seconds(fault.lasted(now));
    match fault.unobserved(&session.gaps, now) {
        unseen if unseen > 0.0 => format!("{lasted}, {} of it not observed", wording::seconds(unseen)),
        _ => lasted,
    }
}

/// A share of the answers before the fault and under it.
pub(super) struct Compared {
    before: Share,
    under: Share,
    pub(super) change: Change,
}

impl Compared {
    pub(super) fn of(before: Option<&Tally>, under: &Tally, part: impl Fn(&Tally) -> u64, row: u32) -> Self {
        let share = |tally: &Tally| Share { part: part(tally), of: tally.answered() };
        let (before, under) = (before.map_or(Share { part: 0, of: 0 }, share), share(under));
        Self { before, under, change: compare(before, under, row) }
    }

    /// ` (4% before)`, where there was something before.
    fn before(&self) -> String {
        match self.before {
            Share { of: 0, .. } => String::new(),
            Share { part: 0, of } => format!(" (none of {of} before)"),
            before => format!(" ({} before)", before.percent()),
        }
    }

    /// `as before (4% errors, 6% now)`
    pub(super) fn as_before(&self, what: &str) -> String {
        let word = match self.change {
            Change::None if self.before.part > 0 => "fewer than before",
            Change::None | Change::Same => "as before",
            Change::Worse => "more than before",
            Change::CannotTell => "too few to compare with before",
        };
        format!("{word} ({} {what}, {} now)", self.before.percent(), self.under.percent())
    }
}

/// ` and as late as before (1.5 s, 1.6 s now)`
pub(super) fn as_late(usual: &Usual, users: &Tally) -> String {
    let median = |tally: &Tally| wording::wait(tally.all.p50.unwrap_or(0.0));
    format!(" and as late as before (median {}, {} now)", median(&usual.tally), median(users))
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

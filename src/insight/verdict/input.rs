//! Wording of the verdict about a run, for the users of one endpoint.

use super::{
    basis::ShareChange,
    compared::{Compared, as_late},
    cost::kinds,
    evidence::recovery_lag,
    statement::{Statement, joined, sentence},
};
use crate::session::{
    event::Timestamp,
    state::{Endpoint, Fault, Session, Tally},
    wording,
};

/// The data that a verdict about a run is worded from.
pub(super) struct VerdictInput<'a> {
    pub(super) session: &'a Session,
    pub(super) fault: &'a Fault,
    pub(super) endpoint: &'a Endpoint,
    pub(super) now: Timestamp,
    /// What users got while the fault was on.
    pub(super) users: &'a Tally,
    /// Errors and fallbacks before the fault compared with during it.
    pub(super) errors: &'a Compared,
    pub(super) fallbacks: &'a Compared,
    /// Bad seconds since T0, beyond those that were usual before.
    pub(super) bad: u32,
}

impl VerdictInput<'_> {
    /// Too few requests while the fault was on.
    pub(super) fn too_few(&self) -> Statement {
        let (sent, answered) =
            (wording::count(self.users.sent, "request"), wording::count(self.users.answered(), "answer"));
        Statement::new(
            format!("Only {sent} and {answered} while the fault was on"),
            &[&format!("only {sent}, {answered}")],
        )
        .with_details(Some("Too few to tell.".to_owned()))
    }

    /// Users got errors, more than before.
    pub(super) fn failed(&self) -> Statement {
        let who = format!("{} of {} users got an error", self.users.error, self.users.sent);
        let waited = self.users.error_waits.p50.filter(|ms| *ms > self.endpoint.limit_ms as f64);
        // A wait close to the deadline is a timeout, and the kind of error already tells its length.
        let waited = waited.filter(|ms| *ms < self.endpoint.deadline_ms as f64 * 0.95);
        let waited = waited.map(|ms| format!("they waited {} (median)", wording::wait(ms)));
        let before = self.errors.before().filter(|_| self.errors.before.part > 0);
        let statement = Statement::brief(format!("{who} while {}", self.meanwhile()), &[&who]);
        statement.with_details(joined([Some(kinds(self.endpoint, self.users)), waited, before]))
    }

    /// `the provider was away` if that was observed, else `the fault was on`.
    fn meanwhile(&self) -> &'static str {
        match self.session.fault_had_effect() {
            Some(true) => "the provider was away",
            _ => "the fault was on",
        }
    }

    pub(super) fn not_learned(&self) -> Statement {
        let answers = wording::count(self.users.answered(), "answer");
        let errors = match self.users.error {
            0 => String::new(),
            some => format!(", {some} of them errors"),
        };
        Statement::new(
            "It was fired before the look of a real answer was learned",
            &["fired before real was learned"],
        )
        .with_details(Some(format!("{answers} while the fault was on{errors}.")))
    }

    /// No request was answered.
    pub(super) fn nobody_answered(&self) -> Statement {
        let longest = wording::wait(self.users.all.max.unwrap_or(0.0));
        let users = wording::count(self.users.waiting, "user");
        Statement::new(
            format!("Nobody got an answer: {users} waited, up to {longest} or more"),
            &[&format!("nobody got an answer: {users} waited"), "nobody got an answer"],
        )
    }

    pub(super) fn endless(&self) -> Statement {
        Statement::new("Answers begin and do not end: what users got is not seen", &["answers do not end"])
            .with_details(Some("Watch another path.".to_owned()))
    }

    /// Users waited for too long.
    pub(super) fn waited(&self) -> Statement {
        let bad = wording::count(self.bad.into(), "bad second");
        let lasted = wording::seconds(self.fault.lasted(self.now));
        Statement::new(
            format!("Users had to wait: {bad}, the fault lasted {lasted}"),
            &[&format!("users had to wait: {bad}")],
        )
        .with_details(joined([self.unseen()]))
    }

    pub(super) fn not_observed(&self) -> Statement {
        let unseen = wording::seconds(self.fault.unobserved(&self.session.gaps, self.now));
        let lasted = wording::seconds(self.fault.lasted(self.now));
        Statement::new(
            format!("{unseen} of the fault's {lasted} were not observed"),
            &[&format!("{unseen} of {lasted} not observed")],
        )
        .with_details(self.session.gaps.last().map(|gap| sentence(wording::gap_cause(gap))))
    }

    /// Some errors, too few to blame the fault for them.
    pub(super) fn cannot_tell(&self) -> Statement {
        let (errors, answered) = (self.users.error, self.users.answered());
        let were = if errors == 1 { "was an error" } else { "were errors" };
        let share = format!("{errors} of {answered} answers {were}");
        Statement::new(
            format!("{share}: too few to blame the fault"),
            &[&format!("{share}: too few to tell"), &share],
        )
        .with_details(joined([self.errors.before()]))
    }

    /// Users got fallbacks, more than before.
    pub(super) fn fallback(&self) -> Statement {
        let since = self.endpoint.since_t0(self.now);
        // Answers after the fault count in the price, unless errors came after it: the fault is not blamed for those.
        let (tally, when) = if since.error > self.users.error {
            (self.users, format!(" while {}", self.meanwhile()))
        } else {
            (&since, String::new())
        };
        let share = format!("{} of {}", tally.fallback, tally.sent);
        let statement = match tally.error {
            0 => {
                let nobody = if self.gap_s() > 0.0 { "Nobody was seen to get" } else { "Nobody got" };
                Statement::brief(
                    format!("{nobody} an error; {share} got a fallback{when}"),
                    &[
                        &format!("{} an error, {share} a fallback", nobody.to_lowercase()),
                        &format!("no error, {share} got a fallback"),
                        &format!("{share} got a fallback"),
                    ],
                )
            }
            errors => Statement::brief(
                format!("{share} users got a fallback, {errors} an error{when}"),
                &[
                    &format!("{share} users got a fallback, {errors} an error"),
                    &format!("{share} got a fallback"),
                ],
            ),
        };
        statement.with_details(joined([self.back(), self.background(), self.unanswered(), self.unseen()]))
    }

    /// Users who have waited longer than the limit without an answer.
    fn unanswered(&self) -> Option<String> {
        let waiting = self.users.over_limit_unanswered;
        let are = if waiting == 1 { "is" } else { "are" };
        (waiting > 0).then(|| format!("{} {are} without an answer", wording::count(waiting, "user")))
    }

    /// When users got real answers again.
    fn back(&self) -> Option<String> {
        if self.fault.is_on() {
            return Some(format!(
                "the fault was on to the end, {} long",
                wording::seconds(self.fault.lasted(self.now))
            ));
        }
        match recovery_lag(self.session, self.endpoint) {
            Some((seconds, _)) if seconds < 0.05 => Some("real answers again with the provider".to_owned()),
            Some((seconds, at_most)) => {
                let at_most = if at_most { "at most " } else { "" };
                let lag = wording::seconds(seconds);
                Some(format!("real answers again {at_most}{lag} after the provider was back"))
            }
            None if self
                .session
                .run
                .ended
                .is_some_and(|ended| self.fault.healed.is_some_and(|back| back < ended)) =>
            {
                Some("no real answer came between the provider's return and the end of the run".to_owned())
            }
            None => Some("no real answer has come yet since the provider is back".to_owned()),
        }
    }

    /// Real answers only, some of them late.
    pub(super) fn late(&self) -> Statement {
        let bad = wording::count(self.bad.into(), "bad second");
        let late = self.users.late_successes();
        let longest = wording::wait(self.users.longest_success().unwrap_or(0.0));
        let sentence = match late {
            0 => format!("Real answers only, but late: {bad}"),
            late => format!("Real answers only, but {late} of {} waited up to {longest}", self.users.sent),
        };
        Statement::new(sentence, &[&format!("real answers only, but {bad}"), &format!("real, but {bad}")])
            .with_details(joined([self.background(), self.unanswered(), self.unseen()]))
    }

    /// Real answers, in time or as late as before the fault.
    pub(super) fn real(&self) -> Statement {
        let (real, answered) = (self.users.real, self.users.answered());
        let usual = self.endpoint.baseline_at_t0.as_ref();
        let slow = usual.filter(|usual| usual.is_slow(self.endpoint.limit_ms) && self.users.over_limit > 0);
        let unseen = self.endpoint.shape.as_ref().and_then(|shape| shape.unseen.clone());
        let look = if unseen.is_some() { "looked" } else { "were" };
        let share = format!("{real} of {answered} answers {look} real");
        let statement = match (slow, self.users.late_successes()) {
            (Some(usual), _) => {
                Statement::new(format!("{share} and {}", as_late(usual, self.users)), &[&share])
            }
            (None, 0) => Statement::new(format!("{share} and in time"), &[&share]),
            (None, late) => {
                let share = format!("{share}, {late} late");
                Statement::new(format!("{share}: no more bad seconds than before T0"), &[&share])
            }
        };
        statement.with_details(joined([self.background(), self.unseen(), unseen]))
    }

    /// What was already the case before the fault.
    fn background(&self) -> Option<String> {
        let before = self.endpoint.baseline_at_t0.as_ref().map(|usual| &usual.tally);
        let errors = before.is_some_and(|before| before.error > 0) || self.errors.change == ShareChange::Same;
        let fallbacks = self.users.fallback > 0 && before.is_some_and(|before| before.fallback > 0);
        let words = [
            errors.then(|| self.errors.beside_before("errors")),
            fallbacks.then(|| self.fallbacks.beside_before("fallbacks")),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        (!words.is_empty()).then(|| sentence(&words.join("; ")))
    }

    fn gap_s(&self) -> f64 {
        self.fault.unobserved(&self.session.gaps, self.now)
    }

    /// Seconds of the fault that were not observed.
    fn unseen(&self) -> Option<String> {
        let gap = self.gap_s();
        (gap > 0.0).then(|| format!("{} of the fault were not observed", wording::seconds(gap)))
    }
}

//! Wording of the verdicts FAILING and UNKNOWN.

use super::{
    UserWord,
    cost::{breaker_words, kind_names, kinds, nothing_fired, restarted},
    statement::{Statement, joined},
    users::EndpointAt,
};
use crate::session::{
    event::BreakerState,
    state::{Recent, Tally},
    wording,
};

impl EndpointAt<'_> {
    /// Users get errors.
    pub(super) fn failing(&self, lately: &Recent) -> (UserWord, Statement) {
        let since = self.session.fault.as_ref().map(|_| self.endpoint.since_t0(self.now));
        let Some(since) = since.filter(|since| since.error > 0) else { return self.failing_lately(lately) };
        let users = format!("{} of {} users got an error", since.error, since.sent);
        let sentence = format!("{users} since T0: {}", kinds(self.endpoint, &since));
        let more = if since.waiting > 0 {
            format!("; {} more wait", since.waiting)
        } else if self.session.breaker.state() == BreakerState::NoBreakerSeen {
            "; no breaker seen".to_owned()
        } else {
            String::new()
        };
        let statement = Statement::brief(sentence, &[&format!("{users}{more}"), &users]);
        let price = restarted(self.session, self.now).or_else(|| self.what_the_breaker_does(lately));
        (UserWord::Failing, statement.with_details(joined([price.or_else(|| self.more_wait(&since))])))
    }

    /// Errors of requests from before the fault, or of a service that fails without a fault.
    fn failing_lately(&self, lately: &Recent) -> (UserWord, Statement) {
        let users = format!("{} of the last {} users got an error", lately.errors, lately.answers);
        let kinds = kind_names(self.endpoint, &self.endpoint.baseline(self.now));
        let sentence = if kinds.is_empty() { users.clone() } else { format!("{users}: {kinds}") };
        let short = format!("{} of last {} users got an error", lately.errors, lately.answers);
        let price = joined([nothing_fired(self.session).or_else(|| self.what_the_breaker_does(lately))]);
        (UserWord::Failing, Statement::new(sentence, &[&users, &short]).with_details(price))
    }

    fn more_wait(&self, since: &Tally) -> Option<String> {
        let longest =
            self.endpoint.in_flight.values().map(|flight| flight.waited_ms(self.now)).fold(0.0, f64::max);
        let over = longest > self.endpoint.limit_ms as f64;
        (since.waiting > 0 && over).then(|| {
            let wait = if since.waiting == 1 { "waits" } else { "wait" };
            format!("{} more {wait}, the longest for {}", since.waiting, wording::seconds(longest / 1000.0))
        })
    }

    /// The state of the breaker; a breaker that cuts calls short does not protect users who get errors all the same.
    fn what_the_breaker_does(&self, lately: &Recent) -> Option<String> {
        let words = breaker_words(self.session)?;
        let open = matches!(self.session.breaker.state(), BreakerState::Open | BreakerState::ForcedOpen);
        Some(if open && lately.fallback == 0 { format!("{words}, and users get no fallback") } else { words })
    }

    /// Successes, while the look of a real answer is not learned.
    pub(super) fn unlearned(&self) -> (UserWord, Statement) {
        let fired = self.session.fault.is_some();
        let tally = if fired { self.endpoint.since_t0(self.now) } else { self.endpoint.baseline(self.now) };
        let (got, of) = (tally.unjudged, tally.answered());
        let statement = if fired {
            Statement::new(
                format!("{got} of {of} answers since T0 were successes"),
                &[&format!("{got} of {of} were successes")],
            )
            .with_details(Some(
                "It was fired before it was learned what a real answer looks like.".to_owned(),
            ))
        } else {
            Statement::new(
                format!("{got} of {of} answers are successes; the look of a real answer is being learned"),
                &[
                    &format!("learning what is real: {} so far", wording::count(got, "success")),
                    "learning what a real answer is",
                ],
            )
            .with_details(Some("A fire now would leave the run without a verdict.".to_owned()))
        };
        (UserWord::Unknown, statement)
    }

    /// Successes of an unknown look, too few to be believed a fallback.
    pub(super) fn unfamiliar(&self, lately: &Recent) -> (UserWord, Statement) {
        let sentence = format!(
            "{} of the last {} answers do not look like the real one",
            lately.fallback, lately.answers
        );
        let statement = Statement::new(sentence, &["answers of an unknown shape"]);
        (
            UserWord::Unknown,
            statement.with_details(Some("Too few are alike to call them a fallback.".to_owned())),
        )
    }

    /// Answers begin and do not end: whether users get what they came for is not observed.
    pub(super) fn endless(&self, lately: &Recent) -> (UserWord, Statement) {
        let begin = wording::wait(lately.median_ms.unwrap_or(0.0));
        let sentence = format!("Answers begin after {begin} and do not end");
        let price = "Whether users get what they came for is not seen: watch another path.".to_owned();
        (
            UserWord::Unknown,
            Statement::new(sentence, &["answers do not end: watch another path"]).with_details(Some(price)),
        )
    }

    /// Our own way to the service is broken: nothing is known of its users.
    pub(super) fn way_broken(&self, reason: &str) -> (UserWord, Statement) {
        let sentence = format!("Users are not observed: {reason}");
        let shorter = ["users are not observed: port-forward broken", "users not observed: no port-forward"];
        let price = "Nothing counts for or against the service until it works again.".to_owned();
        (UserWord::Unknown, Statement::new(sentence, &shorter).with_details(Some(price)))
    }

    pub(super) fn not_watched(&self) -> (UserWord, Statement) {
        (
            UserWord::Unknown,
            Statement::new("No more requests are sent: what users get is not known", &["no longer asked"]),
        )
    }

    pub(super) fn first_answers(&self) -> (UserWord, Statement) {
        (
            UserWord::Unknown,
            Statement::new("The first answers are on their way", &["first answers are on their way"]),
        )
    }
}

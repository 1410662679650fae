//! Wording of the verdict WAITING: no answer comes, answers come late, or users from before the recovery still wait.

use super::{
    UserWord,
    cost::{breaker_words, cut_short_since, harm_words},
    evidence::provider_back_at,
    statement::{Statement, joined},
    users::{EndpointAt, StillWaiting},
};
use crate::session::{
    event::Timestamp,
    state::{Endpoint, Recent, UserBaseline},
    wording,
};

/// Milliseconds from which on users notice the wait of a trial call.
const TRIAL_MS: f64 = 250.0;

impl EndpointAt<'_> {
    /// Users wait, and no answer comes.
    pub(super) fn waiting(&self) -> (UserWord, Statement) {
        let count = self.endpoint.in_flight.len() as u64;
        if let Some(trials) = self.trials().filter(|trials| trials.count == count) {
            return self.trying(&trials);
        }
        let longest = self.endpoint.in_flight.values().map(|flight| flight.waited_ms(self.now));
        let longest = wording::seconds(longest.fold(0.0, f64::max) / 1000.0);
        let users = wording::count(count, "user");
        let (is, wait) = if count == 1 { ("is", "waits") } else { ("are", "wait") };
        let errors = self.errors_since_t0();
        let got = if errors > 0 { format!("; {errors} got an error") } else { String::new() };
        let sentence = format!("{users} {is} waiting, the longest for {longest}{got}");
        let shorter = [
            format!("{users} {wait}, the longest for {longest}{got}"),
            format!("{users} {wait}, the longest for {longest}"),
            format!("{users} {wait}, longest {longest}"),
        ];
        let statement = Statement::new(sentence, &shorter.each_ref().map(String::as_str));
        (UserWord::Waiting, statement.with_details(self.why_they_wait()))
    }

    /// Users who have waited since the breaker began to let trial calls through; `None` unless they wait longer than
    /// usual.
    pub(super) fn trials(&self) -> Option<StillWaiting> {
        let trial = self.session.breaker.trial_since()?;
        let waits = self.endpoint.in_flight.values().filter(|flight| flight.start >= trial);
        let trials = StillWaiting::of(waits.map(|flight| flight.waited_ms(self.now)));
        let usual = self.endpoint.baseline_at_t0.as_ref().and_then(|usual| usual.tally.all.p95);
        (trials.longest_ms > usual.unwrap_or(0.0).max(TRIAL_MS)).then_some(trials)
    }

    /// The breaker lets trial calls through, and users wait for them.
    pub(super) fn trying(&self, trials: &StillWaiting) -> (UserWord, Statement) {
        let users = wording::count(trials.count, "user");
        let wait = if trials.count == 1 { "waits as a trial call" } else { "wait as trial calls" };
        let longest = wording::seconds(trials.longest_ms / 1000.0);
        let short = format!("{users} {wait}");
        let statement = Statement::new(format!("{short}, the longest for {longest}"), &[&short]);
        (UserWord::Waiting, statement.with_details(joined([breaker_words(self.session)])))
    }

    fn errors_since_t0(&self) -> u64 {
        self.session.fault.as_ref().map_or(0, |_| self.endpoint.since_t0(self.now).error)
    }

    /// The state of the breaker, for users who wait; a breaker that opened after they asked does not help them.
    fn why_they_wait(&self) -> Option<String> {
        let opened = cut_short_since(self.session);
        let asked_before =
            |opened: Timestamp| self.endpoint.in_flight.values().all(|flight| flight.start < opened);
        match opened {
            Some(opened) if asked_before(opened) => {
                joined([Some("they asked before the breaker opened".to_owned())])
            }
            Some(_) => joined([breaker_words(self.session).map(|words| format!("{words}, yet they wait"))]),
            None => harm_words(self.session, None, self.now),
        }
    }

    /// The system has recovered, but some users who asked before that still wait.
    pub(super) fn recovering(&self, left: &StillWaiting) -> (UserWord, Statement) {
        let longest = wording::seconds(left.longest_ms / 1000.0);
        let since = self.endpoint.after_recovery(self.now);
        let (real, answered) = (since.real, since.answered());
        let who = match left.count {
            1 => "1 user from before still waits".to_owned(),
            count => format!("{count} users from before still wait"),
        };
        let (served, brief) = match answered {
            0 => (
                "nobody who asked since has an answer yet".to_owned(),
                "no later user has an answer".to_owned(),
            ),
            answered => (
                format!("{real} of {answered} since got real answers"),
                format!("{real} of {answered} since got real answers"),
            ),
        };
        let for_how_long =
            if left.count == 1 { format!("for {longest}") } else { format!("the longest {longest}") };
        let sentence = format!("{who}, {for_how_long}; {served}");
        let shorter = [
            format!("{} from before wait {longest}; {brief}", left.count),
            format!("{who}, {for_how_long}"),
            who,
            format!("{} still wait", left.count),
        ];
        let statement = Statement::new(sentence, &shorter.each_ref().map(String::as_str));
        let price = self.cost().so_far().or_else(|| self.back_since());
        (UserWord::Waiting, statement.with_details(joined([price])))
    }

    /// Since when the provider is back.
    fn back_since(&self) -> Option<String> {
        let healed = self.session.since_t0(provider_back_at(self.session, self.now)?)?;
        Some(format!("the provider is back since {}", wording::moment(healed)))
    }

    /// Most users wait longer than they accept, whether they have an answer by now or not.
    pub(super) fn slow(&self, lately: &Recent) -> (UserWord, Statement) {
        if lately.median_ms.is_none_or(|ms| ms <= self.endpoint.limit_ms as f64) {
            return self.waiting();
        }
        let median = wording::wait(lately.median_ms.unwrap_or(0.0));
        let what = match () {
            () if lately.fallback > lately.real => "a fallback",
            () if lately.real > 0 => "a real answer",
            () => "an answer",
        };
        let limit = wording::limit(self.endpoint.limit_ms);
        let before = usually_slow(self.endpoint).filter(|usual| {
            self.session.fault.is_some() && lately.median_ms.is_some_and(|ms| ms <= usual.accepted_ms)
        });
        let before = before.and_then(|usual| usual.tally.all.p50).map(wording::wait);
        let statement = match &before {
            Some(before) => Statement::new(
                format!("Users wait {median} for {what} (median), as before T0 ({before})"),
                &[
                    &format!("answers take {median}, as before T0 ({before})"),
                    &format!("answers take {median}, as before T0"),
                ],
            ),
            None => Statement::new(
                format!("Users wait {median} for {what} (median); the limit is {limit}"),
                &[&format!("answers take {median}, the limit is {limit}"), &format!("answers take {median}")],
            ),
        };
        let price = if before.is_some() {
            joined([Some(format!("the limit is {limit}"))])
        } else {
            let cost = self.session.fault.as_ref().and_then(|_| self.cost().fallback_text());
            harm_words(self.session, cost, self.now)
        };
        (UserWord::Waiting, statement.with_details(price))
    }
}

/// The waits before the fault, if they were over the limit already.
pub(super) fn usually_slow(endpoint: &Endpoint) -> Option<&UserBaseline> {
    endpoint.baseline_at_t0.as_ref().filter(|usual| usual.is_slow(endpoint.limit_ms))
}

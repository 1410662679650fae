//! Wording of the verdicts OK and PROTECTED.

use super::{
    UserWord,
    compared::Compared,
    cost::{Cost, breaker_state_text, breaker_words, consumer_restarted_at, cut_short_since, nothing_fired},
    evidence::recovery_lag,
    statement::{Statement, joined, sentence},
    users::EndpointAt,
    waiting::usually_slow,
};
use crate::session::{
    event::{BreakerState, Confidence, Section, Timestamp},
    state::{Outcome, Recent, Sample, StepState, Tally},
    wording,
};

/// Latest answers among which the streak of real ones is counted.
const REMEMBERED: usize = 200;

impl EndpointAt<'_> {
    /// Users get fallbacks.
    pub(super) fn protected(&self, lately: &Recent) -> (UserWord, Statement) {
        let median = wording::wait(lately.median_ms.unwrap_or(0.0));
        let since = self.fallback_since().map(wording::moment);
        let statement = match (lately.fallback < lately.answers, since) {
            (true, _) => {
                let share =
                    format!("{} of the last {} answers are fallbacks", lately.fallback, lately.answers);
                Statement::new(
                    format!("{share}; median {median}"),
                    &[&share, &format!("{} of {} are fallbacks", lately.fallback, lately.answers)],
                )
            }
            (false, Some(since)) => Statement::brief(
                format!("Users get a fallback in {median}, since {since}"),
                &[&format!("fallback in {median} since {since}")],
            ),
            (false, None) => Statement::brief(
                format!("Users get a fallback in {median}"),
                &[&format!("fallback in {median}")],
            ),
        };
        let cost = self.session.fault.as_ref().map(|_| self.cost());
        // The cost of a fallback stands alone on its line: figures, not a sentence.
        let price = cost.as_ref().and_then(Cost::fallback_text).or_else(|| {
            let cost = cost.and_then(|cost| cost.total_text(false));
            joined([nothing_fired(self.session).or(cost), self.open_until()])
        });
        (UserWord::Protected, statement.with_details(price))
    }

    /// The cost to users since T0.
    pub(super) fn cost(&self) -> Cost {
        Cost::of(self.session, self.endpoint, &self.endpoint.since_t0(self.now), self.now)
    }

    /// The state of the breaker, for users who get a fallback.
    fn open_until(&self) -> Option<String> {
        let belief = self.session.breaker.belief.as_ref()?;
        match (belief.state, belief.next_trial.filter(|due| *due > self.now)) {
            (BreakerState::FallbackAtOnce, _) => {
                Some("by a breaker, or by a service that falls back by itself".to_owned())
            }
            (BreakerState::Open, Some(due)) => {
                let due = wording::moment(self.session.since_t0(due)?);
                Some(format!("{}, a trial is due at {due}", breaker_state_text(self.session)?))
            }
            (BreakerState::ForcedOpen, _) => breaker_words(self.session),
            _ => breaker_state_text(self.session),
        }
    }

    /// Seconds after T0 from which on users get fallbacks in time: the opening of the breaker, if it is believed open,
    /// else the first of the latest fallbacks. A restart of the consumer ends what was before it.
    fn fallback_since(&self) -> Option<f64> {
        let anew = consumer_restarted_at(self.session);
        let goes_on = |at: &Timestamp| anew.is_none_or(|anew| *at >= anew);
        let limit = self.endpoint.limit_ms as f32;
        let first = || {
            let fallback = |dot: &&Sample| dot.outcome == Outcome::Fallback && goes_on(&dot.start);
            let row = self.endpoint.samples().rev().take_while(fallback);
            row.filter(|dot| dot.waited_ms <= limit).last().map(|dot| dot.start)
        };
        let opened = cut_short_since(self.session);
        self.session.since_t0(opened.or_else(first)?)
    }

    /// Users get real answers in time.
    pub(super) fn ok(&self, lately: &Recent) -> (UserWord, Statement) {
        if self.session.fault.is_none() {
            return (UserWord::Ok, self.steady());
        }
        let median = wording::wait(lately.median_ms.unwrap_or(0.0));
        let since = self.endpoint.since_t0(self.now);
        let cost = Cost::of(self.session, self.endpoint, &since, self.now);
        let (streak, brief) = self.streak(lately, "are");
        if let Some((before, short)) = self.errors_as_before(&since) {
            let statement = Statement::brief(format!("{streak}; {before}"), &[&before, &short]);
            return (UserWord::Ok, statement.with_details(joined([cost.total_text(true)])));
        }
        if let Some(unseen) = self.unseen() {
            let (streak, brief) = self.streak(lately, "look");
            let statement = Statement::new(format!("{streak}; median {median}"), &[&streak, &brief]);
            return (UserWord::Ok, statement.with_details(Some(sentence(&unseen))));
        }
        if since.answered() == 0 {
            return (UserWord::Ok, Statement::new(format!("{streak}; none came since T0"), &[&streak]));
        }
        let price = joined([cost.total_text(false)]);
        if !cost.is_some() && since.real == since.answered() && usually_slow(self.endpoint).is_none() {
            let all = format!("{} of {} answers since T0 are real", since.real, since.answered());
            let statement =
                Statement::new(format!("{all}; median {median}"), &[&all, "all answers since T0 are real"]);
            return (UserWord::Ok, statement.with_details(price));
        }
        let statement = match recovery_lag(self.session, self.endpoint) {
            Some((seconds, _)) if seconds < 0.05 => Statement::new(
                format!("{streak}; back as soon as the provider was"),
                &[&format!("{brief}; back with the provider"), "real again with the provider"],
            ),
            Some((seconds, at_most)) => {
                let lag = wording::seconds(seconds);
                let lag = if at_most { format!("at most {lag}") } else { lag };
                Statement::new(
                    format!("{streak}; back {lag} after the provider was"),
                    &[
                        &format!("{brief}; back {lag} after the provider"),
                        &format!("real again {lag} after the provider"),
                        &format!("real again, {lag} after it"),
                    ],
                )
            }
            None => Statement::new(format!("{streak}; median {median}"), &[&streak]),
        };
        (UserWord::Ok, statement.with_details(price))
    }

    /// The statement before the first fire.
    fn steady(&self) -> Statement {
        let baseline = self.endpoint.baseline(self.now);
        let figure = |ms: Option<f64>| wording::wait(ms.unwrap_or(0.0));
        let (median, longest) = (figure(baseline.real_waits.p50), figure(baseline.real_waits.max));
        let unseen = self.unseen();
        let look = if unseen.is_some() { "look" } else { "are" };
        let (real, of) = (baseline.real, baseline.answered());
        let whole = format!("{real} of {of} answers {look} real; median {median}, longest {longest}");
        let brief = match unseen {
            Some(_) => format!("{real} of {of} answers look real"),
            None => format!("{real} of {of} answers real"),
        };
        let steady = self.steady_state();
        let met = match &steady {
            Some((_, brief)) => format!(". {brief}"),
            None => String::new(),
        };
        let shorter = [
            format!("{brief}, median {median}{met}"),
            format!("{brief}{met}"),
            format!("{brief}, median {median}"),
            brief,
        ];
        let statement = Statement::brief(whole, &shorter.each_ref().map(String::as_str));
        let breaker = breaker_state_text(self.session);
        statement.with_details(joined([steady.map(|(whole, _)| whole), unseen, breaker]))
    }

    /// Whether the hypothesis was met before the method, in a sentence and in a few words.
    fn steady_state(&self) -> Option<(String, String)> {
        let probes = || {
            let rows = self.session.steps.rows.iter();
            rows.filter(|row| row.step.at.section == Section::Before)
        };
        let all = probes().count();
        let pass = self.session.run.before.as_ref();
        let Some(pass) = pass else {
            return (all > 0).then(|| {
                ("steady state not checked yet".to_owned(), "Steady state not checked yet.".to_owned())
            });
        };
        Some(match (pass.met, pass.skipped) {
            (true, _) => {
                let met = probes().filter(|row| row.state == StepState::Succeeded).count();
                let checks = if all == 1 { "check" } else { "checks" };
                (format!("steady state met: {met} of {all} {checks} passed"), "Steady state met.".to_owned())
            }
            (false, 0) => {
                let which = pass.deviating.as_ref().map(|name| format!(": `{name}`")).unwrap_or_default();
                (format!("steady state NOT met{which}"), "Steady state NOT met.".to_owned())
            }
            (false, skipped) => {
                let asked = all.saturating_sub(skipped);
                (
                    format!("steady state not known: {asked} of {all} checked"),
                    "Steady state not known.".to_owned(),
                )
            }
        })
    }

    /// Why answers that look real may be fallbacks.
    fn unseen(&self) -> Option<String> {
        let unseen = self.endpoint.shape.as_ref().and_then(|shape| shape.unseen.clone());
        unseen.or_else(|| {
            let belief = self.session.breaker.belief.as_ref();
            let belief = belief.filter(|belief| {
                matches!(belief.state, BreakerState::Open | BreakerState::ForcedOpen)
                    && belief.confidence != Confidence::CannotTell
            })?;
            let likely = if belief.confidence == Confidence::Sure { "" } else { "likely " };
            let state = wording::breaker(belief.state);
            Some(format!("the breaker is {likely}{state}: a fallback of the real shape would look the same"))
        })
    }

    /// Errors since T0 compared with those in steady state; with and without the shares.
    fn errors_as_before(&self, since: &Tally) -> Option<(String, String)> {
        let usual = &self.endpoint.baseline_at_t0.as_ref().filter(|usual| usual.tally.error > 0)?.tally;
        let compared = Compared::of(Some(usual), since, |tally| tally.error, since.errors_in_a_row);
        Some((compared.beside_before("errors"), compared.in_short("errors")))
    }

    /// The streak of latest answers that are real, in a sentence and in fewer words.
    fn streak(&self, lately: &Recent, are: &str) -> (String, String) {
        let healed = self.healed();
        let counts = |dot: &&Sample| healed.is_none_or(|healed| dot.start >= healed);
        let latest = self.endpoint.samples().rev().take(REMEMBERED).filter(counts);
        let look = if are == "are" { "" } else { "look " };
        match latest.take_while(|dot| dot.outcome == Outcome::Real).count() {
            0 => {
                let (real, answers) = (lately.real, lately.answers);
                (
                    format!("{real} of the last {answers} answers {are} real"),
                    format!("{real} of last {answers} {look}real"),
                )
            }
            1 => {
                let is = if are == "are" { "is" } else { "looks" };
                (format!("The last answer {is} real"), format!("last answer {is} real"))
            }
            real => {
                (format!("The last {real} answers {are} real"), format!("last {real} answers {look}real"))
            }
        }
    }
}

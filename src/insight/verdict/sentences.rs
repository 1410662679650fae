//! The figures behind each word, in a sentence for wide screens and in a few words for 80 columns.

use super::{
    Word,
    conclusion::Compared,
    evidence::recovery_lag,
    users::{Left, Said, View},
};
use crate::session::{
    event::{BreakerState, Confidence},
    state::{Dot, Outcome, Recent, Tally, Usual},
    wording,
};

/// Answers among which the latest in a row are looked for.
const REMEMBERED: usize = 200;

impl View<'_> {
    pub(super) fn waiting(&self) -> Said {
        let limit = self.endpoint.limit_ms as f64;
        let unanswered = self.endpoint.waiting_over(self.now, limit.min(250.0)).count() as u64;
        let longest = self.endpoint.waiting_over(self.now, 0.0).map(|(_, waited)| waited).fold(0.0, f64::max);
        let who = if unanswered == 1 { "1 user is".to_owned() } else { format!("{unanswered} users are") };
        if self.session.breaker.state() == BreakerState::HalfOpen {
            let sentence =
                format!("the breaker lets trial calls through: {who} waiting on the dead provider");
            return (Word::Waiting, sentence, format!("trial calls: {who} waiting"));
        }
        let sentence = format!(
            "{who} waiting, the longest for {}; no answer came for {}",
            wording::wait(longest),
            wording::seconds(self.silent_for())
        );
        (Word::Waiting, sentence, format!("{who} waiting, longest {}", wording::wait(longest)))
    }

    /// The system is whole again, some of those who asked before still wait.
    pub(super) fn recovering(&self, left: &Left) -> Said {
        let longest = wording::wait(left.longest_ms);
        let since = self.endpoint.after_recovery(self.now);
        let who = match left.count {
            1 => "1 user still waits".to_owned(),
            count => format!("{count} users still wait"),
        };
        let served = match since.answered() {
            0 => "nobody who asked since has an answer yet".to_owned(),
            answered => format!("{} of {answered} answers since are real", since.real),
        };
        let sentence = format!("recovering: {who} from before, the longest for {longest}; {served}");
        let mut short = format!("recovering: {} wait {longest}", left.count);
        if since.answered() > 0 {
            short += &format!("; since {}/{} real", since.real, since.answered());
        }
        (Word::Waiting, sentence, short)
    }

    pub(super) fn slow(&self, lately: &Recent) -> Said {
        let median = wording::wait(lately.median_ms.unwrap_or(0.0));
        let what = if lately.fallback > lately.real { "fallback" } else { "real" };
        let limit = wording::wait(self.endpoint.limit_ms as f64);
        let usual = self.usually_slow().filter(|usual| {
            self.session.fault.is_some() && lately.median_ms.is_some_and(|ms| ms <= usual.accepted_ms)
        });
        let before = usual.and_then(|usual| usual.tally.all.p50).map(wording::wait);
        let sentence = format!(
            "the last {} answers took {median} (median, {what}); the limit is {limit}{}",
            lately.answers,
            before.as_ref().map(|before| format!("; as before ({before})")).unwrap_or_default()
        );
        let short = match before {
            Some(before) => format!("{what} answers take {median}, as before ({before})"),
            None => format!("{what} answers take {median}, limit {limit}"),
        };
        (Word::Waiting, sentence, short)
    }

    /// What users were used to, where that was over the limit already.
    fn usually_slow(&self) -> Option<&Usual> {
        self.endpoint.usual.as_ref().filter(|usual| usual.is_slow(self.endpoint.limit_ms))
    }

    /// Successes, while nobody knows what a real answer looks like.
    pub(super) fn unlearned(&self) -> Said {
        let told = match self.session.fault {
            None => {
                let baseline = self.endpoint.baseline(self.now);
                let answers = wording::count(baseline.unjudged, "success").replace("successs", "successes");
                (
                    format!(
                        "learning what a real answer looks like: {answers} of {} answers so far",
                        baseline.answered()
                    ),
                    format!("learning what is real: {answers} so far"),
                )
            }
            Some(_) => {
                let since = self.endpoint.since_t0(self.now);
                let (got, of) = (since.unjudged, since.answered());
                (
                    format!(
                        "{got} of {of} answers since T0 were successes; fired before it was learned what a real one looks like"
                    ),
                    format!("{got}/{of} successes; not learned what is real"),
                )
            }
        };
        (Word::Unknown, told.0, told.1)
    }

    pub(super) fn failing(&self, lately: &Recent) -> Said {
        let Some(since) = self
            .session
            .fault
            .as_ref()
            .map(|_| self.endpoint.since_t0(self.now))
            .filter(|t| t.answered() > 0)
        else {
            let (errors, answers) = (lately.errors, lately.answers);
            let sentence = format!(
                "{errors} of the last {answers} answers were errors{}",
                kinds(&self.endpoint.baseline(self.now))
            );
            return (Word::Failing, sentence, format!("{errors} of last {answers} answers are errors"));
        };
        let limit = self.endpoint.limit_ms as f64;
        let (errors, answers) = (since.error, since.answered());
        let waiting = since.waiting;
        let mut sentence = format!("{errors} of {answers} answers since T0 were errors{}", kinds(&since));
        let mut short = format!("{errors}/{answers} errors");
        match since.error_waits {
            waits if waits.min.is_some_and(|min| min > limit) => {
                let least = wording::wait(waits.min.unwrap_or(0.0));
                sentence += &format!(", each after {least} or more");
                short += &format!(", {least} each");
            }
            waits => {
                if let Some(median) = waits.p50 {
                    sentence += &format!(", half of them within {}", wording::wait(median));
                }
            }
        }
        if waiting > 0 {
            sentence += &format!("; {waiting} more waiting");
            short += &format!(", {waiting} waiting");
        }
        (Word::Failing, sentence, short)
    }

    pub(super) fn protected(&self, lately: &Recent) -> Said {
        let median = wording::wait(lately.median_ms.unwrap_or(0.0));
        let since =
            self.fallback_since().map(|at| format!(" since {}", wording::moment(at))).unwrap_or_default();
        let share = if lately.fallback < lately.answers {
            format!(
                "{} of the last {} answers are fallbacks, median {median}",
                lately.fallback, lately.answers
            )
        } else {
            format!("fallback in {median}{since}")
        };
        let tally = self.endpoint.since_t0(self.now);
        let stuck = self.endpoint.waiting_over(self.now, self.endpoint.limit_ms as f64).count() as u64;
        let mut price = Vec::new();
        let mut short_price = Vec::new();
        if tally.late_answers() > 0 {
            let max = wording::wait(tally.longest_answer().unwrap_or(0.0));
            price.push(format!("{} took up to {max}", wording::count(tally.late_answers(), "answer")));
            short_price.push(format!("{} took up to {max}", tally.late_answers()));
        }
        if stuck > 0 {
            price.push(format!("{stuck} still waiting"));
            short_price.push(format!("{stuck} waiting"));
        }
        let mut sentence = share;
        let mut short = format!("fallback {median}");
        if !price.is_empty() {
            sentence += &format!("   (but {})", price.join(", "));
            short += &format!("; {}", short_price.join(", "));
        }
        (Word::Protected, sentence, short)
    }

    /// Since when users get fallbacks in time: since the breaker opened, if that is believed, else since the first one.
    fn fallback_since(&self) -> Option<f64> {
        let opened = self.session.breaker.cut_short_since();
        let limit = self.endpoint.limit_ms as f32;
        let first = || {
            let quick = |dot: &&Dot| dot.outcome == Outcome::Fallback && dot.waited_ms <= limit;
            self.endpoint
                .dots()
                .rev()
                .take_while(|dot| dot.outcome == Outcome::Fallback)
                .filter(quick)
                .last()
                .map(|dot| dot.start)
        };
        self.session.since_t0(opened.or_else(first)?)
    }

    pub(super) fn unfamiliar(&self, lately: &Recent) -> Said {
        let sentence = format!(
            "{} of the last {} answers are successes that do not look like the real answer; too few to call it a fallback",
            lately.fallback, lately.answers
        );
        (Word::Unknown, sentence, "answers of an unknown look".to_owned())
    }

    /// Users get beginnings: whether they get what they came for is not seen.
    pub(super) fn endless(&self, lately: &Recent) -> Said {
        let begin = wording::wait(lately.median_ms.unwrap_or(0.0));
        (
            Word::Unknown,
            format!("answers begin after {begin} and do not end: watch another path"),
            "answers do not end: watch another path".to_owned(),
        )
    }

    /// Why real answers may be fallbacks.
    fn unseen(&self) -> Option<String> {
        let unseen = self.endpoint.shape.as_ref().and_then(|shape| shape.unseen.clone());
        unseen.or_else(|| {
            let belief = self.session.breaker.belief.as_ref();
            let belief = belief.filter(|belief| {
                matches!(belief.state, BreakerState::Open | BreakerState::ForcedOpen)
                    && belief.confidence != Confidence::CannotTell
            })?;
            let likely = if belief.confidence == Confidence::Sure { "" } else { "likely " };
            Some(format!("the breaker is {likely}open: a fallback of the real shape is not told from them"))
        })
    }

    /// Errors that came in steady state already, beside those since T0.
    fn errors_as_before(&self) -> Option<String> {
        let usual = &self.endpoint.usual.as_ref().filter(|usual| usual.tally.error > 0)?.tally;
        let since = self.endpoint.since_t0(self.now);
        Some(
            Compared::of(Some(usual), &since, |tally| tally.error, since.errors_in_a_row).as_before("errors"),
        )
    }

    pub(super) fn ok(&self, lately: &Recent) -> Said {
        if self.session.fault.is_some()
            && let Some(before) = self.errors_as_before()
        {
            let real = self.real_streak();
            let sentence = format!("{before}; the last {real} are real");
            return (Word::Ok, sentence, before);
        }
        match &self.session.fault {
            None => self.steady(),
            Some(_) => {
                let real = self.real_streak();
                let median = wording::wait(lately.median_ms.unwrap_or(0.0));
                if let Some(unseen) = self.unseen() {
                    return (
                        Word::Ok,
                        format!("{real} of the last {real} answers look real, median {median}; {unseen}"),
                        format!("last {real}/{real} look real; fallbacks unseen"),
                    );
                }
                let streak = format!("{real} of the last {real} answers are real");
                let lag = recovery_lag(self.session, self.endpoint).map(|(seconds, at_most)| {
                    let lag = wording::seconds(seconds);
                    if at_most { format!("at most {lag}") } else { lag }
                });
                match lag {
                    Some(lag) => (
                        Word::Ok,
                        format!("{streak}    recovered {lag} after the provider did"),
                        format!("last {real}/{real} real. Back {lag} after provider"),
                    ),
                    None => (
                        Word::Ok,
                        format!("{streak}, median {median}"),
                        format!("last {real}/{real} real, {median}"),
                    ),
                }
            }
        }
    }

    fn steady(&self) -> Said {
        let baseline = self.endpoint.baseline(self.now);
        let percent = baseline.percent(baseline.real).unwrap_or(0);
        let waits = baseline.real_waits;
        let p50 = wording::wait(waits.p50.unwrap_or(0.0));
        let p99 = wording::wait(waits.p99.unwrap_or(0.0));
        let watched = self.now.duration_since(self.endpoint.since).as_secs_f64();
        let (real, short) = match self.unseen() {
            Some(_) => ("look real", "look real"),
            None => ("real answers", "real"),
        };
        let sentence = format!(
            "{percent}% {real}   p50 {p50}  p99 {p99}  ({} of {} in {watched:.0} s)",
            baseline.real,
            baseline.answered()
        );
        (Word::Ok, sentence, format!("{percent}% {short}  p50 {p50}  p99 {p99}"))
    }

    /// The latest answers in a row that are real, twenty at most.
    fn real_streak(&self) -> usize {
        let healed = self.healed();
        let counts = |dot: &&Dot| healed.is_none_or(|healed| dot.start >= healed);
        let latest = self.endpoint.dots().rev().take(REMEMBERED).filter(counts).take(20);
        latest.take_while(|dot| dot.outcome == Outcome::Real).count()
    }
}

/// The kinds of errors, most frequent first: ` (timeout)`, ` (refused, HTTP 5xx)`.
fn kinds(tally: &Tally) -> String {
    let mut errors = tally.errors.clone();
    errors.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let words: Vec<&str> = errors.iter().take(2).map(|(kind, _)| wording::error(*kind)).collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}

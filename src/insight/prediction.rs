//! Predictions: written before the fire, scored against what happened.

use super::verdict::provider_back_at;
use crate::session::{
    event::{ExpectedAnswers, ExpectedTrip, Prediction, Timestamp},
    state::Session,
    wording,
};

/// One part of a prediction, with the outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredictionScore {
    /// The expected outcome: `trip within 2 s`.
    pub guess: String,
    /// The actual outcome: `6.2 s`.
    pub fact: String,
    /// Whether the prediction was right; `None` while that is open, or if the outcome was not observed.
    pub right: Option<bool>,
}

impl PredictionScore {
    fn seen(guess: String, fact: impl Into<String>, right: bool) -> Self {
        Self { guess, fact: fact.into(), right: Some(right) }
    }

    fn unseen(guess: String) -> Self {
        Self { guess, fact: "not seen".to_owned(), right: None }
    }

    pub fn word(&self) -> &'static str {
        match self.right {
            Some(true) => "yes",
            Some(false) => "no",
            None => "?",
        }
    }
}

/// Returns each part of a prediction in a few words.
pub fn prediction_words(prediction: &Prediction) -> Vec<String> {
    let trip = prediction.trip.map(trip_words);
    let users = prediction.users.map(users_words);
    let errors = prediction.errors.map(errors_words);
    let recovery = prediction.recovery_s.map(recovery_words);
    [trip, users, errors, recovery].into_iter().flatten().collect()
}

fn trip_words(guess: ExpectedTrip) -> String {
    match guess {
        ExpectedTrip::Within(seconds) => format!("trip within {seconds} s"),
        ExpectedTrip::Never => "breaker never trips".to_owned(),
    }
}

fn users_words(gets: ExpectedAnswers) -> String {
    format!("users: {}", gets.text())
}

fn errors_words(most: u32) -> String {
    match most {
        0 => "nobody fails".to_owned(),
        most => format!("at most {}", wording::count(most.into(), "failed user")),
    }
}

fn recovery_words(seconds: f64) -> String {
    format!("back within {seconds} s")
}

/// Scores the prediction against what has happened so far. Empty before the fire, or without a prediction.
pub fn scores(session: &Session, now: Timestamp) -> Vec<PredictionScore> {
    let Some(prediction) = session.prediction.filter(|_| session.fault.is_some()) else { return Vec::new() };
    let trip = prediction.trip.map(|guess| score_trip(session, guess, now));
    let users = prediction.users.map(|guess| score_users(session, guess, now));
    let errors = prediction.errors.map(|most| score_errors(session, most, now));
    let recovery = prediction.recovery_s.map(|seconds| score_recovery(session, seconds, now));
    [trip, users, errors, recovery].into_iter().flatten().collect()
}

fn score_trip(session: &Session, guess: ExpectedTrip, now: Timestamp) -> PredictionScore {
    let words = trip_words(guess);
    match (session.breaker.measured(session.t0()).trip_s, guess) {
        (Some(seconds), ExpectedTrip::Within(most)) => {
            PredictionScore::seen(words, wording::seconds(seconds), seconds <= most)
        }
        (Some(seconds), ExpectedTrip::Never) => {
            PredictionScore::seen(words, format!("after {}", wording::seconds(seconds)), false)
        }
        // That the breaker never opened is known only if it was observed all the time.
        (None, guess) if session.t0().is_some_and(|t0| session.breaker.never_opened(t0, now)) => {
            PredictionScore::seen(words, "never", guess == ExpectedTrip::Never)
        }
        (None, _) => PredictionScore::unseen(words),
    }
}

fn score_users(session: &Session, guess: ExpectedAnswers, now: Timestamp) -> PredictionScore {
    let words = users_words(guess);
    let Some(users) = session.users.main().map(|endpoint| endpoint.during_fault(now)) else {
        return PredictionScore::unseen(words);
    };
    let counts = [
        (ExpectedAnswers::Real, users.real),
        (ExpectedAnswers::Fallback, users.fallback),
        (ExpectedAnswers::Errors, users.error),
    ];
    // On a tie the worse outcome counts, since it is the one users complain about.
    let most = counts.into_iter().filter(|(_, count)| *count > 0).max_by_key(|(_, count)| *count);
    match most {
        None => PredictionScore::unseen(words),
        Some((gets, count)) => {
            let fact = format!("{} {count} of {}", gets.text(), users.answered());
            PredictionScore::seen(words, fact, gets == guess)
        }
    }
}

fn score_errors(session: &Session, most: u32, now: Timestamp) -> PredictionScore {
    let words = errors_words(most);
    match session.users.main().map(|endpoint| endpoint.during_fault(now)).filter(|users| users.answered() > 0)
    {
        None => PredictionScore::unseen(words),
        Some(users) => {
            PredictionScore::seen(words, format!("{} failed", users.error), users.error <= u64::from(most))
        }
    }
}

fn score_recovery(session: &Session, most: f64, now: Timestamp) -> PredictionScore {
    let words = recovery_words(most);
    let recovered = session.users.main().and_then(|endpoint| endpoint.recovered);
    let healed = provider_back_at(session, recovered.unwrap_or(now));
    match (healed, recovered) {
        (Some(healed), Some(recovered)) => {
            let seconds = recovered.duration_since(healed).as_secs_f64().max(0.0);
            PredictionScore::seen(words, wording::seconds(seconds), seconds <= most)
        }
        (Some(healed), None) if session.users.main().is_some() => {
            let waited = now.duration_since(healed).as_secs_f64();
            let fact = format!("not within {}", wording::seconds(waited));
            // Undecided until the predicted time has passed.
            let right = (waited > most).then_some(false);
            PredictionScore { guess: words, fact, right }
        }
        (None, _) => PredictionScore { guess: words, fact: "provider not back".to_owned(), right: None },
        (Some(_), None) => PredictionScore::unseen(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{
        Command, Event, EventKind,
        command::Annotation,
        event::StepRef,
        fixtures::{self, Variant, at},
    };

    fn scored(
        (mut session, now): (Session, Timestamp),
        prediction: Prediction,
    ) -> Vec<(String, String, &'static str)> {
        session.prediction = Some(prediction);
        let scores = scores(&session, now).into_iter();
        scores.map(|score| (score.guess.clone(), score.fact.clone(), score.word())).collect()
    }

    fn trip(guess: ExpectedTrip) -> Prediction {
        Prediction { trip: Some(guess), ..Prediction::default() }
    }

    #[test]
    fn each_part_is_scored_against_what_happened() {
        let users = |users| Prediction { users: Some(users), ..Prediction::default() };
        let errors = |errors| Prediction { errors: Some(errors), ..Prediction::default() };
        let back = |seconds| Prediction { recovery_s: Some(seconds), ..Prediction::default() };
        let (before, after) = (Variant::Before, Variant::After);
        for (variant, prediction, wanted) in [
            (after, trip(ExpectedTrip::Within(2.0)), ("trip within 2 s", "6.2 s", "no")),
            (after, trip(ExpectedTrip::Within(6.5)), ("trip within 6.5 s", "6.2 s", "yes")),
            (after, trip(ExpectedTrip::Never), ("breaker never trips", "after 6.2 s", "no")),
            (before, trip(ExpectedTrip::Never), ("breaker never trips", "never", "yes")),
            (before, trip(ExpectedTrip::Within(9.0)), ("trip within 9 s", "never", "no")),
            (after, users(ExpectedAnswers::Fallback), ("users: fallback", "fallback 65 of 70", "yes")),
            (after, users(ExpectedAnswers::Real), ("users: real", "fallback 65 of 70", "no")),
            (before, users(ExpectedAnswers::Errors), ("users: errors", "errors 60 of 70", "yes")),
            (after, errors(0), ("nobody fails", "0 failed", "yes")),
            (before, errors(59), ("at most 59 failed users", "60 failed", "no")),
            (before, errors(60), ("at most 60 failed users", "60 failed", "yes")),
            (after, back(10.0), ("back within 10 s", "0.0 s", "yes")),
        ] {
            let (guess, fact, word) = wanted;
            let wanted = vec![(guess.to_owned(), fact.to_owned(), word)];
            assert_eq!(scored(fixtures::finished(variant), prediction), wanted);
        }
    }

    #[test]
    fn what_nobody_saw_is_neither_right_nor_wrong() {
        let all = Prediction {
            trip: Some(ExpectedTrip::Within(2.0)),
            users: Some(ExpectedAnswers::Real),
            errors: Some(1),
            recovery_s: Some(5.0),
        };
        let mut session = Session::new();
        assert_eq!(scored((session.clone(), at(0.0)), all), [], "nothing was fired");
        let step = StepRef { section: crate::session::event::Section::Method, index: 0 };
        let fired = EventKind::FaultFired { step, what: String::new(), targets: Vec::new() };
        session.apply(&Event { seq: 0, at: at(0.0), what: fired });
        let unseen: Vec<&str> = scored((session, at(9.0)), all).into_iter().map(|(.., word)| word).collect();
        assert_eq!(unseen, ["?"; 4]);
    }

    /// "Never" requires observation: a state that does not show openings, or a lost observation, leaves the score open.
    #[test]
    fn that_it_never_opened_is_said_only_if_somebody_looked() {
        use crate::session::event::{Belief, BreakerState as State, Confidence};
        for (states, wanted) in [
            (vec![State::Closed], "never"),
            (vec![State::NotSeenYet, State::Closed], "never"),
            (vec![State::NotSeenYet, State::NoBreakerSeen], "never"),
            (vec![State::Disabled], "never"),
            (vec![State::MetricsOnly], "never"),
            (vec![State::ClosedOrNone], "not seen"),
            (vec![State::NotSeenYet], "not seen"),
            (vec![State::NoBreakerSeen, State::ClosedOrNone], "never"),
            (vec![State::NoBreakerSeen, State::FallbackAtOnce], "not seen"),
            (vec![State::FallbackAtOnce, State::Closed], "not seen"),
            (vec![State::Unknown, State::Closed], "not seen"),
            (vec![State::Mixed], "not seen"),
            (vec![State::Mixed, State::Closed], "not seen"),
            (vec![State::ForcedOpen], "not seen"),
            (vec![State::Open, State::Mixed], "after 1.0 s"),
            (vec![State::Open, State::Disabled], "after 1.0 s"),
            (vec![State::Open, State::NoBreakerSeen], "never"),
        ] {
            let (mut session, _) = fixtures::session_at(Variant::Before, 0.5);
            session.breaker = crate::session::state::Breaker::default();
            let first = if states[0] == State::Open { State::Closed } else { states[0] };
            for (n, state) in std::iter::once(first).chain(states.clone()).enumerate() {
                let seconds = n as f64 + if n == 0 { -1.0 } else { 0.0 };
                let belief = Belief::new(state, Confidence::Likely, at(seconds), "");
                session.apply(&Event { seq: 0, at: at(seconds), what: EventKind::Believed(belief) });
            }
            let scored = scored((session, at(20.0)), trip(ExpectedTrip::Never));
            assert_eq!(scored[0].1, wanted, "{states:?}");
        }
    }

    #[test]
    fn what_still_can_come_true_is_not_wrong_yet() {
        let (mut session, _) = fixtures::session_at(Variant::After, 34.9);
        session.apply(&Event {
            seq: 0,
            at: at(34.9),
            what: EventKind::FaultHealed { what: "back".to_owned() },
        });
        session.users.endpoints[0].recovered = None;
        let back = Prediction { recovery_s: Some(10.0), ..Prediction::default() };
        assert_eq!(scored((session.clone(), at(40.0)), back)[0].2, "?");
        assert_eq!(scored((session, at(45.0)), back)[0].2, "no");
    }

    #[test]
    fn nobody_predicts_what_has_begun() {
        let (mut session, now) = fixtures::steady();
        let predict = |guess| EventKind::Commanded(Command::Annotate(Annotation::Predict(trip(guess))));
        session.apply(&Event { seq: 0, at: now, what: predict(ExpectedTrip::Never) });
        session.apply(&Event { seq: 0, at: now, what: predict(ExpectedTrip::Within(3.0)) });
        assert_eq!(session.prediction, Some(trip(ExpectedTrip::Within(3.0))), "changed before the fire");
        let (mut session, now) = fixtures::before_failing();
        session.apply(&Event { seq: 0, at: now, what: predict(ExpectedTrip::Never) });
        assert_eq!(session.prediction, None);
    }
}

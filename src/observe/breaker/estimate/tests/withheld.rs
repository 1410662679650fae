//! Feeds the opposite of each state and each degree of confidence: the claim must not be made.
//!
//! | claim | the opposite that is fed |
//! | --- | --- |
//! | CLOSED or none | calls fail, at once or slowly |
//! | CLOSED | no breaker at all; a page that reports it while calls are cut short |
//! | OPEN | no breaker, a health page that agrees; a page that reports it while users are well |
//! | HALF-OPEN | a countdown that is over; slow calls where no breaker was observed; a cause that is gone |
//! | NOT SEEN YET | something was cut short |
//! | NO BREAKER SEEN | a breaker that cannot have tripped yet; one that opens late; calls that do not leave |
//! | FALLBACK AT ONCE | errors at once; a breaker that was observed |
//! | MIXED | one breaker that changes; replicas that agree |
//! | DISABLED, METRICS ONLY | calls are cut short |
//! | FORCED OPEN | users are well |
//! | sure | one reading; a source that was contradicted; answers and a health page, which have a common cause |
//! | likely | answers before a full cycle |
//! | cannot tell | a source that names the state |

use super::*;
use BreakerState::{ForcedOpen, MetricsOnly};

fn says(state: BreakerState) -> SourceMessage {
    page(vec![named("provider", state)])
}

fn pod(name: &str, state: BreakerState) -> SourceMessage {
    let pod = Some(format!("consumer-{name}"));
    let source = SourceId { kind: SourceKind::Metrics, pod, place: "8080/metrics".to_owned() };
    SourceMessage::Reading(Reading {
        breakers: vec![named("provider", state)],
        ..Reading::new(source, "page")
    })
}

/// Slow fallbacks, then fallbacks at once: fits an open breaker and many other causes.
fn cut(story: &mut Story, from: f64, sources: &[SourceMessage]) -> Belief {
    story.ask(from, from + 2.0, 1.0, Fallback, sources);
    story.ask(from + 2.0, from + 6.0, 0.004, Fallback, sources)
}

/// A full reset cycle, which proves a breaker. The trial is at 8.0; the breaker is open again at 9.0.
fn proven(sources: &[SourceMessage]) -> Story {
    let (mut story, _) = Story::steady(sources);
    cut(&mut story, 0.0, sources);
    story.ask(6.0, 8.0, 0.004, Fallback, sources);
    story.ask(8.0, 8.5, 1.0, Fallback, sources);
    story.ask(8.5, 12.0, 0.004, Fallback, sources);
    story
}

#[test]
fn closed_or_none_is_withheld_while_calls_fail() {
    for (wait, kind) in [(0.004, Fallback), (0.004, SERVER), (1.5, SERVER), (1.5, Fallback)] {
        let (mut story, _) = Story::steady(&[]);
        let belief = story.ask(0.0, 6.0, wait, kind, &[]);
        assert!(!matches!(belief.state, ClosedOrNone | Closed), "{wait} {kind:?}: {belief:?}");
    }
}

#[test]
fn closed_is_withheld_where_there_may_be_no_breaker() {
    for sources in [vec![], vec![health(200)]] {
        let (mut story, belief) = Story::steady(&sources);
        assert_eq!(belief.state, ClosedOrNone);
        cut(&mut story, 0.0, &sources);
        let belief = story.ask(6.0, 12.0, 0.006, Real, &sources);
        assert_ne!(belief.state, Closed, "a cut alone shows no breaker: {belief:?}");
    }
}

#[test]
fn closed_is_not_sure_while_calls_are_cut_short() {
    let (mut story, belief) = Story::steady(&[says(Closed)]);
    assert_eq!(said(&belief), (Closed, Sure));
    let belief = cut(&mut story, 0.0, &[says(Closed)]);
    assert!(belief.confidence != Sure && belief.because.contains("contradict it"), "{belief:?}");
}

#[test]
fn open_is_withheld_where_there_is_no_breaker() {
    // Each of them fits "open", and a health page that checks the dependency agrees with it.
    for (wait, kind) in [(0.004, Fallback), (0.004, SERVER)] {
        let (mut story, _) = Story::steady(&[health(200)]);
        let belief = story.ask(0.0, 20.0, wait, kind, &[health(503)]);
        assert!(belief.state != Open && belief.confidence == CannotTell, "{kind:?}: {belief:?}");
    }
    let (mut story, _) = Story::steady(&[health(200)]);
    let belief = cut(&mut story, 0.0, &[health(503)]);
    assert!(belief.state != Open && belief.confidence == CannotTell, "{belief:?}");
}

#[test]
fn open_is_not_sure_while_users_are_well() {
    let (mut story, _) = Story::steady(&[says(Closed)]);
    story.ask(0.0, 1.5, 1.0, Fallback, &[says(Closed)]);
    story.ask(1.5, 4.0, 0.004, Fallback, &[says(Open)]);
    let belief = story.ask(4.0, 8.0, 0.006, Real, &[says(Open)]);
    assert_ne!(belief.confidence, Sure, "{belief:?}");
}

#[test]
fn half_open_is_no_countdown_that_is_over() {
    let mut story = proven(&[]);
    let belief = story.ask(12.0, 24.0, 0.004, Fallback, &[]);
    assert_eq!(belief.state, Open, "nobody has seen a trial: {belief:?}");
    assert!(belief.next_trial.is_some_and(|due| due < at(24.0)), "{belief:?}");
    let (mut story, _) = Story::steady(&[says(Closed)]);
    let told = || page(vec![NamedBreaker { sleep_window_s: Some(3.0), ..named("provider", Open) }]);
    story.ask(0.0, 1.5, 1.0, Fallback, &[says(Closed)]);
    let belief = story.ask(1.5, 12.0, 0.004, Fallback, &[told()]);
    assert_eq!(belief.state, Open, "{belief:?}");
}

#[test]
fn half_open_is_withheld_where_no_breaker_has_shown_itself() {
    let (mut story, _) = Story::steady(&[]);
    cut(&mut story, 0.0, &[]);
    for n in 0..3 {
        let belief = story.ask(6.0 + f64::from(n) / 2.0, 6.5 + f64::from(n) / 2.0, 1.0, Fallback, &[]);
        assert_ne!(belief.state, HalfOpen, "{belief:?}");
    }
    // Real answers begin again: a trial, or the cause is gone.
    let (mut story, _) = Story::steady(&[]);
    cut(&mut story, 0.0, &[]);
    let belief = story.ask(6.0, 6.5, 0.006, Real, &[]);
    assert!(belief.state != HalfOpen && belief.confidence == CannotTell, "{belief:?}");
}

#[test]
fn not_seen_yet_ends_with_the_first_cut() {
    for kind in [Fallback, SERVER] {
        let (mut story, _) = Story::steady(&[]);
        assert_eq!(story.ask(0.0, 2.0, 1.0, kind, &[]).state, NotSeenYet);
        assert_ne!(story.ask(2.0, 6.0, 0.004, kind, &[]).state, NotSeenYet, "{kind:?}");
    }
}

#[test]
fn no_breaker_seen_is_withheld_until_one_has_had_its_chance_and_taken_back() {
    let (mut story, _) = Story::steady(&[]);
    assert_eq!(story.ask(0.0, 5.0, 1.5, SERVER, &[]).state, NotSeenYet);
    // The breaker opens after all and shows a full cycle, which revokes the earlier finding.
    story.ask(5.0, 18.0, 1.5, Fallback, &[]);
    for cycle in 0..3 {
        let from = 18.0 + f64::from(cycle) * 4.5;
        story.ask(from, from + 4.0, 0.004, Fallback, &[]);
        story.ask(from + 4.0, from + 4.5, 1.5, Fallback, &[]);
    }
    let belief = story.ask(31.5, 36.0, 0.004, Fallback, &[]);
    assert_ne!(belief.state, NoBreakerSeen, "{belief:?}");
    let belief = story.ask(36.0, 42.0, 0.006, Real, &[]);
    assert_ne!(belief.state, NoBreakerSeen, "{belief:?}");
}

#[test]
fn fallback_at_once_is_withheld_of_errors_and_of_a_breaker_that_has_shown_itself() {
    let (mut story, _) = Story::steady(&[]);
    assert_eq!(said(&story.ask(0.0, 8.0, 0.004, SERVER, &[])), (Unknown, CannotTell));
    let mut story = proven(&[]);
    assert_eq!(said(&story.ask(12.0, 13.0, 0.004, Fallback, &[])), (Open, Likely));
}

#[test]
fn mixed_is_withheld_of_one_breaker_that_moves_and_of_replicas_that_agree() {
    let (mut story, _) = Story::steady(&[says(Closed)]);
    for (from, to, state) in [(0.0, 1.5, Closed), (1.5, 4.5, Open), (4.5, 5.5, HalfOpen), (5.5, 8.5, Open)] {
        let wait = if matches!(state, Open) { 0.004 } else { 1.0 };
        assert_ne!(story.ask(from, to, wait, Fallback, &[says(state)]).state, Mixed);
    }
    let both = |state| [pod("5wz5k", state), pod("l5522", state)];
    let (mut story, belief) = Story::steady(&both(Closed));
    assert_eq!(said(&belief), (Closed, Sure), "{belief:?}");
    story.ask(0.0, 1.5, 1.0, Fallback, &both(Closed));
    let belief = story.ask(1.5, 4.0, 0.004, Fallback, &both(Open));
    assert_eq!((said(&belief), belief.replicas.len()), ((Open, Sure), 2), "{belief:?}");
}

#[test]
fn switched_off_is_not_sure_while_calls_are_cut_short() {
    for state in [Disabled, MetricsOnly] {
        let (mut story, belief) = Story::steady(&[says(state)]);
        assert_eq!(said(&belief), (state, Sure));
        let belief = cut(&mut story, 0.0, &[says(state)]);
        assert_ne!(said(&belief), (state, Sure), "{belief:?}");
    }
}

#[test]
fn forced_open_is_not_sure_while_users_are_well() {
    let (mut story, belief) = Story::steady(&[says(ForcedOpen)]);
    assert_ne!(said(&belief), (ForcedOpen, Sure), "{belief:?}");
    let belief = story.ask(0.0, 10.0, 1.5, SERVER, &[says(ForcedOpen)]);
    assert_ne!(said(&belief), (ForcedOpen, Sure), "it is about something else: {belief:?}");
    // If users feel it, the state is believed.
    let (mut story, _) = Story::steady(&[says(Closed)]);
    let belief = story.ask(0.0, 4.0, 0.004, Fallback, &[says(ForcedOpen)]);
    assert_eq!(said(&belief), (ForcedOpen, Sure), "{belief:?}");
}

#[test]
fn sure_takes_two_readings_and_sources_without_a_common_cause() {
    let mut estimator = BreakerEstimator::new(ENDPOINT, None);
    estimator.handle(at(0.0), &says(Open));
    assert_eq!(said(&estimator.judge(at(0.1)).1), (Open, Likely), "one reading may be of another process");
    // Answers and a health page agree through a whole cycle: the same dead provider may explain both.
    let (mut story, _) = Story::steady(&[health(200)]);
    let mut sure = Vec::new();
    for cycle in 0..4 {
        let from = f64::from(cycle) * 4.5;
        sure.push(story.ask(from, from + 1.0, 1.0, Fallback, &[health(200)]));
        sure.push(story.ask(from + 1.0, from + 4.5, 0.004, Fallback, &[health(503)]));
    }
    assert!(sure.iter().all(|belief| belief.confidence != Sure), "{sure:#?}");
}

#[test]
fn sure_is_withheld_while_another_page_says_otherwise_and_the_reason_is_told() {
    let actuator = |state| {
        let source = SourceId::at_users_url(SourceKind::Actuator, "/actuator/circuitbreakers");
        SourceMessage::Reading(Reading {
            breakers: vec![named("provider", state)],
            ..Reading::new(source, "page")
        })
    };
    let (mut story, belief) = Story::steady(&[actuator(Closed), says(Closed)]);
    assert_eq!(said(&belief), (Closed, Sure), "{belief:?}");
    story.ask(0.0, 1.5, 1.0, Fallback, &[actuator(Closed), says(Closed)]);
    let belief = story.ask(1.5, 4.0, 0.004, Fallback, &[actuator(Open), says(Closed)]);
    assert_eq!(said(&belief), (Open, Likely), "{belief:?}");
    assert!(belief.because.contains("another source reports a different state"), "{}", belief.because);
    let belief = story.ask(4.0, 6.0, 0.004, Fallback, &[actuator(Open), says(Open)]);
    assert_eq!(said(&belief), (Open, Sure), "{belief:?}");
}

/// A source that cannot distinguish states does not count among those that made a claim.
#[test]
fn a_health_page_that_was_not_learned_agrees_with_nobody() {
    let (mut story, belief) = Story::steady(&[health(200)]);
    assert_eq!((belief.agreeing, belief.spoke), (1, 1), "{belief:?}");
    let belief = story.ask(0.0, 6.0, 0.004, SERVER, &[health(503)]);
    assert_eq!((belief.agreeing, belief.spoke), (0, 0), "{belief:?}");
    assert!(belief.because.contains("503, which may check a dependency"), "{}", belief.because);
}

#[test]
fn likely_is_withheld_of_answers_before_a_full_cycle_and_cannot_tell_where_a_source_tells() {
    let (mut story, _) = Story::steady(&[]);
    assert_eq!(cut(&mut story, 0.0, &[]).confidence, CannotTell);
    let (mut story, _) = Story::steady(&[says(Closed)]);
    story.ask(0.0, 1.5, 1.0, Fallback, &[says(Closed)]);
    for state in [Open, HalfOpen] {
        let (from, wait) = if state == Open { (1.5, 0.004) } else { (4.5, 1.0) };
        assert_ne!(story.ask(from, from + 3.0, wait, Fallback, &[says(state)]).confidence, CannotTell);
    }
}

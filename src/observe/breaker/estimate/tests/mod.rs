//! Tests the estimator with consumers with and without a breaker, and each claim against its opposite.

mod play;
mod withheld;

use super::BreakerEstimator;
use crate::{
    observe::breaker::reading::{OutgoingCalls, Reading, SourceId, SourceMessage},
    session::{
        Event,
        event::{
            Answer, AnswerKind, Belief, BreakerState, Confidence, ErrorKind, EventKind, NamedBreaker,
            NamedState, Pod, RequestId, Section, ServiceEndpoints, SourceClaim, SourceKind, StepRef,
        },
    },
    test_support::{answer, container, pod},
};
use AnswerKind::{Error, Fallback, Real};
use BreakerState::{
    Closed, ClosedOrNone, Disabled, FallbackAtOnce, HalfOpen, Mixed, NoBreakerSeen, NotSeenYet, Open, Unknown,
};
use Confidence::{CannotTell, Likely, Sure};
use play::{Consumer, ENDPOINT, Fault, HealthPage, Rules, at, between, health, named, page, session};

const SERVER: AnswerKind = Error(ErrorKind::Server);

fn consumer(rules: Rules) -> Consumer {
    Consumer { rules, fallback: true, timeout_s: 1.0, page: None, health: HealthPage::Constant }
}

const IN_A_ROW: Rules = Rules::InARow { every_trial: false, queue: false };
const ALL_TRIALS: Rules = Rules::InARow { every_trial: true, queue: false };
const QUEUE: Rules = Rules::InARow { every_trial: false, queue: true };

#[test]
fn breakers_are_seen_in_the_answers_alone() {
    for rules in [IN_A_ROW, ALL_TRIALS, QUEUE, Rules::Share] {
        for (fallback, health) in
            [(true, HealthPage::Constant), (true, HealthPage::WhileOpen), (false, HealthPage::Dependency)]
        {
            let consumer = Consumer { fallback, health, ..consumer(rules) };
            let (after, before) = session(consumer, Fault::Hang, 8);
            println!(
                "{rules:?} {fallback} {health:?}: right {:.0} withheld {:.0} wrong {:.1}",
                after.share(after.right),
                after.share(after.withheld),
                after.share(after.wrong)
            );
            assert!(
                after.share(after.right) >= 90.0 && after.share(after.wrong) <= 2.0,
                "{consumer:?} {after:#?}"
            );
            assert!(
                before.share(before.wrong) <= 2.0,
                "before the first full cycle: {consumer:?} {before:#?}"
            );
            assert_eq!(after.sure_wrong + before.sure_wrong, 0.0, "{consumer:?} {after:#?}");
            for fault in [Fault::Refuse, Fault::Error] {
                let (after, before) = session(consumer, fault, 8);
                assert!(
                    after.share(after.wrong) <= 2.0 && before.share(before.wrong) <= 2.0,
                    "{fault:?} {consumer:?} {after:#?}"
                );
                assert_eq!(after.sure_wrong + before.sure_wrong, 0.0, "{consumer:?} {after:#?}");
            }
        }
    }
}

#[test]
fn a_page_that_names_the_state_is_believed() {
    for rules in [IN_A_ROW, ALL_TRIALS, QUEUE, Rules::Share] {
        for fault in [Fault::Hang, Fault::Refuse, Fault::Error] {
            for health in [HealthPage::Constant, HealthPage::Dependency] {
                let consumer = Consumer { page: Some(0.0), health, ..consumer(rules) };
                let (after, before) = session(consumer, fault, 6);
                for score in [after, before] {
                    assert!(
                        score.share(score.right) >= 95.0 && score.share(score.wrong) <= 1.0,
                        "{fault:?} {consumer:?} {score:#?}"
                    );
                    assert_eq!(score.sure_wrong, 0.0, "{fault:?} {consumer:?} {score:#?}");
                }
            }
        }
    }
}

#[test]
fn nothing_is_taken_for_a_breaker_that_is_none() {
    let innocents = [
        (Rules::None, true, 1.0),
        (Rules::None, false, 2.0),
        (Rules::Cache, true, 1.0),
        (Rules::Bulkhead(2), true, 2.5),
        (Rules::Limiter(5.0, 4), true, 0.6),
    ];
    for (rules, fallback, timeout_s) in innocents {
        for fault in [Fault::Hang, Fault::Refuse, Fault::Error, Fault::Late] {
            for health in [HealthPage::Constant, HealthPage::Dependency] {
                let consumer = Consumer { fallback, timeout_s, health, ..consumer(rules) };
                let (whole, _) = session(consumer, fault, 8);
                assert!(whole.share(whole.wrong) <= 2.0, "{fault:?} {consumer:?} {whole:#?}");
                assert_eq!(whole.sure_wrong, 0.0, "{fault:?} {consumer:?} {whole:#?}");
                let well = between(consumer, fault, 8);
                println!("{rules:?} {fault:?}: between right {:.0}", well.share(well.right));
                assert!(well.share(well.right) >= 95.0, "before and after: {fault:?} {consumer:?} {well:#?}");
            }
        }
    }
}

/// Feeds an estimator with events and readings, second by second.
struct Story {
    estimator: BreakerEstimator,
    number: u64,
    pending: Vec<(f64, EventKind)>,
    /// Whether answers carry a Retry-After header.
    retry_after: bool,
}

impl Story {
    fn new() -> Self {
        Self {
            estimator: BreakerEstimator::new(ENDPOINT, None),
            number: 0,
            pending: Vec::new(),
            retry_after: false,
        }
    }

    fn tell(&mut self, second: f64, what: EventKind) {
        self.estimator.follow(&Event { seq: 0, at: at(second), what });
    }

    fn fire(&mut self, second: f64) -> &mut Self {
        let step = StepRef { section: Section::Method, index: 0 };
        self.tell(
            second,
            EventKind::FaultFired { step, what: "kill".to_owned(), targets: vec!["pod/provider".to_owned()] },
        );
        self
    }

    /// Two requests per second, each with the same answer, and the messages of `sources` twice a second.
    fn ask(&mut self, from: f64, to: f64, wait: f64, kind: AnswerKind, sources: &[SourceMessage]) -> Belief {
        let status = match kind {
            Error(ErrorKind::Server) => Some(500),
            Error(ErrorKind::Client) => Some(429),
            Error(_) => None,
            _ => Some(200),
        };
        let mut belief = None;
        for half in 0..((to - from) * 2.0) as u32 {
            let due = from + f64::from(half) / 2.0;
            self.number += 1;
            let request = RequestId(self.number);
            self.release(due);
            self.tell(due, EventKind::RequestSent { endpoint: ENDPOINT, request });
            let retry_after = self.retry_after;
            let answer =
                Answer { status, shape: 0, retry_after, ..answer(ENDPOINT, request, wait * 1000.0, kind) };
            self.pending.push((due + wait, EventKind::Answered(answer)));
            for quarter in [0.2, 0.45] {
                self.release(due + quarter);
                for heard in sources {
                    self.estimator.handle(at(due + quarter - 0.1), heard);
                }
                belief = Some(self.estimator.judge(at(due + quarter)).1);
            }
        }
        belief.unwrap()
    }

    fn release(&mut self, now: f64) {
        self.pending.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        while self.pending.first().is_some_and(|(end, _)| *end <= now) {
            let (end, what) = self.pending.remove(0);
            self.tell(end, what);
        }
    }

    fn steady(sources: &[SourceMessage]) -> (Self, Belief) {
        let mut story = Self::new();
        let belief = story.ask(-12.0, 0.0, 0.006, Real, sources);
        story.fire(0.0);
        (story, belief)
    }
}

fn said(belief: &Belief) -> (BreakerState, Confidence) {
    (belief.state, belief.confidence)
}

#[test]
fn closed_is_said_only_once_a_breaker_has_shown_itself() {
    let (_, belief) = Story::steady(&[health(200)]);
    assert_eq!(said(&belief), (ClosedOrNone, Likely), "{belief:?}");
    let (_, belief) = Story::steady(&[health(200), page(vec![named("provider", Closed)])]);
    assert_eq!((said(&belief), belief.breaker.as_deref()), ((Closed, Sure), Some("provider")), "{belief:?}");
}

#[test]
fn a_503_of_a_health_page_is_not_open() {
    let (mut story, _) = Story::steady(&[health(200)]);
    let belief = story.ask(0.0, 15.0, 0.004, SERVER, &[health(503)]);
    assert_eq!(said(&belief), (Unknown, CannotTell), "{belief:?}");
    assert!(belief.because.contains("may check a dependency"), "{}", belief.because);
    // A body that names a breaker does count.
    let open = || {
        let body = r#"{"hystrix":{"status":"CIRCUIT_OPEN","openCircuitBreakers":["Shop::ask"]}}"#;
        let id = SourceId::at_users_url(SourceKind::Health, "/health");
        SourceMessage::Reading(crate::observe::breaker::sources::health::read(id, 503, body, false))
    };
    let (mut story, _) = Story::steady(&[health(200)]);
    let belief = story.ask(0.0, 5.0, 0.004, Fallback, &[open()]);
    assert_eq!(belief.state, Open, "{belief:?}");
}

#[test]
fn not_seen_yet_until_something_has_had_its_chance() {
    let (mut story, _) = Story::steady(&[]);
    let belief = story.ask(0.0, 8.0, 1.5, SERVER, &[]);
    assert_eq!(said(&belief), (NotSeenYet, CannotTell), "{belief:?}");
    let belief = story.ask(8.0, 16.0, 1.5, SERVER, &[]);
    assert_eq!(said(&belief), (NoBreakerSeen, Likely), "{belief:?}");
    assert!(belief.because.contains("a breaker that needs more than"), "{}", belief.because);
    // Calls go through again, and the finding stays.
    assert_eq!(story.ask(16.0, 20.0, 0.006, Real, &[]).state, NoBreakerSeen);
}

#[test]
fn a_queue_is_neither_a_trial_nor_gone_through() {
    let (mut story, _) = Story::steady(&[]);
    // Each call waits for the earlier ones: one at a time, 1.5 s each.
    for n in 0..30 {
        let due = f64::from(n) / 2.0;
        story.ask(due, due + 0.5, 1.5 + f64::from(n), SERVER, &[]);
    }
    let belief = story.estimator.judge(at(15.4)).1;
    assert_eq!(said(&belief), (NotSeenYet, CannotTell), "{belief:?}");
}

fn outgoing(calls: u64) -> SourceMessage {
    let outgoing = Some(OutgoingCalls { calls, series: "outgoing_calls_total to provider".to_owned() });
    SourceMessage::Reading(Reading {
        outgoing,
        ..Reading::new(SourceId::at_users_url(SourceKind::Metrics, "/metrics"), "page")
    })
}

#[test]
fn calls_that_leave_are_held_back_by_no_breaker() {
    for (leave, wanted) in [(true, (NoBreakerSeen, Likely)), (false, (Unknown, CannotTell))] {
        let (mut story, _) = Story::steady(&[outgoing(24)]);
        let mut last = None;
        for n in 0..32 {
            let due = f64::from(n) / 2.0;
            let calls = if leave { 25 + n as u64 } else { 25 };
            last = Some(story.ask(due, due + 0.5, 0.004, SERVER, &[outgoing(calls)]));
        }
        assert_eq!(said(&last.unwrap()), wanted, "leave: {leave}");
    }
}

#[test]
fn a_fallback_at_once_is_no_breaker() {
    let (mut story, _) = Story::steady(&[]);
    let belief = story.ask(0.0, 12.0, 0.004, Fallback, &[]);
    assert_eq!(said(&belief), (FallbackAtOnce, CannotTell), "{belief:?}");
    assert!(belief.because.contains("open, or falls back by itself"), "{}", belief.because);
    // A cut after slow calls is no reset cycle either.
    let (mut story, _) = Story::steady(&[]);
    story.ask(0.0, 2.0, 1.0, Fallback, &[]);
    let belief = story.ask(2.0, 12.0, 0.004, Fallback, &[]);
    assert_eq!(said(&belief), (FallbackAtOnce, CannotTell), "{belief:?}");
    // With a trial as slow as the earlier calls it is one.
    story.ask(12.0, 12.5, 1.0, Fallback, &[]);
    story.ask(12.5, 13.0, 0.004, Fallback, &[]);
    let belief = story.ask(13.0, 16.0, 0.004, Fallback, &[]);
    assert_eq!(said(&belief), (Open, Likely), "{belief:?}");
    assert_eq!(story.ask(16.0, 22.0, 0.006, Real, &[]).state, Closed);
}

#[test]
fn a_network_that_refuses_by_now_is_no_breaker() {
    let (mut story, _) = Story::steady(&[]);
    let (namespace, name) = ("default".to_owned(), "provider".to_owned());
    story.tell(
        0.1,
        EventKind::ServiceSeen(ServiceEndpoints {
            namespace,
            name,
            ready: 0,
            not_ready: 0,
            pods: Vec::new(),
        }),
    );
    story.ask(0.0, 4.0, 1.0, Fallback, &[]);
    let belief = story.ask(4.0, 20.0, 0.004, Fallback, &[]);
    assert_eq!(said(&belief), (FallbackAtOnce, CannotTell), "{belief:?}");
    assert!(belief.because.contains("a network that refuses by now"), "{}", belief.because);
    let (mut story, _) = Story::steady(&[]);
    story.ask(0.0, 4.0, 1.0, SERVER, &[]);
    assert_eq!(said(&story.ask(4.0, 20.0, 0.004, SERVER, &[])), (Unknown, CannotTell));
}

#[test]
fn real_answers_among_fallbacks_point_to_a_limit() {
    let limits = || {
        let limits = vec!["bulkhead_available_concurrent_calls".to_owned()];
        SourceMessage::Reading(Reading {
            limits,
            ..Reading::new(SourceId::at_users_url(SourceKind::Metrics, "/metrics"), "page")
        })
    };
    let (mut story, _) = Story::steady(&[limits()]);
    let mut belief = story.ask(0.0, 0.5, 0.004, Fallback, &[limits()]);
    for n in 1..20 {
        let due = f64::from(n) / 2.0;
        let kind = if n % 2 == 0 { Fallback } else { Real };
        belief = story.ask(due, due + 0.5, 0.004, kind, &[limits()]);
    }
    assert_eq!(said(&belief), (FallbackAtOnce, CannotTell), "{belief:?}");
    assert!(belief.because.contains("bulkhead_available_concurrent_calls"), "{}", belief.because);
    let (mut story, _) = Story::steady(&[]);
    let belief = story.ask(0.0, 6.0, 0.004, Error(ErrorKind::Client), &[]);
    assert!(belief.because.contains("429"), "{}", belief.because);
    let (mut story, _) = Story::steady(&[]);
    story.retry_after = true;
    let belief = story.ask(0.0, 6.0, 0.004, SERVER, &[]);
    assert!(
        belief.because.contains("Retry-After") && belief.because.contains("a limit"),
        "{}",
        belief.because
    );
}

#[test]
fn a_consumer_that_does_not_answer_gives_no_fallbacks() {
    let (mut story, _) = Story::steady(&[]);
    story.ask(0.0, 1.5, 2.0, Fallback, &[]);
    story.ask(1.5, 6.0, 0.004, Fallback, &[]);
    let belief = story.ask(6.0, 16.0, 0.001, Error(ErrorKind::Reset), &[]);
    assert_eq!(said(&belief), (Unknown, CannotTell), "{belief:?}");
    assert!(
        !belief.because.contains("are fallbacks") && belief.because.contains("found nobody"),
        "{}",
        belief.because
    );
}

#[test]
fn at_once_is_never_above_the_users_limit_and_one_hiccup_does_not_move_it() {
    let mut story = Story::new();
    story.ask(-12.0, -6.0, 0.006, Real, &[]);
    story.ask(-6.0, -5.5, 3.0, Real, &[]);
    story.ask(-5.5, 0.0, 0.006, Real, &[]);
    story.fire(0.0);
    let belief = story.ask(0.0, 4.0, 1.0, Fallback, &[]);
    assert_eq!(belief.state, NotSeenYet, "a second is not at once: {belief:?}");
    let mut story = Story::new();
    let watched = EventKind::EndpointWatched {
        endpoint: ENDPOINT,
        url: String::new(),
        rate: 2.0,
        deadline_ms: 10_000,
        limit_ms: 1000,
        via: None,
    };
    story.tell(-12.0, watched);
    story.ask(-12.0, 0.0, 0.8, Real, &[]);
    story.fire(0.0);
    assert_eq!(story.ask(0.0, 4.0, 1.5, Fallback, &[]).state, NotSeenYet);
}

#[test]
fn a_switched_off_breaker_is_told_as_such() {
    let off = || page(vec![named("provider", Disabled)]);
    let (mut story, belief) = Story::steady(&[off()]);
    assert_eq!(said(&belief), (Disabled, Sure), "{belief:?}");
    assert_eq!(said(&story.ask(0.0, 20.0, 1.5, SERVER, &[off()])), (Disabled, Sure));
}

#[test]
fn the_breaker_that_moves_with_the_fault_is_meant() {
    let both = |state| page(vec![named("provider", state), named("recommendations", HalfOpen)]);
    let (mut story, belief) = Story::steady(&[both(Closed)]);
    assert_eq!((belief.state, belief.breaker.as_deref()), (Closed, Some("provider")), "{belief:?}");
    assert_eq!(belief.others, [NamedState { name: "recommendations".to_owned(), state: HalfOpen }]);
    story.ask(0.0, 1.5, 1.0, Fallback, &[both(Closed)]);
    let belief = story.ask(1.5, 4.0, 0.004, Fallback, &[both(Open)]);
    assert_eq!((said(&belief), belief.breaker.as_deref()), ((Open, Sure), Some("provider")), "{belief:?}");
}

#[test]
fn a_breaker_that_was_open_while_users_were_well_is_about_something_else() {
    let redis = || page(vec![named("redis", Open)]);
    let (mut story, belief) = Story::steady(&[redis()]);
    assert_eq!(said(&belief), (ClosedOrNone, Likely), "{belief:?}");
    assert_eq!(belief.others, [NamedState { name: "redis".to_owned(), state: Open }]);
    let belief = story.ask(0.0, 16.0, 1.5, SERVER, &[redis()]);
    assert_eq!(said(&belief), (NoBreakerSeen, Likely), "{belief:?}");
    // Always closed, though calls fail for longer than a breaker would tolerate.
    let redis = || page(vec![named("redis", Closed)]);
    let (mut story, _) = Story::steady(&[redis()]);
    assert_eq!(said(&story.ask(0.0, 5.0, 1.5, SERVER, &[redis()])), (Closed, Likely));
    assert_eq!(said(&story.ask(5.0, 18.0, 1.5, SERVER, &[redis()])), (NoBreakerSeen, Likely));
}

#[test]
fn what_the_answers_contradicted_once_is_never_sure_again() {
    let says = |state| page(vec![named("provider", state)]);
    let (mut story, _) = Story::steady(&[says(Closed)]);
    story.ask(0.0, 1.5, 1.0, Fallback, &[says(Closed)]);
    assert_eq!(said(&story.ask(1.5, 4.0, 0.004, Fallback, &[says(Open)])), (Open, Sure));
    // The source reports open although users are well.
    assert_eq!(said(&story.ask(4.0, 10.0, 0.006, Real, &[says(Open)])), (Open, Likely));
    assert_eq!(story.ask(10.0, 14.0, 0.004, Fallback, &[says(Open)]).confidence, Likely);
}

#[test]
fn a_page_that_says_closed_while_calls_are_cut_short_is_never_sure_again() {
    let says = page(vec![named("provider", Closed)]);
    let says = std::slice::from_ref(&says);
    let (mut story, _) = Story::steady(says);
    story.ask(0.0, 1.5, 1.0, Fallback, says);
    story.ask(1.5, 6.5, 0.004, Fallback, says);
    // Calls are slow and not cut short now, which is no evidence for the page.
    for (from, to, wait, kind) in
        [(6.5, 7.5, 1.0, Fallback), (7.5, 9.0, 0.004, Fallback), (9.0, 14.0, 0.004, Real)]
    {
        let belief = story.ask(from, to, wait, kind, says);
        assert_ne!(belief.confidence, Sure, "{from}: {belief:?}");
    }
}

#[test]
fn a_gauge_that_is_not_open_and_never_moved_may_be_about_other_calls() {
    let redis =
        NamedBreaker::new("redis", SourceClaim::Not(Open), "redis_circuit_breaker_open = 0 (not open)");
    let says = page(vec![redis]);
    let says = std::slice::from_ref(&says);
    let (mut story, _) = Story::steady(says);
    let belief = story.ask(0.0, 5.0, 1.5, SERVER, says);
    assert_eq!(said(&belief), (NotSeenYet, CannotTell), "{belief:?}");
}

#[test]
fn a_gauge_may_lag_by_a_whole_call() {
    let says = |state| page(vec![named("provider", state)]);
    let (mut story, _) = Story::steady(&[says(Closed)]);
    story.ask(0.0, 1.5, 1.0, Fallback, &[says(Closed)]);
    story.ask(1.5, 4.5, 0.004, Fallback, &[says(Open)]);
    story.ask(4.5, 5.5, 1.0, Fallback, &[says(HalfOpen)]);
    let belief = story.ask(5.5, 8.5, 0.004, Fallback, &[says(Open)]);
    assert_eq!(said(&belief), (Open, Sure), "{belief:?}");
    let belief = story.ask(8.5, 9.5, 2.0, Fallback, &[says(Open)]);
    assert_eq!(said(&belief), (HalfOpen, Likely), "{belief:?}");
}

#[test]
fn replicas_in_different_states_are_mixed() {
    // Several replicas answer in turn behind one address.
    let says = |state| page(vec![named("provider", state)]);
    let (mut story, _) = Story::steady(&[says(Closed)]);
    let mut sure = 0;
    for n in 0..20 {
        let due = f64::from(n) / 2.0;
        let state = if n % 2 == 0 { Open } else { Closed };
        let belief =
            story.ask(due, due + 0.5, 0.004, if n % 2 == 0 { Fallback } else { Real }, &[says(state)]);
        sure += u32::from(belief.confidence == Sure && belief.state != Mixed);
        assert!(n < 4 || belief.state == Mixed, "{n}: {belief:?}");
    }
    assert!(sure <= 1, "{sure}");
    // The replicas are queried one by one.
    let pod = |pod: &str, state| {
        let source = SourceId {
            kind: SourceKind::Metrics,
            pod: Some(format!("consumer-{pod}")),
            place: "8080/metrics".to_owned(),
        };
        SourceMessage::Reading(Reading {
            breakers: vec![named("provider", state)],
            ..Reading::new(source, "page")
        })
    };
    let (mut story, _) = Story::steady(&[pod("5wz5k", Closed), pod("l5522", Closed)]);
    let belief = story.ask(0.0, 4.0, 0.004, Fallback, &[pod("5wz5k", Open), pod("l5522", Closed)]);
    assert_eq!(belief.state, Mixed, "{belief:?}");
    assert!(belief.because.contains("5wz5k OPEN · l5522 CLOSED"), "{}", belief.because);
    // Several processes on one page.
    let process =
        |pid: &str, state| NamedBreaker { process: Some(format!("pid {pid}")), ..named("provider", state) };
    let (mut story, _) = Story::steady(&[]);
    let belief =
        story.ask(0.0, 4.0, 0.004, Fallback, &[page(vec![process("7", Open), process("8", Closed)])]);
    assert_eq!((belief.state, belief.replicas.len()), (Mixed, 2), "{belief:?}");
}

#[test]
fn a_restarted_process_starts_from_nothing() {
    let of = |started: f64, state| {
        let started = at(started).as_millisecond() as f64 / 1000.0;
        let process = Some(format!("started {started:.2}"));
        let source = SourceId::at_users_url(SourceKind::Metrics, "/metrics");
        SourceMessage::Reading(Reading {
            process,
            breakers: vec![named("provider", state)],
            ..Reading::new(source, "page")
        })
    };
    let (mut story, _) = Story::steady(&[of(-100.0, Closed)]);
    story.ask(0.0, 1.5, 1.0, Fallback, &[of(-100.0, Closed)]);
    story.ask(1.5, 4.0, 0.004, Fallback, &[of(-100.0, Open)]);
    story.estimator.handle(at(4.6), &of(4.4, Closed));
    let belief = story.estimator.judge(at(4.7)).1;
    assert!(belief.restarted && belief.because.contains("reset by a restart"), "{belief:?}");
    assert_eq!(belief.state, Closed);
    assert!(!story.estimator.judge(at(4.8)).1.restarted, "it is told once");
}

#[test]
fn silence_is_said_and_a_series_that_vanishes_is_silence() {
    let mut estimator = BreakerEstimator::new(ENDPOINT, None);
    let (_, belief) = estimator.judge(at(0.0));
    assert_eq!(
        (belief.state, belief.spoke, belief.because.as_str()),
        (Unknown, 0, "no source has reported yet")
    );
    for second in [1.0, 1.5] {
        estimator.handle(at(second), &page(vec![named("provider", Open)]));
    }
    assert_eq!(estimator.judge(at(1.6)).1.state, Open);
    estimator.handle(at(2.0), &page(Vec::new()));
    let (_, belief) = estimator.judge(at(2.1));
    assert_eq!(
        (belief.state, belief.because.as_str()),
        (Unknown, "all sources are silent; last known: OPEN")
    );
    estimator.handle(at(2.5), &page(vec![named("provider", Open)]));
    let (_, belief) = estimator.judge(at(9.0));
    assert_eq!(belief.state, Unknown);
}

#[test]
fn what_is_half_said_is_half_believed() {
    let says = |says| page(vec![NamedBreaker::new("provider", says, "series")]);
    let (_, belief) = Story::steady(&[says(SourceClaim::Not(Open))]);
    assert_eq!(said(&belief), (Closed, Likely), "{belief:?}");
    let (_, belief) = Story::steady(&[says(SourceClaim::Not(Closed))]);
    assert_eq!(said(&belief), (Unknown, CannotTell), "{belief:?}");
    let (_, belief) = Story::steady(&[says(SourceClaim::Nothing)]);
    assert_eq!(said(&belief), (ClosedOrNone, Likely), "{belief:?}");
}

/// A trial that fails at once takes a millisecond: no poll sees it, only the counter of transitions shows it later.
#[test]
fn a_trial_between_two_looks_is_told_by_its_counter_alone() {
    let looks = |counted: [u64; 2], states: [BreakerState; 2]| {
        let mut estimator = BreakerEstimator::new(ENDPOINT, None);
        let mut missed = Vec::new();
        for (i, (count, state)) in counted.into_iter().zip(states).enumerate() {
            let now = at(i as f64 / 2.0);
            let breaker = NamedBreaker { trials: Some(count), ..named("p", state) };
            estimator.handle(now, &page(vec![breaker]));
            let belief = estimator.judge(now).1;
            missed.extend(belief.missed.iter().map(|one| one.to));
        }
        missed
    };
    assert_eq!(looks([0, 1], [Open, Open]), [HalfOpen, Open]);
    assert_eq!(looks([0, 1], [Open, Closed]), [HalfOpen, Closed]);
    // Nothing was counted, a new process counts from zero, or the trial is still visible.
    for (counted, states) in [
        ([1, 1], [Open, Open]),
        ([3, 0], [Open, Open]),
        ([0, 1], [Open, HalfOpen]),
        ([0, 1], [Closed, Closed]),
    ] {
        assert_eq!(looks(counted, states), []);
    }
}

/// The breaker opened again: the countdown to the next trial begins there, not at the first opening.
#[test]
fn the_countdown_begins_anew_with_a_trial_that_nobody_saw() {
    let (mut estimator, mut last) = (BreakerEstimator::new(ENDPOINT, None), None);
    for half in 0..46 {
        let now = f64::from(half) / 2.0;
        // Trials between two polls, every ten seconds after the opening at 0.
        let breaker = NamedBreaker { trials: Some((now / 10.0) as u64), ..named("p", Open) };
        estimator.handle(at(now), &page(vec![breaker]));
        last = Some(estimator.judge(at(now)).1);
    }
    let belief = last.unwrap();
    let (since, due) = (belief.since, belief.next_trial.unwrap());
    assert!(since > at(19.0) && since <= at(20.0), "{since}");
    assert!(due > at(29.0) && due <= at(30.5), "{due}");
}

/// An event of a bystander's pod.
fn bystander(name: &str, restarts: u32, ready: bool) -> EventKind {
    let containers = vec![container(ready, restarts)];
    EventKind::PodSeen(Pod { owner: Some("consumer".to_owned()), containers, ..pod("default", name) })
}

#[test]
fn while_its_pod_is_started_again_nothing_is_believed_of_its_breaker() {
    let mut story = Story::new();
    story.tell(0.0, bystander("consumer-1", 0, true));
    story.estimator.handle(at(0.0), &page(vec![named("p", Open)]));
    assert_eq!(story.estimator.judge(at(0.1)).1.state, Open);
    story.tell(0.2, bystander("consumer-1", 1, false));
    let belief = story.estimator.judge(at(0.3)).1;
    assert_eq!((belief.state, belief.restarted), (Unknown, true), "{}", belief.because);
    assert!(belief.because.contains("its pod is restarting"), "{}", belief.because);
    // A page that answers is believed at once, because only the new process can have answered.
    story.estimator.handle(at(0.4), &page(vec![named("p", Closed)]));
    assert_eq!(story.estimator.judge(at(0.5)).1.state, Closed);
    story.tell(4.0, bystander("consumer-1", 1, true));
    assert!(!story.estimator.judge(at(4.1)).1.because.contains("its pod is restarting"));
}

/// More pods come and go in a long session than are tracked at a time.
#[test]
fn restarts_are_noticed_after_many_pods_have_come_and_gone() {
    let mut story = Story::new();
    for number in 0..300 {
        let name = format!("consumer-old-{number}");
        story.tell(0.0, bystander(&name, 0, true));
        story.tell(0.0, EventKind::PodGone(pod("default", &name).key));
    }
    story.tell(0.1, bystander("consumer-1", 0, true));
    story.tell(0.2, bystander("consumer-1", 1, false));
    assert!(story.estimator.judge(at(0.3)).1.restarted);
}

/// A response known not to end is no call that hangs, so it is no evidence about a breaker.
#[test]
fn answers_that_do_not_end_say_nothing_about_a_breaker() {
    for endless in [true, false] {
        let mut story = Story::new();
        for number in 0..60_u64 {
            let second = number as f64 / 2.0;
            story.tell(second, EventKind::RequestSent { endpoint: ENDPOINT, request: RequestId(number) });
            if number == 6 && endless {
                story.tell(second, EventKind::AnswersEnd { endpoint: ENDPOINT, end: false });
            }
        }
        let belief = story.estimator.judge(at(30.0)).1;
        assert_eq!(belief.state, if endless { Unknown } else { NotSeenYet }, "{}", belief.because);
    }
}

#[test]
fn a_health_page_that_says_one_and_then_the_other_is_of_several_processes() {
    let answers = |story: &mut Story, from: f64, statuses: &[u16]| {
        let mut last = None;
        for (n, status) in statuses.iter().enumerate() {
            let due = from + n as f64 / 2.0;
            let kind = if *status == 200 { Real } else { Fallback };
            last = Some(story.ask(due, due + 0.5, 0.004, kind, &[health(*status)]));
        }
        last.unwrap()
    };
    let turns = [503, 200, 503, 200, 503, 200];
    // Nothing proves a breaker: the processes differ, and no state follows.
    let (mut story, _) = Story::steady(&[health(200)]);
    let belief = answers(&mut story, 0.0, &turns);
    assert_eq!(said(&belief), (Unknown, CannotTell), "{belief:?}");
    assert!(belief.because.contains("several processes answer"), "{}", belief.because);
    // After a cycle that proves a breaker, the processes have breakers in different states.
    let (mut story, _) = Story::steady(&[health(200)]);
    story.ask(0.0, 1.5, 1.0, Fallback, &[health(200)]);
    story.ask(1.5, 4.5, 0.004, Fallback, &[health(503)]);
    story.ask(4.5, 5.5, 1.0, Fallback, &[health(200)]);
    assert_eq!(story.ask(5.5, 8.5, 0.004, Fallback, &[health(503)]).state, Open);
    assert_eq!(said(&answers(&mut story, 8.5, &turns)), (Mixed, Likely));
    // A breaker that opens, tries and opens again changes too, but more slowly.
    assert_eq!(story.ask(14.0, 18.0, 0.006, Real, &[health(200)]).state, Closed);
}

#[test]
fn calls_that_are_turned_away_again_end_a_trial_that_is_only_derived() {
    let says = |state, derived| page(vec![NamedBreaker { derived, ..named("provider", state) }]);
    for (derived, wanted) in [(true, (Open, Likely)), (false, (HalfOpen, Sure))] {
        let (mut story, _) = Story::steady(&[says(Closed, false)]);
        story.ask(0.0, 1.5, 1.0, Fallback, &[says(Closed, false)]);
        story.ask(1.5, 4.5, 0.004, Fallback, &[says(Open, derived)]);
        let trial = story.ask(4.5, 5.5, 1.0, Fallback, &[says(HalfOpen, derived)]);
        assert_eq!(trial.state, HalfOpen, "{trial:?}");
        let belief = story.ask(5.5, 8.0, 0.004, Fallback, &[says(HalfOpen, derived)]);
        assert_eq!(said(&belief), wanted, "{belief:?}");
    }
}

//! Statements about the breaker and restarts while users wait or fail.

use super::*;
use crate::{
    insight::{UserVerdict, UserWord, verdict},
    session::{
        Event, EventKind,
        event::{NamedState, Section, StepRef},
        fixtures::{self, Variant, at},
    },
};

fn apply(session: &mut Session, seconds: f64, what: EventKind) {
    session.apply(&Event { seq: 0, at: at(seconds), what });
}

/// Users wait for three seconds, with this belief about the breaker.
fn waiting(state: BreakerState, confidence: Confidence, more: impl FnOnce(Belief) -> Belief) -> UserVerdict {
    let (mut session, now) = fixtures::session_at(Variant::Before, 3.0);
    let belief = more(Belief::new(state, confidence, at(-10.0), ""));
    apply(&mut session, 3.0, EventKind::Believed(belief));
    let verdict = verdict(&session, now);
    assert_eq!(verdict.word, UserWord::Waiting);
    verdict
}

#[test]
fn each_state_of_the_breaker_says_why_users_wait_and_what_is_not_known_says_nothing() {
    use BreakerState::*;
    for (state, wanted) in [
        (NoBreakerSeen, Some("Nothing cuts their calls short: no breaker was seen.")),
        (NotSeenYet, Some("No breaker cuts their calls short.")),
        (ClosedOrNone, Some("No breaker cuts their calls short.")),
        (Closed, Some("The breaker is CLOSED: it lets their calls through.")),
        (Open, Some("The breaker is OPEN, yet they wait.")),
        (Disabled, Some("The breaker is switched off: every call goes through.")),
        (MetricsOnly, Some("The breaker only counts: every call goes through.")),
        (ForcedOpen, Some("The breaker is held open by hand: no call goes through.")),
        (Mixed, Some("Breakers are in different states.")),
        (Unknown, None),
        (FallbackAtOnce, None),
    ] {
        let price = waiting(state, Confidence::Sure, |belief| belief).details;
        assert_eq!(price.as_deref(), wanted, "{state:?}");
    }
    let likely = waiting(Closed, Confidence::Likely, |belief| belief).details;
    assert_eq!(likely.as_deref(), Some("The breaker is likely CLOSED: it lets their calls through."));
    assert_eq!(waiting(Closed, Confidence::CannotTell, |belief| belief).details, None);
    let later = waiting(Open, Confidence::Sure, |belief| Belief { since: at(3.05), ..belief }).details;
    assert_eq!(later.as_deref(), Some("They asked before the breaker opened."));
}

#[test]
fn replicas_in_different_states_are_named() {
    let named = |name: &str, state| NamedState { name: name.to_owned(), state };
    let replicas = vec![named("4xbww", BreakerState::Open), named("l5522", BreakerState::Closed)];
    let price =
        waiting(BreakerState::Mixed, Confidence::Sure, |belief| Belief { replicas, ..belief }).details;
    assert_eq!(price.as_deref(), Some("Breakers differ: 4xbww OPEN, l5522 CLOSED."));
}

/// Restarts the consumer `seconds` after T0.
fn restart(session: &mut Session, seconds: f64) {
    let row = session.bystanders().find(|row| row.pod.owner.as_deref() == Some("my-consumer-app")).unwrap();
    let mut pod = row.pod.clone();
    pod.containers[0].restarts += 1;
    apply(session, seconds, EventKind::PodSeen(pod));
}

#[test]
fn a_restart_is_told_only_where_there_was_one_and_closed_only_where_it_was_open() {
    let price = |session: &Session, seconds| verdict(session, at(seconds)).details.unwrap_or_default();
    let (mut session, _) = fixtures::session_at(Variant::Before, 3.0);
    assert!(!price(&session, 3.0).contains("Kubernetes"));
    restart(&mut session, 2.9);
    assert_eq!(price(&session, 3.0), "Kubernetes restarted the consumer, 1 time since T0.");
    let (mut session, _) = fixtures::session_at(Variant::Before, 3.0);
    let open = Belief::new(BreakerState::Open, Confidence::Sure, at(1.0), "");
    apply(&mut session, 1.0, EventKind::Believed(open));
    restart(&mut session, 2.9);
    let wanted = "Kubernetes restarted the consumer; its breaker starts again from CLOSED.";
    assert_eq!(price(&session, 3.0), wanted);
    // Once the breaker is known to be open again, that is stated instead.
    let open = Belief::new(BreakerState::Open, Confidence::Sure, at(4.0), "");
    apply(&mut session, 4.0, EventKind::Believed(Belief { restarted: true, ..open }));
    assert_eq!(price(&session, 4.1), "They asked before the breaker opened.");
}

#[test]
fn one_replica_of_several_that_is_restarted_does_not_end_what_is_believed() {
    let (mut session, _) = fixtures::session_at(Variant::Before, 3.0);
    let row = session.bystanders().find(|row| row.pod.owner.as_deref() == Some("my-consumer-app")).unwrap();
    let mut other = row.pod.clone();
    other.key.uid = "uid-other".to_owned();
    other.key.name = "my-consumer-app-7d9f-other".to_owned();
    apply(&mut session, 0.5, EventKind::PodSeen(other));
    assert_eq!(consumer_restarted_at(&session), None);
    restart(&mut session, 2.9);
    assert_eq!(consumer_restarted_at(&session), None);
    assert_eq!(breaker_words(&session).as_deref(), Some("no breaker cuts their calls short"));
}

#[test]
fn nothing_is_our_doing_before_the_fire() {
    let (session, _) = fixtures::session_at(Variant::Before, -5.0);
    let mut hanging = session.clone();
    let endpoint = session.users.main().unwrap().id;
    for number in 0..12_u64 {
        let request = crate::session::event::RequestId(1000 + number);
        apply(&mut hanging, -5.0 + number as f64 / 4.0, EventKind::RequestSent { endpoint, request });
    }
    let said = verdict(&hanging, at(-2.0));
    assert_eq!(
        (said.word, said.sentence.as_str()),
        (UserWord::Waiting, "13 users are waiting, the longest for 3.0 s")
    );
    assert_eq!(said.details.as_deref(), Some("Nothing was fired yet."));
}

#[test]
fn what_users_were_used_to_before_is_not_claimed_of_the_fault() {
    let (mut session, now) = fixtures::session_at(Variant::After, 45.0);
    let words = |session: &Session| {
        let endpoint = session.users.main().unwrap();
        Cost::of(session, endpoint, &endpoint.since_t0(now), now).total_text(false)
    };
    assert_eq!(words(&session).as_deref(), Some("29 users waited up to 11.6 s, nobody got an error"));
    session.users.endpoints[0].baseline_at_t0.as_mut().unwrap().accepted_ms = 9000.0;
    assert_eq!(words(&session).as_deref(), Some("nobody got an error"));
}

#[test]
fn a_restart_of_something_else_ends_nothing_that_is_believed() {
    let (mut session, _) = fixtures::session_at(Variant::Before, 3.0);
    let row = session.bystanders().find(|row| row.pod.owner.as_deref() == Some("my-consumer-app")).unwrap();
    let mut other = row.pod.clone();
    other.key.uid = "uid-db".to_owned();
    other.key.name = "my-database-0".to_owned();
    other.owner = Some("my-database".to_owned());
    apply(&mut session, 0.5, EventKind::PodSeen(other.clone()));
    other.containers[0].restarts += 1;
    apply(&mut session, 2.9, EventKind::PodSeen(other));
    assert_eq!((consumer_restarted_at(&session), restarted(&session, at(3.0))), (None, None));
    let named: Vec<String> = session.bystanders().map(|pod| names::bystander(&session, pod)).collect();
    assert_eq!(named, ["the consumer", "my-database"]);
}

#[test]
fn a_fire_that_was_refused_is_not_called_none() {
    let (mut session, _) = fixtures::session_at(Variant::Before, 0.02);
    assert_eq!(nothing_fired(&session), None);
    let step = StepRef { section: Section::Method, index: 0 };
    apply(&mut session, 0.03, EventKind::FaultRefused { step, reason: "403".to_owned() });
    assert_eq!(nothing_fired(&session).as_deref(), Some("the fire was refused and changed nothing"));
}

/// No cost, of 74 users and a limit of one second.
fn no_cost() -> Cost {
    Cost {
        asked: 74,
        errors: 0,
        late: 0,
        longest_ms: 2000.0,
        stuck: 0,
        withheld: 0,
        fallbacks_only: true,
        unseen: false,
        slow: false,
        limit_ms: 1000,
    }
}

#[test]
fn the_cost_names_everybody_who_was_let_down() {
    let nothing = "nobody got an error, nobody waited longer than 1 s";
    for (cost, of_fallback, total) in [
        (no_cost(), None, nothing),
        (
            Cost { unseen: true, ..no_cost() },
            None,
            "nobody was seen to get an error, nobody was seen to wait longer than 1 s",
        ),
        (Cost { slow: true, ..no_cost() }, None, "nobody got an error"),
        (Cost { errors: 2, ..no_cost() }, Some("2 of 74 users got an error"), "2 users got an error"),
        (
            Cost { late: 10, ..no_cost() },
            Some("10 of 74 users had to wait up to 2.0 s for it"),
            "10 users waited up to 2.0 s, nobody got an error",
        ),
        (
            Cost { late: 10, fallbacks_only: false, ..no_cost() },
            Some("10 of 74 users had to wait up to 2.0 s"),
            "10 users waited up to 2.0 s, nobody got an error",
        ),
        (
            Cost { errors: 1, late: 2, ..no_cost() },
            Some("1 of 74 users got an error, 2 had to wait up to 2.0 s"),
            "1 user got an error, 2 waited up to 2.0 s",
        ),
        (Cost { stuck: 1, ..no_cost() }, Some("1 still waits"), "1 still waits"),
        (
            Cost { late: 1, stuck: 1, ..no_cost() },
            Some("1 of 74 users had to wait up to 2.0 s for it, 1 still waits"),
            "1 user waited up to 2.0 s, nobody got an error, 1 still waits",
        ),
        (
            Cost { stuck: 2, withheld: 3, ..no_cost() },
            Some("2 still wait, 3 requests could not be sent"),
            "2 still wait, 3 requests could not be sent",
        ),
    ] {
        assert_eq!(cost.fallback_text().as_deref(), of_fallback);
        assert_eq!(cost.total_text(false).as_deref(), Some(total));
        assert_eq!(cost.is_some(), of_fallback.is_some(), "{total}");
    }
    assert!(Cost { withheld: 1, ..no_cost() }.is_some());
}

#[test]
fn errors_that_are_told_elsewhere_are_left_out_of_the_cost() {
    for (cost, told) in [
        (no_cost(), "nobody waited longer than 1 s"),
        (Cost { errors: 2, ..no_cost() }, "nobody waited longer than 1 s"),
        (Cost { errors: 2, late: 3, ..no_cost() }, "3 users waited up to 2.0 s"),
        (Cost { errors: 2, stuck: 3, ..no_cost() }, "3 still wait"),
    ] {
        assert_eq!(cost.total_text(true).as_deref(), Some(told));
    }
    // Who still waits is in the sentence before it.
    let waiting = Cost { stuck: 3, withheld: 1, ..no_cost() };
    assert_eq!(waiting.so_far(), None);
    let late = Cost { late: 2, ..waiting };
    assert_eq!(late.so_far().as_deref(), Some("2 users waited up to 2.0 s, nobody got an error"));
}

#[test]
fn the_most_frequent_kinds_of_errors_are_named() {
    let (session, _) = fixtures::before_failing();
    let mut endpoint = session.users.main().unwrap().clone();
    endpoint.deadline_ms = 10_000;
    let group = endpoint.answer_groups.iter().find(|group| group.outcome == Outcome::Error).unwrap().clone();
    let mut told = |statuses: &[u16], errors: &[(ErrorKind, u64)]| {
        let groups = statuses.iter().map(|status| AnswerGroup { status: Some(*status), ..group.clone() });
        let real = AnswerGroup { outcome: Outcome::Real, status: Some(404), ..group.clone() };
        endpoint.answer_groups = [real].into_iter().chain(groups).collect();
        kinds(&endpoint, &Tally { errors: errors.to_vec(), ..Tally::default() })
    };
    let (timeout, server, client) = (ErrorKind::Timeout, ErrorKind::Server, ErrorKind::Client);
    assert_eq!(told(&[], &[(timeout, 1)]), "1 timeout after 10 s");
    assert_eq!(told(&[503], &[(timeout, 2), (server, 5)]), "5 HTTP 503, 2 timeouts after 10 s");
    assert_eq!(told(&[503, 429], &[(client, 3), (server, 5)]), "5 HTTP 503, 3 HTTP 429");
    let several = wording::error(client);
    assert_eq!(told(&[429, 410], &[(client, 3)]), format!("3 {several}"));
    assert_eq!(
        told(&[500], &[(timeout, 1), (server, 5), (client, 3), (ErrorKind::Refused, 2)]),
        format!("5 HTTP 500, 3 {several}, 3 other")
    );
}

#[test]
fn a_restart_explains_what_users_get_for_some_seconds_or_while_the_breaker_is_unknown() {
    let text = |session: &Session, seconds| restarted(session, at(seconds)).is_some();
    let (mut session, _) = fixtures::session_at(Variant::Before, 3.0);
    session.breaker.belief = None;
    restart(&mut session, 3.0);
    assert!(text(&session, 4.0) && text(&session, 40.0));
    let closed = Belief::new(BreakerState::Closed, Confidence::Sure, at(3.5), "");
    apply(&mut session, 3.5, EventKind::Believed(closed));
    assert!(text(&session, 4.0) && text(&session, 17.9));
    assert!(!text(&session, 18.1), "it is closed since, whatever was before");
}

#[test]
fn of_a_breaker_that_cannot_be_told_nothing_is_said() {
    let (mut session, _) = fixtures::session_at(Variant::Before, 3.0);
    let mut said = |state, confidence| {
        let belief = Belief::new(state, confidence, at(1.0), "");
        apply(&mut session, 3.0, EventKind::Believed(belief));
        (breaker_words(&session), breaker_state_text(&session))
    };
    assert_eq!(said(BreakerState::HalfOpen, Confidence::CannotTell), (None, None));
    let differ = Some("breakers are in different states".to_owned());
    assert_eq!(said(BreakerState::Mixed, Confidence::Sure), (differ.clone(), differ));
}

//! A deterministic stream of events for benchmarks: a kill every two minutes, a provider that hangs for 35 s, a breaker that
//! opens and half-opens, pods that are replaced.

use chaos_tui::session::{
    EventKind,
    event::{
        AnswerKind, Belief, BreakerState, Confidence, Container, EndpointId, ErrorKind, Liveness, Pod,
        PodKey, PodPhase, Section, ServiceEndpoints, StepRef, Timestamp,
    },
};

/// The length of the stream in seconds.
pub(crate) const HOUR: u64 = 3600;
/// Seconds between two kills, and seconds for which the provider hangs.
pub(crate) const CYCLE: (u64, u64) = (120, 35);

pub(crate) fn at(ms: u64) -> Timestamp {
    Timestamp::from_millisecond(1_795_352_700_000 + ms as i64).expect("a moment of this century")
}

pub(crate) fn watched(rate: u64) -> EventKind {
    let url = "GET http://localhost/invoke".to_owned();
    let endpoint = EndpointId(0);
    EventKind::EndpointWatched {
        endpoint,
        url,
        rate: rate as f64,
        deadline_ms: 10_000,
        limit_ms: 1000,
        via: None,
    }
}

pub(crate) fn answer(due: u64) -> (f64, AnswerKind) {
    let jitter = (due * 7 % 11) as f64;
    match (due / 1000) % CYCLE.0 {
        0..3 => (5300.0 + jitter, AnswerKind::Error(ErrorKind::Timeout)),
        3..6 | 16..22 | 32..35 => (5300.0 + jitter, AnswerKind::Fallback),
        6..16 | 22..32 => (3.0 + jitter, AnswerKind::Fallback),
        _ => (6.0 + jitter, AnswerKind::Real),
    }
}

pub(crate) fn belief(ms: u64, open: bool) -> Belief {
    let state = if open { BreakerState::Open } else { BreakerState::Closed };
    let because = "health 503; 7 of the last 7 answers are fallbacks in under 10 ms";
    Belief { agreeing: 2, spoke: 2, ..Belief::new(state, Confidence::Sure, at(ms), because) }
}

pub(crate) fn pod(second: u64) -> Pod {
    let name = format!("my-provider-app-{}", second / CYCLE.0);
    let down = second % CYCLE.0 < CYCLE.1;
    let container = Container {
        name: "app".to_owned(),
        image: "provider:1".to_owned(),
        ready: !down,
        restarts: 0,
        waiting: down.then(|| "ContainerCreating".to_owned()),
        last_end: None,
    };
    Pod {
        key: PodKey { namespace: "default".to_owned(), uid: format!("uid-{name}"), name },
        owner: Some("my-provider-app".to_owned()),
        phase: if down { PodPhase::Pending } else { PodPhase::Running },
        status: if down { "ContainerCreating" } else { "Running" }.to_owned(),
        containers: vec![container],
        node: Some("minikube".to_owned()),
        ip: None,
        init_restarts: 0,
        created: Some(at(second / CYCLE.0 * CYCLE.0 * 1000)),
        deleting: None,
        liveness: Some(Liveness { path: Some("/health".to_owned()), period_s: 10, threshold: 3 }),
        in_play: true,
    }
}

pub(crate) fn fault(facts: &mut Vec<(u64, EventKind)>, ms: u64) {
    let step = StepRef { section: Section::Method, index: 0 };
    let before = format!("my-provider-app-{}", (ms / 1000 / CYCLE.0).saturating_sub(1));
    let service = |ready| ServiceEndpoints {
        namespace: "default".to_owned(),
        name: "my-provider-service".to_owned(),
        ready,
        not_ready: 0,
        pods: Vec::new(),
    };
    let gone = PodKey { namespace: "default".to_owned(), uid: format!("uid-{before}"), name: before.clone() };
    facts.push((
        ms,
        EventKind::FaultFired {
            step,
            what: "killed 1 pod".to_owned(),
            targets: vec![format!("pod/{before}")],
        },
    ));
    facts.push((ms + 50, EventKind::PodGone(gone)));
    facts.push((ms + 100, EventKind::ServiceSeen(service(0))));
    facts.push((ms + CYCLE.1 * 1000, EventKind::ServiceSeen(service(1))));
    facts.push((
        ms + CYCLE.1 * 1000,
        EventKind::FaultHealed { what: "my-provider-app 1/1 ready again".to_owned() },
    ));
}

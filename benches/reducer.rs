//! The reducer's cost for an hour of a session at two requests a second, per event and in total.
//!
//! `cargo bench --bench reducer`. A small deterministic generator makes the stream: a kill every two minutes, a
//! provider that hangs for 35 s, a breaker that opens and half-opens, pods that are replaced, two requests to a health
//! page a second.

mod cpu;

use chaos_tui::{
    insight,
    session::{
        Event, EventKind, Session,
        event::{
            Answer, AnswerKind, Belief, BreakerState, Confidence, Container, EndpointId, ErrorKind, Level,
            Liveness, Pod, PodKey, PodPhase, RequestId, Section, ServiceEndpoints, SourceClaim, SourceKind,
            SourceReport, StepRef, Timestamp,
        },
        state::Lane,
    },
};
use cpu::CpuTime;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    collections::BTreeMap,
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering},
};

/// The length of the stream in seconds.
const HOUR: u64 = 3600;
/// Seconds between two kills, and seconds for which the provider hangs.
const CYCLE: (u64, u64) = (120, 35);

fn at(ms: u64) -> Timestamp {
    Timestamp::from_millisecond(1_795_352_700_000 + ms as i64).expect("a moment of this century")
}

/// Returns an hour of events in chronological order.
fn hour(rate: u64) -> Vec<Event> {
    let mut facts: Vec<(u64, EventKind)> = vec![(0, watched(rate))];
    (0..HOUR).for_each(|second| facts.extend(facts_of(second, rate)));
    facts.sort_by_key(|(ms, _)| *ms);
    (0..).zip(facts).map(|(seq, (ms, what))| Event { seq, at: at(ms), what }).collect()
}

fn watched(rate: u64) -> EventKind {
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

/// Returns the events of requests and observations that start in one second; answers may arrive in a later second.
fn facts_of(second: u64, rate: u64) -> Vec<(u64, EventKind)> {
    let mut facts = Vec::new();
    let (ms, endpoint) = (second * 1000, EndpointId(0));
    for number in second * rate..(second + 1) * rate {
        let due = number * 1000 / rate;
        let request = RequestId(number);
        let (waited_ms, kind) = answer(due);
        facts.push((due, EventKind::RequestSent { endpoint, request }));
        let answer = Answer {
            endpoint,
            request,
            waited_ms,
            kind,
            status: Some(200),
            shape: 1,
            excerpt: None,
            retry_after: false,
        };
        facts.push((due + waited_ms as u64, EventKind::Answered(answer)));
    }
    let open = matches!(second % CYCLE.0, 6..16 | 22..32);
    let says =
        if open { SourceClaim::State(BreakerState::Open) } else { SourceClaim::Not(BreakerState::Open) };
    for (offset, witness) in [(200, SourceKind::Health), (700, SourceKind::Answers)] {
        let ground = "7 of the last 7 answers are fallbacks in under 10 ms";
        facts.push((ms + offset, EventKind::Testified(SourceReport::new(witness, says, ground))));
    }
    facts.push((ms + 300, EventKind::Believed(belief(ms, open))));
    facts.push((ms + 400, EventKind::PodSeen(pod(second))));
    if second.is_multiple_of(CYCLE.0) {
        fault(&mut facts, ms);
    }
    if second.is_multiple_of(10) {
        let message = format!("consumer answered in {second} ms");
        facts.push((ms, EventKind::Logged { level: Level::Info, target: "chaoslib".to_owned(), message }));
    }
    facts
}

/// Returns the pod changes of one second: of three hundred watched pods, the most that are reported individually, 25 a
/// second are replaced, which makes a hundred changes a second, in a namespace of ten thousand pods.
fn churn_of(second: u64) -> Vec<(u64, EventKind)> {
    const PODS: u64 = 300;
    let crowd = |number: u64, down: bool| {
        let name = format!("crowd-7d9f8b6c5d-{number:06x}");
        let key = PodKey { namespace: "default".to_owned(), uid: format!("uid-{name}"), name };
        let status = if down { "ContainerCreating" } else { "Running" }.to_owned();
        Pod { key, owner: Some("crowd".to_owned()), status, ..pod(second) }
    };
    let counts = [("Running".to_owned(), 8_000 + second as u32 % 7), ("Error".to_owned(), 1_700)].into();
    let mut facts =
        vec![(second * 1000, EventKind::PodsCounted { namespace: "default".to_owned(), states: counts })];
    for turn in 0..25 {
        let (ms, number) = (second * 1000 + turn * 40, second * 25 + turn);
        let going = Pod { deleting: Some(at(ms)), ..crowd(number, false) };
        let gone = going.key.clone();
        facts.push((ms, EventKind::PodSeen(going)));
        facts.push((ms + 10, EventKind::PodSeen(crowd(number + PODS, true))));
        facts.push((ms + 20, EventKind::PodSeen(crowd(number + PODS, false))));
        facts.push((ms + 30, EventKind::PodGone(gone)));
    }
    facts
}

/// Returns a session after an hour and the number of its events. Events are generated second by second: all at once
/// they would take a thousand times the memory of the session.
fn grown(rate: u64, more: impl Fn(u64) -> Vec<(u64, EventKind)>) -> (Session, u64) {
    let mut session = Session::new();
    let mut waiting = BTreeMap::from([((0, 0), watched(rate))]);
    let (mut made, mut seq) = (1_u64, 0);
    for second in 0..HOUR {
        for (ms, what) in facts_of(second, rate).into_iter().chain(more(second)) {
            waiting.insert((ms, made), what);
            made += 1;
        }
        let later = waiting.split_off(&((second + 1) * 1000, 0));
        for ((ms, _), what) in std::mem::replace(&mut waiting, later) {
            session.apply(&Event { seq, at: at(ms), what });
            seq += 1;
        }
    }
    (session, seq)
}

fn answer(due: u64) -> (f64, AnswerKind) {
    let jitter = (due * 7 % 11) as f64;
    match (due / 1000) % CYCLE.0 {
        0..3 => (5300.0 + jitter, AnswerKind::Error(ErrorKind::Timeout)),
        3..6 | 16..22 | 32..35 => (5300.0 + jitter, AnswerKind::Fallback),
        6..16 | 22..32 => (3.0 + jitter, AnswerKind::Fallback),
        _ => (6.0 + jitter, AnswerKind::Real),
    }
}

fn belief(ms: u64, open: bool) -> Belief {
    let state = if open { BreakerState::Open } else { BreakerState::Closed };
    let because = "health 503; 7 of the last 7 answers are fallbacks in under 10 ms";
    Belief { agreeing: 2, spoke: 2, ..Belief::new(state, Confidence::Sure, at(ms), because) }
}

fn pod(second: u64) -> Pod {
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

fn fault(facts: &mut Vec<(u64, EventKind)>, ms: u64) {
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

fn played(events: &[Event]) -> Session {
    let mut session = Session::new();
    for event in events {
        session.apply(event);
    }
    session
}

/// Counts the bytes that are allocated and not yet freed, to measure the growth of the state.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is forwarded unchanged to the system's allocator, which upholds the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn growth() {
    for rate in [2, 20, 500] {
        held(&format!("{rate} requests a second"), || grown(rate, |_| Vec::new()));
    }
    held("2 requests and 100 changes of pods a second", || grown(2, churn_of));
}

/// Prints the memory that a session of an hour holds.
fn held(what: &str, grown: impl FnOnce() -> (Session, u64)) {
    let before = HELD.load(Ordering::Relaxed);
    let (session, events) = grown();
    let held = HELD.load(Ordering::Relaxed) - before;
    println!("state after one hour of {what}: {:.2} MB ({events} events)", held as f64 / 1e6);
    drop(session);
}

fn reducer(criterion: &mut Criterion<CpuTime>) {
    growth();
    let events = hour(2);
    let mut group = criterion.benchmark_group("reducer");
    group.sample_size(20);
    group.throughput(Throughput::Elements(events.len() as u64));
    group.bench_function("an hour at 2/s", |bench| {
        bench.iter_batched(Session::new, |_| played(black_box(&events)), BatchSize::LargeInput);
    });
    group.finish();

    let session = played(&events);
    let now = at(HOUR * 1000);
    let second = session.axis.second(now);
    criterion.bench_function("verdict after an hour", |bench| {
        bench.iter(|| insight::verdict(black_box(&session), now));
    });
    criterion.bench_function("warnings after an hour", |bench| {
        bench.iter(|| insight::warnings(black_box(&session), now));
    });
    criterion.bench_function("six lanes of 170 seconds", |bench| {
        bench.iter(|| Lane::ALL.map(|lane| black_box(&session).lane(lane, second - 160..second + 10, now)));
    });
    criterion.bench_function("table of four rows", |bench| {
        let endpoint = session.users.main().expect("the stream has one");
        bench.iter(|| {
            black_box([
                endpoint.baseline(now),
                endpoint.since_t0(now),
                endpoint.during_fault(now),
                endpoint.after_recovery(now),
            ])
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = reducer
}
criterion_main!(benches);

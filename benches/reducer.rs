//! The reducer's cost for an hour of a session at two requests a second, per event and in total.
//!
//! `cargo bench --bench reducer`. `stream/` makes the events; two pages a second report.

mod cpu;
mod stream;

use chaos_tui::{
    insight,
    session::{
        Event, EventKind, Session,
        event::{
            Answer, BreakerState, EndpointId, Level, Pod, PodKey, RequestId, SourceClaim, SourceKind,
            SourceReport,
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
use stream::{CYCLE, HOUR, answer, at, belief, fault, pod, watched};

/// Returns an hour of events in chronological order.
fn hour(rate: u64) -> Vec<Event> {
    let mut facts: Vec<(u64, EventKind)> = vec![(0, watched(rate))];
    (0..HOUR).for_each(|second| facts.extend(facts_of(second, rate)));
    facts.sort_by_key(|(ms, _)| *ms);
    (0..).zip(facts).map(|(seq, (ms, what))| Event { seq, at: at(ms), what }).collect()
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

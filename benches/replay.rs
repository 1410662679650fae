//! What a long recording costs: its size, the time to open it, the longest time to go to a moment, the memory.
//!
//! `cargo bench --bench replay`. The limits: an hour at 50 requests a second, and five minutes at 500, under 10 MB, open in
//! 1 s, go to any moment in 100 ms, under 150 MB.

mod stream;

use chaos_tui::session::{
    Event, EventKind, Session,
    event::{
        Answer, BreakerState, CallTotals, EndpointId, NamedBreaker, RequestId, SourceClaim, SourceKind,
        SourceReport, Timestamp,
    },
    recording::{Header, Recorder, Timeline},
};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use stream::{CYCLE, HOUR, answer, at, belief, fault, pod, watched};

const ENDPOINT: EndpointId = EndpointId(0);

fn main() {
    // `cargo test --benches` only checks that it runs.
    let bench = std::env::args().any(|argument| argument == "--bench");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cases = [("an hour at 50/s", HOUR, 50), ("5 minutes at 500/s", 300, 500)];
    for (what, seconds, rate) in cases {
        let path = folder.path().join(format!("{rate}.ctui"));
        let seconds = if bench { seconds } else { 3 };
        write(&path, seconds, rate);
        measure(what, &path);
    }
}

/// Records a session as the program does.
fn write(path: &Path, seconds: u64, rate: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let recorder = Recorder::create(path, &Header::new(b"bench")).expect("a recording");
        let mut thread = recorder.spawn_thread().expect("a thread");
        let mut waiting = BTreeMap::from([((0, 0), watched(rate))]);
        let (mut made, mut seq) = (1_u64, 0);
        for second in 0..seconds {
            for (us, what) in facts_of(second, rate) {
                waiting.insert((us, made), what);
                made += 1;
            }
            let later = waiting.split_off(&((second + 1) * 1_000_000, 0));
            for ((us, _), what) in std::mem::replace(&mut waiting, later) {
                thread.append(&Arc::new(Event { seq, at: moment(us), what }));
                seq += 1;
            }
            // The disk of a session has a second for each second.
            thread.sync().await.expect("what was recorded is on the disk");
        }
        assert!(thread.finish(Duration::from_secs(60)).await, "the recording is whole");
    });
}

fn moment(us: u64) -> Timestamp {
    at(0) + Duration::from_micros(us)
}

/// The events of one second as sessions in the sandbox have them, with their microseconds.
fn facts_of(second: u64, rate: u64) -> Vec<(u64, EventKind)> {
    let mut facts = Vec::new();
    let start = second * 1_000_000;
    for number in second * rate..(second + 1) * rate {
        let due = number * 1_000_000 / rate;
        let (waited_ms, kind) = answer(due / 1000);
        // Waits differ in their microseconds.
        let waited_us = (waited_ms * 1000.0) as u64 + number * 7919 % 1000;
        facts.push((due, EventKind::RequestSent { endpoint: ENDPOINT, request: RequestId(number) }));
        let answer = Answer {
            endpoint: ENDPOINT,
            request: RequestId(number),
            waited_ms: waited_us as f64 / 1000.0,
            kind,
            status: Some(200),
            shape: 12_060_818_763_355_465_040,
            excerpt: None,
            retry_after: false,
        };
        facts.push((due + waited_us, EventKind::Answered(answer)));
    }
    let open = matches!(second % CYCLE.0, 6..16 | 22..32);
    for (offset, witness) in
        [(300, SourceKind::Metrics), (301, SourceKind::Health), (700, SourceKind::Answers)]
    {
        facts.push((start + offset * 1000, EventKind::Testified(report(witness, open, second))));
    }
    facts.push((
        start + 302_000,
        EventKind::CallsCounted(CallTotals {
            endpoint: ENDPOINT,
            series: "http_requests_total".to_owned(),
            of_path: true,
            total: second * rate,
            failed: None,
        }),
    ));
    if matches!(second % CYCLE.0, 0 | 6 | 16 | 22 | 32) {
        facts.push((start + 400_000, EventKind::Believed(belief(second * 1000, open))));
        facts.push((start + 500_000, EventKind::PodSeen(pod(second))));
    }
    if second.is_multiple_of(CYCLE.0) {
        let mut told = Vec::new();
        fault(&mut told, second * 1000);
        facts.extend(told.into_iter().map(|(ms, what)| (ms * 1000, what)));
    }
    facts
}

fn report(witness: SourceKind, open: bool, second: u64) -> SourceReport {
    let state = if open { BreakerState::Open } else { BreakerState::Closed };
    let ground = match witness {
        SourceKind::Metrics => format!("circuit_breaker_state{{provider}} = {}", u8::from(open)),
        SourceKind::Health => "200".to_owned(),
        _ => format!("{} of 20 real", second % 21),
    };
    let breakers = match witness {
        SourceKind::Metrics => {
            let says = SourceClaim::State(state);
            vec![NamedBreaker::new("provider", says, ground.clone())]
        }
        _ => Vec::new(),
    };
    SourceReport {
        place: Some(format!("8080/{witness:?}").to_lowercase()),
        pod: Some("my-consumer-app-6xmwsbj2hm-n8qpv".to_owned()),
        breakers,
        ..SourceReport::new(witness, SourceClaim::State(state), ground)
    }
}

fn measure(what: &str, path: &Path) {
    let size = fs::metadata(path).map_or(0, |file| file.len());
    let begun = Instant::now();
    let mut timeline = Timeline::open(path).expect("it is whole");
    let opened = begun.elapsed();
    let (begin, end) = (timeline.begin(), timeline.end());
    let whole = end.at.duration_since(begin).as_secs_f64();
    let (mut session, mut longest, mut all) = (Session::new(), Duration::ZERO, Duration::ZERO);
    // A fixed walk through all parts of the recording, in no order.
    const MOVES: u32 = 400;
    for number in 1..=MOVES {
        let share = f64::from(number * 7919 % 1000) / 1000.0;
        let to = begin + Duration::from_secs_f64(whole * share);
        let begun = Instant::now();
        timeline.go_to(to, &mut session).expect("it can be read");
        longest = longest.max(begun.elapsed());
        all += begun.elapsed();
    }
    println!(
        "{what}: {:.2} MB, {} events; opened in {:.0} ms; a move takes {:.1} ms in the mean, {:.1} ms at most; {} MB resident",
        size as f64 / 1e6,
        end.events,
        opened.as_secs_f64() * 1000.0,
        all.as_secs_f64() * 1000.0 / f64::from(MOVES),
        longest.as_secs_f64() * 1000.0,
        peak_memory() / 1000,
    );
}

/// The most memory that this process has had, in kilobytes.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
}

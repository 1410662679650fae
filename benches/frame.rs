//! The cost of drawing a frame of a session with an hour of events, for each view.
//!
//! `cargo bench --bench frame`; a frame at 200x50 must stay under a millisecond of CPU.

mod cpu;

use chaos_tui::{
    session::{
        Event, EventKind, Session,
        event::{
            Answer, AnswerKind, Belief, BreakerState, Confidence, Container, EndpointId, Level, Pod, PodKey,
            PodPhase, RequestId, Section, ServiceEndpoints, SourceClaim, SourceKind, SourceReport, StepRef,
            Timestamp,
        },
    },
    tui::{ControlMode, LogFeed, Overlay, Pane, Scene, Theme, View, keymap::Keymap, render},
};
use cpu::CpuTime;
use criterion::{Criterion, criterion_group, criterion_main};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};
use std::{hint::black_box, time::Duration};

/// The length of the session in seconds, and the second at which the fault is fired.
const HOUR: u64 = 3600;
const FIRED: u64 = 1800;

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_second(1_795_352_700).expect("a valid second") + Duration::from_secs_f64(seconds)
}

fn pod(name: &str) -> Pod {
    Pod {
        key: PodKey { namespace: "default".into(), name: name.into(), uid: name.into() },
        owner: Some("my-app".into()),
        phase: PodPhase::Running,
        status: "Running".into(),
        containers: vec![Container {
            name: "app".into(),
            image: "app:1".into(),
            ready: true,
            restarts: 0,
            waiting: None,
            last_end: None,
        }],
        node: None,
        ip: None,
        init_restarts: 0,
        created: None,
        deleting: None,
        liveness: None,
        in_play: true,
    }
}

/// Builds an hour of events: two requests a second, a breaker that changes state every ten seconds, a fault in the
/// middle.
fn hour() -> Vec<Event> {
    let endpoint = EndpointId(0);
    let mut told = vec![
        (
            0.0,
            EventKind::EndpointWatched {
                endpoint,
                url: "GET http://a/invoke".into(),
                rate: 2.0,
                deadline_ms: 10_000,
                limit_ms: 1000,
                via: None,
            },
        ),
        (0.0, EventKind::PodSeen(pod("my-app-1"))),
        (0.0, EventKind::PodSeen(pod("my-app-2"))),
        (
            0.0,
            EventKind::ServiceSeen(ServiceEndpoints {
                namespace: "default".into(),
                name: "app".into(),
                ready: 2,
                not_ready: 0,
                pods: Vec::new(),
            }),
        ),
    ];
    for request in 0..HOUR * 2 {
        let start = request as f64 / 2.0;
        let faulty = (FIRED..FIRED + 600).contains(&(request / 2));
        let waited_ms = if faulty && request % 7 == 0 { 5300.0 } else { 4.0 + (request % 20) as f64 };
        let kind = if faulty { AnswerKind::Fallback } else { AnswerKind::Real };
        told.push((start, EventKind::RequestSent { endpoint, request: RequestId(request) }));
        let answer = Answer {
            endpoint,
            request: RequestId(request),
            waited_ms,
            kind,
            status: Some(200),
            shape: 1,
            excerpt: None,
            retry_after: false,
        };
        told.push((start + waited_ms / 1000.0, EventKind::Answered(answer)));
    }
    for second in (0..HOUR).step_by(2) {
        let message = format!("step {} looked at the consumer and found it well", second / 60);
        told.push((
            second as f64,
            EventKind::Logged { level: Level::Info, target: "chaoslib".into(), message },
        ));
    }
    for turn in 0..HOUR / 10 {
        let since = at(turn as f64 * 10.0);
        let state = if turn % 2 == 0 { BreakerState::Closed } else { BreakerState::Open };
        let belief =
            Belief { agreeing: 2, spoke: 2, ..Belief::new(state, Confidence::Sure, since, "because") };
        let testimony = SourceReport::new(SourceKind::Health, SourceClaim::State(state), "200");
        told.push((turn as f64 * 10.0, EventKind::Testified(testimony)));
        told.push((turn as f64 * 10.0, EventKind::Believed(belief)));
    }
    let step = StepRef { section: Section::Method, index: 0 };
    told.push((
        FIRED as f64,
        EventKind::FaultFired { step, what: "killed 1 pod".into(), targets: vec!["pod/my-app-1".into()] },
    ));
    told.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    told.into_iter().zip(0..).map(|((seconds, what), seq)| Event { seq, at: at(seconds), what }).collect()
}

/// Returns the name, screen size and view of each benchmark.
fn looks() -> Vec<(String, Rect, View)> {
    let area = |width, height| Rect::new(0, 0, width, height);
    let plain = || View::new(Keymap::default(), ControlMode::Live);
    let large = area(200, 50);
    let mut looks: Vec<_> = [area(80, 24), area(120, 36), large]
        .into_iter()
        .map(|area| (format!("frame at {}x{}", area.width, area.height), area, plain()))
        .collect();
    looks.push(("presenter at 200x50".to_owned(), large, View { presenter: true, ..plain() }));
    let map = View { overlay: Some(Overlay::Heatmap), ..plain() };
    looks.push(("heat map at 200x50".to_owned(), large, map));
    looks.push((
        "log over all at 200x50".to_owned(),
        large,
        View { overlay: Some(Overlay::Logs), ..plain() },
    ));
    looks.push(("evidence at 200x50".to_owned(), large, View { overlay: Some(Overlay::Why), ..plain() }));
    looks.push(("scrolled back at 200x50".to_owned(), large, View { scrolled_to: Some(-900), ..plain() }));
    let zoomed = |focus| View { focus, zoomed: true, ..plain() };
    looks.extend(Pane::ALL.map(|pane| (format!("zoomed {pane:?} at 200x50"), large, zoomed(pane))));
    looks
}

/// Adds twenty seconds at five hundred requests a second.
fn rush(session: &mut Session) {
    let endpoint = EndpointId(0);
    for request in 0..10_000 {
        let start = HOUR as f64 + request as f64 / 500.0;
        let id = RequestId(HOUR * 2 + request);
        let waited_ms = 4.0 + (request % 97) as f64 / 10.0;
        let (kind, status) = (AnswerKind::Real, Some(200));
        let answer = Answer {
            endpoint,
            request: id,
            waited_ms,
            kind,
            status,
            shape: 1,
            excerpt: None,
            retry_after: false,
        };
        let told =
            [(start, EventKind::RequestSent { endpoint, request: id }), (start, EventKind::Answered(answer))];
        for (seconds, what) in told {
            session.apply(&Event { seq: 0, at: at(seconds), what });
        }
    }
}

/// Draws consecutive frames as the screen does, to a sink: panes, diff and escape sequences. A second passes between
/// two frames, so that ages and charts change.
fn draw(criterion: &mut Criterion<CpuTime>, name: &str, session: &Session, area: Rect, view: &View) {
    let theme = Theme::default();
    let mut log = LogFeed::default();
    let options = TerminalOptions { viewport: Viewport::Fixed(area) };
    let backend = CrosstermBackend::new(std::io::sink());
    let mut terminal = Terminal::with_options(backend, options).expect("a fixed area asks for no terminal");
    let last = session.last.expect("it has events");
    let mut second = 0;
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            second = (second + 1) % 16;
            let now = last + Duration::from_secs(second);
            let draw = |frame: &mut Frame| {
                log.follow(session);
                let scene = Scene::new(black_box(session), view, now, None);
                render(frame.buffer_mut(), area, &scene, &theme, &log);
            };
            terminal.draw(draw).map(|_| ()).expect("a sink takes everything");
        });
    });
}

fn frame(criterion: &mut Criterion<CpuTime>) {
    let mut session = Session::new();
    for event in &hour() {
        session.apply(event);
    }
    for (name, area, view) in looks() {
        draw(criterion, &name, &session, area, &view);
    }
    rush(&mut session);
    let view = View::new(Keymap::default(), ControlMode::Live);
    draw(criterion, "frame at 200x50, 500 requests a second", &session, Rect::new(0, 0, 200, 50), &view);
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = frame
}
criterion_main!(benches);

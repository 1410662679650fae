//! What a frame costs, and what taking in an event costs, in a session that is an hour old.
//!
//! `cargo bench --bench frame`; a frame at 200x50 must stay under a millisecond.

use chaos_tui::{
    session::{
        Event, Session, What,
        event::{
            Answer, AnswerKind, Belief, BreakerState, Confidence, Container, EndpointId, Pod, PodKey,
            PodPhase, RequestId, Says, Section, ServiceEndpoints, StepRef, Testimony, Timestamp, Witness,
        },
    },
    tui::{LogFeed, Scene, Steering, Theme, View, keymap::Keymap, render},
};
use criterion::{Criterion, criterion_group, criterion_main};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{hint::black_box, time::Duration};

/// Seconds of the session, and when in it the fault is fired.
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
        created: None,
        deleting: None,
        liveness: None,
        in_play: true,
    }
}

/// Two requests a second, a breaker that turns every ten seconds, a fault in the middle.
fn hour() -> Vec<Event> {
    let endpoint = EndpointId(0);
    let mut told = vec![
        (
            0.0,
            What::EndpointWatched {
                endpoint,
                url: "GET http://a/invoke".into(),
                rate: 2.0,
                deadline_ms: 10_000,
                limit_ms: 1000,
            },
        ),
        (0.0, What::PodSeen(pod("my-app-1"))),
        (0.0, What::PodSeen(pod("my-app-2"))),
        (
            0.0,
            What::ServiceSeen(ServiceEndpoints {
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
        told.push((start, What::RequestSent { endpoint, request: RequestId(request) }));
        let answer = Answer {
            endpoint,
            request: RequestId(request),
            waited_ms,
            kind,
            status: Some(200),
            shape: 1,
            excerpt: None,
        };
        told.push((start + waited_ms / 1000.0, What::Answered(answer)));
    }
    for turn in 0..HOUR / 10 {
        let since = at(turn as f64 * 10.0);
        let state = if turn % 2 == 0 { BreakerState::Closed } else { BreakerState::Open };
        let belief = Belief {
            state,
            confidence: Confidence::Sure,
            since,
            agreeing: 2,
            spoke: 2,
            because: "because".into(),
            next_trial: None,
        };
        let testimony =
            Testimony { witness: Witness::Health, says: Says::State(state), ground: "200".into() };
        told.push((turn as f64 * 10.0, What::Testified(testimony)));
        told.push((turn as f64 * 10.0, What::Believed(belief)));
    }
    let step = StepRef { section: Section::Method, index: 0 };
    told.push((
        FIRED as f64,
        What::FaultFired { step, what: "killed 1 pod".into(), targets: vec!["pod/my-app-1".into()] },
    ));
    told.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    told.into_iter().zip(0..).map(|((seconds, what), seq)| Event { seq, at: at(seconds), what }).collect()
}

fn frame(criterion: &mut Criterion) {
    let events = hour();
    let mut session = Session::new();
    events.iter().for_each(|event| session.apply(event));
    let (view, theme, log) =
        (View::new(Keymap::default(), Steering::Live), Theme::default(), LogFeed::default());
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        criterion.bench_function(&format!("frame of a one-hour session at {width}x{height}"), |bencher| {
            bencher.iter(|| {
                let scene = Scene::new(&session, &view, at(HOUR as f64), None);
                render(black_box(&mut buffer), area, &scene, &theme, &log);
            });
        });
    }
    criterion.bench_function("taking in an hour of events (19,000)", |bencher| {
        bencher.iter(|| {
            let mut session = Session::new();
            events.iter().for_each(|event| session.apply(black_box(event)));
            session.events
        });
    });
}

criterion_group!(benches, frame);
criterion_main!(benches);

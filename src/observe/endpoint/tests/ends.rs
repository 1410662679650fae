//! Tests of bodies that do not end.

use super::{Probe, server};
use crate::{
    insight::{self, UserWord},
    session::event::{AnswerKind, ErrorKind, EventKind},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// Sends an event repeatedly; ends after `events` of them.
async fn stream(mut connection: TcpStream, events: usize) {
    let _ = connection.read(&mut [0; 4096]).await;
    let mut going = connection.write_all(HEAD).await;
    for _ in 0..events {
        if going.is_err() {
            return;
        }
        going = connection.write_all(b"9\r\ndata: x\n\n\r\n").await;
        sleep(Duration::from_millis(100)).await;
    }
    let _ = connection.write_all(b"0\r\n\r\n").await;
}

/// Whether an answer is a success, real or not judged yet.
fn is_success(kind: AnswerKind) -> bool {
    matches!(kind, AnswerKind::Real | AnswerKind::Unjudged)
}

async fn endless(probe: &mut Probe) -> bool {
    probe
        .until(|event| match &event.what {
            EventKind::AnswersEnd { end, .. } => Some(!end),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn answers_that_begin_and_do_not_end_are_told_as_such() {
    let url = server(|connection| stream(connection, usize::MAX)).await;
    let mut probe = Probe::start(url, |settings| settings.rate = 10.0);
    assert!(endless(&mut probe).await);
    for _ in 0..30 {
        let answer = probe.answer().await;
        assert!(is_success(answer.kind), "{answer:?}");
        assert!(answer.waited_ms < 1000.0, "the wait is that for the beginning: {}", answer.waited_ms);
    }
    let now = probe.session.users.main().unwrap().last_answer.unwrap();
    let verdict = insight::verdict(&probe.session, now);
    assert_eq!(verdict.word, UserWord::Unknown);
    assert!(verdict.sentence.starts_with("Answers begin after "), "{}", verdict.sentence);
    assert!(verdict.sentence.ends_with("and do not end"), "{}", verdict.sentence);
}

#[tokio::test]
async fn answers_that_take_long_and_end_are_not() {
    // Their bodies take longer than the patience, then end.
    let url = server(|connection| stream(connection, 30)).await;
    let mut probe = Probe::start(url, |settings| settings.rate = 10.0);
    assert!(endless(&mut probe).await, "nothing else can be known at first");
    assert!(!endless(&mut probe).await, "those that are read on end");
    let answer = probe.until(|event| match &event.what {
        EventKind::Answered(answer) if answer.waited_ms > 2000.0 => Some(answer.kind),
        _ => None,
    });
    assert!(is_success(answer.await));
    assert!(!probe.session.users.main().unwrap().endless);
}

#[tokio::test]
async fn a_body_that_hangs_where_others_end_is_a_timeout() {
    let hangs = Arc::new(AtomicBool::new(false));
    let switch = hangs.clone();
    let url = server(move |connection| {
        let events = if hangs.load(Ordering::Relaxed) { usize::MAX } else { 1 };
        stream(connection, events)
    })
    .await;
    let mut probe = Probe::start(url, |settings| {
        settings.rate = 10.0;
        settings.deadline = Duration::from_secs(3);
    });
    assert!(is_success(probe.answer().await.kind));
    switch.store(true, Ordering::Relaxed);
    let kind = probe.until(|event| match &event.what {
        EventKind::Answered(answer) if !is_success(answer.kind) => Some(answer.kind),
        EventKind::AnswersEnd { .. } => panic!("that they end was seen"),
        _ => None,
    });
    assert_eq!(kind.await, AnswerKind::Error(ErrorKind::Timeout));
}

#[tokio::test]
async fn headers_that_trickle_are_a_timeout() {
    let url = server(|mut connection: TcpStream| async move {
        let _ = connection.read(&mut [0; 4096]).await;
        let mut going = connection.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while going.is_ok() {
            going = connection.write_all(b"x: y\r\n").await;
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let mut probe = Probe::start(url, |settings| {
        settings.rate = 10.0;
        settings.deadline = Duration::from_millis(600);
    });
    assert_eq!(probe.answer().await.kind, AnswerKind::Error(ErrorKind::Timeout));
}

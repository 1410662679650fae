//! Tests that redirects, cookies, compression and tolerances are handled as by the experiment's probe and by common
//! clients.

use super::{answer, first, path, said, saying, server};
use crate::{
    experiment::{Environment, Secrets},
    observe::endpoint::Tolerance,
    provider::http::Access,
    session::event::{AnswerKind, ErrorKind, EventKind},
};
use flate2::{Compression, write::GzEncoder};
use pyvalue::{Map, Value, parse_json};
use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

fn found(request: &str, body: &str) -> Vec<u8> {
    let _ = request;
    answer("200 OK", "content-type: text/plain\r\n", body.as_bytes())
}

fn led(status: u16, to: &str) -> Vec<u8> {
    answer(&format!("{status} Elsewhere"), &format!("location: {to}\r\nset-cookie: seen=1\r\n"), b"")
}

#[tokio::test]
async fn redirects_are_followed_and_the_time_of_all_hops_counts() {
    let url = server(|connection| async move {
        tokio::time::sleep(Duration::from_millis(30)).await;
        let say = |request: &str| match path(request) {
            "/invoke?token=geheim" => led(301, "/a"),
            "/a" => led(302, "/b"),
            "/b" => led(303, "/c"),
            "/c" => led(307, "d"),
            "/d" => led(308, "/end"),
            "/end" if said(request, "cookie") == Some("seen=1") => answer("500 Dead", "", b""),
            other => answer("418 Lost", "", other.as_bytes()),
        };
        saying(connection, say).await;
    })
    .await;
    let (answer, _) = first(&url, |_| {}).await;
    assert_eq!(answer.kind, AnswerKind::Error(ErrorKind::Server));
    assert_eq!(answer.status, Some(500));
    assert!(answer.waited_ms >= 180.0, "{}", answer.waited_ms);
}

#[tokio::test]
async fn a_redirect_without_end_or_to_nowhere_has_a_name() {
    let circle = server(|connection| saying(connection, |_| led(302, "/again"))).await;
    assert_eq!(first(&circle, |_| {}).await.0.kind, AnswerKind::Error(ErrorKind::Redirects));
    for nowhere in ["ftp://host/x", "http://[", "mailto:me"] {
        let url = server(move |connection| saying(connection, move |_| led(302, nowhere))).await;
        assert_eq!(first(&url, |_| {}).await.0.kind, AnswerKind::Error(ErrorKind::Astray), "{nowhere}");
    }
}

#[tokio::test]
async fn secret_headers_do_not_leave_their_origin() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = heard.clone();
    let other = server(move |connection| {
        let hears = hears.clone();
        saying(connection, move |request| {
            hears.lock().unwrap().push(request.to_owned());
            found(request, "there")
        })
    })
    .await;
    let url = server(move |connection| {
        let other = other.clone();
        saying(connection, move |request| match path(request) {
            "/near" => led(302, &other),
            _ => led(302, "/near"),
        })
    })
    .await;
    let Value::Map(provider) = parse_json(
        r#"{"url": "", "headers": {"Authorization": "Bearer t", "X-Pass": "${word}", "X-Api-Key": "k", "X-Tenant": "a"}}"#,
    )
    .unwrap() else {
        panic!("a mapping")
    };
    let Value::Map(scopes) = parse_json(r#"{"s": {"word": "geheim"}}"#).unwrap() else { panic!("a mapping") };
    let secrets = Secrets::new(scopes);
    let access =
        Access::of_activity(&provider, &Map::default(), &secrets, &Environment::default()).unwrap().1;
    let (answer, _) = first(&url, |settings| settings.access = Ok(access)).await;
    assert_eq!(answer.kind, AnswerKind::Unjudged);
    let heard = heard.lock().unwrap();
    assert_eq!(said(&heard[0], "x-tenant"), Some("a"));
    for name in ["authorization", "x-pass", "x-api-key"] {
        assert_eq!(said(&heard[0], name), None, "{name}");
    }
}

#[tokio::test]
async fn what_a_service_echoes_of_secrets_is_not_told() {
    let url = server(|connection| saying(connection, |request| found(request, request))).await;
    let access = Access::default().with_header("Authorization", "Bearer geheim-123").unwrap();
    let (answer, _) = first(&url, |settings| settings.access = Ok(access)).await;
    let told = answer.excerpt.unwrap();
    assert!(!told.contains("geheim-123"), "{told}");
}

#[tokio::test]
async fn beginnings_of_answers_can_be_left_out() {
    let url = server(|connection| saying(connection, |_| answer("200 OK", "", b"a name of somebody"))).await;
    let (answer, _) = first(&url, |settings| settings.excerpts = false).await;
    assert_eq!((answer.kind, answer.excerpt), (AnswerKind::Unjudged, None));
    let (answer, _) = first(&url, |_| {}).await;
    assert_eq!(answer.excerpt.as_deref(), Some("a name of somebody"));
}

#[tokio::test]
async fn packed_bodies_look_like_plain_ones() {
    let plain = r#"{"id": 7, "name": "Bob"}"#;
    let packed = |encoding: &'static str, body: Vec<u8>| {
        server(move |connection| {
            let body = body.clone();
            let headers = format!("content-type: application/json\r\ncontent-encoding: {encoding}\r\n");
            saying(connection, move |_| answer("200 OK", &headers, &body))
        })
    };
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(plain.as_bytes()).unwrap();
    let brotli = [b"\x8b\x0b\x80", plain.as_bytes(), b"\x03"].concat();
    let mut shapes = Vec::new();
    let cases = [("gzip", gzip.finish().unwrap()), ("br", brotli), ("identity", plain.into())];
    for (encoding, body) in cases {
        let (answer, _) = first(&packed(encoding, body).await, |_| {}).await;
        assert_eq!(answer.kind, AnswerKind::Unjudged, "{encoding}");
        assert_eq!(answer.excerpt.as_deref(), Some(plain), "{encoding}");
        shapes.push(answer.shape);
    }
    assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:?}");
    let (answer, _) = first(&packed("gzip", b"not packed at all".to_vec()).await, |_| {}).await;
    assert_eq!(answer.kind, AnswerKind::Error(ErrorKind::Undecodable));
}

#[tokio::test]
async fn a_bomb_is_an_answer_that_does_no_harm() {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; 64 << 20]).unwrap();
    let bomb = bomb.finish().unwrap();
    let url = server(move |connection| {
        let bomb = bomb.clone();
        saying(connection, move |_| answer("200 OK", "content-encoding: gzip\r\n", &bomb))
    })
    .await;
    assert_eq!(first(&url, |settings| settings.rate = 1.0).await.0.kind, AnswerKind::Unjudged);
}

#[tokio::test]
async fn headers_are_taken_as_curl_takes_them() {
    let many: String = (0..400).map(|n| format!("x-{n}: {n}\r\n")).collect();
    for headers in [many, "x: a\r\n  folded\r\n".into(), "x y: 1\r\n".into(), "x-a : 1\r\n".into()] {
        let url = server(move |connection| {
            let headers = headers.clone();
            saying(connection, move |_| answer("200 OK", &headers, b"1"))
        })
        .await;
        assert_eq!(first(&url, |_| {}).await.0.kind, AnswerKind::Unjudged);
    }
    let huge = format!("x: {}\r\n", "y".repeat(350 * 1024));
    let url = server(move |connection| {
        let huge = huge.clone();
        saying(connection, move |_| answer("200 OK", &huge, b"1"))
    })
    .await;
    assert_eq!(first(&url, |_| {}).await.0.kind, AnswerKind::Error(ErrorKind::HeadTooLarge));
}

#[tokio::test]
async fn what_the_tolerance_wants_is_right() {
    let url = server(|connection| saying(connection, |_| answer("404 Hidden", "", b"not here"))).await;
    let cases = [
        ("404", AnswerKind::Unjudged),
        ("[200, 404]", AnswerKind::Unjudged),
        (r#"{"type": "regex", "target": "body", "pattern": "not here"}"#, AnswerKind::Unjudged),
        ("200", AnswerKind::Error(ErrorKind::Client)),
        (
            r#"{"type": "regex", "target": "body", "pattern": "nowhere"}"#,
            AnswerKind::Error(ErrorKind::Client),
        ),
    ];
    for (declared, kind) in cases {
        let declared_value = parse_json(declared).unwrap();
        let tolerance = Tolerance::new(declared_value, Map::default(), Secrets::default());
        let (answer, _) = first(&url, |settings| settings.tolerance = Some(tolerance)).await;
        assert_eq!((answer.kind, answer.status), (kind, Some(404)), "{declared}");
    }
}

#[tokio::test]
async fn a_fallback_is_told_from_pages_that_have_a_key_less() {
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let url = server(move |connection| {
        let count = count.clone();
        saying(connection, move |_| {
            let n = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let body = match n {
                0..40 if n.is_multiple_of(2) => r#"{"id": 1, "note": "x"}"#,
                0..40 => r#"{"id": 1}"#,
                _ => r#"{"sorry": true}"#,
            };
            answer("200 OK", "content-type: application/json\r\n", body.as_bytes())
        })
    })
    .await;
    let mut probe = super::Probe::start(url, |settings| settings.rate = 100.0);
    let fallback = probe.until(|event| match &event.what {
        EventKind::Answered(answer) if answer.kind == AnswerKind::Fallback => answer.excerpt.clone(),
        _ => None,
    });
    assert_eq!(fallback.await, r#"{"sorry": true}"#);
}

#[tokio::test]
async fn an_answer_that_asks_to_come_back_later_is_noticed() {
    let limited = |headers: &'static str| {
        server(move |connection| saying(connection, move |_| answer("503 Busy", headers, b"later")))
    };
    assert!(first(&limited("retry-after: 3\r\n").await, |_| {}).await.0.retry_after);
    assert!(!first(&limited("").await, |_| {}).await.0.retry_after);
}

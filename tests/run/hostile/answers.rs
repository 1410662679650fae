//! Hostile HTTP answers.

use super::{DEEP, MOST, MOST_OF_VALUES, failure, refused, run, run_within};
use crate::{
    hostile_server::Server,
    program::{Case, Ended, hypothesis, method},
};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

fn get(url: &str, more: &str) -> String {
    let provider = format!(r#""provider": {{"type": "http", "url": "{url}", "timeout": 60}}"#);
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!(r#"{{"type": "probe", "name": "get"{more}, {provider}}}"#)
}

fn asked(server: &Server) -> Ended {
    asked_within(MOST, server)
}

fn asked_within(most: u64, server: &Server) -> Ended {
    let next = crate::program::sh("action", "next", "true", "");
    run_within(most, Case::new(&method(&[get(&server.url, ""), next])))
}

/// Checks that the activity failed with this message and that the run continued.
fn fails(server: &Server, words: &str) {
    let ended = asked(server);
    assert_eq!(ended.outcome(), ("completed".to_owned(), false, 0), "{:#?}", ended.lines);
    assert!(failure(&ended).contains(words), "{}", failure(&ended));
    assert_eq!(ended.at("/run/1/status"), "succeeded");
}

#[test]
fn bodies_without_end() {
    let gigabyte = 1 << 30;
    fails(&Server::long(&format!("Content-Length: {gigabyte}\r\n"), gigabyte), "is larger than 16 MiB");
    fails(&Server::long("Connection: close\r\n", gigabyte), "is larger than 16 MiB");
    fails(&Server::chunked(gigabyte), "is larger than 16 MiB");
}

#[test]
fn bombs() {
    // A gzip stream may consist of several members: here 512 of 2 MiB each.
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(&vec![0; 2 << 20]).unwrap();
    let bomb = packer.finish().unwrap().repeat(512);
    let head = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", bomb.len());
    fails(&Server::answering("200 OK", &head, &bomb), "is larger than 16 MiB");
}

#[test]
fn redirects_in_circles_abort() {
    let server = Server::answering("302 Found", "Location: /again\r\nContent-Length: 0\r\n", b"");
    let ended = asked(&server);
    assert_eq!(ended.outcome(), ("aborted".to_owned(), false, 1));
    assert!(ended.says("more than 30 redirects"), "{:#?}", ended.lines);
    refused(Case::named(&format!("{}/x.json", server.url)), "cannot fetch");
}

#[test]
fn json_that_is_none_aborts() {
    let json = |body: &[u8]| {
        let head = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        asked_within(MOST_OF_VALUES, &Server::answering("200 OK", &head, body))
    };
    for (body, words) in [
        ("[".repeat(DEEP).into_bytes(), "deeper than 200 levels"),
        (format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP)).into_bytes(), "deeper than 200 levels"),
        (format!("[{}[]]", "[],".repeat(5 << 20)).into_bytes(), "values"),
        ("9".repeat(5000).into_bytes(), "more than 4300 digits"),
    ] {
        let ended = json(&body);
        assert_eq!(ended.outcome(), ("aborted".to_owned(), false, 1), "{words}");
        assert!(ended.says(words) && ended.says("is not valid JSON"), "{words}: {:#?}", ended.lines);
    }
    // As in the reference, bytes that are not UTF-8 are replaced before the body is parsed.
    assert_eq!(json(b"\"\xff\"").outcome(), ("completed".to_owned(), false, 0));
}

#[test]
fn a_text_that_nests_without_end_is_no_json_for_a_path() {
    let body = "[".repeat(DEEP);
    let head = format!("Content-Type: text/plain\r\nContent-Length: {}\r\n", body.len());
    let server = Server::answering("200 OK", &head, body.as_bytes());
    let tolerance = r#""tolerance": {"type": "jsonpath", "path": "$[*]", "target": "body"}"#;
    let ended = run(Case::new(&format!("{}, {}", hypothesis(&[get(&server.url, tolerance)]), method(&[]))));
    assert_eq!(ended.at("/steady_states/before/steady_state_met"), false);
}

#[test]
fn headers_without_end() {
    let long = format!("X-Long: {}\r\nContent-Length: 0\r\n", "x".repeat(8 << 20));
    fails(&Server::answering("200 OK", &long, b""), "failed to connect to");
    let many = format!("{}Content-Length: 0\r\n", "X-Many: y\r\n".repeat(100_000));
    fails(&Server::answering("200 OK", &many, b""), "failed to connect to");
}

#[test]
fn bytes_that_are_no_text_are_shown_all_the_same() {
    let body = b"caf\xe9 \xff\xfe";
    let mut head = b"Content-Type: text/plain\r\nX-Odd: \xe9\xff\r\nContent-Length: 7\r\n".to_vec();
    let server = Server::bytes({
        let mut answer = b"HTTP/1.1 200 OK\r\n".to_vec();
        answer.append(&mut head);
        answer.extend(b"\r\n");
        answer.extend(body);
        answer
    });
    let ended = asked(&server);
    assert_eq!(ended.at("/run/0/output/body"), "caf\u{e9} \u{ff}\u{fe}");
    assert_eq!(ended.at("/run/0/output/headers/X-Odd"), "\u{e9}\u{ff}");
    let charset = Server::answering(
        "200 OK",
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n",
        b"a\xffb",
    );
    assert_eq!(asked(&charset).at("/run/0/output/body"), "a\u{fffd}b");
}

#[test]
fn experiments_without_end() {
    let gigabyte = 1 << 30;
    let server = Server::long("Content-Type: application/json\r\nConnection: close\r\n", gigabyte);
    refused(Case::named(&format!("{}/x", server.url)), "is larger than 64 MiB");
    let body = "[".repeat(DEEP);
    for kind in ["application/json", "application/x-yaml", "text/plain"] {
        let head = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        let server = Server::answering("200 OK", &head, body.as_bytes());
        refused(Case::named(&format!("{}/x", server.url)), "/x:1:");
    }
    let error = "no ".repeat(1 << 20);
    let head = format!("Content-Length: {}\r\n", error.len());
    refused(Case::named(&format!("{}/x", Server::answering("500 No", &head, error.as_bytes()).url)), "no no");
}

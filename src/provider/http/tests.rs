//! Requests to a server that records them and gives predefined answers.

use crate::{
    experiment::{Environment, Secrets},
    provider::{Call, Outcome},
    test_support::{activity, map},
};
use pyvalue::Value;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

/// How the server answers one request.
enum Answer {
    /// Sends the bytes, then closes the connection.
    Say(Vec<u8>),
    /// Closes the connection without an answer.
    HangUp,
    Silence,
    /// Sends the bytes, then keeps the connection open.
    Stall(Vec<u8>),
}

struct Server {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Gives the answers in order; repeats the last one for all further requests.
    async fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (recorded, mut answers) = (requests.clone(), answers.into_iter().collect::<VecDeque<_>>());
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read_request(&mut stream).await;
                recorded.lock().unwrap().push(request);
                match if answers.len() > 1 { answers.pop_front() } else { answers.front().map(Answer::again) }
                {
                    Some(Answer::Say(bytes)) => {
                        let _ = stream.write_all(&bytes).await;
                    }
                    Some(Answer::Stall(bytes)) => {
                        let _ = stream.write_all(&bytes).await;
                        open.push(stream);
                    }
                    Some(Answer::Silence) => open.push(stream),
                    Some(Answer::HangUp) | None => {}
                }
            }
        });
        Self { url, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    fn lines(&self) -> Vec<String> {
        self.requests().iter().map(|request| request.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

impl Answer {
    fn again(&self) -> Self {
        match self {
            Answer::Say(bytes) => Answer::Say(bytes.clone()),
            Answer::Stall(bytes) => Answer::Stall(bytes.clone()),
            Answer::HangUp => Answer::HangUp,
            Answer::Silence => Answer::Silence,
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let wanted = header(head, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
            if body.len() >= wanted {
                return text;
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = request.lines().filter_map(|line| line.split_once(": "));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn say(status: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    Answer::Say(format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}").into_bytes())
}

fn ok(body: &str) -> Answer {
    say("200 OK", "Content-Type: text/plain; charset=utf-8\r\n", body)
}

fn redirect(status: &str, to: &str) -> Answer {
    say(status, &format!("Location: {to}\r\n"), "")
}

async fn asked(provider: &str) -> Outcome {
    asked_with(provider, "{}", CancellationToken::new()).await
}

async fn asked_with(provider: &str, configuration: &str, cancel: CancellationToken) -> Outcome {
    // The binary installs a crypto provider in `main`; in tests the first caller does.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let activity = activity("probe", "p", &provider);
    let (configuration, secrets) = (map(configuration), Secrets::default());
    let environment = Environment::default();
    let call = Call { cancel, ..Call::new(&activity, &configuration, &secrets) };
    let asked = super::call(&call, &environment);
    tokio::time::timeout(Duration::from_secs(60), asked).await.expect("the call came to its end")
}

/// A provider mapping for `path` on the server, with additional fields.
fn provider(server: &Server, path: &str, more: &str) -> String {
    format!(r#"{{"type": "http", "url": "{}{path}" {more}}}"#, server.url)
}

fn done(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Done(output) => output,
        other => panic!("{other:?}"),
    }
}

fn failed(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed { message, .. } => message,
        other => panic!("{other:?}"),
    }
}

fn broke(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::UnexpectedError { .. })
}

#[tokio::test]
async fn c049_arguments_of_a_get_are_its_query() {
    let server = Server::new([ok("hi")]).await;
    let more = r#", "arguments": {"a": 1, "n": null, "b": [1, 2], "q": "x y"}"#;
    let output = done(asked(&provider(&server, "/p?z=0", more)).await);
    assert_eq!(server.lines(), ["GET /p?z=0&a=1&b=1&b=2&q=x+y HTTP/1.1"]);
    let keys: Vec<&str> = output.as_map().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["status", "headers", "body"]);
    assert_eq!(output.get("body"), Some(&"hi".into()));
    asked(&provider(&server, "/t", r#", "arguments": "raw=1&x""#)).await;
    assert_eq!(server.lines()[1], "GET /t?raw=1&x HTTP/1.1");
}

#[tokio::test]
async fn c050_a_body_is_json_only_with_the_exact_header() {
    let json = r#"{"é": [1, null, true]}"#;
    let cases = [
        (r#""Content-Type": "application/json""#, r#"{"\u00e9": [1, null, true]}"#),
        (r#""content-type": "application/json""#, "%C3%A9=1&%C3%A9=True"),
        (r#""Content-Type": "application/json; charset=utf-8""#, "%C3%A9=1&%C3%A9=True"),
        (r#""X": "y""#, "%C3%A9=1&%C3%A9=True"),
    ];
    for (headers, body) in cases {
        let server = Server::new([ok("")]).await;
        let more = format!(r#", "method": "post", "headers": {{{headers}}}, "arguments": {json}"#);
        done(asked(&provider(&server, "/", &more)).await);
        let request = server.requests().remove(0);
        assert!(request.starts_with("POST / HTTP/1.1"), "{request}");
        assert!(request.ends_with(&format!("\r\n\r\n{body}")), "{request}");
    }
}

#[tokio::test]
async fn requests_carry_the_usual_headers() {
    let server = Server::new([ok("")]).await;
    let more = r#", "headers": {"X-One": "${v}", "Accept-Encoding": null}"#;
    done(asked_with(&provider(&server, "/", more), r#"{"v": "1"}"#, CancellationToken::new()).await);
    done(asked(&provider(&server, "/", r#", "method": "DELETE""#)).await);
    done(asked(&provider(&server, "/", r#", "method": "POST", "arguments": {"a": 1}"#)).await);
    let requests = server.requests();
    assert_eq!(header(&requests[0], "x-one"), Some("1"));
    assert_eq!(header(&requests[0], "accept-encoding"), None);
    assert!(header(&requests[0], "user-agent").unwrap().starts_with("chaos-tui/"));
    assert_eq!(header(&requests[1], "content-length"), Some("0"));
    assert_eq!(header(&requests[1], "accept-encoding"), Some("gzip, deflate"));
    assert_eq!(header(&requests[2], "content-type"), Some("application/x-www-form-urlencoded"));
}

#[tokio::test]
async fn c051_any_status_is_a_success() {
    let server = Server::new([say("500 Oops", "X-A: 1\r\nX-A: 2\r\n", "no")]).await;
    let output = done(asked(&provider(&server, "/", "")).await);
    assert_eq!(output.get("status"), Some(&500.into()));
    assert_eq!(output.get("headers").and_then(|headers| headers.get("X-A")), Some(&"1, 2".into()));
}

#[tokio::test]
async fn c052_bodies_are_parsed_only_with_the_exact_type() {
    let json = |kind: &str| say("200 OK", &format!("Content-Type: {kind}\r\n"), r#"{"a": NaN}"#);
    let server = Server::new([json("application/json"), json("application/json; charset=utf-8")]).await;
    let parsed = done(asked(&provider(&server, "/", "")).await);
    assert!(matches!(parsed.get("body").and_then(|body| body.get("a")), Some(Value::Float(_))));
    let text = done(asked(&provider(&server, "/", "")).await);
    assert_eq!(text.get("body"), Some(&r#"{"a": NaN}"#.into()));
    let empty = Server::new([say("200 OK", "Content-Type: application/json\r\n", "")]).await;
    assert!(broke(&asked(&provider(&empty, "/", "")).await));
}

#[tokio::test]
async fn c053_a_refused_connection_fails_the_activity() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    drop(listener);
    let message = failed(asked(&format!(r#"{{"type": "http", "url": "{url}"}}"#)).await);
    assert!(message.starts_with(&format!("failed to connect to {url}: ")), "{message}");
    assert!(message.contains("refused"), "{message}");
    let unknown = failed(asked(r#"{"type": "http", "url": "http://nobody.invalid/"}"#).await);
    assert!(unknown.starts_with("failed to connect to http://nobody.invalid/: "), "{unknown}");
}

#[tokio::test]
async fn c054_a_slow_answer_takes_too_long() {
    let server = Server::new([Answer::Silence]).await;
    let message = failed(asked(&provider(&server, "/", r#", "timeout": [1, 0.2]"#)).await);
    assert_eq!(message, "activity took too long to complete");
    let stalling = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec();
    let server = Server::new([Answer::Stall(stalling)]).await;
    let message = failed(asked(&provider(&server, "/", r#", "timeout": 0.2"#)).await);
    assert!(message.starts_with("failed to connect to "), "{message}");
}

#[tokio::test]
async fn c055_what_cannot_be_asked_is_unexpected() {
    let server = Server::new([ok("")]).await;
    let providers = [
        r#"{"type": "http", "url": "no-scheme"}"#.to_owned(),
        r#"{"type": "http", "url": "ftp://x/"}"#.to_owned(),
        r#"{"type": "http", "url": "http:///nohost"}"#.to_owned(),
        r#"{"type": "http", "url": "http://x:notaport/"}"#.to_owned(),
        r#"{"type": "http", "url": "http://.x/"}"#.to_owned(),
        provider(&server, "/", r#", "headers": {"X": 5}"#),
        provider(&server, "/", r#", "headers": {"X": " lead"}"#),
        provider(&server, "/", r#", "headers": {"X": "a\nb"}"#),
        provider(&server, "/", r#", "timeout": "1""#),
        provider(&server, "/", r#", "timeout": 0"#),
        provider(&server, "/", r#", "timeout": [1]"#),
        provider(&server, "/", r#", "method": "POST", "arguments": 5"#),
        r#"{"type": "http", "url": "https://127.0.0.1:1/", "verify_tls": "/no/such/bundle"}"#.to_owned(),
    ];
    for provider in &providers {
        assert!(broke(&asked(provider).await), "{provider}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_bundle_that_is_no_bundle_fails_the_activity() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let provider = format!(
        r#"{{"type": "http", "url": "https://127.0.0.1:1/", "verify_tls": "{}"}}"#,
        file.path().display()
    );
    let message = failed(asked(&provider).await);
    assert!(message.contains("it holds no certificate in PEM form"), "{message}");
}

#[tokio::test]
async fn malformed_headers_do_not_hide_the_answer() {
    let malformed = "X-Folded: 1\r\n 2\r\nno colon\r\nX-Space : 3\r\n";
    let server = Server::new([say("200 OK", malformed, "there")]).await;
    let output = done(asked(&provider(&server, "/", "")).await);
    assert_eq!(output.get("body"), Some(&"there".into()));
}

#[tokio::test]
async fn redirects_are_followed_with_their_cookies() {
    let server = Server::new([
        say("302 Found", "Location: /two\r\nSet-Cookie: k=v; Path=/\r\n", ""),
        redirect("307 Temporary", "three?x=1"),
        ok("there"),
    ])
    .await;
    let output = done(asked(&provider(&server, "/one", r#", "method": "POST", "arguments": "b""#)).await);
    assert_eq!(output.get("body"), Some(&"there".into()));
    assert_eq!(server.lines(), ["POST /one HTTP/1.1", "GET /two HTTP/1.1", "GET /three?x=1 HTTP/1.1"]);
    assert_eq!(header(&server.requests()[1], "cookie"), Some("k=v"));
}

#[tokio::test]
async fn a_redirect_loop_ends() {
    let server = Server::new([redirect("302 Found", "/again")]).await;
    let outcome = asked(&provider(&server, "/", "")).await;
    assert!(broke(&outcome), "{outcome:?}");
    assert_eq!(server.requests().len(), 31);
}

#[tokio::test]
async fn retries_follow_the_kind_of_error_and_the_method() {
    let server = Server::new([Answer::HangUp, Answer::HangUp, ok("third")]).await;
    let output = done(asked(&provider(&server, "/", r#", "max_retries": 2"#)).await);
    assert_eq!(output.get("body"), Some(&"third".into()));
    let server = Server::new([Answer::HangUp]).await;
    let more = r#", "max_retries": 2, "method": "POST", "arguments": "x""#;
    assert!(failed(asked(&provider(&server, "/", more)).await).starts_with("failed to connect to "));
    assert_eq!(server.requests().len(), 1, "a POST that broke off is not sent again");
    let server = Server::new([Answer::Silence]).await;
    let message = failed(asked(&provider(&server, "/", r#", "max_retries": 1, "timeout": 0.1"#)).await);
    assert!(message.starts_with("failed to connect to "), "{message}");
    assert_eq!(server.requests().len(), 2);
    let busy = || say("503 Busy", "Retry-After: 0\r\n", "later");
    let server = Server::new([busy(), ok("now")]).await;
    assert_eq!(
        done(asked(&provider(&server, "/", r#", "max_retries": 1"#)).await).get("status"),
        Some(&200.into())
    );
    let server = Server::new([busy()]).await;
    assert_eq!(
        done(asked(&provider(&server, "/", r#", "max_retries": 1"#)).await).get("status"),
        Some(&503.into())
    );
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn c056_what_the_reference_ignores_is_ignored() {
    let server = Server::new([say("404 No", "", "")]).await;
    let more = r#", "expected_status": 200, "secrets": 5"#;
    assert_eq!(done(asked(&provider(&server, "/", more)).await).get("status"), Some(&404.into()));
}

#[tokio::test]
async fn a_body_without_end_is_cut() {
    let endless = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n".to_vec();
    let body = vec![b'x'; super::answer::LIMIT + (1 << 20)];
    let server = Server::new([Answer::Say([endless, body].concat())]).await;
    let message = failed(asked(&provider(&server, "/", "")).await);
    assert!(message.contains("larger than 16 MiB"), "{message}");
}

#[tokio::test]
async fn a_truncated_answer_is_unexpected() {
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec();
    let server = Server::new([Answer::Say(short)]).await;
    assert!(broke(&asked(&provider(&server, "/", "")).await));
}

#[tokio::test]
async fn a_cancelled_call_ends() {
    let server = Server::new([Answer::Silence]).await;
    let cancel = CancellationToken::new();
    let provider = provider(&server, "/", "");
    let waiting = asked_with(&provider, "{}", cancel.clone());
    let pulling = async {
        while server.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(waiting, pulling);
    assert_eq!(outcome, Outcome::Cancelled);
}

//! Tests with files, and with a server that gives predefined answers.

use super::{Access, LoadError, Settings, SettingsError, load};
use crate::experiment::{Environment, Runtime};
use pyvalue::{Document, Value, parse_json};
use std::{fs, path::Path};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

async fn load_with(
    source: &str,
    environment: &Environment,
    settings: &Settings,
) -> Result<Document, LoadError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    load(source, Access { verify_tls: true, environment, settings }).await
}

async fn load_plain(source: &str) -> Result<Document, LoadError> {
    load_with(source, &Environment::default(), &Settings::default()).await
}

fn in_file(name: &str, bytes: &[u8]) -> Result<Document, LoadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(load_plain(path.to_str().unwrap()))
}

#[test]
fn c001_the_extension_decides() {
    for (name, text) in [("a.json", r#"{"title": "t"}"#), ("a.yml", "title: t"), ("a.yaml", "title: t")] {
        assert_eq!(in_file(name, text.as_bytes()).unwrap().root(), &parse_json(r#"{"title": "t"}"#).unwrap());
    }
    assert_eq!(in_file("a.yaml", b"").unwrap().root(), &Value::Null);
}

#[test]
fn c002_other_extensions_are_refused() {
    for name in ["a.txt", "a.JSON", "a.YAML", "a", ".json"] {
        assert!(matches!(in_file(name, b"{}"), Err(LoadError::Format(_))), "{name}");
    }
}

#[test]
fn broken_files_say_where() {
    let error = in_file("a.json", b"{\n  \"a\" 1}").unwrap_err();
    let text = error.to_string();
    assert!(text.contains("a.json:2:7: Expecting ':' delimiter"), "{text}");
    assert!(matches!(&error, LoadError::Syntax { line, .. } if line == "  \"a\" 1}"), "{error:?}");
    let error = in_file("a.yaml", b"a: [1").unwrap_err().to_string();
    assert!(error.starts_with("Failed parsing YAML experiment:"), "{error}");
    assert!(matches!(in_file("a.json", b"{\"a\": \"\xff\"}"), Err(LoadError::Unreadable { .. })));
    assert!(matches!(in_file("a.json", b"\xef\xbb\xbf{}"), Err(LoadError::Syntax { .. })));
}

#[tokio::test]
async fn c003_c004_sources_that_are_nothing() {
    let table = [
        ("no/such.json", "Path \"no/such.json\" does not exist."),
        ("ftp://x/a.json", "'ftp' is not a supported source scheme."),
    ];
    for (source, message) in table {
        assert_eq!(load_plain(source).await.unwrap_err().to_string(), message);
    }
    assert!(matches!(load_plain("/").await, Err(LoadError::Unreadable { .. } | LoadError::Format(_))));
    for scheme in ["file:///etc/passwd", "foo:bar"] {
        assert!(matches!(load_plain(scheme).await, Err(LoadError::Scheme(_))), "{scheme}");
    }
}

/// Starts a server that gives one answer; the handle returns the request.
async fn server(answer: String) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let location = listener.local_addr().unwrap().to_string();
    let asked = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 8192];
        let length = socket.read(&mut request).await.unwrap();
        socket.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    (location, asked)
}

fn answer(status: &str, content_type: &str, body: &str) -> String {
    let kind =
        if content_type.is_empty() { String::new() } else { format!("Content-Type: {content_type}\r\n") };
    format!("HTTP/1.1 {status}\r\n{kind}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

async fn fetch(status: &str, content_type: &str, body: &str) -> Result<Document, LoadError> {
    let (location, _asked) = server(answer(status, content_type, body)).await;
    load_plain(&format!("http://{location}/x")).await
}

#[tokio::test]
async fn c006_the_content_type_decides() {
    let json = r#"{"title": "t"}"#;
    for (kind, body) in [
        ("application/json", json),
        ("application/json; charset=utf-8", json),
        ("application/x-yaml", "title: t"),
        ("text/yaml; charset=utf-8", "title: t"),
        ("text/plain", json),
        ("text/plain", "title: t"),
    ] {
        let document = fetch("200 OK", kind, body).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(document.root().get("title"), Some(&"t".into()), "{kind}");
    }
    let damaged = fetch("200 OK", "text/yaml", "title: é").await.unwrap();
    assert_eq!(damaged.root().get("title"), Some(&"Ã©".into()), "text without charset is ISO-8859-1");
}

#[tokio::test]
async fn c007_other_content_types_are_refused() {
    for kind in ["application/yaml", "text/x-yaml", "text/html", "Application/JSON", ""] {
        assert!(matches!(fetch("200 OK", kind, "{}").await, Err(LoadError::Format(_))), "{kind}");
    }
    assert!(matches!(fetch("200 OK", "application/json", "{").await, Err(LoadError::Syntax { .. })));
}

#[tokio::test]
async fn c005_other_statuses_are_refused_with_the_body() {
    for status in ["404 Not Found", "201 Created"] {
        let error = fetch(status, "text/plain", "gone fishing").await.unwrap_err();
        assert_eq!(error, LoadError::Fetch("gone fishing".to_owned()), "{status}");
    }
}

#[tokio::test]
async fn c008_c009_authorization() {
    let settings = |location: &str| {
        let auths = format!(r#"{{"auths": {{"{location}": {{"type": "basic", "value": "abc"}}}}}}"#);
        Settings::from(parse_json(&auths).unwrap().as_map().cloned().unwrap_or_default())
    };
    let ok = || answer("200 OK", "application/json", "{}");
    let (location, asked) = server(ok()).await;
    load_with(&format!("http://{location}/x"), &Environment::default(), &settings(&location)).await.unwrap();
    let request = asked.await.unwrap().to_lowercase();
    assert!(request.contains("authorization: basic abc\r\n"), "{request}");
    assert!(request.contains("accept: application/json, application/x-yaml\r\n"), "{request}");

    let (location, asked) = server(ok()).await;
    let token = Environment::of([("CHAOSTOOLKIT_LOADER_AUTH_BEARER_TOKEN", " tok \n")]);
    load_with(&format!("http://{location}/x"), &token, &settings(&location)).await.unwrap();
    let request = asked.await.unwrap();
    assert!(request.contains("bearer tok\r\n") && !request.contains("abc"), "{request}");

    let (location, asked) = server(ok()).await;
    load_with(&format!("http://{location}/x"), &Environment::default(), &settings("127.0.0.1"))
        .await
        .unwrap();
    assert!(!asked.await.unwrap().to_lowercase().contains("authorization"), "the port belongs to the key");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let error = load_plain("http://127.0.0.1:1/x.json").await.unwrap_err();
    assert!(matches!(&error, LoadError::Connect { url, .. } if url.contains("127.0.0.1:1")), "{error}");
}

#[test]
fn settings_are_optional_and_must_be_a_mapping() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.yaml");
    assert_eq!(Settings::read(&path), Ok(Settings::default()));
    let write = |text: &str| fs::write(&path, text).unwrap();
    write("runtime:\n  rollbacks: {strategy: always}\n");
    let settings = Settings::read(&path).unwrap();
    assert_eq!(
        crate::experiment::Runtime::of_settings(settings.as_map()).unwrap().unwrap().rollbacks,
        "always"
    );
    write("a: [");
    assert!(matches!(Settings::read(&path), Err(SettingsError::Syntax(_))));
    write("[1]");
    assert!(matches!(Settings::read(&path), Err(SettingsError::NoMapping(_))));
    let home = Environment::of([("HOME", "/home/x")]);
    assert_eq!(Settings::default_path(&home), Path::new("/home/x/.chaostoolkit/settings.yaml"));
}

#[test]
fn extensions_find_in_the_settings_what_the_run_made_of_them() {
    let settings = |text: &str| Settings::from(parse_json(text).unwrap().as_map().cloned().unwrap());
    let runtime = Runtime { hypothesis: "continuously".to_owned(), rollbacks: "always".to_owned() };
    let strategies = r#""rollbacks": {"strategy": "always"}, "hypothesis": {"strategy": "continuously"}"#;
    let cases = [
        ("{}", format!(r#"{{"runtime": {{{strategies}}}}}"#)),
        (r#"{"a": 1}"#, format!(r#"{{"a": 1, "runtime": {{{strategies}}}}}"#)),
        (
            r#"{"runtime": {"rollbacks": {"strategy": "never", "more": 1}}, "controls": {"c": {}}}"#,
            format!(
                r#"{{"runtime": {{{}}}, "controls": {{"c": {{"name": "c"}}}}}}"#,
                strategies.replace("always\"", "always\", \"more\": 1")
            ),
        ),
    ];
    for (text, expected) in cases {
        let noted = settings(text).with_runtime(&runtime);
        assert_eq!(noted, *settings(&expected).as_map(), "{text}");
    }
}

//! Activities against a real server and as real processes.

use crate::program::{Case, hypothesis, method, process};
use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

/// Starts a server that answers every request with this status, type and body. Returns its URL.
fn server(status: &'static str, kind: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    url
}

fn http(name: &str, url: &str, more: &str) -> String {
    format!(
        r#"{{"type": "probe", "name": "{name}"{more}, "provider": {{"type": "http", "url": "{url}", "timeout": 30}}}}"#
    )
}

#[test]
fn c051_a_500_succeeds_with_one_warning() {
    let ended = Case::new(&method(&[http("a", &server("500 Oops", "text/plain", "no"), "")])).run();
    assert_eq!(ended.outcome(), ("completed".to_owned(), false, 0));
    assert_eq!(ended.at("/run/0/status"), "succeeded");
    assert_eq!(ended.at("/run/0/output/status"), 500);
    assert_eq!(ended.messages().iter().filter(|(level, _)| level == "WARNING").count(), 1);
}

#[test]
fn c052_json_is_parsed_and_text_is_not() {
    let url = server("200 OK", "application/json", r#"{"a": [1]}"#);
    let ended = Case::new(&method(&[http("a", &url, "")])).run();
    assert_eq!(ended.at("/run/0/output/body/a/0"), 1);
    assert_eq!(ended.at("/run/0/output/headers/Content-Type"), "application/json");
}

#[test]
fn c053_a_refused_connection_fails_the_activity_and_not_the_run() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let ended = Case::new(&method(&[http("a", &url, "")])).run();
    assert_eq!(ended.outcome(), ("completed".to_owned(), false, 0));
    assert_eq!(ended.at("/run/0/status"), "failed");
    let exception = ended.at("/run/0/exception");
    let last = exception.as_array().unwrap().last().unwrap().as_str().unwrap().to_owned();
    let expected = format!("chaoslib.exceptions.ActivityFailed: failed to connect to {url}: ");
    assert!(last.starts_with(&expected) && last.ends_with('\n'), "{last}");
}

#[test]
fn c064_a_status_is_a_tolerance() {
    let url = server("200 OK", "text/plain; charset=utf-8", "café");
    let probe = |tolerance: &str| http("p", "${base}/x", &format!(r#", "tolerance": {tolerance}"#));
    for (tolerance, met) in [("200", true), ("[201, 299]", false), ("[404, 200]", true)] {
        let parts = [
            format!(r#""configuration": {{"base": "{url}"}}"#),
            hypothesis(&[probe(tolerance)]),
            method(&[]),
        ];
        let ended = Case::new(&parts.join(",")).run();
        assert_eq!(ended.at("/steady_states/before/steady_state_met"), met, "{tolerance}");
        assert_eq!(ended.at("/steady_states/before/probes/0/output/body"), "café");
    }
}

#[test]
fn c055_a_url_without_scheme_aborts() {
    let ended = Case::new(&method(&[http("a", "localhost", "")])).run();
    assert_eq!(ended.outcome(), ("aborted".to_owned(), false, 1));
    assert!(ended.says("invalid URL 'localhost'"));
}

#[test]
fn c057_c058_c059_c060_processes() {
    let slow = r#"{"type": "probe", "name": "slow",
        "provider": {"type": "process", "path": "sleep", "arguments": ["60"], "timeout": 0.1}}"#;
    let ended = Case::new(&method(&[
        process("probe", "exit", "sh", r#"["-c", "exit 3"]"#, ""),
        process("probe", "words", "echo", r#"[null, "", true]"#, ""),
        process("probe", "shell", "echo", r#""a; echo b""#, ""),
        slow.to_owned(),
    ]))
    .run();
    assert_eq!(ended.at("/run/0/output/status"), 3);
    assert_eq!(ended.at("/run/1/output/stdout"), "True\n");
    assert_eq!(ended.at("/run/2/output/stdout"), "a\nb\n");
    assert_eq!(
        ended.at("/run/3/exception").as_array().unwrap().last().unwrap(),
        "chaoslib.exceptions.ActivityFailed: process activity took too long to complete\n"
    );
    assert_eq!(ended.messages().iter().filter(|(level, _)| level == "WARNING").count(), 1);
}

#[test]
fn c034_c040_c046_variables_reach_processes() {
    let parts = [
        r#""configuration": {"n": 5, "dyn": {"type": "probe", "name": "d",
            "provider": {"type": "process", "path": "echo", "arguments": " v "}},
            "gone": {"type": "probe", "name": "g", "provider": {"type": "process", "path": "false"}}}"#
            .to_owned(),
        method(&[process("action", "a", "echo", r#"["x${n}", "${dyn}", "${gone}", "${my-key}"]"#, "")]),
    ];
    let ended = Case::new(&parts.join(",")).run();
    assert_eq!(ended.at("/run/0/output/stdout"), "x5 v ${gone} ${my-key}\n");
    assert_eq!(ended.at("/run/0/activity/provider/arguments/0"), "x${n}");
    assert!(ended.says("Some of the dynamic configuration failed to be loaded.Please review the log file"));
}

#[test]
fn c045_an_env_file_reaches_the_children() {
    let parts = [
        r#""configuration": {"v": {"type": "env", "key": "FROM_FILE"}}"#.to_owned(),
        method(&[process("action", "a", "sh", r#"["-c", "echo $FROM_FILE ${v}"]"#, "")]),
    ];
    let case = Case::new(&parts.join(",")).file("x.env", "FROM_FILE=yes\n").with(&["--var-file", "x.env"]);
    assert_eq!(case.run().at("/run/0/output/stdout"), "yes yes\n");
}

#[test]
fn what_a_function_changes_inside_the_configuration_persists() {
    let ext = "def f(configuration):\n    configuration['m']['x'] = 2\n    configuration['top'] = 'lost'\n    return 1\n";
    let call =
        r#"{"type": "action", "name": "py", "provider": {"type": "python", "module": "ext", "func": "f"}}"#;
    let parts = [
        r#""configuration": {"m": {"x": 1}, "top": "kept"}"#.to_owned(),
        method(&[call.to_owned(), process("action", "a", "echo", r#"["${m} ${top}"]"#, "")]),
    ];
    let ended = Case::new(&parts.join(",")).file("ext.py", ext).with_python(".").run();
    assert_eq!(ended.at("/run/1/output/stdout"), "{'x': 2} kept\n", "{:#?}", ended.lines);
}

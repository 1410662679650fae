//! Starting a sandbox, running several at the same time, and stopping one.

use crate::{
    http::{Outcome, get},
    stage::{Stage, runs, signal},
    until::until,
};
use std::{net::TcpListener, os::unix::fs::PermissionsExt, path::Path, process::Command, time::Duration};

const PATIENCE: Duration = Duration::from_secs(20);

fn answers(stage: &Stage) {
    match get(stage.announced("consumer_url"), "/invoke", PATIENCE) {
        Outcome::Answered(200, body) => {
            let id: String = serde_json::from_str(&body).unwrap();
            assert!(uuid::Uuid::parse_str(&id).is_ok(), "{body}");
        }
        other => panic!("the consumer hands on the provider's UUID: {other:?}"),
    }
}

#[test]
fn it_announces_what_works() {
    let stage = Stage::set(&["--variant", "after"]);
    assert_eq!((stage.announced("context"), stage.announced("namespace")), ("sandbox", "default"));
    answers(&stage);
    let provider = get(stage.announced("provider_url"), "/invoke", PATIENCE);
    assert!(matches!(provider, Outcome::Answered(200, _)), "{provider:?}");
    let kubeconfig = Path::new(stage.announced("kubeconfig"));
    assert_eq!(kubeconfig.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let metrics = get(stage.announced("consumer_url"), "/metrics", PATIENCE);
    let Outcome::Answered(200, metrics) = metrics else { panic!("{metrics:?}") };
    assert!(metrics.contains(r#"circuit_breaker_state{name="provider",state="closed"} 1"#), "{metrics}");
}

#[test]
fn nothing_outlives_a_sandbox_that_was_killed() {
    let mut stage = Stage::set(&[]);
    let pods = stage.children();
    assert_eq!(pods.len(), 2, "a provider and a consumer");
    signal(stage.id(), libc::SIGKILL);
    stage.ended();
    until("every pod's process is gone", || !pods.iter().any(|pod| runs(*pod)));
}

#[test]
fn it_ends_in_order_however_it_is_asked() {
    for how in [Some(libc::SIGTERM), Some(libc::SIGINT), Some(libc::SIGHUP), None] {
        let mut stage = Stage::set(&[]);
        let pods = stage.children();
        let kubeconfig = stage.announced("kubeconfig").to_owned();
        match how {
            Some(number) => signal(stage.id(), number),
            None => stage.stdin = None,
        }
        assert!(stage.ended().success(), "asked by {how:?}");
        assert!(!pods.iter().any(|pod| runs(*pod)), "asked by {how:?}");
        assert!(!Path::new(&kubeconfig).parent().unwrap().exists(), "its folder is gone");
    }
}

#[test]
fn two_live_side_by_side() {
    let (one, other) = (Stage::set(&[]), Stage::set(&[]));
    assert_ne!(one.announced("consumer_url"), other.announced("consumer_url"));
    answers(&one);
    answers(&other);
}

#[test]
fn a_listener_on_every_address_does_not_break_the_first_start() {
    // If another test or process already holds the port, that process is the listener of this test.
    let taken = TcpListener::bind("0.0.0.0:8080");
    let stage = Stage::set(&[]);
    answers(&stage);
    drop(taken);
}

#[test]
fn a_port_in_use_is_named_and_leaves_nothing_running() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output =
        Command::new(env!("CARGO_BIN_EXE_chaos-tui")).args(["sandbox", "--port", &port]).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{words}");
    assert!(words.contains("choose another port"), "{words}");
}

/// Process 1 of a container ignores every signal that it does not handle.
#[test]
fn an_image_handles_the_signal_that_ends_it_also_while_it_starts() {
    for (image, delay) in [("provider", "0"), ("consumer-before", "60"), ("consumer-after", "60")] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chaos-tui"))
            .args(["image", image])
            .envs([("PORT", "0"), ("POD_IP", "127.0.0.1"), ("START_DELAY", delay)])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let status = format!("/proc/{}/status", child.id());
        until("it handles SIGTERM", || {
            let status = std::fs::read_to_string(&status).unwrap();
            let caught =
                status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim().to_owned();
            u64::from_str_radix(&caught, 16).unwrap() & (1 << (libc::SIGTERM - 1)) != 0
        });
        signal(child.id(), libc::SIGTERM);
        assert_eq!(child.wait().unwrap().code(), Some(143), "{image}");
    }
}

//! Users who are reached by a port-forward of our own, with the real binary on a screen.

use crate::{
    stage::{Stage, has_kubectl, signal},
    terminal::Terminal,
    until::until,
};
use chaos_tui::session::{
    Session,
    event::{AnswerKind, ErrorKind, EventKind, GapCause},
    recording,
};
use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
};

fn experiment() -> String {
    format!("{}/experiments/kill-pod.json", env!("CARGO_MANIFEST_DIR"))
}

/// A session that asks the consumer's Service, which has no address outside the cluster.
fn session(stage: &Stage, folder: &Path) -> Terminal {
    let inside = r#"{"spec": {"type": "ClusterIP"}}"#;
    stage.kubectl(&["patch", "service", "my-consumer-service", "-p", inside]);
    let arguments =
        ["--watch", "service/my-consumer-service:http/invoke", "--record", "session.ctui", &experiment()];
    let variables = [("KUBECONFIG", stage.announced("kubeconfig"))];
    Terminal::start_with(&variables, (120, 36), folder, &arguments)
}

#[test]
fn a_service_inside_the_cluster_is_asked_and_its_pods_are_told_from_the_way_to_them() {
    if !has_kubectl() {
        return;
    }
    let (stage, folder) = (Stage::set(&["--variant", "before"]), tempfile::tempdir().unwrap());
    let mut terminal = session(&stage, folder.path());
    // The experiment's own address is not reached either: it may take the same way.
    terminal.wait_for("(port-forward to");
    terminal.press("o");
    terminal.wait_for(" via port-forward ");
    terminal.wait_for("of 20 real in 5 s");
    stage.kubectl(&["delete", "pod", "-l", "name=my-consumer-app", "--grace-period=0", "--force"]);
    terminal.wait_for("got an error: no ready pod");
    terminal.wait_for("20 of 20 real in 5 s");

    // The API server stands still, but the service does not.
    signal(stage.id(), libc::SIGSTOP);
    terminal.wait_for("Users are not observed: port-forward broken");
    signal(stage.id(), libc::SIGCONT);
    terminal.wait_gone("Users are not observed");
    terminal.wait_for("20 of 20 real in 5 s");
    terminal.close("q");
    terminal.ended();

    let mut session = Session::new();
    let (_, events) = recording::open(&folder.path().join("session.ctui")).unwrap();
    let mut errors = Vec::new();
    for event in events {
        let event = event.unwrap();
        session.apply(&event);
        if let EventKind::Answered(answer) = &event.what
            && let AnswerKind::Error(kind) = answer.kind
        {
            errors.push((event.at, kind));
        }
    }
    let gap = session.gaps.iter().find(|gap| gap.cause == GapCause::PortForward).copied().unwrap();
    assert!(gap.seconds() > 0.5, "{gap:?}");
    let (before, after): (Vec<_>, Vec<_>) = errors.into_iter().partition(|(at, _)| *at < gap.from);
    assert!(before.iter().any(|(_, kind)| *kind == ErrorKind::NoReadyPod), "{before:?}");
    assert!(after.is_empty(), "the service answered all the time: {after:?}");
}

#[test]
fn the_experiments_own_requests_take_the_port_forward_when_it_is_chosen() {
    if !has_kubectl() {
        return;
    }
    let (stage, folder) = (Stage::set(&["--variant", "before"]), tempfile::tempdir().unwrap());
    let mut terminal = session(&stage, folder.path());
    terminal.wait_for("(port-forward to");
    terminal.press("f");
    terminal.wait_for("5 other checks passed");
    let mut address = None;
    until("the fix is recorded", || {
        let recorded = std::fs::read_to_string(folder.path().join("session.ctui")).unwrap_or_default();
        let fixed = recorded.split_once(r#""fixed":"#).map(|(_, fixed)| fixed.to_owned());
        let to = fixed
            .and_then(|fixed| Some(fixed.split_once(r#""to":"http://"#)?.1.split_once('"')?.0.to_owned()));
        address = to;
        address.is_some()
    });
    let mut stream = TcpStream::connect(address.unwrap()).unwrap();
    stream.write_all(b"GET /invoke HTTP/1.1\r\nhost: consumer\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    terminal.close("q");
    terminal.ended();
}

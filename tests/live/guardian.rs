//! The dead-man switch: whatever becomes of the session, its guardian undoes the fault.

use super::{desk, fire, operators::Sandbox, start, terminal::Terminal, there, until, until::until_seen};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The folder of the only session of this home.
fn session(home: &Path) -> PathBuf {
    let sessions = fs::read_dir(home.join(".local/state/chaos-tui/sessions")).unwrap().flatten();
    let mut folders: Vec<PathBuf> = sessions.map(|entry| entry.path()).collect();
    assert_eq!(folders.len(), 1, "{folders:?}");
    folders.remove(0)
}

/// What the guardian says that it did.
fn log(home: &Path) -> String {
    fs::read_to_string(session(home).join("guardian.log")).unwrap_or_default()
}

/// The ids of the guardians of sessions in this folder.
fn guardians(folder: &Path) -> Vec<i32> {
    let folder = folder.canonicalize().unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let ours = processes.filter(|process| {
        fs::read(process.join("cmdline")).is_ok_and(|line| line.ends_with(b"\0guardian-of-a-session\0"))
            && fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == folder)
    });
    ours.filter_map(|process| process.file_name()?.to_str()?.parse().ok()).collect()
}

/// Starts a session with a guardian, and fires.
fn fired(folder: &Path, more: &[&str]) -> Terminal {
    let mut terminal = start(folder, &[&["--dead-man", "3"], more].concat());
    assert_eq!(guardians(folder), [] as [i32; 0], "there is none before the fire");
    fire(&mut terminal);
    terminal.wait_until("a guardian", |_| guardians(folder).len() == 1);
    assert!(!there(folder));
    terminal
}

fn undone(folder: &Path) {
    until("the rollback", || there(folder));
    until("the end of the guardian", || log(folder).contains(" end undone"));
    let log = log(folder);
    assert!(log.contains(" did rollback put-it-back was played"), "{log}");
    assert!(session(folder).join("taken").exists());
    until("its process to end", || guardians(folder).is_empty());
}

#[test]
fn a_session_that_is_killed() {
    let folder = desk();
    let terminal = fired(folder.path(), &[]);
    terminal.signal(libc::SIGKILL);
    undone(folder.path());
    assert!(log(folder.path()).contains("took the session was killed, or it crashed"));
}

#[test]
fn a_session_that_is_stopped_and_comes_back_too_late() {
    let folder = desk();
    let mut terminal = fired(folder.path(), &[]);
    terminal.signal(libc::SIGSTOP);
    undone(folder.path());
    assert!(log(folder.path()).contains("took the session did not renew its lease"));
    // Whoever fires again in this session is refused, and nothing is rolled back a second time.
    fs::remove_file(folder.path().join("here")).unwrap();
    terminal.signal(libc::SIGCONT);
    terminal.wait_for("GUARDIAN");
    terminal.wait_for("rollback put-it-back was played");
    terminal.wait_for("5/5");
    assert!(!there(folder.path()), "the session has rolled back as well");
    terminal.press("q");
    terminal.press("w");
    assert_ne!(terminal.ended(), 0);
    let left = terminal.contents();
    assert!(left.contains("guardian  took over: the session did not renew its lease"), "{left}");
}

#[test]
fn a_step_that_runs_when_the_lease_is_taken_is_cut_short() {
    let folder = desk();
    let experiment = folder.path().join("experiment.json");
    let long = r#""path": "sh", "arguments": ["-c", "echo $$ > step; exec sleep 600"]}}
    ],
    "rollbacks""#;
    let text = fs::read_to_string(&experiment).unwrap();
    let looks_again = text.find(r#""pauses": {"before": 60}"#).unwrap();
    let rest = text.find(r#""rollbacks""#).unwrap() + r#""rollbacks""#.len();
    let text = format!(r#"{}"provider": {{"type": "process", {long}{}"#, &text[..looks_again], &text[rest..]);
    fs::write(&experiment, text).unwrap();

    let mut terminal = fired(folder.path(), &[]);
    terminal.press(" ");
    let started = folder.path().join("step");
    until("the step", || fs::read_to_string(&started).is_ok_and(|text| text.ends_with('\n')));
    let step = format!("/proc/{}", fs::read_to_string(&started).unwrap().trim());
    terminal.signal(libc::SIGSTOP);
    undone(folder.path());
    assert!(Path::new(&step).exists());
    terminal.signal(libc::SIGCONT);
    terminal.wait_for("GUARDIAN");
    until("the end of the step", || !Path::new(&step).exists());
    terminal.wait_for("5/5");
    terminal.press("q");
    assert_ne!(terminal.ended(), 0);
}

#[test]
fn a_session_whose_terminal_hangs_is_not_dead() {
    let folder = desk();
    let mut terminal = fired(folder.path(), &[]);
    terminal.hang(true);
    // Twice as long as the lease.
    let hung = Instant::now();
    while hung.elapsed() < Duration::from_secs(6) {
        assert!(!session(folder.path()).join("taken").exists() && !there(folder.path()));
        std::thread::sleep(Duration::from_millis(100));
    }
    terminal.signal(libc::SIGTERM);
    until("its own rollback", || there(folder.path()));
    until("the guardian to leave", || guardians(folder.path()).is_empty());
    assert!(!session(folder.path()).join("taken").exists());
    terminal.hang(false);
    assert_eq!(terminal.ended(), 1);
}

#[test]
fn a_session_that_hangs() {
    let folder = desk();
    let mut terminal = start(folder.path(), &["--dead-man", "3", "--panic-for-test", "deadlock"]);
    terminal.press(" ");
    terminal.wait_for("returns");
    terminal.press("F");
    terminal.wait_for("FIRE?");
    // From here on the screen may hang as well.
    terminal.press("take-it-away\r");
    undone(folder.path());
    terminal.signal(libc::SIGKILL);
}

#[test]
fn a_headless_run_that_is_killed() {
    let folder = desk();
    let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_chaos-tui"))
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .env_remove("XDG_STATE_HOME")
        .args(["run", "experiment.json", "--dead-man", "3"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    until("the fire", || !there(folder.path()));
    run.kill().unwrap();
    run.wait().unwrap();
    undone(folder.path());
}

#[test]
fn a_headless_run_has_no_guardian_by_itself() {
    let folder = desk();
    let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_chaos-tui"))
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .env_remove("XDG_STATE_HOME")
        .args(["run", "experiment.json"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    until("the fire", || !there(folder.path()));
    assert_eq!(guardians(folder.path()), [] as [i32; 0]);
    run.kill().unwrap();
    run.wait().unwrap();
}

#[test]
fn a_session_that_ends_in_order_is_left_alone() {
    let folder = desk();
    let mut terminal = fired(folder.path(), &[]);
    // The whole group of the terminal is told to stop, as by a shell.
    terminal.signal_group(libc::SIGINT);
    terminal.ended();
    assert!(there(folder.path()), "its own rollbacks were played");
    until("the guardian to leave", || guardians(folder.path()).is_empty());
    assert!(!session(folder.path()).join("taken").exists() && log(folder.path()).is_empty());
}

#[test]
fn a_session_of_a_cluster_that_is_killed() {
    let (sandbox, folder) = (Sandbox::start(), tempfile::tempdir().unwrap());
    super::safety::scaled_to_zero(folder.path(), "");
    let mut terminal = sandbox.session("ana", folder.path());
    terminal.press(" ");
    terminal.wait_for("SCALE Deployment");
    terminal.press("F");
    terminal.wait_for("FAULT ON");
    terminal.wait_until("the guardian that such a fault has", |_| guardians(folder.path()).len() == 1);
    until_seen("no provider", "0", || sandbox.replicas("my-provider-app"));
    terminal.signal(libc::SIGKILL);
    until_seen("the provider", "1", || sandbox.replicas("my-provider-app"));
    until("the end of the guardian", || log(folder.path()).contains(" end undone"));
}

#[test]
fn who_suspends_the_session_is_told_what_stays_on() {
    for (options, then) in [
        (&[][..], "undone in 30 s unless you come back (fg)"),
        (&["--dead-man", "off"], "it stays on until you come back (fg)"),
    ] {
        let folder = desk();
        let mut terminal = start(folder.path(), options);
        fire(&mut terminal);
        terminal.press("\x1a");
        terminal.stopped();
        terminal.wait_for("chaos-tui: still on: take-it-away");
        terminal.wait_until(then, |screen| screen.contents().replace('\n', " ").contains(then));
        terminal.signal(libc::SIGCONT);
        terminal.wait_for("✓ take-it-away");
        terminal.press("e");
        terminal.wait_for("✓ put-it-back");
    }
}

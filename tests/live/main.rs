//! Tests of the live session in a pseudo-terminal, driven by key presses.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod config;
mod endings;
mod guardian;
mod logs;
mod looking;
mod manners;
mod opening;
mod operators;
mod real_cluster;
mod recover;
mod replay;
mod safety;
mod secrets;
mod starting;
mod stepping;
mod terminal;
mod two_clusters;
mod until;

use std::path::Path;
use terminal::Terminal;
use until::until;

/// An experiment that runs only local processes, so that it needs no cluster.
const PROCESSES: &str = r#"{
    "title": "A file is taken away",
    "description": "and put back",
    "steady-state-hypothesis": {"title": "It is there", "probes": [
        {"type": "probe", "name": "file-is-there", "tolerance": 0,
         "provider": {"type": "process", "path": "test", "arguments": "-f here"}}
    ]},
    "method": [
        {"type": "action", "name": "take-it-away",
         "provider": {"type": "process", "path": "rm", "arguments": "here"}},
        {"type": "probe", "name": "look-again", "pauses": {"before": 60},
         "provider": {"type": "process", "path": "test", "arguments": "-f here"}}
    ],
    "rollbacks": [
        {"type": "action", "name": "put-it-back",
         "provider": {"type": "process", "path": "touch", "arguments": "here"}}
    ]
}"#;

fn desk() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("experiment.json"), PROCESSES).unwrap();
    std::fs::write(folder.path().join("here"), "").unwrap();
    folder
}

fn start(folder: &Path, more: &[&str]) -> Terminal {
    let arguments: Vec<&str> = ["experiment.json"].into_iter().chain(more.iter().copied()).collect();
    let terminal = Terminal::start(120, 36, folder, &arguments);
    terminal.wait_for("› file-is-there");
    terminal
}

/// Steps to the destructive activity and fires it.
fn fire(terminal: &mut Terminal) {
    terminal.press(" ");
    terminal.wait_for("› take-it-away");
    fire_awaited(terminal);
}

/// Starts a session of the kill-pod experiment in the sandbox, whose consumer has a circuit breaker.
fn in_sandbox(folder: &Path, more: &[&str]) -> Terminal {
    let experiment = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/kill-pod.json");
    let arguments = ["--sandbox=after", experiment.to_str().unwrap()].into_iter().chain(more.iter().copied());
    Terminal::start(120, 36, folder, &arguments.collect::<Vec<_>>())
}

/// Steps from the watched service through the first step of the hypothesis and fires the kill of [`in_sandbox`]'s
/// session.
fn fire_the_kill(terminal: &mut Terminal) {
    terminal.press(" ");
    terminal.wait_for("✓ all-services-are-healthy");
    terminal.press(" ");
    // Waits for the content of the target card, not only its frame.
    terminal.wait_for("KILL 1 pod");
    terminal.press("F");
    terminal.wait_for("FAULT ON");
}

/// Fires the awaited step. Its name has to be typed, since an experiment without a cluster is on no allow-list.
fn fire_awaited(terminal: &mut Terminal) {
    // Waits for the content of the target card, not only its frame: F is ignored until the card shows the targets.
    terminal.wait_for("returns");
    terminal.press("F");
    terminal.wait_for("FIRE?");
    terminal.press("take-it-away\r");
    terminal.wait_for("✓ take-it-away");
}

fn there(folder: &Path) -> bool {
    folder.join("here").exists()
}

#[test]
fn steps_by_keys_and_never_fires_by_space() {
    let folder = desk();
    let mut terminal = start(folder.path(), &[]);
    terminal.press(" ");
    terminal.wait_for("› take-it-away");
    terminal.press(" ");
    terminal.wait_for("SPACE never fires");
    assert!(there(folder.path()));
    fire_awaited(&mut terminal);
    assert!(!there(folder.path()));
    terminal.press(" ");
    terminal.wait_for("‖ look-again");
    terminal.press("c");
    terminal.wait_for("✓ look-again");
    terminal.press(" ");
    // The first pass of the hypothesis is folded into one row, so this step belongs to the second pass.
    terminal.wait_for("› file-is-there");
    terminal.press("e");
    terminal.wait_for("FINISHED");
    assert!(there(folder.path()), "the end went through the rollbacks");
    terminal.press("q");
    terminal.ended();
    assert!(terminal.is_restored());
    assert!(terminal.contents().contains("journal.json"), "{}", terminal.contents());
    assert!(folder.path().join("journal.json").exists());
}

#[test]
fn quitting_with_the_fault_on_asks_and_rolls_back() {
    let folder = desk();
    let mut terminal = start(folder.path(), &[]);
    fire(&mut terminal);
    terminal.press("q");
    terminal.wait_for("LEAVE?");
    terminal.press("\x1b");
    terminal.wait_gone("LEAVE?");
    terminal.press("qy");
    terminal.ended();
    assert!(terminal.is_restored());
    assert!(there(folder.path()), "left through the rollbacks");
}

#[test]
fn a_panic_of_the_screen_restores_rolls_back_and_exits_70() {
    let folder = desk();
    // Does not wait for anything on the screen, which the panic may come before.
    let arguments = ["experiment.json", "--panic-for-test", "screen"];
    let mut terminal = Terminal::start(120, 36, folder.path(), &arguments);
    assert_eq!(terminal.ended(), 70);
    assert!(terminal.is_restored());
    let contents = terminal.contents();
    assert!(contents.contains("asked for by --panic-for-test"), "{contents}");
}

#[test]
fn a_panic_of_a_task_is_shown_and_never_exits_0() {
    let folder = desk();
    let mut terminal = start(folder.path(), &["--panic-for-test", "task"]);
    terminal.wait_for("BUG");
    terminal.press("q");
    assert_eq!(terminal.ended(), 70);
    assert!(terminal.is_restored());
}

#[test]
fn it_is_suspended_and_comes_back() {
    let folder = desk();
    let mut terminal = start(folder.path(), &[]);
    terminal.signal(libc::SIGTSTP);
    terminal.stopped();
    terminal.wait_until("the main screen", |screen| !screen.alternate_screen());
    assert!(terminal.is_restored());
    terminal.signal(libc::SIGCONT);
    terminal.wait_until("the alternate screen", vt100::Screen::alternate_screen);
    terminal.wait_for("› file-is-there");
    terminal.press("q");
    terminal.ended();
}

#[test]
fn any_size_at_any_moment() {
    let folder = desk();
    let mut terminal = start(folder.path(), &[]);
    for (width, height, shown) in
        [(80, 24, "BREAKER + PODS"), (200, 50, "6 STORY"), (60, 14, "NEXT"), (30, 8, "needs 40x12")]
    {
        terminal.resize(width, height);
        terminal.wait_for(shown);
    }
    terminal.resize(120, 36);
    terminal.wait_for("1 EXPERIMENT");
    terminal.press("q");
    terminal.ended();
    assert!(terminal.is_restored());
}

#[test]
fn no_color_means_no_colour_and_the_mouse_is_only_taken_when_asked_for() {
    let folder = desk();
    let mut terminal = start(folder.path(), &["--color", "never"]);
    terminal.press("q");
    terminal.ended();
    let raw = terminal.raw();
    for colour in ["\x1b[38;5;", "\x1b[48;5;", "\x1b[31m", "\x1b[32m"] {
        assert!(!raw.contains(colour), "{colour:?}");
    }
    assert!(!raw.contains("\x1b[?1000h"), "the mouse was taken");

    let mut terminal = start(folder.path(), &["--mouse"]);
    assert!(terminal.raw().contains("\x1b[?1000h") && terminal.raw().contains("\x1b[38;5;"));
    assert!(terminal.raw().contains("\x1b[?1049h\x1b[2J"), "crumbs where there is no alternate screen");
    terminal.press("q");
    terminal.ended();
    assert!(terminal.is_restored());
}

#[test]
fn without_a_terminal_nothing_is_done_and_run_is_named() {
    let folder = desk();
    let output = assert_cmd::Command::cargo_bin("chaos-tui")
        .unwrap()
        .current_dir(folder.path())
        .arg("experiment.json")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("stdout is not a terminal") && said.contains("chaos-tui run experiment.json"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
    assert!(!folder.path().join("journal.json").exists(), "something was played");
}

#[test]
fn on_a_dumb_terminal_nothing_is_drawn_or_done() {
    let folder = desk();
    let mut terminal = Terminal::start_as("dumb", (80, 24), folder.path(), &["experiment.json"]);
    terminal.wait_for("TERM is `dumb`");
    assert_eq!(terminal.ended(), 2);
    assert!(terminal.raw().contains("chaos-tui run experiment.json"), "{}", terminal.raw());
    assert!(!terminal.raw().contains('\x1b'), "{:?}", terminal.raw());
    assert!(!folder.path().join("journal.json").exists(), "something was played");
}

/// As when a service manager or `setsid` starts the program: the output is a terminal, but not its controlling
/// terminal.
#[test]
fn without_a_controlling_terminal_nothing_is_done() {
    let folder = desk();
    let mut terminal = Terminal::start_through("setsid", folder.path(), &["experiment.json"]);
    terminal.wait_for("the controlling terminal");
    assert_eq!(terminal.ended(), 2);
    assert!(!folder.path().join("journal.json").exists(), "something was played");
}

#[test]
fn read_only_cannot_step() {
    let folder = desk();
    let mut terminal = Terminal::start(120, 36, folder.path(), &["experiment.json", "--read-only"]);
    terminal.wait_for("READ-ONLY");
    terminal.press(" ");
    terminal.wait_for("read-only: nothing can be stepped");
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    assert!(!folder.path().join("journal.json").exists(), "nothing was played");
}

/// The main use case: shows users, pods and breaker of the embedded cluster while the provider is killed.
#[test]
fn the_breaker_opens_tries_and_closes_before_our_eyes() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = in_sandbox(folder.path(), &[]);
    terminal.wait_for("1/5 READY");
    terminal.wait_for(" 1/1 ");
    terminal.press("o");
    terminal.wait_for("■ real");
    terminal.wait_for("CLOSED");
    terminal.press(" ");
    terminal.wait_for("✓ all-services-are-healthy");
    terminal.press(" ");
    terminal.wait_for("returns");
    terminal.wait_for("SHIFT+F");
    terminal.press("F");
    terminal.wait_for("FAULT ON");
    terminal.wait_for("0 endpoints");
    terminal.wait_for("Users get a fallback");
    terminal.wait_for(" OPEN ");
    terminal.wait_for("RECOVERED");
    terminal.wait_until("a trial in the breaker's lane", |screen| {
        screen.contents().lines().any(|line| line.starts_with("│ breaker") && line.contains('H'))
    });
    terminal.wait_for("answers are real");
    terminal.wait_for(" CLOSED ");
    terminal.press("q");
    terminal.ended();
    assert!(terminal.is_restored());
    let left = terminal.contents();
    assert!(left.contains("PROTECTED") && left.contains("opened"), "{left}");
}

//! A session ends cleanly however it is ended: before its screen is drawn, before the run and during the run.

use super::{desk, fire, start, terminal::Terminal, there};
use std::{io::Read, path::Path};

/// An external cause that ends a session.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Key,
    Signal(i32),
    /// The terminal window is closed.
    Closed,
}

const ENDINGS: [Ending; 9] = [
    Ending::Key,
    Ending::Signal(libc::SIGINT),
    Ending::Signal(libc::SIGTERM),
    Ending::Signal(libc::SIGHUP),
    Ending::Signal(libc::SIGQUIT),
    Ending::Signal(libc::SIGUSR1),
    Ending::Signal(libc::SIGUSR2),
    Ending::Signal(libc::SIGXCPU),
    Ending::Closed,
];

fn end(terminal: &mut Terminal, how: Ending) -> u32 {
    match how {
        Ending::Key => terminal.press("\x03"),
        Ending::Signal(signal) => terminal.signal(signal),
        Ending::Closed => terminal.close("?"),
    }
    let code = terminal.ended();
    assert!(how == Ending::Closed || terminal.is_restored(), "{how:?}");
    code
}

/// Returns the last recorded event.
fn last_recorded(folder: &Path) -> String {
    let recording = std::fs::read_to_string(folder.join("session.ctui")).unwrap();
    recording.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn before_anything_was_played_they_end_the_session_as_q_does() {
    let left = |end: &dyn Fn(&mut Terminal) -> u32| {
        let folder = desk();
        let mut terminal = start(folder.path(), &["--record", "session.ctui"]);
        let code = end(&mut terminal);
        let journal = std::fs::read_to_string(folder.path().join("journal.json")).unwrap();
        assert!(journal.contains(r#""status": "interrupted""#), "{journal}");
        assert!(last_recorded(folder.path()).contains("journal_written"), "{}", last_recorded(folder.path()));
        code
    };
    let code = left(&|terminal| {
        terminal.press("q");
        terminal.ended()
    });
    for how in ENDINGS {
        assert_eq!(left(&|terminal| end(terminal, how)), code, "{how:?}");
    }
}

#[test]
fn in_the_middle_they_roll_back_and_keep_the_journal() {
    for how in ENDINGS {
        let folder = desk();
        let mut terminal = start(folder.path(), &["--record", "session.ctui"]);
        fire(&mut terminal);
        terminal.press(" ");
        terminal.wait_for("‖ look-again");
        assert_eq!(end(&mut terminal, how), 1, "{how:?}");
        assert!(there(folder.path()), "{how:?} left through the rollbacks");
        assert!(folder.path().join("journal.json").exists(), "{how:?}");
        assert!(last_recorded(folder.path()).contains("journal_written"), "{how:?}");
        // Else the screen shows the session as finished until its recovery begins.
        let recording = std::fs::read_to_string(folder.path().join("session.ctui")).unwrap();
        let place = |what| recording.find(what).unwrap_or_else(|| panic!("{how:?}: no {what}: {recording}"));
        assert!(place("safety_began") < place("run_ended"), "{how:?}");
    }
}

#[test]
fn a_terminal_that_takes_no_output_stands_before_no_rollback_and_is_restored_once_it_does() {
    for signal in [libc::SIGTERM, libc::SIGHUP] {
        let folder = desk();
        let mut terminal = start(folder.path(), &[]);
        fire(&mut terminal);
        terminal.hang(true);
        terminal.signal(signal);
        for file in ["here", "journal.json"] {
            super::until(file, || folder.path().join(file).exists());
        }
        terminal.hang(false);
        assert_eq!(terminal.ended(), 1);
        assert!(terminal.is_restored());
    }
}

#[test]
fn where_no_cluster_is_found_the_offer_of_the_sandbox_gives_the_terminal_back() {
    let experiment = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/kill-pod.json");
    for (how, code) in
        [(Ending::Key, 2), (Ending::Signal(libc::SIGTERM), 1), (Ending::Signal(libc::SIGHUP), 1)]
    {
        let folder = desk();
        let mut terminal = Terminal::start(120, 36, folder.path(), &[experiment.to_str().unwrap()]);
        terminal.wait_for("NO CLUSTER");
        assert_eq!(end(&mut terminal, how), code, "{how:?}");
    }
    let folder = desk();
    let mut terminal = Terminal::start(120, 36, folder.path(), &[experiment.to_str().unwrap()]);
    terminal.wait_for("NO CLUSTER");
    terminal.press("a");
    terminal.wait_for("sandbox/default");
    terminal.press("q");
    terminal.ended();
}

/// Scales the provider to zero replicas without a rollback, so that the fault outlasts the run.
const LASTING: &str = r#"{
    "title": "The provider is scaled down",
    "description": "for good",
    "method": [
        {"type": "action", "name": "scale-down",
         "provider": {"type": "python", "module": "chaosk8s.deployment.actions", "func": "scale_deployment",
                      "arguments": {"name": "my-provider-app", "replicas": 0}}},
        {"type": "probe", "name": "look", "provider": {"type": "process", "path": "true"}}
    ],
    "rollbacks": []
}"#;

#[test]
fn whoever_leaves_a_lasting_fault_is_offered_the_undo_kit() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("experiment.json"), LASTING).unwrap();
    for (ends_first, key, undone) in [(false, "u", true), (true, "u", true), (false, "w", false)] {
        let mut terminal = Terminal::start(120, 36, folder.path(), &["--sandbox=after", "experiment.json"]);
        terminal.wait_for("› scale-down");
        // The undo kit is saved once the target card is shown.
        terminal.wait_for("SCALE Deployment");
        terminal.wait_for("manifests saved");
        terminal.press("F");
        terminal.wait_for("✓ scale-down");
        if ends_first {
            terminal.press("e");
            terminal.wait_for("FINISHED");
        }
        terminal.press("q");
        terminal.wait_for("put it back and leave");
        terminal.press(key);
        terminal.ended();
        assert!(terminal.is_restored());
        let left = terminal.contents();
        assert_eq!(left.contains("undo      Deployment my-provider-app"), undone, "{key}: {left}");
    }
}

#[test]
fn another_run_stands_beside_the_first_and_keeps_its_own_files() {
    let folder = desk();
    let mut terminal = start(folder.path(), &["--record", "session.ctui"]);
    fire(&mut terminal);
    terminal.press("e");
    terminal.wait_for("FINISHED");
    terminal.wait_for("R run again");
    terminal.press("P");
    terminal.wait_gone("1 FINDINGS");
    terminal.press("R");
    // The presenter's view stays on. If it did not, the next `P` would switch it on instead of off.
    terminal.wait_gone("FINISHED");
    terminal.wait_for("READY");
    terminal.press("P");
    terminal.wait_for("› file-is-there");
    terminal.press_until(" ", "› take-it-away");
    super::fire_awaited(&mut terminal);
    terminal.press("e");
    terminal.wait_for("LINED UP AT T0");
    terminal.press("q");
    terminal.ended();
    assert!(terminal.is_restored());
    for file in ["journal.json", "journal-2.json", "session.ctui", "session-2.ctui"] {
        assert!(folder.path().join(file).exists(), "{file}");
    }
}

/// The demo continues with the next lesson only after the current lesson has been completed.
#[test]
fn whoever_leaves_a_lesson_leaves_the_demo() {
    for how in [Ending::Key, Ending::Signal(libc::SIGTERM), Ending::Closed] {
        let folder = desk();
        let mut terminal = Terminal::start(120, 36, folder.path(), &["demo"]);
        terminal.wait_for("Lesson 1 of 3");
        assert_eq!(end(&mut terminal, how), 1, "{how:?}");
    }
    let mut terminal = Terminal::start(120, 36, desk().path(), &["demo"]);
    terminal.wait_for("Lesson 1 of 3");
    terminal.press("q");
    terminal.wait_for("This leaves the demo");
    terminal.press("\x1b");
    terminal.wait_gone("This leaves the demo");
    terminal.press("qy");
    assert_eq!(terminal.ended(), 1);
}

#[test]
fn a_recording_that_breaks_off_is_told_on_the_screen_and_at_the_end() {
    let folder = desk();
    let pipe = folder.path().join("session.ctui");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // A reader that goes away after the first line, as a disk that is full.
    let reader = std::thread::spawn(move || std::fs::File::open(pipe).unwrap().read(&mut [0; 4096]).unwrap());
    let mut terminal = start(folder.path(), &["--record", "session.ctui"]);
    assert!(reader.join().unwrap() > 0);
    terminal.press("m");
    terminal.wait_for("Not recorded any more: the recording session.ctui cannot be written");
    fire(&mut terminal);
    terminal.press("e");
    terminal.wait_for("FINISHED");
    terminal.press("q");
    terminal.ended();
    assert!(there(folder.path()));
    let end = terminal.contents();
    assert!(end.contains("recording INCOMPLETE: the recording session.ctui cannot be written"), "{end}");
}

/// Requests fill the recordings, whose lines they share, within the fault; both of them, as on one disk.
#[test]
fn a_disk_that_fills_up_with_requests_ends_the_recording_and_not_the_run() {
    let folder = desk();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let watched = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = std::io::Write::write_all(
                &mut stream,
                b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
            );
        }
    });
    let arguments = ["experiment.json", "--record", "s.ctui", "--watch", &watched, "--rate", "200"];
    let mut terminal = Terminal::start_limited(128, folder.path(), &arguments);
    terminal.wait_for("› file-is-there");
    fire(&mut terminal);
    terminal.wait_for("Not recorded any more: the recording");
    terminal.press("e");
    terminal.wait_for("run again");
    assert!(there(folder.path()), "the rollbacks were played");
    terminal.press("e");
    terminal.wait_for("cannot write ./report.html: File too large");
    terminal.press("\x03");
    terminal.ended();
    let end = terminal.contents();
    assert!(end.contains("recording INCOMPLETE: the recording"), "{end}");
    assert!(folder.path().join("journal.json").exists());
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("report")), "{left:?}");
    // What was written can be shown.
    let mut terminal = Terminal::start(120, 36, folder.path(), &["replay", "s.ctui", "--at", "T0"]);
    terminal.wait_for("FAULT ON");
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn a_disk_that_is_full_at_the_start_is_told_before_anything_is_played() {
    let folder = desk();
    let mut terminal = Terminal::start(120, 36, folder.path(), &["experiment.json", "--record", "/dev/full"]);
    assert_eq!(terminal.ended(), 2);
    let said = terminal.contents();
    assert!(said.contains("/dev/full cannot be written: No space left on device"), "{said}");
    assert!(!folder.path().join("journal.json").exists(), "something was played");
}

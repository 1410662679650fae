//! A recorded session is shown again: on the same screen, at any moment, without what it was about.

use super::{desk, fire, start, terminal::Terminal};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// The panes of a screen: all rows but the header and the two rows below the note.
fn panes(screen: &str) -> Vec<String> {
    let rows: Vec<&str> = screen.lines().collect();
    rows[1..rows.len() - 3].iter().map(|row| row.trim_end().to_owned()).collect()
}

/// Plays a session with a note to its end; returns its last screen.
fn played(folder: &Path) -> String {
    let mut terminal = start(folder, &["--record", "s.ctui"]);
    fire(&mut terminal);
    terminal.press("n");
    terminal.wait_for("NOTE");
    terminal.press("the pager rang\r");
    terminal.wait_for("✓n");
    terminal.press(" ");
    terminal.wait_for("‖ look-again");
    terminal.press("A");
    terminal.wait_for("FINISHED");
    // The run's files are written; what is shown then does not change any more.
    terminal.wait_for("run again");
    let last = terminal.contents();
    terminal.press("q");
    terminal.ended();
    last
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chaos-tui"));
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder).env("TZ", "UTC");
    command.output().unwrap()
}

#[test]
fn a_session_is_shown_as_it_was_and_moved_in_time() {
    let folder = desk();
    let last = played(folder.path());
    // Nothing of what the session was about is there any more.
    for gone in ["experiment.json", "here", "journal.json"] {
        let _ = fs::remove_file(folder.path().join(gone));
    }
    let mut terminal = Terminal::start(120, 36, folder.path(), &["replay", "s.ctui", "--at", "end"]);
    terminal.wait_for("REPLAY");
    terminal.wait_for("stopped");
    assert_eq!(panes(&terminal.contents()), panes(&last));

    terminal.press("t");
    terminal.wait_for("FAULT ON");
    terminal.wait_for("T+00:00");
    terminal.press("F");
    terminal.wait_for("this is a replay: nothing can be run");
    terminal.press("/pager\r");
    terminal.wait_for("the pager rang");
    terminal.press("/nowhere\r");
    terminal.wait_for("no step and no note contains \"nowhere\"");
    terminal.press("\x1b[H");
    terminal.wait_for("0:00 of");
    terminal.press(">>>>>>>>> ");
    terminal.wait_for("FINISHED");
    terminal.wait_for("stopped");
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    assert!(terminal.is_restored());
}

/// Ends the run and waits until the system is safe: until then, leaving asks.
fn end(terminal: &mut Terminal) {
    terminal.press("e");
    terminal.wait_for("run again");
    terminal.wait_for("SAFE: ");
}

/// The reports of this number; asserts that they tell of the whole session.
fn reports(folder: &Path, number: &str) -> [String; 3] {
    let texts = ["html", "md", "json"]
        .map(|extension| fs::read_to_string(folder.join(format!("report{number}.{extension}"))).unwrap());
    for text in &texts {
        assert!(text.contains("A file is taken away") && text.contains("take-it-away"), "{text}");
        assert!(!text.contains("still runs") && !text.contains("ends before the run"), "{text}");
    }
    assert!(texts[0].contains("put-it-back"), "the rollbacks at the end are in it: {}", texts[0]);
    let summary: serde_json::Value = serde_json::from_str(&texts[2]).unwrap();
    assert_eq!(summary["journal"]["status"], "interrupted", "{summary}");
    texts
}

#[test]
fn a_key_writes_the_reports_of_a_finished_session_and_of_a_replay() {
    let folder = desk();
    let mut terminal = start(folder.path(), &["--record", "s.ctui"]);
    fire(&mut terminal);
    terminal.press("e");
    terminal.wait_for("FINISHED");
    terminal.wait_for("run again");
    terminal.press("e");
    terminal.wait_for("wrote ./report.html, report.md, report.json");
    let first = reports(folder.path(), "");
    terminal.press("e");
    terminal.wait_for("wrote ./report-2.html, report-2.md, report-2.json");
    reports(folder.path(), "-2");
    // Whoever leaves at once gets whole files.
    terminal.press("eq");
    terminal.ended();
    reports(folder.path(), "-3");

    let mut terminal = Terminal::start(120, 36, folder.path(), &["replay", "--at", "T0"]);
    terminal.wait_for("stopped");
    terminal.press("e");
    terminal.wait_for("wrote ./report-4.html, report-4.md, report-4.json: the whole session");
    reports(folder.path(), "-4");
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    // One that stands before what was written is left alone, too.
    fs::write(folder.path().join("report-5.md"), "mine").unwrap();
    let mut terminal = Terminal::start(120, 36, folder.path(), &["replay", "s.ctui", "--at", "end"]);
    terminal.press("e");
    terminal.wait_for("wrote ./report-6.html");
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    assert_eq!(fs::read_to_string(folder.path().join("report-5.md")).unwrap(), "mine");
    assert_eq!(reports(folder.path(), ""), first);
}

#[test]
fn reports_that_cannot_be_written_are_told_with_a_way_out() {
    let folder = desk();
    let mut terminal = start(folder.path(), &["--no-record"]);
    fire(&mut terminal);
    end(&mut terminal);
    terminal.press("e");
    terminal.wait_for("no report: this session is not recorded (--no-record)");
    terminal.press("q");
    terminal.ended();
    assert!(!folder.path().join("report.html").exists());

    // Without a record, the file of the operator is reported of.
    fs::write(folder.path().join("here"), "").unwrap();
    let mut terminal = start(folder.path(), &["--no-record", "--record", "own.ctui"]);
    fire(&mut terminal);
    end(&mut terminal);
    terminal.press("e");
    terminal.wait_for("wrote ./report.html");
    terminal.press("q");
    terminal.ended();
    reports(folder.path(), "");

    // A folder in which nobody may write, not even an administrator.
    let own = folder.path().join("own.ctui");
    let arguments = ["replay", own.to_str().unwrap(), "--at", "end"];
    let mut terminal = Terminal::start(120, 36, Path::new("/proc"), &arguments);
    terminal.wait_for("stopped");
    terminal.press("e");
    terminal.wait_for("cannot write ./report.html: ");
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn the_sessions_on_record_are_listed_and_the_last_one_is_shown() {
    let folder = desk();
    assert!(
        String::from_utf8(run(folder.path(), &["replay", "--list"]).stdout).unwrap().contains("no session")
    );
    let refused = run(folder.path(), &["replay", "--svg", "end"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("no session \"last\" on record"));

    played(folder.path());
    let list = String::from_utf8(run(folder.path(), &["replay", "--list"]).stdout).unwrap();
    let row = list.lines().nth(1).unwrap();
    assert!(row.ends_with("A file is taken away"), "{list}");
    let id = row.split(' ').next().unwrap();
    for name in ["last", id, &id[..8], "s.ctui"] {
        let drawn = run(folder.path(), &["replay", name, "--svg", "T0", "--size", "80x24"]);
        let picture = String::from_utf8(drawn.stdout).unwrap();
        assert!(picture.starts_with("<svg ") && picture.contains("T+00:00"), "{name}: {picture}");
    }
    let mut terminal = Terminal::start(120, 36, folder.path(), &["replay"]);
    terminal.wait_for("A file is taken away");
    terminal.wait_for("plays at 1x");
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn what_cannot_be_shown_is_said_with_a_way_out() {
    let folder = desk();
    played(folder.path());
    let whole = fs::read(folder.path().join("s.ctui")).unwrap();
    fs::write(folder.path().join("torn.ctui"), &whole[..whole.len() - 9]).unwrap();
    let newer = String::from_utf8(whole).unwrap().replacen("\"format\":5", "\"format\":99", 1);
    fs::write(folder.path().join("newer.ctui"), &newer).unwrap();
    let said = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = said(&["replay", "newer.ctui"]);
    assert!(code == Some(1) && text.contains("in format 99") && text.contains("update chaos-tui"), "{text}");
    let (code, text) = said(&["replay", "s.ctui", "--svg", "end", "--ghost", "torn.ctui"]);
    assert!(
        code == Some(0) && text.contains("torn.ctui: the last line of the recording is incomplete"),
        "{text}"
    );
    let beginning: Vec<&str> = newer.lines().take(5).collect();
    fs::write(folder.path().join("begun.ctui"), beginning.join("\n").replacen(":99", ":5", 1) + "\n")
        .unwrap();
    let (code, text) = said(&["replay", "s.ctui", "--ghost", "begun.ctui"]);
    assert!(code == Some(2) && text.contains("nothing was fired in begun.ctui"), "{text}");
    let (code, text) = said(&["replay", "s.ctui"]);
    assert!(code == Some(2) && text.contains("--svg T+12"), "without a terminal: {text}");
    let (code, text) = said(&["replay", "s.ctui", "--at", "noon"]);
    assert!(code == Some(2) && text.contains("write T+12"), "{text}");
    let (code, text) = said(&["replay", "nothing.ctui"]);
    assert!(code == Some(2) && text.contains("no file and no session"), "{text}");

    let live = ["experiment.json", "--ghost", "begun.ctui"];
    let mut terminal = Terminal::start(120, 36, folder.path(), &live);
    terminal.wait_for("nothing was fired in begun.ctui");
    assert_eq!(terminal.ended(), 2);
    let mut terminal = start(folder.path(), &["--ghost", "last"]);
    terminal.press("q");
    terminal.ended();

    let mut terminal = Terminal::start(120, 36, folder.path(), &["replay", "torn.ctui", "--at", "T0"]);
    terminal.wait_for("the last line of the recording is incomplete");
    terminal.press("0");
    terminal.wait_for("by the operator");
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
}

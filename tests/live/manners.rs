//! How the program uses the terminal: clipboard, bell, background colour query and ASCII drawing.

use super::{config::write, desk, terminal::Terminal};
use std::path::Path;

/// The label of a row that every screen of a session has.
const NEXT: &str = "NEXT";

fn start(folder: &Path, more: &[&str]) -> Terminal {
    start_with(&[], folder, more)
}

fn start_with(variables: &[(&str, &str)], folder: &Path, more: &[&str]) -> Terminal {
    let arguments: Vec<&str> = ["experiment.json"].iter().chain(more).copied().collect();
    let terminal = Terminal::start_with(variables, (120, 36), folder, &arguments);
    terminal.wait_for(NEXT);
    terminal
}

/// Returns everything written except the title sequence, which also ends in a bell character.
fn written(terminal: &Terminal) -> String {
    terminal.raw().replace("\x1b]0;chaos-tui\x07", "")
}

#[test]
fn the_evidence_is_copied_through_the_terminal() {
    let folder = desk();
    let mut terminal = start(folder.path(), &[]);
    terminal.press("y");
    terminal.wait_for("nothing to copy here");
    assert!(!terminal.raw().contains("\x1b]52;"));
    terminal.press("w");
    terminal.wait_for("verdict about users");
    terminal.press("y");
    terminal.wait_for("copied the evidence");
    // `users are `, in base64.
    assert!(terminal.raw().contains("\x1b]52;c;dmVyZGljdCBh"), "{:?}", terminal.raw());
    assert!(!written(&terminal).contains('\x07'), "the bell is off unless it is asked for");
    terminal.press("q");
    terminal.ended();
}

#[test]
fn the_bell_rings_when_it_is_the_operators_turn() {
    let folder = desk();
    write(folder.path(), "bell: true\n");
    let mut terminal = start(folder.path(), &[]);
    terminal.wait_written("a bell", |raw| raw.replace("\x1b]0;chaos-tui\x07", "").contains('\x07'));
    terminal.press("q");
    terminal.ended();
}

/// Returns the foreground colour of a text on the screen.
fn colour(screen: &vt100::Screen, text: &str) -> Option<vt100::Color> {
    let shown = screen.contents();
    let (line, row) = shown.lines().zip(0..).find(|(line, _)| line.contains(text))?;
    let column = line.split(text).next()?.chars().count();
    Some(screen.cell(row, u16::try_from(column).ok()?)?.fgcolor())
}

const QUESTION: &str = "\x1b]11;?\x1b\\";

#[test]
fn the_terminal_is_asked_for_its_background_and_the_answer_is_no_key() {
    let folder = desk();
    let light = start(folder.path(), &["--theme", "light"]);
    let dark = start(folder.path(), &["--theme", "dark"]);
    for mut terminal in [light, dark] {
        assert!(!terminal.raw().contains(QUESTION), "who has chosen is not asked about");
        terminal.press("q");
        terminal.ended();
    }

    let mut terminal = Terminal::start(120, 36, folder.path(), &["experiment.json"]);
    terminal.wait_written("the question", |raw| raw.contains(QUESTION));
    terminal.press("\x1b]11;rgb:ffff/ffff/ffff\x1b\\");
    terminal.wait_for(NEXT);
    // A second answer and a truncated answer must not be read as keys: `r`, `g` and `b` are bound to actions.
    terminal.press("\x1b]11;rgb:0000/0000/0000\x07\x1b]11;rgb:bbbb");
    terminal.press("?");
    terminal.wait_for("KEYS");
    terminal.press("?");
    terminal.wait_gone("KEYS");
    assert!(!terminal.contents().contains("GUARDS  "), "{}", terminal.contents());
    terminal.press("q");
    terminal.ended();
    assert_eq!(terminal.raw().matches(QUESTION).count(), 1);
}

#[test]
fn a_light_terminal_gets_the_light_theme() {
    let folder = desk();
    let mut light = start(folder.path(), &["--theme", "light"]);
    let wanted = light.look(|screen| colour(screen, NEXT));
    assert!(wanted.is_some());
    light.press("q");
    let mut terminal = start_with(&[("COLORFGBG", "0;15")], folder.path(), &[]);
    assert_eq!(terminal.look(|screen| colour(screen, NEXT)), wanted);
    terminal.press("q");
    terminal.ended();

    let mut terminal = Terminal::start(120, 36, folder.path(), &["experiment.json"]);
    terminal.wait_written("the question", |raw| raw.contains(QUESTION));
    terminal.press("\x1b]11;rgb:ffff/ffff/ffff\x1b\\");
    terminal.wait_for(NEXT);
    terminal.wait_until("the light theme", |screen| colour(screen, NEXT) == wanted);
    terminal.press("q");
    terminal.ended();
}

#[test]
fn a_locale_without_utf8_gets_ascii_unless_somebody_decided() {
    let folder = desk();
    let mut terminal = start_with(&[("LANG", "C.UTF-8"), ("LC_ALL", "C")], folder.path(), &[]);
    terminal.wait_for("ASCII only, since LC_ALL=C is not UTF-8");
    assert!(terminal.contents().is_ascii(), "{}", terminal.contents());
    terminal.press("L");
    terminal.wait_for("LC_ALL=C is not UTF-8");
    terminal.press("q");
    terminal.ended();

    let mut terminal = start_with(&[("LC_ALL", "C")], folder.path(), &["--ascii=false"]);
    assert!(!terminal.contents().contains("ASCII only") && !terminal.contents().is_ascii());
    terminal.press("q");
    terminal.ended();
}

/// A title may write to the clipboard of who reads it: neither on the screen nor in the lines after it.
#[test]
fn a_title_reaches_the_terminal_as_words_only() {
    let folder = desk();
    let evil = "A \\u001b]52;c;UFdORUQ=\\u0007\\u009d52;c;QUJD\\u009c\\u202efile\\u001b[6n";
    let experiment = super::PROCESSES.replace("A file is", &format!("{evil} is"));
    std::fs::write(folder.path().join("experiment.json"), experiment).unwrap();
    let mut terminal = start(folder.path(), &[]);
    terminal.wait_for("A file is taken away");
    terminal.press("q");
    terminal.ended();
    assert!(terminal.contents().contains("A file is taken away"), "{}", terminal.contents());
    for sequence in ["\x1b]52;", "\u{9d}", "\u{202e}", "\x1b[6n"] {
        assert!(!terminal.raw().contains(sequence), "{sequence:?}: {:?}", terminal.raw());
    }
}

#[test]
fn the_error_of_a_ghost_is_words_only() {
    let folder = desk();
    let evil = "\\u001b]52;c;UFdORUQ=\\u0007\\u009b31m\\u202eX";
    let header = format!(r#"{{"format": 9, "tool": "{evil}", "experiment": "y"}}"#);
    std::fs::write(folder.path().join("new.ctui"), header + "\n").unwrap();
    let arguments = ["experiment.json", "--ghost", "new.ctui"];
    let mut terminal = Terminal::start(120, 36, folder.path(), &arguments);
    terminal.wait_for("new.ctui was written by X");
    assert_eq!(terminal.ended(), 2);
    let raw = terminal.raw();
    assert!(!raw.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r')), "{raw:?}");
    assert!(!raw.contains('\u{202e}'), "{raw:?}");
}

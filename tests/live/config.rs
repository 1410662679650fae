//! The config file: custom keys and themes, its error messages, and the commands that do not read it.

use super::{desk, terminal::Terminal};
use std::{fs, path::Path};

/// Writes the config file below the home directory, which is `folder` in these tests.
pub(crate) fn write(folder: &Path, text: &str) {
    let place = folder.join(".config/chaos-tui");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("config.yaml"), text).unwrap();
}

fn chaos_tui(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = assert_cmd::Command::cargo_bin("chaos-tui").unwrap();
    command.current_dir(folder).env_clear().env("HOME", folder).env("PATH", "/usr/bin:/bin").args(arguments);
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn own_keys_and_looks_are_in_force_and_the_command_line_goes_before_them() {
    let folder = desk();
    write(folder.path(), "ascii: true\nmouse: true\nkeys:\n  next: Y\n  quit: [\"Q\", F10]\n");
    let mut terminal = Terminal::start(120, 36, folder.path(), &["experiment.json"]);
    terminal.wait_for(": file-is-there");
    terminal.wait_for("+- 1 EXPERIMENT");
    terminal.wait_for("Y next");
    assert!(terminal.raw().contains("\x1b[?1000h"), "the mouse was not taken");
    terminal.press(" ");
    terminal.press("Y");
    terminal.wait_for(": take-it-away");
    terminal.press("Q");
    terminal.ended();

    let mut terminal =
        Terminal::start(120, 36, folder.path(), &["experiment.json", "--ascii=false", "--mouse=false"]);
    terminal.wait_for("╭─ 1 EXPERIMENT");
    assert!(!terminal.raw().contains("\x1b[?1000h"), "the mouse was taken");
    terminal.press("\x1b[21~");
    terminal.ended();
    assert!(terminal.is_restored());
}

#[test]
fn what_cannot_be_is_refused_with_its_place_before_anything_is_done() {
    let folder = desk();
    write(folder.path(), "theme: light\nkeys:\n  nxet: g\n");
    let mut terminal = Terminal::start(120, 36, folder.path(), &["experiment.json"]);
    assert_eq!(terminal.ended(), 2);
    let said = terminal.contents();
    assert!(said.contains("config.yaml:3:3") && said.contains("did you mean `next`?"), "{said}");
    assert!(!terminal.raw().contains("\x1b[?1049h"), "the screen was opened");

    let mut terminal = Terminal::start(120, 36, folder.path(), &["experiment.json", "--config", "not-there"]);
    assert_eq!(terminal.ended(), 2);
    assert!(
        terminal.contents().contains("the config file not-there cannot be read"),
        "{}",
        terminal.contents()
    );
}

#[test]
fn a_headless_run_does_not_read_it() {
    let folder = desk();
    write(folder.path(), "theme: neon\n");
    let (code, _, said) = chaos_tui(folder.path(), &["run", "experiment.json", "--dry", "activities"]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn it_shows_where_the_file_is_and_what_is_in_force() {
    let folder = desk();
    let (code, page, _) = chaos_tui(folder.path(), &["config"]);
    assert_eq!(code, 0);
    assert!(page.contains(".config/chaos-tui/config.yaml is not there"), "{page}");

    let (_, page, _) = chaos_tui(folder.path(), &["config", "--print-default"]);
    write(folder.path(), &page);
    let (code, again, _) = chaos_tui(folder.path(), &["config"]);
    assert_eq!(code, 0);
    assert!(again.contains("read from") && again.contains("theme: auto"), "{again}");

    write(folder.path(), "theme: light\nrate: 7\n");
    let (_, page, _) = chaos_tui(folder.path(), &["config"]);
    assert!(page.contains("theme: light") && page.contains("rate: 7"), "{page}");

    write(folder.path(), "theme: neon\n");
    let (code, _, said) = chaos_tui(folder.path(), &["config"]);
    assert_eq!(code, 2);
    assert!(said.contains("config.yaml:1:8"), "{said}");
}

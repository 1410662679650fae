//! Architecture rules that the compiler does not check: which module may import which, and which file names are
//! forbidden.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The top-level modules, lowest layer first; a module may import only from those before it.
const ROOMS: [&str; 13] = [
    "printing",
    "http_client",
    "experiment",
    "session",
    "insight",
    "cluster",
    "provider",
    "observe",
    "runner",
    "engine",
    "report",
    "tui",
    "commands",
];

/// Terminal crates, allowed in `tui` and `commands` only.
const TERMINAL: [&str; 3] = ["ratatui", "crossterm", "tui_logger"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn files_of(room: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
    sources(&folder, &mut found);
    assert!(!found.is_empty(), "room {room} has no files");
    found
}

/// The first path segments that a file imports from the crate root, in any of the forms `crate::room`,
/// `crate::{room::…, room::…}` and `chaos_tui::room`.
fn imported_rooms(text: &str) -> Vec<String> {
    let code: String =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut rooms = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => rooms.extend(heads_of_group(group)),
            None => rooms.push(first_word(rest)),
        }
    }
    rooms
}

fn heads_of_group(group: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let (mut depth, mut start) = (1, 0);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => {
                heads.push(first_word(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
        if depth == 0 {
            heads.push(first_word(&group[start..at]));
            break;
        }
    }
    heads
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn a_room_imports_only_from_the_rooms_before_it() {
    let mut wrong = Vec::new();
    for (floor, room) in ROOMS.iter().enumerate() {
        for file in files_of(room) {
            let text = fs::read_to_string(&file).unwrap();
            for imported in imported_rooms(&text) {
                let later =
                    ROOMS.iter().position(|other| *other == imported).is_some_and(|other| other > floor);
                if later {
                    wrong.push(format!("{} imports {imported}", file.display()));
                }
            }
            if *room != "commands" && uses(&text, "chaos_sandbox") {
                wrong.push(format!("{} imports the sandbox", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_crates_beside_the_program_need_nothing_of_ours() {
    for (name, manifest) in manifests_of_crates() {
        let ours: Vec<&str> = manifest.lines().filter(|line| line.contains("{ path =")).collect();
        assert!(ours.is_empty(), "crates/{name} depends on {ours:?}");
        for dependency in TERMINAL.map(|name| name.replace('_', "-")) {
            assert!(
                !manifest.lines().any(|line| line.starts_with(&dependency)),
                "crates/{name} knows {dependency}"
            );
        }
    }
}

/// Returns the name and the manifest of each crate in `crates/`.
fn manifests_of_crates() -> Vec<(String, String)> {
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("crates")).unwrap();
    let found: Vec<_> = folders
        .map(|folder| folder.unwrap().path())
        .map(|folder| {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(folder.join("Cargo.toml")).unwrap())
        })
        .collect();
    assert!(!found.is_empty(), "there are no crates");
    found
}

#[test]
fn only_the_terminal_rooms_know_the_terminal() {
    for room in ROOMS.iter().filter(|room| !["tui", "commands"].contains(room)) {
        for file in files_of(room) {
            let text = fs::read_to_string(&file).unwrap();
            for name in TERMINAL {
                assert!(!uses(&text, name), "{} uses {name}", file.display());
            }
        }
    }
}

fn uses(text: &str, name: &str) -> bool {
    text.contains(&format!("use {name}")) || text.contains(&format!("{name}::"))
}

/// Files outside of `printing/` that name a standard stream, and why. None of them writes text from outside to it.
const STREAMS: [(&str, &str); 8] = [
    ("commands/doctor/report.rs", "asks for the size of the terminal"),
    ("commands/guardian.rs", "its standard output is the pipe to the session"),
    ("commands/output.rs", "asks whether it is a terminal"),
    ("engine/line_writer.rs", "writes lines of type `Printed`"),
    ("provider/kubernetes/pod/exec.rs", "the streams of a process in a pod"),
    ("provider/python/worker/prints.rs", "the streams of Python"),
    ("tui/keys.rs", "asks the terminal"),
    ("tui/terminal.rs", "is the screen"),
];

#[test]
fn only_printing_writes_to_the_standard_streams() {
    for room in ROOMS.iter().filter(|room| **room != "printing") {
        let program = files_of(room).into_iter().filter(|file| !file.display().to_string().contains("tests"));
        for file in program {
            let text = fs::read_to_string(&file).unwrap();
            for print in ["print!(", "println!(", "dbg!("] {
                let at = text.find(print);
                assert!(at.is_none(), "{} prints by {print}: use `crate::printing`", file.display());
            }
            let allowed = STREAMS.iter().any(|(known, _)| file.ends_with(Path::new("src").join(known)));
            let named = ["stdout()", "stderr()"].iter().any(|stream| {
                text.match_indices(stream).any(|(at, _)| {
                    !["printing::", "LineWriter::", "_"].iter().any(|ours| text[..at].ends_with(ours))
                })
            });
            assert!(allowed || !named, "{} uses a standard stream: use `crate::printing`", file.display());
        }
    }
}

#[test]
fn no_file_is_a_drawer_for_odds_and_ends() {
    let mut all = Vec::new();
    for folder in ["src", "crates"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut all);
    }
    for file in all {
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(
            !["utils", "util", "helpers", "helper", "common", "misc"].contains(&stem.as_str()),
            "{} needs a name of the domain",
            file.display()
        );
    }
}

#[test]
fn imports_are_found_in_every_form() {
    let text = "use crate::session::Event;\nuse crate::{experiment::{Map, Value}, runner};\nlet x = crate::tui::run();";
    assert_eq!(imported_rooms(text), ["session", "experiment", "runner", "tui"]);
}

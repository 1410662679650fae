//! Reads the corpus: text files of many cases each (`corpus/README.md` describes the format).

use crate::case::{Case, Difference};
use serde_json::Value as Json;
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

/// The Python module used by the short forms, present in every folder.
const GIVEN: &str = "def value(value=None):\n    return value\n";

/// Returns every case, in the order of file names.
pub(crate) fn read() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fidelity/corpus");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let differences =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/differences.md")).unwrap();
    let mut names = HashSet::new();
    let mut cases = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let shown = file.strip_prefix(&root).unwrap().display().to_string();
        for case in cases_of(&shown, &text) {
            assert!(names.insert(case.name.clone()), "{}: the name {} is taken", case.place, case.name);
            if let Some(difference) = &case.difference {
                let listed = differences.contains(&difference.row);
                assert!(listed, "{}: docs/differences.md does not say {:?}", case.place, difference.row);
            }
            cases.push(case);
        }
    }
    cases
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.extend(path.extension().is_some_and(|extension| extension == "cases").then_some(path));
        }
    }
}

/// Parses the cases of one file.
fn cases_of(file: &str, text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let Some(name) = line.strip_prefix("=== ") else {
            assert!(
                line.is_empty() || line.starts_with('#'),
                "{file}:{}: {line:?} belongs to no case",
                number + 1
            );
            continue;
        };
        let mut body = Vec::new();
        while let Some((_, line)) = lines.next_if(|(_, line)| !line.starts_with("=== ")) {
            body.push(line);
        }
        cases.push(case_of(name.trim(), &format!("{file}:{}", number + 1), without_comment(&body)));
    }
    cases
}

/// Removes the comment on the next case: the final lines with `#` that follow an empty line.
fn without_comment<'a, 'b>(body: &'b [&'a str]) -> &'b [&'a str] {
    let comments = body.iter().rev().take_while(|line| line.starts_with('#')).count();
    let end = body.len() - comments;
    match body[..end].last() {
        Some(&"") => &body[..end],
        _ => body,
    }
}

fn case_of(name: &str, place: &str, body: &[&str]) -> Case {
    let mut case =
        Case { name: name.to_owned(), place: place.to_owned(), command: "run".to_owned(), ..Case::default() };
    let mut short = Vec::new();
    let mut row = None;
    let mut parts = body.split(|line| line.starts_with("--- "));
    let headers = parts.next().unwrap_or_default();
    for header in headers.iter().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (key, value) = header.split_once(':').unwrap_or_else(|| panic!("{place}: what is {header:?}?"));
        let value = value.trim();
        match key {
            "run" | "validate" => {
                key.clone_into(&mut case.command);
                case.options = words(value);
            }
            "before" => case.global = words(value),
            "env" => {
                let (name, value) = value.split_once('=').unwrap_or_else(|| panic!("{place}: env without ="));
                case.environment.push((name.to_owned(), value.to_owned()));
            }
            "order" => {
                assert_eq!(value, "any", "{place}: the only order to ask for is any");
                case.any_order = true;
            }
            "source" => value.clone_into(&mut case.source),
            "differs" => row = Some(value.to_owned()),
            "given" | "tolerance" | "substitute" | "configuration" | "secrets" => {
                let value =
                    serde_json::from_str(value).unwrap_or_else(|error| panic!("{place}: {key}: {error}"));
                short.push((key.to_owned(), value));
            }
            _ => panic!("{place}: unknown header {key:?}"),
        }
    }
    let names = body.iter().filter_map(|line| line.strip_prefix("--- "));
    let (mut theirs, mut ours) = (None, None);
    for (file, lines) in names.zip(parts) {
        let mut text = lines.join("\n").trim_end_matches('\n').to_owned();
        let expectation =
            || serde_json::from_str::<Json>(&text).unwrap_or_else(|error| panic!("{place}: {file}: {error}"));
        match file.trim() {
            "theirs" => theirs = Some(expectation()),
            "ours" => ours = Some(expectation()),
            file => {
                let (file, content) = if let Some(file) = file.strip_suffix(" (bytes)") {
                    (file, bytes(&text))
                } else {
                    text.push('\n');
                    (file, with_head(file, &text).into_bytes())
                };
                case.files.push((file.to_owned(), content));
            }
        }
    }
    if let Some(experiment) = Case::of_short_form(&short) {
        case.files.push(("experiment.json".to_owned(), format!("{experiment:#}").into_bytes()));
        case.files.push(("given.py".to_owned(), GIVEN.into()));
    }
    if case.source.is_empty() {
        let experiment = case.files.iter().find(|(name, _)| name.starts_with("experiment"));
        case.source.clone_from(&experiment.unwrap_or_else(|| panic!("{place}: no experiment")).0);
    }
    case.difference = match (row, theirs, ours) {
        (Some(row), Some(theirs), Some(ours)) => Some(Difference { row, theirs, ours }),
        (None, None, None) => None,
        _ => panic!("{place}: a difference needs all of: differs, theirs, ours"),
    };
    case
}

/// Replaces `@head` by the title and the description that every experiment needs.
fn with_head(file: &str, text: &str) -> String {
    let head = if file.ends_with("json") {
        r#""title": "t", "description": "d""#
    } else {
        "title: t\ndescription: d"
    };
    text.replace("@head", head)
}

/// Decodes a text: drops line ends, and replaces `\xNN` by that byte and `\n` by a line end.
fn bytes(text: &str) -> Vec<u8> {
    let mut content = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'\\', [b'x', a, b, after @ ..]) => {
                content.push(u8::from_str_radix(&String::from_utf8_lossy(&[*a, *b]), 16).unwrap());
                rest = after;
            }
            (b'\\', [b'n', after @ ..]) => {
                content.push(b'\n');
                rest = after;
            }
            (b'\n', _) => {}
            (byte, _) => content.push(*byte),
        }
    }
    content
}

/// Splits at spaces; a word in single quotes may contain spaces.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    for c in text.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

//! The conformance checklist (experiment-format 15) has 110 lines, and each has a test named after its number:
//! `c074_…`. This test checks that none is missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const LINES: std::ops::RangeInclusive<u32> = 1..=110;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            false => {}
        }
    }
}

/// Returns the numbers at the start of a test name, as written: `c057_c058_processes` gives 057 and 058.
fn numbers(name: &str) -> Vec<&str> {
    let numbered = |part: &&str| {
        part.strip_prefix('c')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    name.split('_').take_while(numbered).map(|part| &part[1..]).collect()
}

/// Returns the test names in a source text: the function after each `#[test]` or `#[tokio::test…]`.
fn tests(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        marked |= line == "#[test]" || line.starts_with("#[tokio::test");
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some((name, _)) = function.and_then(|rest| rest.split_once('('))
            && std::mem::take(&mut marked)
        {
            found.push(name);
        }
    }
    found
}

#[test]
fn every_line_of_the_checklist_has_a_test_of_its_number() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in &["src", "crates", "tests"] {
        sources(&root.join(folder), &mut files);
    }
    let mut tested: BTreeMap<u32, BTreeSet<PathBuf>> = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for name in tests(&text) {
            for number in numbers(name) {
                assert_eq!(number.len(), 3, "{name} in {}: numbers have three digits", file.display());
                tested.entry(number.parse().unwrap()).or_default().insert(file.clone());
            }
        }
    }
    let missing: Vec<u32> = LINES.filter(|line| !tested.contains_key(line)).collect();
    assert!(missing.is_empty(), "no test bears these numbers: {missing:?}");
    let unknown: Vec<_> = tested.iter().filter(|(line, _)| !LINES.contains(line)).collect();
    assert!(unknown.is_empty(), "the checklist has no such lines: {unknown:?}");
}

#[test]
fn names_are_read_as_they_are_meant() {
    assert_eq!(numbers("c057_c058_processes"), ["057", "058"]);
    assert_eq!(numbers("control_c3_is_none"), [""; 0]);
    let text = "#[test]\nfn c001_a() {}\nfn c002_helper() {}\n#[tokio::test(start_paused = true)]\nasync fn c003_b() {}";
    assert_eq!(tests(text), ["c001_a", "c003_b"]);
}

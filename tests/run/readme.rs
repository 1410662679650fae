//! The README must not lie: its key table is the keymap's, its commands exist, its files are there.

use std::{fs, path::Path};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

#[test]
fn the_key_table_is_the_keymaps() {
    let readme = readme();
    let (_, rest) = readme.split_once("<!-- keys: begin -->").unwrap();
    let (table, _) = rest.split_once("<!-- keys: end -->").unwrap();
    assert_eq!(table.trim(), chaos_tui::tui::keymap::markdown().trim(), "paste this table into the README");
}

#[test]
fn the_files_it_names_are_there() {
    let readme = readme();
    let words = readme.split(|c: char| c.is_whitespace() || "`()[],;:".contains(c));
    let files = words
        .filter(|word| ["experiments/", "manifests/", "docs/"].iter().any(|folder| word.starts_with(folder)));
    let mut seen = 0;
    for file in files.map(|file| file.trim_end_matches('.')) {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists(), "README names {file}");
        seen += 1;
    }
    assert!(seen > 5);
}

#[test]
fn its_first_command_is_on_the_build_that_the_tests_share() {
    let readme = readme();
    let (_, commands) = readme.split_once("```console\n").unwrap();
    assert!(commands.starts_with("cargo run -- demo "), "{}", commands.lines().next().unwrap());
}

#[test]
fn the_test_command_is_what_ci_runs() {
    let ci = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/run")).unwrap();
    assert!(readme().contains("\ncargo test "));
    assert!(ci.lines().any(|line| line.starts_with("cargo test")));
}

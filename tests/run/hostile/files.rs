//! Files that are not valid experiments.

use super::{DEEP, MOST_OF_VALUES, refused, refused_within};
use crate::program::Case;
use std::{fmt::Write, os::unix::fs::symlink};

#[test]
fn nested_without_end() {
    let cases = [
        ("lists.json", "[".repeat(DEEP), "lists.json:1:201: Nested deeper than 200 levels"),
        ("maps.json", r#"{"a":"#.repeat(DEEP), "maps.json:1:1001: Nested deeper than 200 levels"),
        ("closed.json", format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP)), "deeper than 200 levels"),
        ("flow.yaml", "[".repeat(DEEP), "flow.yaml:1:"),
        ("maps.yaml", "{a: ".repeat(DEEP), "maps.yaml:1:"),
        ("block.yaml", "- ".repeat(DEEP), "block.yaml:1:"),
        ("keys.yaml", "? ".repeat(DEEP), "keys.yaml:1:"),
    ];
    for (name, text, words) in cases {
        refused(Case::of(name, text), words);
    }
}

#[test]
fn longer_than_any_experiment() {
    let line = format!(r#"{{"title": "{}"}}"#, "x".repeat(100 << 20));
    refused(Case::of("long.json", line), "long.json is larger than 64 MiB");
    let pairs = format!("[{}[]]", "[],".repeat(20 << 20));
    refused_within(MOST_OF_VALUES, Case::of("many.json", pairs), "values");
    let items = format!("[{}1]", "1,".repeat(10 << 20));
    refused_within(MOST_OF_VALUES, Case::of("many.yaml", items), "values");
}

#[test]
fn aliases_that_multiply() {
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(9);
        writeln!(laughs, "a{level}: &a{level} [{below}]").unwrap();
    }
    refused_within(
        MOST_OF_VALUES,
        Case::of("laughs.yaml", laughs),
        "more than 1000000 values, aliases counted",
    );
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(20_000));
    refused_within(MOST_OF_VALUES, Case::of("texts.yaml", text), "more than 1000000 values, aliases counted");
    let merged = format!(
        "a: &a {{{}}}\nb: [{}]\n",
        (0..1000).map(|key| format!("k{key}: 1")).collect::<Vec<_>>().join(", "),
        "{<<: *a}, ".repeat(20_000)
    );
    refused_within(
        MOST_OF_VALUES,
        Case::of("merged.yaml", merged),
        "more than 1000000 values, aliases counted",
    );
    refused(Case::of("itself.yaml", "a: &a [*a]\n"), "a value that contains it");
}

#[test]
fn bytes_that_are_no_text() {
    for name in ["x.json", "x.yaml"] {
        refused(Case::of(name, b"{\"title\": \"\xff\xfe\"}"), "byte 11 is not valid UTF-8");
    }
    refused(Case::of("zeros.json", vec![0; 1 << 20]), "zeros.json:1:1");
    refused(Case::of("zeros.yaml", vec![0; 1 << 20]), "zeros.yaml:1:1");
}

#[test]
fn paths_that_are_no_files() {
    let case = Case::named("loop.json");
    symlink("loop.json", case.path("loop.json")).unwrap();
    refused(case, "\"loop.json\" does not exist");
    let case = Case::named("folder.json");
    std::fs::create_dir(case.path("folder.json")).unwrap();
    refused(case, "cannot read folder.json: Is a directory");
    refused(Case::named("/dev/zero"), "only files with json, yaml or yml extensions");
    for name in ["zero.json", "zero.yaml"] {
        let case = Case::named(name);
        symlink("/dev/zero", case.path(name)).unwrap();
        refused(case, "is larger than 64 MiB");
    }
}

#[test]
fn files_beside_the_experiment_that_never_end() {
    let minimal = || Case::new(r#""method": []"#);
    for option in ["--control-file", "--settings"] {
        refused(minimal().with(&[option, "/dev/zero"]), "larger than 64 MiB");
    }
    let ended = super::run(minimal().with(&["--var-file", "/dev/zero"]));
    assert!(
        ended.says("Cannot read var file '/dev/zero'"),
        "variables are read from files only: {:#?}",
        ended.lines
    );
}

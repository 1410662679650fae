//! `chaos-tui compare`, `run --repeat` and `run --baseline`: the real binary and real files.

use crate::{
    program::{Case, Ended},
    report::{breaking, browsed, picture},
};
use serde_json::Value;
use std::{fs, io, path::Path};

fn unpack(name: &str, to: &Path) {
    let packed = format!("{}/tests/recordings/{name}.ctui.gz", env!("CARGO_MANIFEST_DIR"));
    let mut packed = flate2::read::GzDecoder::new(fs::File::open(packed).unwrap());
    io::copy(&mut packed, &mut fs::File::create(to).unwrap()).unwrap();
}

fn compare(arguments: &[&str]) -> Ended {
    let case = Case::new("\"method\": []");
    for name in ["before-kill", "after-kill"] {
        unpack(name, &case.path(&format!("{name}.ctui")));
    }
    let all: Vec<&str> =
        ["compare", "before-kill.ctui", "after-kill.ctui"].iter().chain(arguments).copied().collect();
    case.instead(&all).run()
}

#[test]
fn two_recordings_are_set_side_by_side_with_their_noise() {
    let ended = compare(&["--names", "before,after"]);
    assert_eq!(ended.code(), 0, "{:#?}", ended.lines);
    for wanted in [
        "fault really happened in both: yes",
        "WHAT DIFFERS BEYOND NOISE",
        "failed users                      20.4 %           0 %",
        "points      better",
        "indistinguishable at this sample size",
        "before: 1 run, 162 requests in the first 40 s since T0; after: 1 run, 162 requests in the first 40 s since T0",
        "which `run --repeat` shows",
    ] {
        assert!(ended.stdout.contains(wanted), "{wanted} in {}", ended.stdout);
    }
    let ended = compare(&["-o", "both.html", "-o", "both.md", "-o", "both.json"]);
    assert_eq!(ended.code(), 0, "{:#?}", ended.lines);
    let read = |name: &str| fs::read_to_string(ended.case.path(name)).unwrap();
    let json: Value = serde_json::from_str(&read("both.json")).unwrap();
    assert_eq!(
        (&json["metrics"][0]["metric"], &json["metrics"][0]["judgement"]),
        (&"failed".into(), &"better".into())
    );
    assert!(read("both.md").contains("| failed users | 20.4 % | 0 % |"), "{}", read("both.md"));
    let page = read("both.html");
    assert!(
        page.matches("<figure class=\"chart\">").count() == 2 && page.contains("NOT RESILIENT"),
        "{page}"
    );
    browsed(&[ended.case.path("both.html")]);
}

/// Renews the picture of docs/compare.md: `cargo test --test run picture -- --ignored`.
#[test]
#[ignore = "writes docs/images/comparison-page.png"]
fn the_picture_of_the_documentation() {
    let ended = compare(&["--names", "before,after", "-o", "both.html"]);
    picture(&ended.case.path("both.html"), 1900, "comparison-page.png");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    for (arguments, why) in [
        (&["--names", "one"][..], "--names takes two names"),
        (&["-o", "both.xml"], "a comparison is written as .html, .md or .json"),
        (&["-o", "both.pdf"], "not known by its name"),
    ] {
        let ended = compare(arguments);
        assert!(ended.code() == 2 && ended.says(why), "{arguments:?}: {:#?}", ended.lines);
    }
    let ended = Case::new("\"method\": []").instead(&["compare", "no.ctui", "last"]).run();
    assert!(ended.code() == 2 && ended.says("no file and no session \"no.ctui\""), "{:#?}", ended.lines);
}

#[test]
fn runs_are_repeated_and_held_to_a_baseline() {
    let case = breaking();
    // Long enough for more than noise.
    let text = fs::read_to_string(case.path("experiment.json")).unwrap();
    fs::write(case.path("experiment.json"), text.replace("\"after\": 2", "\"after\": 8")).unwrap();
    let ended = case.with(&["--repeat", "2", "--report", "runs.json", "--report", "run.md"]).run();
    assert_eq!(ended.code(), 1, "the system deviates each time: {:#?}", ended.lines);
    assert!(ended.says("INFO] 2 runs: 2 x NOT RESILIENT"), "{:#?}", ended.lines);
    assert!(ended.says("INFO] failed users"), "{:#?}", ended.lines);
    for file in ["journal.json", "journal-2.json", "run.md", "run-2.md", "runs.json"] {
        assert!(ended.case.path(file).exists(), "{file}: {:#?}", ended.lines);
    }
    let text = fs::read_to_string(ended.case.path("runs.json")).unwrap();
    assert!(!text.contains("canary"), "{text}");
    let runs: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(runs["runs"].as_array().unwrap().len(), 2);

    // The same again is not worse than itself.
    let _ = fs::remove_file(ended.case.path("broken"));
    let ended = ended
        .case
        .instead(&["run", "experiment.json", "--rollback-strategy", "always", "--baseline", "runs.json"])
        .run();
    assert!(
        ended.code() == 1 && ended.says("Not worse than the baseline runs, beyond noise"),
        "{:#?}",
        ended.lines
    );

    // A baseline in which nobody failed.
    let mut better = runs["runs"][0].clone();
    better["verdict"]["word"] = "resilient".into();
    for phase in better["endpoints"][0]["phases"].as_array_mut().unwrap() {
        let outcomes = phase["outcomes"].as_str().unwrap().replace('X', "r");
        phase["real"] = (phase["real"].as_u64().unwrap() + phase["errors"].as_u64().unwrap()).into();
        phase["errors"] = 0.into();
        phase["outcomes"] = outcomes.into();
    }
    fs::write(ended.case.path("better.json"), better.to_string()).unwrap();
    let _ = fs::remove_file(ended.case.path("broken"));
    let ended = ended
        .case
        .instead(&["run", "experiment.json", "--rollback-strategy", "always", "--baseline", "better.json"])
        .run();
    assert_eq!(ended.code(), 3, "{:#?}", ended.lines);
    let verdict =
        "Exit code 3, worse than the baseline better: the verdict is NOT RESILIENT instead of RESILIENT";
    assert!(ended.says(verdict), "{:#?}", ended.lines);
    assert!(ended.says("worse than the baseline better: failed users: "), "{:#?}", ended.lines);

    // Another fault is no baseline.
    better["fault"]["fires"][0]["label"] = "another".into();
    fs::write(ended.case.path("other.json"), better.to_string()).unwrap();
    let _ = fs::remove_file(ended.case.path("broken"));
    let ended = ended
        .case
        .instead(&["run", "experiment.json", "--rollback-strategy", "always", "--baseline", "other.json"])
        .run();
    assert!(
        ended.code() == 3 && ended.says("cannot be compared with the baseline other: not the same fault"),
        "{:#?}",
        ended.lines
    );
    let ended = ended.case.instead(&["run", "experiment.json", "--baseline", "nowhere.json"]).run();
    assert!(ended.code() == 2 && ended.says("nowhere.json cannot be read"), "{:#?}", ended.lines);
}

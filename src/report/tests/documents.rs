//! Markdown, JSON, JUnit and CSV.

use super::{evidence, lines, valid, write};
use crate::{
    report::{
        Evidence, ReportFormat,
        evidence::{Phase, SampleOutcome},
        facts::Facts,
        summary::Summary,
    },
    session::fixtures::RECORDED,
};

/// The versions of this program change.
fn steady(text: &str) -> String {
    text.replace(env!("CARGO_PKG_VERSION"), "0.0.0")
}

#[test]
fn markdown_of_every_recording() {
    for name in RECORDED {
        insta::assert_snapshot!(
            format!("markdown-{name}"),
            steady(&ReportFormat::Md.render(&evidence(name)))
        );
    }
}

#[test]
fn junit_of_every_recording() {
    for name in RECORDED {
        let text = ReportFormat::Xml.render(&evidence(name));
        insta::assert_snapshot!(format!("junit-{name}"), text);
    }
}

#[test]
fn every_summary_is_as_the_schema_says_and_can_be_read_again() {
    for name in RECORDED {
        let evidence = evidence(name);
        valid(&evidence);
        let text = ReportFormat::Json.render(&evidence);
        let read: Summary = serde_json::from_str(&text).unwrap();
        assert_eq!(read, Summary::of(&Facts::of(&evidence)), "{name}");
    }
}

/// The waiting times themselves are left out, being many.
#[test]
fn the_summary_of_a_recording() {
    let mut summary = Summary::of(&Facts::of(&evidence("after-kill")));
    for phase in summary.endpoints.iter_mut().flat_map(|endpoint| &mut endpoint.phases) {
        assert_eq!((phase.one_of, phase.outcomes.len()), (1, phase.waits_ms.len()));
        for (letter, count) in [('r', phase.real), ('f', phase.fallback), ('X', phase.errors)] {
            assert_eq!(phase.outcomes.chars().filter(|c| *c == letter).count() as u64, count);
        }
        phase.waits_ms.truncate(2);
    }
    insta::assert_snapshot!("summary-after-kill", steady(&summary.to_json()));
}

#[test]
fn the_samples_add_up_to_the_table() {
    for name in RECORDED {
        let evidence = evidence(name);
        let facts = Facts::of(&evidence);
        let endpoint = evidence.session.users.main().unwrap();
        let counted = |phase: Phase, outcome: fn(SampleOutcome) -> bool| {
            let samples = evidence.samples.of(endpoint.id);
            samples.filter(|sample| sample.phase == phase && outcome(sample.outcome)).count() as u64
        };
        for (phase, tally) in facts.phases(endpoint) {
            assert_eq!(
                counted(phase, |outcome| outcome != SampleOutcome::Lost),
                tally.sent,
                "{name} {phase:?}"
            );
            assert_eq!(
                counted(phase, |outcome| outcome == SampleOutcome::Real),
                tally.real,
                "{name} {phase:?}"
            );
            assert_eq!(
                counted(phase, |outcome| outcome == SampleOutcome::Fallback),
                tally.fallback,
                "{name}"
            );
            assert_eq!(counted(phase, |outcome| outcome.error().is_some()), tally.error, "{name} {phase:?}");
        }
        let csv = ReportFormat::Csv.render(&evidence);
        assert_eq!(csv.lines().count(), evidence.samples.len() + 1);
        let columns = csv.lines().next().unwrap().split(',').count();
        assert!(csv.lines().all(|line| line.split(',').count() == columns));
    }
}

#[test]
fn a_damaged_recording_is_reported_as_far_as_it_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.ctui");
    let mut lines = lines("after-kill");
    lines[400].truncate(20);
    let text = lines.join("\n");
    write(&path, &text[..text.len() - 10]);
    let evidence = Evidence::of_file(&path, "damaged.ctui".to_owned()).unwrap();
    let said = ReportFormat::Md.render(&evidence);
    // The header is line 1.
    assert!(said.contains("1 line of the recording (402) is damaged"), "{said}");
    assert!(said.contains("the last line of the recording is incomplete"), "{said}");
    assert!(said.contains("PROTECTED"), "{said}");
}

#[test]
fn what_ends_early_says_so_and_nothing_is_no_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("short.ctui");
    write(&path, &(lines("after-kill")[..300].join("\n") + "\n"));
    let evidence = Evidence::of_file(&path, "short.ctui".to_owned()).unwrap();
    assert!(evidence.problems[0].contains("ends before the run does"), "{:?}", evidence.problems);
    write(&path, "");
    let error = Evidence::of_file(&path, "short.ctui".to_owned()).unwrap_err().to_string();
    assert!(error.contains("short.ctui") && error.contains("holds no event"), "{error}");
    for (text, why) in [("no JSON", "not JSON"), ("{}", "no `experiment`"), ("[1]", "no `experiment`")] {
        std::fs::write(folder.path().join("x.json"), text).unwrap();
        let error =
            Evidence::of_file(&folder.path().join("x.json"), "x.json".to_owned()).unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("x.json"), "{error}");
    }
    assert!(Evidence::of_file(&folder.path().join("none"), String::new()).is_err());
}

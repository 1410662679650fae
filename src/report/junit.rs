//! The run as JUnit XML: a suite for each part of the experiment with a case for each activity, and one for the verdict.

use super::facts::{Facts, section_name, shown, step_result, step_word};
use crate::{
    insight::RunVerdict,
    session::{
        event::Section,
        state::{StepRow, StepState},
    },
};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

const SECTIONS: [Section; 4] = [Section::Before, Section::Method, Section::After, Section::Rollbacks];

/// Renders the report.
pub(crate) fn text(facts: &Facts) -> String {
    let mut report = Report::new(shown(facts.evidence.title()));
    if let Some(seconds) = facts.run_lasted() {
        report.set_time(duration(seconds));
    }
    for section in SECTIONS {
        let rows: Vec<&StepRow> = facts.steps().filter(|row| row.step.at.section == section).collect();
        if rows.is_empty() {
            continue;
        }
        let mut suite = TestSuite::new(section_name(section));
        suite.set_time(duration(rows.iter().filter_map(|row| row.seconds).sum()));
        suite.add_test_cases(rows.into_iter().map(|row| case(section, row)));
        report.add_test_suite(suite);
    }
    report.add_test_suite(verdict(facts));
    // The writer is a String: only a defect of the library could fail.
    report.to_string().unwrap_or_default()
}

fn case(section: Section, row: &StepRow) -> TestCase {
    let (_, word) = step_word(row);
    let result = step_result(row);
    let message =
        if result.is_empty() || result == word { word.to_owned() } else { format!("{word}: {result}") };
    let status = match &row.state {
        StepState::NotMet => non_success(NonSuccessKind::Failure, "deviation", &tolerance(row, &message)),
        StepState::Failed | StepState::Cut => non_success(NonSuccessKind::Error, "provider", &message),
        _ if row.trouble.is_some() => non_success(NonSuccessKind::Error, "provider", &message),
        StepState::Succeeded if !row.step.pretended => TestCaseStatus::success(),
        _ => skipped(&message),
    };
    let mut case = TestCase::new(shown(&row.step.name), status);
    case.set_classname(section_name(section));
    if let Some(seconds) = row.seconds {
        case.set_time(duration(seconds));
    }
    case
}

fn tolerance(row: &StepRow, message: &str) -> String {
    match &row.step.tolerance {
        Some(tolerance) => format!("{message}, tolerance {}", shown(tolerance)),
        None => message.to_owned(),
    }
}

/// The verdict about users, and whether something is still on. Where no verdict is possible the case is skipped rather
/// than passed: nothing was shown.
fn verdict(facts: &Facts) -> TestSuite {
    let conclusion = &facts.conclusion;
    let because = shown(&format!("{}: {}", conclusion.verdict.text(), conclusion.because()));
    let status = match conclusion.verdict {
        RunVerdict::Resilient | RunVerdict::Protected => TestCaseStatus::success(),
        RunVerdict::NotResilient => non_success(NonSuccessKind::Failure, "verdict", &because),
        RunVerdict::FaultNeverHappened | RunVerdict::FaultNotConfirmed | RunVerdict::NotObservable => {
            skipped(&because)
        }
    };
    let mut users = TestCase::new("users are spared the fault", status);
    users.set_system_out(because);
    let left: Vec<String> = facts.aftermath.still_on.iter().map(|line| shown(line)).collect();
    let status = if left.is_empty() {
        TestCaseStatus::success()
    } else {
        non_success(NonSuccessKind::Failure, "left on", &left.join("; "))
    };
    let mut suite = TestSuite::new("verdict");
    suite.add_test_cases([users, TestCase::new("nothing is known to be still on", status)].map(
        |mut case| {
            case.set_classname("verdict");
            case
        },
    ));
    suite
}

fn non_success(kind: NonSuccessKind, class: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(class).set_message(message);
    status
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

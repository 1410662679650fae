//! The findings as a table for people and as JSON.

use crate::{
    commands::output::stdout_has_colours,
    printing::{Colour, Printed, clean},
    session::event::CheckLevel,
    tui::wrapped,
};
use serde_json::{Value as Json, json};
use std::io::{IsTerminal, stdout};

/// The result of a check.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    pub topic: &'static str,
    pub level: CheckLevel,
    pub text: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Finding {
    pub(super) fn ok(topic: &'static str, text: String) -> Self {
        Self { topic, level: CheckLevel::Ok, text, remedy: None }
    }

    pub(super) fn warn(topic: &'static str, text: String, remedy: Option<String>) -> Self {
        Self { topic, level: CheckLevel::Know, text, remedy }
    }

    pub(super) fn fix(topic: &'static str, text: String, remedy: &str) -> Self {
        Self { topic, level: CheckLevel::Fix, text, remedy: Some(remedy.to_owned()) }
    }
}

/// What the table is printed on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paper {
    pub columns: usize,
    pub colours: bool,
}

/// Columns where the width is not known, and the most that are used.
const COLUMNS: usize = 100;
const MOST: usize = 140;
/// Columns of the word and of the topic.
const WORD: usize = 6;
const TOPIC: usize = 13;

impl Paper {
    /// The terminal that standard output is, or a file.
    pub(super) fn of_stdout() -> Self {
        let size = if stdout().is_terminal() { crossterm::terminal::size().ok() } else { None };
        let columns = size.map_or(COLUMNS, |(columns, _)| usize::from(columns).clamp(40, MOST));
        Self { columns, colours: stdout_has_colours() }
    }
}

/// The word for a level, and its colour.
fn word(level: CheckLevel) -> (&'static str, Colour) {
    match level {
        CheckLevel::Ok => ("ok", Colour::Green),
        CheckLevel::Know => ("warn", Colour::Yellow),
        CheckLevel::Fix => ("FAIL", Colour::Red),
    }
}

/// Returns the table: a word, the topic and the text of each finding, with what to do below it.
pub(super) fn table(source: Option<&str>, findings: &[Finding], paper: Paper) -> Printed {
    let room = paper.columns.saturating_sub(WORD + TOPIC + 2).max(20);
    let mut page = Printed::default();
    let mut before = "";
    for finding in findings {
        let (word, colour) = word(finding.level);
        let topic = if finding.topic == before { "" } else { finding.topic };
        before = finding.topic;
        for (i, line) in wrapped(&finding.text, room).iter().enumerate() {
            if i == 0 {
                page.push_in(paper.colours.then_some(colour), &format!("{word:<WORD$}"));
                page.push(&format!("{topic:<TOPIC$}{line}\n"));
            } else {
                page.push(&format!("{:1$}{line}\n", "", WORD + TOPIC));
            }
        }
        let remedy = finding.remedy.iter().flat_map(|remedy| wrapped(remedy, room - 4));
        for (i, line) in remedy.enumerate() {
            page.push(&format!("{:1$}{2}{line}\n", "", WORD + TOPIC, if i == 0 { "do: " } else { "    " }));
        }
    }
    page.push(&format!("\n{}\n", summary(source, findings)));
    page
}

fn count(findings: &[Finding], level: CheckLevel) -> usize {
    findings.iter().filter(|finding| finding.level == level).count()
}

fn summary(source: Option<&str>, findings: &[Finding]) -> String {
    let (failed, warned) = (count(findings, CheckLevel::Fix), count(findings, CheckLevel::Know));
    let warnings = format!("{warned} warning{}", if warned == 1 { "" } else { "s" });
    let what = clean(source.unwrap_or("a session"));
    match failed {
        0 => format!("nothing keeps {what} from working; {warnings}"),
        1 => format!("1 thing to fix before {what} works; {warnings}"),
        more => format!("{more} things to fix before {what} works; {warnings}"),
    }
}

/// Returns the findings for programs.
pub(super) fn json(source: Option<&str>, findings: &[Finding]) -> Json {
    let level = |level: CheckLevel| word(level).0.to_lowercase();
    let checks: Vec<Json> = findings
        .iter()
        .map(|it| json!({"topic": it.topic, "level": level(it.level), "text": it.text, "remedy": it.remedy}))
        .collect();
    let failed = count(findings, CheckLevel::Fix);
    json!({"source": source, "ok": failed == 0, "failures": failed,
        "warnings": count(findings, CheckLevel::Know), "checks": checks})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Vec<Finding> {
        vec![
            Finding::ok("cluster", "cluster reachable".to_owned()),
            Finding::fix(
                "permissions",
                "you may NOT: delete pods in\u{1b}[31m default".to_owned(),
                "grant it",
            ),
            Finding::warn("permissions", "the view will be incomplete".to_owned(), None),
        ]
    }

    #[test]
    fn a_table_fits_the_paper_and_has_colours_on_a_terminal_only() {
        let plain = table(Some("x.json"), &findings(), Paper { columns: 45, colours: false });
        let expected = "ok    cluster      cluster reachable\n\
                        FAIL  permissions  you may NOT: delete pods\n                   in default\n                   \
                        do: grant it\n\
                        warn               the view will be\n                   incomplete\n\n\
                        1 thing to fix before x.json works; 1 warning\n";
        assert_eq!(plain.as_str(), expected);
        let coloured = table(None, &findings(), Paper { columns: 80, colours: true }).to_string();
        assert!(coloured.contains("\u{1b}[31mFAIL  \u{1b}[39mpermissions"), "{coloured}");
        assert_eq!(coloured.matches("\u{1b}[31m").count(), 1, "text from outside has no colours: {coloured}");
    }

    #[test]
    fn json_counts_and_keeps_each_finding() {
        let report = json(None, &findings());
        assert_eq!(
            (&report["ok"], &report["failures"], &report["warnings"]),
            (&false.into(), &1.into(), &1.into())
        );
        assert_eq!(report["checks"][1]["level"], "fail");
        assert_eq!(report["checks"][1]["remedy"], "grant it");
        assert_eq!(json(None, &findings()[..1])["ok"], true);
    }
}

//! The findings of validation, and their text form.

use pyvalue::{Document, Part, Position};
use std::fmt::Write;

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The experiment is refused.
    Error,
    /// The experiment runs, but probably not as intended.
    Warning,
}

/// One problem found by validation.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Finding {
    /// Stable identifier, such as `E-REF-UNKNOWN` (experiment-format 3).
    pub code: &'static str,
    pub severity: Severity,
    /// JSON path, such as `$.method[2].provider.func`.
    pub place: String,
    pub position: Position,
    pub message: String,
    /// The suggested remedy.
    pub remedy: String,
    /// The reference's exception class; empty if the reference does not report this problem.
    pub class: &'static str,
    /// The reference's message; `None` if it crashes or reports nothing.
    pub reference_message: Option<String>,
}

/// The errors and warnings of one document, in the order of the reference's checks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// The errors; the first is the one the reference stops at.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(|finding| finding.severity == Severity::Error)
    }

    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(|finding| finding.severity == Severity::Warning)
    }

    /// Whether the experiment may run.
    pub fn valid(&self) -> bool {
        self.errors().next().is_none()
    }
}

/// Renders a finding: message, location, the underlined text, the JSON path, and the remedy, if there is one.
///
/// `line_text` is the finding's line of the file; without it, as for a file that does not exist, only message and remedy
/// are rendered. Control characters from the file are replaced by dots, so that they
/// do not reach the terminal.
pub fn render(finding: &Finding, source: &str, line_text: Option<&str>) -> String {
    let Position { line, column, length } = finding.position;
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let margin = line.to_string().len();
    let blank = " ".repeat(margin);
    let mut text = String::new();
    let _ = writeln!(text, "{severity}[{}]: {}", finding.code, visible(&finding.message));
    if let Some(line_text) = line_text {
        let excerpt = Excerpt::around(line_text, column, length);
        let _ = writeln!(text, "{blank}--> {}:{line}:{column}", visible(source));
        let _ = writeln!(text, "{blank} |");
        let _ = writeln!(text, "{line} | {}", excerpt.text);
        let _ = writeln!(text, "{blank} | {}{}", " ".repeat(excerpt.indent), "^".repeat(excerpt.length));
        let _ = writeln!(text, "{blank} = at {}", visible(&finding.place));
    }
    if !finding.remedy.is_empty() {
        let _ = writeln!(text, "{blank} = {}", visible(&finding.remedy));
    }
    text
}

/// The maximum width of an excerpt in columns: a minified file is one line of many thousands.
const WIDTH: usize = 96;

struct Excerpt {
    text: String,
    indent: usize,
    length: usize,
}

impl Excerpt {
    fn around(line: &str, column: usize, length: usize) -> Self {
        let start = column.saturating_sub(1);
        let from = if start + length.min(WIDTH / 2) > WIDTH { start.saturating_sub(WIDTH / 3) } else { 0 };
        let shown: String = line.chars().skip(from).take(WIDTH).collect();
        let room = WIDTH.saturating_sub(start - from).max(1);
        let ellipsis = if from > 0 { "…" } else { "" };
        let rest = if line.chars().nth(from + WIDTH).is_some() { "…" } else { "" };
        Self {
            text: format!("{ellipsis}{}{rest}", visible(&shown)),
            indent: start - from + ellipsis.chars().count(),
            length: length.min(room),
        }
    }
}

/// Replaces the control characters of a text from a file, one column each.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c == '\t' {
                ' '
            } else if c.is_control() {
                '·'
            } else {
                c
            }
        })
        .collect()
}

/// The maximum number of findings kept per severity: nobody reads more, and each requires a scan of the file.
const MOST: usize = 500;

/// Collects findings with the positions of one document.
pub(super) struct Collector<'a> {
    document: &'a Document,
    findings: Vec<Finding>,
    errors: usize,
    warnings: usize,
}

/// A validation error: code, the reference's exception class and messages.
pub(super) struct Refusal {
    pub code: &'static str,
    pub class: &'static str,
    /// The reference's message; `None` if it crashes.
    pub reference: Option<String>,
    /// chaos-tui's own message, if it is more helpful.
    pub message: Option<String>,
    pub remedy: String,
}

impl<'a> Collector<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        Self { document, findings: Vec::new(), errors: 0, warnings: 0 }
    }

    /// Whether new findings are still kept: if not, an expensive remedy need not be computed.
    pub(super) fn has_room(&self) -> bool {
        self.errors < MOST && self.warnings < MOST
    }

    /// Adds an error at a value.
    pub(super) fn refuse(&mut self, place: impl Into<String>, refusal: Refusal) {
        self.refuse_part(place, Part::Value, refusal);
    }

    /// Adds an error at a key or a value.
    pub(super) fn refuse_part(&mut self, place: impl Into<String>, part: Part, refusal: Refusal) {
        self.errors += 1;
        if self.errors > MOST {
            return;
        }
        let message = refusal.message.or_else(|| refusal.reference.clone()).unwrap_or_default();
        let place = place.into();
        self.findings.push(Finding {
            code: refusal.code,
            severity: Severity::Error,
            position: self.document.position(&place, part),
            place,
            message,
            remedy: refusal.remedy,
            class: refusal.class,
            reference_message: refusal.reference,
        });
    }

    /// Adds an error at a value of the wrong type, on which the reference crashes.
    pub(super) fn refuse_type(&mut self, place: impl Into<String>, expected: &str) {
        let refusal = Refusal {
            code: "E-SHAPE",
            class: "",
            reference: None,
            message: Some(format!("this must be {expected}")),
            remedy: format!("write {expected} here, or leave the key out"),
        };
        self.refuse(place, refusal);
    }

    /// Adds a warning at a value or a key.
    pub(super) fn warn(
        &mut self,
        code: &'static str,
        place: impl Into<String>,
        part: Part,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.warn_as(code, place, part, message, remedy, None);
    }

    /// Adds a warning that the reference reports too, with the reference's message.
    pub(super) fn warn_as(
        &mut self,
        code: &'static str,
        place: impl Into<String>,
        part: Part,
        message: impl Into<String>,
        remedy: impl Into<String>,
        reference_message: Option<String>,
    ) {
        self.warnings += 1;
        if self.warnings > MOST {
            return;
        }
        let place = place.into();
        self.findings.push(Finding {
            code,
            severity: Severity::Warning,
            position: self.document.position(&place, part),
            place,
            message: message.into(),
            remedy: remedy.into(),
            class: "",
            reference_message,
        });
    }

    pub(super) fn finish(self) -> Findings {
        Findings(self.findings)
    }
}

#[cfg(test)]
mod tests {
    use super::{Finding, Severity, render};
    use pyvalue::Position;

    fn finding(line: usize, column: usize, length: usize) -> Finding {
        Finding {
            code: "E-PY-NOFUNC",
            severity: Severity::Error,
            place: "$.method[0].provider.func".to_owned(),
            position: Position { line, column, length },
            message: "no such function".to_owned(),
            remedy: "did you mean 'terminate_pods'?".to_owned(),
            class: "InvalidActivity",
            reference_message: None,
        }
    }

    #[test]
    fn the_offending_text_is_underlined() {
        let shown = render(&finding(12, 11, 4), "a.json", Some("  \"func\": \"go\""));
        let expected = "error[E-PY-NOFUNC]: no such function\n  --> a.json:12:11\n   |\n12 |   \"func\": \"go\"\n   \
                        |           ^^^^\n   = at $.method[0].provider.func\n   = did you mean 'terminate_pods'?\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_has_no_line_is_not_underlined() {
        let shown = render(&finding(1, 1, 1), "nosuch.json", None);
        assert!(shown.starts_with("error[") && !shown.contains('^') && !shown.contains("-->"), "{shown}");
        assert!(shown.contains(" = "), "the remedy is there: {shown}");
    }

    #[test]
    fn a_long_line_is_cut_around_it() {
        let line = format!("{}HERE{}", "x".repeat(5000), "y".repeat(5000));
        let shown = render(&finding(1, 5001, 4), "a.json", Some(&line));
        let rows: Vec<&str> = shown.lines().collect();
        let under = rows[4].find('^').unwrap();
        let above: String = rows[3].chars().skip(under).take(4).collect();
        assert_eq!(above, "HERE", "{shown}");
        assert!(rows.iter().all(|row| row.chars().count() < 110), "{shown}");
    }

    #[test]
    fn control_characters_of_the_file_do_not_reach_the_terminal() {
        let shown = render(&finding(1, 1, 900), "a\u{1b}[31m.json", Some("\u{1b}[2J\t\u{7}"));
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    }
}

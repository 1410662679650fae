//! The comparison as plain text, for the console and the last screen.

use super::{Comparison, Side};
use crate::session::{state::Lane, wording};
use std::fmt;

/// Widths of the table's columns.
const WHAT: usize = 32;
const VALUE: usize = 16;

impl Comparison {
    /// The verdict in one line: `before: NOT RESILIENT    after: PROTECTED, 2 findings`.
    pub(crate) fn verdict(&self) -> String {
        let side = |side: &Side| format!("{}: {}", side.name, side.conclusion.verdict.text());
        let findings = wording::count(self.findings.len() as u64, "finding");
        format!("{}    {}, {findings}    {}", side(&self.before), side(&self.after), self.happened())
    }

    /// Says whether the fault really happened in each session.
    pub(crate) fn happened(&self) -> String {
        let word = |side: &Side| match side.fault_had_effect {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not known",
        };
        match (word(&self.before), word(&self.after)) {
            (before, after) if before == after => format!("fault really happened in both: {before}"),
            (before, after) => {
                format!("fault really happened: {} {before}, {} {after}", self.before.name, self.after.name)
            }
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = (&self.before, &self.after);
        writeln!(f, "{}", self.verdict())?;
        for side in [before, after] {
            writeln!(f, "  {}: {}", side.name, side.sentence)?;
        }
        writeln!(f)?;
        let head = format!("{:WHAT$}{:VALUE$}{:VALUE$}", "", before.name, after.name);
        writeln!(f, "{head}what changed")?;
        for row in &self.rows {
            let finding = row.finding.map(|number| format!("[{number}]")).unwrap_or_default();
            let change = [row.judgement.text(), row.change.as_str(), &finding];
            let change: Vec<&str> = change.into_iter().filter(|word| !word.is_empty()).collect();
            let line = format!(
                "{:WHAT$}{:VALUE$}{:VALUE$}{}",
                row.name,
                row.before.text,
                row.after.text,
                change.join(" ")
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(f)?;
        self.write_lanes(f)?;
        self.write_predictions(f)?;
        for (number, finding) in (1..).zip(&self.findings) {
            writeln!(f, "[{number}] {}", finding.text)?;
            writeln!(f, "    {}", finding.advice)?;
        }
        for line in &self.not_seen {
            writeln!(f, "not seen: {line}")?;
        }
        for caveat in &self.caveats {
            writeln!(f, "{caveat}")?;
        }
        Ok(())
    }
}

impl Comparison {
    fn write_predictions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for side in [&self.before, &self.after].into_iter().filter(|side| !side.scores.is_empty()) {
            writeln!(f, "your prediction for {}", side.name)?;
            for score in &side.scores {
                writeln!(f, "    {:28}{:24}{}", score.guess, score.fact, score.word())?;
            }
        }
        Ok(())
    }

    fn write_lanes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = self.before.name.chars().count().max(self.after.name.chars().count());
        for side in [&self.before, &self.after] {
            for (lane, letters) in &side.lanes {
                let known = letters.chars().any(|letter| !matches!(letter, ' ' | '.'));
                // A lane without a known state is omitted, except the users' lane.
                if known || *lane == Lane::Users {
                    writeln!(f, "{:wide$}  {:8} {}", side.name, lane.label(), letters.trim_end())?;
                }
            }
        }
        writeln!(f, "{:wide$}  {:8}      T0        +10       +20       +30       +40       +50", "", "")?;
        writeln!(
            f,
            "r real R real late  f fallback F fallback late  X failed  ? waiting   c closed O open h half-open  5 = 503  # fault\n"
        )
    }
}

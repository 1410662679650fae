//! A comparison in words.

use super::{
    MetricJudgement, MetricRow, RunsCompared,
    compared::requests,
    metric::{Span, Unit},
};
use std::fmt;

impl MetricJudgement {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Different => "different",
            Self::Unnoticeable => "less than users notice",
            Self::Indistinguishable => "indistinguishable at this sample size",
            Self::Equal => "equal",
            Self::TooFew => "too few to tell from noise",
            Self::NotObserved => "not observed in both",
        }
    }
}

impl MetricRow {
    /// The interval of the difference: `+12.0 to +20.5 points`; empty without one.
    pub(crate) fn interval_text(&self) -> String {
        let Some(interval) = self.interval else { return String::new() };
        let (low, high) =
            (self.metric.difference_text(interval.low), self.metric.difference_text(interval.high));
        let points = if self.metric.unit == Unit::Share { " points" } else { "" };
        format!("{low} to {high}{points}")
    }

    /// A figure, or a dash.
    pub(crate) fn figure(&self, value: Option<f64>) -> String {
        value.map_or_else(|| "-".to_owned(), |value| self.metric.text(value))
    }
}

impl RunsCompared {
    /// How the noise was estimated, and what that does not show.
    pub(crate) fn method(&self) -> &'static str {
        if self.by_runs {
            "95 % intervals from drawing whole runs anew (bootstrap): they hold for other runs of the same kind."
        } else {
            "95 % intervals from drawing the requests of each phase anew in blocks of a second (bootstrap): the noise within these \
             runs, not how much another run would differ, which `run --repeat` shows."
        }
    }

    /// Requests, or runs, of the two sides.
    pub(crate) fn sample_sizes(&self) -> String {
        let runs = |count: usize| if count == 1 { "1 run".to_owned() } else { format!("{count} runs") };
        let seconds = match self.span {
            Span::Since(seconds) if seconds.is_finite() => format!("in the first {seconds:.0} s since T0"),
            _ => "since T0".to_owned(),
        };
        let side = |side: &super::Runs| {
            let requests = requests(&side.runs, self.span);
            format!("{}: {}, {requests} requests {seconds}", side.name, runs(side.runs.len()))
        };
        format!("{}; {}", side(&self.first), side(&self.second))
    }
}

impl fmt::Display for RunsCompared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = (&self.first, &self.second);
        writeln!(
            f,
            "{:26}{:>14}{:>14}  {:26}",
            "",
            cut(&first.name),
            cut(&second.name),
            "difference (95 %)"
        )?;
        writeln!(f, "{:26}{:>14}{:>14}", "verdict", cut(&first.verdicts()), cut(&second.verdicts()))?;
        for row in &self.rows {
            let line = format!(
                "{:26}{:>14}{:>14}  {:26}{}",
                row.metric.label,
                row.figure(row.first),
                row.figure(row.second),
                row.interval_text(),
                row.judgement.text()
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(f, "\n{}", self.sample_sizes())?;
        writeln!(f, "{}", self.method())?;
        for difference in &self.differences {
            writeln!(f, "CAUTION {difference}")?;
        }
        Ok(())
    }
}

/// A text that fits its column.
fn cut(text: &str) -> String {
    if text.chars().count() <= 13 { text.to_owned() } else { text.chars().take(12).chain(['…']).collect() }
}

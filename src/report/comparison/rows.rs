//! The comparison table: one row per figure, with what changed.

use super::{
    Figures, Side,
    changes::{self, Change, Judgement, nothing},
};
use crate::{
    insight::{FindingTopic, RunVerdict, Tone},
    session::{state::Quantile, wording},
};

/// Seconds from which on a recovery is late.
const LATE_S: f64 = 1.0;

/// One row of the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// The name of the figure.
    pub name: &'static str,
    /// The figure in the first session.
    pub before: Value,
    pub after: Value,
    /// The value of a full bar, if that is not the larger of the two figures.
    pub full_bar: Option<f64>,
    pub judgement: Judgement,
    /// What changed, in words.
    pub change: String,
    /// Number of the finding that explains it, from 1.
    pub finding: Option<usize>,
}

/// A figure of one session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Value {
    pub text: String,
    /// The length of its bar; `None` without a bar.
    pub number: Option<f64>,
    pub tone: Tone,
}

impl Value {
    fn new(text: impl Into<String>, number: Option<f64>, tone: Tone) -> Self {
        Self { text: text.into(), number, tone }
    }

    fn count(n: u64, tone: Tone) -> Self {
        Self::new(n.to_string(), Some(n as f64), if n == 0 { Tone::Plain } else { tone })
    }
}

/// Builds the rows; `abouts` holds the topic that each finding explains.
pub(super) fn of(before: &Side, after: &Side, abouts: &[Option<FindingTopic>]) -> Vec<Row> {
    let (b, a) = (&before.figures, &after.figures);
    let row = |what, value: fn(&Side) -> Value, change: Change, about: Option<FindingTopic>| {
        let explains = |found: &Option<FindingTopic>| found.is_some() && *found == about;
        let finding = abouts.iter().position(explains).map(|place| place + 1);
        let (judgement, change) = change;
        Row {
            name: what,
            before: value(before),
            after: value(after),
            full_bar: None,
            judgement,
            change,
            finding,
        }
    };
    let failed = changes::fewer((b.since.error, b.during), (a.since.error, a.during));
    let mut rows = vec![
        row("failed users", failed_users, failed, None),
        row("fallback answers", fallbacks, something(b, a), None),
        row("bad seconds", bad_seconds, changes::fewer_seconds(b.bad_seconds, a.bad_seconds), None),
        row("longest wait", longest, changes::waits(Quantile::Max, &b.since.all, &a.since.all), None),
        row("T0 to breaker open", opened, price(a), Some(FindingTopic::Opening)),
        row(
            "provider back to real answer",
            back,
            changes::times(b.recovery_s, a.recovery_s, open_time(a)),
            Some(FindingTopic::Return),
        ),
        Row {
            full_bar: a.misses.or(b.misses).map(|(_, threshold)| f64::from(threshold)),
            ..row("consumer liveness misses", misses, restart(b, a), Some(FindingTopic::Liveness))
        },
    ];
    // Users no longer fail in the second session.
    if let Some(first) =
        rows.first_mut().filter(|row| row.judgement == Judgement::Better && a.since.error == 0)
    {
        first.after.tone = Tone::Ok;
    }
    rows
}

/// The tone of harm: failing in a run that let users down, waiting in one that protected them.
fn harmed(side: &Side) -> Tone {
    if side.conclusion.verdict == RunVerdict::NotResilient { Tone::Failing } else { Tone::Waiting }
}

fn failed_users(side: &Side) -> Value {
    Value::count(side.figures.since.error, Tone::Failing)
}

fn fallbacks(side: &Side) -> Value {
    Value::count(side.figures.since.fallback, Tone::Protected)
}

fn something(before: &Figures, after: &Figures) -> Change {
    match () {
        () if after.since.fallback > before.since.fallback => {
            (Judgement::None, "less than real, but an answer".to_owned())
        }
        () if after.since.fallback < before.since.fallback => {
            (Judgement::None, format!("{} fewer", before.since.fallback - after.since.fallback))
        }
        () => nothing(),
    }
}

fn bad_seconds(side: &Side) -> Value {
    Value::count(side.figures.bad_seconds.into(), harmed(side))
}

fn longest(side: &Side) -> Value {
    let waits = &side.figures.since.all;
    let Some(ms) = waits.max else { return Value::new("-", None, Tone::Plain) };
    let at_least = if waits.is_open(Quantile::Max) { ">= " } else { "" };
    let tone = if ms > side.figures.limit_ms as f64 { harmed(side) } else { Tone::Plain };
    Value::new(format!("{at_least}{}", wording::wait(ms)), Some(ms), tone)
}

fn opened(side: &Side) -> Value {
    let figures = &side.figures;
    match figures.trip_s {
        Some(seconds) => Value::new(wording::seconds(seconds), None, Tone::Plain),
        None if figures.switched_off => Value::new("switched off", None, Tone::Failing),
        None if figures.never_opened => {
            let unharmed = side.conclusion.verdict == RunVerdict::Resilient;
            Value::new("never", None, if unharmed { Tone::Plain } else { Tone::Failing })
        }
        // The breaker was observed, though not closely enough to rule out an opening.
        None if figures.breaker_observed => Value::new("not seen", None, Tone::Plain),
        None => Value::new("-", None, Tone::Plain),
    }
}

/// The cost of the second session's breaker before it opened.
fn price(after: &Figures) -> Change {
    let harm = after.before_opening;
    let words = match (harm.failed, harm.late) {
        (0, 0) => String::new(),
        (0, late) => format!("{} waited first", wording::count(late, "user")),
        (failed, 0) => format!("{} failed first", wording::count(failed, "user")),
        _ => format!("{} waited or failed first", wording::count(harm.users(), "user")),
    };
    (Judgement::None, words)
}

fn back(side: &Side) -> Value {
    let Some(seconds) = side.figures.recovery_s else { return Value::new("-", None, Tone::Plain) };
    let at_most = if side.figures.recovery_at_most { "<= " } else { "" };
    let tone = if seconds >= LATE_S { Tone::Waiting } else { Tone::Plain };
    Value::new(format!("{at_most}{}", wording::seconds(seconds)), Some(seconds), tone)
}

fn open_time(after: &Figures) -> Option<String> {
    after.reset_s.map(|seconds| format!("breaker waits {seconds:.0} s"))
}

fn misses(side: &Side) -> Value {
    let figures = &side.figures;
    let restarted = match figures.restarts {
        0 => None,
        1 => Some("restarted".to_owned()),
        times => Some(format!("{times} restarts")),
    };
    match (restarted, figures.misses) {
        (Some(words), misses) => {
            Value::new(words, misses.map(|(_, threshold)| f64::from(threshold)), Tone::Failing)
        }
        (None, Some((worst, threshold))) => {
            let tone = if worst > 0 { Tone::Waiting } else { Tone::Plain };
            Value::new(format!("{worst} of {threshold}"), Some(f64::from(worst)), tone)
        }
        (None, None) => Value::new("-", None, Tone::Plain),
    }
}

fn restart(before: &Figures, after: &Figures) -> Change {
    let worst = |figures: &Figures| figures.misses.map_or(0, |(worst, _)| worst);
    match (before.restarts, after.restarts) {
        (0, 1) => (Judgement::Worse, "Kubernetes restarted it".to_owned()),
        (was, is) if is > was => {
            (Judgement::Worse, format!("{} more", wording::count((is - was).into(), "restart")))
        }
        (was, is) if is < was => {
            (Judgement::Better, format!("{} fewer", wording::count((was - is).into(), "restart")))
        }
        (1.., _) => (Judgement::Same, "restarted in both".to_owned()),
        _ if worst(after) > worst(before) => (Judgement::Worse, "a restart was near".to_owned()),
        _ if worst(after) < worst(before) => (Judgement::Better, "no restart was near".to_owned()),
        _ => nothing(),
    }
}

//! The table: one row a figure, with what changed.

use super::{Figures, Finding, Side, findings::About};
use crate::session::{
    state::{Quantile, Waits},
    wording,
};

/// Ratio of two waiting times below which they are told apart; a single run says nothing about less.
const REAL_CHANGE: f64 = 1.5;

/// One row of the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// What is measured.
    pub what: &'static str,
    /// In the first session.
    pub before: String,
    pub after: String,
    /// What changed, in words.
    pub change: String,
    pub judgement: Judgement,
    /// Number of the finding that explains it, from 1.
    pub finding: Option<usize>,
}

/// Whether a change is good for users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Better.
    Good,
    Worse,
    /// Neither, or not comparable.
    Neutral,
}

impl Judgement {
    /// As the table writes it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Judgement::Good => "GOOD",
            Judgement::Worse => "WORSE",
            Judgement::Neutral => "",
        }
    }
}

pub(super) fn of(before: &Side, after: &Side, findings: &[Finding]) -> Vec<Row> {
    let (b, a) = (&before.figures, &after.figures);
    let late = |f: &Figures| match f.real_late {
        0 => f.users.real.to_string(),
        late if late == f.users.real => format!("{late} (late)"),
        late => format!("{} ({late} late)", f.users.real),
    };
    let bad = |f: &Figures| format!("{} of {}", f.bad_seconds, f.fault_seconds());
    let back = |f: &Figures| match f.recovery_s.map(wording::seconds) {
        None => "-".to_owned(),
        Some(lag) if f.recovery_at_most => format!("<= {lag}"),
        Some(lag) => lag,
    };
    let mut rows = vec![
        plain("requests sent during the fault", b.users.sent.to_string(), a.users.sent.to_string()),
        plain("  real answers", late(b), late(a)),
        Row {
            change: if a.users.fallback > b.users.fallback {
                "users get something".to_owned()
            } else {
                String::new()
            },
            ..plain("  fallback answers", b.users.fallback.to_string(), a.users.fallback.to_string())
        },
        fewer("  errors shown to users", (b.users.error, a.users.error), |n| n.to_string()),
        Row {
            before: bad(b),
            after: bad(a),
            ..fewer(
                "seconds in which a user was let down",
                (b.bad_seconds.into(), a.bad_seconds.into()),
                |n| n.to_string(),
            )
        },
        waits("median wait", Quantile::P50, (&b.users.all, &a.users.all)),
        waits("95 of 100 waited less than", Quantile::P95, (&b.users.all, &a.users.all)),
        waits("longest wait", Quantile::Max, (&b.users.all, &a.users.all)),
        Row { change: price(a), ..plain("kill -> breaker open", opened(b), opened(a)) },
        plain("provider back -> first real answer", back(b), back(a)),
        Row {
            change: misses(a),
            ..fewer("consumer restarts by Kubernetes", (b.restarts.into(), a.restarts.into()), |n| {
                n.to_string()
            })
        },
    ];
    for row in &mut rows {
        let explains = |finding: &Finding| finding.about.rows().contains(&row.what);
        row.finding = findings.iter().position(explains).map(|place| place + 1);
    }
    rows
}

impl About {
    /// The rows that a finding explains.
    fn rows(self) -> &'static [&'static str] {
        match self {
            About::Retries => &["longest wait"],
            About::Liveness => &["consumer restarts by Kubernetes"],
            About::Trip => &["kill -> breaker open"],
            About::File | About::Fault => &[],
        }
    }
}

fn plain(what: &'static str, before: String, after: String) -> Row {
    Row { what, before, after, change: String::new(), judgement: Judgement::Neutral, finding: None }
}

/// A count of which fewer is better.
fn fewer(what: &'static str, (before, after): (u64, u64), show: fn(u64) -> String) -> Row {
    let (change, judgement) = match (before, after) {
        (before, after) if after < before => (format!("{} fewer", before - after), Judgement::Good),
        (before, after) if after > before => (format!("{} more", after - before), Judgement::Worse),
        _ => (String::new(), Judgement::Neutral),
    };
    Row { change, judgement, ..plain(what, show(before), show(after)) }
}

/// Waiting times; one that may still grow is at least that long, which tells less of what changed.
fn waits(what: &'static str, quantile: Quantile, (before, after): (&Waits, &Waits)) -> Row {
    let show = |waits: &Waits| {
        waits.at(quantile).map_or_else(
            || "-".to_owned(),
            |ms| match waits.is_open(quantile) {
                true => format!(">= {}", wording::wait(ms)),
                false => wording::wait(ms),
            },
        )
    };
    let open = (before.is_open(quantile), after.is_open(quantile));
    let (change, judgement) = match (before.at(quantile), after.at(quantile)) {
        (Some(before), Some(after)) if after * REAL_CHANGE < before && !open.1 => {
            (String::new(), Judgement::Good)
        }
        (Some(before), Some(after)) if after > before * REAL_CHANGE && !open.0 => {
            (format!("{:.1} times as long", after / before.max(0.001)), Judgement::Worse)
        }
        (Some(_), Some(_)) if open != (false, false) => ("some still wait".to_owned(), Judgement::Neutral),
        (Some(_), Some(_)) => ("no real change".to_owned(), Judgement::Neutral),
        _ => (String::new(), Judgement::Neutral),
    };
    Row { change, judgement, ..plain(what, show(before), show(after)) }
}

fn opened(figures: &Figures) -> String {
    match figures.trip_s {
        Some(seconds) => wording::seconds(seconds),
        None if figures.switched_off.is_some() => "switched off".to_owned(),
        None if figures.no_breaker => "none seen".to_owned(),
        None => "-".to_owned(),
    }
}

fn price(figures: &Figures) -> String {
    match figures.harmed_before_trip {
        0 => String::new(),
        harmed => format!("{} let down first", wording::count(harmed, "user")),
    }
}

fn misses(figures: &Figures) -> String {
    match figures.misses {
        Some((worst, threshold)) if figures.restarts == 0 => format!("but {worst} of {threshold} misses"),
        _ => String::new(),
    }
}

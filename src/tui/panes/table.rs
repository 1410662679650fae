//! The figures under the chart: baseline, since T0, after recovery; where there is room, split by outcome.

use super::Scene;
use crate::{
    insight,
    session::{
        event::Timestamp,
        state::{Endpoint, Quantile, Tally, Waits},
        wording,
    },
    tui::{
        canvas::{Canvas, Row},
        figures::{self, wait_so_far},
        theme::Role,
    },
};

/// Columns from which 95th percentile and longest wait are shown.
const ROOMY: usize = 72;
/// Rows of what is shown where there is room: a row for each outcome, the errors by class, the bad seconds.
const DETAILS: usize = 5;

/// Rows that the table takes of those there are for it.
pub(super) fn rows(scene: &Scene, endpoint: &Endpoint, room: usize) -> usize {
    let base = if endpoint.after_recovery(scene.now).sent > 0 { 4 } else { 3 };
    if room >= base + DETAILS { base + DETAILS } else { base.min(room.max(3)) }
}

/// Draws header and rows, as many as fit.
pub(super) fn table(canvas: &mut Canvas, scene: &Scene, endpoint: &Endpoint) {
    let roomy = canvas.width() >= ROOMY;
    let baseline = endpoint.baseline(scene.now);
    let (since, after) = (endpoint.since_t0(scene.now), endpoint.after_recovery(scene.now));
    let mut lines = vec![
        Row::of(Role::Muted, head(scene, endpoint, roomy)),
        line("baseline", &baseline, roomy),
        line("since T0", &since, roomy),
    ];
    if after.sent > 0 {
        lines.push(line(&recovered(scene), &after, roomy));
    }
    let split = if since.sent > 0 { &since } else { &baseline };
    lines.extend(details(scene, endpoint, split, roomy));
    for (y, line) in lines.iter().enumerate() {
        canvas.row(y, line);
    }
}

/// `after T+35`, as far as that fits.
fn recovered(scene: &Scene) -> String {
    let healed = scene.session.fault.as_ref().and_then(|fault| fault.healed);
    let when = healed.and_then(|at| scene.since_t0(at)).map(figures::moment).unwrap_or_default();
    let label = format!("after {when}");
    if label.len() <= 10 { label } else { "after".to_owned() }
}

fn head(scene: &Scene, endpoint: &Endpoint, roomy: bool) -> String {
    let limit = format!(">{}", figures::limit(endpoint.limit_ms).replace(' ', ""));
    let learned = match (&endpoint.shape, &scene.session.fault) {
        (Some(_), _) => "(learned)",
        (None, None) => "(learning)",
        // From the fault on nothing is learned any more: a success is an answer, not a real one.
        (None, Some(_)) => "(unknown)",
    };
    let counts = format!("{learned:<10}{:>6}{:>6}{:>9}{:>7}{limit:>6}", "sent", "real", "fallback", "error");
    if roomy {
        format!("{counts}{:>7}{:>7}{:>7}{:>7}", "p50", "p95", "p99", "max")
    } else {
        format!("{counts}{:>7}{:>7}", "p50", "p99")
    }
}

fn line(label: &str, tally: &Tally, roomy: bool) -> Row {
    if tally.sent == 0 {
        let none = format!("{label:<10}{:>6}{:>6}{:>9}{:>7}{:>6}", 0, "-", "-", "-", "-");
        return Row::of(Role::Muted, none);
    }
    let percent = |part| tally.percent(part).map_or("-".to_owned(), |percent| format!("{percent}%"));
    let share = |part: u64, role| if part > 0 { role } else { Role::Muted };
    // Which of those successes are real nobody knows.
    let judged = |part: u64| if part == 0 && tally.unjudged > 0 { "?".to_owned() } else { percent(part) };
    Row::text(format!("{label:<10}{:>6}", tally.sent))
        .with(share(tally.real, Role::Ok), format!("{:>6}", judged(tally.real)))
        .with(share(tally.fallback, Role::Protected), format!("{:>9}", judged(tally.fallback)))
        .with(share(tally.error, Role::Failing), format!("{:>7}", percent(tally.error)))
        .with(share(tally.over_limit, Role::Waiting), format!("{:>6}", tally.over_limit))
        .and(waits(&tally.all, roomy))
}

fn waits(waits: &Waits, roomy: bool) -> String {
    let figure = |ms, quantile| wait_so_far(ms, waits.is_open(quantile));
    let (p50, p95) = (figure(waits.p50, Quantile::P50), figure(waits.p95, Quantile::P95));
    let (p99, max) = (figure(waits.p99, Quantile::P99), figure(waits.max, Quantile::Max));
    if roomy { format!("{p50:>7}{p95:>7}{p99:>7}{max:>7}") } else { format!("{p50:>7}{p99:>7}") }
}

/// A latency without its outcome lies: each outcome with its own waiting times, errors by class, the bad seconds.
fn details(scene: &Scene, endpoint: &Endpoint, tally: &Tally, roomy: bool) -> Vec<Row> {
    let outcome = |label: &str, count: u64, role, of: &Waits| {
        let role = if count > 0 { role } else { Role::Muted };
        Row::of(role, format!("{label:<10}{count:>6}{:>28}{}", "", waits(of, roomy)))
    };
    let errors = match errors(endpoint, scene.now) {
        none if none.is_empty() => Row::of(Role::Muted, "errors    none"),
        some => Row::of(Role::Failing, format!("errors    {some}")),
    };
    let (bad, budget) =
        (insight::bad_seconds(scene.session, endpoint, scene.now), scene.session.users.budget_s);
    let bad_role = if bad > 0 { Role::Waiting } else { Role::Muted };
    vec![
        match tally.unjudged {
            0 => outcome("  real", tally.real, Role::Ok, &tally.real_waits),
            some => outcome("  answer", some, Role::Stale, &tally.unjudged_waits),
        },
        outcome("  fallback", tally.fallback, Role::Protected, &tally.fallback_waits),
        outcome("  error", tally.error, Role::Failing, &tally.error_waits),
        errors,
        Row::of(bad_role, format!("bad       {bad} of {budget} s in which a user may be let down")),
    ]
}

/// Errors since T0, or of the baseline where there was none yet, by class: `12 timeout, 3 HTTP 5xx`.
pub(super) fn errors(endpoint: &Endpoint, now: Timestamp) -> String {
    let since = endpoint.since_t0(now);
    let mut errors = if since.sent > 0 { since.errors } else { endpoint.baseline(now).errors };
    errors.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let words: Vec<String> =
        errors.iter().map(|(kind, count)| format!("{count} {}", wording::error(*kind))).collect();
    words.join(", ")
}

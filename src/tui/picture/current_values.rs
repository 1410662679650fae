//! The column at the right of the picture: the current values, or those at the time cursor.

use super::{
    columns::{Columns, Mark, MarkCounts},
    lanes::{self, LaneKind},
};
use crate::{
    insight,
    session::{
        event::BreakerState,
        state::{Endpoint, LatencySummary, Quantile, StepState, Tally},
        wording,
    },
    tui::{
        axis::TimeAxis,
        figures,
        pane_buffer::{PaneBuffer, RoleLine},
        panes::{RecentAnswers, Scene},
        theme::Role,
    },
};

/// The columns in which the figures of `before T0` and of `since T0` end, and that in which the counts of the latter
/// end, before their shares.
const BEFORE: usize = 15;
const SINCE: usize = 25;
const COUNT: usize = 19;

/// The indices of table rows in the order in which they are dropped.
const DISPENSABLE: [usize; 4] = [6, 0, 1, 5];

/// Appends a figure that ends in column `end`.
fn ending(row: RoleLine, end: usize, role: Role, bold: bool, text: &str) -> RoleLine {
    let row = row.pad_to(end.saturating_sub(text.chars().count()));
    if bold { row.bold(role, text) } else { row.with(role, text) }
}

/// A count, shortened to fit its column: `12k`.
fn count(n: u64) -> String {
    match n {
        n if n < 10_000 => n.to_string(),
        n if n < 10_000_000 => format!("{}k", n / 1000),
        n => format!("{}M", n / 1_000_000),
    }
}

/// Draws the table, then a row for each lane.
pub(super) fn draw(
    canvas: &mut PaneBuffer,
    scene: &Scene,
    endpoint: Option<&Endpoint>,
    plot: usize,
    lanes: &[LaneKind],
) {
    let strip = canvas.height().saturating_sub(plot + lanes.len());
    if let Some(endpoint) = endpoint {
        let rows = table(scene, endpoint);
        for (y, row) in fitting(rows, plot).iter().enumerate() {
            canvas.row(y, row);
        }
        if plot >= 13 {
            for (y, row) in by_outcome(scene, endpoint).iter().enumerate() {
                canvas.row(y + 9, row);
            }
        }
        if let Some(row) = remark(scene, endpoint) {
            canvas.row(plot + strip.saturating_sub(2), &row);
        }
        canvas.row(plot + strip.saturating_sub(1), &recent_outcome(scene, endpoint));
    }
    for (lane, y) in lanes.iter().zip(plot + strip..) {
        canvas.row(y, &current_state(*lane, scene));
    }
}

/// As many of the rows as fit, in their order.
fn fitting(rows: Vec<RoleLine>, room: usize) -> Vec<RoleLine> {
    let left_out: Vec<usize> = DISPENSABLE.into_iter().take(rows.len().saturating_sub(room)).collect();
    let kept = rows.into_iter().enumerate().filter(|(i, _)| !left_out.contains(i));
    kept.map(|(_, row)| row).collect()
}

fn table(scene: &Scene, endpoint: &Endpoint) -> Vec<RoleLine> {
    let (before, since) = (endpoint.baseline(scene.until), endpoint.since_t0(scene.until));
    let fired = scene.session.t0().is_some();
    let mut head = ending(RoleLine::new(), BEFORE, Role::Text, false, "before T0");
    let mut asked = ending(RoleLine::text("  asked"), BEFORE, Role::Text, false, &count(before.sent));
    if fired {
        head = ending(head, SINCE, Role::Strong, true, "since T0");
        asked = ending(asked, SINCE, Role::Strong, true, &count(since.sent));
    }
    let mut rows = vec![head, asked];
    let parts = [Mark::Real, Mark::Fallback, Mark::Failed, Mark::Waiting];
    let (shares_before, shares_since) = (shares(&before), shares(&since));
    for (i, mark) in parts.into_iter().enumerate() {
        let name = if mark == Mark::Failed { "failed" } else { mark.word() };
        // Until the shape of a real answer is known, a successful answer is only called `answer`.
        let name = if i == 0 && endpoint.shape.is_none() { "answer" } else { name };
        let mut row = RoleLine::of(mark.role(), "■").and(format!(" {name}"));
        if let Some((_, share)) = shares_before.get(i) {
            row = ending(row, BEFORE, Role::Text, false, &format!("{share} %"));
        }
        if let Some((n, share)) = shares_since.get(i).filter(|_| fired) {
            row = match n {
                0 => ending(row, COUNT, Role::Soft, false, "0"),
                n => {
                    let row = ending(row, COUNT, mark.role(), true, &count(*n));
                    ending(row, SINCE, mark.role(), true, &format!("{share} %"))
                }
            };
        }
        rows.push(row);
    }
    let quantiles = [("  median", Quantile::P50), ("  p95", Quantile::P95), ("  longest", Quantile::Max)];
    for (name, quantile) in quantiles {
        // Requests still waiting count with their wait so far: a quantile that falls on one of them is a lower bound.
        let figure =
            |waits: &LatencySummary| figures::wait_so_far(waits.at(quantile), waits.is_open(quantile));
        let row = ending(RoleLine::text(name), BEFORE, Role::Text, false, &figure(&before.all));
        rows.push(if fired { ending(row, SINCE, Role::Strong, true, &figure(&since.all)) } else { row });
    }
    rows
}

/// The counts of real or unjudged, fallback, failed and waiting requests, each with its share in percent; the shares
/// add up to 100 (largest remainder). Requests whose outcome is unknown are in none of them.
fn shares(tally: &Tally) -> [(u64, u64); 4] {
    let parts = [tally.real + tally.unjudged, tally.fallback, tally.error, tally.waiting];
    let total: u64 = parts.iter().sum();
    if total == 0 {
        return parts.map(|part| (part, 0));
    }
    let mut shares = parts.map(|part| (part, part * 100 / total));
    let missing = 100 - shares.iter().map(|(_, share)| share).sum::<u64>();
    let mut order = [0, 1, 2, 3];
    order.sort_by_key(|i| std::cmp::Reverse(parts.get(*i).map_or(0, |part| part * 100 % total)));
    for i in order.into_iter().take(missing as usize) {
        if let Some((_, share)) = shares.get_mut(i) {
            *share += 1;
        }
    }
    shares
}

/// Median and longest wait of each outcome: a waiting time without its outcome is misleading.
fn by_outcome(scene: &Scene, endpoint: &Endpoint) -> Vec<RoleLine> {
    let since = endpoint.since_t0(scene.until);
    if since.sent == 0 {
        return Vec::new();
    }
    let parts = [
        (Mark::Real, "real", since.real_waits),
        (Mark::Fallback, "fallback", since.fallback_waits),
        (Mark::Failed, "failed", since.error_waits),
    ];
    let rows = parts.into_iter().map(|(mark, name, waits)| {
        let row = RoleLine::of(mark.role(), "■").and(format!(" {name}"));
        let role = if waits.max.is_some() { Role::Strong } else { Role::Soft };
        let bold = waits.max.is_some();
        let row = ending(row, 17, role, bold, &figures::wait(waits.p50));
        ending(row, SINCE, role, bold, &figures::wait(waits.max))
    });
    [RoleLine::new(), RoleLine::text("  since T0 median longest")].into_iter().chain(rows).collect()
}

/// A remark on the figures: requests that were not sent, the earlier run, or the share of our requests in all calls.
fn remark(scene: &Scene, endpoint: &Endpoint) -> Option<RoleLine> {
    let withheld = endpoint.since_t0(scene.until).withheld + endpoint.baseline(scene.until).withheld;
    if withheld > 0 {
        return Some(RoleLine::strong(Role::Failing, count(withheld)).and(" requests not sent"));
    }
    if let Some(row) = run_before(scene) {
        return Some(row);
    }
    let (ours, all) = insight::call_share(scene.session, endpoint, scene.until)?;
    Some(RoleLine::text(format!("ours: {ours:.0} of {:.0} calls/s", all.per_second)))
}

fn run_before(scene: &Scene) -> Option<RoleLine> {
    let failed = insight::errors_until(scene.earlier?, scene.since_t0(scene.until)?);
    let row = RoleLine::of(Role::Ghost, "■ ").and("run before ");
    Some(row.bold(Role::Strong, format!("{failed} failed")))
}

/// The most frequent outcome of the last five seconds: `20 of 20 fallback in 5 s`.
fn recent_outcome(scene: &Scene, endpoint: &Endpoint) -> RoleLine {
    if !endpoint.watched {
        return RoleLine::of(Role::Unknown, "no longer asked");
    }
    match RecentAnswers::of(scene, endpoint).most_frequent() {
        Some((role, most)) => RoleLine::strong(role, most).with(Role::Soft, " in 5 s"),
        None => RoleLine::of(Role::Unknown, "no requests in 5 s"),
    }
}

/// The current state of a lane.
fn current_state(lane: LaneKind, scene: &Scene) -> RoleLine {
    match lane {
        LaneKind::Users(place) => scene
            .session
            .users
            .endpoints
            .get(place)
            .map(|endpoint| recent_outcome(scene, endpoint))
            .unwrap_or_default(),
        LaneKind::Breaker => breaker(scene),
        LaneKind::Replica(place) => replica(scene, place),
        LaneKind::Consumer => ready(scene, scene.session.consumer_readiness().last(), Role::Failing),
        LaneKind::Provider => ready(scene, scene.session.provider_readiness().last(), Role::Fault),
        LaneKind::Health => health(scene),
        LaneKind::Steps => steps(scene),
    }
}

fn replica(scene: &Scene, place: usize) -> RoleLine {
    let states = scene.session.breaker.replicas.get(place).and_then(|(_, states)| states.last());
    let Some((since, state)) = states else { return RoleLine::new() };
    let role = lanes::breaker_role(state, scene.verdict.word);
    let lasted = figures::length(figures::between(since, scene.display_time));
    RoleLine::strong(role, wording::breaker(state)).and(format!(" for {lasted}"))
}

pub(crate) fn breaker(scene: &Scene) -> RoleLine {
    let Some(belief) = &scene.session.breaker.belief else { return RoleLine::of(Role::Unknown, "UNKNOWN") };
    let role = lanes::breaker_role(belief.state, scene.verdict.word);
    let name = match belief.state {
        BreakerState::NoBreakerSeen => "NONE SEEN",
        state => wording::breaker(state),
    };
    let lasted = figures::length(figures::between(belief.since, scene.display_time));
    RoleLine::strong(role, name).and(format!(" for {lasted}"))
}

pub(crate) fn ready(scene: &Scene, last: Option<&crate::session::state::ReadySince>, down: Role) -> RoleLine {
    let Some(last) = last else { return RoleLine::new() };
    let words = format!("{} of {} ready", last.ready, last.wanted);
    if let Some(since) = scene.session.cluster.stale_since() {
        let since = figures::length(figures::between(since, scene.display_time));
        return RoleLine::of(
            Role::Unknown,
            format!("stale {since}, was {}", words.trim_end_matches(" ready")),
        );
    }
    let lasted = figures::length(figures::between(last.from, scene.display_time));
    match last.ready {
        0 => RoleLine::strong(down, words).and(format!(" {lasted}")),
        ready if ready < last.wanted => RoleLine::strong(Role::Waiting, words).and(format!(" {lasted}")),
        _ => RoleLine::strong(Role::Ok, words),
    }
}

fn health(scene: &Scene) -> RoleLine {
    let breaker = &scene.session.breaker;
    let Some((_, failing)) = breaker.health_failing.last() else { return RoleLine::new() };
    let status = breaker.health_status.last().and_then(|(_, status)| status);
    let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    if !failing {
        return RoleLine::strong(Role::Ok, status).and(" ok");
    }
    let row = RoleLine::strong(Role::Failing, status);
    let threshold = scene.session.bystanders().find_map(|pod| pod.pod.liveness.as_ref().map(|l| l.threshold));
    let misses =
        scene.session.bystanders().filter_map(|pod| pod.misses_now(scene.until)).map(|m| m.misses).max();
    match (misses.unwrap_or(0), threshold) {
        (misses, Some(threshold)) if misses >= threshold => {
            row.with(Role::Failing, format!("  {misses} of {threshold} misses"))
        }
        (misses, Some(threshold)) => row.and(format!("  {misses} of {threshold} misses")),
        (_, None) => row,
    }
}

fn steps(scene: &Scene) -> RoleLine {
    let steps = &scene.session.steps;
    if scene.session.run.ended.is_some() || steps.rows.is_empty() {
        return RoleLine::new();
    }
    let Some(row) = steps.current().filter(|row| !row.state.is_over()) else { return RoleLine::new() };
    let word = match row.state {
        StepState::Running { .. } => "runs",
        StepState::Paused { .. } => "pauses",
        StepState::Awaited { .. } => "is next",
        _ => return RoleLine::new(),
    };
    RoleLine::strong(Role::Strong, format!("{} of {} ", steps.position(), steps.rows.len())).and(word)
}

/// Draws the values in the column of the time cursor instead of the current ones.
pub(super) fn at_cursor(
    canvas: &mut PaneBuffer,
    scene: &Scene,
    axis: &TimeAxis,
    column: usize,
    columns: Option<&Columns>,
    lanes: &[(LaneKind, String, Role)],
) {
    let at = axis.start_of(column);
    let when = match scene.since_t0(at) {
        Some(since) => format!("T{since:+.1}").replace(".0", ""),
        None => format!("{:+.1} s", at.duration_since(scene.until).as_secs_f64()),
    };
    canvas.row(0, &RoleLine::new().fill(Role::Focus, format!(" at {when} ")));
    let counts = columns.and_then(|columns| columns.counts().get(column)).copied().unwrap_or_default();
    let mut y = 1;
    for (mark, n) in MarkCounts::MARKS.into_iter().zip(counts.0).filter(|(_, n)| *n > 0) {
        let row = RoleLine::of(mark.role(), "■").and(format!(" {}", mark.word()));
        canvas.row(y, &ending(row, BEFORE, mark.role(), true, &n.to_string()));
        y += 1;
    }
    if y == 1 {
        canvas.row(y, &RoleLine::of(Role::Unknown, "no requests here"));
        y += 1;
    }
    for (lane, words, role) in lanes {
        if !words.is_empty() {
            canvas.row(
                y,
                &RoleLine::text(format!("{} ", lane.name(scene.session))).bold(*role, words.as_str()),
            );
            y += 1;
        }
    }
    let until = axis.start_of(column + 1);
    let diary = &scene.session.annotations;
    for note in diary.notes.iter().filter(|note| note.at >= at && note.at < until) {
        for line in crate::tui::text::wrap(&format!("note: {}", note.text), canvas.width(), 3) {
            canvas.row(y, &RoleLine::of(Role::Focus, line));
            y += 1;
        }
    }
    if diary.marks.iter().any(|mark| *mark >= at && *mark < until) {
        canvas.row(y, &RoleLine::of(Role::Focus, "marked"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shares_add_up_to_100(real in 0_u64..5000, fallback in 0_u64..5000, error in 0_u64..5000, waiting in 0_u64..5000) {
            let tally = Tally { real, fallback, error, waiting, ..Tally::default() };
            let sum: u64 = shares(&tally).iter().map(|(_, share)| share).sum();
            prop_assert_eq!(sum, if real + fallback + error + waiting > 0 { 100 } else { 0 });
        }
    }
}

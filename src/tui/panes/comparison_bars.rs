//! The result of one session as figures with bars; above them the state after the end and the scored predictions.

use super::{Scene, framed, narrowed};
use crate::{
    insight::{self, PredictionScore, rollback_failure_text},
    session::state::{Endpoint, Quantile, SafetyBasis},
    tui::{
        figures,
        pane::Pane,
        pane_buffer::{PaneBuffer, RoleLine},
        text,
        theme::Role,
    },
};

#[cfg(test)]
mod tests;

/// The column in which values end, and the column in which bars begin.
const VALUES: usize = 27;
const BARS: usize = 29;

/// Draws the pane.
pub(crate) fn score(canvas: &mut PaneBuffer, scene: &Scene) {
    let word =
        if scene.session.fault.is_some() { RoleLine::of(Role::Soft, "since T0") } else { RoleLine::new() };
    let scroll = scene.view.scroll_of(Pane::Pods);
    let hidden = {
        let place = (Pane::Pods, Pane::Pods.number());
        let mut body = narrowed(framed(canvas, scene, place, "WHAT IT CAME TO", RoleLine::new(), word));
        let lines = rows(scene, body.width());
        super::scrolled(&mut body, &lines, scroll);
        lines.len().saturating_sub(body.height())
    };
    super::more_below(canvas, scene, Pane::Pods, hidden.saturating_sub(scroll));
}

/// All rows: the state after the end, predictions, figures.
pub(super) fn rows(scene: &Scene, width: usize) -> Vec<RoleLine> {
    let mut rows = aftermath(scene, width);
    let Some(fault) = &scene.session.fault else {
        rows.extend(without_fault(scene, width));
        return rows;
    };
    rows.extend(predictions(scene, width));
    if let Some(endpoint) = scene.session.users.main() {
        rows.extend(users(scene, endpoint, width));
    }
    rows.extend(measured(scene, width));
    let doubted = insight::why_fault_unconfirmed(scene.session, scene.now).is_some();
    let on = if doubted { "fault perhaps on for" } else { "fault on for" };
    let lasted = figures::length(fault.lasted(scene.until));
    rows.push(BarFigure::new(on, lasted).role(Role::Fault).row(width));
    let unseen = fault.unobserved(&scene.session.gaps, scene.until);
    if unseen > 0.0 {
        rows.push(
            BarFigure::new("  of it not observed", figures::length(unseen)).role(Role::Unknown).row(width),
        );
    }
    let restarts: u32 = scene.session.cluster.in_play.iter().map(|pod| pod.restarts_since_t0()).sum();
    rows.push(BarFigure::counted("restarts", restarts.into(), None, Role::Failing).row(width));
    rows
}

/// A label with its value and, for the bar, its share of a whole.
struct BarFigure<'a> {
    label: &'a str,
    value: String,
    role: Role,
    /// From 0 to 1, with the colour of the bar.
    share: Option<(f64, Role)>,
}

impl<'a> BarFigure<'a> {
    fn new(label: &'a str, value: impl Into<String>) -> Self {
        Self { label, value: value.into(), role: Role::Strong, share: None }
    }

    /// A count, with `of` as its total if both are above zero; a zero has no colour.
    fn counted(label: &'a str, count: u64, of: Option<u64>, role: Role) -> Self {
        let of = of.filter(|of| *of > 0 && count > 0);
        let value = of.map_or_else(|| count.to_string(), |of| format!("{count} of {of}"));
        let share = of.map(|of| (count as f64 / of as f64, role));
        Self { role: if count > 0 { role } else { Role::Strong }, share, ..Self::new(label, value) }
    }

    fn role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    fn share(self, share: f64, role: Role) -> Self {
        Self { share: Some((share, role)), ..self }
    }

    fn row(&self, width: usize) -> RoleLine {
        let end = VALUES.min(width);
        let start = end.saturating_sub(text::width(&self.value));
        let room = start.saturating_sub(1);
        let row =
            RoleLine::text(text::fit(self.label, room)).pad_to(start).bold(self.role, self.value.as_str());
        match self.share.zip(width.checked_sub(BARS)) {
            Some(((share, role), cells)) => row.pad_to(BARS).with(role, half_rows(share, cells)),
            None => row,
        }
    }
}

/// A bar half a row high, in steps of half a cell: `▄▄▖`.
pub(super) fn half_rows(share: f64, cells: usize) -> String {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let halves = (share * cells as f64 * 2.0).round() as usize;
    // A share above zero is always visible.
    let halves = if share > 0.0 && cells > 0 { halves.max(1) } else { halves };
    format!("{}{}", "▄".repeat(halves / 2), if halves % 2 == 1 { "▖" } else { "" })
}

fn users(scene: &Scene, endpoint: &Endpoint, width: usize) -> Vec<RoleLine> {
    let since = endpoint.since_t0(scene.until);
    let bad = insight::bad_seconds(scene.session, endpoint, scene.until);
    let seconds = scene.since_t0(scene.until).map(|seconds| seconds.max(0.0) as u64);
    let over = bad >= scene.session.users.budget_s;
    let waits = &since.all;
    let figure = |ms, quantile| figures::wait_so_far(ms, waits.is_open(quantile));
    let deadline = (endpoint.deadline_ms as f64).max(1.0);
    let mut rows = vec![
        BarFigure::counted(
            "bad seconds",
            bad.into(),
            seconds,
            if over { Role::Failing } else { Role::Waiting },
        ),
        BarFigure::counted("failed users", since.error, Some(since.sent), Role::Failing),
        BarFigure::counted("fallback answers", since.fallback, Some(since.sent), Role::Protected),
        BarFigure::new("longest wait", figure(waits.max, Quantile::Max))
            .share(waits.max.unwrap_or(0.0) / deadline, Role::Soft),
    ];
    if since.waiting > 0 {
        rows.push(BarFigure::counted(
            "without an answer yet",
            since.waiting,
            Some(since.sent),
            Role::Waiting,
        ));
    }
    let mut rows: Vec<RoleLine> = rows.iter().map(|figure| figure.row(width)).collect();
    // The rows below are reached by scrolling.
    let quantiles = [("median wait", waits.p50, Quantile::P50), ("p95", waits.p95, Quantile::P95)];
    rows.extend(breaker(scene, endpoint).iter().map(|figure| figure.row(width)));
    rows.extend(
        quantiles.map(|(label, ms, quantile)| BarFigure::new(label, figure(ms, quantile)).row(width)),
    );
    rows
}

/// When the breaker opened and tried again, and the delay from the provider's recovery to real answers.
fn breaker(scene: &Scene, endpoint: &Endpoint) -> Vec<BarFigure<'static>> {
    let session = scene.session;
    let seen = session.breaker.measured(session.t0());
    let mut figures = Vec::new();
    match (seen.trip_s, session.t0()) {
        (Some(trip), _) => figures.push(BarFigure::new("breaker opened after", format!("{trip:.1} s"))),
        (None, Some(t0)) if session.breaker.never_opened(t0, scene.until) => {
            figures.push(BarFigure::new("breaker opened", "never"));
        }
        _ => {}
    }
    figures.extend(seen.reset_s.map(|(low, high)| {
        if high - low < 0.15 {
            BarFigure::new("tried again after", format!("{low:.1} s"))
        } else {
            BarFigure::new("tried again after", format!("{low:.1}-{high:.1} s"))
        }
    }));
    figures.extend(insight::recovery_lag(session, endpoint).map(|(lag, at_most)| {
        BarFigure::new("back after provider", format!("{}{lag:.1} s", if at_most { "<" } else { "" }))
    }));
    figures
}

fn measured(scene: &Scene, width: usize) -> Option<RoleLine> {
    let seen = scene.session.breaker.measured(scene.session.t0());
    let failed = u64::from(seen.failed_trials);
    (seen.trials > 0).then(|| {
        BarFigure::counted("failed trials", failed, Some(seen.trials.into()), Role::Waiting).row(width)
    })
}

/// Why there was no fault.
fn without_fault(scene: &Scene, width: usize) -> Vec<RoleLine> {
    let session = scene.session;
    let why = match (session.refusals.last(), insight::failed_hypothesis_text(session)) {
        (Some(refusal), _) => format!("the fire changed nothing: {}", refusal.reason),
        (None, Some(gate)) => format!("nothing was fired: {gate}"),
        (None, None) => "nothing was fired".to_owned(),
    };
    text::wrap(&why, width, 8).into_iter().map(RoleLine::text).collect()
}

/// The state after the end: failed rollbacks, whether the system is safe, and what came too late to change the verdict.
fn aftermath(scene: &Scene, width: usize) -> Vec<RoleLine> {
    let session = scene.session;
    let mut rows = Vec::new();
    let mut say = |role: Role, words: &str| {
        rows.extend(text::wrap(words, width, 3).into_iter().map(|line| RoleLine::of(role, line)));
    };
    for row in session.steps.failed_rollbacks() {
        say(Role::Failing, &rollback_failure_text(row));
    }
    if let Some(done) = session.safety.as_ref().and_then(|safety| safety.final_check.as_ref()) {
        let role = match done.met {
            true if session.safety_basis() == SafetyBasis::Unknown => Role::Unknown,
            true => Role::Ok,
            false => Role::Failing,
        };
        say(role, &session.safety_text());
    }
    if let Some(late) = insight::late_verdict(session, scene.now) {
        say(Role::Text, &format!("after the end, not counted: {}, {}", late.verdict.text(), late.because()));
    }
    rows
}

/// The predictions with what happened, before the figures.
fn predictions(scene: &Scene, width: usize) -> Vec<RoleLine> {
    let scores = insight::scores(scene.session, scene.now);
    let head = (!scores.is_empty()).then(|| RoleLine::strong(Role::Strong, "YOUR PREDICTION"));
    head.into_iter().chain(scores.iter().map(|score| prediction(score, width))).collect()
}

/// A prediction with the fact, and whether it was right.
pub(super) fn prediction(score: &PredictionScore, width: usize) -> RoleLine {
    let role = match score.right {
        Some(true) => Role::Ok,
        Some(false) => Role::Failing,
        None => Role::Unknown,
    };
    let mark = match score.right {
        Some(true) => "✓ ",
        Some(false) => "✗ ",
        None => "· ",
    };
    let right = RoleLine::text(score.fact.as_str()).bold(role, format!("  {:<3}", score.word()));
    let room = width.saturating_sub(3 + right.width());
    let left = RoleLine::strong(role, mark).and(text::fit(&score.guess, room));
    left.pad_to(width.saturating_sub(right.width())).joined(right)
}

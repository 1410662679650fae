//! What one session came to: figures of the fault, in the place of the pods.

use super::Scene;
use crate::{
    insight::{self, Score, rollback_failed},
    session::state::{Endpoint, Quantile, SafetyKnown},
    tui::{
        canvas::{Canvas, Row},
        figures::{self, wait_so_far},
        pane::Pane,
        targets::Target,
        text,
        theme::Role,
    },
};

/// Draws the card.
pub(crate) fn finished(canvas: &mut Canvas, scene: &Scene) {
    let title = Row::of(Role::Strong, format!("{} WHAT IT CAME TO", Pane::Pods.number()));
    scene.mark(canvas.area(), Target::Pane(Pane::Pods));
    let mut inside = canvas.framed(&title, &Row::new(), Role::Muted);
    let mut body = inside.part(1, 0, inside.width().saturating_sub(2), inside.height());
    let lines = lines(scene, body.width());
    let from = scene.view.scroll_of(Pane::Pods).min(lines.len().saturating_sub(body.height()));
    for (y, (left, right)) in lines.iter().skip(from).enumerate() {
        body.spread(y, left, right);
    }
}

/// A label and its figure.
pub(super) fn lines(scene: &Scene, width: usize) -> Vec<(Row, Row)> {
    let Some(fault) = &scene.session.fault else {
        return without_fault(scene, width);
    };
    let mut lines = aftermath(scene, width);
    lines.extend(prediction(scene));
    let mut line = |label: &str, role: Role, figure: String| {
        lines.push((Row::text(label), Row::of(role, figure)));
    };
    if let Some(endpoint) = scene.session.users.main() {
        users(scene, endpoint, &mut line);
    }
    let measured = scene.session.breaker.measured(scene.session.t0());
    if let Some(trip) = measured.trip_s {
        line("kill -> breaker open", Role::Text, format!("{trip:.1} s"));
    }
    let main = scene.session.users.main();
    if let Some((lag, at_most)) = main.and_then(|endpoint| insight::recovery_lag(scene.session, endpoint)) {
        let at_most = if at_most { "at most " } else { "" };
        line("provider back -> real answer", Role::Text, format!("{at_most}{lag:.1} s"));
    }
    let last = scene.session.last.unwrap_or(scene.now);
    let doubted = insight::fault_in_doubt(scene.session, scene.now).is_some();
    let on = if doubted { "fault perhaps on for" } else { "fault on for" };
    line(on, Role::Fault, figures::length(fault.lasted(last)));
    let unseen = fault.unobserved(&scene.session.gaps, last);
    if unseen > 0.0 {
        line("  of it not observed", Role::Stale, figures::length(unseen));
    }
    let restarts: u32 = scene
        .session
        .cluster
        .in_play
        .iter()
        .filter_map(|row| row.restarts().checked_sub(row.restarts_at_t0?))
        .sum();
    line(
        "restarts by Kubernetes",
        if restarts > 0 { Role::Failing } else { Role::Text },
        restarts.to_string(),
    );
    lines
}

/// Why there was no fault.
fn without_fault(scene: &Scene, width: usize) -> Vec<(Row, Row)> {
    let session = scene.session;
    let why = match (session.refusals.last(), insight::failed_gate(session)) {
        (Some(refusal), _) => format!("the fire changed nothing: {}", refusal.reason),
        (None, Some(gate)) => format!("nothing was fired: {gate}"),
        (None, None) => "nothing was fired".to_owned(),
    };
    let mut lines = aftermath(scene, width);
    lines.extend(text::wrap(&why, width, 8).into_iter().map(|line| (Row::text(line), Row::new())));
    lines
}

/// What the end left: rollbacks that failed, whether the system is safe, and what came too late to change the verdict.
fn aftermath(scene: &Scene, width: usize) -> Vec<(Row, Row)> {
    let session = scene.session;
    let mut lines = Vec::new();
    let mut say = |role: Role, words: &str| {
        for line in text::wrap(words, width, 3) {
            lines.push((Row::of(role, line), Row::new()));
        }
    };
    for row in session.steps.failed_rollbacks() {
        say(Role::Failing, &rollback_failed(row));
    }
    if let Some(done) = session.safety.as_ref().and_then(|safety| safety.done.as_ref()) {
        let role = match done.met {
            true if session.safety_known() == SafetyKnown::No => Role::Stale,
            true => Role::Ok,
            false => Role::Failing,
        };
        say(role, &session.safety_text());
    }
    if let Some(late) = insight::late_word(session, scene.now) {
        say(Role::Muted, &format!("after the end: would be {}, {}", late.standing.text(), late.because));
    }
    lines
}

/// What was expected, beside what happened: before the figures, which say the rest.
fn prediction(scene: &Scene) -> Vec<(Row, Row)> {
    let scores = insight::scores(scene.session, scene.now);
    let head = (!scores.is_empty()).then(|| (Row::of(Role::Strong, "YOUR PREDICTION"), Row::new()));
    head.into_iter().chain(scores.iter().map(score)).collect()
}

/// A guess and its fact, with the word whether it was right.
pub(super) fn score(score: &Score) -> (Row, Row) {
    let role = match score.right {
        Some(true) => Role::Ok,
        Some(false) => Role::Failing,
        None => Role::Stale,
    };
    let right = Row::text(format!("{}  ", score.fact)).with(role, format!("{:<3}", score.word()));
    (Row::text(score.guess.as_str()), right)
}

fn users(scene: &Scene, endpoint: &Endpoint, line: &mut impl FnMut(&str, Role, String)) {
    let during = endpoint.during_fault(scene.now);
    let bad = insight::bad_seconds(scene.session, endpoint, scene.now);
    let role = |count: u64, role| if count > 0 { role } else { Role::Text };
    let errors = format!("{} of {}", during.error, during.sent);
    line("errors shown to users", role(during.error, Role::Failing), errors);
    line("fallback answers", role(during.fallback, Role::Protected), during.fallback.to_string());
    line("seconds that let a user down", role(u64::from(bad), Role::Waiting), bad.to_string());
    let waits = &during.all;
    let figure = |ms, quantile| wait_so_far(ms, waits.is_open(quantile));
    line("longest wait", Role::Text, figure(waits.max, Quantile::Max));
    line("median wait", Role::Text, figure(waits.p50, Quantile::P50));
    line("95% waited less than", Role::Text, figure(waits.p95, Quantile::P95));
    if during.waiting > 0 {
        line("still without an answer", Role::Waiting, during.waiting.to_string());
    }
}

//! Breaker and pods of the small screen, in one pane; the target card while a fire is awaited.

use super::{Scene, breaker, target, verdict};
use crate::{
    session::event::BreakerState,
    tui::{
        canvas::{Canvas, Row},
        figures, text,
        theme::Role,
        view::Pane,
    },
};

/// Draws the pane.
pub fn status(canvas: &mut Canvas, scene: &Scene) {
    let focused = matches!(scene.view.focus, Pane::Pods | Pane::Breaker);
    if scene.awaiting_fire().is_some() {
        let key = scene.view.keymap.key(crate::tui::keymap::Action::Fire);
        let mut inside =
            canvas.framed(&Row::of(Role::Fault, format!("WHAT {key} WILL DO")), &Row::new(), Role::Fault);
        let mut body = inside.part(1, 0, inside.width().saturating_sub(1), inside.height());
        for (y, line) in target::lines(scene, body.width()).iter().enumerate() {
            body.row(y, line);
        }
        return;
    }
    let (line, name) = if focused { (Role::Focus, Role::Focus) } else { (Role::Muted, Role::Strong) };
    let mut inside = canvas.framed(&Row::of(name, "BREAKER + PODS"), &Row::new(), line);
    let mut body = inside.part(1, 0, inside.width().saturating_sub(1), inside.height());
    let lines = lines(scene, body.width());
    super::scrolled(&mut body, &lines, scene.view.scroll_of(Pane::Pods));
}

fn lines(scene: &Scene, width: usize) -> Vec<Row> {
    let mut lines = breaker_lines(scene, width);
    lines.extend(pod_lines(scene));
    lines
}

fn breaker_lines(scene: &Scene, width: usize) -> Vec<Row> {
    let breaker = &scene.session.breaker;
    let Some(belief) = &breaker.belief else {
        return vec![
            Row::of(Role::Stale, "UNKNOWN").and("  not looked at yet"),
            Row::of(Role::Muted, "will ask /metrics, /health, answers"),
        ];
    };
    let since = figures::length(figures::between(belief.since, scene.now));
    let head = Row::of(breaker::role(scene, belief.state), verdict::state(belief.state))
        .and(format!(" {since} {}", breaker::confidence(belief)));
    let mut lines = vec![head];
    let next = belief.next_trial.filter(|_| belief.state == BreakerState::Open);
    let why = next.map_or_else(
        || belief.because.clone(),
        |due| format!("next trial in {:.1} s", figures::between(scene.now, due)),
    );
    lines.extend(text::wrap(&why, width.saturating_sub(1), 1).into_iter().map(Row::text));
    let measured = breaker.measured(scene.session.t0());
    if let (Some(trip), Some((reset, _)), BreakerState::Closed) =
        (measured.trip_s, measured.reset_s, belief.state)
    {
        lines.pop();
        lines.push(Row::text(format!("measured: trip {trip:.1} s, reset {reset:.1} s")));
    }
    lines
}

/// One line for each workload, what threatens it under it, and the endpoints.
fn pod_lines(scene: &Scene) -> Vec<Row> {
    let cluster = &scene.session.cluster;
    let mut lines = Vec::new();
    let common = shared(scene);
    for row in cluster.in_play.iter().filter(|row| row.gone.is_none()) {
        let (ready, of) = row.ready();
        let head = if lines.is_empty() { "PODS " } else { "     " };
        let name = short_name(&row.pod.key.name, row.pod.owner.as_deref(), common);
        let role = match () {
            () if row.pod.deleting.is_some() => Role::Fault,
            () if row.ready_since.is_some() => Role::Ok,
            () => Role::Waiting,
        };
        let state = if row.pod.deleting.is_some() || ready < of { row.pod.status.as_str() } else { "" };
        let restarts = match row.restarts() {
            0 => String::new(),
            n => format!(" restarts {n}"),
        };
        lines.push(
            Row::of(Role::Muted, head)
                .and(format!("{name} "))
                .with(role, format!("{ready}/{of} {state}{restarts}")),
        );
        if let Some(countdown) = row.misses_now(scene.now) {
            let (misses, threshold, left) = (countdown.misses, countdown.threshold, countdown.restart_s);
            let text = format!("     liveness {misses} of {threshold}, restart in {left:.0} s");
            lines.push(Row::of(Role::Failing, text));
        }
    }
    if !cluster.services.is_empty() {
        let counts: Vec<String> =
            cluster.services.iter().map(|row| row.endpoints.ready.to_string()).collect();
        let gone = cluster.services.iter().any(|row| row.endpoints.ready == 0);
        let role = if gone { Role::Failing } else { Role::Muted };
        lines.push(Row::of(role, format!("endpoints {}", counts.join(" / "))));
    }
    lines
}

/// The workload's name without what all of them begin and end with, and the pod's last part: `provider x2k8p`.
fn short_name(pod: &str, owner: Option<&str>, common: (usize, usize)) -> String {
    let last = pod.rsplit('-').next().unwrap_or(pod);
    match owner.and_then(|owner| owner.get(common.0..owner.len().saturating_sub(common.1))) {
        Some(owner) if !owner.is_empty() => format!("{owner} {last}"),
        _ => pod.to_owned(),
    }
}

/// Lengths of the prefix and the suffix, whole words with their dashes, that all workloads in play share.
fn shared(scene: &Scene) -> (usize, usize) {
    let mut owners: Vec<&str> =
        scene.session.cluster.in_play.iter().filter_map(|row| row.pod.owner.as_deref()).collect();
    owners.dedup();
    let Some((first, rest)) = owners.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return (0, 0);
    };
    let prefix = first.match_indices('-').map(|(at, _)| at + 1);
    let suffix = first.match_indices('-').map(|(at, _)| first.len() - at);
    let starts = |n: &usize| rest.iter().all(|other| other.get(..*n) == first.get(..*n));
    let ends = |n: &usize| {
        rest.iter().all(|other| first.get(first.len() - n..).is_some_and(|end| other.ends_with(end)))
    };
    (prefix.filter(starts).max().unwrap_or(0), suffix.filter(ends).max().unwrap_or(0))
}

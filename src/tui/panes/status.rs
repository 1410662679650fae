//! Breaker and pods of the small screen, in one pane; the target card while a fire is awaited, the figures at the end.

use super::{Scene, breaker, finished, pods::short_status, target};
use crate::{
    insight::Phase,
    session::{event::BreakerState, wording},
    tui::{
        canvas::{Canvas, Row},
        figures,
        keymap::Action,
        pane::Pane,
        targets::Target,
        text,
        theme::Role,
    },
};

/// A line with what stands at its right.
type Line = (Row, Row);

/// Draws the pane.
pub(crate) fn status(canvas: &mut Canvas, scene: &Scene) {
    let focused = matches!(scene.view.focus, Pane::Pods | Pane::Breaker);
    let (line, name) = if focused { (Role::Focus, Role::Focus) } else { (Role::Muted, Role::Strong) };
    let place = match scene.awaiting_fire() {
        Some(_) => {
            let columns = canvas.width().saturating_sub(target::SHORT_TITLE);
            Row::of(Role::Fault, target::place(scene, columns))
        }
        None => Row::new(),
    };
    let (title, line) = match () {
        () if scene.awaiting_fire().is_some() => {
            let key = scene.view.keymap.spoken(Action::Fire);
            let told = format!("WHAT {key} WILL DO");
            let fits = told.len() + place.width() + 8 <= canvas.width();
            (Row::of(Role::Fault, if fits { told } else { format!("TARGET of {key}") }), Role::Fault)
        }
        () if scene.phase == Phase::Finished => (Row::of(name, "WHAT IT CAME TO"), line),
        () => (Row::of(name, "BREAKER + PODS"), line),
    };
    scene.mark(canvas.area(), Target::Pane(Pane::Pods));
    let mut inside = canvas.framed(&title, &place, line);
    let mut body = inside.part(1, 0, inside.width().saturating_sub(2), inside.height());
    let lines = lines(scene, body.width(), body.height());
    let from = scene.view.scroll_of(Pane::Pods).min(lines.len().saturating_sub(body.height()));
    for (y, (left, right)) in lines.iter().skip(from).enumerate() {
        body.spread(y, left, right);
    }
}

/// On stage only what explains the verdict: the target card, the breaker, what it came to.
pub(crate) fn stage(canvas: &mut Canvas, scene: &Scene) {
    if scene.awaiting_fire().is_some() {
        target::target(canvas, scene);
    } else if scene.phase == Phase::Finished {
        finished::finished(canvas, scene);
    } else {
        breaker::breaker(canvas, scene);
    }
}

/// Draws the same without a frame, as many lines as there is room for.
pub(crate) fn bare_status(canvas: &mut Canvas, scene: &Scene) {
    let lines = lines(scene, canvas.width(), canvas.height());
    for (y, (left, right)) in lines.iter().enumerate() {
        match scene.awaiting_fire() {
            // Without a frame the cluster stands beside what is done.
            Some(_) if y == 0 => {
                let columns = canvas.width() / 2;
                canvas.spread(y, left, &Row::of(Role::Fault, target::place(scene, columns)));
            }
            _ => canvas.spread(y, left, right),
        }
    }
}

fn lines(scene: &Scene, width: usize, height: usize) -> Vec<Line> {
    if scene.awaiting_fire().is_some() {
        let rows = target::lines(scene, width, height);
        return rows.into_iter().map(|row| (row, Row::new())).collect();
    }
    if scene.phase == Phase::Finished {
        return finished::lines(scene, width);
    }
    let mut lines: Vec<Line> = breaker_lines(scene, width).into_iter().map(|row| (row, Row::new())).collect();
    lines.extend(pod_lines(scene));
    lines
}

/// State with its age and confidence, and what matters next: the trial, what was measured, why.
fn breaker_lines(scene: &Scene, width: usize) -> Vec<Row> {
    let breaker = &scene.session.breaker;
    let Some(belief) = &breaker.belief else {
        return vec![
            Row::of(Role::Stale, "UNKNOWN").and("  not looked at yet"),
            Row::of(Role::Muted, "will read pages of pods, and answers"),
        ];
    };
    let since = figures::length(figures::between(belief.since, scene.now));
    let word = wording::breaker(belief.state);
    // The counts of sources give way: the state and how sure it is do not.
    let whole = format!(" {since} {}", breaker::confidence(belief));
    let told = match word.len() + whole.len() <= width {
        true => whole,
        false => format!(" {since} {}", wording::confidence(belief.confidence)),
    };
    let head = Row::of(breaker::role(scene, belief.state), word).and(told);
    let measured = breaker.measured(scene.session.t0());
    let detail = match (belief.next_trial, measured.trip_s, measured.reset_s, belief.state) {
        (Some(due), .., BreakerState::Open) => Some(breaker::next_trial(figures::between(scene.now, due))),
        (_, Some(trip), Some((reset, _)), BreakerState::Closed) => {
            Some(format!("measured: trip {trip:.1} s, reset {reset:.1} s"))
        }
        (.., BreakerState::Closed) => breaker::figures_of(belief),
        (.., BreakerState::Mixed) if belief.replicas.is_empty() => {
            Some("several processes answer".to_owned())
        }
        (.., BreakerState::Mixed) => Some(wording::replicas(&belief.replicas)),
        (.., BreakerState::Disabled | BreakerState::MetricsOnly) => {
            Some("nothing protects these calls".to_owned())
        }
        (.., BreakerState::ForcedOpen) => Some("held open by hand".to_owned()),
        _ => breaker.statements.last().map(|statement| statement.testimony.ground.clone()),
    };
    let detail = detail.map(|text| Row::text(text::fit(&text, width, "…").into_owned()));
    std::iter::once(head).chain(detail).collect()
}

/// One line for each pod and what threatens it; those that leave come last. Endpoints stand at the right.
fn pod_lines(scene: &Scene) -> Vec<Line> {
    let cluster = &scene.session.cluster;
    let common = shared(scene);
    let mut rows: Vec<_> = cluster.in_play.iter().filter(|row| row.gone.is_none()).collect();
    rows.sort_by_key(|row| row.pod.deleting.is_some());
    let mut lines: Vec<Line> = Vec::new();
    for row in rows {
        let (ready, of) = row.ready();
        let (head, right) =
            if lines.is_empty() { ("PODS ", endpoints(scene)) } else { ("     ", Row::new()) };
        let name = short_name(&row.pod.key.name, row.pod.owner.as_deref(), common);
        let leaves = row.pod.deleting.is_some();
        let role = match () {
            () if leaves => Role::Fault,
            () if row.ready_since.is_some() => Role::Ok,
            () => Role::Waiting,
        };
        let mut words = if leaves { String::new() } else { format!("{ready}/{of} ") };
        if leaves || ready < of {
            words.push_str(short_status(&row.pod.status));
        }
        if row.restarts() > 0 {
            words.push_str(&format!(" restarts {}", row.restarts()));
        }
        lines.push((Row::of(Role::Muted, head).and(format!("{name} ")).with(role, words), right));
        if let Some(countdown) = row.misses_now(scene.now) {
            let (misses, threshold, left) = (countdown.misses, countdown.threshold, countdown.restart_s);
            let text = format!("     liveness {misses}/{threshold}, restart in {left:.0} s");
            lines.push((Row::of(Role::Failing, text), Row::new()));
        }
    }
    lines
}

/// `endp 1/0`, red when a Service has none.
fn endpoints(scene: &Scene) -> Row {
    let services = &scene.session.cluster.services;
    if services.is_empty() {
        return Row::new();
    }
    let counts: Vec<String> = services.iter().map(|row| row.endpoints.ready.to_string()).collect();
    let none = services.iter().any(|row| row.endpoints.ready == 0);
    Row::of(if none { Role::Failing } else { Role::Muted }, format!("endp {}", counts.join("/")))
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
    let owners: std::collections::BTreeSet<&str> =
        scene.session.cluster.in_play.iter().filter_map(|row| row.pod.owner.as_deref()).collect();
    let mut owners = owners.into_iter();
    let Some(first) = owners.next().filter(|_| owners.len() > 0) else { return (0, 0) };
    let rest: Vec<&str> = owners.collect();
    let prefixes = first.match_indices('-').map(|(at, _)| at + 1);
    let suffixes = first.match_indices('-').map(|(at, _)| first.len() - at);
    let starts = |n: &usize| rest.iter().all(|other| other.get(..*n) == first.get(..*n));
    let ends = |n: &usize| {
        rest.iter().all(|other| first.get(first.len() - n..).is_some_and(|end| other.ends_with(end)))
    };
    (prefixes.filter(starts).max().unwrap_or(0), suffixes.filter(ends).max().unwrap_or(0))
}

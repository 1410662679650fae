//! Breaker and pods of the small screen in one pane, and without a frame on the smallest one.

use super::{Scene, breaker, chain::per_second, fault_words, framed, gauge, narrowed, pods, target};
use crate::{
    insight,
    session::{
        event::Confidence,
        state::{PodRow, ReadySince, Tally},
        wording,
    },
    tui::{
        click_targets::ClickTarget,
        figures,
        pane::Pane,
        pane_buffer::{PaneBuffer, RoleLine},
        picture::shown_endpoint,
        theme::Role,
    },
};

#[cfg(test)]
mod tests;

/// The column in which the bar of a countdown begins.
const BAR: usize = 20;

/// A line, with a bar after its text if there is a share to show.
struct StatusLine {
    row: RoleLine,
    share: Option<f64>,
}

impl From<RoleLine> for StatusLine {
    fn from(row: RoleLine) -> Self {
        Self { row, share: None }
    }
}

/// Draws the pane.
pub(crate) fn status(canvas: &mut PaneBuffer, scene: &Scene) {
    let word = pods::watch(scene);
    let pane = if scene.view.focus == Pane::Pods { Pane::Pods } else { Pane::Breaker };
    let number = Pane::Breaker.number();
    let mut body = narrowed(framed(canvas, scene, (pane, number), "BREAKER + PODS", RoleLine::new(), word));
    // The mouse wheel scrolls this pane as it scrolls the pods pane.
    scene.mark(body.area(), ClickTarget::Pane(Pane::Pods));
    let lines = lines(scene, body.width(), body.height());
    let from = scene.view.scroll_of(Pane::Pods).min(lines.len().saturating_sub(body.height()));
    draw(&mut body, lines.get(from..).unwrap_or_default());
}

/// Draws as many lines as fit, without a frame; while a step waits for a fire, draws the target card instead.
pub(crate) fn bare_status(canvas: &mut PaneBuffer, scene: &Scene) {
    let (width, height) = (canvas.width(), canvas.height());
    if scene.awaiting_fire().is_some() {
        let rows = target::lines(scene, width, height);
        for (y, row) in rows.iter().enumerate() {
            match y {
                // Without a frame the cluster is in the row of the headline.
                0 => canvas.spread(y, row, &RoleLine::of(Role::Fault, target::place(scene, width / 2))),
                y => canvas.row(y, row),
            }
        }
        return;
    }
    draw(canvas, &lines(scene, width, height));
}

fn draw(canvas: &mut PaneBuffer, lines: &[StatusLine]) {
    for (y, line) in lines.iter().enumerate() {
        canvas.row(y, &line.row);
        if let Some(share) = line.share {
            let x = line.row.width().max(BAR);
            gauge(canvas, (x, y), canvas.width().saturating_sub(x), share, Role::Waiting);
        }
    }
}

fn lines(scene: &Scene, width: usize, height: usize) -> Vec<StatusLine> {
    let mut lines = vec![state(scene, width).into()];
    let share = breaker::trial_share(scene);
    lines.extend(breaker::in_a_row(scene, width).map(|row| StatusLine { row, share }));
    lines.extend(workloads(scene, width).into_iter().map(StatusLine::from));
    lines.extend(waits(scene).map(StatusLine::from));
    let services = &scene.session.cluster.services;
    if lines.len() + services.len() <= height {
        lines.extend(services.iter().map(|row| pods::service_row(scene, row, width).into()));
    }
    lines
}

/// The breaker's state, how long it has lasted, and the confidence; the counts of sources are dropped first.
fn state(scene: &Scene, width: usize) -> RoleLine {
    let head = breaker::state(scene);
    let Some(belief) = &scene.session.breaker.belief else { return head.and("  not looked at yet") };
    let lasted = figures::length(figures::between(belief.since, scene.display_time));
    let role = if belief.confidence == Confidence::Sure { Role::Text } else { Role::Waiting };
    let sure = breaker::short_confidence(belief);
    // A filled state already ends with a blank.
    let blank = if head.0.iter().any(|piece| piece.text.ends_with(' ')) { " " } else { "  " };
    let timed = head.clone().and(format!("{blank}{lasted}  "));
    let word = wording::confidence(belief.confidence);
    match () {
        () if timed.width() + sure.len() <= width => timed.with(role, sure),
        () if timed.width() + word.len() <= width => timed.with(role, word),
        () => head.and(blank).with(role, word),
    }
}

/// Consumer and provider; if they are unknown, the pods in play.
fn workloads(scene: &Scene, width: usize) -> Vec<RoleLine> {
    let session = scene.session;
    let roles = session.roles();
    if roles.consumer.is_none() && roles.provider.is_none() {
        let hit = pods::FaultTarget::of(scene);
        let rows = pods::listed(session, &scene.view.filter).into_iter();
        return rows.map(|row| pods::in_a_row(row, &hit, width)).collect();
    }
    let down = if session.t0().is_some() { Role::Fault } else { Role::Failing };
    let consumer = roles.consumer.map(|row| {
        let pods = session.cluster.pods_of(row);
        let readiness = session.consumer_readiness();
        workload("consumer", readiness.last(), Role::Failing).joined(misses(scene, &pods))
    });
    let provider = roles.provider.map(|_| {
        let readiness = session.provider_readiness();
        let row = workload("provider", readiness.last(), down);
        match fault_words::away(scene) {
            Some((why, _)) if why.ends_with("by us") => row.with(down, format!("  {why}")),
            Some((why, lasted)) => row.with(down, format!("  {why} for {lasted}")),
            None => row,
        }
    });
    consumer.into_iter().chain(provider).collect()
}

fn workload(name: &str, last: Option<&ReadySince>, down: Role) -> RoleLine {
    let (sign, role) = match last {
        None => ("?", Role::Unknown),
        Some(last) if last.ready == 0 => ("✗", down),
        Some(last) if last.ready < last.wanted => ("●", Role::Waiting),
        Some(_) => ("●", Role::Ok),
    };
    let row = RoleLine::strong(role, format!("{sign} ")).and(format!("{name} "));
    let ready = last.map(|last| format!("{}/{}", last.ready, last.wanted));
    row.bold(role, ready.unwrap_or_default())
}

/// The liveness misses of the pod that is nearest to a restart and when that restart is due, or the restarts of a pod
/// that is not ready.
fn misses(scene: &Scene, pods: &[&PodRow]) -> RoleLine {
    let present = || pods.iter().filter(|row| row.gone.is_none());
    if let Some(row) = present().find(|row| row.restarts_since_t0() > 0 && row.ready_since.is_none()) {
        return RoleLine::text("  ").bold(Role::Failing, format!("restart {}", row.restarts_since_t0()));
    }
    let due = |row: &&&PodRow| insight::restart_due_of(scene.session, row, scene.until);
    let near = present().filter_map(|row| due(&row)).filter(|due| due.misses > 0).min_by_key(|due| due.at);
    let Some(liveness) = present().find_map(|row| row.pod.liveness.as_ref()) else { return RoleLine::new() };
    if let Some(due) = near {
        let boxes = pods::boxes(due.misses, due.threshold, true);
        let when = match scene.since_t0(due.at) {
            Some(since) => figures::moment(since),
            None => format!("in {:.0} s", figures::between(scene.until, due.at)),
        };
        RoleLine::text("  ").joined(boxes).bold(Role::Failing, format!(" restart due {when}"))
    } else {
        let boxes = pods::boxes(0, liveness.threshold, false);
        let signs: String = boxes.0.into_iter().map(|piece| piece.text).collect();
        RoleLine::text(format!("  misses {signs}"))
    }
}

/// Median and longest wait, since T0 or before it, and the rate of probe requests.
fn waits(scene: &Scene) -> Option<RoleLine> {
    let endpoint = shown_endpoint(scene)?;
    let tally: Tally = match scene.session.t0() {
        Some(_) => endpoint.since_t0(scene.until),
        None => endpoint.baseline(scene.until),
    };
    let row = RoleLine::text("median ").bold(Role::Strong, figures::wait(tally.all.p50));
    let row = row.and("  longest ").bold(Role::Strong, figures::wait(tally.all.max));
    Some(row.and(format!("  {}", per_second(endpoint.rate))))
}

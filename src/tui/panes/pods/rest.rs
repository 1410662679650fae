//! The lines below the cards: Services, workloads that are not fully ready, other pods, Kubernetes events.

use super::PodLine;
use crate::{
    session::state::{ServiceRow, WorkloadRow, WorkloadState},
    tui::{figures, pane::Pane, pane_buffer::RoleLine, panes::Scene, text, theme::Role},
};

/// The number of other pods listed while a filter is set.
const FOUND: usize = 200;
/// The number of Kubernetes events that can be scrolled to.
const NOTES: usize = 50;

/// A Service with the number of its ready endpoints.
pub(super) fn service(scene: &Scene, row: &ServiceRow, width: usize, roomy: bool) -> PodLine {
    let right = endpoints(scene, row);
    let head = RoleLine::of(Role::Soft, if roomy { "  svc " } else { "  " });
    let room = width.saturating_sub(head.width() + right.width() + 1);
    PodLine::with(head.and(text::fit(&row.endpoints.name, room)), right)
}

/// A Service in one row.
pub(in crate::tui::panes) fn service_row(scene: &Scene, row: &ServiceRow, width: usize) -> RoleLine {
    let line = service(scene, row, width, false);
    line.left.and(" ").joined(line.right)
}

/// `1 endpoint`; zero endpoints are in the fault's colour if the fault caused it.
fn endpoints(scene: &Scene, row: &ServiceRow) -> RoleLine {
    let ready = row.endpoints.ready;
    let noun = if ready == 1 { "endpoint" } else { "endpoints" };
    let role = match ready {
        0 if is_hit(scene, row) => Role::Fault,
        0 => Role::Failing,
        _ => Role::Ok,
    };
    RoleLine::strong(role, format!("{ready} {noun}"))
}

/// Whether all pods behind the Service belong to the fault's provider; without a known provider, whether the fault is
/// on.
fn is_hit(scene: &Scene, row: &ServiceRow) -> bool {
    let Some(fault) = &scene.session.fault else { return false };
    let roles = scene.session.roles();
    let Some(provider) = roles.provider else { return fault.is_on() };
    let pods = scene.session.cluster.pods_of(provider);
    let behind = |name: &String| pods.iter().any(|pod| pod.pod.key.name == *name);
    let others = scene.session.bystanders().any(|pod| row.endpoints.pods.contains(&pod.pod.key.name));
    !others && (row.seen_pods().any(behind) || row.endpoints.pods.iter().any(behind))
}

/// A workload that is not fully ready, unless one of its own pods already shows that.
pub(super) fn workload(scene: &Scene, row: &WorkloadRow, roomy: bool) -> Option<PodLine> {
    let w = &row.workload;
    let pods = scene.session.cluster.pods_of(row);
    let shown_by_pod = pods.iter().any(|pod| pod.gone.is_none() && pod.ready_since.is_none());
    let (role, words) = match row.state {
        WorkloadState::Whole => return None,
        WorkloadState::Degraded | WorkloadState::Down if shown_by_pod => return None,
        WorkloadState::Degraded | WorkloadState::Down => {
            (Role::Waiting, format!("{}/{} ready", w.ready, w.desired))
        }
        WorkloadState::ScaledToZero => (Role::Fault, "scaled to 0".to_owned()),
        WorkloadState::Gone => (Role::Fault, "deleted".to_owned()),
    };
    let since = figures::length(figures::between(row.since, scene.display_time));
    let right = RoleLine::strong(role, words);
    let (head, right) = if roomy { ("  deploy ", right.and(format!(" {since}"))) } else { ("  ", right) };
    Some(PodLine::with(RoleLine::of(Role::Soft, head).and(w.name.as_str()), right).spare())
}

/// The number of all pods in each state, if there are more pods than have a row of their own.
pub(super) fn others(scene: &Scene) -> Option<String> {
    let cluster = &scene.session.cluster;
    let states = cluster.states();
    let pods: usize = states.iter().map(|(_, count)| count).sum();
    if pods <= cluster.in_play.iter().filter(|row| row.gone.is_none()).count() {
        return None;
    }
    let words: Vec<String> =
        states.iter().take(4).map(|(status, count)| format!("{count} {status}")).collect();
    Some(format!("all {pods} pods: {}", words.join(", ")))
}

/// The pods that are not in play and whose names contain the filter text.
pub(super) fn found(scene: &Scene, width: usize) -> Vec<PodLine> {
    let cluster = &scene.session.cluster;
    let filter = &scene.view.filter;
    let line = |name: &str, status: &str| {
        let name = text::fit_ends(name, width.saturating_sub(status.len() + 3));
        PodLine::with(RoleLine::text("  ").and(name), RoleLine::text(status))
    };
    let others = cluster.others.values().filter(|pod| pod.key.name.contains(filter)).take(FOUND);
    let mut lines: Vec<PodLine> = others.map(|pod| line(&pod.key.name, &pod.status)).collect();
    let Some(found) = cluster.found.as_ref().filter(|found| found.text == *filter) else { return lines };
    lines.extend(found.pods.iter().map(|(key, status)| line(&key.name, status)));
    let more = found.all.saturating_sub(found.pods.len() as u32);
    if more > 0 {
        lines.push(PodLine::of(RoleLine::text(format!("  and {more} more"))));
    }
    lines
}

/// The latest Kubernetes events about objects in play, newest last, with a heading, in at most `room` rows; up to
/// [`NOTES`] of them once the pane is scrolled.
pub(super) fn notes(scene: &Scene, room: usize, roomy: bool) -> Vec<PodLine> {
    let scrolled = scene.view.scroll_of(Pane::Pods) > 0;
    let most = if scrolled { NOTES } else { room.saturating_sub(1) };
    let notes = &scene.session.cluster.notes;
    if most == 0 || notes.is_empty() || (!roomy && !scrolled && room < 3) {
        return Vec::new();
    }
    let head = PodLine::of(RoleLine::of(Role::Soft, "  what Kubernetes said"));
    let note_lines = notes.iter().skip(notes.len().saturating_sub(most)).map(|row| {
        let when = match scene.since_t0(row.at) {
            Some(since) => format!("  T{since:+.1} "),
            None => format!("  {} ago ", figures::length(figures::between(row.at, scene.display_time))),
        };
        let role = if row.note.level == "Warning" { Role::Failing } else { Role::Text };
        let object = super::name_suffix(row.note.object.rsplit('/').next().unwrap_or_default());
        let words = RoleLine::of(Role::Soft, when).with(role, format!("{} ", row.note.reason));
        PodLine::of(words.and(format!("{object}: {}", row.note.message)))
    });
    std::iter::once(head).chain(note_lines).collect()
}

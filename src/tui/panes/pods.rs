//! Pods in play with their identity across the kill, the Services in front of them, and what Kubernetes says.

use super::{Scene, frame, scrolled};
use crate::{
    session::{
        event::{PodPhase, Source, SourceState},
        state::{Identity, PodRow, ServiceRow, WorkloadRow, WorkloadState},
    },
    tui::{
        canvas::{Canvas, Row},
        figures,
        pane::Pane,
        targets::Target,
        theme::Role,
    },
};

/// Rows of other pods shown while a filter is set.
const FOUND: usize = 200;
/// Rows from which on the counts stand above them.
const MANY: usize = 8;
/// Columns from which age and node have room.
const ROOMY: usize = 60;
/// Rows from which workloads that are whole have room.
const TALL: usize = 12;
/// How long a pod that is gone stays in the list, in seconds.
const GONE_S: f64 = 20.0;

/// Draws the pane.
pub(crate) fn pods(canvas: &mut Canvas, scene: &Scene) {
    let mut body = frame(canvas, scene, Pane::Pods, &title(scene), word(scene));
    let mut places = Vec::new();
    let mut lines = lines(scene, body.width(), body.height(), &mut places);
    if lines.len() < body.height() {
        lines.extend(std::iter::repeat_n(Row::new(), body.height() - lines.len()));
        if let (Some(last), Some(row)) = (lines.last_mut(), source(scene)) {
            *last = row;
        }
    }
    let scroll = scene.view.scroll_of(Pane::Pods);
    scrolled(&mut body, &lines, scroll);
    let hidden = scroll.min(lines.len().saturating_sub(body.height()));
    for (place, uid) in places.into_iter().filter(|(place, _)| *place >= hidden) {
        scene.mark(body.part(0, place - hidden, body.width(), 1).area(), Target::Pod(uid));
    }
}

fn title(scene: &Scene) -> String {
    if scene.view.filter.is_empty() { "PODS".to_owned() } else { format!("PODS  /{}", scene.view.filter) }
}

/// Whether the watch speaks.
fn word(scene: &Scene) -> Row {
    match scene.session.cluster.source(Source::Pods) {
        None => Row::of(Role::Unknown, "not watched"),
        Some(row) => match &row.state {
            SourceState::Live => Row::new(),
            SourceState::Reconnecting { .. } => Row::of(
                Role::Waiting,
                format!("RECONNECTING {}", figures::length(figures::between(row.since, scene.now))),
            ),
            SourceState::Absent { .. } => Row::of(Role::Unknown, "ABSENT"),
        },
    }
}

/// Everything the pane has to say, the pods in play first.
fn lines(scene: &Scene, width: usize, height: usize, places: &mut Vec<(usize, String)>) -> Vec<Row> {
    let cluster = &scene.session.cluster;
    let wanted = |name: &str| name.contains(&scene.view.filter);
    let mut lines = Vec::new();
    if let Some(SourceState::Absent { reason } | SourceState::Reconnecting { reason }) =
        cluster.source(Source::Pods).map(|row| &row.state)
    {
        lines.push(Row::of(Role::Waiting, reason.as_str()));
    }
    let counts = others(scene).filter(|_| scene.view.filter.is_empty());
    let many = cluster.in_play.len() > MANY;
    // Under a long list nobody would find them.
    lines.extend(counts.clone().filter(|_| many));
    for row in cluster.in_play.iter().filter(|row| wanted(&row.pod.key.name) && recent(scene, row)) {
        places.push((lines.len(), row.pod.key.uid.clone()));
        pod(scene, row, width, &mut lines);
    }
    lines.extend(cluster.services.iter().map(|row| service(scene, row)));
    lines.extend(cluster.workloads.iter().filter_map(|row| workload(scene, row, height >= TALL)));
    if scene.view.filter.is_empty() {
        lines.extend(counts.filter(|_| !many));
    } else {
        let found = cluster.others.values().filter(|pod| wanted(&pod.key.name)).take(FOUND);
        lines.extend(
            found.map(|pod| Row::text(format!("{}  ", pod.key.name)).with(Role::Soft, pod.status.as_str())),
        );
        lines.extend(found_in_the_crowd(scene));
    }
    lines.extend(notes(scene));
    lines
}

fn recent(scene: &Scene, row: &PodRow) -> bool {
    row.gone.is_none_or(|gone| figures::between(gone, scene.now) < GONE_S)
}

fn pod(scene: &Scene, row: &PodRow, width: usize, lines: &mut Vec<Row>) {
    let identity = row.identity();
    let (ready, of) = row.ready();
    let restarts = row.restarts();
    let role = match (&identity, &row.pod.phase) {
        (Identity::Gone, _) => Role::Unknown,
        _ if row.pod.deleting.is_some() => Role::Fault,
        (_, PodPhase::Failed) => Role::Failing,
        _ if row.ready_since.is_some() => Role::Ok,
        _ => Role::Waiting,
    };
    let status = match &identity {
        Identity::Gone => "gone".to_owned(),
        _ => short_status(&row.pod.status).to_owned(),
    };
    let figures = if identity == Identity::Gone || row.pod.deleting.is_some() {
        status
    } else {
        format!("{ready}/{of} {status} {restarts}")
    };
    let more = if width >= ROOMY { standing(scene, row) } else { String::new() };
    let room = width.saturating_sub(figures.len() + more.len() + 3);
    let name = crate::tui::text::fit_ends(&row.pod.key.name, room);
    let chosen = scene.view.pod.as_ref() == Some(&row.pod.key.uid);
    let name = Row::of(if chosen { Role::Focus } else { Role::Text }, name);
    lines.push(name.to(room + 2).with(role, figures).with(Role::Soft, more));
    lines.extend(about(scene, row, &identity));
}

/// Its age, and the node it runs on.
fn standing(scene: &Scene, row: &PodRow) -> String {
    let age = row.pod.created.map(|at| figures::length(figures::between(at, scene.now)));
    let node = crate::tui::text::fit(row.pod.node.as_deref().unwrap_or("no node"), 16).into_owned();
    format!("  {:>6}  {node:<16}", age.unwrap_or_default())
}

/// `ContainerCreating` and the like, in the room there is.
pub(super) fn short_status(status: &str) -> &str {
    match status {
        "ContainerCreating" => "Creating",
        "CrashLoopBackOff" => "CrashLoop",
        other => other,
    }
}

/// What is remarkable about a pod, indented under it.
fn about(scene: &Scene, row: &PodRow, identity: &Identity) -> Vec<Row> {
    let mut lines = Vec::new();
    if let Some(countdown) = row.misses_now(scene.now) {
        let path = row.pod.liveness.as_ref().and_then(|l| l.path.clone()).unwrap_or_default();
        lines.push(Row::of(
            Role::Waiting,
            format!("  liveness {path} failed   {} of {} misses", countdown.misses, countdown.threshold),
        ));
        let restart = format!("  restart in {:.0} s if it goes on", countdown.restart_s);
        lines.push(Row::of(Role::Failing, restart));
    } else if row.misses.worst > 0 {
        let threshold = row.pod.liveness.as_ref().map_or(0, |l| l.threshold);
        lines.push(Row::of(
            Role::Soft,
            format!("  liveness ok now, worst {} of {threshold} misses", row.misses.worst),
        ));
    }
    match identity {
        Identity::Replaces(old) => {
            let old = old.rsplit('-').next().unwrap_or(old);
            let ready = match row.ready_since.and_then(|at| scene.since_t0(at)) {
                Some(since) => format!("  ready {}, was {old}", figures::moment(since)),
                None => format!(
                    "  {} for {}, was {old}",
                    row.pod.status,
                    figures::length(figures::between(row.status_since, scene.now))
                ),
            };
            lines.push(Row::of(Role::Soft, ready));
            lines.extend(last_end(row));
        }
        Identity::Restarted(times) => {
            let end = row
                .last_end()
                .map(|end| format!(": {}, exit {}", end.reason, end.exit_code))
                .unwrap_or_default();
            lines.push(Row::of(Role::Failing, format!("  same pod, restarted {times} times{end}")));
        }
        Identity::Same => lines.extend(last_end(row)),
        Identity::Gone => {}
    }
    lines
}

/// How one of its containers last ended.
fn last_end(row: &PodRow) -> Option<Row> {
    let end = row.last_end()?;
    Some(Row::of(Role::Soft, format!("  last end: {}, exit {}", end.reason, end.exit_code)))
}

fn service(scene: &Scene, row: &ServiceRow) -> Row {
    let ready = row.endpoints.ready;
    let head = Row::of(Role::Soft, "svc ").and(format!("{}  ", row.endpoints.name));
    let noun = if ready == 1 { "endpoint" } else { "endpoints" };
    match row.empty_for(scene.now) {
        Some(seconds) => head.with(Role::Failing, format!("0 endpoints {}", figures::length(seconds))),
        None => head.with(Role::Ok, format!("{ready} {noun}")),
    }
}

/// A workload when it is not whole, or where there is room: its pods say the rest.
fn workload(scene: &Scene, row: &WorkloadRow, roomy: bool) -> Option<Row> {
    let w = &row.workload;
    let since = figures::length(figures::between(row.since, scene.now));
    let (role, words) = match row.state {
        WorkloadState::Whole if !roomy => return None,
        WorkloadState::Whole => (Role::Ok, format!("{}/{} ready", w.ready, w.desired)),
        WorkloadState::Degraded | WorkloadState::Down => {
            (Role::Waiting, format!("{}/{} ready {since}", w.ready, w.desired))
        }
        WorkloadState::ScaledToZero => (Role::Fault, format!("scaled to 0 {since}")),
        WorkloadState::Gone => (Role::Fault, format!("deleted {since}")),
    };
    Some(Row::of(Role::Soft, "deploy ").and(format!("{}  ", w.name)).with(role, words))
}

/// Pods without a row that were looked for.
fn found_in_the_crowd(scene: &Scene) -> Vec<Row> {
    let found = scene.session.cluster.found.as_ref().filter(|found| found.text == scene.view.filter);
    let Some(found) = found else { return Vec::new() };
    let rows = found.pods.iter();
    let mut rows: Vec<Row> = rows
        .map(|(key, status)| Row::text(format!("{}  ", key.name)).with(Role::Soft, status.as_str()))
        .collect();
    let more = found.all.saturating_sub(found.pods.len() as u32);
    if more > 0 {
        rows.push(Row::of(Role::Soft, format!("and {more} more")));
    }
    rows
}

/// All pods counted by state, once there are more than those with a row of their own.
fn others(scene: &Scene) -> Option<Row> {
    let cluster = &scene.session.cluster;
    let states = cluster.states();
    let pods: usize = states.iter().map(|(_, count)| count).sum();
    if pods <= cluster.in_play.iter().filter(|row| row.gone.is_none()).count() {
        return None;
    }
    let words: Vec<String> =
        states.iter().take(4).map(|(status, count)| format!("{count} {status}")).collect();
    Some(Row::of(Role::Soft, format!("all {pods} pods: {}", words.join(", "))))
}

/// The latest words of Kubernetes about objects in play, newest first.
fn notes<'a>(scene: &'a Scene<'a>) -> impl Iterator<Item = Row> + 'a {
    scene.session.cluster.notes.iter().rev().take(50).map(|row| {
        let age = figures::length(figures::between(row.at, scene.now));
        let role = if row.note.level == "Warning" { Role::Waiting } else { Role::Soft };
        let object = row.note.object.rsplit(['/', '-']).next().unwrap_or_default();
        Row::of(Role::Soft, format!("{age:>6} "))
            .with(role, row.note.reason.as_str())
            .with(Role::Soft, format!(" {object}: {}", row.note.message))
    })
}

/// How the pods are watched.
fn source(scene: &Scene) -> Option<Row> {
    let row = scene.session.cluster.source(Source::Pods).filter(|row| row.state == SourceState::Live)?;
    Some(Row::of(Role::Soft, format!("by API watch, last event {} ago", figures::length(row.age(scene.now)))))
}

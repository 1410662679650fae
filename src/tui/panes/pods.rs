//! The pods in play as cards that follow a pod across its replacement, the Services in front of them, and Kubernetes
//! events.

mod card;
mod rest;

use super::{Scene, framed, selected};
use crate::{
    session::{
        Session,
        event::{Source, SourceState},
        state::PodRow,
    },
    tui::{
        click_targets::ClickTarget,
        figures,
        pane::Pane,
        pane_buffer::{PaneBuffer, RoleLine},
        text,
        theme::Role,
    },
};
use card::name_suffix;
pub(super) use card::{BOXES, FaultTarget, boxes, in_a_row, signs};
pub(super) use rest::service_row;

#[cfg(test)]
mod tests;

/// Inner columns from which pods are shown with their full names, and inner rows from which cards are separated by
/// blank rows.
const ROOMY: usize = 56;
const TALL: usize = 13;
/// How long a deleted pod stays in the list, in seconds.
const GONE_S: f64 = 60.0;

/// A line of the pane.
struct PodLine {
    left: RoleLine,
    right: RoleLine,
    /// The uid of the pod whose card this line belongs to, and whether this is the card's first line.
    pod: Option<(String, bool)>,
    /// Whether this line is dropped first where there are too few rows.
    spare: bool,
}

impl PodLine {
    fn of(left: RoleLine) -> Self {
        Self { left, right: RoleLine::new(), pod: None, spare: false }
    }

    fn with(left: RoleLine, right: RoleLine) -> Self {
        Self { right, ..Self::of(left) }
    }

    fn spare(self) -> Self {
        Self { spare: true, ..self }
    }
}

/// Draws the pane.
pub(crate) fn pods(canvas: &mut PaneBuffer, scene: &Scene) {
    let filter = match scene.view.filter.as_str() {
        "" => RoleLine::new(),
        filter => RoleLine::text("  /").bold(Role::Focus, filter),
    };
    let word = watch(scene);
    let word = if word.0.is_empty() { RoleLine::of(Role::Soft, "live") } else { word };
    let mut inside = framed(canvas, scene, (Pane::Pods, 3), "PODS", filter, word);
    let (width, height) = (inside.width().saturating_sub(2), inside.height());
    let lines = lines(scene, width, height);
    let from = first(scene, &lines, height);
    for (y, line) in lines.iter().skip(from).take(height).enumerate() {
        let mut row = inside.part(0, y, width + 2, 1);
        let Some((uid, head)) = &line.pod else {
            row.part(1, 0, width, 1).spread(0, &line.left, &line.right);
            continue;
        };
        scene.mark(row.area(), ClickTarget::Pod(uid.clone()));
        if *head && scene.view.selected_pod.as_ref() == Some(uid) {
            let plain_text =
                |row: &RoleLine| row.0.iter().map(|piece| piece.text.as_str()).collect::<String>();
            let pieces: Vec<(String, bool)> =
                line.left.0.iter().map(|piece| (piece.text.clone(), piece.role != Role::Text)).collect();
            selected(&mut row, &pieces, &plain_text(&line.right));
        } else {
            row.part(1, 0, width, 1).spread(0, &line.left, &line.right);
        }
    }
}

/// The state of the pod watch; empty while the watch is live.
pub(super) fn watch(scene: &Scene) -> RoleLine {
    if let Some(since) = scene.session.cluster.stale_since() {
        let since = figures::length(figures::between(since, scene.display_time));
        return RoleLine::strong(Role::Waiting, format!("STALE {since}"));
    }
    match scene.session.cluster.source(Source::Pods) {
        None => RoleLine::of(Role::Unknown, "not watched"),
        Some(row) => match &row.state {
            SourceState::Live => RoleLine::new(),
            SourceState::Reconnecting { .. } => {
                let since = figures::length(figures::between(row.since, scene.display_time));
                RoleLine::strong(Role::Waiting, format!("RECONNECTING {since}"))
            }
            SourceState::Absent { .. } => RoleLine::strong(Role::Unknown, "ABSENT"),
        },
    }
}

/// The index of the first visible line: the scroll position, moved so that the selected pod is visible.
fn first(scene: &Scene, lines: &[PodLine], height: usize) -> usize {
    let chosen = |line: &PodLine| {
        line.pod.as_ref().is_some_and(|(uid, head)| *head && scene.view.selected_pod.as_ref() == Some(uid))
    };
    let needed = lines.iter().position(chosen).map_or(0, |place| (place + 2).saturating_sub(height));
    scene.view.scroll_of(Pane::Pods).max(needed).min(lines.len().saturating_sub(height))
}

/// The pods in play to list, those of the provider last. Leaves out pods that do not match the filter or were deleted
/// more than [`GONE_S`] ago.
pub(in crate::tui) fn listed<'a>(session: &'a Session, filter: &str) -> Vec<&'a PodRow> {
    let last = session.last;
    let recent = |row: &PodRow| {
        row.gone.is_none_or(|gone| last.is_none_or(|last| figures::between(gone, last) < GONE_S))
    };
    let provider = session.roles().provider.map(|row| row.workload.name.clone());
    let rows = session.cluster.in_play.iter();
    let mut rows: Vec<&PodRow> =
        rows.filter(|row| row.pod.key.name.contains(filter) && recent(row)).collect();
    rows.sort_by_key(|row| provider.is_some() && row.pod.owner == provider);
    rows
}

/// All lines of the pane, the pods in play first.
fn lines(scene: &Scene, width: usize, height: usize) -> Vec<PodLine> {
    let cluster = &scene.session.cluster;
    let (roomy, tall) = (width >= ROOMY, height >= TALL);
    let mut lines = Vec::new();
    let absent = match cluster.source(Source::Pods).map(|row| &row.state) {
        Some(SourceState::Absent { reason } | SourceState::Reconnecting { reason }) => Some(reason.as_str()),
        _ => None,
    };
    if let Some(reason) = cluster.stale_reason().or(absent) {
        let reason_lines = text::wrap(reason, width, 2).into_iter();
        lines.extend(reason_lines.map(|line| PodLine::of(RoleLine::of(Role::Waiting, line))));
    }
    let pods = listed(scene.session, &scene.view.filter);
    let counts = rest::others(scene).filter(|_| scene.view.filter.is_empty());
    let counts = counts.map_or(Vec::new(), |words| text::wrap(&words, width, 2)).into_iter();
    // Below a long list the counts would be out of sight.
    let many = pods.len() > 8;
    if many {
        lines.extend(counts.clone().map(|words| PodLine::of(RoleLine::text(words))));
    }
    let hit = FaultTarget::of(scene);
    for (i, row) in pods.iter().enumerate() {
        if i > 0 && tall && roomy && !many {
            lines.push(PodLine::of(RoleLine::new()).spare());
        }
        let uid = row.pod.key.uid.clone();
        let card = card::card(scene, &hit, row, width, roomy).into_iter().enumerate();
        lines.extend(card.map(|(i, line)| PodLine { pod: Some((uid.clone(), i == 0)), ..line }));
    }
    if tall && roomy && !many {
        lines.push(PodLine::of(RoleLine::new()).spare());
    }
    lines.extend(cluster.services.iter().map(|row| rest::service(scene, row, width, roomy)));
    lines.extend(cluster.workloads.iter().filter_map(|row| rest::workload(scene, row, roomy)));
    if !many {
        lines.extend(counts.map(|words| PodLine::of(RoleLine::text(words))));
    }
    if !scene.view.filter.is_empty() {
        lines.extend(rest::found(scene, width));
    }
    while lines.len() > height
        && let Some(place) = lines.iter().rposition(|line| line.spare)
    {
        lines.remove(place);
    }
    let left = height.saturating_sub(lines.len());
    lines.extend(rest::notes(scene, left, roomy));
    lines
}

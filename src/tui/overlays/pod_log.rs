//! The log of a pod in full screen, including that of a killed container and of a deleted pod.

use crate::{
    session::{
        Session,
        event::{PodKey, object_has_name},
        state::{Fault, Identity, LogState, PodLog, PodRow},
    },
    tui::{
        click_targets::ClickTarget,
        figures,
        keymap::Action,
        pane_buffer::{PaneBuffer, RoleLine},
        panes::Scene,
        theme::Role,
        view::View,
    },
};
use jiff::tz::TimeZone;

/// The pod whose log is shown: the selected one, else a pod that the fire hit or will hit, else the first one.
pub(crate) fn shown<'a>(session: &'a Session, view: &View) -> Option<&'a PodRow> {
    let rows = &session.cluster.in_play;
    let chosen = || rows.iter().find(|row| Some(&row.pod.key.uid) == view.selected_pod.as_ref());
    let victims: Vec<&str> = match (&session.fault, &session.target) {
        (Some(fault), _) => Fault::targets(fault).collect(),
        (None, Some(card)) => card.objects.iter().map(String::as_str).collect(),
        (None, None) => Vec::new(),
    };
    let named = |row: &&PodRow| victims.iter().any(|name| object_has_name(name, &row.pod.key.name));
    chosen().or_else(|| rows.iter().find(named)).or_else(|| rows.first())
}

/// The pod `by` places further in the list, which wraps around.
pub(crate) fn next<'a>(session: &'a Session, view: &View, by: isize) -> Option<&'a PodKey> {
    let rows = &session.cluster.in_play;
    let at =
        shown(session, view).and_then(|shown| rows.iter().position(|row| row.pod.key == shown.pod.key))?;
    let place = (at as isize + by).rem_euclid(rows.len() as isize);
    usize::try_from(place).ok().and_then(|place| rows.get(place)).map(|row| &row.pod.key)
}

/// Draws the log of the selected pod.
pub(crate) fn pod_log(canvas: &mut PaneBuffer, scene: &Scene) {
    let (width, height) = (canvas.width(), canvas.height());
    canvas.clear();
    scene.mark(canvas.area(), ClickTarget::Overlay);
    scene.mark(canvas.part(0, 0, width, 1).area(), ClickTarget::Close);
    let Some(row) = shown(scene.session, scene.view) else {
        let mut inside =
            canvas.framed(&RoleLine::strong(Role::Focus, "LOG"), &super::close_hint(), Role::Focus);
        let mut inside = inside.part(1, 0, width.saturating_sub(4), height);
        let session_log = scene.view.keymap.key(Action::SessionLog);
        inside.row(0, &RoleLine::text("no pod of this experiment is watched"));
        inside.row(1, &RoleLine::strong(Role::Focus, session_log).and(" shows the log of the session"));
        return;
    };
    let logs: Vec<&PodLog> = scene.session.cluster.logs.of_pod(&row.pod.key.uid).collect();
    let title = RoleLine::strong(Role::Focus, "LOG  ").bold(Role::Strong, row.pod.key.name.as_str());
    let count = scene.session.cluster.in_play.len();
    let keys = RoleLine::strong(Role::Focus, "TAB");
    let keys = if width >= 100 {
        keys.and(format!(" next of {count} pods   ")).joined(super::close_hint())
    } else {
        keys.and(format!(" next of {count}"))
    };
    let mut inside =
        canvas.framed(&title, &keys, Role::Focus).into_part(1, 0, width.saturating_sub(4), height);
    inside.row(0, &log_state(scene, row, &logs));
    let mut body = inside.part(0, 1, width.saturating_sub(4), height.saturating_sub(3));
    let lines = lines(row, &logs);
    // The latest lines matter most: scrolling moves up from the end.
    let most = lines.len().saturating_sub(body.height());
    let up = scene.view.overlay_scroll().min(most);
    for (y, line) in lines.iter().skip(most - up).take(body.height()).enumerate() {
        body.row(y, line);
    }
    if up > 0 {
        let below = body.height().saturating_sub(1);
        body.right(below, &RoleLine::text(format!(" {up} more below ")));
    }
}

/// The state of the log: followed, ended, or of a deleted pod.
fn log_state(scene: &Scene, row: &PodRow, logs: &[&PodLog]) -> RoleLine {
    if let Some(gone) = row.gone {
        let since = scene
            .since_t0(gone)
            .map_or_else(String::new, |since| format!(" since {}", figures::moment(since)));
        let kept = if logs.iter().any(|log| !log.lines.is_empty()) { ": its last lines" } else { "" };
        return RoleLine::strong(Role::Fault, format!("gone{since}{kept}"));
    }
    match logs.last().map(|log| &log.state) {
        Some(LogState::Followed) => RoleLine::of(Role::Ok, "followed as it is written"),
        Some(LogState::Ended) => RoleLine::of(Role::Unknown, "the container ended: no more will come"),
        Some(LogState::Failed(_)) | None => RoleLine::new(),
    }
}

fn lines(row: &PodRow, logs: &[&PodLog]) -> Vec<RoleLine> {
    let several = row.pod.containers.len() > 1;
    let mut lines = Vec::new();
    for log in logs {
        if log.source.previous {
            let end = row
                .last_end()
                .map_or_else(String::new, |end| format!(": {}, exit {}", end.reason, end.exit_code));
            let which = if several { format!(" {}", log.source.container) } else { String::new() };
            lines.push(RoleLine::strong(
                Role::Fault,
                format!("-- the container{which} that was killed{end} --"),
            ));
        } else if several || logs.iter().any(|log| log.source.previous) {
            lines.push(RoleLine::strong(Role::Strong, format!("-- container {} --", log.source.container)));
        }
        let zone = TimeZone::system();
        lines.extend(log.lines.iter().map(|line| {
            let stamp = line.at.map_or_else(String::new, |at| {
                format!("{} ", at.to_zoned(zone.clone()).strftime("%H:%M:%S"))
            });
            RoleLine::of(Role::Soft, stamp).and(line.text.as_str())
        }));
        match &log.state {
            LogState::Failed(reason) => {
                lines.push(RoleLine::of(Role::Waiting, format!("it cannot be read: {reason}")));
            }
            LogState::Followed if log.lines.is_empty() => {
                lines.push(RoleLine::text("nothing was written yet"));
            }
            LogState::Ended if log.lines.is_empty() => lines.push(RoleLine::text("nothing was written")),
            LogState::Followed | LogState::Ended => {}
        }
    }
    if logs.is_empty() {
        lines.push(RoleLine::text(match row.identity() {
            Identity::Gone => {
                "the pod was deleted before its log was read, and Kubernetes keeps no log of a pod that is gone"
            }
            _ => "loading the log",
        }));
    }
    lines
}

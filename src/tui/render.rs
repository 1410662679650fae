//! Renders one frame: panes by layout, overlays on top. Read-only.

use super::{
    click_targets::ClickTarget,
    layout::{Arrangement, PaneAreas, Size, SmallAreas, arrange, columns},
    overlays,
    pane::Pane,
    pane_buffer::{PaneBuffer, RoleLine},
    panes::{self, LogFeed, Scene},
    picture,
    theme::{Role, Theme},
    view::Overlay,
};
use crate::insight::Phase;
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws a scene into an area.
pub fn render(buffer: &mut Buffer, area: Rect, scene: &Scene, theme: &Theme, log: &LogFeed) {
    let mut all = PaneBuffer::new(buffer, area, theme);
    all.clear();
    let arrangement = arrange(area, scene.layout_request());
    if let Some(overlay @ Overlay::Logs) = &scene.view.overlay
        && !matches!(arrangement, Arrangement::TooSmall)
    {
        // The log overlay covers the whole screen.
        return draw_overlay(&mut all, scene, overlay, log);
    }
    match arrangement {
        Arrangement::TooSmall => return too_small(&mut all),
        Arrangement::Slim(parts) => slim(&mut all, scene, &parts),
        Arrangement::Panes(parts) => whole(&mut all, scene, &parts, log),
    }
    if let Some(overlay) = &scene.view.overlay {
        draw_overlay(&mut all, scene, overlay, log);
    }
}

fn too_small(canvas: &mut PaneBuffer) {
    let message = format!("needs 40x12, has {}x{}", canvas.width(), canvas.height());
    canvas.row(0, &RoleLine::text(message));
}

fn whole(all: &mut PaneBuffer, scene: &Scene, parts: &PaneAreas, log: &LogFeed) {
    panes::header(&mut all.on(parts.header), scene, parts.size);
    panes::banner(&mut all.on(parts.banner), scene, parts.size);
    if scene.view.presenter {
        panes::caption(&mut all.on(parts.note), scene);
    } else {
        panes::note(&mut all.on(parts.note), scene);
    }
    panes::next(&mut all.on(parts.next), scene);
    panes::keys(&mut all.on(parts.keys), scene);
    if scene.view.zoomed {
        return full(&mut all.on(parts.middle), scene, log);
    }
    if scene.phase == Phase::Finished && scene.earlier.is_some() {
        return panes::comparison(&mut all.on(parts.middle), scene, parts.size);
    }
    panes::chain(&mut all.on(parts.chain), scene);
    picture::picture(all, scene, parts.size, &parts.picture);
    inset(all, scene, parts);
    panes::story(&mut all.on(parts.story), scene);
    lower(all, scene, parts);
    repeated_fire_card(all, scene, parts);
}

/// Draws the target card of a fire after T0. The picture has no free area then, so the card covers breaker and pods.
fn repeated_fire_card(all: &mut PaneBuffer, scene: &Scene, parts: &PaneAreas) {
    if scene.session.t0().is_none() || scene.awaiting_fire().is_none() {
        return;
    }
    let (lower, picture) = (parts.lower, parts.picture);
    let place = match parts.size {
        // The presenter view has no lower panes: the card covers the plot.
        _ if lower.is_empty() => Rect { width: picture.area.right() - 1 - picture.plot.x, ..picture.plot },
        Size::Compact => lower,
        Size::Standard => columns(lower, [38, 82])[1],
        Size::Wide => columns(lower, [60, 140])[1],
    };
    panes::target(&mut all.on(place), scene);
}

/// Before T0, draws the area right of T0's column: the target card, the preflight, or the progress of the start. It
/// begins two columns right of T0.
fn inset(all: &mut PaneBuffer, scene: &Scene, parts: &PaneAreas) {
    if scene.session.t0().is_some() {
        return;
    }
    let picture = parts.picture;
    let t0 = (f64::from(picture.plot.width) * 0.2).round() as u16;
    let (from, framed) =
        if picture.framed { (picture.plot.x + t0 + 2, 2) } else { (picture.plot.x + t0 + 1, 0) };
    let top = if picture.framed { picture.plot.y } else { picture.fault.y };
    let place = Rect {
        x: from,
        y: top,
        width: picture.area.right().saturating_sub(from + framed),
        height: picture.axis.bottom().saturating_sub(top),
    };
    let shown = scene.awaiting_fire().is_some() || matches!(scene.phase, Phase::Starting | Phase::Ready);
    if shown && picture.framed {
        // Otherwise the side column would be partly visible.
        let from = picture.plot.right();
        let width = picture.area.right().saturating_sub(from + 1);
        all.on(Rect { x: from, width, ..place }).clear();
    }
    if scene.awaiting_fire().is_some() {
        panes::target(&mut all.on(place), scene);
    } else if scene.phase == Phase::Starting {
        panes::starting(&mut all.on(place), scene);
    } else if scene.phase == Phase::Ready {
        panes::preflight(&mut all.on(place), scene);
    }
}

fn lower(all: &mut PaneBuffer, scene: &Scene, parts: &PaneAreas) {
    let finished = scene.phase == Phase::Finished;
    match (parts.size, finished) {
        _ if parts.lower.is_empty() => {}
        (Size::Compact, true) => panes::findings(&mut all.on(parts.lower), scene, true),
        (Size::Compact, false) => {
            let [steps, status] = columns(parts.lower, [38, 42]);
            panes::experiment(&mut all.on(steps), scene);
            panes::status(&mut all.on(status), scene);
        }
        (Size::Standard, true) => {
            let [findings, score] = columns(parts.lower, [76, 44]);
            panes::findings(&mut all.on(findings), scene, false);
            panes::score(&mut all.on(score), scene);
        }
        (Size::Wide, true) => {
            let [findings, breaker, score] = columns(parts.lower, [76, 66, 58]);
            panes::findings(&mut all.on(findings), scene, false);
            panes::breaker(&mut all.on(breaker), scene);
            panes::score(&mut all.on(score), scene);
        }
        (size, false) => {
            let shares = if size == Size::Wide { [60, 78, 62] } else { [38, 45, 37] };
            let [steps, breaker, pods] = columns(parts.lower, shares);
            panes::experiment(&mut all.on(steps), scene);
            panes::breaker(&mut all.on(breaker), scene);
            panes::pods(&mut all.on(pods), scene);
        }
    }
}

fn slim(all: &mut PaneBuffer, scene: &Scene, parts: &SmallAreas) {
    panes::banner(&mut all.on(parts.verdict), scene, Size::Compact);
    picture::slim(all, scene, parts);
    scene.mark(parts.status, ClickTarget::Pane(Pane::Pods));
    panes::bare_status(&mut all.on(parts.status), scene);
    panes::note(&mut all.on(parts.note), scene);
    panes::next(&mut all.on(parts.next), scene);
    panes::keys(&mut all.on(parts.keys), scene);
}

/// Draws the focused pane in the area of all panes.
fn full(canvas: &mut PaneBuffer, scene: &Scene, log: &LogFeed) {
    match scene.view.focus {
        Pane::Experiment => panes::experiment(canvas, scene),
        Pane::Pods => panes::pods(canvas, scene),
        Pane::Breaker => panes::breaker(canvas, scene),
        Pane::Users | Pane::Timeline => picture::full(canvas, scene),
        Pane::Log => panes::log(canvas, scene, log),
    }
}

fn draw_overlay(all: &mut PaneBuffer, scene: &Scene, overlay: &Overlay, log: &LogFeed) {
    match overlay {
        Overlay::Help => overlays::help(all, scene),
        Overlay::Why => overlays::why(all, scene),
        Overlay::Logs => {
            let (width, height) = (all.width(), all.height());
            all.clear();
            scene.mark(all.area(), ClickTarget::Overlay);
            scene.mark(all.part(0, 0, width, 1).area(), ClickTarget::Close);
            let mut inside =
                all.framed(&RoleLine::strong(Role::Focus, "LOG"), &overlays::close_hint(), Role::Focus);
            let mut body = inside.part(1, 0, width.saturating_sub(4), height.saturating_sub(2));
            panes::log_lines(&mut body, log);
        }
        Overlay::PodLog => overlays::pod_log(all, scene),
        Overlay::Heatmap => overlays::heatmap(all, scene),
        Overlay::Note(editor) => overlays::note(all, scene, editor),
        Overlay::Filter(_) => {}
        Overlay::Predict(form) => overlays::predict(all, scene, form),
        Overlay::Guards(form) => overlays::guards(all, scene, form),
        Overlay::ConfirmUndo => overlays::undo(all, scene),
        Overlay::ConfirmRecover => overlays::recover(all, scene),
        Overlay::ConfirmSkip(step) => overlays::skip(all, scene, *step),
        Overlay::Sandbox => overlays::sandbox(all, scene),
        Overlay::ConfirmQuit => overlays::quit(all, scene),
        Overlay::ConfirmFire { expected: word, typed, cluster: place, .. } => {
            overlays::fire(all, scene, place.as_ref(), word, typed);
        }
    }
}

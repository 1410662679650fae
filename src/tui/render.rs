//! One frame: panes by arrangement, overlays on top. Reads only.

use super::{
    canvas::{Canvas, Row},
    layout::{Arrangement, Compact, Rim, Slim, Wide, arrange},
    overlays,
    pane::Pane,
    panes::{self, LogFeed, Scene},
    targets::Target,
    theme::{Role, Theme},
    view::Overlay,
};
use crate::insight::Phase;
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws a scene into an area.
pub fn render(buffer: &mut Buffer, area: Rect, scene: &Scene, theme: &Theme, log: &LogFeed) {
    let mut all = Canvas::new(buffer, area, theme);
    all.clear();
    let arrangement = arrange(area, scene.view.presenter);
    if let Some(overlay @ Overlay::Logs) = &scene.view.overlay
        && !matches!(arrangement, Arrangement::TooSmall)
    {
        // Nothing shows beside it.
        return over(&mut all, scene, overlay, log);
    }
    match arrangement {
        Arrangement::TooSmall => return too_small(&mut all),
        Arrangement::Slim(parts) => slim(&mut all, scene, parts),
        Arrangement::Wide(parts) => {
            rim(&mut all, scene, parts.rim);
            if scene.view.zoomed {
                zoomed(&mut all.on(parts.rim.middle), scene, log);
            } else {
                wide(&mut all, scene, parts, log);
            }
        }
        Arrangement::Compact(parts) => {
            rim(&mut all, scene, parts.rim);
            if scene.view.zoomed {
                zoomed(&mut all.on(parts.rim.middle), scene, log);
            } else {
                compact(&mut all, scene, parts);
            }
        }
    }
    if let Some(overlay) = &scene.view.overlay {
        over(&mut all, scene, overlay, log);
    }
}

fn too_small(canvas: &mut Canvas) {
    let said = format!("needs 40x12, has {}x{}", canvas.width(), canvas.height());
    canvas.row(0, &Row::text(said));
}

fn rim(all: &mut Canvas, scene: &Scene, rim: Rim) {
    panes::header(&mut all.on(rim.header), scene);
    panes::verdict(&mut all.on(rim.verdict), scene);
    panes::notice(&mut all.on(rim.notice), scene);
    panes::next(&mut all.on(rim.next), scene);
    panes::footer(&mut all.on(rim.footer), scene);
}

fn wide(all: &mut Canvas, scene: &Scene, parts: Wide, log: &LogFeed) {
    if scene.phase == Phase::Finished && scene.earlier.is_some() {
        return panes::comparison(&mut all.on(parts.rim.middle), scene);
    }
    if scene.view.presenter {
        // On stage nobody reads steps and pods: users and breaker get their room.
        let (upper, lower) = (parts.experiment.union(parts.users), parts.pods.union(parts.breaker));
        panes::users(&mut all.on(upper), scene);
        if scene.awaiting_fire().is_some() {
            panes::target(&mut all.on(lower), scene);
        } else {
            panes::breaker(&mut all.on(lower), scene);
        }
    } else {
        panes::users(&mut all.on(parts.users), scene);
        panes::experiment(&mut all.on(parts.experiment), scene);
        pods_place(&mut all.on(parts.pods), scene);
        panes::breaker(&mut all.on(parts.breaker), scene);
    }
    panes::timeline(&mut all.on(parts.timeline), scene);
    if let Some(area) = parts.log {
        panes::log(&mut all.on(area), scene, log);
    }
}

/// The pods; the target card while a fire is awaited; what it came to at the end.
fn pods_place(canvas: &mut Canvas, scene: &Scene) {
    if scene.awaiting_fire().is_some() {
        panes::target(canvas, scene);
    } else if scene.phase == Phase::Finished {
        panes::finished(canvas, scene);
    } else {
        panes::pods(canvas, scene);
    }
}

fn compact(all: &mut Canvas, scene: &Scene, parts: Compact) {
    if scene.phase == Phase::Finished && scene.earlier.is_some() {
        return panes::comparison(&mut all.on(parts.rim.middle), scene);
    }
    scene.mark(parts.chart, Target::Pane(Pane::Users));
    panes::small_users(&mut all.on(parts.chart), scene);
    if scene.view.presenter {
        panes::stage(&mut all.on(parts.steps.union(parts.status)), scene);
    } else {
        panes::steps(&mut all.on(parts.steps), scene);
        panes::status(&mut all.on(parts.status), scene);
    }
    panes::lanes(&mut all.on(parts.lanes), scene);
}

fn slim(all: &mut Canvas, scene: &Scene, parts: Slim) {
    panes::verdict(&mut all.on(Rect { height: 1, ..parts.verdict }), scene);
    panes::lanes(&mut all.on(parts.lanes), scene);
    scene.mark(parts.status, Target::Pane(Pane::Pods));
    panes::bare_status(&mut all.on(parts.status), scene);
    panes::notice(&mut all.on(Rect { height: 1, ..parts.next }), scene);
    let below =
        Rect { y: parts.next.y.saturating_add(1), height: parts.next.height.saturating_sub(1), ..parts.next };
    panes::next(&mut all.on(below), scene);
    panes::footer(&mut all.on(parts.footer), scene);
}

/// The focused pane in the room of all.
fn zoomed(canvas: &mut Canvas, scene: &Scene, log: &LogFeed) {
    match scene.view.focus {
        Pane::Experiment => panes::experiment(canvas, scene),
        Pane::Users => panes::users(canvas, scene),
        Pane::Pods => pods_place(canvas, scene),
        Pane::Breaker => panes::breaker(canvas, scene),
        Pane::Timeline => panes::timeline(canvas, scene),
        Pane::Log => panes::log(canvas, scene, log),
    }
}

fn over(all: &mut Canvas, scene: &Scene, overlay: &Overlay, log: &LogFeed) {
    match overlay {
        Overlay::Help => overlays::help(all, scene),
        Overlay::Why => overlays::why(all, scene),
        Overlay::Logs => {
            let (width, height) = (all.width(), all.height());
            all.clear();
            scene.mark(all.area(), Target::Overlay);
            scene.mark(all.part(0, 0, width, 1).area(), Target::Close);
            let mut inside = all.framed(&"LOG".into(), &"ESC closes".into(), Role::Focus);
            let mut body = inside.part(0, 0, width.saturating_sub(2), height.saturating_sub(2));
            panes::log_lines(&mut body, log);
        }
        Overlay::PodLog => overlays::pod_log(all, scene),
        Overlay::Heatmap => overlays::heatmap(all, scene),
        Overlay::Note(editor) => overlays::note(all, scene, editor),
        Overlay::Filter(_) => {}
        Overlay::Predict(form) => overlays::predict(all, scene, form),
        Overlay::Guards(desk) => overlays::guards(all, scene, desk),
        Overlay::ConfirmUndo => overlays::undo(all, scene),
        Overlay::ConfirmSkip(step) => overlays::skip(all, scene, *step),
        Overlay::ConfirmQuit => overlays::quit(all, scene),
        Overlay::ConfirmFire { word, typed, place, .. } => {
            overlays::fire(all, scene, place.as_ref(), word, typed)
        }
    }
}

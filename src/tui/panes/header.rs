//! Line 1: program, title, cluster, phase, clock.

use super::Scene;
use crate::{
    insight::Phase,
    tui::{
        canvas::{Canvas, Look, Row},
        figures,
        theme::Role,
        view::Steering,
    },
};

/// Columns from which words are written out.
const ROOMY: usize = 100;

pub(crate) fn header(canvas: &mut Canvas, scene: &Scene, _size: crate::tui::layout::Size) {
    let roomy = canvas.width() >= ROOMY;
    let title = &scene.session.meta.title;
    let title = if title.is_empty() { &scene.session.meta.source } else { title };
    let left = Row::of(Role::Focus, " chaos-tui").and("  ").with(Role::Strong, title.as_str());
    canvas.spread(0, &left, &right(scene, roomy));
}

fn right(scene: &Scene, roomy: bool) -> Row {
    let meta = &scene.session.meta;
    let mut row = Row::new();
    match scene.view.steering {
        Steering::Live => {}
        Steering::ReadOnly => row.add(Role::Waiting, Look::Fill, " READ-ONLY "),
        Steering::Replay => row.add(Role::Protected, Look::Fill, " REPLAY "),
    }
    if let Some(dry) = &scene.session.run.dry {
        row.add(Role::Waiting, Look::Fill, format!(" DRY {dry} "));
    }
    let place = match (&meta.context, roomy) {
        (Some(context), true) => format!("  ctx {context}  ns {}  ", meta.namespace),
        (Some(context), false) => format!(" {context}/{} ", meta.namespace),
        (None, _) => "  no cluster  ".to_owned(),
    };
    let guarded = meta.context.is_some() && !meta.allowed;
    row.push(if guarded { Role::Failing } else { Role::Text }, place);
    let number = scene.phase.number();
    if roomy {
        row.push(Role::Strong, format!("PHASE {number}/5 {}", scene.phase.word()));
        // How long it takes to be safe counts from the word to end.
        let turned = scene.session.run.turned.filter(|_| scene.phase == Phase::Recovering);
        if let Some(turned) = turned {
            row.push(Role::Waiting, format!(" {:.0} s", figures::between(turned, scene.now)));
        }
    } else {
        row.push(Role::Strong, format!("{number}/5"));
    }
    match (scene.phase, scene.since_t0(scene.now)) {
        (Phase::Finished, _) if roomy => {}
        (Phase::Ready | Phase::Steady | Phase::Finished, _) | (_, None) if !roomy => {
            row.push(Role::Strong, format!(" {}", scene.phase.word()));
        }
        (_, Some(since)) => row.push(Role::Strong, format!("  {}", figures::clock(since))),
        (_, None) => row.push(Role::Soft, "  T--:--"),
    }
    row.and(" ")
}

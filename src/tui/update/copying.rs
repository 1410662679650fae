//! Copying to the clipboard: a pod's name, the URL that users call, the evidence that is open.

use crate::{
    session::{Session, event::Timestamp},
    tui::{
        msg::{Effect, Outcome},
        overlays,
        pane::Pane,
        panes::Scene,
        picture, text,
        view::{Overlay, View},
    },
};

/// The maximum number of bytes to copy, which is what terminals accept.
const MOST: usize = 64 * 1024;

/// Copies what the operator looks at, and names it in a hint.
pub(super) fn copy(view: &mut View, session: &Session, now: Timestamp) -> Outcome {
    if let Some((what, text)) = copy_target(&Scene::new(session, view, now, None)) {
        view.hint = Some(format!("copied {what}"));
        Outcome::effect(Effect::Copy(text))
    } else {
        view.hint =
            Some("nothing to copy here: choose a pod, watch the users or open the evidence".to_owned());
        Outcome::redraw()
    }
}

/// A description of the item to copy, and its text. Sessions contain no secrets, so none can be copied.
fn copy_target(scene: &Scene) -> Option<(String, String)> {
    match (&scene.view.overlay, scene.view.focus) {
        (Some(Overlay::Why), _) => Some(evidence(scene)),
        (Some(Overlay::PodLog), _) => pod(scene),
        (Some(Overlay::Heatmap), _) | (None, Pane::Users | Pane::Timeline) => url(scene),
        (Some(_), _) => None,
        (None, Pane::Pods) => pod(scene),
        (None, Pane::Experiment | Pane::Breaker | Pane::Log) => match scene.view.selected_pod {
            Some(_) => pod(scene).or_else(|| url(scene)),
            None => url(scene).or_else(|| pod(scene)),
        },
    }
}

fn pod(scene: &Scene) -> Option<(String, String)> {
    let name = text::clean(&overlays::shown_log(scene.session, scene.view)?.pod.key.name).into_owned();
    Some((format!("the pod's name: {name}"), name))
}

fn url(scene: &Scene) -> Option<(String, String)> {
    let endpoint = picture::shown_endpoint(scene)?;
    let url = endpoint.url.split_once(' ').map_or(endpoint.url.as_str(), |(_method, url)| url);
    // The query is not shown, since it may contain secrets; the URL is copied without it.
    let url = text::clean(url.strip_suffix("?...").unwrap_or(url)).into_owned();
    Some((format!("the URL: {url}"), url))
}

fn evidence(scene: &Scene) -> (String, String) {
    let mut lines = Vec::new();
    for (head, reasons) in overlays::evidence(scene) {
        lines.push(text::clean(&head).into_owned());
        lines.extend(reasons.iter().map(|reason| format!("- {}", text::clean(reason))));
    }
    let mut size = 0;
    let fits = |line: &String| {
        size += line.len() + 1;
        size <= MOST
    };
    let lines: Vec<String> = lines.into_iter().take_while(fits).collect();
    (format!("the evidence, {} lines", lines.len()), lines.join("\n"))
}

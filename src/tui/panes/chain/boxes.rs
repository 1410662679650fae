//! The chain as boxes, for screens with room for the details of each part.

use super::{
    median,
    parts::{ChainParts, ChainWorkload, ConsumerToProvider},
};
use crate::tui::{
    figures,
    pane_buffer::{PaneBuffer, RoleLine},
    panes::{Scene, pods},
    theme::Role,
};

/// The box widths of users, consumer and provider: from this many columns on, on smaller screens, and at least.
const WIDE: (usize, [usize; 3]) = (180, [40, 40, 46]);
const NARROW: [usize; 3] = [26, 30, 30];
const LEAST: [usize; 3] = [24, 26, 26];
/// Box columns from which the liveness boxes have a label.
const ROOMY: usize = 34;
/// The least columns of a link.
const LINK: usize = 14;

pub(super) fn draw(canvas: &mut PaneBuffer, scene: &Scene, parts: &ChainParts) {
    let places = places(canvas.width(), parts.consumer.is_some(), parts.provider.is_some());
    let height = canvas.height();
    for (place, (from, columns)) in places {
        let mut part = canvas.part(from, 0, columns, height);
        match place {
            BoxPlace::Users => users(&mut part, parts),
            BoxPlace::Asking => asking(&mut part, parts),
            BoxPlace::Consumer => consumer(&mut part, scene, parts.consumer.as_ref()),
            BoxPlace::Calling => calling(&mut part, &parts.between),
            BoxPlace::Provider => provider(&mut part, scene, parts.provider.as_ref()),
        }
    }
}

enum BoxPlace {
    Users,
    Asking,
    Consumer,
    Calling,
    Provider,
}

/// Each part with its first column and its width.
fn places(width: usize, consumer: bool, provider: bool) -> Vec<(BoxPlace, (usize, usize))> {
    let [users, first, second] = match width {
        width if width >= WIDE.0 => WIDE.1,
        width if width >= NARROW.iter().sum::<usize>() + 2 * LINK => NARROW,
        _ => LEAST,
    };
    let spare = width.saturating_sub(users + first + second);
    // Both links keep their width even if one end is missing, so that the other parts keep their places.
    let (asking, calling) = (spare / 2, spare - spare / 2);
    let from = users + asking + first;
    let mut places = vec![(BoxPlace::Users, (0, users)), (BoxPlace::Asking, (users, asking))];
    match (consumer, provider) {
        (true, true) => places.extend([
            (BoxPlace::Consumer, (users + asking, first)),
            (BoxPlace::Calling, (from, calling)),
            (BoxPlace::Provider, (from + calling, second)),
        ]),
        (true, false) => places.push((BoxPlace::Consumer, (users + asking, first))),
        (false, _) => places.push((BoxPlace::Provider, (users + asking, second))),
    }
    places
}

fn boxed<'c>(canvas: &'c mut PaneBuffer<'_>, name: &str, state: &str, role: Role) -> PaneBuffer<'c> {
    let right = if state.is_empty() { RoleLine::new() } else { RoleLine::strong(role, state) };
    let inside = canvas.framed(&RoleLine::strong(Role::Strong, name), &right, role);
    let (width, height) = (inside.width().saturating_sub(1), inside.height());
    inside.into_part(1, 0, width, height)
}

/// Draws the first of the rows that fits in full.
fn fitting(canvas: &mut PaneBuffer, rows: impl IntoIterator<Item = RoleLine>) {
    let room = canvas.width();
    if let Some(row) = rows.into_iter().find(|row| row.width() <= room) {
        canvas.row(0, &row);
    }
}

fn users(canvas: &mut PaneBuffer, parts: &ChainParts) {
    let users = &parts.users;
    let role = if users.is_probed { users.role } else { Role::Unknown };
    let rate = if users.is_probed { users.asked.as_str() } else { "" };
    let mut inside = boxed(canvas, "USERS", rate, role);
    if !users.is_probed {
        return inside.row(0, &RoleLine::strong(Role::Text, users.asked.as_str()));
    }
    let waits = match users.waiting {
        0 => RoleLine::strong(Role::Text, "nobody waits"),
        n => {
            let longest = figures::wait(Some(users.longest_ms));
            let wait = if n == 1 { "waits" } else { "wait" };
            RoleLine::strong(Role::Waiting, format!("{n} {wait}, longest {longest}"))
        }
    };
    let most = users.most.iter().map(|most| waits.clone().with(role, format!("   {most}")));
    fitting(&mut inside, most.chain([waits.clone()]).collect::<Vec<_>>());
}

/// The users' calls, with the median of their answer times.
fn asking(canvas: &mut PaneBuffer, parts: &ChainParts) {
    let (width, y, users) = (canvas.width(), canvas.height() / 2, &parts.users);
    if !users.is_probed {
        let line = format!("{}▷", "╌".repeat(width.saturating_sub(1)));
        return canvas.row(y, &RoleLine::of(Role::Soft, line));
    }
    let words = median(users.median_ms).map(|median| format!(" {median} ")).unwrap_or_default();
    let lines = width.saturating_sub(1 + words.chars().count());
    let before = "━".repeat(lines.div_ceil(2));
    let after = format!("{}►", "━".repeat(lines / 2));
    canvas.row(y, &RoleLine::of(users.role, before).bold(users.role, words).with(users.role, after));
}

/// The consumer's calls, and how far they get.
fn calling(canvas: &mut PaneBuffer, between: &ConsumerToProvider) {
    let (width, y) = (canvas.width(), canvas.height() / 2);
    let around = |middle: &str, before: &str, after: &str, end: &str| {
        let lines = width.saturating_sub(middle.chars().count());
        let behind = (lines - lines / 2).saturating_sub(end.chars().count());
        format!("{}{middle}{}{end}", before.repeat(lines / 2), after.repeat(behind))
    };
    let row = match between {
        ConsumerToProvider::NotProbed => RoleLine::of(Role::Soft, around("", "╌", "╌", "▷")),
        ConsumerToProvider::Unknown => RoleLine::of(Role::Unknown, around(" ? ", "╌", "╌", "▷")),
        ConsumerToProvider::Through(role) => RoleLine::of(*role, around("", "━", "━", "►")),
        ConsumerToProvider::Lost => RoleLine::strong(Role::Failing, around("╳", "━", "╌", "")),
        ConsumerToProvider::Cut { word, role } => {
            RoleLine::strong(*role, around(&format!("┫ {word} ┣"), "━", "╌", ""))
        }
        ConsumerToProvider::Trial { word, role } => {
            RoleLine::strong(*role, around(&format!("┫ {word} ┣"), "━", "━", "►"))
        }
    };
    canvas.row(y, &row);
}

fn ready(end: &ChainWorkload) -> String {
    if end.ready.is_empty() { String::new() } else { format!("{} ready", end.ready) }
}

fn consumer(canvas: &mut PaneBuffer, scene: &Scene, end: Option<&ChainWorkload>) {
    let Some(end) = end else { return };
    let mut inside = boxed(canvas, "CONSUMER", &ready(end), end.role);
    let breaker = &scene.session.breaker;
    let mut health = RoleLine::new();
    let failing = breaker.health_failing.last().map(|(_, failing)| failing);
    if let Some(failing) = failing {
        let status = breaker.health_status.last().and_then(|(_, status)| status);
        let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let role = if failing { Role::Failing } else { Role::Ok };
        health =
            RoleLine::text(format!("{} ", crate::insight::health_page(scene.session))).bold(role, status);
    }
    let bystanders = || scene.session.bystanders();
    let threshold = bystanders().find_map(|pod| pod.pod.liveness.as_ref()).map(|liveness| liveness.threshold);
    let Some(threshold) = threshold else { return inside.row(0, &health) };
    let misses = bystanders().filter_map(|pod| pod.misses_now(scene.until)).map(|ahead| ahead.misses).max();
    let misses = misses.unwrap_or(0).min(threshold);
    let boxes = pods::signs(misses, threshold);
    let role = match misses {
        0 => Role::Ok,
        misses if misses < threshold.saturating_sub(1) => Role::Waiting,
        _ => Role::Failing,
    };
    let counted = (threshold <= pods::BOXES && (failing == Some(true) || misses > 0))
        .then(|| format!(" {misses} of {threshold}"));
    let boxes = |before: &str| health.clone().and(before).bold(role, boxes.as_str());
    // The same words with and without misses.
    let before = if inside.width() >= ROOMY { "   liveness " } else { " " };
    let rows = [boxes(before).and(counted.unwrap_or_default()), boxes(before), health.clone()];
    fitting(&mut inside, rows);
}

fn provider(canvas: &mut PaneBuffer, scene: &Scene, end: Option<&ChainWorkload>) {
    let Some(end) = end else { return };
    let mut inside = boxed(canvas, "PROVIDER", &ready(end), end.role);
    if let Some((why, lasted)) = &end.away {
        let why = RoleLine::strong(end.role, why.as_str());
        return fitting(&mut inside, [why.clone().and(format!(", {lasted}")), why]);
    }
    let pods: Vec<&str> = scene.session.roles().provider.map_or_else(Vec::new, |provider| {
        scene.session.cluster.pods_of(provider).iter().map(|pod| pod.pod.key.name.as_str()).collect()
    });
    let behind = |pod: &String| pods.contains(&pod.as_str());
    let services = scene.session.cluster.services.iter();
    let endpoints = services.filter(|service| service.endpoints.pods.iter().any(behind));
    let endpoints = endpoints.map(|service| service.endpoints.ready).max();
    let endpoints =
        endpoints.map(|n| if n == 1 { "1 endpoint".to_owned() } else { format!("{n} endpoints") });
    let back = end.back.as_deref();
    let rows = match (&endpoints, back) {
        (Some(endpoints), Some(back)) => {
            vec![
                RoleLine::text(endpoints.as_str()).with(end.role, format!(", {back}")),
                RoleLine::of(end.role, back),
            ]
        }
        (Some(endpoints), None) => vec![RoleLine::text(endpoints.as_str())],
        (None, Some(back)) => vec![RoleLine::of(end.role, back)],
        (None, None) => Vec::new(),
    };
    fitting(&mut inside, rows);
}

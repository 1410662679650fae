//! The chain in boxes, where there is room for what each part says of itself.

use super::{
    median,
    parts::{Between, End, Parts},
};
use crate::tui::{
    canvas::{Canvas, Row},
    figures,
    panes::Scene,
    theme::Role,
};

/// Columns of users, consumer and provider on the largest screen, on smaller ones, and at least.
const WIDE: (usize, [usize; 3]) = (180, [40, 40, 46]);
const NARROW: [usize; 3] = [26, 30, 30];
const LEAST: [usize; 3] = [24, 26, 26];
/// Columns of a box from which what is counted has a name.
const ROOMY: usize = 34;
/// Columns of a link at least.
const LINK: usize = 14;

pub(super) fn draw(canvas: &mut Canvas, scene: &Scene, parts: &Parts) {
    let places = places(canvas.width(), parts.consumer.is_some(), parts.provider.is_some());
    let height = canvas.height();
    for (place, (from, columns)) in places {
        let mut part = canvas.part(from, 0, columns, height);
        match place {
            Place::Users => users(&mut part, parts),
            Place::Asking => asking(&mut part, parts),
            Place::Consumer => consumer(&mut part, scene, parts.consumer.as_ref()),
            Place::Calling => calling(&mut part, &parts.between),
            Place::Provider => provider(&mut part, scene, parts.provider.as_ref()),
        }
    }
}

enum Place {
    Users,
    Asking,
    Consumer,
    Calling,
    Provider,
}

/// What stands where: from which column on, how many of them.
fn places(width: usize, consumer: bool, provider: bool) -> Vec<(Place, (usize, usize))> {
    let [users, first, second] = match width {
        width if width >= WIDE.0 => WIDE.1,
        width if width >= NARROW.iter().sum::<usize>() + 2 * LINK => NARROW,
        _ => LEAST,
    };
    let spare = width.saturating_sub(users + first + second);
    // Both links are there also where one of their ends is not: the others keep their places.
    let (asking, calling) = (spare / 2, spare - spare / 2);
    let from = users + asking + first;
    let mut places = vec![(Place::Users, (0, users)), (Place::Asking, (users, asking))];
    match (consumer, provider) {
        (true, true) => places.extend([
            (Place::Consumer, (users + asking, first)),
            (Place::Calling, (from, calling)),
            (Place::Provider, (from + calling, second)),
        ]),
        (true, false) => places.push((Place::Consumer, (users + asking, first))),
        (false, _) => places.push((Place::Provider, (users + asking, second))),
    }
    places
}

fn boxed<'c>(canvas: &'c mut Canvas<'_>, name: &str, state: &str, role: Role) -> Canvas<'c> {
    let right = if state.is_empty() { Row::new() } else { Row::strong(role, state) };
    let inside = canvas.framed(&Row::strong(Role::Strong, name), &right, role);
    let (width, height) = (inside.width().saturating_sub(1), inside.height());
    inside.into_part(1, 0, width, height)
}

/// The first row that fits whole.
fn fitting(canvas: &mut Canvas, rows: impl IntoIterator<Item = Row>) {
    let room = canvas.width();
    if let Some(row) = rows.into_iter().find(|row| row.width() <= room) {
        canvas.row(0, &row);
    }
}

fn users(canvas: &mut Canvas, parts: &Parts) {
    let users = &parts.users;
    let role = if users.is_asked { users.role } else { Role::Unknown };
    let rate = if users.is_asked { users.asked.as_str() } else { "" };
    let mut inside = boxed(canvas, "USERS", rate, role);
    if !users.is_asked {
        return inside.row(0, &Row::strong(Role::Text, users.asked.as_str()));
    }
    let waits = match users.waiting {
        0 => Row::strong(Role::Text, "nobody waits"),
        n => {
            let longest = figures::wait(Some(users.longest_ms));
            let wait = if n == 1 { "waits" } else { "wait" };
            Row::strong(Role::Waiting, format!("{n} {wait}, longest {longest}"))
        }
    };
    let most = users.most.iter().map(|most| waits.clone().with(role, format!("   {most}")));
    fitting(&mut inside, most.chain([waits.clone()]).collect::<Vec<_>>());
}

/// The users' calls, with what their answers took.
fn asking(canvas: &mut Canvas, parts: &Parts) {
    let (width, y, users) = (canvas.width(), canvas.height() / 2, &parts.users);
    if !users.is_asked {
        let line = format!("{}▷", "╌".repeat(width.saturating_sub(1)));
        return canvas.row(y, &Row::of(Role::Soft, line));
    }
    let words = median(users.median_ms).map(|median| format!(" {median} ")).unwrap_or_default();
    let lines = width.saturating_sub(1 + words.chars().count());
    let before = "━".repeat(lines.div_ceil(2));
    let after = format!("{}►", "━".repeat(lines / 2));
    canvas.row(y, &Row::of(users.role, before).bold(users.role, words).with(users.role, after));
}

/// The consumer's calls, as far as they get.
fn calling(canvas: &mut Canvas, between: &Between) {
    let (width, y) = (canvas.width(), canvas.height() / 2);
    let around = |middle: &str, before: &str, after: &str, end: &str| {
        let lines = width.saturating_sub(middle.chars().count());
        let behind = (lines - lines / 2).saturating_sub(end.chars().count());
        format!("{}{middle}{}{end}", before.repeat(lines / 2), after.repeat(behind))
    };
    let row = match between {
        Between::NotAsked => Row::of(Role::Soft, around("", "╌", "╌", "▷")),
        Between::Unknown => Row::of(Role::Unknown, around(" ? ", "╌", "╌", "▷")),
        Between::Through(role) => Row::of(*role, around("", "━", "━", "►")),
        Between::Lost => Row::strong(Role::Failing, around("╳", "━", "╌", "")),
        Between::Cut { word, role } => Row::strong(*role, around(&format!("┫ {word} ┣"), "━", "╌", "")),
        Between::Trial { word, role } => Row::strong(*role, around(&format!("┫ {word} ┣"), "━", "━", "►")),
    };
    canvas.row(y, &row);
}

fn ready(end: &End) -> String {
    if end.ready.is_empty() { String::new() } else { format!("{} ready", end.ready) }
}

fn consumer(canvas: &mut Canvas, scene: &Scene, end: Option<&End>) {
    let Some(end) = end else { return };
    let mut inside = boxed(canvas, "CONSUMER", &ready(end), end.role);
    let breaker = &scene.session.breaker;
    let mut health = Row::new();
    let failing = breaker.health_failing.last().map(|(_, failing)| failing);
    if let Some(failing) = failing {
        let status = breaker.health_said.last().and_then(|(_, status)| status);
        let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let role = if failing { Role::Failing } else { Role::Ok };
        health = Row::text(format!("{} ", crate::insight::health_page(scene.session))).bold(role, status);
    }
    let pods = || scene.session.bystanders();
    let threshold = pods().find_map(|pod| pod.pod.liveness.as_ref()).map(|liveness| liveness.threshold);
    let Some(threshold) = threshold else { return inside.row(0, &health) };
    let misses = pods().filter_map(|pod| pod.misses_now(scene.until)).map(|ahead| ahead.misses).max();
    let misses = misses.unwrap_or(0).min(threshold);
    let boxes = "■".repeat(misses as usize) + &"□".repeat((threshold - misses) as usize);
    let role = match misses {
        0 => Role::Ok,
        misses if misses + 1 < threshold => Role::Waiting,
        _ => Role::Failing,
    };
    let counted = match failing == Some(true) || misses > 0 {
        true => format!(" {misses} of {threshold}"),
        false => String::new(),
    };
    let boxes = |before: &str| health.clone().and(before).bold(role, boxes.as_str());
    // In the same words whether something is missed or not.
    let before = if inside.width() >= ROOMY { "   liveness " } else { " " };
    let rows = [boxes(before).and(counted), boxes(before), health.clone()];
    fitting(&mut inside, rows);
}

fn provider(canvas: &mut Canvas, scene: &Scene, end: Option<&End>) {
    let Some(end) = end else { return };
    let mut inside = boxed(canvas, "PROVIDER", &ready(end), end.role);
    if let Some((why, lasted)) = &end.away {
        let why = Row::strong(end.role, why.as_str());
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
            vec![Row::text(endpoints.as_str()).with(end.role, format!(", {back}")), Row::of(end.role, back)]
        }
        (Some(endpoints), None) => vec![Row::text(endpoints.as_str())],
        (None, Some(back)) => vec![Row::of(end.role, back)],
        (None, None) => Vec::new(),
    };
    fitting(&mut inside, rows);
}

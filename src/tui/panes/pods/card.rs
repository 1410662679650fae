//! The card of one pod: its workload, the last part of its name, its readiness, and anything unusual about it.

use super::PodLine;
use crate::{
    insight,
    session::{
        event::PodPhase,
        state::{Identity, PodRow},
    },
    tui::{figures, pane_buffer::RoleLine, panes::Scene, text, theme::Role},
};

/// The largest liveness threshold that is drawn as boxes; larger ones are written as numbers.
pub(in crate::tui::panes) const BOXES: u32 = 8;

/// The names of the objects that the fault affects or would affect.
pub(in crate::tui::panes) struct FaultTarget<'a> {
    /// The provider's workload, known also before a fire.
    provider: Option<&'a str>,
    /// The names of the objects that were hit.
    targets: Vec<&'a str>,
}

impl<'a> FaultTarget<'a> {
    pub(in crate::tui::panes) fn of(scene: &Scene<'a>) -> Self {
        let session = scene.session;
        let provider = session.roles().provider.map(|provider| provider.workload.name.as_str());
        let targets = session.fault.iter().flat_map(|fault| fault.targets());
        let targets = targets.map(|target| target.rsplit('/').next().unwrap_or(target)).collect();
        Self { provider, targets }
    }

    /// Whether the pod belongs to the provider, which a fire would hit.
    fn would_hit(&self, row: &PodRow) -> bool {
        self.provider.is_some() && self.provider == row.pod.owner.as_deref()
    }

    /// Whether the fault hit the pod.
    fn was_hit(&self, row: &PodRow) -> bool {
        let named = |name: &str| self.targets.contains(&name);
        let owner = row.pod.owner.as_deref();
        !self.targets.is_empty()
            && (self.would_hit(row) || named(&row.pod.key.name) || owner.is_some_and(named))
    }
}

/// The card's lines.
pub(super) fn card(
    scene: &Scene,
    hit: &FaultTarget,
    row: &PodRow,
    width: usize,
    roomy: bool,
) -> Vec<PodLine> {
    let (mark, role) = mark(row, hit);
    let right = right(scene, row, hit, role, roomy);
    let room = width.saturating_sub(2 + right.width() + 1);
    let sign = format!("{mark} ");
    let sign = if role == Role::Ok { RoleLine::of(role, sign) } else { RoleLine::strong(role, sign) };
    let left = sign.joined(name(row, room, roomy));
    let mut lines = vec![PodLine::with(left, right)];
    lines.extend(below(scene, row, hit, width, roomy));
    lines
}

/// A pod in one row: `● my-consumer-app 4xbww 1/1`.
pub(in crate::tui::panes) fn in_a_row(row: &PodRow, hit: &FaultTarget, width: usize) -> RoleLine {
    let (mark, role) = mark(row, hit);
    let words = match () {
        () if row.gone.is_some() => "gone".to_owned(),
        () if row.pod.deleting.is_some() => "leaving".to_owned(),
        () => readiness(row),
    };
    let room = width.saturating_sub(3 + words.len());
    RoleLine::strong(role, format!("{mark} ")).joined(name(row, room, false)).and(" ").bold(role, words)
}

/// The symbol and colour for the state of a pod.
fn mark(row: &PodRow, hit: &FaultTarget) -> (char, Role) {
    match row.pod.phase {
        _ if row.gone.is_some() && hit.was_hit(row) => ('✗', Role::Fault),
        _ if row.gone.is_some() => ('✗', Role::Failing),
        _ if row.pod.deleting.is_some() => ('○', Role::Fault),
        PodPhase::Failed => ('✗', Role::Failing),
        _ if row.ready_since.is_some() => ('●', Role::Ok),
        _ => ('○', Role::Waiting),
    }
}

/// The workload and the last part of the pod's name, which is never cut.
fn name(row: &PodRow, room: usize, roomy: bool) -> RoleLine {
    let whole = &row.pod.key.name;
    let leaf = name_suffix(whole);
    let stem = whole.strip_suffix(leaf).unwrap_or_default();
    let owner = row.pod.owner.as_deref().unwrap_or_else(|| stem.trim_end_matches('-'));
    let left = room.saturating_sub(text::width(leaf));
    match roomy && text::width(stem) <= left {
        true => RoleLine::text(stem),
        false if owner.is_empty() || left < 2 => RoleLine::new(),
        false => RoleLine::text(text::fit(owner, left - 1)).and(" "),
    }
    .bold(Role::Strong, leaf)
}

/// The last part of a pod's name, which distinguishes it from the workload's other pods.
pub(super) fn name_suffix(name: &str) -> &str {
    name.rsplit('-').next().filter(|leaf| !leaf.is_empty()).unwrap_or(name)
}

/// Ready containers and all containers: `1/1`.
fn readiness(row: &PodRow) -> String {
    let (ready, of) = row.ready();
    format!("{ready}/{of}")
}

/// The words at the right edge of the name's row.
fn right(scene: &Scene, row: &PodRow, hit: &FaultTarget, role: Role, roomy: bool) -> RoleLine {
    if let Some(gone) = row.gone {
        let since = scene.since_t0(gone).filter(|_| roomy).map(figures::moment);
        let by_us = if roomy && hit.was_hit(row) { ", by us" } else { "" };
        let since = since.map(|when| format!(" since {when}{by_us}")).unwrap_or_default();
        return RoleLine::strong(role, format!("gone{since}"));
    }
    if row.pod.deleting.is_some() {
        return RoleLine::strong(role, "leaving");
    }
    let ready = RoleLine::strong(role, readiness(row));
    if roomy && row.ready_since.is_some() {
        ready.bold(role, " ready").and(format!("  restarts {}", row.restarts()))
    } else {
        ready
    }
}

fn below(scene: &Scene, row: &PodRow, hit: &FaultTarget, width: usize, roomy: bool) -> Vec<PodLine> {
    if row.gone.is_some() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let identity = row.identity();
    let restarts = match identity {
        Identity::Restarted(times) => RoleLine::strong(Role::Failing, format!("restart {times}")),
        _ => RoleLine::new(),
    };
    if let Some(since) = row.unready_since.filter(|_| row.pod.deleting.is_none()) {
        let (status, since) = match row.pod.status.as_str() {
            "Running" => ("not ready", since),
            status => (short_status(status), row.status_since),
        };
        let lasted = figures::length(figures::between(since, scene.display_time));
        let words = RoleLine::of(Role::Waiting, format!("  {status} for {lasted}"));
        lines.push(PodLine::with(words, restarts.clone()));
    } else if !hit.would_hit(row)
        && !hit.was_hit(row)
        && let Some(liveness_lines) = liveness(scene, row, width, roomy)
    {
        let mut liveness_lines = liveness_lines.into_iter();
        let room = width.saturating_sub(restarts.width() + 1);
        lines.extend(liveness_lines.next().map(|line| {
            if line.width() <= room { PodLine::with(line, restarts.clone()) } else { PodLine::of(line) }
        }));
        lines.extend(liveness_lines.map(PodLine::of));
    } else if restarts.width() > 0 {
        lines.push(PodLine::with(RoleLine::new(), restarts.clone()));
    }
    if let Some(end) = row.last_end() {
        let words = format!("  last end: {}, exit {}", end.reason, end.exit_code);
        let role = if restarts.width() > 0 { Role::Failing } else { Role::Text };
        lines.push(PodLine::of(RoleLine::of(role, words)).spare());
    }
    if let Identity::Replaces(old) = &identity
        && let Some(since) = row.ready_since.and_then(|at| scene.since_t0(at)).filter(|_| roomy)
    {
        let words = format!("  ready since {}, in place of {}", figures::moment(since), name_suffix(old));
        lines.push(PodLine::of(RoleLine::text(words)).spare());
    }
    lines
}

/// The liveness misses as boxes, and when Kubernetes restarts the pod if the misses go on.
fn liveness(scene: &Scene, row: &PodRow, width: usize, roomy: bool) -> Option<Vec<RoleLine>> {
    let liveness = row.pod.liveness.as_ref()?;
    let threshold = liveness.threshold;
    let due = insight::restart_due_of(scene.session, row, scene.until);
    let counted = row.misses_now(scene.until).map_or(0, |countdown| countdown.misses);
    // A count at the threshold means that the restart happens now, so none is due. Once the health page answers well
    // again, misses do not count.
    let misses = due.as_ref().map_or(if counted >= threshold { counted } else { 0 }, |due| due.misses);
    let head = match (roomy, &liveness.path) {
        (true, Some(path)) => format!("  asks {path} every {} s ", liveness.period_s),
        _ => "  liveness ".to_owned(),
    };
    let asked = scene.session.users.main().is_some();
    let head = RoleLine::text(head).joined(boxes(misses, threshold, asked));
    if misses == 0 {
        let words = match (row.misses.worst, asked) {
            (0, false) => format!(" {threshold} misses restart"),
            (0, true) => " no miss".to_owned(),
            (worst, _) if roomy => format!(" no miss now, worst {worst} of {threshold}"),
            (_, _) => " no miss now".to_owned(),
        };
        return Some(vec![head.and(words)]);
    }
    let Some(due) = due else {
        return Some(vec![head.bold(Role::Failing, format!(" {misses} of {threshold}"))]);
    };
    let when = match scene.since_t0(due.at) {
        Some(since) => format!("restart due {}", figures::moment(since)),
        None => format!("restart due in {:.0} s", figures::between(scene.until, due.at)),
    };
    let whole = head.clone().and(format!(" {misses} of {threshold}, ")).bold(Role::Failing, when.as_str());
    let short = head.clone().and(" ").bold(Role::Failing, when.as_str());
    Some(match () {
        () if whole.width() <= width => vec![whole],
        () if short.width() <= width => vec![short],
        () => vec![head, RoleLine::text("  ").bold(Role::Failing, when)],
    })
}

/// The consecutive liveness misses out of `threshold`, as [`signs`] with their colour.
pub(in crate::tui::panes) fn boxes(misses: u32, threshold: u32, asked: bool) -> RoleLine {
    let role = match misses {
        0 if asked => Role::Ok,
        0 => Role::Soft,
        _ => Role::Failing,
    };
    let signs = signs(misses, threshold);
    if asked || threshold > BOXES { RoleLine::strong(role, signs) } else { RoleLine::of(role, signs) }
}

/// Misses out of `threshold`: `■□□`; as numbers if the threshold exceeds [`BOXES`].
pub(in crate::tui::panes) fn signs(misses: u32, threshold: u32) -> String {
    if threshold > BOXES {
        return format!("{misses}/{threshold}");
    }
    let missed = misses.min(threshold) as usize;
    format!("{}{}", "■".repeat(missed), "□".repeat(threshold as usize - missed))
}

/// A shorter form of long pod statuses such as `ContainerCreating`.
fn short_status(status: &str) -> &str {
    match status {
        "ContainerCreating" => "Creating",
        "CrashLoopBackOff" => "CrashLoop",
        other => other,
    }
}

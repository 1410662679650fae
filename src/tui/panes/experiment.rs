//! The plan with the state of each step; on a wide screen also the guards and the undo kit.

use super::{Scene, framed, selected};
use crate::{
    insight::{self, GuardLevel},
    session::{
        event::{Guard, PauseSide, Section, StepRef},
        state::{StepRow, StepState},
        wording,
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

#[cfg(test)]
mod tests;

/// Columns from which guards and undo kit are shown below the steps, and from which notes are written in full.
const ROOMY: usize = 50;
/// The column in which the guards' figures end, and the last column in which a longer figure may begin.
const FIGURES: (usize, usize) = (29, 17);

/// One step, or one line that stands for several.
struct StepLine {
    mark: char,
    role: Role,
    /// Whether the step has a breakpoint.
    has_breakpoint: bool,
    name: RoleLine,
    /// The note at the right edge; it is never cut.
    note: RoleLine,
    /// Whether the step is selected, runs, or is next.
    at_hand: bool,
    step: Option<StepRef>,
    /// Further details, shown where there is room.
    details: Vec<RoleLine>,
}

/// Draws the pane.
pub(crate) fn experiment(canvas: &mut PaneBuffer, scene: &Scene) {
    let mut inside =
        framed(canvas, scene, (Pane::Experiment, 1), "EXPERIMENT", RoleLine::new(), counter(scene));
    let (width, height) = (inside.width().saturating_sub(2), inside.height());
    let mut lines = plan(scene, width);
    limit_details(&mut lines, height);
    let rows: usize = lines.iter().map(|line| 1 + line.details.len()).sum();
    steps(&mut inside, scene, &lines);
    let extra = safeguards(scene);
    if width >= ROOMY && rows + 1 + extra.len() <= height {
        for (row, y) in extra.iter().zip(rows + 1..) {
            inside.part(1, y, width, 1).row(0, row);
        }
    }
}

/// Whether the run is held or automatic, and how many steps are done.
fn counter(scene: &Scene) -> RoleLine {
    let steps = &scene.session.steps;
    let mut row = RoleLine::new();
    if steps.paused {
        row = row.bold(Role::Waiting, "HELD  ");
    }
    if steps.auto {
        row = row.bold(Role::Focus, "AUTO  ");
    }
    row.with(Role::Soft, format!("{} of {} done", steps.done(), steps.rows.len()))
}

/// Cuts the details to the free rows: those of failed steps come first, then those of the current step.
fn limit_details(lines: &mut [StepLine], height: usize) {
    let mut spare = height.saturating_sub(lines.len());
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|i| lines.get(*i).map(|line| (line.role != Role::Failing, !line.at_hand)));
    for i in order {
        if let Some(line) = lines.get_mut(i) {
            line.details.truncate(spare);
            spare -= line.details.len();
        }
    }
}

/// Draws the lines, scrolled so that the current one is visible.
fn steps(inside: &mut PaneBuffer, scene: &Scene, lines: &[StepLine]) {
    let (width, height) = (inside.width(), inside.height());
    let rows: Vec<(&StepLine, Option<&RoleLine>)> = lines
        .iter()
        .flat_map(|line| {
            let details = line.details.iter().map(move |detail| (line, Some(detail)));
            std::iter::once((line, None)).chain(details)
        })
        .collect();
    let at_hand = rows.iter().rposition(|(line, _)| line.at_hand).unwrap_or(0);
    let from = (at_hand + 1).saturating_sub(height).min(rows.len().saturating_sub(height));
    for (y, (line, detail)) in rows.iter().skip(from).take(height).enumerate() {
        let mut row = inside.part(0, y, width, 1);
        if let Some(step) = line.step {
            scene.mark(row.area(), ClickTarget::Step(step));
        }
        match detail {
            Some(detail) => row.at(3, 0, detail),
            None => draw(&mut row, line),
        }
    }
}

fn draw(row: &mut PaneBuffer, line: &StepLine) {
    let held = if line.has_breakpoint { "*" } else { " " };
    let name = text::fit(&plain_text(&line.name), room(row.width(), &line.note)).into_owned();
    if line.at_hand {
        let left = [(line.mark.to_string(), true), (held.to_owned(), line.has_breakpoint), (name, true)];
        return selected(row, &left, &plain_text(&line.note));
    }
    let mark = RoleLine::strong(line.role, line.mark.to_string());
    let mut left = if line.has_breakpoint { mark.bold(Role::Waiting, held) } else { mark.and(held) };
    for piece in &line.name.0 {
        left.push(piece.role, text::fit(&piece.text, room(row.width(), &line.note)));
    }
    row.at(1, 0, &left);
    let width = row.width();
    row.part(0, 0, width.saturating_sub(1), 1).right(0, &line.note);
}

/// Columns for a name beside a note, with two free columns between them.
fn room(width: usize, note: &RoleLine) -> usize {
    let taken = match note.width() {
        0 => 0,
        wide => wide + 2,
    };
    width.saturating_sub(4 + taken)
}

fn plain_text(row: &RoleLine) -> String {
    row.0.iter().map(|piece| piece.text.as_str()).collect()
}

fn plan(scene: &Scene, width: usize) -> Vec<StepLine> {
    let at_hand = at_hand(scene);
    let shown = scene.session.steps.rows.iter().filter(|row| !hidden(scene, row.step.at.section, at_hand));
    let folded = hidden(scene, Section::Before, at_hand).then(|| hypothesis(scene, width));
    folded.into_iter().chain(shown.map(|row| step(scene, row, width, at_hand))).collect()
}

/// The selected step; else the one that runs, pauses or is next.
fn at_hand(scene: &Scene) -> Option<StepRef> {
    let steps = &scene.session.steps;
    let goes_on = |row: &&StepRow| row.state.is_active() || matches!(row.state, StepState::Awaited { .. });
    let current = || steps.current().filter(goes_on);
    let run = &scene.session.run;
    let next = || steps.next().filter(|_| run.ended.is_none() && run.ended_early_at.is_none());
    scene.view.selected_step.or_else(|| current().or_else(next).map(|row| row.step.at))
}

/// Whether a section is hidden: after T0 the hypothesis before the method is one line, and the one after the method is
/// left out until it begins.
fn hidden(scene: &Scene, section: Section, at_hand: Option<StepRef>) -> bool {
    let run = &scene.session.run;
    let is_current = at_hand.is_some_and(|at| at.section == section);
    match section {
        Section::Before => run.before.is_some() && scene.session.fault.is_some() && !is_current,
        Section::After => {
            let began = |row: &StepRow| row.step.at.section == Section::After && row.started.is_some();
            !is_current && run.after.is_none() && !scene.session.steps.rows.iter().any(began)
        }
        Section::Method | Section::During | Section::Rollbacks => false,
    }
}

/// The result of the steady-state hypothesis before the method, in one line.
fn hypothesis(scene: &Scene, width: usize) -> StepLine {
    let probes = scene.session.steps.rows.iter().filter(|row| row.step.at.section == Section::Before);
    let met = probes.clone().filter(|row| row.state == StepState::Succeeded).count();
    let all = probes.count();
    let (mark, role, words, n) = match &scene.session.run.before {
        Some(pass) if pass.skipped > 0 => {
            ('-', Role::Waiting, "steady state before T0: probes skipped", all.saturating_sub(pass.skipped))
        }
        Some(pass) if pass.met => ('✓', Role::Ok, "steady state met before T0", met),
        _ => ('✗', Role::Failing, "steady state NOT met before T0", met),
    };
    let whole = format!("{words} ({n} of {all})");
    let words = if whole.len() + 2 <= width { whole } else { format!("{words} ({n}/{all})") };
    let name = RoleLine::of(role, words);
    StepLine {
        mark,
        role,
        has_breakpoint: false,
        name,
        note: RoleLine::new(),
        at_hand: false,
        step: None,
        details: Vec::new(),
    }
}

fn step(scene: &Scene, row: &StepRow, width: usize, at_hand: Option<StepRef>) -> StepLine {
    let (mark, role) = mark(row);
    StepLine {
        mark,
        role,
        has_breakpoint: scene.session.steps.breakpoints.contains(&row.step.at),
        name: RoleLine::text(row.step.name.as_str()),
        note: note(scene, row, width >= ROOMY),
        at_hand: at_hand == Some(row.step.at),
        step: Some(row.step.at),
        details: details(scene, row, width.saturating_sub(2)),
    }
}

/// The symbol and colour of a step's state.
fn mark(row: &StepRow) -> (char, Role) {
    match row.state {
        StepState::Waiting => ('·', Role::Soft),
        StepState::Awaited { .. } => ('›', Role::Focus),
        StepState::Paused { .. } => ('‖', Role::Focus),
        StepState::Running { .. } => ('▸', Role::Focus),
        StepState::Succeeded if row.trouble.is_some() => ('✗', Role::Failing),
        StepState::Succeeded if row.step.destructive && !row.step.pretended => ('✓', Role::Fault),
        StepState::Succeeded => ('✓', Role::Ok),
        StepState::Failed | StepState::NotMet => ('✗', Role::Failing),
        StepState::Cut | StepState::Skipped => ('-', Role::Soft),
    }
}

/// A few words at the right of a step.
fn note(scene: &Scene, row: &StepRow, roomy: bool) -> RoleLine {
    let step = &row.step;
    match &row.state {
        // A step that failed and is awaited again can be run again.
        StepState::Awaited { .. } if row.failed() => RoleLine::strong(Role::Failing, failure_word(row)),
        StepState::Waiting | StepState::Awaited { .. } if step.destructive && !step.pretended => {
            RoleLine::strong(Role::Fault, "FIRE")
        }
        StepState::Waiting | StepState::Awaited { .. } if step.pretended => {
            RoleLine::strong(Role::Waiting, if roomy { "dry: not executed" } else { "dry" })
        }
        StepState::Waiting | StepState::Awaited { .. } => {
            let words = match (step.pause_before, step.limit) {
                _ if step.at.section == Section::Rollbacks => "rollback".to_owned(),
                (Some(pause), _) if pause > 0.0 => format!("waits {pause:.0} s"),
                (_, Some(limit)) => format!("max {limit:.0} s"),
                _ => String::new(),
            };
            RoleLine::of(Role::Soft, words)
        }
        StepState::Running { progress, .. } => {
            let seconds = row.running_for(scene.until).unwrap_or(0.0).floor();
            match (step.limit, progress) {
                (Some(limit), _) => RoleLine::strong(Role::Focus, format!("{seconds:.0} s of {limit:.0}")),
                (None, Some(progress)) if roomy => {
                    RoleLine::strong(Role::Focus, text::fit(progress, 20)).and(format!("  {seconds:.0} s"))
                }
                (None, _) => RoleLine::strong(Role::Focus, format!("{seconds:.0} s")),
            }
        }
        StepState::Paused { side, .. } => {
            let left = row.pause_left(scene.until).unwrap_or(0.0).ceil();
            let words = match side {
                PauseSide::Before => format!("in {left:.0} s"),
                PauseSide::After => format!("{left:.0} s left"),
            };
            RoleLine::strong(Role::Focus, words)
        }
        StepState::Skipped => RoleLine::of(Role::Soft, "skipped"),
        StepState::Cut => RoleLine::of(Role::Soft, "cut short"),
        StepState::Succeeded | StepState::Failed | StepState::NotMet => ended(scene, row, roomy),
    }
}

/// The result of a step: a word if something is wrong, then the time since T0, or before T0 the value.
fn ended(scene: &Scene, row: &StepRow, roomy: bool) -> RoleLine {
    let since = row.ended.and_then(|at| scene.since_t0(at)).filter(|since| *since >= -0.5);
    let moment = since.map(figures::moment);
    let value = row.summary.as_deref().filter(|summary| text::width(summary) <= 12);
    let tail = RoleLine::of(Role::Soft, moment.as_deref().or(value).unwrap_or_default());
    let apart = |word: RoleLine| if tail.width() > 0 { word.and("  ").joined(tail.clone()) } else { word };
    if row.failed() {
        return apart(RoleLine::strong(Role::Failing, failure_word(row)));
    }
    match (&row.state, &row.remark) {
        (_, Some(remark)) if remark.contains("ERROR") => apart(RoleLine::strong(Role::Failing, "ERROR")),
        (_, Some(remark)) if remark.contains("FALLBACK") && roomy => {
            apart(RoleLine::of(Role::Protected, "FALLBACK"))
        }
        _ => tail,
    }
}

/// Why a step failed, in a word or two.
fn failure_word(row: &StepRow) -> &'static str {
    match (&row.trouble, &row.state, &row.step.tolerance) {
        (Some(_), ..) => "no effect",
        (None, StepState::NotMet, _) | (None, StepState::Awaited { .. }, Some(_)) => "not met",
        _ => "failed",
    }
}

/// The error of a failed step, the fix by which the step differs from the file, and the description of the selected
/// step.
fn details(scene: &Scene, row: &StepRow, width: usize) -> Vec<RoleLine> {
    let mut rows = Vec::new();
    let over = row.state.is_over() || matches!(row.state, StepState::Awaited { .. });
    let wrong = row.trouble.as_deref().or(row.summary.as_deref()).filter(|words| !words.is_empty());
    if let Some(words) = wrong.filter(|_| over && row.failed()) {
        let words = match (&row.step.tolerance, &row.trouble) {
            (Some(tolerance), None) => format!("{words}, expected {tolerance}"),
            _ => words.to_owned(),
        };
        rows.extend(text::wrap(&words, width, 3).into_iter().map(|line| RoleLine::of(Role::Failing, line)));
    }
    rows.extend(row.fixed.as_deref().map(|fixed| RoleLine::of(Role::Waiting, text::fit(fixed, width))));
    if scene.view.selected_step == Some(row.step.at) {
        rows.extend(about(row).map(|words| RoleLine::of(Role::Soft, text::fit(&words, width))));
    }
    rows
}

/// The label of the selected step, its output and how long it took.
fn about(row: &StepRow) -> Option<String> {
    let took = row.seconds.map(|seconds| format!("took {}", figures::length(seconds)));
    let gave = row.summary.clone().filter(|_| !row.failed());
    let progress = match &row.state {
        StepState::Running { progress, .. } => progress.clone(),
        _ => None,
    };
    let reference = row.step.reference.then(|| "a ref".to_owned());
    let words = [Some(row.step.label.clone()), reference, progress, gave, row.remark.clone(), took];
    let words: Vec<String> = words.into_iter().flatten().filter(|words| !words.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// The limits of the guards with their current figures, and the number of saved manifests.
fn safeguards(scene: &Scene) -> Vec<RoleLine> {
    let session = scene.session;
    let readings = insight::guard_readings(session, scene.until);
    let mut rows = vec![RoleLine::strong(Role::Strong, "GUARDS").and("  end the run by themselves")];
    for guard in Guard::ALL {
        let (name, unit) = match guard {
            Guard::Users => ("bad seconds", " s"),
            Guard::Restarts => ("restarts", ""),
            Guard::Silence => ("cluster silent", " s"),
            // Listed only if the operator chose to hold the fault.
            Guard::Hold if session.guards.limits.hold_s.is_none() => continue,
            Guard::Hold => ("no key", " s"),
        };
        let reading = readings.iter().find(|reading| reading.guard == guard);
        rows.push(match session.guards.limits.limit(guard) {
            None => figure(name, RoleLine::text("off")),
            Some(limit) => {
                let now = reading.map_or(0, |reading| reading.figure);
                let role = match reading.map(|reading| reading.level) {
                    Some(GuardLevel::Over) => Role::Failing,
                    Some(GuardLevel::Near) => Role::Waiting,
                    _ => Role::Strong,
                };
                figure(name, RoleLine::strong(role, format!("{now} of {limit}{unit}")))
            }
        });
    }
    if let Some(seconds) = session.guardian.lease_s {
        rows.push(figure("guardian", RoleLine::text(format!("{seconds} s"))));
    }
    let saved = session.undo.manifests();
    if saved > 0 {
        let words = format!("{} saved", wording::count(saved as u64, "manifest"));
        rows.push(figure("undo kit", RoleLine::text(words)));
    }
    rows
}

/// A label with its figure at the right.
fn figure(name: &str, figure: RoleLine) -> RoleLine {
    let (end, latest) = FIGURES;
    let column = end.saturating_sub(figure.width()).max(latest);
    RoleLine::text(name).pad_to(column).joined(figure)
}

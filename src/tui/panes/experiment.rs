//! The plan with the state of each step.

use super::{Scene, frame};
use crate::{
    insight,
    session::{
        event::{PauseSide, Section, StepRef},
        journal::status_name,
        state::{StepRow, StepState},
        wording,
    },
    tui::{
        canvas::{Canvas, Row},
        figures,
        pane::Pane,
        targets::Target,
        theme::{Role, Symbols},
    },
};

/// Columns that a step's name is sure to get, if it needs them.
const NAME: usize = 22;

/// Draws the pane of the wide screen, with sections and what is known of the whole run.
pub(crate) fn experiment(canvas: &mut Canvas, scene: &Scene) {
    let mut inside = frame(canvas, scene, Pane::Experiment, "EXPERIMENT", counter(scene));
    let mut body = inside.part(1, 0, inside.width().saturating_sub(2), inside.height());
    let foot = foot(scene);
    let mut lines = plan(scene, body.width(), body.theme.symbols, true);
    lines.extend(foot.into_iter().map(|row| Line { row, right: Row::new(), at_hand: false, step: None }));
    draw(&mut body, scene, &lines);
}

/// Draws the pane of the small screen: steps only.
pub(crate) fn steps(canvas: &mut Canvas, scene: &Scene) {
    let title = format!("STEPS {}/{}", scene.session.steps.position(), scene.session.steps.rows.len());
    let focused = scene.view.focus == Pane::Experiment;
    let (line, name) = if focused { (Role::Focus, Role::Focus) } else { (Role::Muted, Role::Strong) };
    scene.mark(canvas.area(), Target::Pane(Pane::Experiment));
    let mut inside = canvas.framed(&Row::of(name, title), &counter_word(scene).trimmed(), line);
    let mut body = inside.part(1, 0, inside.width().saturating_sub(2), inside.height());
    let mut lines = plan(scene, body.width(), body.theme.symbols, false);
    if let Some(row) = ghost(scene, false) {
        let room = body.height().saturating_sub(1);
        body.part(0, room, body.width(), 1).row(0, &row);
        let mut upper = body.part(0, 0, body.width(), room);
        draw(&mut upper, scene, &lines);
        return;
    }
    let status = status_so_far(scene).into_iter();
    lines.extend(status.map(|row| Line { row, right: Row::new(), at_hand: false, step: None }));
    draw(&mut body, scene, &lines);
}

fn counter(scene: &Scene) -> Row {
    let steps = &scene.session.steps;
    counter_word(scene).and(format!("step {}/{}", steps.position(), steps.rows.len()))
}

/// Whether steps run by themselves, and whether they are held.
fn counter_word(scene: &Scene) -> Row {
    let steps = &scene.session.steps;
    let mut row = Row::new();
    if steps.auto {
        row.push(Role::Waiting, "AUTO  ");
    }
    if steps.paused {
        row.push(Role::Waiting, "PAUSED  ");
    }
    row
}

/// A line of the plan.
struct Line {
    row: Row,
    right: Row,
    /// Whether it belongs to the step at hand, which stays in sight.
    at_hand: bool,
    step: Option<StepRef>,
}

/// Draws the lines around the one at hand.
fn draw(canvas: &mut Canvas, scene: &Scene, lines: &[Line]) {
    let height = canvas.height();
    let last_at_hand = lines.iter().rposition(|line| line.at_hand).unwrap_or(0);
    let most = lines.len().saturating_sub(height);
    // One step ahead stays in sight too.
    let from = (last_at_hand + 2).saturating_sub(height).min(most);
    for (y, line) in lines.iter().skip(from).take(height).enumerate() {
        canvas.spread(y, &line.row, &line.right);
        if let Some(step) = line.step {
            scene.mark(canvas.part(0, y, canvas.width(), 1).area(), Target::Step(step));
        }
    }
}

fn plan(scene: &Scene, width: usize, symbols: Symbols, headed: bool) -> Vec<Line> {
    let steps = &scene.session.steps;
    let plain = |row: Row| Line { row, right: Row::new(), at_hand: false, step: None };
    let mut lines = Vec::new();
    let mut section = None;
    for row in &steps.rows {
        let at = row.step.at;
        if hidden(scene, at.section) {
            continue;
        }
        if section != Some(at.section) {
            if headed {
                lines.extend(heading(scene, at.section).map(plain));
            }
            section = Some(at.section);
        }
        step(scene, row, width, symbols, headed, &mut lines);
    }
    if headed {
        let rollbacks = steps.rows.iter().filter(|row| row.step.at.section == Section::Rollbacks).count();
        if rollbacks == 0 && !steps.rows.is_empty() {
            lines.push(plain(Row::of(Role::Strong, "ROLLBACKS").with(Role::Muted, "  none in file")));
        } else if hidden(scene, Section::Rollbacks) {
            let text = format!("  {rollbacks} at the end");
            lines.push(plain(Row::of(Role::Strong, "ROLLBACKS").with(Role::Muted, text)));
        }
    }
    if headed && scene.session.fault.is_none() {
        lines.extend(undo_kit(scene).map(plain));
    }
    if headed && hidden(scene, Section::Before) {
        let heading = hypothesis_result(scene);
        lines.insert(0, plain(heading));
    }
    lines
}

/// How much could be put back.
pub(super) fn undo_kit(scene: &Scene) -> Option<Row> {
    let saved = scene.session.undo.manifests();
    let words = format!("           undo kit: {} saved", wording::count(saved as u64, "manifest"));
    (saved > 0).then(|| Row::of(Role::Muted, words))
}

/// After T0 the hypothesis is one line; what comes last is one until it comes.
fn hidden(scene: &Scene, section: Section) -> bool {
    let run = &scene.session.run;
    match section {
        Section::Before => run.before.is_some() && scene.session.fault.is_some(),
        Section::After => {
            let reached = run.after.is_some() || at_hand_in(scene, Section::After);
            !reached
        }
        Section::Rollbacks => {
            !(run.rolling_back || run.ended.is_some() || at_hand_in(scene, Section::Rollbacks))
        }
        Section::Method | Section::During => false,
    }
}

fn at_hand_in(scene: &Scene, section: Section) -> bool {
    scene.session.steps.cursor.is_some_and(|at| at.section == section)
        || scene.view.chosen.is_some_and(|at| at.section == section)
}

fn heading(scene: &Scene, section: Section) -> Option<Row> {
    let title = scene.session.steps.hypothesis.as_deref().unwrap_or_default();
    let head = |word: &str, text: &str| Row::of(Role::Strong, word).with(Role::Muted, text);
    match section {
        Section::Before | Section::During => Some(head("HYPOTHESIS", &format!(" {title}"))),
        Section::Method => Some(head("METHOD", "")),
        Section::After => Some(head("HYPOTHESIS", " once more")),
        Section::Rollbacks => Some(head("ROLLBACKS", "")),
    }
}

fn hypothesis_result(scene: &Scene) -> Row {
    let probes = scene.session.steps.rows.iter().filter(|row| row.step.at.section == Section::Before);
    let met = probes.clone().filter(|row| row.state == StepState::Succeeded).count();
    let all = probes.count();
    let head = Row::of(Role::Strong, "HYPOTHESIS");
    match &scene.session.run.before {
        Some(pass) if pass.skipped > 0 => {
            head.with(Role::Waiting, format!(": {} of {all} asked", all.saturating_sub(pass.skipped)))
        }
        Some(pass) if pass.met => head.with(Role::Ok, format!(" met before the kill ({met}/{all})")),
        _ => head.with(Role::Failing, format!(" NOT met before the kill ({met}/{all})")),
    }
}

fn step(scene: &Scene, row: &StepRow, width: usize, symbols: Symbols, roomy: bool, lines: &mut Vec<Line>) {
    let steps = &scene.session.steps;
    let at_hand = scene.view.chosen.or(steps.cursor) == Some(row.step.at);
    let chosen = scene.view.chosen == Some(row.step.at);
    let (mark, role) = mark(row);
    let held = if steps.breakpoints.contains(&row.step.at) { "*" } else { " " };
    let name = match (chosen, row.state.is_over() || row.state.is_active()) {
        (true, _) => Role::Focus,
        (false, true) => Role::Text,
        (false, false) if matches!(row.state, StepState::Awaited { .. }) => Role::Strong,
        (false, false) => Role::Text,
    };
    let left = Row::of(role, mark).with(Role::Waiting, held).with(name, row.step.name.as_str());
    let taken = 4 + crate::tui::text::width(&row.step.name).clamp(NAME, NAME.max(width / 2 + 6)) + 1;
    let right = about(scene, row, width.saturating_sub(taken), roomy);
    lines.push(Line { row: left, right, at_hand, step: Some(row.step.at) });
    if !roomy {
        return;
    }
    for detail in details(scene, row, width, symbols) {
        let (detail, step) = (Row::text("    ").joined(detail), Some(row.step.at));
        lines.push(Line { row: detail, right: Row::new(), at_hand, step });
    }
}

/// What is said of a step that will be pretended.
const NOT_FIRED: &str = "dry: not executed";

/// The letter of a state, and its colour.
fn mark(row: &StepRow) -> (&'static str, Role) {
    match row.state {
        StepState::Waiting if row.step.destructive => ("[!]", Role::Fault),
        StepState::Waiting => ("[ ]", Role::Muted),
        StepState::Awaited { .. } if row.step.destructive => ("[>]", Role::Fault),
        StepState::Awaited { .. } => ("[>]", Role::Focus),
        StepState::Paused { .. } | StepState::Running { .. } => ("[~]", Role::Waiting),
        StepState::Succeeded if row.trouble.is_some() => ("[x]", Role::Failing),
        StepState::Succeeded => ("[v]", Role::Ok),
        StepState::Failed | StepState::NotMet => ("[x]", Role::Failing),
        StepState::Cut => ("[/]", Role::Waiting),
        StepState::Skipped => ("[-]", Role::Muted),
    }
}

/// A few words at the right of a step, in at most `room` columns.
fn about(scene: &Scene, row: &StepRow, room: usize, roomy: bool) -> Row {
    let step = &row.step;
    match &row.state {
        StepState::Waiting | StepState::Awaited { .. } if step.destructive => Row::of(Role::Fault, "DANGER"),
        StepState::Waiting | StepState::Awaited { .. } if step.pretended => {
            Row::of(Role::Waiting, if room < NOT_FIRED.len() { "dry" } else { NOT_FIRED })
        }
        StepState::Waiting | StepState::Awaited { .. } => {
            let words = match (step.pause_before, step.limit) {
                _ if step.reference => "(ref)".to_owned(),
                (Some(pause), _) if pause > 0.0 => format!("waits {pause:.0}s first"),
                (_, Some(limit)) => format!("max {limit:.0}s"),
                _ => step.label.split(' ').next().unwrap_or_default().to_owned(),
            };
            Row::of(Role::Muted, words)
        }
        StepState::Running { .. } if !roomy && row.step.limit.is_some() => {
            let (waited, limit) = (row.running_for(scene.now).unwrap_or(0.0), row.step.limit.unwrap_or(0.0));
            Row::of(Role::Waiting, format!("{waited:.1}/{limit:.0}s"))
        }
        StepState::Running { progress, .. } => {
            let words = progress.clone().unwrap_or_default();
            Row::of(Role::Waiting, crate::tui::text::fit(&words, room, "…").into_owned())
        }
        StepState::Paused { .. } => {
            Row::of(Role::Waiting, format!("pause {:.0} s", row.pause_left(scene.now).unwrap_or(0.0).ceil()))
        }
        StepState::Skipped => Row::of(Role::Muted, "skipped"),
        StepState::Succeeded if !roomy && row.remark.is_some() => {
            let remark = row.remark.as_deref().unwrap_or_default();
            let remark = remark.strip_prefix("with the ").unwrap_or(remark);
            Row::of(remark_role(remark), crate::tui::text::fit(remark, room, "…").into_owned())
        }
        StepState::Succeeded | StepState::Failed | StepState::NotMet | StepState::Cut => {
            ended(scene, row, room)
        }
    }
}

/// A fallback is something, an error is not.
fn remark_role(remark: &str) -> Role {
    if remark.contains("ERROR") { Role::Failing } else { Role::Protected }
}

/// Summary, duration and moment, as far as there is room; the moment goes last.
fn ended(scene: &Scene, row: &StepRow, room: usize) -> Row {
    let moment =
        row.ended.and_then(|at| scene.since_t0(at)).filter(|since| *since >= -0.5).map(figures::moment);
    let seconds = row.seconds.map(|s| if s < 9.95 { format!("{s:.1}s") } else { format!("{s:.0}s") });
    let bad = matches!(row.state, StepState::Failed | StepState::NotMet);
    let word = match row.state {
        StepState::NotMet => "not met",
        StepState::Cut => "cut",
        _ => "",
    };
    let summary = if word.is_empty() { row.summary.as_deref().unwrap_or_default() } else { word };
    let both = [seconds, moment.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let tail = if both.len() <= room { both } else { moment.unwrap_or_default() };
    let left = room.saturating_sub(tail.len() + 1);
    let mut line = Row::new();
    // A long error has a line of its own.
    if !bad && crate::tui::text::width(summary) <= left || !word.is_empty() {
        line.push(if bad { Role::Failing } else { Role::Text }, format!("{summary} "));
    }
    line.with(Role::Muted, tail)
}

/// Lines under a step: how far it is, what is remarkable, what went wrong.
fn details(scene: &Scene, row: &StepRow, width: usize, symbols: Symbols) -> Vec<Row> {
    let mut rows = Vec::new();
    if let (Some(waited), Some(limit)) = (row.running_for(scene.now), row.step.limit)
        && waited >= 1.0
    {
        let words = format!("waited {waited:.1} s of {limit:.0} s ");
        let bar = figures::bar(waited / limit, 10, &symbols);
        rows.push(Row::text(words).to(23).with(Role::Waiting, bar));
    }
    if let StepState::Paused { side, seconds, .. } = row.state {
        let left = row.pause_left(scene.now).unwrap_or(0.0);
        let side = if side == PauseSide::Before { "before" } else { "after" };
        let bar = figures::bar(1.0 - left / seconds.max(0.001), 10, &symbols);
        rows.push(Row::text(format!("pauses {seconds:.0} s {side} ")).to(23).with(Role::Waiting, bar));
    }
    if let Some(fixed) = &row.fixed {
        let room = width.saturating_sub(4);
        rows.push(Row::of(Role::Waiting, crate::tui::text::fit(fixed, room, symbols.ellipsis).into_owned()));
    }
    if let Some(remark) = &row.remark {
        rows.push(Row::of(remark_role(remark), remark.as_str()));
    }
    let over = row.state.is_over() || matches!(row.state, StepState::Awaited { .. });
    if over
        && row.failed()
        && let Some(summary) =
            row.trouble.as_deref().or(row.summary.as_deref()).filter(|summary| !summary.is_empty())
    {
        let summary = &match (&row.step.tolerance, &row.trouble) {
            (Some(tolerance), None) => format!("{summary}, wanted {tolerance}"),
            _ => summary.to_owned(),
        };
        let room = width.saturating_sub(4);
        rows.push(Row::of(
            Role::Failing,
            crate::tui::text::fit(summary, room, symbols.ellipsis).into_owned(),
        ));
    }
    rows
}

/// What the whole run would come to, and what the earlier session had at this moment.
fn foot(scene: &Scene) -> Vec<Row> {
    status_so_far(scene).into_iter().chain(ghost(scene, true)).collect()
}

/// The reference's own verdict: it often differs from what users got.
fn status_so_far(scene: &Scene) -> Option<Row> {
    scene.session.fault.as_ref()?;
    let words =
        if scene.session.run.ended.is_some() { "journal status:" } else { "journal status would be:" };
    let status = status_name(scene.session.run.status_so_far());
    Some(Row::of(Role::Muted, format!("{words} {status}")))
}

/// What the earlier session's users had suffered at this moment after T0.
fn ghost(scene: &Scene, roomy: bool) -> Option<Row> {
    let since = scene.since_t0(scene.now)?;
    let earlier = scene.earlier?;
    let errors = wording::count(insight::errors_by(earlier, since) as u64, "error");
    let waiting = match insight::waiting_by(earlier, since) {
        0 => String::new(),
        waiting => format!(", {waiting} waiting"),
    };
    let words = match roomy {
        true => format!("ghost at {}: {errors}{waiting}", figures::moment(since)),
        false => format!("ghost here: {errors}{waiting}"),
    };
    Some(Row::of(Role::Muted, words))
}

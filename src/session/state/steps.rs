//! The plan with the state of each step.

use crate::session::event::{
    ActivityOutcome, PauseSide, Plan, PlanChange, RunId, Section, Step, StepRef, Timestamp,
};
use pyvalue::Value;
use std::collections::{BTreeSet, HashMap, VecDeque};

/// The plan with the state of each step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps {
    /// Title of the hypothesis, if there is one.
    pub hypothesis: Option<String>,
    /// In order of execution: before, method, after, rollbacks.
    pub rows: Vec<StepRow>,
    /// The step that was last awaited, started or skipped.
    pub cursor: Option<StepRef>,
    /// Whether steps run automatically.
    pub auto: bool,
    /// Whether the operator holds the run before the next step.
    pub paused: bool,
    /// Breakpoints: steps to hold at, also in automatic mode.
    pub breakpoints: BTreeSet<StepRef>,
    /// The latest calls and pauses, in order.
    pub intervals: VecDeque<StepInterval>,
}

/// The maximum number of calls and pauses kept.
const PLAYED: usize = 1024;

/// A call or a pause of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepInterval {
    pub step: StepRef,
    /// The side and the planned seconds, for a pause.
    pub pause: Option<(PauseSide, f64)>,
    pub from: Timestamp,
    /// When it ended, if it has.
    pub to: Option<Timestamp>,
}

/// One step with its state.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRow {
    pub step: Step,
    pub state: StepState,
    /// The output or the error of the latest call, in a few words.
    pub summary: Option<String>,
    /// What a fix that the operator applied changes about this step.
    pub fixed: Option<String>,
    /// A remark about the latest call, such as that the answer was the fallback.
    pub remark: Option<String>,
    /// Why the latest call did not do its work, although it succeeded for the journal.
    pub trouble: Option<String>,
    /// When the provider was last called.
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    /// Provider time of the latest call, in seconds.
    pub seconds: Option<f64>,
    /// The number of calls of its provider.
    pub calls: u32,
    /// The result of the latest call, which becomes the state again after the pause that follows the call.
    verdict: StepState,
    /// Its latest call.
    call: Option<RunId>,
}

/// The state of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum StepState {
    /// Not reached yet.
    Waiting,
    /// The cursor is at the step and the run waits for the operator.
    Awaited {
        since: Timestamp,
    },
    /// In a pause around its call.
    Paused {
        /// Before or after the call.
        side: PauseSide,
        since: Timestamp,
        seconds: f64,
    },
    /// Its provider was called and has not returned.
    Running {
        since: Timestamp,
        /// The progress, as the activity reports it.
        progress: Option<String>,
    },
    /// Its call succeeded, and the value was in tolerance if there is a tolerance.
    Succeeded,
    Failed,
    /// Its call succeeded with a value out of tolerance.
    NotMet,
    /// Its call was interrupted or broke.
    Cut,
    /// The operator skipped it.
    Skipped,
}

/// One bar of the timeline's steps lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span<'a> {
    /// The section of the experiment.
    pub section: Section,
    /// The step's name, or `hypothesis`.
    pub label: &'a str,
    /// When its provider was called.
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
}

impl StepState {
    /// Returns whether the step has ended, with any result.
    pub fn is_over(&self) -> bool {
        use StepState::{Cut, Failed, NotMet, Skipped, Succeeded};
        matches!(self, Succeeded | Failed | NotMet | Cut | Skipped)
    }

    /// Returns whether the step is in a pause or in its call.
    pub fn is_active(&self) -> bool {
        matches!(self, StepState::Paused { .. } | StepState::Running { .. })
    }
}

impl StepRow {
    fn new(step: Step) -> Self {
        Self {
            step,
            state: StepState::Waiting,
            summary: None,
            fixed: None,
            remark: None,
            trouble: None,
            started: None,
            ended: None,
            seconds: None,
            calls: 0,
            verdict: StepState::Waiting,
            call: None,
        }
    }

    /// Returns whether the latest call did not do its work, whatever status the journal gives it.
    pub fn failed(&self) -> bool {
        matches!(self.verdict, StepState::Failed | StepState::NotMet | StepState::Cut)
            || self.trouble.is_some()
    }

    /// Returns the seconds left of the pause that it is in.
    pub fn pause_left(&self, now: Timestamp) -> Option<f64> {
        match self.state {
            StepState::Paused { since, seconds, .. } => {
                Some((seconds - seconds_between(since, now)).max(0.0))
            }
            _ => None,
        }
    }

    /// Returns the seconds for which its call has been running.
    pub fn running_for(&self, now: Timestamp) -> Option<f64> {
        match self.state {
            StepState::Running { since, .. } => Some(seconds_between(since, now)),
            _ => None,
        }
    }
}

impl Steps {
    /// Returns the row of a step; the steps of a continuous hypothesis have no rows.
    pub fn row(&self, step: StepRef) -> Option<&StepRow> {
        self.rows.iter().find(|row| row.step.at == step)
    }

    /// Returns the row under the cursor.
    pub fn current(&self) -> Option<&StepRow> {
        self.cursor.and_then(|step| self.row(step))
    }

    /// Returns the position of the cursor in the plan, from 1; 0 before the first step.
    pub fn position(&self) -> usize {
        self.cursor.and_then(|at| self.rows.iter().position(|row| row.step.at == at)).map_or(0, |i| i + 1)
    }

    /// Returns whether rollbacks ran and all of those that ran did their work.
    pub fn rolled_back(&self) -> bool {
        let played = self.rollbacks().any(|row| row.state.is_over() && row.state != StepState::Skipped);
        played && self.failed_rollbacks().next().is_none()
    }

    /// Returns the rollbacks that did not do their work.
    pub fn failed_rollbacks(&self) -> impl Iterator<Item = &StepRow> {
        self.rollbacks().filter(|row| row.failed())
    }

    /// Returns the rollbacks that were not played to their end, or did not do their work.
    pub fn unfinished_rollbacks(&self) -> impl Iterator<Item = &StepRow> {
        use StepState::{NotMet, Succeeded};
        self.rollbacks().filter(|row| row.failed() || !matches!(row.state, Succeeded | NotMet))
    }

    fn rollbacks(&self) -> impl Iterator<Item = &StepRow> {
        self.rows.iter().filter(|row| row.step.at.section == Section::Rollbacks)
    }

    /// Returns the number of steps that ran to their end.
    pub fn done(&self) -> usize {
        use StepState::{Failed, NotMet, Succeeded};
        self.rows.iter().filter(|row| matches!(row.state, Succeeded | Failed | NotMet)).count()
    }

    /// Returns the first step that has not run yet.
    pub fn next(&self) -> Option<&StepRow> {
        self.rows.iter().find(|row| matches!(row.state, StepState::Waiting | StepState::Awaited { .. }))
    }

    /// Returns the executed steps with their times, in order: one span per step, and one for all probes of a
    /// hypothesis.
    pub fn spans(&self) -> Vec<Span<'_>> {
        let mut spans: Vec<Span<'_>> = Vec::new();
        for row in &self.rows {
            let Some(started) = row.started else { continue };
            let gate = matches!(row.step.at.section, Section::Before | Section::After);
            let label = if gate { "hypothesis" } else { row.step.name.as_str() };
            match spans.last_mut().filter(|span| gate && span.section == row.step.at.section) {
                Some(span) => span.ended = row.ended,
                None => spans.push(Span { section: row.step.at.section, label, started, ended: row.ended }),
            }
        }
        spans.sort_by_key(|span| span.started);
        spans
    }

    /// Applies the plan, or a plan that a control changed: steps that remain keep their state, also at another
    /// position, and the cursor moves with them. Breakpoints belong to positions, not to steps.
    pub(super) fn plan(&mut self, plan: &Plan) {
        self.hypothesis.clone_from(&plan.hypothesis);
        let mut known = RowsToReuse::new(std::mem::take(&mut self.rows));
        // Steps whose position is unchanged are matched first: the same name may occur several times.
        let mut kept: Vec<Option<StepRow>> = plan.steps.iter().map(|step| known.at_its_place(step)).collect();
        for (kept, step) in kept.iter_mut().zip(&plan.steps).filter(|(kept, _)| kept.is_none()) {
            *kept = known.elsewhere(step);
        }
        let cursor = self.cursor;
        for (kept, step) in kept.into_iter().zip(&plan.steps) {
            let Some(kept) = kept else {
                self.rows.push(StepRow::new(step.clone()));
                continue;
            };
            if cursor == Some(kept.step.at) {
                self.cursor = Some(step.at);
            }
            self.rows.push(StepRow { step: step.clone(), ..kept });
        }
    }

    pub(super) fn awaited(&mut self, at: Timestamp, step: StepRef) {
        // Only one step is awaited: a step that the cursor left for an earlier step waits again.
        self.await_none();
        self.cursor = Some(step);
        self.with(step, |row| row.state = StepState::Awaited { since: at });
    }

    fn await_none(&mut self) {
        for row in self.rows.iter_mut().filter(|row| matches!(row.state, StepState::Awaited { .. })) {
            row.state = StepState::Waiting;
        }
    }

    /// Clears the awaited step, automatic mode and the hold when the run is over.
    pub(super) fn run_ended(&mut self) {
        self.await_none();
        (self.auto, self.paused) = (false, false);
    }

    pub(super) fn pause_started(&mut self, at: Timestamp, step: StepRef, side: PauseSide, seconds: f64) {
        self.move_cursor(step);
        self.begin_interval(StepInterval { step, pause: Some((side, seconds)), from: at, to: None });
        self.with(step, |row| row.state = StepState::Paused { side, since: at, seconds });
    }

    pub(super) fn pause_ended(&mut self, at: Timestamp, step: StepRef) {
        self.end_interval(at, step, true);
        self.with(step, |row| {
            if let StepState::Paused { side, .. } = row.state {
                row.state = match side {
                    PauseSide::Before => StepState::Waiting,
                    PauseSide::After => row.verdict.clone(),
                };
            }
        });
    }

    pub(super) fn started(&mut self, at: Timestamp, run: RunId, step: StepRef) {
        self.move_cursor(step);
        self.begin_interval(StepInterval { step, pause: None, from: at, to: None });
        self.with(step, |row| {
            row.state = StepState::Running { since: at, progress: None };
            row.started = Some(at);
            row.ended = None;
            row.seconds = None;
            row.summary = None;
            row.remark = None;
            row.trouble = None;
            row.calls += 1;
            row.call = Some(run);
        });
    }

    pub(super) fn progressed(&mut self, run: RunId, text: &str) {
        let Some(row) = self.rows.iter_mut().find(|row| row.call == Some(run)) else { return };
        if let StepState::Running { progress, .. } = &mut row.state {
            *progress = Some(text.to_owned());
        }
    }

    pub(super) fn ended(
        &mut self,
        at: Timestamp,
        run: RunId,
        step: StepRef,
        outcome: &ActivityOutcome,
        remark: Option<String>,
    ) {
        self.end_interval(at, step, false);
        // The step may have moved since its call began.
        let place = self.rows.iter().find(|row| row.call == Some(run)).map_or(step, |row| row.step.at);
        self.with(place, |row| {
            row.verdict = match (outcome.succeeded, outcome.tolerance_met) {
                (Some(true), Some(false)) => StepState::NotMet,
                (Some(true), _) => StepState::Succeeded,
                (Some(false), _) => StepState::Failed,
                (None, _) => StepState::Cut,
            };
            row.state = row.verdict.clone();
            row.ended = Some(at);
            row.seconds = Some(outcome.seconds);
            row.summary = Some(outcome.summary.clone());
            row.remark = remark;
            row.trouble.clone_from(&outcome.trouble);
        });
    }

    /// Updates the verdict on a tolerance, which may come after the call's end, with the amended entry.
    pub(super) fn amended(&mut self, run: RunId, entry: &Value) {
        let Some(row) = self.rows.iter_mut().find(|row| row.call == Some(run)) else { return };
        let verdict = match (row.verdict.clone(), entry.get("tolerance_met")) {
            (StepState::Succeeded, Some(Value::Bool(false))) => StepState::NotMet,
            (StepState::NotMet, Some(Value::Bool(true))) => StepState::Succeeded,
            _ => return,
        };
        if row.state.is_over() {
            row.state = verdict.clone();
        }
        row.verdict = verdict;
    }

    pub(super) fn fixed(&mut self, fix: &PlanChange) {
        for step in fix.steps() {
            self.with(*step, |row| row.fixed = Some(fix.applied_text()));
        }
    }

    pub(super) fn skipped(&mut self, step: StepRef) {
        self.move_cursor(step);
        self.with(step, |row| row.state = StepState::Skipped);
    }

    pub(super) fn toggle_breakpoint(&mut self, step: StepRef) {
        if !self.breakpoints.remove(&step) {
            self.breakpoints.insert(step);
        }
    }

    fn begin_interval(&mut self, played: StepInterval) {
        if self.intervals.len() == PLAYED {
            self.intervals.pop_front();
        }
        self.intervals.push_back(played);
    }

    /// Ends the latest call or pause of a step.
    fn end_interval(&mut self, at: Timestamp, step: StepRef, pause: bool) {
        let open = |played: &&mut StepInterval| {
            played.step == step && played.to.is_none() && played.pause.is_some() == pause
        };
        if let Some(played) = self.intervals.iter_mut().rev().find(open) {
            played.to = Some(at);
        }
    }

    /// Moves the cursor to a step that is executed; passes of a continuous hypothesis do not move it.
    fn move_cursor(&mut self, step: StepRef) {
        if step.section != Section::During {
            self.cursor = Some(step);
        }
    }

    fn with(&mut self, step: StepRef, change: impl FnOnce(&mut StepRow)) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.step.at == step) {
            change(row);
        }
    }
}

/// The rows of a plan that is replaced; each can be taken once.
struct RowsToReuse {
    rows: Vec<Option<StepRow>>,
    places: HashMap<StepRef, usize>,
    names: HashMap<(Section, String), VecDeque<usize>>,
}

impl RowsToReuse {
    fn new(rows: Vec<StepRow>) -> Self {
        let places = rows.iter().enumerate().map(|(i, row)| (row.step.at, i)).collect();
        let mut names: HashMap<_, VecDeque<usize>> = HashMap::new();
        for (i, row) in rows.iter().enumerate() {
            names.entry((row.step.at.section, row.step.name.clone())).or_default().push_back(i);
        }
        Self { rows: rows.into_iter().map(Some).collect(), places, names }
    }

    /// Takes the row of a step whose position is unchanged.
    fn at_its_place(&mut self, step: &Step) -> Option<StepRow> {
        let row = self.rows.get_mut(*self.places.get(&step.at)?)?;
        row.take_if(|row| row.step.name == step.name)
    }

    /// Takes the first remaining row of a step with this name in the same section.
    fn elsewhere(&mut self, step: &Step) -> Option<StepRow> {
        let places = self.names.get_mut(&(step.at.section, step.name.clone()))?;
        std::iter::from_fn(|| places.pop_front()).find_map(|i| self.rows.get_mut(i)?.take())
    }
}

fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

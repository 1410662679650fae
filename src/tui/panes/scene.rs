//! The data from which a frame is drawn.

use crate::{
    insight::{self, Phase, UserVerdict},
    session::{
        Session,
        event::{PauseSide, TargetCard, Timestamp},
        state::{StepRow, StepState},
    },
    tui::{
        click_targets::{ClickTarget, ClickTargets},
        layout::LayoutRequest,
        picture,
        view::View,
    },
};
use ratatui::layout::Rect;
use std::cell::RefCell;

/// The step in milliseconds in which displayed durations advance: figures that change with every frame cannot be read.
const STILL_MS: i128 = 500;

/// The data from which a frame is drawn.
pub struct Scene<'a> {
    pub session: &'a Session,
    pub view: &'a View,
    pub now: Timestamp,
    /// The moment shown as the present; once the session is finished, the last moment with data.
    pub until: Timestamp,
    /// `until` rounded down to half a second, for displayed durations.
    pub display_time: Timestamp,
    /// The phase of the session.
    pub phase: Phase,
    /// The verdict about users.
    pub verdict: UserVerdict,
    /// An earlier session to compare with: the `before` run of an `after` run.
    pub earlier: Option<&'a Session>,
    /// When Kubernetes will restart a pod that the fault does not target, if its health page keeps failing.
    pub restart_due: Option<insight::RestartDue>,
    /// The drawn areas and what a mouse click on each of them does.
    pub targets: RefCell<ClickTargets>,
}

impl<'a> Scene<'a> {
    /// Builds the scene at a moment.
    pub fn new(session: &'a Session, view: &'a View, now: Timestamp, earlier: Option<&'a Session>) -> Self {
        let (verdict, targets) = (insight::verdict(session, now), RefCell::default());
        let phase = insight::phase_with(session, now, || verdict.word);
        let until = session.last.filter(|_| phase == Phase::Finished).unwrap_or(now).min(now);
        let said = rounded_down(session, until);
        let restart_due = insight::restart_due(session, until);
        Self { session, view, now, until, display_time: said, phase, verdict, earlier, restart_due, targets }
    }

    /// What the layout depends on.
    pub(in crate::tui) fn layout_request(&self) -> LayoutRequest {
        let roles = self.session.roles();
        let presenter = self.view.presenter;
        let chain = roles.consumer.is_some() || roles.provider.is_some();
        let more_lanes = if presenter { 0 } else { picture::more_lanes(self.session) };
        LayoutRequest { presenter, chain, more_lanes }
    }

    /// Registers an area as a mouse target.
    pub fn mark(&self, area: Rect, target: ClickTarget) {
        self.targets.borrow_mut().mark(area, target);
    }

    /// The destructive step that waits for a fire.
    pub fn awaiting_fire(&self) -> Option<&'a StepRow> {
        let awaited = |row: &&StepRow| row.step.destructive && matches!(row.state, StepState::Awaited { .. });
        self.session.steps.current().filter(awaited)
    }

    /// The target card of the step that waits for a fire, once it was looked up.
    pub fn card(&self) -> Option<&'a TargetCard> {
        let step = self.awaiting_fire()?.step.at;
        self.session.target.as_ref().filter(|card| card.step == step)
    }

    /// Seconds from T0 to a moment.
    pub fn since_t0(&self, at: Timestamp) -> Option<f64> {
        self.session.since_t0(at)
    }

    /// Whether the run is not finished yet, so that something can still be due.
    pub fn is_running(&self) -> bool {
        self.phase != Phase::Finished
    }

    /// The intervals in which the fault was on, oldest first; the last one has no end while the fault is on.
    pub fn faults(&self) -> Vec<(Timestamp, Option<Timestamp>)> {
        faults(self.session, self.until)
    }

    /// The name of the step that was fired last.
    pub fn fired_step(&self) -> &'a str {
        let fired = self.session.fault.as_ref().and_then(|fault| fault.fires.last());
        let row = fired.and_then(|firing| self.session.steps.row(firing.step));
        row.map_or("", |row| row.step.name.as_str())
    }

    /// The step that runs after the current pause, with the seconds left of the pause.
    pub fn paused_before(&self) -> Option<(&'a str, f64)> {
        let row = self.session.steps.current().filter(|_| self.is_running())?;
        let StepState::Paused { side: PauseSide::Before, .. } = row.state else { return None };
        Some((row.step.name.as_str(), row.pause_left(self.until)?))
    }
}

/// The intervals up to a moment in which a session's fault was on.
pub(in crate::tui) fn faults(session: &Session, until: Timestamp) -> Vec<(Timestamp, Option<Timestamp>)> {
    let Some(fault) = &session.fault else { return Vec::new() };
    let mut faults: Vec<(Timestamp, Option<Timestamp>)> = Vec::new();
    for (at, on) in fault.on.changes().filter(|(at, _)| *at <= until) {
        match (on, faults.last_mut()) {
            (true, last) if last.as_ref().is_none_or(|(_, to)| to.is_some()) => faults.push((at, None)),
            (false, Some((_, to))) if to.is_none() => *to = Some(at),
            _ => {}
        }
    }
    faults
}

/// The moment up to which displayed durations count: `now` rounded down to a multiple of [`STILL_MS`] since T0.
fn rounded_down(session: &Session, now: Timestamp) -> Timestamp {
    let zero = session.t0().or(session.meta.opened).unwrap_or(now);
    let over = now.duration_since(zero).as_millis().rem_euclid(STILL_MS);
    now.checked_sub(std::time::Duration::from_millis(u64::try_from(over).unwrap_or(0))).unwrap_or(now)
}

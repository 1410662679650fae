//! The panes, one file each. A pane reads the scene and draws into its canvas; it decides nothing.

mod breaker;
mod chart;
mod comparison;
mod experiment;
mod finished;
mod footer;
mod guards;
mod header;
mod lanes;
mod log;
mod next;
mod notice;
mod pods;
mod preflight;
mod status;
mod table;
mod target;
mod users;
mod verdict;

pub(super) use breaker::{breaker, confidence as breaker_confidence};
pub(super) use chart::ON_THE_WAY_MS;
pub(super) use comparison::comparison;
pub(super) use experiment::{experiment, steps};
pub(super) use finished::finished;
pub(super) use footer::footer;
pub(super) use header::header;
pub(super) use lanes::{columns as lane_columns, lanes, timeline};
pub use log::LogFeed;
pub(crate) use log::accept_everything;
pub(super) use log::{lines as log_lines, log};
pub(super) use next::next;
pub(super) use notice::notice;
pub(super) use pods::pods;
pub(super) use status::{bare_status, stage, status};
pub(super) use target::target;
pub(super) use users::{endpoint as shown_endpoint, small as small_users, users};
pub(super) use verdict::verdict;

use super::{
    canvas::{Canvas, Row},
    pane::Pane,
    targets::{Target, Targets},
    theme::Role,
    view::View,
};
use crate::{
    insight::{self, Phase, Verdict},
    session::{
        Session,
        event::{TargetCard, Timestamp},
        state::{StepRow, StepState},
    },
};
use ratatui::layout::Rect;
use std::cell::RefCell;

/// Everything a frame is made of.
pub struct Scene<'a> {
    pub session: &'a Session,
    pub view: &'a View,
    pub now: Timestamp,
    /// Where the session stands.
    pub phase: Phase,
    /// The verdict about users.
    pub verdict: Verdict,
    /// An earlier session to compare with: the `before` of an `after`.
    pub earlier: Option<&'a Session>,
    /// What lies where, as far as it is drawn.
    pub targets: RefCell<Targets>,
}

impl<'a> Scene<'a> {
    /// The scene at a moment.
    pub fn new(session: &'a Session, view: &'a View, now: Timestamp, earlier: Option<&'a Session>) -> Self {
        let (verdict, targets) = (insight::verdict(session, now), RefCell::default());
        let phase = insight::phase_with(session, now, || verdict.word);
        Self { session, view, now, phase, verdict, earlier, targets }
    }

    /// Notes for the mouse what lies where.
    pub fn mark(&self, area: Rect, target: Target) {
        self.targets.borrow_mut().mark(area, target);
    }

    /// The destructive step that waits for a fire.
    pub fn awaiting_fire(&self) -> Option<&'a StepRow> {
        let awaited = |row: &&StepRow| row.step.destructive && matches!(row.state, StepState::Awaited { .. });
        self.session.steps.current().filter(awaited)
    }

    /// What firing it would do, once looked up.
    pub fn card(&self) -> Option<&'a TargetCard> {
        let step = self.awaiting_fire()?.step.at;
        self.session.target.as_ref().filter(|card| card.step == step)
    }

    /// Seconds from T0 to a moment.
    pub fn since_t0(&self, at: Timestamp) -> Option<f64> {
        self.session.since_t0(at)
    }
}

/// A pane's frame with its number and title on the left and a word on the right; returns what is inside.
fn frame<'c>(canvas: &'c mut Canvas<'_>, scene: &Scene, pane: Pane, title: &str, word: Row) -> Canvas<'c> {
    let focused = scene.view.focus == pane;
    let role = if focused { Role::Focus } else { Role::Muted };
    let name = if focused { Role::Focus } else { Role::Strong };
    let title = Row::of(name, format!("{} {title}", pane.number()));
    scene.mark(canvas.area(), Target::Pane(pane));
    canvas.framed(&title, &word, role)
}

/// Draws the lines that fit from a scrolled-to one on.
fn scrolled(canvas: &mut Canvas, lines: &[Row], scroll: usize) {
    let height = canvas.height();
    let from = scroll.min(lines.len().saturating_sub(height));
    for (y, line) in lines.iter().skip(from).take(height).enumerate() {
        canvas.row(y, line);
    }
}

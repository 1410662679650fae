//! The operator's view: focus, scroll position, overlay. What happened in the session belongs to the session's state
//! instead.

use super::{
    click_targets::ClickTargets,
    editor::Editor,
    forms::{GuardForm, PredictForm},
    keymap::Keymap,
    pane::Pane,
    replay::ReplayStatus,
};
use crate::session::event::{StepCluster, StepRef, Timestamp};
use ratatui::layout::Rect;

/// Whether the operator can control the session that is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ControlMode {
    /// The operator controls the session: every key works.
    #[default]
    Live,
    /// The session is read-only: keys that would step or fire only show a hint.
    ReadOnly,
    /// The session is a replay: it is moved in time, and nothing can be changed.
    Replay,
}

/// An overlay on top of the panes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The help: all keys.
    Help,
    /// The evidence behind the verdict and the belief.
    Why,
    Logs,
    PodLog,
    /// The heat map of waiting times over time.
    Heatmap,
    Note(Editor),
    /// The input of a pod filter.
    Filter(Editor),
    /// The form for a prediction.
    Predict(PredictForm),
    /// The form for the guards' limits.
    Guards(GuardForm),
    /// Asks for confirmation before the undo kit is applied.
    ConfirmUndo,
    /// Asks for confirmation before an earlier session is recovered.
    ConfirmRecover,
    /// Asks for confirmation before a step is skipped.
    ConfirmSkip(StepRef),
    /// There is no cluster: asks whether to start the sandbox.
    Sandbox,
    /// Asks for confirmation before the program quits.
    ConfirmQuit,
    /// Asks the operator to type the target's name before a fire.
    ConfirmFire {
        /// The cluster that the target card named when the overlay was opened.
        cluster: Option<StepCluster>,
        step: StepRef,
        /// The text to type.
        expected: String,
        typed: Editor,
    },
}

impl Overlay {
    /// Returns whether the overlay is a text input, which receives every key.
    pub fn is_text_input(&self) -> bool {
        matches!(self, Overlay::Note(_) | Overlay::Filter(_) | Overlay::ConfirmFire { .. })
    }
}

/// The stage of quitting; each further request is more urgent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuitStage {
    #[default]
    No,
    /// The session was asked to end; its rollbacks are awaited.
    Asked,
    /// The session was asked a second time: the running wait is cut short.
    Urgent,
    /// The session was asked again while rollbacks run: they go on, and the next request leaves without their end.
    Warned,
}

/// The sequence that a session belongs to, such as the demo's lessons: after the end, one key continues with the next
/// session, and quitting leaves the whole sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// The next session, in a few words.
    pub next: &'static str,
    /// The names of the earlier session and of this one in a comparison.
    pub names: (&'static str, &'static str),
}

#[derive(Clone, Debug)]
pub struct View {
    /// The key bindings in force.
    pub keymap: Keymap,
    pub control: ControlMode,
    /// Where a replay is; `None` in a session that runs.
    pub replay: Option<ReplayStatus>,
    /// The pane that the arrow keys act on.
    pub focus: Pane,
    /// Whether the focused pane fills the screen.
    pub zoomed: bool,
    /// Whether the presenter view is on.
    pub presenter: bool,
    /// The overlay on top of the panes, if any.
    pub overlay: Option<Overlay>,
    /// Lines scrolled down, by pane; the last entry is that of the overlay.
    pub scroll: [usize; Pane::ALL.len() + 1],
    /// The step of the time axis that the operator chose, as an index into all steps; `None` for the step with which
    /// the run fits.
    pub zoom: Option<usize>,
    /// The beginning of the first column if scrolled away from the present, in milliseconds from T0.
    pub scrolled_to: Option<i64>,
    /// The moment under the time cursor, in milliseconds from T0.
    pub cursor: Option<i64>,
    /// The step selected in the experiment pane.
    pub selected_step: Option<StepRef>,
    /// The UID of the pod selected in the pods pane.
    pub selected_pod: Option<String>,
    /// The index of the endpoint that the users pane shows.
    pub endpoint: usize,
    /// The pod filter: only pods whose names contain this text are shown.
    pub filter: String,
    /// A message about the last key, shown until the next key press.
    pub hint: Option<String>,
    /// Whether the session is still starting, so that no commands are possible yet.
    pub starting: bool,
    /// When a key last held the fault, for the rate of these commands.
    pub held: Option<Timestamp>,
    /// The stage of quitting.
    pub quit_stage: QuitStage,
    /// Whether the operator declined the offered sandbox.
    pub sandbox_declined: bool,
    /// Whether the run has ended and all of its data is saved.
    pub finished: bool,
    /// Whether an earlier session is compared with this one at the end.
    pub compares: bool,
    /// The sequence that the session belongs to, if any.
    pub sequence: Option<Sequence>,
    /// Whether this program captures the mouse; otherwise the terminal selects text with it.
    pub mouse: bool,
    /// The terminal's size at the last frame.
    pub area: Rect,
    /// The clickable areas of the last frame.
    pub targets: ClickTargets,
}

impl View {
    /// Creates the view of a session that begins.
    pub fn new(keymap: Keymap, steering: ControlMode) -> Self {
        Self {
            keymap,
            control: steering,
            replay: None,
            focus: Pane::Experiment,
            zoomed: false,
            presenter: false,
            overlay: None,
            scroll: [0; Pane::ALL.len() + 1],
            zoom: None,
            scrolled_to: None,
            cursor: None,
            selected_step: None,
            selected_pod: None,
            endpoint: 0,
            filter: String::new(),
            hint: None,
            starting: false,
            held: None,
            quit_stage: QuitStage::No,
            sandbox_declined: false,
            finished: false,
            compares: false,
            sequence: None,
            mouse: false,
            area: Rect::ZERO,
            targets: ClickTargets::default(),
        }
    }

    /// The names of the earlier session and of this one in a comparison.
    pub fn run_names(&self) -> (&'static str, &'static str) {
        self.sequence.map_or(("before", "after"), |course| course.names)
    }

    /// Lines scrolled down in a pane.
    pub fn scroll_of(&self, pane: Pane) -> usize {
        self.scroll.get(pane as usize).copied().unwrap_or(0)
    }

    /// Lines scrolled down in the overlay.
    pub fn overlay_scroll(&self) -> usize {
        self.scroll.last().copied().unwrap_or(0)
    }
}

//! What the operator looks at: focus, scroll, overlay. Never what happened; that is the session's.

use super::{
    editor::Editor,
    forms::{GuardForm, PredictForm},
    keymap::Keymap,
    pane::Pane,
    targets::Targets,
};
use crate::session::event::{StepCluster, StepRef};
use ratatui::layout::Rect;

/// Who steers what is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Steering {
    /// The operator: every key works.
    #[default]
    Live,
    /// Somebody else: the keys that would change something say so.
    ReadOnly,
    /// Nobody: it happened already.
    Replay,
}

/// What lies over the panes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// All keys.
    Help,
    /// The evidence behind the verdict and the belief.
    Why,
    Logs,
    PodLog,
    /// Waiting times over time.
    Heatmap,
    Note(Editor),
    /// A filter for pods is typed.
    Filter(Editor),
    /// A prediction is written.
    Predict(PredictForm),
    /// The guards are seen and changed.
    Guards(GuardForm),
    /// Putting back needs a yes.
    ConfirmUndo,
    /// Leaving a step out needs a yes.
    ConfirmSkip(StepRef),
    /// There is no cluster: whether to start the sandbox is asked.
    Sandbox,
    /// Leaving needs a yes.
    ConfirmQuit,
    /// The target's name is typed before a fire.
    ConfirmFire {
        /// The cluster that the card named when the question was asked.
        place: Option<StepCluster>,
        step: StepRef,
        /// What must be typed.
        word: String,
        typed: Editor,
    },
}

impl Overlay {
    /// Whether it takes every key itself.
    pub fn takes_text(&self) -> bool {
        matches!(self, Overlay::Note(_) | Overlay::Filter(_) | Overlay::ConfirmFire { .. })
    }
}

/// How far leaving has come: each further request is more urgent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaving {
    #[default]
    No,
    /// The session was told to end; its rollbacks are awaited.
    Asked,
    /// It was told again: what runs is cut.
    Pressed,
}

/// What a session is a part of, such as the demo's lessons: one key leads on when it has ended, and leaving leaves all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// What comes next, in a few words.
    pub next: &'static str,
    /// What the earlier session and this one are called where they are compared.
    pub names: (&'static str, &'static str),
}

#[derive(Clone, Debug)]
pub struct View {
    /// Keys in force.
    pub keymap: Keymap,
    pub steering: Steering,
    /// The pane that arrows move in.
    pub focus: Pane,
    /// Whether the focused pane fills the screen.
    pub zoomed: bool,
    /// Whether the presenter's view is on.
    pub presenter: bool,
    /// What lies over the panes.
    pub overlay: Option<Overlay>,
    /// Lines scrolled down, by pane; the overlay's last.
    pub scroll: [usize; Pane::ALL.len() + 1],
    /// The step of the time axis that the operator chose, by its place among all; else the one in which the run fits.
    pub zoom: Option<usize>,
    /// Where the first column begins when scrolled away from the present, in milliseconds from T0.
    pub scrolled_to: Option<i64>,
    /// The moment under the time cursor, in milliseconds from T0.
    pub cursor: Option<i64>,
    /// The step chosen in the experiment pane.
    pub chosen: Option<StepRef>,
    /// Identity of the pod chosen in the pods pane.
    pub pod: Option<String>,
    /// Which endpoint the users pane shows.
    pub endpoint: usize,
    /// Pods whose name holds this are shown.
    pub filter: String,
    /// Why the last key did nothing, until the next one.
    pub hint: Option<String>,
    /// Whether the session is still being prepared: nothing can be steered yet.
    pub starting: bool,
    /// How far leaving has come.
    pub leaving: Leaving,
    /// Whether the sandbox was offered and declined.
    pub declined: bool,
    /// Whether the session's work is done.
    pub finished: bool,
    /// Whether an earlier session is compared with this one at the end.
    pub compares: bool,
    /// What it is a part of, if anything.
    pub course: Option<Sequence>,
    /// Whether the mouse is ours; else it is the terminal's, for selecting text.
    pub mouse: bool,
    /// The terminal's size at the last frame.
    pub area: Rect,
    /// What lay where on the last frame.
    pub targets: Targets,
}

impl View {
    /// A view on a session that begins.
    pub fn new(keymap: Keymap, steering: Steering) -> Self {
        Self {
            keymap,
            steering,
            focus: Pane::Experiment,
            zoomed: false,
            presenter: false,
            overlay: None,
            scroll: [0; Pane::ALL.len() + 1],
            zoom: None,
            scrolled_to: None,
            cursor: None,
            chosen: None,
            pod: None,
            endpoint: 0,
            filter: String::new(),
            hint: None,
            starting: false,
            leaving: Leaving::No,
            declined: false,
            finished: false,
            compares: false,
            course: None,
            mouse: false,
            area: Rect::ZERO,
            targets: Targets::default(),
        }
    }

    /// What the earlier session and this one are called.
    pub fn names(&self) -> (&'static str, &'static str) {
        self.course.map_or(("before", "after"), |course| course.names)
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

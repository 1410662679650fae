//! The messages that the main loop receives, and the effects that `update` returns.

use super::{background::Background, replay::ReplayMove};
use crate::session::Command;
use crossterm::event::{KeyEvent, MouseEvent};

/// One input of the main loop.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key went down.
    Key(KeyEvent),
    /// A mouse event; only while the mouse is captured.
    Mouse(MouseEvent),
    Paste(String),
    /// The terminal was resized.
    Resized,
    /// The terminal got the focus.
    Focused,
    /// The terminal reported its background in time.
    Background(Background),
    Changed,
    /// The run has ended and all of its data is saved: nothing runs any more.
    Finished,
    /// The writing of the reports has ended; says where they are, or why there are none.
    Exported(String),
    /// A signal requests the end; contains the signal's name.
    Interrupted(&'static str),
    /// The terminal was closed: its input ended, or SIGHUP arrived.
    Closed,
    /// SIGTSTP: the shell requests suspension.
    Suspend,
    /// SIGCONT: the process was continued.
    Resumed,
}

/// An effect for the main loop to carry out.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send a command to the session.
    Send(Command),
    /// Return the terminal to the shell until the process is continued.
    Suspend,
    /// Redraw every cell.
    Repaint,
    /// Scroll the log: negative towards older lines, 0 back to the latest.
    ScrollLog(isize),
    /// Capture the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Move in the recording that is replayed.
    Replay(ReplayMove),
    /// Copy this text to the operator's clipboard.
    Copy(String),
    /// Write the reports of the session.
    Export,
    /// End the loop.
    Leave,
    /// End the loop, to run the experiment again.
    RunAgain,
}

/// The result of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Whether something on the screen changed.
    pub redraw: bool,
    /// The effects to carry out, in order.
    pub effects: Vec<Effect>,
}

impl Outcome {
    /// Nothing changed.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The screen changed.
    pub fn redraw() -> Self {
        Self { redraw: true, effects: Vec::new() }
    }

    /// The screen changed, and an effect is to be carried out.
    pub fn effect(effect: Effect) -> Self {
        Self { redraw: true, effects: vec![effect] }
    }

    /// A command for the session.
    pub fn send(command: impl Into<Command>) -> Self {
        Self::effect(Effect::Send(command.into()))
    }
}

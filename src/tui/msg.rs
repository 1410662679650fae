//! What comes into the loop, and what `update` wants done.

use super::background::Background;
use crate::session::Command;
use crossterm::event::{KeyEvent, MouseEvent};

/// One thing that happened to the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key went down.
    Key(KeyEvent),
    /// The mouse did something; only when it was asked for.
    Mouse(MouseEvent),
    Paste(String),
    /// The terminal has another size.
    Resized,
    /// The terminal is looked at again.
    Focused,
    /// The terminal said what it draws on, and that counts.
    Background(Background),
    Changed,
    /// The session's work is done: nothing runs any more.
    Finished,
    /// A signal asks to end; its name.
    Interrupted(&'static str),
    /// The terminal was closed: the keys are gone, or SIGHUP said so.
    Closed,
    /// The shell asks to suspend.
    Suspend,
    /// The process was continued.
    Resumed,
}

/// What the loop carries out.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Tell the session.
    Send(Command),
    /// Leave the terminal to the shell until we are continued.
    Suspend,
    /// Draw every cell again.
    Repaint,
    /// Move through the log: negative towards what is older, 0 back to the latest.
    ScrollLog(isize),
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Put this text into the clipboard of whoever sits at the terminal.
    Copy(String),
    /// End the loop.
    Leave,
    /// End the loop, for another run of the same.
    Again,
}

/// What a message led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Whether something on the screen changed.
    pub redraw: bool,
    /// What to carry out, in order.
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

    /// The screen changed and something is to be done.
    pub fn effect(effect: Effect) -> Self {
        Self { redraw: true, effects: vec![effect] }
    }

    /// A command for the session.
    pub fn send(command: impl Into<Command>) -> Self {
        Self::effect(Effect::Send(command.into()))
    }
}

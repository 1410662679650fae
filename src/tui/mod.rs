//! The terminal: loop, keys, theme, panes, overlays.
//!
//! Everything drawn is a function of the session's state, the [`View`](self) (focus, scroll, overlay) and the
//! moment. The room sends commands and reads the session; it never acts on the system itself.

pub mod keymap;
mod msg;
mod pace;
mod signals;
pub mod terminal;
mod text;
mod theme;

pub use msg::{Effect, Msg, Outcome};
pub use theme::{Role, Symbols, Theme, UnknownTheme};

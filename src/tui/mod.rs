//! The terminal user interface: main loop, keys, theme, panes, overlays.
//!
//! Every frame is a function of the session's state, the [`View`] (focus, scroll, overlay) and the current time. This
//! module sends commands and reads the session; it never acts on the system itself.

mod app;
mod axis;
mod background;
mod bell;
mod click_targets;
mod editor;
mod export;
mod figures;
mod forms;
mod frame_pace;
pub mod keymap;
mod keys;
mod layout;
mod letters;
mod msg;
mod output;
mod overlays;
mod pane;
mod pane_buffer;
mod panes;
mod picture;
mod render;
mod replay;
mod signals;
pub mod start;
mod still;
mod svg;
pub mod terminal;
mod terminal_replies;
mod text;
mod theme;
mod update;
mod view;

#[cfg(test)]
mod breaker_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod opening_tests;
#[cfg(test)]
mod screens;
#[cfg(test)]
mod tests;

pub use app::{Departure, LiveView, run};
pub use background::{Background, ThemeByBackground};
pub use export::Export;
pub use keys::Keys;
pub use msg::{Effect, Msg, Outcome};
pub use pane::Pane;
pub(crate) use panes::accept_everything;
pub use panes::{LogFeed, Scene};
pub use render::render;
pub use replay::{Direction, Player, ReplayMove, ReplayStatus};
pub use signals::Signals;
pub use still::still;
pub use svg::svg;
pub use text::wrapped;
pub use theme::{Depth, Role, Theme, UnknownTheme};
pub use update::update;
pub use view::{ControlMode, Overlay, QuitStage, Sequence, View};

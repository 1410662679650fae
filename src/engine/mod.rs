//! Runs a whole session, with a screen or without: the event bus, the observers, the undo kit, the guards, the files on
//! disk, and the shutdown. It reads plain [`SessionSettings`] and knows no command line.
//!
//! [`SessionHost`] is the entry point: it opens a session, which is then run and ended. Signals, the console and the
//! terminal each have a task or thread of their own, so that none of them delays a signal and its rollbacks.

mod bus;
mod console;
mod current_steps;
mod dead_man;
mod endpoints;
pub(crate) mod guardian;
mod guards;
mod host;
mod line_writer;
mod notifications;
mod observers;
mod operator_lease;
mod preflight;
mod python_events;
mod recovery;
pub(crate) mod session_cluster;
mod session_record;
mod settings;
mod signals;
mod steady_state_recheck;
mod steady_state_wait;
mod supervisor;
mod target_cards;
mod unconfirmed;
mod undo;

pub(crate) use bus::BusHandle;
pub(crate) use console::{Console, ConsoleSettings};
pub(crate) use dead_man::{DeadMan, USUAL_LEASE};
pub(crate) use host::{PendingSession, RunningSession, SessionHost, orders};
pub(crate) use line_writer::LineWriter;
pub(crate) use notifications::Notifications;
pub(crate) use preflight::PreflightInput;
pub(crate) use python_events::{PrintTarget, PythonEvents};
pub(crate) use recovery::{Recovered, Recovery, recover};
pub(crate) use settings::{
    Headers, PreparedRun, RecordSettings, SessionMode, SessionSettings, WatchSettings,
};
pub(crate) use signals::{Signals, die_of};
pub(crate) use supervisor::SessionReport;
pub(crate) use undo::SavedEntry;

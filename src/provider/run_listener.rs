//! The interface to those who listen to a run from Python: handlers of its events, and of the logger `chaostoolkit`.

use crate::session::event::{Level, Timestamp};
use futures_util::future::BoxFuture;
use pyvalue::Value;

/// Listens to a run. Whether anything does is known without a question to Python, so that a run without listeners pays
/// nothing.
pub trait RunListener: Send + Sync {
    /// Whether a control has registered handlers of the run's events.
    fn hears_events(&self) -> bool;

    /// Whether an extension has attached a handler to the logger.
    fn hears_lines(&self) -> bool;

    /// Calls the handlers of an event, by its name in `chaoslib.run.RunEventHandler`; the run's settings are added to the
    /// arguments of `running`. Returns the journal if the handlers changed it at the end of the run. The secrets among the
    /// arguments are not masked.
    fn event<'a>(&'a self, name: &'static str, arguments: Vec<Value>) -> BoxFuture<'a, Option<Value>>;

    /// Hands a log line of the run to the handlers of the logger, without waiting for them.
    fn line(&self, at: Timestamp, level: Level, message: &str);
}

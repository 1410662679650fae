//! Runs extension functions without a native implementation in the user's own Python (experiment-format 13).
//!
//! There is one long-lived process per run, started by the first call that needs it: module state survives between
//! activities and is shared with controls. It communicates over two pipes of its own, so that output of an extension
//! cannot be mistaken for an answer, and secrets never appear on a command line or in an environment.

mod activities;
mod answer;
mod bridge;
mod controls;
mod description;
mod events;
mod inspection;
mod interpreter;
mod listening;
mod notices;
mod settings;
mod validation;
mod worker;

pub use bridge::PythonBridge;
pub use events::{EnvironmentChange, Listener, PrintStream, PythonEvent};
pub use inspection::{PythonReport, inspect_python};
pub use interpreter::{Interpreter, LazyInterpreter};
pub use settings::PythonSettings;

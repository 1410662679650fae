//! Python functions of extensions that we have not natively, in the user's own Python (experiment-format 13).
//!
//! One long-lived process a run, started by the first call that needs it: module state survives between activities
//! and is shared with controls. It talks over two pipes of its own, so that nothing an extension prints can be
//! mistaken for an answer, and secrets never show on a command line or in an environment.

mod activities;
mod answer;
mod bridge;
mod controls;
mod description;
mod events;
mod interpreter;
mod notices;
mod settings;
mod validation;
mod worker;

pub use bridge::PythonBridge;
pub use events::{EnvironmentChange, Listener, PythonEvent};
pub use interpreter::Interpreter;
pub use settings::{PrintTarget, PythonSettings};

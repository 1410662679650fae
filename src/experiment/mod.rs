//! The experiment file as a value: loading, positions for error messages, validation, configuration and secrets,
//! substitution, tolerances. Uses no other module of chaos-tui, only its `pyvalue` crate.

mod build;
pub mod configuration;
mod convert;
mod environment;
pub mod executable;
pub mod findings;
mod load;
mod model;
mod overrides;
#[cfg(test)]
mod properties;
pub mod secrets;
mod signatures;
mod substitute;
mod text_list;
pub mod tolerance;
mod typed;
mod validate;

pub use configuration::ConfigurationError;
pub use convert::{ConvertError, to_type};
pub use environment::{Environment, LiveEnvironment};
pub use findings::{Finding, Findings, Severity};
pub use load::{
    Access, Format, LoadError, MAX_SOURCE, Settings, SettingsError, load, read_bounded, read_output,
    read_text_bounded, read_without_blocking,
};
pub use model::{
    Activity, ActivityDefect, ActivityKind, Control, Entry, Hypothesis, NotRunnable, Pauses, Provider,
    ProviderKind,
};
pub use overrides::{OverrideError, Overrides, parse_var};
pub use secrets::{Secrets, SecretsError, is_word, secret_references, with_literals, word_places};
pub use signatures::{Advice, ControlCheck, Described, Parameter, Signatures};
pub use substitute::{substitute, substitute_text};
pub use text_list::text_list;
pub use typed::{Experiment, InvalidRuntime, NotAnExperiment, Runtime};
pub use validate::{Validation, ValidationChecks, check, malformed_controls, nearest, validate};

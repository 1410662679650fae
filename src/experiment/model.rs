//! The experiment's parts, typed as far as the reference runner needs them.
//!
//! Every part keeps its `raw` mapping: the journal shows activities as declared, and `--no-validation` lets
//! files through whose fields have the wrong type, which only hurts when the field is used.

use super::{Map, Value};

/// Whether an activity observes or changes the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActivityKind {
    /// Observes.
    Probe,
    /// Changes.
    Action,
}

/// What carries an activity out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// An HTTP request.
    Http,
    /// A child process.
    Process,
    /// A Python function, or the native function we have under the same name.
    Python,
}

/// A provider as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// Which one.
    pub kind: ProviderKind,
    /// The `provider` mapping as declared, unsubstituted.
    pub raw: Map,
}

/// The `pauses` of an activity, unsubstituted: numbers or `"${name}"`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pauses {
    /// Seconds before the provider is called.
    pub before: Option<Value>,
    /// Seconds after it returned.
    pub after: Option<Value>,
}

/// One activity, already looked up when it was declared as a `ref`.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// As declared; goes to the journal.
    pub raw: Map,
    /// Probe or action.
    pub kind: ActivityKind,
    /// Its name; `None` as text when it has none, as the reference prints it.
    pub name: String,
    /// What carries it out.
    pub provider: Provider,
    /// The declared tolerance; evaluated in the hypothesis only.
    pub tolerance: Option<Value>,
    /// Declared `background`.
    pub background: bool,
    /// Declared pauses.
    pub pauses: Pauses,
    /// Declared controls.
    pub controls: Vec<Control>,
    /// The `dry` key, whose mere presence turns dry mode off.
    pub dry: Option<Value>,
    /// JSON path of the declaration, such as `$.method[2]`.
    pub place: String,
}

/// A control as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// As declared.
    pub raw: Map,
    /// Its name.
    pub name: String,
}

/// The steady-state hypothesis.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// As declared.
    pub raw: Map,
    /// Its title.
    pub title: String,
    /// Its probes with their tolerances; a `ref` probe has the referring entry's tolerance.
    pub probes: Vec<Activity>,
    /// Declared controls.
    pub controls: Vec<Control>,
}

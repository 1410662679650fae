//! The parts of an experiment, typed as far as the runner needs them.
//!
//! Every part keeps its `raw` mapping: the journal contains activities as declared, and `--no-validation` accepts files
//! whose fields have the wrong type, which is an error only when the field is used.

use pyvalue::{Map, Value};

/// Whether an activity observes or changes the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActivityKind {
    Probe,
    Action,
}

/// The provider type of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    Http,
    Process,
    /// A Python function, or the native function of the same name.
    Python,
}

/// A provider as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    pub kind: ProviderKind,
    /// The `provider` mapping as declared, unsubstituted.
    pub raw: Map,
}

/// The `pauses` of an activity as declared, if any: seconds `before` the provider is called and `after` it returned, as
/// numbers or `"${name}"`. A `null` passes validation but is an error when the activity is run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pauses(pub Option<Value>);

/// One activity; a `ref` has already been resolved to its target.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// The mapping as declared; written to the journal.
    pub raw: Map,
    /// Probe or action.
    pub kind: ActivityKind,
    /// The name; the text `None` if there is none, as the reference prints it.
    pub name: String,
    /// The provider that executes the activity.
    pub provider: Provider,
    /// The declared tolerance; evaluated in the hypothesis only.
    pub tolerance: Option<Value>,
    /// Whether `background` is declared.
    pub background: bool,
    /// Declared pauses.
    pub pauses: Pauses,
    /// Declared controls.
    pub controls: Vec<Control>,
    /// The `dry` key. In the reference its presence alone turns dry mode off for the activity; in chaos-tui a value can
    /// only prevent the execution.
    pub dry: Option<Value>,
    /// JSON path of the declaration, such as `$.method[2]`.
    pub place: String,
    /// The defect that prevents the activity from being run completely.
    pub flaw: Option<ActivityDefect>,
}

/// A defect of an activity that validation did not check, or that a control has caused. The reference fails only when
/// it reaches the activity (experiment-format 8.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActivityDefect {
    /// The type is missing: the activity fails before it begins, between its controls.
    MissingType(NotRunnable),
    /// The provider is missing: the activity fails when the provider is called.
    MissingProvider(NotRunnable),
    /// The provider type is unknown: nothing is called, and the activity succeeds without output.
    UnknownProvider(NotRunnable),
}

impl ActivityDefect {
    /// The message of the defect.
    pub fn why(&self) -> &NotRunnable {
        match self {
            Self::MissingType(why) | Self::MissingProvider(why) | Self::UnknownProvider(why) => why,
        }
    }
}

/// An entry of the hypothesis, the method or the rollbacks: an activity, or a `ref` to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The mapping as declared: for a `ref`, the referring mapping.
    pub declared: Map,
    /// The name of the referenced activity, if the entry is a `ref`.
    pub reference: Option<String>,
    /// The activity to run: the target of a `ref` (experiment-format 8.3), with the tolerance of this entry. The error
    /// is the reason why nothing can be run; the reference fails only when it reaches the entry.
    pub activity: Result<Activity, NotRunnable>,
    /// Whether this entry is declared as `background`; the activity's own flag only changes the log line.
    pub background: bool,
    /// JSON path of the entry, such as `$.method[2]`.
    pub place: String,
}

impl Entry {
    /// The entry's own name as the reference prints it: `None` if there is none, as for a plain `ref`.
    pub fn name(&self) -> String {
        name_of(&self.declared)
    }
}

/// Why an entry cannot be run: an unknown reference, or (without validation) a missing part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotRunnable {
    pub message: String,
}

/// A control as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// As declared.
    pub raw: Map,
    pub name: String,
}

impl Control {
    /// Parses a `controls` list; items that are not mappings are skipped.
    pub fn list(declared: Option<&Value>) -> Vec<Control> {
        let entries = declared.and_then(Value::as_list).unwrap_or_default();
        let mappings = entries.iter().filter_map(Value::as_map);
        mappings.map(|raw| Control { raw: raw.clone(), name: name_of(raw) }).collect()
    }

    /// The name of the experiment-level control, if this one is a `ref`.
    pub fn reference(&self) -> Option<&str> {
        self.raw.get("ref").and_then(Value::as_str)
    }

    /// `before` or `after`; `None` for both.
    pub fn scope(&self) -> Option<&str> {
        self.raw.get("scope").and_then(Value::as_str).filter(|scope| !scope.is_empty())
    }

    /// Whether lower levels inherit the control.
    pub fn automatic(&self) -> bool {
        self.raw.get("automatic").is_none_or(Value::truthy)
    }

    /// The Python module; `None` for other provider types, which have no effect.
    pub fn module(&self) -> Option<&str> {
        let provider = self.raw.get("provider")?;
        let python = provider.get("type").and_then(Value::as_str) == Some("python");
        provider.get("module").and_then(Value::as_str).filter(|_| python)
    }

    /// The control's arguments, unsubstituted.
    pub fn arguments(&self) -> Map {
        let arguments = self.raw.get("provider").and_then(|provider| provider.get("arguments"));
        arguments.and_then(Value::as_map).cloned().unwrap_or_default()
    }
}

/// The steady-state hypothesis.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// As declared.
    pub raw: Map,
    /// The title as the reference prints it.
    pub title: String,
    /// The probes; a `ref` probe has the referring entry's tolerance.
    pub probes: Vec<Entry>,
    /// Declared controls.
    pub controls: Vec<Control>,
}

/// The `name` of a mapping as text; the text `None` if there is none.
pub(super) fn name_of(mapping: &Map) -> String {
    mapping.get("name").map_or_else(|| "None".to_owned(), pyvalue::python_text)
}

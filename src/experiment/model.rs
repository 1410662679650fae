//! The experiment's parts, typed as far as the reference runner needs them.
//!
//! Every part keeps its `raw` mapping: the journal shows activities as declared, and `--no-validation` lets
//! files through whose fields have the wrong type, which only hurts when the field is used.

use pyvalue::{Map, Value};

/// Whether an activity observes or changes the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActivityKind {
    Probe,
    Action,
}

/// What carries an activity out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    Http,
    Process,
    /// A Python function, or the native function we have under the same name.
    Python,
}

/// A provider as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    pub kind: ProviderKind,
    /// The `provider` mapping as declared, unsubstituted.
    pub raw: Map,
}

/// The `pauses` of an activity as declared, if they are: seconds `before` the provider is called and `after` it
/// returned, as numbers or `"${name}"`. A `null` passes validation, and is stumbled over when the activity is played.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pauses(pub Option<Value>);

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
    /// Why it cannot be played to its end.
    pub flaw: Option<Flaw>,
}

/// What an activity lacks that nobody checked, or that a control has taken from it. The reference stumbles over it only
/// when it gets there (experiment-format 8.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It breaks before it begins, between its controls.
    Typeless(Unplayable),
    /// It breaks when its provider is called.
    Providerless(Unplayable),
    /// Nothing is called, and it succeeds with nothing.
    UnknownProvider(Unplayable),
}

impl Flaw {
    /// In words.
    pub fn why(&self) -> &Unplayable {
        match self {
            Self::Typeless(why) | Self::Providerless(why) | Self::UnknownProvider(why) => why,
        }
    }
}

/// An entry of the hypothesis, the method or the rollbacks: an activity, or a `ref` to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// As declared: for a `ref`, the referring mapping.
    pub declared: Map,
    /// The name it refers to, when it is a `ref`.
    pub reference: Option<String>,
    /// The activity to run: the target of a `ref` (experiment-format 8.3), with the tolerance of this entry.
    /// The error says why there is nothing to run; the reference stumbles over it only when it gets there.
    pub activity: Result<Activity, Unplayable>,
    /// Whether this entry asks for the background; the activity's own flag only changes the log line.
    pub background: bool,
    /// JSON path of the entry, such as `$.method[2]`.
    pub place: String,
}

impl Entry {
    /// The entry's own name as the reference prints it: `None` when it has none, as a bare `ref`.
    pub fn name(&self) -> String {
        name_of(&self.declared)
    }
}

/// Why an entry cannot be run: an unknown reference, or (without validation) a missing part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unplayable {
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
    /// Reads the controls of a `controls` list; what is no mapping is left out.
    pub fn list(declared: Option<&Value>) -> Vec<Control> {
        let entries = declared.and_then(Value::as_list).unwrap_or_default();
        let mappings = entries.iter().filter_map(Value::as_map);
        mappings.map(|raw| Control { raw: raw.clone(), name: name_of(raw) }).collect()
    }

    /// The experiment-level control it names, when it is a `ref`.
    pub fn reference(&self) -> Option<&str> {
        self.raw.get("ref").and_then(Value::as_str)
    }

    /// `before` or `after`; `None` for both.
    pub fn scope(&self) -> Option<&str> {
        self.raw.get("scope").and_then(Value::as_str).filter(|scope| !scope.is_empty())
    }

    /// Whether lower levels inherit it.
    pub fn automatic(&self) -> bool {
        self.raw.get("automatic").is_none_or(Value::truthy)
    }

    /// The Python module, for the only kind of control that does anything.
    pub fn module(&self) -> Option<&str> {
        let provider = self.raw.get("provider")?;
        let python = provider.get("type").and_then(Value::as_str) == Some("python");
        provider.get("module").and_then(Value::as_str).filter(|_| python)
    }

    /// Its arguments, unsubstituted.
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
    /// Its title as the reference prints it.
    pub title: String,
    /// Its probes; a `ref` probe has the referring entry's tolerance.
    pub probes: Vec<Entry>,
    /// Declared controls.
    pub controls: Vec<Control>,
}

/// The `name` of a mapping as text, `None` when it has none.
pub(super) fn name_of(mapping: &Map) -> String {
    mapping.get("name").map_or_else(|| "None".to_owned(), pyvalue::python_text)
}

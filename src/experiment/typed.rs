//! The experiment in the form that the runner uses.

use super::{
    Activity, Control, Entry, Hypothesis, NotRunnable,
    build::{self, NamedActivities},
};
use pyvalue::{Document, Map, Value};

/// An experiment that may be run. Returned by [`super::validate`], or explicitly by [`Experiment::unchecked`].
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    document: Document,
    hypothesis: Option<Hypothesis>,
    method: Vec<Entry>,
    rollbacks: Vec<Entry>,
    controls: Vec<Control>,
}

/// The root of the document is not a mapping, so not even the reference can load it as an experiment.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{} holds no experiment: its top level must be a mapping with `title`, `description` and `method`", document.source())]
pub struct NotAnExperiment {
    /// The document that was loaded.
    pub document: Box<Document>,
}

/// A `runtime` block, or a part of it, has the wrong type; the reference crashes on it when the run starts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` must be a mapping: write {{hypothesis: {{strategy: ...}}, rollbacks: {{strategy: ...}}}}, or leave it out"
)]
pub struct InvalidRuntime(String);

/// The strategies of a `runtime` block of an experiment or of the settings (experiment-format 2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// The hypothesis strategy as written; `default` when missing.
    pub hypothesis: String,
    /// The rollback strategy as written; `default` when missing.
    pub rollbacks: String,
}

impl Default for Runtime {
    fn default() -> Self {
        Self { hypothesis: "default".to_owned(), rollbacks: "default".to_owned() }
    }
}

impl Runtime {
    /// Parses the `runtime` of an experiment; `None` if absent or empty, so that sources of lower precedence stay in
    /// force. A missing strategy is `default` if the block exists.
    pub fn of_experiment(experiment: &Map) -> Result<Option<Self>, InvalidRuntime> {
        experiment.get("runtime").filter(|runtime| runtime.truthy()).map(Self::of).transpose()
    }

    /// Parses the `runtime` of settings, which may be absent, but not null.
    pub fn of_settings(settings: &Map) -> Result<Option<Self>, InvalidRuntime> {
        settings.get("runtime").map(Self::of).transpose()
    }

    fn of(runtime: &Value) -> Result<Self, InvalidRuntime> {
        let runtime = runtime.as_map().ok_or_else(|| InvalidRuntime("runtime".to_owned()))?;
        let strategy = |part: &str| match runtime.get(part) {
            None => Ok("default".to_owned()),
            Some(Value::Map(part)) => {
                Ok(part.get("strategy").map_or_else(|| "default".to_owned(), pyvalue::python_text))
            }
            Some(_) => Err(InvalidRuntime(format!("runtime.{part}"))),
        };
        Ok(Self { hypothesis: strategy("hypothesis")?, rollbacks: strategy("rollbacks")? })
    }
}

impl Experiment {
    /// Builds an experiment from a document without validation, for `--no-validation`. Entries that cannot be run are
    /// detected when the run reaches them.
    pub fn unchecked(document: Document) -> Result<Self, NotAnExperiment> {
        let Some(map) = document.root().as_map() else {
            return Err(NotAnExperiment { document: Box::new(document) });
        };
        let named = NamedActivities::of(map);
        Ok(Self {
            hypothesis: build::hypothesis(map, &named),
            method: build::entries(build::method(map), &build::METHOD, &named),
            rollbacks: build::entries(build::rollbacks(map), &build::ROLLBACKS, &named),
            controls: Control::list(map.get("controls")),
            document,
        })
    }

    /// The same experiment with another mapping, as a control changed it: the rest of the run uses the new mapping.
    pub fn amended(&self, raw: Map) -> Self {
        let named = NamedActivities::of(&raw);
        let hypothesis = build::hypothesis(&raw, &named);
        let method = build::entries(build::method(&raw), &build::METHOD, &named);
        let rollbacks = build::entries(build::rollbacks(&raw), &build::ROLLBACKS, &named);
        let controls = Control::list(raw.get("controls"));
        let mut document = self.document.clone();
        *document.root_mut() = raw.into();
        Self { document, hypothesis, method, rollbacks, controls }
    }

    /// The document that the experiment was loaded from.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The whole mapping as loaded; the first part of the journal.
    pub fn raw(&self) -> &Map {
        static EMPTY: std::sync::LazyLock<Map> = std::sync::LazyLock::new(Map::default);
        self.document.root().as_map().unwrap_or(&EMPTY)
    }

    /// Records in the mapping, for the journal, that the dynamic entries of the configuration receive no secrets, as
    /// none are declared; overridden entries are skipped. (If secrets are declared, the reference writes them into the
    /// mapping; chaos-tui keeps the declaration unchanged.)
    pub fn note_no_secrets(&mut self, overrides: &Map) {
        let Some(Value::Map(configuration)) = self.document.root_mut().get_mut("configuration") else {
            return;
        };
        for (_, entry) in configuration.iter_mut().filter(|(name, _)| !overrides.contains_key(*name)) {
            if super::configuration::is_dynamic(entry)
                && let Some(Value::Map(provider)) = entry.get_mut("provider")
            {
                provider.insert("secrets".to_owned(), Map::default().into());
            }
        }
    }

    /// The title, unsubstituted.
    pub fn title(&self) -> &Value {
        self.raw().get("title").unwrap_or(&Value::Null)
    }

    /// The steady-state hypothesis, if one is declared and not empty.
    pub fn hypothesis(&self) -> Option<&Hypothesis> {
        self.hypothesis.as_ref()
    }

    /// The method in order.
    pub fn method(&self) -> &[Entry] {
        &self.method
    }

    /// The rollbacks in order.
    pub fn rollbacks(&self) -> &[Entry] {
        &self.rollbacks
    }

    /// The declared configuration, unresolved: see [`super::configuration::resolve`].
    pub fn configuration(&self) -> Map {
        self.mapping("configuration")
    }

    /// The declared secrets, unresolved: see [`super::secrets::resolve`].
    pub fn secrets(&self) -> Map {
        self.mapping("secrets")
    }

    /// The experiment-level controls.
    pub fn controls(&self) -> &[Control] {
        &self.controls
    }

    /// The strategies that the experiment declares.
    pub fn runtime(&self) -> Result<Option<Runtime>, InvalidRuntime> {
        Runtime::of_experiment(self.raw())
    }

    /// The `extensions`, for controls.
    pub fn extensions(&self) -> Option<&Value> {
        self.raw().get("extensions")
    }

    /// The extension of this name, such as `chaos-tui`.
    pub fn extension(&self, name: &str) -> Option<&Map> {
        let named = |extension: &&Map| extension.get("name").and_then(Value::as_str) == Some(name);
        build::list(self.extensions()).iter().filter_map(Value::as_map).find(named)
    }

    fn mapping(&self, key: &str) -> Map {
        self.raw().get(key).and_then(Value::as_map).cloned().unwrap_or_default()
    }
}

impl Activity {
    /// An activity declared outside the three lists: a dynamic configuration entry, the probe of a tolerance.
    /// `place` is its JSON path.
    pub fn declared(raw: &Map, place: &str) -> Result<Self, NotRunnable> {
        build::activity(raw, place)
    }

    /// This activity with another declaration, as a control changed it, even if it cannot be run any more.
    pub fn edited(&self, raw: &Map) -> Self {
        let edited = build::flawed(raw, &self.place);
        // The tolerance of a reference is that of the referring entry.
        if self.tolerance.as_ref() == self.raw.get("tolerance") {
            edited
        } else {
            Self { tolerance: self.tolerance.clone(), ..edited }
        }
    }
}

//! The settings file (experiment-format 1.4).

use crate::experiment::{Environment, Runtime};
use pyvalue::{Document, Map, SyntaxError, Value};
use std::path::{Path, PathBuf};

/// The content of the settings file; empty if there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    entries: Map,
    /// Whether the file exists but is empty.
    null: bool,
}

/// Why a settings file is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Invalid YAML: one ERROR line is logged, and the run continues without settings.
    #[error("Failed parsing YAML settings: {0}")]
    Syntax(SyntaxError),
    /// Not a mapping; the reference crashes on it.
    #[error("the settings file {0} must be a mapping of keys to values")]
    NoMapping(PathBuf),
    /// The file exists but cannot be read.
    #[error("cannot read the settings file {path}: {reason}")]
    Unreadable { path: PathBuf, reason: String },
}

impl Settings {
    /// `~/.chaostoolkit/settings.yaml`.
    pub fn default_path(environment: &Environment) -> PathBuf {
        let home = environment.get("HOME").map(PathBuf::from).unwrap_or_default();
        home.join(".chaostoolkit").join("settings.yaml")
    }

    /// Reads a settings file; a missing or empty file has no settings.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = super::read_text_bounded(path).map_err(|error| SettingsError::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        let document = Document::yaml(path.display().to_string(), text).map_err(SettingsError::Syntax)?;
        match document.root() {
            Value::Map(map) => Ok(map.clone().into()),
            Value::Null => Ok(Self { null: true, ..Self::default() }),
            _ => Err(SettingsError::NoMapping(path.to_owned())),
        }
    }

    /// A top-level key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key)
    }

    /// The settings that extensions receive during a run, to which the run adds the strategies in force and the names
    /// of the controls.
    pub fn with_runtime(&self, runtime: &Runtime) -> Map {
        let mut settings = self.entries.clone();
        if let Some(Value::Map(controls)) = settings.get_mut("controls") {
            for (name, control) in controls {
                if let Value::Map(control) = control {
                    control.insert("name".to_owned(), name.as_str().into());
                }
            }
        }
        let entry = settings.entry("runtime".to_owned()).or_insert_with(|| Map::default().into());
        if let Value::Map(block) = entry {
            for (part, strategy) in [("rollbacks", &runtime.rollbacks), ("hypothesis", &runtime.hypothesis)] {
                let part = block.entry(part.to_owned()).or_insert_with(|| Map::default().into());
                if let Value::Map(part) = part {
                    part.insert("strategy".to_owned(), strategy.as_str().into());
                }
            }
        }
        settings
    }

    /// All settings, as extensions receive them before the run: null if the file is empty, as in the reference.
    pub fn loaded(&self) -> Value {
        if self.null { Value::Null } else { self.entries.clone().into() }
    }

    /// All settings, for notifications and for the strategies of [`super::super::Runtime::of_settings`].
    pub fn as_map(&self) -> &Map {
        &self.entries
    }
}

impl From<Map> for Settings {
    fn from(map: Map) -> Self {
        Self { entries: map, null: false }
    }
}

//! One test case: an experiment, its environment, and how it is run.

use serde_json::{Value as Json, json};

/// One case of the corpus.
#[derive(Debug, Default)]
pub(crate) struct Case {
    /// The name of the case: the behaviour it tests.
    pub name: String,
    /// The corpus file and line of the case.
    pub place: String,
    /// The subcommand: `run` or `validate`.
    pub command: String,
    /// Global options, placed before the subcommand.
    pub global: Vec<String>,
    /// Options of the subcommand.
    pub options: Vec<String>,
    /// Environment variables, in addition to the common ones.
    pub environment: Vec<(String, String)>,
    /// The experiment to run, by default a file of the case.
    pub source: String,
    /// The files of the folder, in the order in which they are written.
    pub files: Vec<(String, Vec<u8>)>,
    /// Whether the order of lines on the console and in files is ignored, because several activities run concurrently.
    pub any_order: bool,
    /// A deliberate difference; `None` if both programs must behave the same.
    pub difference: Option<Difference>,
}

/// A difference listed in `docs/differences.md`: JSON pointers into the outcome, and the value of each program there.
#[derive(Debug)]
pub(crate) struct Difference {
    /// Words of the row in `docs/differences.md`.
    pub row: String,
    /// The reference's value at each pointer.
    pub theirs: Json,
    /// chaos-tui's value at each pointer.
    pub ours: Json,
}

impl Case {
    /// Whether several activities run concurrently, so that their order is not deterministic.
    pub(crate) fn is_concurrent(&self) -> bool {
        let background = |text: &[u8]| String::from_utf8_lossy(text).contains("\"background\"");
        self.any_order || self.files.iter().any(|(_, text)| background(text))
    }

    /// Whether the name or the place of the case contains the text.
    pub(crate) fn is_called(&self, text: &str) -> bool {
        self.name.contains(text) || self.place.contains(text)
    }

    /// Builds an experiment from a short form: a `tolerance` on a `given` output, or a `substitute`d argument.
    pub(crate) fn of_short_form(headers: &[(String, Json)]) -> Option<Json> {
        let header = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let give = |value: &Json| json!({"type": "python", "module": "given", "func": "value", "arguments": {"value": value}});
        let mut experiment = json!({"title": "t", "description": "d"});
        match (header("tolerance"), header("substitute")) {
            (Some(tolerance), None) => {
                let given = header("given").unwrap_or(&Json::Null);
                let probe =
                    json!({"type": "probe", "name": "p", "tolerance": tolerance, "provider": give(given)});
                experiment["steady-state-hypothesis"] = json!({"title": "h", "probes": [probe]});
                experiment["method"] = json!([]);
            }
            (None, Some(template)) => {
                experiment["method"] = json!([{"type": "probe", "name": "p", "provider": give(template)}]);
            }
            _ => return None,
        }
        for part in ["configuration", "secrets"] {
            if let Some(value) = header(part) {
                experiment[part] = value.clone();
            }
        }
        Some(experiment)
    }
}

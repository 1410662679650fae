//! One case: an experiment, its surroundings, and how it is played.

use serde_json::{Value as Json, json};

/// One case of the corpus.
#[derive(Debug, Default)]
pub(crate) struct Case {
    /// What it pins.
    pub name: String,
    /// Where it is written.
    pub place: String,
    /// `run` or `validate`.
    pub command: String,
    /// Global options, which stand before the command.
    pub global: Vec<String>,
    /// Options of the command.
    pub options: Vec<String>,
    /// Variables, besides those that every case has.
    pub environment: Vec<(String, String)>,
    /// What is played: a file of the case unless told otherwise.
    pub source: String,
    /// Everything in the folder, in the order written.
    pub files: Vec<(String, Vec<u8>)>,
    /// Console lines and those of files may come in any order: several activities run at once.
    pub any_order: bool,
    /// A deliberate difference; none where both must do the same.
    pub difference: Option<Difference>,
}

/// A difference that `docs/differences.md` lists: places (JSON pointers) in what was seen, and what each side has there.
#[derive(Debug)]
pub(crate) struct Difference {
    /// Words of the row in `docs/differences.md`.
    pub row: String,
    /// What the reference shows at each place.
    pub theirs: Json,
    /// What we show at each place.
    pub ours: Json,
}

impl Case {
    /// Whether several of its activities run at once: who comes first is up to the machine.
    pub(crate) fn is_concurrent(&self) -> bool {
        let background = |text: &[u8]| String::from_utf8_lossy(text).contains("\"background\"");
        self.any_order || self.files.iter().any(|(_, text)| background(text))
    }

    /// Whether its name or its place contains the text.
    pub(crate) fn is_called(&self, text: &str) -> bool {
        self.name.contains(text) || self.place.contains(text)
    }

    /// The short forms of an experiment: `tolerance` on a `given` output, a `substitute`d argument.
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

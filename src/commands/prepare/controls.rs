//! Reads the controls of the settings file and of `--control-file` (experiment-format 10.1).

use super::Refusal;
use crate::{
    experiment::{Control, Described, Settings, Signatures, read_text_bounded, read_without_blocking},
    session::{EventKind, event::Level, stream::Emitter},
};
use pyvalue::{Document, Map, Value};
use std::path::{Path, PathBuf};

/// Returns the controls of the settings, then those of the files. A file that cannot be parsed is logged and skipped.
pub(super) async fn read(
    settings: &Settings,
    files: &[PathBuf],
    emitter: &Emitter,
) -> Result<Vec<Control>, Refusal> {
    let mut controls = match settings.get("controls") {
        None => Vec::new(),
        Some(Value::Map(declared)) => parse_controls(declared, "the settings").map_err(Refusal::invalid)?,
        Some(_) => {
            return Err(Refusal::invalid(
                "the `controls` of the settings must be a mapping of names to controls, or left out",
            ));
        }
    };
    let mut of_files = Vec::new();
    for path in files {
        let shown = format!("the control file '{}'", path.display());
        match read_without_blocking(path, parse).await? {
            Ok(declared) => match parse_controls(&declared, &shown) {
                Ok(of_file) => of_files.extend(of_file),
                // The reference then ignores all control files, as if its engine did not support them.
                Err(Malformed::Kind(message)) => {
                    let message = format!("{message}; no control file is used");
                    report(emitter, Level::Warning, message).await;
                    return Ok(controls);
                }
                Err(malformed) => return Err(Refusal::invalid(malformed)),
            },
            Err(message) => report(emitter, Level::Error, message).await,
        }
    }
    controls.append(&mut of_files);
    Ok(controls)
}

async fn report(emitter: &Emitter, level: Level, message: String) {
    emitter.emit(EventKind::Logged { level, target: "chaostoolkit".to_owned(), message }).await;
}

/// Returns the controls whose module exists in Python. A broken module is an error, since the reference crashes on it.
pub(super) async fn importable(
    controls: Vec<Control>,
    signatures: &dyn Signatures,
) -> Result<Vec<Control>, Refusal> {
    let mut kept = Vec::new();
    for control in controls {
        if let Some(module) = control.module() {
            match signatures.describe(module, "before_loading_experiment_control").await {
                Described::ImportError(_) => continue,
                Described::Broken(message) => {
                    let name = &control.name;
                    let refused =
                        format!("the module '{module}' of the control '{name}' is broken: {message}");
                    return Err(Refusal::invalid(refused));
                }
                Described::Function { .. } | Described::Missing { .. } | Described::Unknown(_) => {}
            }
        }
        kept.push(control);
    }
    Ok(kept)
}

/// Why a declared control is invalid.
#[derive(Debug, thiserror::Error)]
enum Malformed {
    /// The control or its provider is not a mapping.
    #[error("{0}")]
    Kind(String),
    /// The provider lacks an entry.
    #[error("{0}")]
    Lack(String),
}

/// Parses a mapping of names to controls; `place` says in messages where it is.
fn parse_controls(declared: &Map, place: &str) -> Result<Vec<Control>, Malformed> {
    let control = |(name, value): (&String, &Value)| {
        let at = format!("the control '{name}' of {place}");
        let Value::Map(control) = value else {
            return Err(Malformed::Kind(format!("{at} must be a mapping with a `provider`")));
        };
        check_provider(control.get("provider"), &at)?;
        let mut raw = control.clone();
        raw.insert("name".to_owned(), name.as_str().into());
        Ok(Control { raw, name: name.clone() })
    };
    declared.iter().map(control).collect()
}

/// Rejects a provider on which the reference would crash, on loading or on calling the control.
fn check_provider(provider: Option<&Value>, at: &str) -> Result<(), Malformed> {
    let lack = |what: &str| Err(Malformed::Lack(format!("{at} has a provider {what}")));
    match provider {
        None => Ok(()),
        Some(Value::Map(provider)) if provider.is_empty() => Ok(()),
        Some(Value::Map(provider)) => match provider.get("type") {
            None => lack("without `type`: give it `type: python`"),
            Some(kind) if kind.as_str() == Some("python") && !provider.contains_key("module") => {
                lack("without `module`: name the Python module of the control")
            }
            Some(_) => Ok(()),
        },
        Some(other) if other.truthy() => {
            Err(Malformed::Kind(format!("{at} must have a mapping as its `provider`")))
        }
        Some(_) => lack("that is empty: leave it out, or give it `type` and `module`"),
    }
}

/// Parses a control file. On the inner error the file is skipped; on the outer error the reference crashes.
fn parse(path: &Path) -> Result<Result<Map, String>, Refusal> {
    let shown = path.display().to_string();
    let unusable = |why: &str| Refusal::invalid(format!("the control file '{shown}' {why}"));
    let text = read_text_bounded(path).map_err(|error| unusable(&format!("cannot be read: {error}")))?;
    if text.is_empty() {
        return Ok(Ok(Map::default()));
    }
    let document = match path.extension().and_then(|extension| extension.to_str()) {
        Some("yaml" | "yml") => Document::yaml(shown.as_str(), text),
        Some("json") | None => Document::json(shown.as_str(), text),
        Some(_) => return Err(unusable("must be called .json, .yaml or .yml")),
    };
    match document {
        Err(error) => Ok(Err(format!("Failed to parse control file '{shown}': {error}"))),
        Ok(document) => match document.root() {
            Value::Map(controls) => Ok(Ok(controls.clone())),
            Value::Null => {
                Err(unusable("holds nothing; give it a mapping of names to controls, or leave it out"))
            }
            _ => Err(unusable("must be a mapping of names to controls")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::{
        experiment::Settings,
        session::{clock::Clock, stream},
    };
    use pyvalue::{Map, parse_json};

    #[tokio::test]
    async fn controls_of_settings_come_before_those_of_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let settings = parse_json(r#"{"controls": {"a": {"provider": {}}}}"#).unwrap();
        let settings = Settings::from(settings.as_map().unwrap().clone());
        let files = [file("b.yaml", "b: {provider: {}}"), file("c", r#"{"c": {}}"#), file("bad.json", "{")];
        let (emitter, mut events) = stream::stream(Clock::system());
        let controls = read(&settings, &files, &emitter).await.unwrap();
        let names: Vec<&str> = controls.iter().map(|control| control.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert!(format!("{:?}", events.try_next()).contains("Failed to parse control file"));
        for (name, text) in
            [("x.txt", "{}x"), ("list.json", "[1]"), ("empty.json", "[]"), ("blank.yaml", " \n")]
        {
            assert!(
                read(&Settings::from(Map::default()), &[file(name, text)], &emitter).await.is_err(),
                "{name}"
            );
        }
    }
}

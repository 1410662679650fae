//! `--var` and `--var-file` (experiment-format 4.5).

use super::{ConvertError, Environment, convert, read_text_bounded};
use pyvalue::{Document, Map, Value};
use std::path::{Path, PathBuf};

/// Values from the command line that replace declared ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    pub configuration: Map,
    /// Overrides of secrets, by whole scopes. Must not be shown.
    pub secrets: Map,
}

/// Why a `--var` or `--var-file` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// The `=` is missing. A usage error.
    #[error("var needs to be in the format name[:type]=value, not '{0}'")]
    NoValue(String),
    /// The value does not fit the type. A usage error.
    #[error("'{var}': {error}")]
    Convert { var: String, error: ConvertError },
    /// The file parses but is not a mapping; the reference crashes on it.
    #[error("var file '{0}' must be a mapping with `configuration` and `secrets`")]
    NoMapping(PathBuf),
    /// The file's `configuration` or `secrets` is not a mapping; the reference crashes on it.
    #[error("`{key}` in var file '{path}' must be a mapping")]
    NoMappingAt { path: PathBuf, key: &'static str },
    /// An environment line without `=`; the reference crashes on it.
    #[error("line {line} of var file '{path}' has no `=`")]
    NoAssignment { path: PathBuf, line: usize },
}

/// Reads one `--var NAME[:TYPE]=VALUE`.
pub fn parse_var(var: &str) -> Result<(String, Value), OverrideError> {
    let Some((name, text)) = var.split_once('=') else { return Err(OverrideError::NoValue(var.to_owned())) };
    let (name, kind) = name.rsplit_once(':').map_or((name, None), |(name, kind)| (name, Some(kind)));
    let value = convert::to_type(kind, &Value::from(text))
        .map_err(|error| OverrideError::Convert { var: var.to_owned(), error })?;
    Ok((name.to_owned(), value))
}

impl Overrides {
    /// Reads the files, then applies the single values over them. Variables of environment files are written into
    /// `environment`. Also returns a message for each file that is skipped.
    pub fn read(
        vars: &[(String, Value)],
        files: &[PathBuf],
        environment: &mut Environment,
    ) -> Result<(Self, Vec<String>), OverrideError> {
        let mut overrides = Self::default();
        let mut messages = Vec::new();
        for path in files {
            if let Err(message) = overrides.add_file(path, environment)? {
                messages.push(message);
            }
        }
        overrides.configuration.extend(vars.iter().cloned());
        Ok((overrides, messages))
    }

    /// The inner error is the message for a skipped file.
    fn add_file(
        &mut self,
        path: &Path,
        environment: &mut Environment,
    ) -> Result<Result<(), String>, OverrideError> {
        let shown = path.display();
        // Excludes folders and also named pipes, which might block for ever.
        if !path.is_file() {
            return Ok(Err(format!("Cannot read var file '{shown}'")));
        }
        let text = match read_text_bounded(path) {
            Ok(text) if text.is_empty() => return Ok(Ok(())),
            Ok(text) => text,
            Err(error) => return Ok(Err(format!("Cannot read var file '{shown}': {error}"))),
        };
        let parsed = match path.extension().and_then(|extension| extension.to_str()) {
            Some("yaml" | "yml") => Document::yaml(shown.to_string(), text.as_str()),
            Some("json") => Document::json(shown.to_string(), text.as_str()),
            _ => return environment_lines(path, &text, environment).map(Ok),
        };
        let document = match parsed {
            Ok(document) => document,
            Err(error) => return Ok(Err(format!("Failed to parse variable file '{shown}': {error}"))),
        };
        match document.root() {
            empty if !empty.truthy() => environment_lines(path, &text, environment).map(Ok),
            Value::Map(map) => {
                self.configuration.extend(mapping(map, path, "configuration")?);
                self.secrets.extend(mapping(map, path, "secrets")?);
                Ok(Ok(()))
            }
            _ => Err(OverrideError::NoMapping(path.to_owned())),
        }
    }
}

fn mapping(map: &Map, path: &Path, key: &'static str) -> Result<Map, OverrideError> {
    match map.get(key) {
        None => Ok(Map::default()),
        Some(Value::Map(entries)) => Ok(entries.clone()),
        Some(_) => Err(OverrideError::NoMappingAt { path: path.to_owned(), key }),
    }
}

fn environment_lines(path: &Path, text: &str, environment: &mut Environment) -> Result<(), OverrideError> {
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            return Err(OverrideError::NoAssignment { path: path.to_owned(), line: index + 1 });
        };
        environment.set(name, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{OverrideError, Overrides, parse_var};
    use crate::experiment::Environment;
    use pyvalue::{Value, parse_json};
    use std::path::PathBuf;

    #[test]
    fn vars_are_cut_at_the_first_equals_sign_and_the_last_colon() {
        let table = [
            ("a=b=c", "a", "\"b=c\""),
            ("a:b:int=5", "a:b", "5"),
            ("a:json={\"x\": [1]}", "a", "{\"x\": [1]}"),
            ("a=", "a", "\"\""),
            ("a:bool=off", "a", "true"),
        ];
        for (var, name, value) in table {
            assert_eq!(parse_var(var), Ok((name.to_owned(), parse_json(value).unwrap())), "{var}");
        }
    }

    #[test]
    fn c043_a_value_that_does_not_fit_its_type_is_a_usage_error() {
        for var in ["a:int=x", "a", "a:=5", "a:strange=5"] {
            assert!(parse_var(var).is_err(), "{var}");
        }
    }

    fn read(files: &[(&str, &str)]) -> (Result<(Overrides, Vec<String>), OverrideError>, Environment) {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = files
            .iter()
            .map(|(name, text)| {
                let path = folder.path().join(name);
                std::fs::write(&path, text).unwrap();
                path
            })
            .collect();
        let mut environment = Environment::default();
        let overrides = Overrides::read(&[("v".to_owned(), Value::Int(1))], &paths, &mut environment);
        (overrides, environment)
    }

    #[test]
    fn later_files_replace_whole_keys_and_vars_win() {
        let files = [
            ("a.json", r#"{"configuration": {"v": 0, "w": {"x": 1}}, "secrets": {"s": {"a": 1}}}"#),
            ("b.yaml", "configuration: {w: {y: 2}}\nsecrets: {s: {b: 2}}\n"),
        ];
        let (overrides, messages) = read(&files).0.unwrap();
        assert_eq!(Value::from(overrides.configuration), parse_json(r#"{"v": 1, "w": {"y": 2}}"#).unwrap());
        assert_eq!(Value::from(overrides.secrets), parse_json(r#"{"s": {"b": 2}}"#).unwrap());
        assert_eq!(messages, Vec::<String>::new());
    }

    #[test]
    fn c045_environment_files_are_seen_by_what_comes_after() {
        let (overrides, environment) = read(&[("x.env", "# no\n\n  A=1=2  \nexport B=\"q\"\n")]);
        assert!(overrides.is_ok());
        assert_eq!(environment.get("A").as_deref(), Some("1=2"));
        assert_eq!(environment.get("export B").as_deref(), Some("\"q\""));
    }

    #[test]
    fn bad_files_are_left_out_or_refused() {
        let (overrides, _) = read(&[("a.json", "{"), ("b.json", "")]);
        assert_eq!(overrides.unwrap().1.len(), 1);
        assert!(matches!(read(&[("a.json", "[1]")]).0, Err(OverrideError::NoMapping(_))));
        assert!(matches!(read(&[("a.json", "{}")]).0, Err(OverrideError::NoAssignment { line: 1, .. })));
        assert!(matches!(read(&[("a.env", "A")]).0, Err(OverrideError::NoAssignment { .. })));
        assert!(matches!(read(&[("a.json", "{\"secrets\": 5}")]).0, Err(OverrideError::NoMappingAt { .. })));
    }
}

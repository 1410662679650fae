//! The configuration: inline values, the environment, and probes that run before the experiment
//! (experiment-format 4.2, 4.4).

use super::{Activity, ActivityDefect, Environment, Secrets, build, convert};
use pyvalue::{Map, Value, place};

/// Why the configuration cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationError {
    /// The variable is not set and the entry has no default.
    #[error("Configuration makes reference to an environment key that does not exist: {variable}")]
    Unset { entry: String, variable: String },
    /// The entry has no `key`.
    #[error("configuration entry '{entry}' is of type env but names no variable: add a `key`, a text")]
    NoKey { entry: String },
    /// A dynamic entry has no provider that could compute its value.
    #[error("configuration entry '{entry}' is of type probe but has no `provider` with a `type`: add it")]
    NoProvider { entry: String },
    /// The value does not fit the `env_var_type`.
    #[error("configuration entry '{entry}': {reason}")]
    Convert { entry: String, reason: String },
}

/// Resolves a declared configuration. `overrides` replace declared entries before they are resolved, others are
/// dropped. Dynamic entries (`type: probe`) stay as declared: [`resolve_dynamic`] runs them.
pub fn resolve(
    declared: &Map,
    overrides: &Map,
    environment: &Environment,
) -> Result<Map, ConfigurationError> {
    declared
        .iter()
        .map(|(name, value)| {
            let value = overrides.get(name).unwrap_or(value);
            Ok((name.clone(), entry(name, value, environment)?))
        })
        .collect()
}

/// Resolves one entry; [`resolve`] stops at the first error, validation checks every entry.
pub(super) fn entry(
    name: &str,
    value: &Value,
    environment: &Environment,
) -> Result<Value, ConfigurationError> {
    if value.get("type").and_then(Value::as_str) != Some("env") {
        return Ok(value.clone());
    }
    let entry = || name.to_owned();
    let Some(variable) = value.get("key").and_then(Value::as_str).map(str::to_owned) else {
        return Err(ConfigurationError::NoKey { entry: entry() });
    };
    let found = environment.get(&variable).map(Value::Text).or_else(|| value.get("default").cloned());
    let Some(found) = found else { return Err(ConfigurationError::Unset { entry: entry(), variable }) };
    let kind = value.get("env_var_type").filter(|kind| !kind.is_null()).map(pyvalue::python_text);
    convert::to_type(kind.as_deref(), &found)
        .map_err(|error| ConfigurationError::Convert { entry: entry(), reason: error.to_string() })
}

/// Checks that each dynamic entry has a provider: the reference crashes on one without, also if validation is disabled.
pub fn check_dynamic(configuration: &Map) -> Result<(), ConfigurationError> {
    let dynamic = configuration.iter().filter(|(_, value)| is_dynamic(value));
    let lacking = |value: &Value| value.get("provider").is_none_or(|provider| provider.get("type").is_none());
    match dynamic.into_iter().find(|(_, value)| lacking(value)) {
        None => Ok(()),
        Some((entry, _)) => Err(ConfigurationError::NoProvider { entry: entry.clone() }),
    }
}

/// Whether an entry is dynamic: its value is the output of a probe.
pub fn is_dynamic(value: &Value) -> bool {
    value.get("type").and_then(Value::as_str) == Some("probe")
}

/// How a dynamic entry's probe ended, in the reference's terms.
#[derive(Clone, Debug, PartialEq)]
pub enum DynamicOutcome {
    /// The provider's output.
    Output(Value),
    /// It failed; the reason is for the log only.
    Failed(String),
    /// It ends the run before it begins: no further dynamic entry is resolved.
    Ended,
}

/// A dynamic entry whose probe failed, so that the entry has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DynamicFailure {
    pub entry: String,
    pub reason: String,
}

/// Runs the dynamic entries in file order. `run` calls the provider of a probe; it gets the activity (its
/// `provider.secrets` lists every scope, as the reference's overwritten mapping amounts to) and the configuration
/// resolved so far. A failed entry is left out.
pub async fn resolve_dynamic<Run>(
    configuration: Map,
    secrets: &Secrets,
    mut run: Run,
) -> (Map, Vec<DynamicFailure>)
where
    Run: AsyncFnMut(&Activity, &Map) -> DynamicOutcome,
{
    let (mut resolved, mut failures) = (Map::default(), Vec::new());
    for (name, value) in configuration {
        if !is_dynamic(&value) {
            resolved.insert(name, value);
            continue;
        }
        let activity = dynamic_activity(&name, &value, secrets);
        let outcome = match &activity.flaw {
            // An unknown provider is not called; the entry has no value, which is not a failure.
            Some(ActivityDefect::UnknownProvider(_)) => continue,
            Some(flaw) => Err(flaw.why().to_string()),
            None => match run(&activity, &resolved).await {
                DynamicOutcome::Output(output) => stored(&activity, output),
                DynamicOutcome::Failed(reason) => Err(reason),
                DynamicOutcome::Ended => break,
            },
        };
        match outcome {
            Ok(value) => {
                resolved.insert(name, value);
            }
            Err(reason) => failures.push(DynamicFailure { entry: name, reason }),
        }
    }
    (resolved, failures)
}

fn dynamic_activity(name: &str, declared: &Value, secrets: &Secrets) -> Activity {
    let place = place::key("$.configuration", name);
    let mut activity = build::flawed(declared.as_map().unwrap_or(&Map::default()), &place);
    let scopes = secrets.expose().keys().cloned().map(Value::Text).collect::<Vec<_>>();
    activity.provider.raw.insert("secrets".to_owned(), scopes.into());
    activity
}

/// The part of a probe's output that becomes the entry's value.
fn stored(activity: &Activity, output: Value) -> Result<Value, String> {
    use super::ProviderKind::{Http, Process, Python};
    match activity.provider.kind {
        Python => Ok(output),
        Http => Ok(output.get("body").cloned().unwrap_or_default()),
        Process => match output.get("status") {
            Some(Value::Int(0)) => {
                let stdout = output.get("stdout").and_then(Value::as_str).unwrap_or_default();
                Ok(Value::from(stdout.trim()))
            }
            status => {
                let status = status.map(pyvalue::python_text).unwrap_or_default();
                let stderr = output.get("stderr").map(pyvalue::python_text).unwrap_or_default();
                Err(format!("exit status {status}: {}", stderr.trim()))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{ConfigurationError, DynamicOutcome, resolve, resolve_dynamic};
    use crate::{
        experiment::{Environment, Secrets},
        test_support::map,
    };
    use pyvalue::{Map, Value, parse_json};

    fn resolved(declared: &str, overrides: &str) -> Result<Value, ConfigurationError> {
        let environment = Environment::of([("SET", "5"), ("EMPTY", "")]);
        resolve(&map(declared), &map(overrides), &environment).map(Value::from)
    }

    #[test]
    fn entries_are_resolved() {
        let table = [
            (r#"{"a": 1, "b": [true], "c": "${a}"}"#, r#"{"a": 1, "b": [true], "c": "${a}"}"#),
            (r#"{"a": {"type": "vault", "key": "x"}}"#, r#"{"a": {"type": "vault", "key": "x"}}"#),
            (
                r#"{"a": {"b": {"type": "env", "key": "SET"}}}"#,
                r#"{"a": {"b": {"type": "env", "key": "SET"}}}"#,
            ),
            (r#"{"a": {"type": "env", "key": "SET"}}"#, r#"{"a": "5"}"#),
            (r#"{"a": {"type": "env", "key": "EMPTY", "default": "x"}}"#, r#"{"a": ""}"#),
            (r#"{"a": {"type": "env", "key": "SET", "env_var_type": "int"}}"#, r#"{"a": 5}"#),
            (
                r#"{"a": {"type": "env", "key": "NO", "default": "7", "env_var_type": "float"}}"#,
                r#"{"a": 7.0}"#,
            ),
            (r#"{"a": {"type": "env", "key": "NO", "default": null}}"#, r#"{"a": null}"#),
        ];
        for (declared, expected) in table {
            assert_eq!(resolved(declared, "{}"), Ok(parse_json(expected).unwrap()), "{declared}");
        }
    }

    #[test]
    fn c029_a_variable_that_is_not_set_is_an_error() {
        let error = resolved(r#"{"a": {"type": "env", "key": "NO"}}"#, "{}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "Configuration makes reference to an environment key that does not exist: NO"
        );
        assert!(resolved(r#"{"a": {"type": "env", "key": "SET", "env_var_type": "json5"}}"#, "{}").is_err());
        assert!(resolved(r#"{"a": {"type": "env"}}"#, "{}").is_err());
    }

    #[test]
    fn c042_only_declared_entries_are_overridden() {
        let declared = r#"{"a": {"type": "env", "key": "NO"}, "b": 1}"#;
        let overrides = r#"{"a": {"type": "env", "key": "SET"}, "c": 3}"#;
        assert_eq!(resolved(declared, overrides), Ok(parse_json(r#"{"a": "5", "b": 1}"#).unwrap()));
    }

    #[tokio::test]
    async fn c046_dynamic_entries_see_what_is_before_them() {
        let configuration = map(r#"{"before": 1,
                "process": {"type": "probe", "name": "p", "provider": {"type": "process", "path": "x"}},
                "failing": {"type": "probe", "name": "f", "provider": {"type": "process", "path": "fail"}},
                "http": {"type": "probe", "name": "h", "provider": {"type": "http", "url": "x"}},
                "bad": {"type": "probe"},
                "after": 2}"#);
        let secrets = Secrets::new(map(r#"{"s": {"k": "hidden"}}"#));
        let mut seen = Vec::new();
        let (resolved, failures) =
            resolve_dynamic(configuration, &secrets, async |activity, so_far: &Map| {
                seen.push((activity.name.clone(), so_far.keys().cloned().collect::<Vec<_>>()));
                assert_eq!(activity.provider.raw.get("secrets"), Some(&parse_json(r#"["s"]"#).unwrap()));
                let output = match activity.name.as_str() {
                    "p" => r#"{"status": 0, "stdout": " v \n", "stderr": ""}"#,
                    "f" => r#"{"status": 1, "stdout": "", "stderr": "no"}"#,
                    _ => r#"{"status": 404, "body": {"b": 1}}"#,
                };
                DynamicOutcome::Output(parse_json(output).unwrap())
            })
            .await;
        let expected = r#"{"before": 1, "process": "v", "http": {"b": 1}, "after": 2}"#;
        assert_eq!(Value::from(resolved), parse_json(expected).unwrap());
        assert_eq!(
            failures.iter().map(|failure| failure.entry.as_str()).collect::<Vec<_>>(),
            ["failing", "bad"]
        );
        let before = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(seen[2], ("h".to_owned(), before(&["before", "process"])));
    }
}

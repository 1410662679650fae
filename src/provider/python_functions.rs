//! The `python` provider: finds the implementation of a function and computes its arguments (experiment-format 5.2,
//! 13.2).

use super::{Call, Native, Outcome, Providers, Signature};
use crate::experiment::{Secrets, substitute};
use pyvalue::{Map, Value};

/// Calls the activity's function: the native one if a catalogue has it, else the Python one through the bridge.
pub(super) async fn call(providers: &Providers, call: &Call<'_>) -> Outcome {
    dispatch(providers, call).await.unwrap_or_else(|message| {
        (call.report_refusal)(message.clone());
        Outcome::UnexpectedError { message }
    })
}

async fn dispatch(providers: &Providers, call: &Call<'_>) -> Result<Outcome, String> {
    let provider = &call.activity.provider.raw;
    let text = |key: &str| {
        let text = provider.get(key).and_then(Value::as_str);
        text.ok_or_else(|| format!("activity '{}' names no python {key}", call.activity.name))
    };
    let (module, func) = (text("module")?, text("func")?);
    if let Some((catalogue, native)) = providers.find(module, func) {
        let Some(arguments) = arguments(providers, provider, &native.into(), call)? else {
            return Ok(listed(module, func));
        };
        return Ok(match misfit(native, &arguments) {
            Some(message) => {
                (call.report_refusal)(message.clone());
                Outcome::failed(message)
            }
            None => catalogue.call(native, arguments, call).await,
        });
    }
    let Some(bridge) = providers.bridge() else { return Err(unknown_function_error(module, func)) };
    let signature = bridge.describe(module, func).await?;
    match arguments(providers, provider, &signature, call)? {
        Some(arguments) => Ok(bridge.call(module, func, arguments, call).await),
        None => Ok(listed(module, func)),
    }
}

/// The module and the name of the function that a provider names.
pub(super) fn module_and_function(provider: &Map) -> Option<(&str, &str)> {
    let text = |key| provider.get(key).and_then(Value::as_str);
    Some((text("module")?, text("func")?))
}

/// The outcome for arguments declared as a list. Python raises this `TypeError` only at the call, so it fails the
/// activity.
fn listed(module: &str, func: &str) -> Outcome {
    Outcome::failed(format!("TypeError: {module}.{func}() argument after ** must be a mapping, not list"))
}

/// The final keyword arguments of a call; `None` for a list of arguments, which is allowed only if neither secrets nor
/// configuration are injected.
fn arguments(
    providers: &Providers,
    provider: &Map,
    signature: &Signature,
    call: &Call<'_>,
) -> Result<Option<Map>, String> {
    let declared = provider.get("arguments").cloned().unwrap_or_else(|| Map::default().into());
    let untouched = call.configuration.is_empty() && call.secrets.is_empty();
    let ready = if untouched { declared } else { substitute(&declared, call.configuration, call.secrets) };
    let scopes = provider.get("secrets").filter(|_| signature.has("secrets"));
    let configured = signature.has("configuration");
    let mut arguments = match ready {
        Value::Map(arguments) => arguments,
        Value::List(_) if scopes.is_none() && !configured => return Ok(None),
        _ => return Err("the arguments of a python activity must be a mapping".into()),
    };
    if let Some(scopes) = scopes {
        let mut own = flat_secrets(scopes, call.secrets)?;
        providers.overrule(&mut own);
        arguments.insert("secrets".to_owned(), own.into());
    }
    if configured {
        arguments.insert("configuration".to_owned(), call.configuration.clone().into());
    }
    Ok(Some(arguments))
}

/// Merges the listed secret scopes into one mapping of names to values; later scopes win. A text counts as a list of
/// its characters, a mapping as a list of its keys, as Python iterates them.
pub(crate) fn flat_secrets(scopes: &Value, secrets: &Secrets) -> Result<Map, String> {
    let listed: Vec<String> = match scopes {
        Value::List(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::Map(map) => map.keys().cloned().collect(),
        Value::Text(text) => text.chars().map(String::from).collect(),
        _ => return Err("the secrets of a python activity must be a list of scopes".into()),
    };
    let declared = listed.iter().filter_map(|scope| secrets.expose().get(scope)?.as_map());
    Ok(declared.flatten().map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Python's `TypeError` message if the arguments do not fit the parameters.
fn misfit(native: &Native, arguments: &Map) -> Option<String> {
    let known = |name: &str| native.parameters.iter().any(|parameter| parameter.name == name);
    if let Some(extra) = arguments.keys().find(|name| !known(name)) {
        return Some(format!("TypeError: {}() got an unexpected keyword argument '{extra}'", native.func));
    }
    let missing: Vec<String> = native
        .parameters
        .iter()
        .filter(|parameter| parameter.required && !arguments.contains_key(parameter.name))
        .map(|parameter| format!("'{}'", parameter.name))
        .collect();
    let names = match missing.as_slice() {
        [] => return None,
        [one] => one.clone(),
        [first, last] => format!("{first} and {last}"),
        [most @ .., last] => format!("{}, and {last}", most.join(", ")),
    };
    let plural = if missing.len() == 1 { "" } else { "s" };
    Some(format!(
        "TypeError: {}() missing {} required positional argument{plural}: {names}",
        native.func,
        missing.len()
    ))
}

fn unknown_function_error(module: &str, func: &str) -> String {
    format!(
        "the python function {module}.{func} is not one of those built into chaos-tui, and no Python is connected to \
         call it: check its spelling, or run this experiment with `chaos run`"
    )
}

#[cfg(test)]
mod tests {
    use super::{arguments, misfit};
    use crate::{
        experiment::{Environment, Secrets},
        provider::{Call, Effect, Native, Parameter, Providers, Signature},
        test_support::{activity, map},
    };
    use pyvalue::{Map, Value, parse_json};

    fn injected(provider: &str, parameters: &[&str]) -> Result<Value, String> {
        let activity = activity("probe", "p", &provider);
        let configuration = map(r#"{"n": 5}"#);
        let secrets = Secrets::new(map(r#"{"gremlin": {"key": "K", "team": "T"}, "aws": {"key": "A"}}"#));
        let call = Call::new(&activity, &configuration, &secrets);
        let parameters = parameters.iter().map(|name| ((*name).to_owned(), true)).collect();
        let signature = Signature { parameters, catch_all: false };
        let providers = Providers::new(Environment::default());
        arguments(&providers, &activity.provider.raw, &signature, &call)
            .map(|arguments| arguments.map_or(Value::Null, Value::Map))
    }

    #[test]
    fn c062_c063_secrets_and_configuration_are_injected_by_parameter_name() {
        let secrets = |scopes: &str| format!(r#"{{"type": "python", "secrets": {scopes}}}"#);
        let cases = [
            (r#"["gremlin"]"#, r#"{"key": "K", "team": "T"}"#),
            (r#"["gremlin", "aws"]"#, r#"{"key": "A", "team": "T"}"#),
            (r#"["aws", "gremlin"]"#, r#"{"key": "K", "team": "T"}"#),
            (r#"["unknown"]"#, "{}"),
            (r#""gremlin""#, "{}"),
            (r#"{"gremlin": 1}"#, r#"{"key": "K", "team": "T"}"#),
        ];
        for (scopes, expected) in cases {
            let expected = parse_json(&format!(r#"{{"secrets": {expected}}}"#)).unwrap();
            let got = injected(&secrets(scopes), &["secrets"]).unwrap();
            assert!(got.py_eq(&expected), "{scopes}: {got:?}");
        }
        assert!(injected(&secrets("null"), &["secrets"]).is_err());
        assert_eq!(injected(&secrets("[]"), &[]).unwrap(), Value::Map(Map::default()));
        let with =
            injected(r#"{"type": "python", "arguments": {"a": "${n}"}}"#, &["configuration", "a"]).unwrap();
        assert_eq!(with, parse_json(r#"{"a": 5, "configuration": {"n": 5}}"#).unwrap());
        let listed = r#"{"type": "python", "arguments": [1]}"#;
        assert_eq!(injected(listed, &["a"]).unwrap(), Value::Null);
        assert!(injected(listed, &["configuration"]).is_err());
        assert!(injected(r#"{"type": "python", "arguments": "x"}"#, &[]).is_err());
    }

    #[test]
    fn misfits_are_told_as_python_tells_them() {
        const NATIVE: Native = Native {
            module: "m",
            func: "f",
            parameters: &[
                Parameter { name: "a", required: true },
                Parameter { name: "b", required: true },
                Parameter { name: "c", required: false },
            ],
            effect: Effect::Reads,
        };
        let cases = [
            (r#"{"a": 1, "b": 2}"#, None),
            (r#"{"a": 1}"#, Some("TypeError: f() missing 1 required positional argument: 'b'")),
            ("{}", Some("TypeError: f() missing 2 required positional arguments: 'a' and 'b'")),
            (r#"{"a": 1, "b": 2, "x": 3}"#, Some("TypeError: f() got an unexpected keyword argument 'x'")),
        ];
        for (arguments, expected) in cases {
            assert_eq!(misfit(&NATIVE, &map(arguments)).as_deref(), expected, "{arguments}");
        }
    }
}

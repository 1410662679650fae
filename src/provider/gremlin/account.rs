//! An experiment whose Gremlin account is not set up can still be opened: the preflight offers an action that needs none.

use crate::experiment::Environment;
use pyvalue::{Map, Value};

/// Returns the environment with the variables of Gremlin's login set to empty texts where they are not set at all, so that
/// the secrets resolve and only the attack itself lacks its credentials. Changes only variables of secrets that no
/// activity other than Gremlin's uses.
pub fn without_account(experiment: &Map, environment: &Environment) -> Environment {
    let mut environment = environment.clone();
    let scopes = experiment.get("secrets").and_then(Value::as_map);
    for (scope, entries) in scopes.into_iter().flatten() {
        let mut users = Vec::new();
        let others = experiment.iter().filter(|(key, _)| *key != "secrets");
        others.for_each(|(_, value)| providers_with(value, scope, &mut users));
        if users.is_empty() || !users.into_iter().all(is_gremlin) {
            continue;
        }
        for entry in entries.as_map().into_iter().flat_map(|entries| entries.values()) {
            let text = |key: &str| entry.get(key).and_then(Value::as_str);
            if let (Some("env"), Some(variable)) = (text("type"), text("key"))
                && environment.get(variable).is_none()
            {
                environment.set(variable, "");
            }
        }
    }
    environment
}

fn is_gremlin(provider: &Map) -> bool {
    provider.get("module").and_then(Value::as_str).is_some_and(|module| module.starts_with("chaosgremlin."))
}

/// Collects every mapping whose `secrets` name the scope.
fn providers_with<'a>(value: &'a Value, scope: &str, found: &mut Vec<&'a Map>) {
    match value {
        Value::List(items) => items.iter().for_each(|item| providers_with(item, scope, found)),
        Value::Map(map) => {
            if let Some(Value::List(scopes)) = map.get("secrets")
                && scopes.iter().any(|name| name.as_str() == Some(scope))
            {
                found.push(map);
            }
            map.values().for_each(|item| providers_with(item, scope, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::without_account;
    use crate::experiment::Environment;
    use serde_json::json;

    #[test]
    fn only_secrets_that_gremlin_alone_uses_may_be_missing() {
        let entry = |key: &str| json!({"type": "env", "key": key});
        let step = |module: &str, scope: &str| json!({"provider": {"type": "python", "module": module, "secrets": [scope]}});
        let experiment = json!({
            "secrets": {"gremlin": {"email": entry("EMAIL"), "password": entry("PASSWORD")},
                        "both": {"token": entry("BOTH")}, "other": {"token": entry("OTHER")},
                        "nobody": {"token": entry("NOBODY")}},
            "method": [step("chaosgremlin.actions", "gremlin"), step("chaosgremlin.actions", "both"),
                       step("chaosk8s.actions", "both"), step("chaosk8s.actions", "other")]
        });
        let experiment = serde_json::from_value(experiment).unwrap();
        let made = without_account(&experiment, &Environment::of([("PASSWORD", "p")]));
        let got = ["EMAIL", "PASSWORD", "BOTH", "OTHER", "NOBODY"].map(|name| made.get(name));
        assert_eq!(got, [Some(String::new()), Some("p".to_owned()), None, None, None]);
    }
}

//! Configuration and secrets: rules 6 to 8.

use super::{KEY, crash, invalid};
use crate::experiment::{
    ConfigurationError, Environment, SecretsError, configuration, findings::Collector, secrets,
};
use pyvalue::{Map, Value, place::Place};

/// Checks the configuration and resolves its valid entries.
pub(super) fn configuration(
    experiment: &Map,
    environment: &Environment,
    collector: &mut Collector<'_>,
) -> Map {
    let path = Place::at("$.configuration");
    let declared = match experiment.get("configuration") {
        None => return Map::default(),
        Some(Value::Map(map)) => map,
        Some(_) => {
            collector.refuse_type(path, "a mapping of names to values");
            return Map::default();
        }
    };
    let mut resolved = Map::default();
    for (name, value) in declared {
        match configuration::entry(name, value, environment) {
            Ok(value) => {
                resolved.insert(name.clone(), value);
            }
            Err(error) => {
                let entry = path.key(name);
                let message = error.to_string();
                match error {
                    ConfigurationError::Unset { variable, .. } => {
                        let remedy = format!("set {variable}, or give the entry a `default`");
                        collector.refuse(entry.key("key"), invalid("E-CONF-ENV", message).remedy(remedy));
                    }
                    // Dynamic entries are resolved only in a run.
                    ConfigurationError::NoProvider { .. } => {}
                    ConfigurationError::NoKey { .. } => {
                        let remedy = "add `key` with the variable's name";
                        collector.refuse(entry, crash("E-CONF-KEY", message).remedy(remedy));
                    }
                    ConfigurationError::Convert { .. } => {
                        let remedy = "use str, int, float, bytes, bool or json, and a value that reads as it";
                        collector
                            .refuse(entry.key("env_var_type"), crash("E-CONF-TYPE", message).remedy(remedy));
                    }
                }
            }
        }
    }
    resolved
}

/// Checks the secrets by actually reading them.
pub(super) async fn secrets(
    experiment: &Map,
    configuration: &Map,
    environment: &Environment,
    collector: &mut Collector<'_>,
) {
    let path = Place::at("$.secrets");
    let declared = match experiment.get("secrets") {
        None => return,
        Some(Value::Map(map)) => map,
        Some(_) => return collector.refuse_type(path, "a mapping of scopes to mappings of names to values"),
    };
    let resolved = secrets::resolve(declared, &Map::default(), configuration, environment).await;
    for error in resolved.errors {
        let message = error.to_string();
        match error {
            SecretsError::Unset { place, variable } => {
                let remedy = format!("set {variable}; secrets support no `default`");
                collector.refuse(Place::at(&place).key("key"), invalid("E-SEC-ENV", message).remedy(remedy));
            }
            SecretsError::NoKey { place } => {
                let remedy = "add `key` with the variable's name";
                collector.refuse(place, crash("E-SEC-KEY", message).remedy(remedy));
            }
            SecretsError::Vault { place, .. } => {
                let remedy = "check vault_addr, the login in the configuration, and the secret's path";
                collector.refuse(place, invalid("E-VAULT", message).remedy(remedy));
            }
        }
    }
    for warning in resolved.warnings {
        let remedy = "add `path`: without it the value is an empty mapping";
        collector.warn_as("W-VAULT-NO-PATH", path, KEY, warning.clone(), remedy, Some(warning));
    }
    for (name, scope) in declared {
        let place = path.key(name);
        match scope {
            // The reference's warning about old Vault secrets reads this mapping, and crashes on any other type.
            Value::Map(scope) => single_value_scope(scope, place, collector),
            _ => collector.refuse_type(place, "a mapping of names to values"),
        }
    }
}

fn single_value_scope(scope: &Map, place: Place<'_>, collector: &mut Collector<'_>) {
    if matches!(scope.get("type").and_then(Value::as_str), Some("env")) {
        let message = "this scope is itself a variable, so no name can be looked up in it";
        let remedy = "put the variable one level down: {scope: {name: {type: env, key: ...}}}";
        collector.warn("W-SEC-SCOPE", place, KEY, message, remedy);
    }
}

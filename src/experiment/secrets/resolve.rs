//! Resolves secrets: inline values, the environment, Vault (experiment-format 4.3, 4.6).

use super::{Secrets, vault};
use crate::experiment::Environment;
use pyvalue::{Map, Value, place, python_text};

/// Why a secret cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    /// The variable is not set; secrets support no `default`.
    #[error("Secrets make reference to an environment key that does not exist: {variable}")]
    Unset {
        /// JSON path of the secret.
        place: String,
        variable: String,
    },
    /// The secret has no `key`.
    #[error("the secret at {place} is of type env but names no variable: add a `key`")]
    NoKey {
        /// JSON path of the secret.
        place: String,
    },
    /// Vault did not return the secret.
    #[error("{reason}")]
    Vault {
        /// JSON path of the secret.
        place: String,
        reason: String,
    },
}

/// The resolved secrets with warnings and errors.
#[derive(Debug, Default)]
pub struct Resolved {
    pub secrets: Secrets,
    /// Lines for the log, at WARNING.
    pub warnings: Vec<String>,
    /// The error of every secret that could not be resolved; the reference stops at the first.
    pub errors: Vec<SecretsError>,
}

/// Resolves declared secrets. An override replaces a whole scope and is used unresolved; undeclared scopes are dropped.
/// The (resolved) `configuration` contains the Vault settings.
pub async fn resolve(
    declared: &Map,
    overrides: &Map,
    configuration: &Map,
    environment: &Environment,
) -> Resolved {
    let mut walk =
        SecretsWalk { configuration, environment, session: None, warnings: Vec::new(), errors: Vec::new() };
    let mut scopes = Map::default();
    for (name, scope) in declared {
        let replaced = overrides.get(name).filter(|replaced| scope.as_map().is_some() && !replaced.is_null());
        let value = match replaced {
            Some(replaced) => replaced.clone(),
            None => walk.value(scope, place::key("$.secrets", name)).await,
        };
        scopes.insert(name.clone(), value);
    }
    Resolved { secrets: Secrets::new(scopes), warnings: walk.warnings, errors: walk.errors }
}

struct SecretsWalk<'a> {
    configuration: &'a Map,
    environment: &'a Environment,
    /// One Vault login is used for all secrets.
    session: Option<vault::VaultClient>,
    warnings: Vec<String>,
    errors: Vec<SecretsError>,
}

impl SecretsWalk<'_> {
    /// Resolves one value; a value that cannot be resolved becomes null, and its error is recorded.
    async fn value(&mut self, value: &Value, place: String) -> Value {
        let Value::Map(map) = value else { return value.clone() };
        let source = match map.get("type").and_then(Value::as_str) {
            Some("env") => self.of_environment(map, place),
            Some("vault") => self.of_vault(map, place).await,
            _ => {
                let mut resolved = Map::default();
                for (name, item) in map {
                    let item = Box::pin(self.value(item, place::key(&place, name))).await;
                    resolved.insert(name.clone(), item);
                }
                return Value::Map(resolved);
            }
        };
        source.unwrap_or_else(|error| {
            self.errors.push(error);
            Value::Null
        })
    }

    fn of_environment(&self, declared: &Map, place: String) -> Result<Value, SecretsError> {
        let Some(key) = declared.get("key") else { return Err(SecretsError::NoKey { place }) };
        let variable = python_text(key);
        let value = self.environment.get(&variable).map(Value::Text);
        value.ok_or(SecretsError::Unset { place, variable })
    }

    async fn of_vault(&mut self, declared: &Map, place: String) -> Result<Value, SecretsError> {
        let Some(path) = declared.get("path").filter(|path| !path.is_null()) else {
            self.warnings
                .push(format!("Missing Vault secret path for '{}'", python_text(&declared.clone().into())));
            return Ok(Value::Map(Map::default()));
        };
        let failed = |reason: vault::VaultError| SecretsError::Vault {
            place: place.clone(),
            reason: reason.to_string(),
        };
        if self.session.is_none() {
            self.session =
                Some(vault::VaultClient::open(self.configuration, self.environment).await.map_err(failed)?);
        }
        let Some(session) = &self.session else { return Ok(Value::Null) };
        let payload = session.read(&python_text(path)).await.map_err(failed)?;
        match declared.get("key") {
            None | Some(Value::Null) => Ok(payload.into()),
            Some(key) => {
                let key = python_text(key);
                let unknown = vault::VaultError::UnknownKey { path: python_text(path), key: key.clone() };
                payload.get(&key).cloned().ok_or_else(|| failed(unknown))
            }
        }
    }
}

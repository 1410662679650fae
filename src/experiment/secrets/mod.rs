//! Secrets in a type that cannot be shown by accident.

mod resolve;
mod vault;

use pyvalue::{Map, Value};
pub use resolve::{Resolved, SecretsError, resolve};

/// The resolved secrets: scope to name to value. Has no `Display` and no `Serialize`; its `Debug` hides the values.
#[derive(Clone, Default, PartialEq)]
pub struct Secrets(Map);

impl Secrets {
    /// Wraps a resolved mapping of scopes.
    pub fn new(scopes: Map) -> Self {
        Self(scopes)
    }

    /// The scopes in file order, for code that must use a secret: substitution, a provider's call.
    pub fn expose(&self) -> &Map {
        &self.0
    }

    /// Whether no scope is declared.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All text values of the secrets, for redaction.
    pub fn texts(&self) -> Vec<&str> {
        fn collect<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
            match value {
                Value::Text(text) => texts.push(text),
                Value::List(list) => list.iter().for_each(|item| collect(item, texts)),
                Value::Map(map) => map.values().for_each(|item| collect(item, texts)),
                _ => {}
            }
        }
        let mut texts = Vec::new();
        self.0.values().for_each(|scope| collect(scope, &mut texts));
        texts
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} scopes)", self.0.len())
    }
}

#[cfg(test)]
mod tests;

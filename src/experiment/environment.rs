//! The environment variables as a value: those of the process, changed by `.env` files and the sandbox.

use indexmap::IndexMap;
use std::{
    ffi::{OsStr, OsString},
    sync::{Arc, PoisonError, RwLock},
};

/// Environment variables. Child processes get [`Environment::variables`]; chaos-tui never changes its own process's
/// variables.
#[derive(Clone, Default)]
pub struct Environment {
    variables: IndexMap<OsString, OsString>,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    #[cfg(test)]
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self { variables: variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// The text of a variable; bytes that are no UTF-8 become replacement characters.
    pub fn get(&self, name: &str) -> Option<String> {
        self.variables.get(OsStr::new(name)).map(|value| value.to_string_lossy().into_owned())
    }

    /// Sets a variable for all later uses of this environment.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.variables.insert(name.into(), value.into());
    }

    /// Sets variables and removes those without a value.
    pub fn put(&mut self, variables: impl IntoIterator<Item = (String, Option<String>)>) {
        for (name, value) in variables {
            match value {
                Some(value) => self.set(name, value),
                None => self.remove(&name),
            }
        }
    }

    /// Removes a variable.
    pub fn remove(&mut self, name: &str) {
        self.variables.shift_remove(OsStr::new(name));
    }

    /// Every variable, for a child process.
    pub fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

/// The current environment of a run: functions and controls change it. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct LiveEnvironment(Arc<RwLock<Arc<Environment>>>);

impl LiveEnvironment {
    pub fn now(&self) -> Arc<Environment> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the environment for all later calls of [`LiveEnvironment::now`].
    pub fn change(&self, change: impl FnOnce(&mut Environment)) {
        let mut environment = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut environment));
    }
}

impl From<Environment> for LiveEnvironment {
    fn from(environment: Environment) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(environment))))
    }
}

/// Shows names only: values may be secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

//! The environment as a value: what the process was given, plus what `.env` files and the sandbox write over it.

use indexmap::IndexMap;
use std::ffi::{OsStr, OsString};

/// Environment variables. Child processes get [`Environment::variables`]; nothing of ours changes the process's own.
#[derive(Clone, Default)]
pub struct Environment {
    variables: IndexMap<OsString, OsString>,
}

impl Environment {
    /// The environment this process was given.
    pub fn of_process() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    /// An environment with these variables only.
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self { variables: variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// The text of a variable; bytes that are no UTF-8 become replacement characters.
    pub fn get(&self, name: &str) -> Option<String> {
        self.variables.get(OsStr::new(name)).map(|value| value.to_string_lossy().into_owned())
    }

    /// Sets a variable for everything that uses this environment from here on.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.variables.insert(name.into(), value.into());
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

/// Shows names only: values may be secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

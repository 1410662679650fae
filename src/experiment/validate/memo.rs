//! Caches the answers to repeated checks: a large file names the same few functions and programs.

use super::{ValidationChecks, suggest};
use crate::experiment::{ControlCheck, Described, executable};
use pyvalue::Value;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

/// Caches the answers of [`ValidationChecks`].
pub(super) struct CachedChecks<'a> {
    checks: ValidationChecks<'a>,
    functions: Mutex<HashMap<(String, String), Described>>,
    programs: Mutex<HashMap<String, bool>>,
    program_names: OnceLock<Vec<String>>,
}

impl<'a> CachedChecks<'a> {
    pub(super) fn new(means: ValidationChecks<'a>) -> Self {
        Self {
            checks: means,
            functions: Mutex::default(),
            programs: Mutex::default(),
            program_names: OnceLock::new(),
        }
    }

    pub(super) async fn function(&self, module: &str, func: &str) -> Described {
        let key = (module.to_owned(), func.to_owned());
        if let Some(known) = lock(&self.functions).get(&key) {
            return known.clone();
        }
        let described = self.checks.signatures.describe(module, func).await;
        lock(&self.functions).insert(key, described.clone());
        described
    }

    pub(super) async fn control(&self, module: &str, declaration: &Value) -> ControlCheck {
        self.checks.signatures.control(module, declaration).await
    }

    /// Whether the program exists and is executable.
    pub(super) fn has_program(&self, path: &str) -> bool {
        let find = || executable::find(path, self.checks.environment).is_some();
        let mut programs = lock(&self.programs);
        match programs.get(path) {
            Some(known) => *known,
            None => *programs.entry(path.to_owned()).or_insert_with(find),
        }
    }

    /// The remedy for a missing program.
    pub(super) fn program_like(&self, path: &str) -> String {
        let names = self.program_names.get_or_init(|| executable::names(self.checks.environment));
        suggest::did_you_mean(path, names.iter().map(String::as_str), "install it, or write its whole path")
    }

    pub(super) fn environment(&self) -> &'a crate::experiment::Environment {
        self.checks.environment
    }
}

/// Ignores poisoning: a panic while the lock was held leaves a cache that is still valid.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

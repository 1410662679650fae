//! Who does an activity: HTTP, a process, a native function or Python.

use super::{Bridge, Call, Catalogue, Effect, Native, Outcome};
use crate::experiment::{Activity, ActivityKind, ProviderKind, Value};
use std::sync::Arc;

/// Every provider of a session; the single way to call one.
#[derive(Default)]
pub struct Providers {
    catalogues: Vec<Arc<dyn Catalogue>>,
    bridge: Option<Arc<dyn Bridge>>,
}

impl Providers {
    /// HTTP and processes only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds native functions; the first catalogue that has a function does it.
    #[must_use]
    pub fn with_catalogue(mut self, catalogue: Arc<dyn Catalogue>) -> Self {
        self.catalogues.push(catalogue);
        self
    }

    /// Adds Python, for functions no catalogue has.
    #[must_use]
    pub fn with_bridge(mut self, bridge: Arc<dyn Bridge>) -> Self {
        self.bridge = Some(bridge);
        self
    }

    /// The native function behind a Python address.
    pub fn native(&self, module: &str, func: &str) -> Option<&'static Native> {
        self.find(module, func).map(|(_, native)| native)
    }

    /// What calling the activity does. Unknown functions, requests and processes are judged by what the author
    /// calls them: an action changes, a probe reads.
    pub fn effect(&self, activity: &Activity) -> Effect {
        match (self.native_of(activity), activity.kind) {
            (Some((_, native)), _) => native.effect,
            (None, ActivityKind::Action) => Effect::Changes,
            (None, ActivityKind::Probe) => Effect::Reads,
        }
    }

    /// Does the activity.
    pub async fn call(&self, call: Call<'_>) -> Outcome {
        let _ = &self.bridge;
        Outcome::Broke { message: format!("no provider for activity '{}' yet", call.activity.name) }
    }

    fn native_of(&self, activity: &Activity) -> Option<(&Arc<dyn Catalogue>, &'static Native)> {
        if activity.provider.kind != ProviderKind::Python {
            return None;
        }
        let text = |key| activity.provider.raw.get(key).and_then(Value::as_str);
        self.find(text("module")?, text("func")?)
    }

    fn find(&self, module: &str, func: &str) -> Option<(&Arc<dyn Catalogue>, &'static Native)> {
        self.catalogues.iter().find_map(|catalogue| {
            let mut functions = catalogue.functions().iter();
            let native = functions.find(|native| native.module == module && native.func == func)?;
            Some((catalogue, native))
        })
    }
}

//! In which cluster a step would act, as it was shown to whoever may fire it.

use super::context::RunContext;
use crate::{cluster::Identity, experiment::Activity, session::event::StepRef};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// What the cards named; clones share it. Empty where nobody is shown anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownTargets(Arc<Mutex<HashMap<StepRef, Option<Identity>>>>);

impl ShownTargets {
    /// From here on this is what the step's card names: a cluster, or none.
    pub(crate) fn note(&self, step: StepRef, cluster: Option<Identity>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(step, cluster);
    }

    /// What the step's card named last, if it has one.
    pub(super) fn shown_for(&self, step: StepRef) -> Option<Option<Identity>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&step).cloned()
    }
}

impl RunContext {
    /// Why a step that was fired must not go on: it would act in another cluster by now than its card named.
    pub(super) async fn changed_cluster(&self, activity: &Activity, step: StepRef) -> Option<String> {
        let shown = self.shown.shown_for(step)?;
        let provider = &activity.provider;
        let site = self.providers.site(provider.kind, &provider.raw, &self.secrets).await;
        let now = site.identity();
        if now == shown {
            return None;
        }
        let named = |cluster: &Option<Identity>| match cluster {
            Some(cluster) => format!("context {}", cluster.context()),
            None => "no cluster".to_owned(),
        };
        let (before, after) = (named(&shown), named(&now));
        let after = if before == after { format!("another {after}") } else { after };
        let name = &activity.name;
        Some(format!(
            "'{name}' was not fired: its card named {before}, by now it would act in {after}; see the new card"
        ))
    }
}

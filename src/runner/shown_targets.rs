//! The cluster that a step would act in, as its target card showed it before the fire.

use super::context::RunContext;
use crate::{cluster::Identity, experiment::Activity, session::event::StepRef};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The clusters that the cards named; clones share them. Empty where no cards are shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownTargets(Arc<Mutex<HashMap<StepRef, Option<Identity>>>>);

impl ShownTargets {
    /// Records what the step's card names from now on: a cluster, or none.
    pub(crate) fn note(&self, step: StepRef, cluster: Option<Identity>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(step, cluster);
    }

    /// Returns what the step's card named last, if the step has a card.
    pub(super) fn shown_for(&self, step: StepRef) -> Option<Option<Identity>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&step).cloned()
    }
}

impl RunContext {
    /// Returns why a fired step must not run: it would now act in another cluster than its card named.
    pub(super) async fn changed_cluster(&self, activity: &Activity, step: StepRef) -> Option<String> {
        let shown = self.shown.shown_for(step)?;
        let provider = &activity.provider;
        let site = self.providers.cluster_of(provider.kind, &provider.raw, &self.secrets).await;
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
            "'{name}' was not fired: its card showed {before}, but it would now act in {after}; check the new card"
        ))
    }
}

//! In which cluster a step would act, as it was shown to whoever may fire it.

use crate::{cluster::Identity, session::event::StepRef};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// What the cards named; clones share it. Empty where nobody is shown anything.
#[derive(Clone, Debug, Default)]
pub struct Shown(Arc<Mutex<HashMap<StepRef, Option<Identity>>>>);

impl Shown {
    /// From here on this is what the step's card names: a cluster, or none.
    pub fn note(&self, step: StepRef, cluster: Option<Identity>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(step, cluster);
    }

    /// What the step's card named last, if it has one.
    pub(super) fn of(&self, step: StepRef) -> Option<Option<Identity>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&step).cloned()
    }
}

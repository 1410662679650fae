//! Forms that the operator fills in before they are applied.

mod guards;
mod prediction;

pub(super) use guards::GuardForm;
pub(super) use prediction::{PredictForm, PredictLine};

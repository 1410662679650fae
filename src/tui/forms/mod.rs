//! What the operator fills in, before it is kept.

mod guards;
mod prediction;

pub(super) use guards::GuardForm;
pub(super) use prediction::{PredictForm, PredictLine};

//! What the operator fills in, before it is kept.

mod guards;
mod prediction;

pub use guards::GuardForm;
pub use prediction::{PredictForm, PredictLine};

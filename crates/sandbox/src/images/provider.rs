//! The service at the end of the chain.

use super::serve::{Answer, Demo, Outcome};

/// Answers every call with a UUID nobody has seen before, so that a real answer cannot be mistaken for a kept one.
pub(super) struct Provider;

impl Demo for Provider {
    const GREETING: &'static str = "provider: ask /invoke for a UUID\n";

    async fn invoke(&self) -> Answer {
        Answer::json(Outcome::Real, format!("\"{}\"", uuid::Uuid::new_v4()))
    }
}

//! The provider service.

use super::serve::{Answer, Demo, Outcome};

/// Responds to every call with a new UUID, so that a real response cannot be confused with a cached one.
pub(super) struct Provider;

impl Demo for Provider {
    const GREETING: &'static str = "provider: call /invoke to get a UUID\n";

    async fn invoke(&self) -> Answer {
        Answer::json(Outcome::Real, format!("\"{}\"", uuid::Uuid::new_v4()))
    }
}

//! What firing an activity would do, looked up just before: the target card.

use crate::cluster::Connection;
use crate::experiment::{Activity, Map, ProviderKind, Value};
use crate::session::event::{StepRef, TargetCard};

/// The card of an activity. `provider` is its provider's mapping, substituted; without a connection, or where the
/// cluster does not answer, the card says what cannot be known.
pub async fn card(
    step: StepRef,
    activity: &Activity,
    provider: &Map,
    connection: Option<&Connection>,
) -> TargetCard {
    let _ = connection;
    unknown(step, activity, provider)
}

/// The card of an activity whose effect cannot be looked up: says so instead of guessing.
fn unknown(step: StepRef, activity: &Activity, provider: &Map) -> TargetCard {
    let text = |key: &str| provider.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    let (headline, object) = match activity.provider.kind {
        ProviderKind::Http => {
            let method = provider.get("method").and_then(Value::as_str).unwrap_or("GET").to_owned();
            (format!("SEND {method}, to a service that may do anything with it"), text("url"))
        }
        ProviderKind::Process => ("RUN a program of yours on this machine".to_owned(), text("path")),
        ProviderKind::Python => {
            ("CALL a Python function of yours".to_owned(), format!("{}.{}", text("module"), text("func")))
        }
    };
    TargetCard {
        step,
        headline,
        objects: vec![object],
        share: None,
        consequences: vec!["what it changes is not known to chaos-tui".to_owned()],
        comes_back: "not known".to_owned(),
        undo: "only what the rollbacks of the file do".to_owned(),
        confirm: activity.name.clone(),
    }
}

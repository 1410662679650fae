//! The target card: the predicted effect of an activity, looked up just before it is fired.

use super::{
    gremlin,
    kubernetes::{
        preview::{CardDraft, preview},
        resolve,
    },
};
use crate::{
    cluster::Connection,
    experiment::{Activity, ProviderKind},
    session::event::{StepRef, TargetCard},
};
use pyvalue::{Map, Value};

/// Builds the card of an activity. `provider` is the activity's provider mapping, substituted. Without a connection, or
/// if the cluster does not answer, the card states that the effect is not known. Sends only reads.
pub async fn card(
    step: StepRef,
    activity: &Activity,
    provider: &Map,
    connection: Option<&Connection>,
) -> TargetCard {
    let draft = match activity.provider.kind {
        ProviderKind::Http => request(provider),
        ProviderKind::Process => process(provider),
        ProviderKind::Python => function(provider, connection).await,
    };
    let confirm = if draft.confirm.is_empty() { activity.name.clone() } else { draft.confirm };
    TargetCard {
        step,
        headline: draft.headline,
        objects: draft.objects,
        share: draft.share,
        consequences: draft.consequences,
        comes_back: draft.comes_back,
        undo: draft.undo,
        confirm,
        place: None,
    }
}

/// The text of a card's undo entry if undoing is left to the experiment file.
const ROLLBACKS: &str = "the file's rollbacks";

/// The undo text of a card for a file without rollbacks: the part that mentions the file's rollbacks is removed.
pub fn undo_without_rollbacks(undo: &str) -> String {
    match undo.strip_prefix(ROLLBACKS) {
        Some("") => "no rollbacks in the file".to_owned(),
        Some(other) => other.trim_start_matches(", or ").to_owned(),
        None => undo.to_owned(),
    }
}

/// A card for an activity whose effect is not known; `why` is the reason.
fn unknown(headline: String, object: String, why: String) -> CardDraft {
    CardDraft {
        headline,
        objects: vec![object],
        share: None,
        consequences: vec![why],
        comes_back: "not known".to_owned(),
        undo: ROLLBACKS.to_owned(),
        confirm: String::new(),
    }
}

fn text<'a>(provider: &'a Map, key: &str) -> &'a str {
    provider.get(key).and_then(Value::as_str).unwrap_or("?")
}

fn request(provider: &Map) -> CardDraft {
    let method = provider.get("method").and_then(Value::as_str).unwrap_or("GET");
    let why = "the effect of the request is not known to chaos-tui".to_owned();
    unknown(format!("SEND {method}"), text(provider, "url").to_owned(), why)
}

fn process(provider: &Map) -> CardDraft {
    let why = "what the program changes is not known to chaos-tui".to_owned();
    unknown("RUN a program on this machine".to_owned(), text(provider, "path").to_owned(), why)
}

async fn function(provider: &Map, connection: Option<&Connection>) -> CardDraft {
    let (module, func) = (text(provider, "module"), text(provider, "func"));
    let address = format!("{module}.{func}");
    let arguments = provider.get("arguments").and_then(Value::as_map).cloned().unwrap_or_default();
    if module == gremlin::MODULE {
        return gremlin::preview(&arguments, connection).await;
    }
    let Some(native) = resolve(module, func) else {
        let why = "what the function changes is not known to chaos-tui".to_owned();
        return unknown("CALL a Python function".to_owned(), address, why);
    };
    let headline = format!("CALL {func}");
    let Some(connection) = connection else {
        return unknown(headline, address, "no cluster is connected".to_owned());
    };
    match preview(connection, native, &arguments).await {
        Ok(Some(draft)) => draft,
        Ok(None) => unknown(headline, address, "its targets are not looked up".to_owned()),
        Err(why) => unknown(headline, address, format!("its targets cannot be determined: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::undo_without_rollbacks;

    #[test]
    fn a_file_without_rollbacks_is_not_said_to_undo_anything() {
        for (undo, without) in [
            ("the file's rollbacks", "no rollbacks in the file"),
            ("the file's rollbacks, or `kubectl uncordon` for each", "`kubectl uncordon` for each"),
            ("a new pod comes by itself", "a new pod comes by itself"),
        ] {
            assert_eq!(undo_without_rollbacks(undo), without);
        }
    }
}

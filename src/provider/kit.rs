//! What could be put back after an activity: manifests of what it would hit, saved before.

use super::{
    gremlin,
    kubernetes::{kit, resolve},
};
use crate::cluster::Connection;
use pyvalue::{Map, Value};

pub use kit::{Manifest, Restored, SavedKind, SavedManifests, check, restore};

/// Saves what the activity with this provider would hit; `None` where nothing can be saved. The error says why what it
/// hits cannot be known. Sends only reads.
pub async fn save(provider: &Map, connection: &Connection) -> Result<Option<SavedManifests>, String> {
    let text = |key: &str| provider.get(key).and_then(Value::as_str).unwrap_or_default();
    let arguments = provider.get("arguments").and_then(Value::as_map).cloned().unwrap_or_default();
    if text("module") == gremlin::MODULE {
        let (namespace, names) = gremlin::containers(&arguments);
        return match names.is_empty() {
            true => Ok(None),
            false => kit::save_containers(connection, &namespace, &names).await,
        };
    }
    match resolve(text("module"), text("func")) {
        Some(native) => kit::save(connection, native, &arguments).await,
        None => Ok(None),
    }
}

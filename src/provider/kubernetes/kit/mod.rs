//! The undo kit: manifests of the objects that a step would affect, saved before the step is fired and restored on
//! request.

mod found;
#[cfg(test)]
mod kinds_tests;
mod manifest;
mod restore;
#[cfg(test)]
mod tests;

use super::{catalogue, invocation::Invocation};
use crate::{cluster::Connection, provider::Native};
use found::FoundObjects;
pub use manifest::{Manifest, SavedKind};
use pyvalue::Map;
pub use restore::{Restored, check, difference, restore};
use std::time::Duration;

/// The timeout of the lookups; the operator waits for them.
const LIMIT: Duration = Duration::from_secs(5);

/// The objects saved for a step.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedManifests {
    /// The manifests: workloads first, then the Services that select their pods.
    pub manifests: Vec<Manifest>,
    /// A description of what restoring would do, and how long it takes, if known.
    pub cost: String,
    /// Whether the step removes or changes something that is not restored by itself.
    pub needed: bool,
}

/// Saves the objects that calling the function would affect; `None` for functions whose objects cannot be saved. The
/// error is the reason why they cannot be determined. Sends only reads.
pub(crate) async fn save(
    connection: &Connection,
    native: &Native,
    arguments: &Map,
) -> Result<Option<SavedManifests>, String> {
    let Some(entry) = catalogue::entry(native.module, native.func) else { return Ok(None) };
    let client = connection.client().map_err(|error| error.to_string())?;
    let call = Invocation { native: &entry.native, arguments, client, progress: &|_| {} };
    let saving = async {
        match found::by_call(&call).await? {
            Some(found) => found.saved(&call.client).await.map(Some),
            None => Ok(None),
        }
    };
    in_time(saving, connection).await
}

/// Saves the workloads whose pods have a container of one of these names.
pub(crate) async fn save_containers(
    connection: &Connection,
    namespace: &str,
    names: &[String],
) -> Result<Option<SavedManifests>, String> {
    let client = connection.client().map_err(|error| error.to_string())?;
    let saving = async {
        FoundObjects::with_container(&client, namespace, names).await?.saved(&client).await.map(Some)
    };
    in_time(saving, connection).await
}

async fn in_time<T>(
    work: impl Future<Output = Result<T, super::failure::Failure>>,
    connection: &Connection,
) -> Result<T, String> {
    match tokio::time::timeout(LIMIT, work).await {
        Ok(done) => done.map_err(|failure| super::preview::without_class(failure.text(Some(connection)))),
        Err(_) => Err(format!("the cluster did not answer within {} s", LIMIT.as_secs())),
    }
}

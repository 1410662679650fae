//! The undo kit: manifests of what a step would hit, saved before it is fired, and put back when somebody asks.

mod found;
mod manifest;
mod restore;
#[cfg(test)]
mod tests;

pub use manifest::{Manifest, SavedKind};
pub use restore::{Restored, check, restore};

use super::{catalogue, invocation::Invocation};
use crate::{cluster::Connection, provider::Native};
use found::FoundObjects;
use pyvalue::Map;
use std::time::Duration;

/// Longest time to look things up; the operator waits.
const LIMIT: Duration = Duration::from_secs(5);

/// What was saved for a step.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedManifests {
    /// The manifests: workloads first, then the Services in front of them.
    pub manifests: Vec<Manifest>,
    /// What putting them back would do, and how long that takes as far as it is known.
    pub cost: String,
    /// Whether the step takes something away that does not come back by itself.
    pub needed: bool,
}

/// Saves what calling the function would hit; `None` for functions of which nothing can be saved. The error says why it
/// cannot be known. Sends only reads.
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

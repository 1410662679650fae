//! Restores manifests, and checks beforehand whether that is permitted.

use super::manifest::{Manifest, SavedKind};
use crate::{
    cluster::{Connection, Permission, check_permission},
    provider::kubernetes::preview::count,
};
use kube::api::{DynamicObject, Patch, PatchParams};
use std::time::Duration;

/// The field manager of the restored objects.
const MANAGER: &str = "chaos-tui";
/// The timeout for one manifest.
const LIMIT: Duration = Duration::from_secs(10);

/// The result of restoring a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// The object was as saved: nothing was sent.
    Untouched,
    /// The object had been deleted and was re-created.
    Created,
    /// The object had been changed and was reset.
    PutBack,
}

impl Restored {
    /// A description of what was done.
    pub fn words(self, manifest: &Manifest) -> String {
        let title = manifest.title();
        match (self, manifest.replicas()) {
            (Restored::Untouched, _) => format!("{title} is as it was saved"),
            (Restored::Created, _) => format!("{title} was re-created"),
            (Restored::PutBack, Some(replicas)) => {
                format!("{title} was put back, with {}", count(replicas as usize, "replica"))
            }
            (Restored::PutBack, None) => format!("{title} was put back"),
        }
    }
}

/// Checks whether the manifest could be restored, even if the object were deleted: a server-side apply as a dry run,
/// and the permission to create. The error is the reason why not.
pub async fn check(connection: &Connection, manifest: &Manifest) -> Result<(), String> {
    in_time(async {
        let pretended = apply(connection, manifest, PatchParams::apply(MANAGER).force().dry_run());
        let (group, resource) = match manifest.kind {
            SavedKind::Deployment => ("apps", "deployments"),
            SavedKind::StatefulSet => ("apps", "statefulsets"),
            SavedKind::DaemonSet => ("apps", "daemonsets"),
            SavedKind::ReplicaSet => ("apps", "replicasets"),
            SavedKind::Pod => ("", "pods"),
            SavedKind::Service => ("", "services"),
        };
        let namespace = Some(manifest.namespace.clone());
        let create = Permission { group, resource, verb: "create", namespace };
        let (pretended, create) = tokio::join!(pretended, check_permission(connection, create));
        pretended?;
        match create.map_err(|error| error.to_string())? {
            access if access.allowed => Ok(()),
            access => Err(format!("you may not {}", access.permission)),
        }
    })
    .await
}

/// Restores the manifest if the object is missing or differs from it.
pub async fn restore(connection: &Connection, manifest: &Manifest) -> Result<Restored, String> {
    in_time(async {
        let current = current(connection, manifest).await?;
        if current.as_ref().is_some_and(|object| object.metadata.deletion_timestamp.is_some()) {
            return Err("it is still terminating: retry the undo once it is deleted".to_owned());
        }
        let as_saved = |object: &DynamicObject| {
            Manifest::of(manifest.kind, &manifest.namespace, object).body == manifest.body
        };
        let restored = match current {
            Some(object) if as_saved(&object) => return Ok(Restored::Untouched),
            Some(_) => Restored::PutBack,
            None => Restored::Created,
        };
        apply(connection, manifest, PatchParams::apply(MANAGER).force()).await?;
        Ok(restored)
    })
    .await
}

async fn current(connection: &Connection, manifest: &Manifest) -> Result<Option<DynamicObject>, String> {
    let client = connection.client().map_err(|error| error.to_string())?;
    let found = manifest.kind.api(&client, &manifest.namespace).get_opt(&manifest.name).await;
    found.map_err(|source| connection.error(format!("get {}", manifest.title()), source).to_string())
}

async fn apply(connection: &Connection, manifest: &Manifest, how: PatchParams) -> Result<(), String> {
    let client = connection.client().map_err(|error| error.to_string())?;
    let api = manifest.kind.api(&client, &manifest.namespace);
    let applied = api.patch(&manifest.name, &how, &Patch::Apply(&manifest.body)).await;
    applied
        .map(drop)
        .map_err(|source| connection.error(format!("apply {}", manifest.title()), source).to_string())
}

async fn in_time<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = || Err(format!("the cluster did not answer within {} s", LIMIT.as_secs()));
    tokio::time::timeout(LIMIT, work).await.unwrap_or_else(|_| late())
}

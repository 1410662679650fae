//! Restores manifests, and checks beforehand whether that is permitted.

use super::manifest::{Manifest, SavedKind};
use crate::{
    cluster::{Connection, Permission, check_permission, resend},
    provider::kubernetes::preview::count,
};
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::Value as Json;
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
    /// The object had not existed and was deleted.
    Removed,
}

impl Restored {
    /// A description of what was done.
    pub fn words(self, manifest: &Manifest) -> String {
        let title = manifest.title();
        match (self, manifest.replicas()) {
            (Restored::PutBack, _) if manifest.kind == SavedKind::Node => {
                format!("{title} was {}", if manifest.cordoned() { "cordoned again" } else { "uncordoned" })
            }
            (Restored::Removed, _) => format!("{title} was removed"),
            (Restored::Untouched, _) if manifest.body.is_none() => {
                format!("{title} does not exist, as before")
            }
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
/// and the permission to create it; for an object that did not exist, the permission to delete it. A node is never
/// re-created. The error is the reason why not.
pub async fn check(connection: &Connection, manifest: &Manifest) -> Result<(), String> {
    in_time(async {
        let pretended = async {
            match &manifest.body {
                Some(body) => {
                    apply(connection, manifest, body, PatchParams::apply(MANAGER).force().dry_run()).await
                }
                None => Ok(()),
            }
        };
        let verb = match manifest {
            Manifest { body: None, .. } => "delete",
            Manifest { kind: SavedKind::Node, .. } => "patch",
            _ => "create",
        };
        let (group, resource) = manifest.kind.group_and_resource();
        let namespace = Some(manifest.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        let permission = Permission::new(group, resource, verb, namespace);
        let (pretended, permitted) = tokio::join!(pretended, check_permission(connection, permission));
        pretended?;
        match permitted.map_err(|error| error.to_string())? {
            access if access.allowed => Ok(()),
            access => Err(format!("you may not {}", access.permission)),
        }
    })
    .await
}

/// Restores the manifest if the object is missing or differs from it; deletes an object that did not exist before.
pub async fn restore(connection: &Connection, manifest: &Manifest) -> Result<Restored, String> {
    in_time(async {
        let current = current(connection, manifest).await?;
        if current.as_ref().is_some_and(|object| object.metadata.deletion_timestamp.is_some()) {
            return Err("it is still terminating: retry the undo once it is deleted".to_owned());
        }
        let Some(body) = &manifest.body else {
            return match current {
                None => Ok(Restored::Untouched),
                Some(_) => delete(connection, manifest).await.map(|()| Restored::Removed),
            };
        };
        let as_saved = |object: &DynamicObject| {
            Manifest::of(manifest.kind, &manifest.namespace, object).body.as_ref() == Some(body)
        };
        let restored = match current {
            Some(object) if as_saved(&object) => return Ok(Restored::Untouched),
            Some(_) => Restored::PutBack,
            None if manifest.kind == SavedKind::Node => {
                return Err("the node has left the cluster".to_owned());
            }
            None => Restored::Created,
        };
        apply(connection, manifest, body, PatchParams::apply(MANAGER).force()).await?;
        Ok(restored)
    })
    .await
}

/// Describes how the object differs from the manifest: `Deployment my-provider-app is at 0, was 1`; `None` if it does
/// not.
///
/// # Errors
/// The reason why the object cannot be read.
pub async fn difference(connection: &Connection, manifest: &Manifest) -> Result<Option<String>, String> {
    in_time(async {
        let title = manifest.title();
        let Some(object) = current(connection, manifest).await? else {
            return Ok(manifest.body.is_some().then(|| format!("{title} is gone")));
        };
        if manifest.body.is_none() {
            return Ok(Some(format!("{title} exists, did not before")));
        }
        let now = Manifest::of(manifest.kind, &manifest.namespace, &object);
        if now.body == manifest.body {
            return Ok(None);
        }
        Ok(Some(match (now.replicas(), manifest.replicas()) {
            _ if manifest.kind == SavedKind::Node && now.cordoned() => format!("{title} is cordoned"),
            (Some(is), Some(was)) if is != was => format!("{title} is at {is}, was {was}"),
            _ => format!("{title} was changed"),
        }))
    })
    .await
}

async fn delete(connection: &Connection, manifest: &Manifest) -> Result<(), String> {
    let client = connection.client().map_err(|error| error.to_string())?;
    match manifest
        .kind
        .api(&client, &manifest.namespace)
        .delete(&manifest.name, &DeleteParams::default())
        .await
    {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(source) => Err(connection.error(format!("delete {}", manifest.title()), source).to_string()),
    }
}

async fn current(connection: &Connection, manifest: &Manifest) -> Result<Option<DynamicObject>, String> {
    let client = connection.client().map_err(|error| error.to_string())?;
    let found = manifest.kind.api(&client, &manifest.namespace).get_opt(&manifest.name).await;
    found.map_err(|source| connection.error(format!("get {}", manifest.title()), source).to_string())
}

async fn apply(
    connection: &Connection,
    manifest: &Manifest,
    body: &Json,
    how: PatchParams,
) -> Result<(), String> {
    let client = resend::over(&connection.client().map_err(|error| error.to_string())?);
    let api = manifest.kind.api(&client, &manifest.namespace);
    let applied = api.patch(&manifest.name, &how, &Patch::Apply(body)).await;
    applied
        .map(drop)
        .map_err(|source| connection.error(format!("apply {}", manifest.title()), source).to_string())
}

async fn in_time<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = || Err(format!("the cluster did not answer within {} s", LIMIT.as_secs()));
    tokio::time::timeout(LIMIT, work).await.unwrap_or_else(|_| late())
}

//! Permissions in a cluster, checked before they are needed.

use super::{Connection, Error};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::{Api, api::PostParams};

/// One permission in the terms of RBAC.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Resource, with its subresource: `pods`, `pods/log`.
    pub resource: &'static str,
    /// `get`, `list`, `watch`, `create`, `patch`, `delete`.
    pub verb: &'static str,
    /// Namespace; `None` asks for the whole cluster.
    pub namespace: Option<String>,
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        match &self.namespace {
            Some(namespace) => write!(f, " in {namespace}"),
            None => f.write_str(" in all namespaces"),
        }
    }
}

/// Whether a permission is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub permission: Permission,
    /// The cluster's answer.
    pub allowed: bool,
    /// The reason, if the cluster gives one.
    pub reason: Option<String>,
}

/// Asks the cluster, by `SelfSubjectAccessReview`, whether the current user has a permission.
pub async fn check_permission(connection: &Connection, permission: Permission) -> Result<Access, Error> {
    let (resource, subresource) = match permission.resource.split_once('/') {
        Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
        None => (permission.resource, None),
    };
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                group: Some(permission.group.to_owned()),
                resource: Some(resource.to_owned()),
                subresource,
                verb: Some(permission.verb.to_owned()),
                namespace: permission.namespace.clone(),
                ..Default::default()
            }),
            ..Default::default()
        },
        ..Default::default()
    };
    let api: Api<SelfSubjectAccessReview> = Api::all(connection.client()?);
    let answer = api
        .create(&PostParams::default(), &review)
        .await
        .map_err(|source| connection.error("ask what we may do", source))?;
    let status = answer.status.unwrap_or_default();
    Ok(Access { permission, allowed: status.allowed, reason: status.reason.filter(|text| !text.is_empty()) })
}

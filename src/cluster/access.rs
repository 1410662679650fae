//! Permissions in a cluster, checked before they are needed.

use super::{Connection, Error};
use k8s_openapi::api::{
    authentication::v1::SelfSubjectReview,
    authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
};
use kube::{Api, api::PostParams};
use std::borrow::Cow;

/// One permission in the terms of RBAC.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission {
    /// API group; empty for the core group.
    pub group: Cow<'static, str>,
    /// Resource, with its subresource: `pods`, `pods/log`.
    pub resource: Cow<'static, str>,
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

impl Permission {
    /// A permission in a namespace; `None` is the whole cluster.
    pub fn new(group: &'static str, resource: &'static str, verb: &'static str, ns: Option<&str>) -> Self {
        Self { group: group.into(), resource: resource.into(), verb, namespace: ns.map(str::to_owned) }
    }

    /// Whether this permission includes the other: a verb in the whole cluster includes it in each namespace.
    pub fn includes(&self, other: &Self) -> bool {
        let same = |it: &Self| Self { namespace: None, ..it.clone() };
        same(self) == same(other) && (self.namespace.is_none() || self.namespace == other.namespace)
    }
}

/// What a permission is needed for; the most important use comes first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PermissionUse {
    /// A step, by its function: without the permission, the step fails.
    Step(String),
    /// To predict what a fire would hit: the target card, and READY's look for missing objects.
    Prediction,
    /// To save what a step changes, and to put it back.
    Undo,
    /// The live view: pods, endpoints, workloads, events and logs.
    View,
    /// To read a circuit breaker's state from the users' pods.
    Breaker,
    /// To notice a kubelet that no longer reports.
    Kubelets,
    /// To find where a Service is reached, if a URL does not answer.
    Address,
    /// READY's notes on disruption budgets.
    Budgets,
    /// To tell operators at the same target of each other.
    Operators,
}

impl std::fmt::Display for PermissionUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Step(function) => f.write_str(function),
            Self::Prediction => f.write_str("target card"),
            Self::Undo => f.write_str("undo"),
            Self::View => f.write_str("live view"),
            Self::Breaker => f.write_str("circuit breaker's state"),
            Self::Kubelets => f.write_str("silence of kubelets"),
            Self::Address => f.write_str("search for a Service's address"),
            Self::Budgets => f.write_str("note on disruption budgets"),
            Self::Operators => f.write_str("warning of a second operator"),
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
        None => (&*permission.resource, None),
    };
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                group: Some(permission.group.clone().into_owned()),
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

/// Asks the cluster who the current user is; falls back to the kubeconfig's name for the user.
pub async fn current_user(connection: &Connection) -> Option<String> {
    let asked = async {
        let api: Api<SelfSubjectReview> = Api::all(connection.client().ok()?);
        let answer = api.create(&PostParams::default(), &SelfSubjectReview::default()).await.ok()?;
        answer.status?.user_info?.username.filter(|name| !name.is_empty())
    };
    asked.await.or_else(|| connection.user().map(str::to_owned))
}

//! What a request asks for, in the terms of RBAC.

use super::{path::Target, query::Query};
use crate::{
    authorization::{Attributes, Policy, ServiceAccount, User},
    store::{Details, Resource, Status, Store},
};
use axum::http::{HeaderMap, Method, header};

/// Checks whether a user may send a request. Documents and reviews are for everybody.
///
/// Errors: 403, with the words of Kubernetes.
pub(super) fn authorize(
    (policy, store): (&Policy, &Store),
    user: User<'_>,
    (method, target): (&Method, Option<&Target>),
    query: &Query,
    headers: &HeaderMap,
) -> Result<(), Status> {
    let User::ServiceAccount(account) = user else { return Ok(()) };
    let Some(asked) = target.and_then(|target| attributes(method, target, query)) else { return Ok(()) };
    check(policy, account, &asked)?;
    // A server-side apply creates an object that does not exist.
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if let Some(Target::Object { served, namespace, name, subresource: None }) = target
        && *method == Method::PATCH
        && kind.starts_with("application/apply-patch")
        && store.get(served.resource, namespace, name).is_none()
    {
        check(policy, account, &Attributes { verb: "create".to_owned(), ..asked })?;
    }
    Ok(())
}

fn check(policy: &Policy, account: &ServiceAccount, asked: &Attributes) -> Result<(), Status> {
    if policy.allows(User::ServiceAccount(account), asked) {
        return Ok(());
    }
    let Attributes { group, resource, name, .. } = asked;
    let qualified = if group.is_empty() { resource.clone() } else { format!("{resource}.{group}") };
    let named = if name.is_empty() { qualified } else { format!("{qualified} \"{name}\"") };
    let message = format!("{named} is forbidden: {}", asked.refusal(account));
    tracing::warn!("403 {message}");
    let details =
        Details { name: name.clone(), group: group.clone(), kind: resource.clone(), ..Details::default() };
    Err(Status { details: Some(Box::new(details)), ..Status::plain(403, "Forbidden", message) })
}

/// The attributes of a request for objects; `None` for other requests.
fn attributes(method: &Method, target: &Target, query: &Query) -> Option<Attributes> {
    let asked = match target {
        Target::Document(_) | Target::Review(_) => return None,
        Target::Collection { served, namespace } => {
            let verb = match *method {
                Method::POST => "create",
                Method::DELETE => "deletecollection",
                _ if query.flag("watch") => "watch",
                _ => "list",
            };
            // A rule for one object also holds for a list of this object alone.
            let only = query.text("fieldSelector").and_then(|fields| fields.strip_prefix("metadata.name="));
            let name = only.filter(|name| !name.contains(',') && *method != Method::POST);
            Attributes {
                verb: verb.to_owned(),
                group: served.descriptor.group.to_owned(),
                resource: served.descriptor.plural.to_owned(),
                name: name.unwrap_or_default().to_owned(),
                namespace: namespace.clone().unwrap_or_default(),
                ..Attributes::default()
            }
        }
        Target::Object { served, namespace, name, subresource } => {
            let verb = match *method {
                Method::POST => "create",
                Method::PUT => "update",
                Method::PATCH => "patch",
                Method::DELETE => "delete",
                _ => "get",
            };
            // A namespace is in itself, and the path of a proxied request is no part of the subresource.
            let place = if served.resource == Resource::Namespaces { name } else { namespace };
            let part = subresource.as_deref().and_then(|path| path.split('/').next());
            Attributes {
                verb: verb.to_owned(),
                group: served.descriptor.group.to_owned(),
                resource: served.descriptor.plural.to_owned(),
                subresource: part.unwrap_or_default().to_owned(),
                name: name.clone(),
                namespace: place.clone(),
            }
        }
    };
    Some(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(method: &str, uri: &str) -> String {
        let uri: axum::http::Uri = uri.parse().unwrap();
        let (target, query) = (Target::of(uri.path()).unwrap(), Query::of(&uri).unwrap());
        let Some(it) = attributes(&method.parse().unwrap(), &target, &query) else { return "-".to_owned() };
        format!("{} {} {}/{} {} {}", it.verb, it.group, it.resource, it.subresource, it.namespace, it.name)
    }

    #[test]
    fn every_request_has_its_verb() {
        for (method, uri, expected) in [
            ("GET", "/api/v1/namespaces/a/pods", "list  pods/ a "),
            ("GET", "/api/v1/pods?watch=true", "watch  pods/  "),
            ("GET", "/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Dx&watch=1", "watch  pods/ a x"),
            ("POST", "/apis/apps/v1/namespaces/a/deployments", "create apps deployments/ a "),
            ("DELETE", "/api/v1/namespaces/a/pods", "deletecollection  pods/ a "),
            ("DELETE", "/api/v1/namespaces/a/pods/x", "delete  pods/ a x"),
            ("PATCH", "/apis/apps/v1/namespaces/a/deployments/x/scale", "patch apps deployments/scale a x"),
            ("PUT", "/api/v1/nodes/n", "update  nodes/  n"),
            ("GET", "/api/v1/namespaces/a", "get  namespaces/ a a"),
            ("GET", "/api/v1/namespaces/a/pods/x:80/proxy/metrics", "get  pods/proxy a x:80"),
            ("POST", "/api/v1/namespaces/a/pods/x/eviction", "create  pods/eviction a x"),
            ("GET", "/apis/events.k8s.io/v1/events", "list events.k8s.io events/  "),
            ("GET", "/version", "-"),
            ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "-"),
        ] {
            assert_eq!(words(method, uri), expected, "{method} {uri}");
        }
    }
}

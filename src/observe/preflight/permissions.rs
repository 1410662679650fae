//! Checks the permissions that the steps and the view need.

use super::{Preflight, fix, know, ok};
use crate::{
    cluster::{Access, Connection, Permission, check_permission},
    provider::kubernetes::{permissions, resolve},
    session::event::PreflightCheck,
};
use futures_util::{StreamExt, stream};
use std::collections::BTreeSet;

/// The number of concurrent access reviews.
const AT_ONCE: usize = 8;

/// The resources that the live view watches.
const VIEW: [(&str, &str); 5] = [
    ("", "pods"),
    ("", "services"),
    ("", "events"),
    ("apps", "deployments"),
    ("discovery.k8s.io", "endpointslices"),
];

/// What a port-forward of our own needs: its WebSocket is opened by `GET`, which since Kubernetes 1.35 needs `create`, too.
const FORWARD: [&str; 2] = ["create", "get"];

/// Requests each permission once.
pub(super) async fn check(preflight: &Preflight<'_>, connection: &Connection) -> Vec<PreflightCheck> {
    let native = |subject: &super::StepToCheck<'_>| {
        let native = resolve(subject.text("module"), subject.text("func"))?;
        Some(permissions(native, &subject.arguments()))
    };
    let steps: BTreeSet<Permission> = preflight.steps.iter().filter_map(native).flatten().collect();
    let view: BTreeSet<Permission> = VIEW
        .into_iter()
        .flat_map(|(group, resource)| ["list", "watch"].map(|verb| (group, resource, verb)))
        .map(|(group, resource, verb)| Permission {
            group,
            resource,
            verb,
            namespace: Some(preflight.namespace.to_owned()),
        })
        .chain(forwards(preflight))
        .filter(|permission| !steps.contains(permission))
        .collect();
    let (steps, view) = tokio::join!(ask(connection, steps), ask(connection, view));
    let user = connection.user().map(|user| format!(" ({user})")).unwrap_or_default();
    let mut checks = Vec::new();
    match steps {
        Ok((allowed, denied)) => {
            if !allowed.is_empty() {
                checks.push(ok(format!("you may{user}: {}", words(&allowed))));
            }
            if !denied.is_empty() {
                let remedy =
                    "grant it (manifests/rbac.yml holds what is needed), or choose another --context";
                checks.push(fix(format!("you may NOT{user}: {}", words(&denied)), Some(remedy.to_owned())));
            }
        }
        Err(why) => checks.push(know(format!("cannot tell what you may do: {why}"), None)),
    }
    if let Ok((_, denied)) = view
        && !denied.is_empty()
    {
        let text = format!("the view will be incomplete, you may not: {}", words(&denied));
        checks.push(know(text, Some("grant it (manifests/rbac.yml)".to_owned())));
    }
    checks
}

/// The permissions of the port-forwards to the users' Services.
fn forwards<'a>(preflight: &'a Preflight<'_>) -> impl Iterator<Item = Permission> + 'a {
    let forwarded = preflight.watched.iter().filter_map(|endpoint| endpoint.way.as_ref());
    let forwarded = forwarded.filter(|way| way.forward.is_some());
    forwarded.flat_map(|way| {
        FORWARD.map(|verb| Permission {
            group: "",
            resource: "pods/portforward",
            verb,
            namespace: Some(way.namespace.clone()),
        })
    })
}

type Answers = (Vec<Permission>, Vec<Permission>);

/// The allowed and the denied permissions.
async fn ask(connection: &Connection, permissions: BTreeSet<Permission>) -> Result<Answers, String> {
    let asked = stream::iter(permissions).map(|permission| check_permission(connection, permission));
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    let answers =
        answers.into_iter().collect::<Result<Vec<Access>, _>>().map_err(|error| error.to_string())?;
    let (allowed, denied): (Vec<_>, Vec<_>) = answers.into_iter().partition(|access| access.allowed);
    let permissions = |answers: Vec<Access>| answers.into_iter().map(|access| access.permission).collect();
    Ok((permissions(allowed), permissions(denied)))
}

/// `delete/list pods, get pods/log in default`.
fn words(permissions: &[Permission]) -> String {
    let mut resources: Vec<(&Permission, Vec<&str>)> = Vec::new();
    for permission in permissions {
        let same = |(other, _): &&mut (&Permission, Vec<&str>)| {
            other.resource == permission.resource && other.namespace == permission.namespace
        };
        match resources.iter_mut().find(same) {
            Some((_, verbs)) => verbs.push(permission.verb),
            None => resources.push((permission, vec![permission.verb])),
        }
    }
    let each = resources.into_iter().map(|(permission, verbs)| {
        let place =
            permission.namespace.as_deref().map_or(" everywhere".to_owned(), |ns| format!(" in {ns}"));
        format!("{} {}{place}", verbs.join("/"), permission.resource)
    });
    each.collect::<Vec<_>>().join(", ")
}

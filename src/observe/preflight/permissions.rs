//! Checks the permissions that the steps and the session around them need.

use super::{GRANT, Needs, fix, know, ok};
use crate::{
    cluster::{Access, Connection, Permission, PermissionUse, check_permission},
    session::event::PreflightCheck,
};
use futures_util::{StreamExt, stream};
use std::collections::BTreeSet;

/// The number of concurrent access reviews.
const AT_ONCE: usize = 8;

/// Requests each permission once; `user` is who asks. With `by_step`, each function of a step has lines of its own.
pub(super) async fn check(
    needs: Needs,
    connection: &Connection,
    user: Option<&str>,
    by_step: bool,
) -> Vec<PreflightCheck> {
    let (permissions, uses): (Vec<Permission>, Vec<BTreeSet<PermissionUse>>) = needs.into_iter().unzip();
    let asked = stream::iter(permissions).map(|permission| check_permission(connection, permission));
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    let answers: Result<Vec<Access>, _> = answers.into_iter().collect();
    let answers: Vec<(BTreeSet<PermissionUse>, Access)> =
        match answers.map(|answers| uses.into_iter().zip(answers).collect()) {
            Ok(answers) => answers,
            Err(why) => return vec![know(format!("cannot tell what you may do: {why}"), None)],
        };
    let chosen = |allowed: bool, chosen: &dyn Fn(&BTreeSet<PermissionUse>) -> bool| -> Vec<&Permission> {
        let found = answers.iter().filter(|(uses, access)| access.allowed == allowed && chosen(uses));
        found.map(|(_, access)| &access.permission).collect()
    };
    let is_step = |usage: &PermissionUse| matches!(usage, PermissionUse::Step(_));
    let remedy = || Some(format!("{GRANT}, or choose another --context"));
    let user = user.map(|user| format!(" ({user})")).unwrap_or_default();
    let mut checks = Vec::new();
    let steps: BTreeSet<&PermissionUse> =
        answers.iter().flat_map(|(uses, _)| uses).filter(|usage| by_step && is_step(usage)).collect();
    for step in &steps {
        let (may, may_not) =
            (chosen(true, &|uses| uses.contains(step)), chosen(false, &|uses| uses.contains(step)));
        checks.push(match may_not.as_slice() {
            [] => ok(format!("{step}: you may {}", words(&may))),
            may_not => fix(format!("{step}: you may NOT{user} {}", words(may_not)), remedy()),
        });
    }
    if steps.is_empty() {
        let allowed = chosen(true, &|uses| uses.iter().any(is_step));
        if !allowed.is_empty() {
            checks.push(ok(format!("you may{user}: {}", words(&allowed))));
        }
        let denied = chosen(false, &|uses| uses.iter().any(is_step));
        if !denied.is_empty() {
            checks.push(fix(format!("you may NOT{user}: {}", words(&denied)), remedy()));
        }
    }
    // What a permission is needed for most is what is missing without it.
    for (usage, without) in WITHOUT {
        let denied = chosen(false, &|uses| uses.first() == Some(&usage));
        if !denied.is_empty() {
            checks.push(know(format!("{without}, you may not: {}", words(&denied)), Some(GRANT.to_owned())));
        }
    }
    if by_step && answers.iter().all(|(_, access)| access.allowed) {
        let around = answers.iter().filter(|(uses, _)| !uses.iter().any(is_step)).count();
        checks.push(ok(format!(
            "you may do all that the session around the steps needs ({around} more permissions)"
        )));
    }
    checks
}

/// What is missing without the permissions of each use.
const WITHOUT: [(PermissionUse, &str); 8] = [
    (PermissionUse::Prediction, "what a fire hits cannot be looked up"),
    (PermissionUse::Undo, "the undo cannot put everything back"),
    (PermissionUse::View, "the view will be incomplete"),
    (PermissionUse::Breaker, "the breaker's state is not read from the pods"),
    (PermissionUse::Kubelets, "a kubelet that no longer reports is not noticed"),
    (PermissionUse::Address, "no address can be offered for a URL that does not answer"),
    (PermissionUse::Budgets, "disruption budgets are not looked for"),
    (PermissionUse::Operators, "a second operator at the target is not warned"),
];

/// `delete/list pods, get pods/log in default`.
fn words(permissions: &[&Permission]) -> String {
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

//! Discovery documents: both forms of discovery (kubernetes-wire 3), the version and the list of paths.

use super::{
    review::{REVIEWS, Review},
    served::{self, Served, Subresource, VERBS},
};
use crate::store::Status;
use serde_json::{Value, json};

/// The emulated Kubernetes release.
const VERSION: (&str, &str, &str) = ("1", "33", "v1.33.0+chaos-tui");

/// Returns the document of `/version`.
pub(super) fn version() -> Value {
    let (major, minor, git) = VERSION;
    json!({
        "major": major,
        "minor": minor,
        "gitVersion": git,
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}

/// Returns the document of `/`.
pub(super) fn paths() -> Value {
    let mut paths = vec!["/api".to_owned(), "/api/v1".into(), "/apis".into()];
    for (group, versions) in named_groups() {
        paths.push(format!("/apis/{group}"));
        paths.extend(versions.iter().map(|version| format!("/apis/{group}/{version}")));
    }
    paths.extend(["/healthz", "/livez", "/openapi/v3", "/readyz", "/version"].map(str::to_owned));
    json!({"paths": paths})
}

/// Returns the non-aggregated document of `/api`.
pub(super) fn core_versions() -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
}

/// Returns the non-aggregated document of `/apis`.
pub(super) fn groups() -> Value {
    let groups: Vec<Value> = named_groups().map(|(group, versions)| group_entry(group, &versions)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// Returns the document of `/apis/G`.
pub(super) fn group(name: &str) -> Result<Value, Status> {
    let (group, versions) =
        named_groups().find(|(group, _)| *group == name).ok_or_else(Status::no_such_path)?;
    let mut entry = group_entry(group, &versions);
    entry["kind"] = "APIGroup".into();
    entry["apiVersion"] = "v1".into();
    Ok(entry)
}

/// Returns the document of `/api/v1` or `/apis/G/V`.
pub(super) fn resources(group: &str, version: &str) -> Result<Value, Status> {
    let known = served::groups().iter().any(|(g, versions)| *g == group && versions.contains(&version));
    if !known {
        return Err(Status::no_such_path());
    }
    let mut resources = Vec::new();
    for served in of(group, version) {
        let d = served.descriptor;
        let mut entry = json!({
            "name": d.plural,
            "singularName": d.singular,
            "namespaced": d.namespaced,
            "kind": d.kind,
            "verbs": VERBS,
        });
        for (key, words) in [("shortNames", d.short_names), ("categories", d.categories)] {
            if !words.is_empty() {
                entry[key] = json!(words);
            }
        }
        resources.push(entry);
        resources.extend(served.subresources().iter().map(|sub| subresource_entry(&served, sub)));
    }
    for (_, _, plural, singular, kind) in reviews(group) {
        resources.push(json!({
            "name": plural,
            "singularName": singular,
            "namespaced": false,
            "kind": kind,
            "verbs": ["create"],
        }));
    }
    let group_version = served::group_version(group, version);
    Ok(
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}),
    )
}

/// Returns the aggregated discovery document of `/api` (`core`) or `/apis`; `version` is the version of
/// `apidiscovery.k8s.io`.
pub(super) fn aggregated(core: bool, version: &str) -> Value {
    let groups = served::groups().into_iter().filter(|(group, _)| group.is_empty() == core);
    let items: Vec<Value> = groups
        .map(|(group, versions)| {
            let metadata = if core { json!({}) } else { json!({"name": group}) };
            let versions = versions.iter().map(|version| {
                json!({"version": version, "freshness": "Current", "resources": aggregated_resources(group, version)})
            });
            json!({"metadata": metadata, "versions": versions.collect::<Vec<_>>()})
        })
        .collect();
    let api_version = format!("apidiscovery.k8s.io/{version}");
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": api_version, "metadata": {}, "items": items})
}

/// Returns the content type of the aggregated form; clients compare it byte by byte.
pub(super) fn aggregated_type(version: &str) -> &'static str {
    match version {
        "v2" => "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        _ => "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
    }
}

fn named_groups() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    served::groups().into_iter().filter(|(group, _)| !group.is_empty())
}

fn of(group: &str, version: &str) -> impl Iterator<Item = Served> {
    served::all().into_iter().filter(move |s| s.descriptor.group == group && s.descriptor.version == version)
}

fn group_entry(group: &str, versions: &[&str]) -> Value {
    let entry = |version: &str| json!({"groupVersion": format!("{group}/{version}"), "version": version});
    let versions: Vec<Value> = versions.iter().map(|version| entry(version)).collect();
    json!({"name": group, "versions": versions, "preferredVersion": versions.first()})
}

fn subresource_entry(served: &Served, sub: &Subresource) -> Value {
    let (group, version, kind) = sub.kind;
    let mut entry = json!({
        "name": format!("{}/{}", served.descriptor.plural, sub.name),
        "singularName": "",
        "namespaced": served.descriptor.namespaced,
        "kind": kind,
        "verbs": sub.verbs,
    });
    if group != served.descriptor.group {
        entry["group"] = group.into();
        entry["version"] = version.into();
    }
    entry
}

fn aggregated_resources(group: &str, version: &str) -> Vec<Value> {
    let kind =
        |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
    let scope = |namespaced| if namespaced { "Namespaced" } else { "Cluster" };
    let mut resources: Vec<Value> = of(group, version)
        .map(|served| {
            let d = served.descriptor;
            let subresources = served.subresources();
            let subresources = subresources.iter().map(|sub| {
                let (group, version, name) = sub.kind;
                json!({"subresource": sub.name, "responseKind": kind(group, version, name), "verbs": sub.verbs})
            });
            json!({
                "resource": d.plural,
                "responseKind": kind(d.group, d.version, d.kind),
                "scope": scope(d.namespaced),
                "singularResource": d.singular,
                "verbs": VERBS,
                "shortNames": d.short_names,
                "categories": d.categories,
                "subresources": subresources.collect::<Vec<_>>(),
            })
        })
        .collect();
    for (_, _, plural, singular, name) in reviews(group) {
        resources.push(json!({
            "resource": plural,
            "responseKind": kind(group, version, name),
            "scope": scope(false),
            "singularResource": singular,
            "verbs": ["create"],
        }));
    }
    resources
}

fn reviews(
    group: &str,
) -> impl Iterator<Item = (Review, &'static str, &'static str, &'static str, &'static str)> {
    REVIEWS.into_iter().filter(move |(_, own, ..)| *own == group)
}

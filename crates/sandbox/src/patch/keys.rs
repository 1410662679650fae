//! Merge strategies for the lists and maps of the built-in kinds: by key, or as a whole.
//!
//! The data are the `patchMergeKey` and `listType` marks of the Kubernetes API types.

use crate::store::Resource;

/// Returns the merge key of a list for strategic merge patches; `None` for a list that is replaced as a whole.
pub(super) fn strategic(resource: Resource, parent: &str, field: &str) -> Option<&'static str> {
    apply(resource, parent, field).and_then(|keys| keys.first().copied())
}

/// Returns the keys of a list for server-side apply; `None` for a list that is owned as a whole.
pub(super) fn apply(resource: Resource, parent: &str, field: &str) -> Option<&'static [&'static str]> {
    let in_container = matches!(parent, "containers" | "initContainers" | "ephemeralContainers");
    Some(match field {
        "containers" | "initContainers" | "ephemeralContainers" if parent == "spec" => &["name"],
        "volumes" | "imagePullSecrets" | "schedulingGates" if parent == "spec" => &["name"],
        "imagePullSecrets" | "secrets" if resource == Resource::ServiceAccounts => &["name"],
        "env" if in_container => &["name"],
        "volumeMounts" if in_container => &["mountPath"],
        "volumeDevices" if in_container => &["devicePath"],
        "ports" if in_container => &["containerPort", "protocol"],
        "ports" if resource == Resource::Services => &["port", "protocol"],
        "hostAliases" if parent == "spec" => &["ip"],
        "topologySpreadConstraints" => &["topologyKey", "whenUnsatisfiable"],
        "conditions" if parent == "status" => &["type"],
        "addresses" if resource == Resource::Nodes => &["type"],
        "podIPs" | "hostIPs" => &["ip"],
        "ownerReferences" if parent == "metadata" => &["uid"],
        _ => return None,
    })
}

/// Returns whether a list is a set of strings.
pub(super) fn is_set(parent: &str, field: &str) -> bool {
    matches!((parent, field), ("metadata", "finalizers") | ("spec", "podCIDRs"))
}

/// Returns whether a map is owned as a whole under server-side apply.
pub(super) fn is_atomic(resource: Resource, parent: &str, field: &str) -> bool {
    match field {
        "selector" => parent == "spec",
        "nodeSelector" | "labelSelector" | "namespaceSelector" | "podSelector" => true,
        "fieldRef" | "resourceFieldRef" | "configMapKeyRef" | "secretKeyRef" => true,
        "secretRef" | "configMapRef" | "targetRef" | "involvedObject" => true,
        "requiredDuringSchedulingIgnoredDuringExecution" => true,
        "data" | "stringData" | "binaryData" => false,
        _ => resource == Resource::EndpointSlices && parent == "endpoints",
    }
}

/// Returns the default value of a key that an element omits.
pub(super) fn default_of(key: &str) -> Option<&'static str> {
    (key == "protocol").then_some("TCP")
}

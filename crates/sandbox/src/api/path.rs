//! Parsing of request paths (the grammar of kubernetes-wire, "Placeholders").

use super::{
    review::{self, Review},
    served::{self, Served},
};

/// The resource that a request addresses.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    /// A document that does not depend on objects.
    Document(Document),
    /// All objects of a kind, in one namespace or in all.
    Collection { served: Served, namespace: Option<String> },
    /// One object or one of its subresources; `namespace` is empty for cluster-scoped objects.
    Object { served: Served, namespace: String, name: String, subresource: Option<String> },
    /// A review in which a user asks about itself.
    Review(Review),
}

/// Documents about the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Document {
    Paths,
    Health,
    Version,
    CoreVersions,
    Groups,
    Group(String),
    Resources { group: String, version: String },
    OpenApi2,
    OpenApiIndex,
    OpenApi { group: String, version: String },
}

impl Target {
    /// Parses a path; `None` is answered with 404.
    pub(super) fn of(path: &str) -> Option<Target> {
        let parts: Option<Vec<String>> =
            path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let parts = parts?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let document = match parts.as_slice() {
            [] => Document::Paths,
            ["healthz" | "livez" | "readyz", ..] => Document::Health,
            ["version"] => Document::Version,
            ["openapi", "v2"] => Document::OpenApi2,
            ["openapi", "v3"] => Document::OpenApiIndex,
            ["openapi", "v3", "api", version] => openapi("", version),
            ["openapi", "v3", "apis", group, version] => openapi(group, version),
            ["api"] => Document::CoreVersions,
            ["apis"] => Document::Groups,
            ["apis", group] => Document::Group((*group).into()),
            ["api", version] => resources("", version),
            ["apis", group, version] => resources(group, version),
            ["api", version, rest @ ..] => return Target::under("", version, rest),
            ["apis", group, version, rest @ ..] => return Target::under(group, version, rest),
            _ => return None,
        };
        Some(Target::Document(document))
    }

    fn under(group: &str, version: &str, parts: &[&str]) -> Option<Target> {
        if let Some(review) = review::find(group, version, parts) {
            return Some(Target::Review(review));
        }
        let find = |plural| served::find(group, version, plural);
        let target = |plural, namespace: Option<&str>, rest: &[&str]| {
            let served = find(plural)?;
            let namespaced = served.descriptor.namespaced;
            match rest {
                [] if namespaced || namespace.is_none() => {
                    Some(Target::Collection { served, namespace: namespace.map(str::to_owned) })
                }
                [name, rest @ ..] if namespaced == namespace.is_some() => {
                    let subresource = match rest {
                        [] => None,
                        rest => Some(rest.join("/")),
                    };
                    let namespace = namespace.unwrap_or_default().to_owned();
                    Some(Target::Object { served, namespace, name: (*name).into(), subresource })
                }
                _ => None,
            }
        };
        match parts {
            // A namespace is both an object and the prefix of namespaced paths.
            ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => {
                target("namespaces", None, &parts[1..])
            }
            ["namespaces", namespace, plural, rest @ ..] => target(plural, Some(namespace), rest),
            [plural, rest @ ..] => target(plural, None, rest),
            [] => None,
        }
    }
}

fn openapi(group: &str, version: &str) -> Document {
    Document::OpenApi { group: group.into(), version: version.into() }
}

fn resources(group: &str, version: &str) -> Document {
    Document::Resources { group: group.into(), version: version.into() }
}

/// Decodes percent-encoding; `None` when the result is not UTF-8.
fn decode(part: &str) -> Option<String> {
    let mut plain = Vec::with_capacity(part.len());
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            plain.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        plain.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    String::from_utf8(plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Resource;

    fn seen(path: &str) -> String {
        match Target::of(path) {
            None => "404".into(),
            Some(Target::Document(document)) => format!("{document:?}"),
            Some(Target::Review(review)) => format!("{review:?} review"),
            Some(Target::Collection { served, namespace }) => {
                format!("{} {} in {namespace:?}", served.group_version(), served.descriptor.plural)
            }
            Some(Target::Object { served, namespace, name, subresource }) => {
                format!("{} {namespace}/{name} {subresource:?}", served.descriptor.plural)
            }
        }
    }

    #[test]
    fn paths_lead_where_kubernetes_has_them() {
        let table = [
            ("/", "Paths"),
            ("/livez/ping", "Health"),
            ("/api", "CoreVersions"),
            ("/apis/apps", "Group(\"apps\")"),
            ("/api/v1/pods", "v1 pods in None"),
            ("/api/v1/namespaces/a/pods", "v1 pods in Some(\"a\")"),
            ("/api/v1/namespaces/a/pods/x", "pods a/x None"),
            ("/api/v1/namespaces/a/pods/x/log", "pods a/x Some(\"log\")"),
            ("/api/v1/namespaces", "v1 namespaces in None"),
            ("/api/v1/namespaces/a", "namespaces /a None"),
            ("/api/v1/namespaces/a/status", "namespaces /a Some(\"status\")"),
            ("/api/v1/nodes/n%2F1", "nodes /n/1 None"),
            (
                "/apis/extensions/v1beta1/namespaces/a/deployments",
                "extensions/v1beta1 deployments in Some(\"a\")",
            ),
            ("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "Access review"),
            ("/apis/authentication.k8s.io/v1/selfsubjectreviews", "User review"),
            ("/api/v1/pods/x", "404"),
            ("/api/v1/namespaces/a/nodes", "404"),
            ("/apis/apps/v1/pods", "404"),
            ("/api/v1/nodes/%zz", "404"),
            ("/metrics", "404"),
        ];
        for (path, expected) in table {
            assert_eq!(seen(path), expected, "{path}");
        }
        let Some(Target::Collection { served, .. }) = Target::of("/apis/events.k8s.io/v1/events") else {
            panic!()
        };
        assert_eq!(served.resource, Resource::Events);
    }
}

//! Reviews in which a user asks about itself: who it is, and what it may do.

use super::{Attributes, Policy, User};
use serde_json::{Value, json};

/// Answers a `SelfSubjectAccessReview` with this `spec`.
pub(crate) fn access_review(policy: &Policy, user: User<'_>, spec: &Value) -> Value {
    let resource = &spec["resourceAttributes"];
    let text = |key: &str| resource[key].as_str().unwrap_or_default().to_owned();
    let asked = Attributes {
        verb: text("verb"),
        group: text("group"),
        resource: text("resource"),
        subresource: text("subresource"),
        name: text("name"),
        namespace: text("namespace"),
    };
    let status = match user {
        User::Administrator => {
            json!({"allowed": true, "reason": "the holder of the sandbox's token may do everything"})
        }
        // Discovery and version are for everybody; nothing else is without objects.
        User::ServiceAccount(_) if resource.is_null() => json!({"allowed": true}),
        User::ServiceAccount(_) if policy.allows(user, &asked) => {
            json!({"allowed": true, "reason": "RBAC: a rule grants it"})
        }
        User::ServiceAccount(_) => json!({"allowed": false}),
    };
    let spec = if spec.is_object() { spec.clone() } else { json!({}) };
    json!({"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {},
        "spec": spec, "status": status})
}

/// Answers a `SelfSubjectRulesReview` with this `spec`.
pub(crate) fn rules_review(policy: &Policy, user: User<'_>, spec: &Value) -> Value {
    let namespace = spec["namespace"].as_str().unwrap_or_default();
    let everything = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
    let reviews = [
        json!({"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]}),
        json!({"verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
            "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]}),
    ];
    let rules = match user {
        User::Administrator => everything,
        User::ServiceAccount(account) => {
            let granted = policy.rules_for(account, namespace).map(|rule| json!(rule));
            granted.chain(reviews).collect()
        }
    };
    let paths = json!([{"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/healthz",
        "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"]}]);
    json!({"kind": "SelfSubjectRulesReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {}, "spec": {},
        "status": {"resourceRules": rules, "nonResourceRules": paths, "incomplete": false}})
}

/// Answers a `SelfSubjectReview`.
pub(crate) fn user_review(user: User<'_>) -> Value {
    let (name, groups) = user.identity();
    json!({"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": {},
        "status": {"userInfo": {"username": name, "groups": groups}}})
}

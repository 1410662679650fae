//! Reviews in which a user asks about itself, and their bodies.

use super::{
    answer::{self, HandlerResult},
    body::Received,
};
use crate::authorization::{Policy, User, access_review, rules_review, user_review};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

/// The kinds of reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Review {
    /// What the user may do: one action.
    Access,
    /// What the user may do: all rules.
    Rules,
    /// Who the user is.
    User,
}

/// Group, plural and singular name, and kind of each review; all are of version `v1`.
pub(super) const REVIEWS: [(Review, &str, &str, &str, &str); 3] = [
    (
        Review::Access,
        "authorization.k8s.io",
        "selfsubjectaccessreviews",
        "selfsubjectaccessreview",
        "SelfSubjectAccessReview",
    ),
    (
        Review::Rules,
        "authorization.k8s.io",
        "selfsubjectrulesreviews",
        "selfsubjectrulesreview",
        "SelfSubjectRulesReview",
    ),
    (Review::User, "authentication.k8s.io", "selfsubjectreviews", "selfsubjectreview", "SelfSubjectReview"),
];

/// Returns the review that is created at this path.
pub(super) fn find(group: &str, version: &str, parts: &[&str]) -> Option<Review> {
    let found = REVIEWS.iter().find(|(_, own, plural, ..)| *own == group && parts == [*plural]);
    found.map(|(review, ..)| *review).filter(|_| version == "v1")
}

/// Answers a review.
pub(super) fn review(review: Review, policy: &Policy, user: User<'_>, body: &Received) -> HandlerResult {
    let spec = if body.is_protobuf() { spec_of_protobuf(&body.bytes) } else { body.value()?["spec"].clone() };
    let answer = match review {
        Review::Access => access_review(policy, user, &spec),
        Review::Rules => rules_review(policy, user, &spec),
        Review::User => user_review(user),
    };
    Ok(answer::json(StatusCode::CREATED, &answer))
}

/// The names of a `ResourceAttributes`' fields, by their number.
const ATTRIBUTES: [&str; 7] = ["namespace", "verb", "group", "version", "resource", "subresource", "name"];

/// Reads the `spec` of a review in Kubernetes' protobuf, which kubectl sends. An unreadable one is empty, so that
/// nothing is said to be allowed because of it.
fn spec_of_protobuf(bytes: &[u8]) -> Value {
    // An envelope, whose field 2 is the object; field 2 of that is the specification.
    let raw = bytes.strip_prefix(b"k8s\0").and_then(|envelope| field(envelope, 2));
    let Some(spec) = raw.and_then(|object| field(object, 2)) else { return json!({}) };
    let text = |message, number| field(message, number).and_then(|text| std::str::from_utf8(text).ok());
    let Some(asked) = field(spec, 1) else { return json!({}) };
    let attributes = (1..).zip(ATTRIBUTES).filter_map(|(number, name)| {
        Some((name.to_owned(), Value::from(text(asked, number).filter(|text| !text.is_empty())?)))
    });
    let attributes: Map<String, Value> = attributes.collect();
    // Field 1 of a rules review is its namespace, a text; what it says as a message is then of no use.
    json!({"resourceAttributes": attributes, "namespace": text(spec, 1).unwrap_or_default()})
}

/// The last length-delimited field with this number.
fn field(mut message: &[u8], wanted: u64) -> Option<&[u8]> {
    let mut found = None;
    while !message.is_empty() {
        let (tag, rest) = varint(message)?;
        message = match tag & 7 {
            0 => varint(rest)?.1,
            1 => rest.get(8..)?,
            2 => {
                let (length, rest) = varint(rest)?;
                let (content, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                if tag >> 3 == wanted {
                    found = Some(content);
                }
                rest
            }
            5 => rest.get(4..)?,
            _ => return None,
        };
    }
    found
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let length = bytes.iter().take(10).position(|byte| byte & 0x80 == 0)? + 1;
    let (number, rest) = bytes.split_at_checked(length)?;
    let value = number.iter().rev().try_fold(0_u64, |value, byte| {
        value.checked_mul(128).and_then(|value| value.checked_add(u64::from(byte & 0x7f)))
    });
    Some((value?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(fields: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (number, content) in fields {
            bytes.extend([number << 3 | 2, u8::try_from(content.len()).unwrap()]);
            bytes.extend_from_slice(content);
        }
        bytes
    }

    #[test]
    fn a_review_in_protobuf_is_read_and_a_broken_one_is_empty() {
        let asked = message(&[(1, b"shop"), (2, b"list"), (3, b"apps"), (5, b"deployments"), (7, b"")]);
        let review = message(&[(1, b""), (2, &message(&[(1, &asked)]))]);
        let mut envelope = b"k8s\0".to_vec();
        envelope.extend(message(&[(1, b"type"), (2, &review), (3, b"")]));
        let spec = spec_of_protobuf(&envelope);
        let expected =
            json!({"namespace": "shop", "verb": "list", "group": "apps", "resource": "deployments"});
        assert_eq!(spec["resourceAttributes"], expected);
        for length in 0..envelope.len() {
            spec_of_protobuf(&envelope[..length]);
        }
        assert_eq!(spec_of_protobuf(b"k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), json!({}));
        let rules = message(&[(2, &message(&[(1, b"shop")]))]);
        let mut envelope = b"k8s\0".to_vec();
        envelope.extend(message(&[(2, &rules)]));
        assert_eq!(spec_of_protobuf(&envelope)["namespace"], "shop");
    }
}

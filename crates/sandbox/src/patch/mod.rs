//! Patches (kubernetes-wire 8.2): merge, strategic merge and JSON patches, and server-side apply with its field
//! ownership ([`apply`]).

pub mod apply;
mod keys;
mod strategic;

#[cfg(test)]
mod tests;

use super::store::{Resource, Status};
use serde_json::Value;

/// A parsed patch.
#[derive(Debug)]
pub enum Patch {
    /// A merge patch (RFC 7396).
    Merge(Value),
    /// A Kubernetes strategic merge patch: lists are merged by key, directives begin with `$`.
    Strategic(Value),
    /// A JSON patch (RFC 6902).
    Json(json_patch::Patch),
}

impl Patch {
    /// Parses a patch of this media type. Errors: 415 for another type, 400 for an invalid body.
    pub fn parse(media_type: &str, body: &[u8]) -> Result<Patch, Status> {
        let json = || serde_json::from_slice(body).map_err(|e| unreadable(&e));
        match media_type {
            "application/merge-patch+json" => Ok(Patch::Merge(object(json()?)?)),
            "application/strategic-merge-patch+json" => Ok(Patch::Strategic(object(json()?)?)),
            "application/json-patch+json" => {
                serde_json::from_slice(body).map(Patch::Json).map_err(|e| unreadable(&e))
            }
            other => Err(Status::plain(
                415,
                "UnsupportedMediaType",
                format!(
                    "the body of the request was in an unknown format ({other}) - accepted media types include: \
                     application/json-patch+json, application/merge-patch+json, \
                     application/strategic-merge-patch+json, application/apply-patch+yaml"
                ),
            )),
        }
    }

    /// Returns the patched `object`. Errors: 422 when a JSON patch cannot be applied, 500 when a list element lacks its
    /// merge key.
    pub fn apply_to(&self, resource: Resource, mut object: Value) -> Result<Value, Status> {
        match self {
            Patch::Merge(patch) => json_patch::merge(&mut object, patch),
            Patch::Strategic(patch) => strategic::merge(resource, &mut object, patch)?,
            Patch::Json(patch) => json_patch::patch(&mut object, patch).map_err(|why| {
                Status::plain(
                    422,
                    "Invalid",
                    format!("the server rejected our request due to an error in our request: {why}"),
                )
            })?,
        }
        Ok(object)
    }
}

fn object(patch: Value) -> Result<Value, Status> {
    if patch.is_object() { Ok(patch) } else { Err(unreadable(&"the patch must be an object")) }
}

fn unreadable(why: &dyn std::fmt::Display) -> Status {
    Status::bad_request(format!("error decoding patch: {why}"))
}

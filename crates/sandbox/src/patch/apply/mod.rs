//! Server-side apply: ownership of fields, and merging of a manager's configuration into an object.
//!
//! Every client that writes through the API owns the fields that it set. An *apply* contains the fields that a manager
//! wants to own, with their values: it conflicts with other owners of fields that it would change (unless forced), and
//! fields that the manager no longer mentions are removed unless another manager owns them. An *update* takes ownership
//! of the fields that it changes.

mod fields;
mod managers;
mod paths;

#[cfg(test)]
mod tests;

use crate::store::{Cause, Details, Resource, Status};
use fields::Fields;
use managers::Managers;
pub use managers::{Manager, Operation, update};
use serde_json::Value;

/// Parses the body of an apply request. Errors: 400 for an invalid body.
pub fn configuration(body: &[u8]) -> Result<Value, Status> {
    // JSON is valid YAML, but the JSON parser is faster and has no implicit types.
    let parsed = serde_json::from_slice(body).or_else(|_| serde_saphyr::from_slice::<Value>(body));
    match parsed {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => Err(Status::bad_request("error decoding apply patch: it must be an object")),
        Err(why) => Err(Status::bad_request(format!("error decoding apply patch: {why}"))),
    }
}

/// Returns the object after `manager` has applied `configuration` to `live` (`None` when there is no object yet).
/// Error: 409 that names every field that others own with another value, unless `force`.
pub fn apply(
    resource: Resource,
    live: Option<&Value>,
    configuration: &Value,
    manager: &Manager,
    force: bool,
) -> Result<Value, Status> {
    let nothing = Value::Object(serde_json::Map::new());
    let live = live.unwrap_or(&nothing);
    let mut managers = Managers::of(live);
    let wanted: Fields = paths::leaves(resource, configuration).into_keys().collect();

    let mut merged = live.clone();
    paths::overlay(resource, &mut merged, configuration);
    let others = managers.owned_by_others(manager);
    let dropped = managers.owned_by(manager).difference(&wanted).difference(&others);
    paths::remove(resource, &mut merged, &dropped, &others);

    let changed = paths::changed(resource, live, &merged);
    let conflicts = managers.conflicts(manager, &changed);
    if !force && !conflicts.is_empty() {
        return Err(conflict(&conflicts));
    }
    managers.take_from_others(manager, &changed);
    managers.set(manager, wanted);
    managers.keep_only(&paths::leaves(resource, &merged).into_keys().collect());
    managers.write(&mut merged);
    Ok(merged)
}

fn conflict(conflicts: &[(String, Fields)]) -> Status {
    let mut causes = Vec::new();
    let mut texts = Vec::new();
    for (owner, fields) in conflicts {
        let paths: Vec<String> = fields.iter().map(fields::readable).collect();
        texts.push(match paths.as_slice() {
            [one] => format!("conflict with {owner}: {one}"),
            many => format!("conflicts with {owner}:\n- {}", many.join("\n- ")),
        });
        causes.extend(paths.into_iter().map(|field| Cause {
            reason: "FieldManagerConflict",
            message: format!("conflict with {owner}"),
            field,
        }));
    }
    let count = causes.len();
    let noun = if count == 1 { "conflict" } else { "conflicts" };
    let message = format!("Apply failed with {count} {noun}: {}", texts.join("\n"));
    let details = Details { causes, ..Details::default() };
    Status { details: Some(Box::new(details)), ..Status::plain(409, "Conflict", message) }
}

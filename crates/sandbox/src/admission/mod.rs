//! Admission of an object before it is stored: null fields are removed, the object is checked against the API's types,
//! completed with defaults and validated.

mod beta;
mod defaults;
mod ignored;
mod pod_defaults;
mod pod_rules;
pub(crate) mod quantity;
mod rules;
mod service_rules;
mod tidy;
mod types;

#[cfg(test)]
mod tests;

use super::store::{Resource, Status};
pub use beta::complete_beta;
pub use ignored::warnings;
pub use pod_defaults::suffix;
pub use quantity::canonicalise;
use serde_json::Value;
pub use types::unknown_fields;

/// Prepares an object for the store. `before` is the version that it replaces. Errors: 400 when a field has the wrong
/// type, 422 with all validation errors.
pub fn admit(resource: Resource, before: Option<&Value>, object: &mut Value) -> Result<(), Status> {
    tidy::tidy(object);
    quantity::canonicalise(resource, object);
    types::prune(resource, object)?;
    complete(resource, object);
    if let (Resource::Services, Some(before)) = (resource, before) {
        defaults::keep_addresses(before, object);
    }
    let mut findings = rules::findings(resource, object);
    if let Some(before) = before {
        findings.extend(rules::changes(resource, before, object));
    }
    if findings.is_empty() {
        return Ok(());
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    Err(Status::invalid(resource, name, findings))
}

/// Fills in the defaults of omitted fields. Controllers call this function for the objects that they create. `object`
/// must have the types of the API.
pub fn complete(resource: Resource, object: &mut Value) {
    defaults::complete(resource, object);
}

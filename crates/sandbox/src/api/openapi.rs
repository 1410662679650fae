//! The minimal `OpenAPI` document that makes kubectl use the server's own validation (kubernetes-wire 4).
//!
//! kubectl only checks whether the patch operation of a kind accepts `fieldValidation`. There are no schemas, so
//! `kubectl explain` shows nothing.

use super::served;
use crate::store::Status;
use serde_json::{Map, Value, json};

/// Returns the document of `/openapi/v3`.
pub(super) fn index() -> Value {
    let mut paths = Map::default();
    for (group, versions) in served::groups() {
        for version in versions {
            let place = place(group, version);
            // The documents change only with the version of the program.
            let url = format!("/openapi/v3/{place}?hash={}", env!("CARGO_PKG_VERSION"));
            paths.insert(place, json!({"serverRelativeURL": url}));
        }
    }
    json!({"paths": paths})
}

/// Returns the document of `/openapi/v3/api/v1` or `/openapi/v3/apis/G/V`.
pub(super) fn document(group: &str, version: &str) -> Result<Value, Status> {
    if !served::groups().iter().any(|(g, versions)| *g == group && versions.contains(&version)) {
        return Err(Status::no_such_path());
    }
    let mut paths = Map::default();
    let kinds = served::all().into_iter().map(|served| served.descriptor);
    for d in kinds.filter(|d| d.group == group && d.version == version) {
        let patch = json!({
            "x-kubernetes-group-version-kind": {"group": group, "version": version, "kind": d.kind},
            "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}],
            "responses": {},
        });
        paths.insert(format!("/{}/{}/{{name}}", place(group, version), d.plural), json!({"patch": patch}));
    }
    let about = json!({"title": "chaos-tui sandbox", "version": env!("CARGO_PKG_VERSION")});
    Ok(json!({"openapi": "3.0.0", "info": about, "paths": paths, "components": {"schemas": {}}}))
}

/// Returns the 404 for `/openapi/v2`, which is protobuf and which only kubectl before 1.29 needs; newer versions ignore
/// the 404.
pub(super) fn too_old() -> Status {
    let why = "this server has no OpenAPI v2: use kubectl 1.29 or newer, or pass --validate=false";
    Status::plain(404, "NotFound", why)
}

fn place(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

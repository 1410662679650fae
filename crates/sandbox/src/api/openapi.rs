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

/// The content type of [`version_2`].
pub(super) const VERSION_2_TYPE: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// Returns the document of `/openapi/v2`, in protobuf: `swagger: "2.0"`, title and version, no paths and no schemas.
///
/// kubectl asks for it before it looks up a kind that the index of version 3 does not list, to validate it. Without
/// schemas it validates nothing, and then says that there is no such kind.
pub(super) fn version_2() -> &'static [u8] {
    b"\x0a\x032.0\x12\x1b\x0a\x11chaos-tui sandbox\x12\x06v1.0.0\x42\x00\x4a\x00"
}

fn place(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_document_is_well_formed() {
        let document = version_2();
        let info = 7 + usize::from(document[6]);
        assert_eq!(&document[..6], b"\x0a\x032.0\x12");
        assert_eq!(&document[info..], b"\x42\x00\x4a\x00", "the length of the title and version is right");
    }
}

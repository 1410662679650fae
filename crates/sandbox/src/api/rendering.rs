//! Serialisation of objects in the form that a client requested.

use super::{negotiate::Form, query::Query, served::Served};
use crate::{
    store::{Listing, Object, Status},
    table,
};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The format of the objects in one response.
#[derive(Clone, Debug)]
pub(super) struct Rendering {
    served: Served,
    form: Form,
    include: Include,
}

/// The part of an object that a table row contains (`includeObject`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Include {
    Nothing,
    Metadata,
    Object,
}

impl Rendering {
    /// Returns the format for a request. Error: 400 for an unknown `includeObject`.
    pub(super) fn new(served: Served, form: Form, query: &Query) -> Result<Rendering, Status> {
        let include = match query.text("includeObject") {
            None | Some("Metadata") => Include::Metadata,
            Some("None") => Include::Nothing,
            Some("Object") => Include::Object,
            Some(other) => {
                return Err(Status::bad_request(format!("unrecognized includeObject value: {other:?}")));
            }
        };
        Ok(Rendering { served, form, include })
    }

    pub(super) fn plain(served: Served) -> Rendering {
        Rendering { served, form: Form::Json, include: Include::Metadata }
    }

    pub(super) fn object(&self, object: &Object) -> Bytes {
        self.event(object, true)
    }

    /// Returns the object of a watch event; only the first table contains the column definitions.
    pub(super) fn event(&self, object: &Object, first: bool) -> Bytes {
        match self.form {
            Form::Json => self.served.view.bytes(object),
            Form::Metadata(version) => Bytes::from(metadata_of(&object.value(), version).to_string()),
            Form::Table(version) => {
                let columns = if first { table::definitions(self.served.resource) } else { Value::Null };
                let mut table = json!({
                    "kind": "Table",
                    "apiVersion": format!("meta.k8s.io/{version}"),
                    "metadata": {"resourceVersion": object.version.to_string()},
                });
                table["columnDefinitions"] = columns;
                table["rows"] = json!([self.row(object, version)]);
                Bytes::from(table.to_string())
            }
        }
    }

    /// Serialises a list; `metadata` contains the list's version and continue token.
    pub(super) fn list(&self, listing: &Listing, metadata: &Value) -> Bytes {
        let (kind, api_version, items) = match self.form {
            Form::Json => {
                (format!("{}List", self.served.descriptor.kind), self.served.group_version(), "items")
            }
            Form::Metadata(version) => {
                ("PartialObjectMetadataList".into(), format!("meta.k8s.io/{version}"), "items")
            }
            Form::Table(version) => ("Table".into(), format!("meta.k8s.io/{version}"), "rows"),
        };
        // Serialised object by object: building one tree of 50,000 rows would take seconds and a gigabyte of memory.
        let mut text =
            format!(r#"{{"kind":"{kind}","apiVersion":"{api_version}","metadata":{metadata},"#).into_bytes();
        if let Form::Table(_) = self.form {
            text.extend(
                format!(r#""columnDefinitions":{},"#, table::definitions(self.served.resource)).bytes(),
            );
        }
        text.extend(format!(r#""{items}":["#).bytes());
        for (at, object) in listing.objects.iter().enumerate() {
            if at > 0 {
                text.push(b',');
            }
            match self.form {
                Form::Json => text.extend_from_slice(&self.served.view.bytes(object)),
                Form::Metadata(version) => {
                    text.extend(metadata_of(&object.value(), version).to_string().bytes());
                }
                Form::Table(version) => text.extend(self.row(object, version).to_string().bytes()),
            }
        }
        text.extend_from_slice(b"]}");
        Bytes::from(text)
    }

    /// Returns an object that contains only a resource version, in the same form as the other objects.
    pub(super) fn bookmark(&self, version: u64, initial_events_end: bool) -> Value {
        let mut metadata = json!({"resourceVersion": version.to_string()});
        if initial_events_end {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        match self.form {
            Form::Json => {
                json!({"kind": self.served.descriptor.kind, "apiVersion": self.served.group_version(), "metadata": metadata})
            }
            Form::Metadata(v) => {
                json!({"kind": "PartialObjectMetadata", "apiVersion": format!("meta.k8s.io/{v}"), "metadata": metadata})
            }
            Form::Table(v) => {
                json!({"kind": "Table", "apiVersion": format!("meta.k8s.io/{v}"), "metadata": metadata, "rows": []})
            }
        }
    }

    fn row(&self, object: &Object, version: &str) -> Value {
        let value = object.value();
        let mut row = json!({"cells": table::cells(self.served.resource, &value, Timestamp::now())});
        match self.include {
            Include::Nothing => {}
            Include::Metadata => row["object"] = metadata_of(&value, version),
            Include::Object => row["object"] = self.served.view.show(value),
        }
        row
    }
}

fn metadata_of(value: &Value, version: &str) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": format!("meta.k8s.io/{version}"),
        "metadata": value["metadata"],
    })
}

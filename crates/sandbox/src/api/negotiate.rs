//! Content negotiation (kubernetes-wire 2, "Accept values seen").

use crate::store::Status;
use axum::http::{HeaderMap, header};

/// The form of the objects in a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The full object.
    Json,
    /// Table rows, in the given version of `meta.k8s.io`.
    Table(&'static str),
    /// Only the metadata, in the given version of `meta.k8s.io`.
    Metadata(&'static str),
}

/// Returns the first supported form in `Accept`. Error: 406.
pub(super) fn form(headers: &HeaderMap) -> Result<Form, Status> {
    let mut ranges = ranges(headers).peekable();
    if ranges.peek().is_none() {
        return Ok(Form::Json);
    }
    ranges.find_map(|range| range.form()).ok_or_else(|| {
        Status::plain(406, "NotAcceptable", "only the following media types are accepted: application/json")
    })
}

/// Returns the requested version of aggregated discovery, if any: `v2` or `v2beta1`.
pub(super) fn aggregated(headers: &HeaderMap) -> Option<&'static str> {
    let wanted = ranges(headers).find(|range| range.kind == "application/json")?;
    if wanted.parameter("g") != Some("apidiscovery.k8s.io") {
        return None;
    }
    ["v2", "v2beta1"].into_iter().find(|version| wanted.parameter("v") == Some(version))
}

/// One media range of `Accept`: `application/json;as=Table;v=v1;g=meta.k8s.io`.
struct Range<'a> {
    kind: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

fn ranges(headers: &HeaderMap) -> impl Iterator<Item = Range<'_>> {
    let texts = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty()).map(|text| {
        let mut parts = text.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        Range { kind, parameters: parts.filter_map(|part| part.split_once('=')).collect() }
    })
}

impl Range<'_> {
    fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    fn form(&self) -> Option<Form> {
        if !matches!(self.kind, "application/json" | "application/*" | "*/*") {
            return None;
        }
        let Some(kind) = self.parameter("as") else { return Some(Form::Json) };
        if self.parameter("g") != Some("meta.k8s.io") {
            return None;
        }
        let version = match self.parameter("v") {
            Some("v1") => "v1",
            Some("v1beta1") => "v1beta1",
            _ => return None,
        };
        match kind {
            "Table" => Some(Form::Table(version)),
            "PartialObjectMetadata" | "PartialObjectMetadataList" => Some(Form::Metadata(version)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, text.parse().unwrap())])
    }

    #[test]
    fn the_first_form_we_have_is_taken() {
        let table = [
            ("application/json", Some(Form::Json)),
            ("application/vnd.kubernetes.protobuf,application/json", Some(Form::Json)),
            ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", Some(Form::Table("v1"))),
            ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", Some(Form::Json)),
            ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", Some(Form::Metadata("v1"))),
            ("*/*", Some(Form::Json)),
            ("", Some(Form::Json)),
            ("text/html", None),
        ];
        for (text, expected) in table {
            assert_eq!(form(&accept(text)).ok(), expected, "{text}");
        }
        assert_eq!(form(&HeaderMap::new()), Ok(Form::Json));
    }

    #[test]
    fn aggregated_discovery_is_told_from_the_plain_one() {
        let v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
        assert_eq!(aggregated(&accept(v2)), Some("v2"));
        assert_eq!(aggregated(&accept("application/json")), None);
        assert_eq!(aggregated(&HeaderMap::new()), None);
    }
}

//! Request bodies.

use crate::store::Status;
use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::Bytes;
use serde_json::Value;

/// The maximum size of a body in bytes, as on a real API server.
const LIMIT: usize = 3 << 20;

/// A received request body.
#[derive(Clone, Debug)]
pub(super) struct Received {
    /// The media type without parameters, in lower case; empty when the client sent no `Content-Type`.
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
}

/// Receives a body. Error: 413 when it is too large.
pub(super) async fn receive(headers: &HeaderMap, body: Body) -> Result<Received, Status> {
    let bytes = axum::body::to_bytes(body, LIMIT).await.map_err(|_| {
        Status::plain(413, "RequestEntityTooLarge", format!("Request entity too large: limit is {LIMIT}"))
    })?;
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Ok(Received { media_type, bytes })
}

impl Received {
    /// Parses the body; an empty body is `null`, and a body without a media type is JSON. Errors: 415 for protobuf and
    /// unknown media types, 400 for a body that cannot be parsed.
    pub(super) fn value(&self) -> Result<Value, Status> {
        if self.is_protobuf() {
            let kind = self.protobuf_kind().map(|kind| match kind {
                "Secret" => "secret generic".to_owned(),
                "Service" => "service clusterip".to_owned(),
                kind => kind.to_lowercase(),
            });
            return Err(unsupported(&format!(
                "the sandbox does not read protobuf, which this command sends; use `kubectl create {} … \
                 --dry-run=client -o yaml | kubectl apply -f -`",
                kind.as_deref().unwrap_or("deployment")
            )));
        }
        if self.bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Null);
        }
        let parsed = match self.media_type.as_str() {
            "" | "application/json" | "*/*" => serde_json::from_slice(&self.bytes).map_err(|e| e.to_string()),
            "application/yaml" => serde_saphyr::from_slice(&self.bytes).map_err(|e| e.to_string()),
            other => {
                return Err(unsupported(&format!(
                    "the body of the request was in an unknown format ({other}) - accepted media types include: \
                     application/json, application/yaml"
                )));
            }
        };
        parsed
            .map_err(|why| Status::bad_request(format!("couldn't get version/kind; json parse error: {why}")))
    }

    /// Returns whether the body is a Kubernetes protobuf envelope.
    pub(super) fn is_protobuf(&self) -> bool {
        self.media_type == "application/vnd.kubernetes.protobuf" || self.bytes.starts_with(b"k8s\0")
    }

    /// Returns the kind in a protobuf envelope, whose first field is the type: the API version, then the kind.
    fn protobuf_kind(&self) -> Option<&str> {
        let (head, rest) = self.bytes.strip_prefix(b"k8s\0")?.split_at_checked(4)?;
        let &[0x0a, _, 0x0a, version] = head else { return None };
        let (head, rest) = rest.get(usize::from(version)..)?.split_at_checked(2)?;
        let &[0x12, kind] = head else { return None };
        std::str::from_utf8(rest.get(..usize::from(kind))?).ok()
    }
}

fn unsupported(why: &str) -> Status {
    Status::plain(415, "UnsupportedMediaType", why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn received(media_type: &str, bytes: &'static [u8]) -> Result<Value, u16> {
        let received = Received { media_type: media_type.into(), bytes: Bytes::from_static(bytes) };
        received.value().map_err(|refusal| refusal.code)
    }

    #[test]
    fn the_kind_of_a_protobuf_body_is_in_the_line_that_works() {
        let bytes = b"k8s\0\x0a\x15\x0a\x07apps/v1\x12\x0aDeployment\x12\x00";
        let refused = Received { media_type: String::new(), bytes: Bytes::from_static(bytes) }.value();
        let message = refused.unwrap_err().message;
        assert!(
            message.contains("`kubectl create deployment … --dry-run=client -o yaml | kubectl"),
            "{message}"
        );
    }

    #[test]
    fn bodies_are_json_unless_they_say_otherwise() {
        let table: [(&str, &[u8], Result<Value, u16>); 8] = [
            ("", b"{\"a\":1}\n", Ok(json!({"a": 1}))),
            ("application/json", b"{\"a\":1}", Ok(json!({"a": 1}))),
            ("application/yaml", b"a: 1\n", Ok(json!({"a": 1}))),
            ("application/json", b"", Ok(Value::Null)),
            ("application/json", b"{", Err(400)),
            ("text/plain", b"{}", Err(415)),
            ("application/vnd.kubernetes.protobuf", b"k8s\0...", Err(415)),
            ("", b"k8s\0...", Err(415)),
        ];
        for (media_type, bytes, expected) in table {
            assert_eq!(received(media_type, bytes), expected, "{media_type} {bytes:?}");
        }
    }
}

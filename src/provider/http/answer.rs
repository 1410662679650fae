//! Converts a response to the activity's output: status, headers, body.

use super::HttpError;
use crate::http_client::{body, from_latin1};
use pyvalue::{Map, Value, parse_json};
use reqwest::{Response, header::HeaderMap};

/// The maximum number of bytes of a body, before and after decompression.
pub(super) const LIMIT: usize = 16 << 20;

/// Reads the whole response.
pub(super) async fn read(response: Response) -> Result<Value, HttpError> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = body(response, LIMIT).await?;
    output(status, &headers, &bytes)
}

/// The output of an activity for this response; `bytes` is the decompressed body.
pub(super) fn output(status: u16, headers: &HeaderMap, bytes: &[u8]) -> Result<Value, HttpError> {
    let kind = header(headers, "content-type");
    let content = match kind.as_deref() {
        Some("application/json") => json(bytes)?,
        kind => Value::Text(text(bytes, kind)),
    };
    let fields =
        [("status", i64::from(status).into()), ("headers", shown(headers).into()), ("body", content)];
    Ok(Value::Map(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
}

fn json(bytes: &[u8]) -> Result<Value, HttpError> {
    let wrong = |why: String| {
        HttpError::Other(format!("the response has content type JSON but is not valid JSON: {why}"))
    };
    // Decodes lossily: invalid bytes become replacement characters. A byte order mark is not valid JSON.
    let text = String::from_utf8_lossy(bytes);
    parse_json(&text).map_err(|error| wrong(error.to_string()))
}

/// Decodes by the charset that the server names; else as Latin-1 for `text/*`, as UTF-8 for JSON, and as either for the
/// rest.
fn text(bytes: &[u8], kind: Option<&str>) -> String {
    let utf8 = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let kind = kind.unwrap_or_default();
    match charset(kind) {
        Some(label) => match label.to_ascii_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" => utf8(bytes),
            "iso-8859-1" | "latin-1" | "latin1" => from_latin1(bytes),
            label => match encoding_rs::Encoding::for_label(label.as_bytes()) {
                Some(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
                None => utf8(bytes),
            },
        },
        None if kind.contains("text") => from_latin1(bytes),
        None if kind.contains("application/json") => utf8(bytes),
        None => std::str::from_utf8(bytes).map_or_else(|_| from_latin1(bytes), str::to_owned),
    }
}

fn charset(kind: &str) -> Option<&str> {
    let parameters = kind.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut named = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    named.next().map(|(_, value)| value.trim().trim_matches(['"', '\'', ' ']))
}

/// A header's values, joined by commas.
fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<String> =
        headers.get_all(name).iter().map(|value| from_latin1(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// All headers in their customary spelling: the client library does not keep the server's spelling.
fn shown(headers: &HeaderMap) -> Map {
    let name = |name: &str| (customary_name(name), header(headers, name).unwrap_or_default().into());
    headers.keys().map(|key| name(key.as_str())).collect()
}

fn customary_name(name: &str) -> String {
    match name {
        "etag" => "ETag".to_owned(),
        "www-authenticate" => "WWW-Authenticate".to_owned(),
        "x-xss-protection" => "X-XSS-Protection".to_owned(),
        name => name.split('-').map(capitalised).collect::<Vec<_>>().join("-"),
    }
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::{charset, customary_name, text};

    #[test]
    fn c052_bodies_are_decoded_as_the_content_type_says() {
        let cases = [
            (Some("text/plain"), "caf\u{c3}\u{a9}"),
            (Some("text/plain; charset=utf-8"), "café"),
            (Some("text/plain; charset=\"UTF-8\""), "café"),
            (Some("application/json; charset=utf-8"), "café"),
            (Some("application/octet-stream"), "café"),
            (None, "café"),
            (Some("text/html; charset=klingon"), "café"),
        ];
        for (kind, expected) in cases {
            assert_eq!(text("café".as_bytes(), kind), expected, "{kind:?}");
        }
        assert_eq!(text(&[0xe9], Some("application/octet-stream")), "é");
        assert_eq!(text(&[0x82, 0xa0], Some("text/plain; charset=shift_jis")), "あ");
    }

    #[test]
    fn names_of_headers_are_spelled_as_usual() {
        for (name, spelled) in [("content-type", "Content-Type"), ("etag", "ETag"), ("x-a-1", "X-A-1")] {
            assert_eq!(customary_name(name), spelled);
        }
        assert_eq!(charset("text/plain; Charset = latin1 ; x=y"), Some("latin1"));
    }
}

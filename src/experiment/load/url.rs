//! Loads URLs: one GET; the content type determines the format (experiment-format 1.3).

use super::{Access, Format, LoadError, MAX_SOURCE};
use pyvalue::{Document, Value, python_text};

/// The maximum number of bytes of an error response that are shown.
const SHOWN: usize = 4096;

pub(super) async fn fetch(source: &str, access: Access<'_>) -> Result<Document, LoadError> {
    let Some(scheme) = scheme_of(source) else { return Err(LoadError::NoSuchPath(path_of(source))) };
    if scheme != "http" && scheme != "https" {
        return Err(LoadError::Scheme(scheme));
    }
    let failed =
        |error: &dyn std::error::Error| LoadError::Connect { url: source.to_owned(), reason: causes(error) };
    let client = reqwest::Client::builder()
        .danger_accept_invalid_certs(!access.verify_tls)
        .redirect(reqwest::redirect::Policy::limited(30))
        .build()
        .map_err(|error| failed(&error))?;
    let mut request = client.get(source).header("Accept", "application/json, application/x-yaml");
    if let Some(authorization) = authorization(source, access) {
        request = request.header("Authorization", authorization);
    }
    let response = request.send().await.map_err(|error| failed(&error))?;
    let status = response.status().as_u16();
    let content_type = response
        .headers()
        .get("Content-Type")
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let (bytes, complete) = super::body(response, MAX_SOURCE).await.map_err(|error| failed(&error))?;
    if !complete {
        return Err(LoadError::TooLarge(source.to_owned()));
    }
    let kind = content_type.as_deref().unwrap_or_default();
    if status != 200 {
        return Err(LoadError::Fetch(decode(&bytes[..bytes.len().min(SHOWN)], kind)));
    }
    if kind.contains("application/json") {
        return Format::Json.parse(source, decode_json(&bytes));
    }
    let text = decode(&bytes, kind);
    if kind.contains("application/x-yaml") || kind.contains("text/yaml") {
        return Format::Yaml.parse(source, text);
    }
    if kind.contains("text/plain") {
        return Format::Json.parse(source, text.clone()).or_else(|_| Format::Yaml.parse(source, text));
    }
    let reason = match content_type {
        Some(kind) => format!(", and {source} was served as '{kind}'"),
        None => format!(", and {source} was served without Content-Type"),
    };
    Err(LoadError::Format(reason))
}

/// The scheme of a source, in lower case, as Python's `urlparse` determines it.
fn scheme_of(source: &str) -> Option<String> {
    let (scheme, _) = source.split_once(':')?;
    let fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    fits.then(|| scheme.to_ascii_lowercase())
}

/// The path part of a source without a scheme.
fn path_of(source: &str) -> String {
    source.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// The network location of a URL, exactly as written.
fn location(source: &str) -> &str {
    let after = source.split_once("//").map_or("", |(_, after)| after);
    after.split(['/', '?', '#']).next().unwrap_or_default()
}

fn authorization(source: &str, access: Access<'_>) -> Option<String> {
    let token =
        access.environment.get("CHAOSTOOLKIT_LOADER_AUTH_BEARER_TOKEN").filter(|token| !token.is_empty());
    if let Some(token) = token {
        return Some(format!("bearer {}", token.trim()));
    }
    let entry = access.settings.get("auths")?.get(location(source))?;
    let part = |key: &str| entry.get(key).map(python_text);
    Some(format!("{} {}", part("type")?, part("value")?))
}

/// Decodes JSON as UTF-8, whatever the charset; invalid bytes become replacement characters.
fn decode_json(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Decodes text as the reference does: by the charset, else ISO-8859-1 for `text/*`, else UTF-8.
fn decode(bytes: &[u8], content_type: &str) -> String {
    let lower = content_type.to_ascii_lowercase();
    let charset = lower
        .split(';')
        .skip(1)
        .find_map(|parameter| parameter.trim().strip_prefix("charset=").map(str::to_owned));
    let charset = charset.map(|charset| charset.trim_matches(['"', '\'']).to_owned());
    let latin_1 = match charset.as_deref() {
        Some(charset) => matches!(charset, "iso-8859-1" | "latin-1" | "latin1"),
        None => lower.trim_start().starts_with("text/"),
    };
    if latin_1 {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    } else {
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// The innermost cause of an error, without the URL of the request.
fn causes(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    Value::from(innermost.to_string()).as_str().unwrap_or_default().to_owned()
}

//! Loads URLs: one GET; the content type determines the format (experiment-format 1.3).

use super::{Access, Format, LoadError, MAX_SOURCE};
use crate::http_client::{BodyError, HttpClient, HttpSettings, Limits, Request, SendError, body};
use pyvalue::{Document, python_text};
use reqwest::{
    Method,
    header::{ACCEPT, CONTENT_TYPE},
};
use std::time::Duration;

/// The time limits; an experiment is a few KiB, so a server that takes longer is broken. The reference has none.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(10),
    silence: Duration::from_secs(15),
    total: Duration::from_secs(45),
};

#[derive(Clone, Copy)]
struct Patience {
    connect: Duration,
    /// The longest silence of the server.
    silence: Duration,
    /// For everything.
    total: Duration,
}

/// The maximum number of bytes of an error response that are shown.
const SHOWN: usize = 4096;

pub(super) async fn fetch(source: &str, access: Access<'_>) -> Result<Document, LoadError> {
    fetch_within(source, access, PATIENCE).await
}

async fn fetch_within(source: &str, access: Access<'_>, patience: Patience) -> Result<Document, LoadError> {
    let Some(scheme) = scheme_of(source) else { return Err(LoadError::NoSuchPath(path_of(source))) };
    if scheme != "http" && scheme != "https" {
        return Err(LoadError::Scheme(scheme));
    }
    let asked = tokio::time::timeout(patience.total, ask(source, access, patience)).await;
    let (status, content_type, bytes) = asked.unwrap_or_else(|_| {
        let reason = format!("it was not complete after {} s", patience.total.as_secs_f64());
        Err(LoadError::Connect { url: shown(source), reason })
    })?;
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

/// The status, the content type and the body of the final answer.
async fn ask(
    source: &str,
    access: Access<'_>,
    patience: Patience,
) -> Result<(u16, Option<String>, Vec<u8>), LoadError> {
    let failed = |reason: String| LoadError::Connect { url: shown(source), reason };
    let silent = || failed(format!("the server was silent for {} s", patience.silence.as_secs_f64()));
    let mut request = Request::new(Method::GET, source)
        .map_err(failed)?
        .with_header(ACCEPT, "application/json, application/x-yaml");
    if let Some(authorization) = authorization(source, access) {
        request = request.with_value("authorization", &authorization).map_err(failed)?;
    }
    let verify = access.verify_tls.into();
    let client = HttpClient {
        settings: HttpSettings::read(Some(&verify), |name| access.environment.get(name)),
        limits: Limits { connect: Some(patience.connect), read: Some(patience.silence) },
        retries: 0,
    };
    let response = client.send(request).await.map_err(|error| match error {
        SendError::ReadTimeout => silent(),
        SendError::Connection(why) | SendError::Other(why) => failed(why),
    })?;
    let status = response.status().as_u16();
    let content_type = response.headers().get(CONTENT_TYPE);
    let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let bytes = body(response, MAX_SOURCE).await.map_err(|error| match error {
        BodyError::TooLarge(_) => LoadError::TooLarge(shown(source)),
        BodyError::Silence => silent(),
        BodyError::Broken(why) => failed(why),
    })?;
    Ok((status, content_type, bytes))
}

/// A URL without its credentials.
fn shown(source: &str) -> String {
    match source.split_once("//") {
        Some((scheme, _)) if location(source).contains('@') => {
            let host = location(source).rsplit('@').next().unwrap_or_default();
            let rest = source.split_once(location(source)).map_or("", |(_, rest)| rest);
            format!("{scheme}//{host}{rest}")
        }
        _ => source.to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Environment, Settings};
    use std::io::{Read, Write};

    /// A server that answers with these parts, one each 50 ms, and then waits. Returns its address.
    fn serve(parts: Vec<Vec<u8>>) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let _ = stream.read(&mut [0; 4096]);
                for part in &parts {
                    // A client that has given up closes the connection.
                    let _ = stream.write_all(part);
                    std::thread::sleep(Duration::from_millis(50));
                }
                std::thread::sleep(Duration::from_secs(5));
            }
        });
        format!("http://user:geheim@{address}/e.json")
    }

    async fn refused(parts: Vec<Vec<u8>>) -> String {
        let (environment, settings) = (Environment::default(), Settings::default());
        let access = Access { verify_tls: true, environment: &environment, settings: &settings };
        let short = Duration::from_millis(500);
        let patience = Patience { connect: short, silence: short, total: short * 3 };
        let refused = fetch_within(&serve(parts), access, patience).await.unwrap_err().to_string();
        assert!(refused.starts_with("cannot fetch http://127.0.0.1:"), "{refused}");
        refused
    }

    #[tokio::test]
    async fn a_server_has_limited_time() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
        let silent = "/e.json: the server was silent for 0.5 s";
        assert!(refused(Vec::new()).await.ends_with(silent));
        assert!(refused(vec![head.to_vec()]).await.ends_with(silent));
        let drops = std::iter::repeat_n(b" ".to_vec(), 100);
        let slow = refused([head.to_vec()].into_iter().chain(drops).collect()).await;
        assert!(slow.ends_with("/e.json: it was not complete after 1.5 s"), "{slow}");
    }

    #[test]
    fn a_url_is_shown_without_its_credentials() {
        for (url, expected) in [
            ("https://u:p@host:1/a?b@c", "https://host:1/a?b@c"),
            ("https://host/a@b", "https://host/a@b"),
            ("http://u@h", "http://h"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}

//! One request and its time limits.

use super::encode;
use reqwest::{
    Method, Url,
    header::{self, HeaderMap, HeaderValue},
};
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<Vec<u8>>,
}

/// Time limits; `None` means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Limits {
    pub connect: Option<Duration>,
    /// The longest silence while waiting for the response or its next part.
    pub read: Option<Duration>,
}

impl Request {
    /// A request with the headers that every request has.
    ///
    /// # Errors
    /// When the text is not a valid http or https URL.
    pub(crate) fn new(method: Method, url: &str) -> Result<Self, String> {
        Ok(Self { method, url: parse_url(url)?, headers: default_headers(), body: None })
    }

    /// Adds or replaces a header with a value from outside. Only `Authorization` is dropped by a redirect to another
    /// server.
    ///
    /// # Errors
    /// When the header cannot be sent; the error does not contain the value.
    pub(crate) fn with_value(mut self, name: &'static str, value: &str) -> Result<Self, String> {
        let bytes = encode::latin1(value).and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
        let value = bytes.ok_or_else(|| format!("the header '{name}' has characters no header may have"))?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Adds or replaces a header.
    #[must_use]
    pub(crate) fn with_header(mut self, name: header::HeaderName, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    #[must_use]
    pub(crate) fn with_body(self, text: String) -> Self {
        Self { body: Some(text.into_bytes()), ..self }
    }

    #[must_use]
    pub(crate) fn with_json(self, json: String) -> Self {
        self.with_header(header::CONTENT_TYPE, "application/json").with_body(json)
    }
}

/// The headers of every request.
pub(crate) fn default_headers() -> HeaderMap {
    let agent = concat!("chaos-tui/", env!("CARGO_PKG_VERSION"));
    let own = [
        (header::USER_AGENT, agent),
        (header::ACCEPT_ENCODING, "gzip, deflate"),
        (header::ACCEPT, "*/*"),
        (header::CONNECTION, "keep-alive"),
    ];
    own.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
}

/// Parses a URL, quoted as `requests` quotes it.
pub(crate) fn parse_url(text: &str) -> Result<Url, String> {
    let wrong = |why: &str| format!("invalid URL '{text}': {why}; it must look like http://host:port/path");
    let text = text.trim_start();
    let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong("it has no scheme"))?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(wrong("only http and https URLs are supported"));
    }
    if rest.starts_with(['/', '?', '#']) || rest.is_empty() {
        return Err(wrong("it has no host"));
    }
    if rest.starts_with(['.', '*']) {
        return Err(wrong("its host begins with an invalid label"));
    }
    Url::parse(&encode::url(text)).map_err(|error| wrong(&error.to_string()))
}

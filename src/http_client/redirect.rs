//! Builds the request that follows a redirect, as Python's `requests` does.

use super::{HttpSettings, encode, netrc::Netrc, request::Request};
use reqwest::{
    Method, Response, StatusCode, Url,
    cookie::{CookieStore, Jar},
    header,
};

/// The maximum number of redirects followed for one request.
pub(super) const LIMIT: usize = 30;

/// The redirects of one request.
pub(crate) struct RedirectChain<'a> {
    netrc: &'a Netrc,
    /// Cookies are kept only for the redirects of one request.
    cookies: Option<Jar>,
    left: usize,
}

/// Why a redirect cannot be followed.
#[derive(Debug)]
pub(crate) enum RedirectError {
    /// The limit of redirects is exceeded.
    TooMany,
    /// The redirect has an invalid target; the reason.
    InvalidTarget(String),
}

impl<'a> RedirectChain<'a> {
    pub(crate) fn new(settings: &'a HttpSettings) -> Self {
        Self { netrc: &settings.netrc, cookies: None, left: LIMIT }
    }

    /// The request that a redirect response leads to; `None` if the response is no redirect.
    pub(crate) fn next(
        &mut self,
        sent: &Request,
        answer: &Response,
    ) -> Result<Option<Request>, RedirectError> {
        let fields = answer.headers();
        let location = fields.get(header::LOCATION).map(|value| encode::from_latin1(value.as_bytes()));
        let Some(next) = next(sent, answer.status(), location.as_deref(), self.netrc) else {
            return Ok(None);
        };
        self.left = self.left.checked_sub(1).ok_or(RedirectError::TooMany)?;
        let jar = self.cookies.get_or_insert_default();
        jar.set_cookies(&mut fields.get_all(header::SET_COOKIE).iter(), &sent.url);
        let mut request = next.map_err(RedirectError::InvalidTarget)?;
        if let Some(cookie) = jar.cookies(&request.url) {
            request.headers.insert(header::COOKIE, cookie);
        }
        Ok(Some(request))
    }
}

/// The next request, if the response is a redirect; the error is the reason why its target is invalid.
fn next(
    sent: &Request,
    status: StatusCode,
    location: Option<&str>,
    netrc: &Netrc,
) -> Option<Result<Request, String>> {
    let followed = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = location.filter(|location| followed && !location.is_empty())?;
    Some(follow(sent, status, location, netrc))
}

fn follow(sent: &Request, status: StatusCode, location: &str, netrc: &Netrc) -> Result<Request, String> {
    let mut url = sent.url.join(location).map_err(|error| format!("redirected to '{location}': {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("redirected to '{location}', which is neither http nor https"));
    }
    if url.fragment().is_none() {
        url.set_fragment(sent.url.fragment());
    }
    let mut headers = sent.headers.clone();
    headers.remove(header::COOKIE);
    let keeps_body = matches!(status.as_u16(), 307 | 308);
    if !keeps_body {
        for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::TRANSFER_ENCODING] {
            headers.remove(name);
        }
    }
    if must_drop_credentials(&sent.url, &url) {
        remove_sensitive_headers(&mut headers);
    }
    if let Some(authorization) = netrc.authorization(&mut url) {
        headers.insert(header::AUTHORIZATION, authorization);
    }
    let body = sent.body.clone().filter(|_| keeps_body);
    let method = method(&sent.method, status);
    if body.is_none() && matches!(method, Method::POST | Method::PUT | Method::PATCH) {
        headers.insert(header::CONTENT_LENGTH, header::HeaderValue::from_static("0"));
    }
    Ok(Request { method, url, headers, body })
}

/// Removes the headers that only the origin may receive. The reference removes `Authorization` only; chaos-tui also
/// removes headers marked as sensitive.
fn remove_sensitive_headers(headers: &mut header::HeaderMap) {
    let secret = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        (name == header::AUTHORIZATION || value.is_sensitive()).then(|| name.clone())
    };
    for name in headers.iter().filter_map(secret).collect::<Vec<_>>() {
        headers.remove(name);
    }
}

fn method(sent: &Method, status: StatusCode) -> Method {
    match status.as_u16() {
        302 | 303 if sent != Method::HEAD => Method::GET,
        301 if sent == Method::POST => Method::GET,
        _ => sent.clone(),
    }
}

/// Whether credentials must be dropped: another host, scheme or port. An upgrade from http to https on the default
/// ports keeps them.
fn must_drop_credentials(from: &Url, to: &Url) -> bool {
    let port = Url::port_or_known_default;
    let upgraded =
        (from.scheme(), to.scheme()) == ("http", "https") && (port(from), port(to)) == (Some(80), Some(443));
    from.host_str() != to.host_str()
        || (!upgraded && (from.scheme() != to.scheme() || port(from) != port(to)))
}

#[cfg(test)]
mod tests {
    use super::next;
    use crate::http_client::{netrc::Netrc, request::Request};
    use reqwest::{Method, StatusCode, Url, header};

    fn sent(method: &str) -> Request {
        let mut headers = header::HeaderMap::new();
        for name in [header::CONTENT_TYPE, header::AUTHORIZATION, header::COOKIE] {
            headers.insert(name, "x".parse().unwrap());
        }
        Request {
            method: method.parse().unwrap(),
            url: Url::parse("http://host/a/b").unwrap(),
            headers,
            body: Some(b"body".to_vec()),
        }
    }

    fn led(method: &str, status: u16, location: &str) -> Request {
        let status = StatusCode::from_u16(status).unwrap();
        next(&sent(method), status, Some(location), &Netrc::default()).unwrap().unwrap()
    }

    #[test]
    fn the_method_and_the_body_follow_the_status() {
        let cases = [
            ("POST", 301, "GET", false),
            ("PUT", 301, "PUT", false),
            ("PUT", 302, "GET", false),
            ("HEAD", 302, "HEAD", false),
            ("DELETE", 303, "GET", false),
            ("POST", 307, "POST", true),
            ("PUT", 308, "PUT", true),
        ];
        for (method, status, then, body) in cases {
            let request = led(method, status, "/c");
            assert_eq!(
                (request.method, request.body.is_some()),
                (then.parse::<Method>().unwrap(), body),
                "{status}"
            );
            assert_eq!(request.headers.contains_key(header::CONTENT_TYPE), body, "{method} {status}");
            assert_eq!(request.url.as_str(), "http://host/c");
            assert!(!request.headers.contains_key(header::COOKIE));
        }
    }

    #[test]
    fn credentials_stay_at_home() {
        for (location, kept) in
            [("/c", true), ("https://host/", true), ("http://host:81/", false), ("http://other/", false)]
        {
            assert_eq!(
                led("GET", 302, location).headers.contains_key(header::AUTHORIZATION),
                kept,
                "{location}"
            );
        }
    }

    #[test]
    fn what_is_marked_as_secret_stays_at_home_too() {
        let mut sent = sent("GET");
        let mut key: header::HeaderValue = "k".parse().unwrap();
        key.set_sensitive(true);
        sent.headers.insert("x-api-key", key);
        sent.headers.insert("x-tenant", "a".parse().unwrap());
        for (location, kept) in [("/c", true), ("http://host:81/", false), ("http://other/", false)] {
            let led = next(&sent, StatusCode::FOUND, Some(location), &Netrc::default()).unwrap().unwrap();
            assert_eq!(led.headers.contains_key("x-api-key"), kept, "{location}");
            assert!(led.headers.contains_key("x-tenant"), "{location}");
        }
    }

    #[test]
    fn other_answers_are_no_redirects() {
        let (request, none) = (sent("GET"), Netrc::default());
        assert!(next(&request, StatusCode::OK, Some("/x"), &none).is_none());
        assert!(next(&request, StatusCode::FOUND, None, &none).is_none());
        assert!(next(&request, StatusCode::FOUND, Some(""), &none).is_none());
        assert!(next(&request, StatusCode::FOUND, Some("ftp://x/"), &none).unwrap().is_err());
    }
}

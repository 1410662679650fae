//! Where a redirect leads, and what is sent there, as Python's `requests` has it.

use super::{credentials, request::Request};
use crate::experiment::Environment;
use reqwest::{Method, StatusCode, Url, header};

/// Redirects followed for one activity.
pub(super) const LIMIT: usize = 30;

/// The next request, if the answer is a redirect; the error says why it leads nowhere.
pub(super) fn next(
    sent: &Request,
    status: StatusCode,
    location: Option<&str>,
    environment: &Environment,
) -> Option<Result<Request, String>> {
    let followed = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = location.filter(|location| followed && !location.is_empty())?;
    Some(follow(sent, status, location, environment))
}

fn follow(
    sent: &Request,
    status: StatusCode,
    location: &str,
    environment: &Environment,
) -> Result<Request, String> {
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
    if leaves_realm(&sent.url, &url) {
        headers.remove(header::AUTHORIZATION);
    }
    if let Some(authorization) = credentials::authorization(&mut url, environment) {
        headers.insert(header::AUTHORIZATION, authorization);
    }
    let body = sent.body.clone().filter(|_| keeps_body);
    let method = method(&sent.method, status);
    if body.is_none() && matches!(method, Method::POST | Method::PUT | Method::PATCH) {
        headers.insert(header::CONTENT_LENGTH, header::HeaderValue::from_static("0"));
    }
    Ok(Request { method, url, headers, body })
}

fn method(sent: &Method, status: StatusCode) -> Method {
    match status.as_u16() {
        302 | 303 if sent != Method::HEAD => Method::GET,
        301 if sent == Method::POST => Method::GET,
        _ => sent.clone(),
    }
}

/// Whether credentials must not go along: another host, scheme or port; moving up from http to https is fine.
fn leaves_realm(from: &Url, to: &Url) -> bool {
    let port = Url::port_or_known_default;
    let upgraded =
        (from.scheme(), to.scheme()) == ("http", "https") && (port(from), port(to)) == (Some(80), Some(443));
    from.host_str() != to.host_str()
        || (!upgraded && (from.scheme() != to.scheme() || port(from) != port(to)))
}

#[cfg(test)]
mod tests {
    use super::next;
    use crate::{experiment::Environment, provider::http::request::Request};
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
        next(&sent(method), status, Some(location), &Environment::default()).unwrap().unwrap()
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
    fn other_answers_are_no_redirects() {
        let (request, none) = (sent("GET"), Environment::default());
        assert!(next(&request, StatusCode::OK, Some("/x"), &none).is_none());
        assert!(next(&request, StatusCode::FOUND, None, &none).is_none());
        assert!(next(&request, StatusCode::FOUND, Some(""), &none).is_none());
        assert!(next(&request, StatusCode::FOUND, Some("ftp://x/"), &none).unwrap().is_err());
    }
}

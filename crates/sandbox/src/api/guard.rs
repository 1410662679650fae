//! Access control: requests need the token and must not come from a web page (kubernetes-wire 2, "Browser safety").

use super::path::{Document, Target};
use crate::{
    authorization::{Policy, User},
    store::Status,
};
use axum::http::{HeaderMap, header};
use std::net::SocketAddr;

/// The names of a server on this machine. A web page reaches it under another name, or names itself as the origin.
#[derive(Clone, Debug)]
pub(crate) struct Authorities(Vec<String>);

impl Authorities {
    /// Returns the names of a server that listens on `address`.
    pub(crate) fn of(address: SocketAddr) -> Self {
        let port = address.port();
        Self(vec![address.to_string(), format!("localhost:{port}"), format!("127.0.0.1:{port}")])
    }

    /// Checks that a request names this server, and comes from no page of another.
    ///
    /// # Errors
    /// Why it is refused.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), String> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let host = text(header::HOST).unwrap_or_default();
        if !self.is_ours(host) {
            return Err(format!("the host {host:?} is not this server"));
        }
        if let Some(origin) = text(header::ORIGIN) {
            let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
            if !self.is_ours(authority) {
                return Err(format!("requests from the origin {origin:?} are refused"));
            }
        }
        Ok(())
    }

    fn is_ours(&self, authority: &str) -> bool {
        self.0.iter().any(|ours| ours.eq_ignore_ascii_case(authority))
    }
}

/// Checks the `Host`, the `Origin` and the bearer token of requests.
#[derive(Clone, Debug)]
pub(super) struct AccessGuard {
    authorities: Authorities,
    token: String,
}

impl AccessGuard {
    /// Creates a guard for a server that listens on `address`.
    pub(super) fn new(address: SocketAddr, token: String) -> AccessGuard {
        AccessGuard { authorities: Authorities::of(address), token }
    }

    /// Checks a request and returns its user. Errors: 403 for a foreign `Host` or `Origin`, 401 without a token (health
    /// and version need none).
    pub(super) fn check<'a>(
        &self,
        policy: &'a Policy,
        headers: &HeaderMap,
        target: Option<&Target>,
    ) -> Result<User<'a>, Status> {
        self.authorities.check(headers).map_err(|why| forbidden(&why))?;
        let open = matches!(target, Some(Target::Document(Document::Health | Document::Version)));
        let held =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut accounts = policy.accounts().iter();
        match accounts.find(|account| holds_token(held, &account.token)) {
            Some(account) => Ok(User::ServiceAccount(account)),
            None if open || holds_token(held, &self.token) => Ok(User::Administrator),
            None => Err(Status::plain(401, "Unauthorized", "Unauthorized")),
        }
    }
}

fn holds_token(authorization: &str, ours: &str) -> bool {
    let Some((scheme, token)) = authorization.split_once(' ') else { return false };
    // Compares all bytes (constant time), so that the response time reveals nothing about the token.
    let (given, ours) = (token.trim().as_bytes(), ours.as_bytes());
    let differences = given.iter().zip(ours).fold(0, |seen, (a, b)| seen | (a ^ b));
    scheme.eq_ignore_ascii_case("bearer") && given.len() == ours.len() && differences == 0
}

fn forbidden(why: &str) -> Status {
    Status::plain(403, "Forbidden", format!("forbidden: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)], target: Option<Target>) -> u16 {
        let guard = AccessGuard::new("127.0.0.1:4711".parse().unwrap(), "secret".into());
        let headers = headers.iter().map(|(key, value)| {
            (key.parse::<header::HeaderName>().unwrap(), value.parse::<header::HeaderValue>().unwrap())
        });
        guard
            .check(&Policy::default(), &headers.collect(), target.as_ref())
            .map_or_else(|refusal| refusal.code, |_| 200)
    }

    #[test]
    fn the_door_opens_only_to_the_token_from_here() {
        let (host, token) = (("host", "127.0.0.1:4711"), ("authorization", "Bearer secret"));
        let table: [(&[(&str, &str)], u16); 10] = [
            (&[host, token], 200),
            (&[("host", "LOCALHOST:4711"), ("authorization", "bearer secret")], 200),
            (&[host, token, ("origin", "http://127.0.0.1:4711")], 200),
            (&[host, token, ("origin", "https://evil.example")], 403),
            (&[host, token, ("origin", "null")], 403),
            (&[("host", "evil.example"), token], 403),
            (&[token], 403),
            (&[host], 401),
            (&[host, ("authorization", "Bearer secrets")], 401),
            (&[host, ("authorization", "Basic secret")], 401),
        ];
        for (headers, code) in table {
            assert_eq!(check(headers, None), code, "{headers:?}");
        }
        assert_eq!(check(&[host], Target::of("/healthz")), 200);
        assert_eq!(check(&[("host", "evil.example")], Target::of("/healthz")), 403);
    }
}

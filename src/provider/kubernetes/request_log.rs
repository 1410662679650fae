//! Logs the requests of one call, to determine whether any of them may have changed something.

use super::failure::Failure;
use crate::cluster::Connection;
use kube::{Client, client::Body};
use std::sync::{Arc, Mutex, PoisonError};

type Request = http::Request<Body>;
type Response = http::Response<Body>;

/// The log of a call's requests; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestLog(Arc<Mutex<LoggedRequests>>);

#[derive(Clone, Debug, Default)]
struct LoggedRequests {
    /// Whether a request changed something, or may have: also after a missing response or a server error.
    may_have_changed: bool,
    /// The first request that was refused.
    refused: Option<RefusedRequest>,
}

#[derive(Clone, Debug)]
struct RefusedRequest {
    verb: &'static str,
    path: String,
    status: u16,
}

impl RequestLog {
    /// A client whose requests are logged.
    pub(super) fn over(&self, client: &Client) -> Client {
        let (witness, client, namespace) =
            (self.clone(), client.clone(), client.default_namespace().to_owned());
        let service = tower::service_fn(move |request: Request| {
            let (witness, client) = (witness.clone(), client.clone());
            async move {
                let asked = (request.method().clone(), request.uri().path().to_owned());
                let answered: Result<Response, kube::Error> = client.send(request).await;
                witness.record(
                    &asked.0,
                    asked.1,
                    answered.as_ref().ok().map(|answer| answer.status().as_u16()),
                );
                answered
            }
        });
        Client::new(service, namespace)
    }

    fn record(&self, method: &http::Method, path: String, status: Option<u16>) {
        let reads = matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS");
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match status {
            Some(101) => seen.may_have_changed = true,
            Some(200..400) => seen.may_have_changed |= !reads,
            Some(400..=407 | 410 | 422 | 429) => {
                seen.refused.get_or_insert(RefusedRequest {
                    verb: verb(method.as_str(), &path),
                    path,
                    status: status.unwrap_or(0),
                });
            }
            // A conflict, a server error, or no response: the change may have taken effect, or the object may already
            // exist.
            _ => seen.may_have_changed = true,
        }
    }

    /// The reason why a failed call changed nothing, as a text; `None` if it may have changed something.
    pub(super) fn refusal(&self, failure: &Failure, connection: &Connection) -> Option<String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if seen.may_have_changed {
            return None;
        }
        let Some(RefusedRequest { verb, path, status }) = seen.refused else {
            return Some(failure.message());
        };
        let (context, what) = (connection.context(), resource(&path));
        let said = failure.server_message();
        let user = said.as_deref().and_then(user_in).or(connection.user().map(str::to_owned));
        let user = user.unwrap_or_else(|| "this user".to_owned());
        Some(match status {
            403 => format!("context {context}: {user} may not {verb} {what} (403 Forbidden)"),
            401 => format!(
                "context {context}: the credentials of {user} were not accepted, to {verb} {what} (401)"
            ),
            404 => {
                format!("context {context}: {what} is not there, {user} could not {verb} it (404 Not Found)")
            }
            status => {
                let said = said.map(|said| format!(": {said}")).unwrap_or_default();
                format!("context {context}: refused to let {user} {verb} {what} ({status}){said}")
            }
        })
    }
}

fn verb(method: &str, path: &str) -> &'static str {
    match method {
        _ if path.ends_with("/eviction") => "evict",
        "GET" if path.ends_with("/exec") => "exec into",
        "GET" | "HEAD" => "read",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "change",
    }
}

/// Converts a request path to a text: `/api/v1/namespaces/shop/pods/a` to `pods/a in namespace shop`.
fn resource(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let parts = match parts.first() {
        Some(&"api") => parts.get(2..),
        Some(&"apis") => parts.get(3..),
        _ => None,
    };
    match parts.unwrap_or_default() {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => {
            format!("{} in namespace {namespace}", rest.join("/"))
        }
        [] => path.to_owned(),
        rest => rest.join("/"),
    }
}

/// The user that a refusal names: `User "viewer" cannot delete ...`.
fn user_in(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("User \"")?;
    rest.split_once('"').map(|(user, _)| user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_refused_throughout_changed_nothing() {
        let acted = |seen: &[(&str, Option<u16>)]| {
            let witness = RequestLog::default();
            for (method, status) in seen {
                witness.record(&method.parse().unwrap(), "/api/v1/namespaces/a/pods".to_owned(), *status);
            }
            witness.0.lock().unwrap().may_have_changed
        };
        assert!(!acted(&[]));
        assert!(!acted(&[("GET", Some(200)), ("DELETE", Some(403))]));
        assert!(!acted(&[("DELETE", Some(404))]));
        assert!(!acted(&[("PATCH", Some(422))]));
        assert!(acted(&[("DELETE", Some(200)), ("DELETE", Some(403))]), "the first pod is gone");
        assert!(acted(&[("DELETE", Some(500))]));
        assert!(acted(&[("POST", Some(409))]));
        assert!(acted(&[("DELETE", None)]), "no answer is no refusal");
        assert!(acted(&[("GET", Some(101))]), "a command in a container");
    }

    #[test]
    fn a_path_is_read_as_people_say_it() {
        for (path, wanted) in [
            ("/api/v1/namespaces/shop/pods/a", "pods/a in namespace shop"),
            ("/apis/apps/v1/namespaces/shop/deployments/b/scale", "deployments/b/scale in namespace shop"),
            ("/api/v1/nodes/n", "nodes/n"),
            ("/api/v1/namespaces/shop", "namespaces/shop"),
        ] {
            assert_eq!(resource(path), wanted);
        }
        assert_eq!(user_in("pods is forbidden: User \"a:b\" cannot").as_deref(), Some("a:b"));
    }
}

//! Sends a request again while the API server is away for a moment, where that certainly does nothing twice.

use super::{
    bounds::{LimitError, cause},
    credential_plugin::PluginError,
};
use kube::{Client, Error, client::Body};
use std::{io, time::Duration};

type Request = http::Request<Body>;
type Response = http::Response<Body>;

/// Pauses before a request that changes something is sent again: an API server that is restarted is away for seconds.
const WRITES: [u64; 6] = [250, 500, 1_000, 2_000, 4_000, 8_000];
/// Pauses before a read is sent again: what it reads is waited for by a probe.
const READS: [u64; 3] = [250, 500, 1_000];

/// Wraps a client for the calls of activities. The other requests of a session are repeated anyway, and report a silent API
/// server at once.
pub(crate) fn over(client: &Client) -> Client {
    let (client, namespace) = (client.clone(), client.default_namespace().to_owned());
    let service = tower::service_fn(move |request: Request| send(client.clone(), request));
    Client::new(service, namespace)
}

async fn send(client: Client, request: Request) -> Result<Response, Error> {
    let (parts, mut body) = request.into_parts();
    let reads = parts.method == http::Method::GET;
    let pauses: &[u64] = if reads { &READS } else { &WRITES };
    let mut pauses = pauses.iter().map(|pause| Duration::from_millis(*pause));
    loop {
        // A body that cannot be cloned is a stream, which is sent once.
        let again = body.try_clone();
        let answer = client.send(http::Request::from_parts(parts.clone(), body)).await;
        let (Some(again), Some(pause)) = (again, pauses.next()) else { return answer };
        if !is_safe_to_resend(&parts, &answer) {
            return answer;
        }
        tokio::time::sleep(asked_pause(&answer).unwrap_or(pause)).await;
        body = again;
    }
}

/// Whether a request failed for now and was either not executed or has the same effect when it is executed again.
fn is_safe_to_resend(parts: &http::request::Parts, answer: &Result<Response, Error>) -> bool {
    let status = match answer {
        Ok(response) => response.status().as_u16(),
        // A server that is silent for so long is not away for a moment.
        Err(error) if cause::<LimitError>(error).is_some() || cause::<PluginError>(error).is_some() => {
            return false;
        }
        Err(error) => return was_not_sent(error) || is_idempotent(parts),
    };
    match status {
        // The server executes nothing that it answers so; to an eviction, it is a disruption budget's refusal.
        429 => !parts.uri.path().ends_with("/eviction"),
        500 | 502..=504 => is_idempotent(parts),
        _ => false,
    }
}

/// Whether the request can be executed any number of times. A deletion cannot: what was re-created under the same name
/// would be deleted as well.
fn is_idempotent(parts: &http::request::Parts) -> bool {
    match parts.method {
        http::Method::GET | http::Method::PUT => true,
        http::Method::PATCH => {
            let kind = parts.headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            kind.is_some_and(|kind| !kind.starts_with("application/json-patch"))
        }
        _ => false,
    }
}

/// Whether there was no connection to send the request over.
fn was_not_sent(error: &Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(error) = current.downcast_ref::<io::Error>() {
            use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
            return matches!(error.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable);
        }
        cause = current.source();
    }
    false
}

/// The pause that the server asks for, if it is a short one.
fn asked_pause(answer: &Result<Response, Error>) -> Option<Duration> {
    let header = answer.as_ref().ok()?.headers().get(http::header::RETRY_AFTER)?;
    let seconds: u64 = header.to_str().ok()?.parse().ok()?;
    (seconds <= 8).then(|| Duration::from_secs(seconds.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::fake_api::{Reply, answering};
    use k8s_openapi::api::core::v1::Pod;
    use kube::{
        Api,
        api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    };
    use serde_json::json;
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    /// The number of requests that reach a server which refuses the first ones with this status, and whether the call
    /// succeeded.
    async fn sent(call: &str, status: u16, refusals: u32) -> (usize, bool) {
        let left = Arc::new(AtomicU32::new(refusals));
        let (connection, asked) = answering(move |asked| {
            if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                Reply::Refused(status, "Reason", "not now".to_owned())
            } else if asked.method == "GET" {
                Reply::List("Pod", Vec::new())
            } else {
                Reply::Object(json!({"metadata": {"name": "p"}}))
            }
        });
        let pods: Api<Pod> = Api::namespaced(over(&connection.client().unwrap()), "n");
        let change = json!({"metadata": {"labels": {"a": "b"}}});
        let steps = json_patch();
        let done = match call {
            "list" => pods.list(&ListParams::default()).await.is_ok(),
            "merge" => pods.patch("p", &PatchParams::default(), &Patch::Merge(&change)).await.is_ok(),
            "json" => pods.patch("p", &PatchParams::default(), &steps).await.is_ok(),
            "delete" => pods.delete("p", &DeleteParams::default()).await.is_ok(),
            "create" => pods.create(&PostParams::default(), &Pod::default()).await.is_ok(),
            _ => {
                let eviction = json!({"metadata": {"name": "p"}});
                let how = PostParams::default();
                let evicted =
                    pods.create_subresource::<_, serde_json::Value>("eviction", "p", &how, &eviction).await;
                evicted.is_ok()
            }
        };
        let asked = asked.lock().unwrap().len();
        (asked, done)
    }

    fn json_patch() -> Patch<()> {
        Patch::Json(
            serde_json::from_value(json!([{"op": "add", "path": "/metadata/labels", "value": {}}])).unwrap(),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_is_sent_again_only_where_that_does_nothing_twice() {
        for (call, status, refusals, wanted) in [
            ("list", 500, 2, (3, true)),
            ("list", 503, 9, (4, false)),
            ("list", 404, 1, (1, false)),
            ("merge", 500, 3, (4, true)),
            ("merge", 429, 6, (7, true)),
            ("merge", 409, 1, (1, false)),
            ("json", 500, 1, (1, false)),
            ("json", 429, 1, (2, true)),
            ("delete", 500, 1, (1, false)),
            ("delete", 429, 1, (2, true)),
            ("create", 503, 1, (1, false)),
            ("create", 429, 1, (2, true)),
            ("evict", 429, 1, (1, false)),
        ] {
            assert_eq!(sent(call, status, refusals).await, wanted, "{call} {status}");
        }
    }
}

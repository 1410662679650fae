//! Logs of pods (kubernetes-wire 9).

use super::{
    Api,
    answer::{self, HandlerResult},
    machine::LogOptions,
    query::Query,
};
use crate::store::{Cause, Object, Resource, Status};
use axum::{body::Body, http::StatusCode};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, future};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::convert::Infallible;

/// Handles `GET` of `pods/X/log`. Errors: 404, 400 for a container that does not exist or has no log yet.
pub(super) fn log(api: &Api, namespace: &str, name: &str, query: &Query) -> HandlerResult {
    let pod = api.store.get(Resource::Pods, namespace, name);
    let pod = pod.ok_or_else(|| Status::not_found(Resource::Pods, name))?;
    let container = container(&pod, query.text("container"))?;
    let limit =
        query.number("limitBytes")?.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let lines = api.machine.log(&pod, &container, &options(query, Timestamp::now())?)?;
    let stop = api.stop.clone().cancelled_owned();
    let lines = at_most(lines.take_until(stop), limit).map(Ok::<Bytes, Infallible>);
    Ok(answer::raw(StatusCode::OK, "text/plain", Body::from_stream(lines)))
}

/// Returns the name of the requested container. Errors: 400 when the pod has no such container, or has several and none
/// is named.
pub(super) fn container(pod: &Object, asked: Option<&str>) -> Result<String, Status> {
    let value = pod.value();
    let names = |list: &str| {
        let containers = value["spec"][list].as_array().into_iter().flatten();
        containers.filter_map(|container| container["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let main = names("containers");
    if let Some(asked) = asked {
        let known = main.iter().chain(&names("initContainers")).any(|name| name == asked);
        return if known {
            Ok(asked.to_owned())
        } else {
            Err(Status::bad_request(format!("container {asked} is not valid for pod {}", pod.name)))
        };
    }
    let preferred = &value["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"];
    match (main.as_slice(), preferred) {
        ([only], _) => Ok(only.clone()),
        (many, Value::String(preferred)) if many.contains(preferred) => Ok(preferred.clone()),
        (many, _) => Err(Status::bad_request(format!(
            "a container name must be specified for pod {}, choose one of: [{}]",
            pod.name,
            many.join(" ")
        ))),
    }
}

fn options(query: &Query, now: Timestamp) -> Result<LogOptions, Status> {
    let refuse = |field: &str, value: &str, why: &str| {
        Status::invalid_kind("", "PodLogOptions", "", vec![Cause::invalid(field, &value.into(), why)])
    };
    let seconds = query.number("sinceSeconds")?;
    let time = query.text("sinceTime");
    let since = match (seconds, time) {
        (Some(_), Some(time)) => {
            return Err(refuse(
                "sinceTime",
                time,
                "at most one of `sinceTime` or `sinceSeconds` may be specified",
            ));
        }
        (Some(seconds), None) => {
            let back = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
            Some(now.checked_sub(back).unwrap_or(Timestamp::UNIX_EPOCH))
        }
        (None, Some(time)) => {
            Some(time.parse().map_err(|_| refuse("sinceTime", time, "must be a time as in RFC 3339"))?)
        }
        (None, None) => None,
    };
    let tail = query.number("tailLines")?.map(|lines| usize::try_from(lines).unwrap_or(usize::MAX));
    Ok(LogOptions {
        follow: query.flag("follow"),
        previous: query.flag("previous"),
        timestamps: query.flag("timestamps"),
        since,
        tail,
    })
}

/// Truncates a stream to `limit` bytes.
fn at_most(lines: impl Stream<Item = Bytes>, limit: usize) -> impl Stream<Item = Bytes> {
    lines.scan(limit, |left, mut line| {
        line.truncate(*left);
        *left -= line.len();
        future::ready((!line.is_empty()).then_some(line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use axum::http::Uri;
    use futures_util::stream;
    use serde_json::json;

    fn pod(value: Value) -> std::sync::Arc<Object> {
        Store::new().mutate(Resource::Pods, "ns", "p", |_| Ok(Some(value))).unwrap().object().unwrap().clone()
    }

    #[test]
    fn the_container_is_found_or_asked_for() {
        let one = pod(json!({"spec": {"containers": [{"name": "a"}], "initContainers": [{"name": "i"}]}}));
        assert_eq!(container(&one, None).unwrap(), "a");
        assert_eq!(container(&one, Some("i")).unwrap(), "i");
        assert_eq!(container(&one, Some("x")).unwrap_err().message, "container x is not valid for pod p");
        let two = json!({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}});
        let why = container(&pod(two.clone()), None).unwrap_err().message;
        assert_eq!(why, "a container name must be specified for pod p, choose one of: [a b]");
        let mut preferring = two;
        preferring["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"] = "b".into();
        assert_eq!(container(&pod(preferring), None).unwrap(), "b");
    }

    #[test]
    fn options_are_read() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let read =
            |text: &str| options(&Query::of(&format!("/?{text}").parse::<Uri>().unwrap()).unwrap(), now);
        let all =
            read("follow=true&previous=1&timestamps=True&sinceSeconds=60&tailLines=5&container=").unwrap();
        assert!(all.follow && all.previous && all.timestamps);
        assert_eq!(all.since, Some("2026-11-23T11:59:00Z".parse().unwrap()));
        assert_eq!(all.tail, Some(5));
        assert_eq!(read("follow=false").unwrap(), LogOptions::default());
        assert_eq!(read("sinceTime=yesterday").unwrap_err().code, 422);
        assert_eq!(read("tailLines=-1").unwrap_err().code, 400);
    }

    #[tokio::test]
    async fn bytes_are_limited() {
        let lines = stream::iter(["abc\n", "def\n", "ghi\n"].map(Bytes::from));
        let cut: Vec<Bytes> = at_most(lines, 6).collect().await;
        assert_eq!(cut.concat(), b"abc\nde");
    }
}

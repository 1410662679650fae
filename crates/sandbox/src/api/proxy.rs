//! `pods/X/proxy` and `services/X/proxy`: forwards a `GET` to a port of a pod or a Service.
//!
//! As on a real API server, the name may contain a scheme and a port (`http:x:8080`), credentials are removed, a
//! redirect is returned to the client and not followed, and a streamed response is forwarded until either side closes
//! it.

use super::{
    Api,
    answer::{self, HandlerResult},
};
use crate::store::{Object, Resource, Status};
use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, time::timeout};

/// The connect timeout. Connections over loopback are immediate unless the accept queue is full.
const CONNECT: Duration = Duration::from_secs(5);
/// Hop-by-hop headers and headers for the API server, which are not forwarded.
const OWN: [&str; 9] = [
    "authorization",
    "connection",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Returns whether a subresource is the proxy, or a path below it.
pub(super) fn is_proxy(resource: Resource, part: &str) -> bool {
    matches!(resource, Resource::Pods | Resource::Services) && (part == "proxy" || part.starts_with("proxy/"))
}

/// Forwards a request. Errors: 404, 400 for an invalid name or port, 405 for methods other than `GET` and `HEAD`, 503
/// when the target cannot be reached.
pub(super) async fn proxy(
    api: &Api,
    resource: Resource,
    namespace: &str,
    name: &str,
    parts: &Parts,
) -> HandlerResult {
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return Err(Status::plain(
            405,
            "MethodNotAllowed",
            "the sandbox's proxy passes on GET and HEAD only",
        ));
    }
    let Some(path) = path_after_proxy(parts.uri.path()) else {
        // Relative links in a page resolve correctly only when the path ends with a slash.
        return redirect(parts);
    };
    let (name, port) = split(resource, name)?;
    let object = api.store.get(resource, namespace, name);
    let object = object.ok_or_else(|| Status::not_found(resource, name))?;
    let address = match resource {
        Resource::Pods => pod(api, &object, port)?,
        _ => service(api, &object, port)?,
    };
    let target = match parts.uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    forward(api, address, &parts.method, &target, &parts.headers).await
}

/// Returns the part of the path after `.../proxy`, not decoded; `None` when there is no slash after `proxy`.
fn path_after_proxy(path: &str) -> Option<String> {
    // The parts: "", api, v1, namespaces, NS, pods, X, proxy, and the rest.
    path.splitn(9, '/').nth(8).map(|rest| format!("/{rest}"))
}

fn redirect(parts: &Parts) -> HandlerResult {
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("{}/{query}", parts.uri.path());
    let mut response = answer::raw(StatusCode::MOVED_PERMANENTLY, "text/plain", "");
    if let Ok(location) = location.parse() {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Splits `http:x:8080`, `x:8080` or `x` into name and port.
fn split(resource: Resource, name: &str) -> Result<(&str, Option<&str>), Status> {
    let unreadable =
        || Status::bad_request(format!("invalid {} request \"{name}\"", resource.descriptor().singular));
    let parts: Vec<&str> = name.split(':').collect();
    let (scheme, name, port) = match parts.as_slice() {
        [name] => ("", *name, ""),
        [name, port] => ("", *name, *port),
        [scheme, name, port] => (*scheme, *name, *port),
        _ => return Err(unreadable()),
    };
    match scheme {
        "" | "http" => Ok((name, Some(port).filter(|port| !port.is_empty()))),
        "https" => {
            Err(Status::bad_request("the sandbox's pods do not support TLS: use the name without https:"))
        }
        _ => Err(unreadable()),
    }
}

fn pod(api: &Api, pod: &Object, port: Option<&str>) -> Result<SocketAddr, Status> {
    let first = || {
        let value = pod.value();
        let containers = value["spec"]["containers"].as_array().into_iter().flatten();
        let mut ports = containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
        ports.find_map(|port| u16::try_from(port["containerPort"].as_u64()?).ok())
    };
    let number = match port {
        Some(port) => port.parse().map_err(|_| Status::bad_request(format!("invalid port \"{port}\"")))?,
        None => first().unwrap_or(80),
    };
    let address = api.machine.pod_socket(pod, number);
    address.ok_or_else(|| unreachable(&format!("pod {} has no address yet", pod.name)))
}

fn service(api: &Api, service: &Object, port: Option<&str>) -> Result<SocketAddr, Status> {
    let value = service.value();
    let ports: Vec<_> = value["spec"]["ports"].as_array().into_iter().flatten().collect();
    let found = match port {
        None => ports.first().filter(|_| ports.len() == 1),
        Some(wanted) => ports.iter().find(|port| {
            port["name"].as_str() == Some(wanted)
                || port["port"].as_u64().is_some_and(|port| port.to_string() == wanted)
        }),
    };
    let number = found.and_then(|port| u16::try_from(port["port"].as_u64()?).ok()).ok_or_else(|| {
        let (port, name) = (port.unwrap_or_default(), &service.name);
        Status::plain(
            503,
            "ServiceUnavailable",
            format!("no service port \"{port}\" found for service \"{name}\""),
        )
    })?;
    let address = api.machine.service_socket(&service.namespace, &service.name, number);
    address.ok_or_else(|| {
        let message = format!("no endpoints available for service \"{}\"", service.name);
        Status::plain(503, "ServiceUnavailable", message)
    })
}

fn unreachable(why: &str) -> Status {
    Status::plain(503, "ServiceUnavailable", format!("error trying to reach service: {why}"))
}

async fn forward(
    api: &Api,
    address: SocketAddr,
    method: &Method,
    target: &str,
    headers: &HeaderMap,
) -> HandlerResult {
    let stream = match timeout(CONNECT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            return Err(unreachable(&format!("dial tcp {address}: connect: connection refused")));
        }
        Ok(Err(error)) => return Err(unreachable(&format!("dial tcp {address}: {error}"))),
        Err(_) => return Err(unreachable(&format!("dial tcp {address}: i/o timeout"))),
    };
    let broken = |error: &dyn std::fmt::Display| unreachable(&error.to_string());
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| broken(&error))?;
    let stop = api.stop.clone();
    tokio::spawn(async move {
        // The connection ends with the response body, when the client disconnects, or when the sandbox stops.
        let _ = stop.run_until_cancelled(connection).await;
    });
    let mut request = Request::builder().method(method).uri(target).header(header::HOST, address.to_string());
    for (name, value) in headers.iter().filter(|(name, _)| !OWN.contains(&name.as_str())) {
        request = request.header(name, value);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| broken(&error))?;
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let (mut parts, body) = response.into_parts();
    for name in OWN {
        parts.headers.remove(name);
    }
    Ok(Response::from_parts(parts, Body::new(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_behind_the_proxy_stays_as_it_was_written() {
        let base = "/api/v1/namespaces/a/pods/x:8080/proxy";
        for (path, expected) in [
            (format!("{base}/health"), Some("/health")),
            (format!("{base}/"), Some("/")),
            (format!("{base}/a%2Fb//c/"), Some("/a%2Fb//c/")),
            (base.to_owned(), None),
        ] {
            assert_eq!(path_after_proxy(&path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn a_name_may_carry_a_scheme_and_a_port() {
        for (name, expected) in [
            ("x", Some(("x", None))),
            ("x:8080", Some(("x", Some("8080")))),
            ("http:x:web", Some(("x", Some("web")))),
            (":x:", Some(("x", None))),
            ("https:x:443", None),
            ("ftp:x:21", None),
            ("a:b:c:d", None),
        ] {
            assert_eq!(split(Resource::Pods, name).ok(), expected, "{name}");
        }
    }
}

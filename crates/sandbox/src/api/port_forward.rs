//! `pods/X/portforward`: bytes to and from one port of a pod, over a WebSocket (kubernetes-wire 9.2).

use super::{
    Api,
    answer::HandlerResult,
    exec::{PROTOCOLS, message},
    query::Query,
};
use crate::store::{Resource, Status};
use axum::{
    extract::{
        FromRequestParts,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::request::Parts,
};
use std::{fmt::Display, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// The channels of the only port of a connection.
const DATA: u8 = 0;
const ERROR: u8 = 1;
/// The connect timeout, and the number of bytes that are read at once.
const CONNECT: Duration = Duration::from_secs(5);
const CHUNK: usize = 32 * 1024;

/// Handles `GET` of `pods/X/portforward`. Errors: 404; 400 for a pod that does not run or an invalid port; 405 for other
/// protocols than the channels of kube-rs.
pub(super) async fn port_forward(
    api: &Api,
    namespace: &str,
    name: &str,
    query: &Query,
    parts: &mut Parts,
) -> HandlerResult {
    let pod = api.store.get(Resource::Pods, namespace, name);
    let pod = pod.ok_or_else(|| Status::not_found(Resource::Pods, name))?;
    let offered = parts.headers.get("sec-websocket-protocol").and_then(|value| value.to_str().ok());
    if !offered.is_some_and(|offered| offered.split(',').any(|one| PROTOCOLS.contains(&one.trim()))) {
        let message = format!(
            "port-forward is served in the channel protocol over WebSockets only, not in the SPDY of kubectl; \
             the pod can be reached directly: kubectl get pod {name} -n {namespace} -o wide shows its address"
        );
        return Err(Status::plain(405, "MethodNotAllowed", message));
    }
    let upgrade = WebSocketUpgrade::from_request_parts(parts, &());
    let upgrade = upgrade.await.map_err(|refused| Status::bad_request(refused.to_string()))?;
    let port = query.text("ports").and_then(|port| port.parse().ok()).filter(|port| *port > 0);
    let port: u16 = port.ok_or_else(|| Status::bad_request("give one port, such as ports=8080"))?;
    let running = pod.value()["status"]["phase"] == "Running";
    let address = api.machine.pod_socket(&pod, port).filter(|_| running);
    let address = address.ok_or_else(|| Status::bad_request(format!("pod {name} is not running")))?;
    let stop = api.stop.clone();
    let about = format!("error forwarding port {port} to pod {name}, uid {}", pod.uid);
    Ok(upgrade.protocols(PROTOCOLS).on_upgrade(async move |socket| {
        stop.run_until_cancelled(attend(socket, port, address, about)).await;
    }))
}

/// Transfers bytes in both directions until one side ends. What goes wrong at the pod is reported on the error channel.
async fn attend(mut socket: WebSocket, port: u16, address: SocketAddr, about: String) {
    for channel in [DATA, ERROR] {
        if socket.send(message(channel, &port.to_le_bytes())).await.is_err() {
            return;
        }
    }
    let wrong = |why: &dyn Display| message(ERROR, format!("{about}: {why}").as_bytes());
    let last = match timeout(CONNECT, TcpStream::connect(address)).await {
        Ok(Ok(pod)) => transfer(&mut socket, pod).await.err().map(|error| wrong(&error)),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            Some(wrong(&format!("dial tcp4 {address}: connect: connection refused")))
        }
        Ok(Err(error)) => Some(wrong(&format!("dial tcp4 {address}: {error}"))),
        Err(_) => Some(wrong(&format!("dial tcp4 {address}: i/o timeout"))),
    };
    // The client may be gone already.
    if let Some(last) = last {
        let _ = socket.send(last).await;
    }
    let _ = socket.send(Message::Close(Some(CloseFrame { code: 1000, reason: "".into() }))).await;
}

async fn transfer(socket: &mut WebSocket, mut pod: TcpStream) -> std::io::Result<()> {
    let (mut from_pod, mut to_pod) = pod.split();
    let mut chunk = vec![0; CHUNK];
    loop {
        tokio::select! {
            read = from_pod.read(&mut chunk) => match read? {
                0 => return Ok(()),
                length => if socket.send(message(DATA, &chunk[..length])).await.is_err() {
                    return Ok(());
                },
            },
            received = socket.recv() => match received {
                Some(Ok(Message::Binary(bytes))) => if let Some((&DATA, bytes)) = bytes.split_first() {
                    to_pod.write_all(bytes).await?;
                },
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                Some(Ok(_)) => {}
            },
        }
    }
}

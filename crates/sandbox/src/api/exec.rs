//! Commands executed in the context of a container, over a WebSocket (kubernetes-wire 9.1).

use super::{
    Api,
    answer::HandlerResult,
    log::container,
    machine::{ExecOutput, Process},
    query::Query,
};
use crate::store::{Cause, Details, Resource, Status};
use axum::{
    extract::{
        FromRequestParts,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::request::Parts,
};
use bytes::{BufMut, Bytes, BytesMut};
use serde_json::{Value, json};

/// The supported sub-protocols, in order of preference. Only v5 can close a single channel.
pub(super) const PROTOCOLS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
const CLOSE: u8 = 255;

/// Handles `GET` of `pods/X/exec`. Errors: 404; 400 for an unknown container; 405 for the old SPDY protocol.
pub(super) async fn exec(
    api: &Api,
    namespace: &str,
    name: &str,
    query: &Query,
    parts: &mut Parts,
) -> HandlerResult {
    let pod = api.store.get(Resource::Pods, namespace, name);
    let pod = pod.ok_or_else(|| Status::not_found(Resource::Pods, name))?;
    let container = container(&pod, query.text("container"))?;
    let command: Vec<String> = query.all("command").map(str::to_owned).collect();
    if command.is_empty() {
        return Err(Status::bad_request("you must specify at least 1 command for the container"));
    }
    let upgrade = WebSocketUpgrade::from_request_parts(parts, &()).await.map_err(|_| {
        let message = "exec is served over WebSockets only: use kubectl 1.30 or newer";
        Status::plain(405, "MethodNotAllowed", message)
    })?;
    // A refusal is sent over the WebSocket: kubectl would answer an HTTP error by retrying with SPDY.
    let started = api.machine.exec(&pod, &container, &command);
    Ok(upgrade.protocols(PROTOCOLS).on_upgrade(|socket| async move {
        match started {
            Ok(process) => attend(socket, process).await,
            Err(refusal) => finish(socket, &failure(refusal)).await,
        }
    }))
}

/// Transfers bytes in both directions until the command ends or the client disconnects.
async fn attend(mut socket: WebSocket, mut process: Process) {
    loop {
        tokio::select! {
            output = process.output.recv() => {
                let (channel, bytes) = match output {
                    Some(ExecOutput::Stdout(bytes)) => (STDOUT, bytes),
                    Some(ExecOutput::Stderr(bytes)) => (STDERR, bytes),
                    Some(ExecOutput::Exit(code)) => return finish(socket, &exit_status(code)).await,
                    None => return finish(socket, &failure(Status::internal("the command ended without an exit code"))).await,
                };
                if socket.send(message(channel, &bytes)).await.is_err() {
                    return;
                }
            }
            input = socket.recv() => match input {
                Some(Ok(Message::Binary(bytes))) => take_input(&mut process, bytes).await,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
}

async fn take_input(process: &mut Process, bytes: Bytes) {
    match bytes.split_first() {
        Some((&STDIN, rest)) => {
            if let Some(stdin) = &process.stdin {
                // Sending fails when the command has closed its standard input; the bytes are then dropped.
                let _ = stdin.send(Bytes::copy_from_slice(rest)).await;
            }
        }
        Some((&CLOSE, [STDIN, ..])) => process.stdin = None,
        // Terminal resize messages are ignored: there are no terminals.
        _ => {}
    }
}

/// Sends the exit status and closes the WebSocket. Without a close code kubectl reports an error.
async fn finish(mut socket: WebSocket, status: &Value) {
    let close = CloseFrame { code: 1000, reason: "".into() };
    if socket.send(message(STATUS, status.to_string().as_bytes())).await.is_ok() {
        let _ = socket.send(Message::Close(Some(close))).await;
    }
}

/// Frames bytes of a channel: its number comes first.
pub(super) fn message(channel: u8, bytes: &[u8]) -> Message {
    let mut framed = BytesMut::with_capacity(bytes.len() + 1);
    framed.put_u8(channel);
    framed.put_slice(bytes);
    Message::Binary(framed.freeze())
}

/// Returns the status of a command that could not be run. The Python extension reads the reason from the causes.
fn failure(refusal: Status) -> Value {
    let cause = Cause { reason: "", message: refusal.message.clone(), field: String::new() };
    let details = Details { causes: vec![cause], ..Details::default() };
    Status { details: Some(Box::new(details)), ..refusal }.to_value()
}

fn exit_status(code: i32) -> Value {
    if code == 0 {
        return json!({"metadata": {}, "status": "Success"});
    }
    json!({
        "metadata": {},
        "status": "Failure",
        "message": format!("command terminated with non-zero exit code: exit status {code}"),
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
    })
}

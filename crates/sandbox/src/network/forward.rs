//! One connection through a Service.

use super::connections::{Listeners, PacketFate};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// A dying process's sockets close a moment before its death is known. So long an end of its stream is held back,
/// to learn whether it is an answer's end (passed on) or a death (swallowed).
const LAST_BREATH: Duration = Duration::from_millis(100);

/// Carries `client` to `target` until both are done, or swallows it.
pub(super) async fn forward(client: TcpStream, target: SocketAddr, lifelines: &Listeners) {
    match lifelines.fate(target) {
        PacketFate::Delivered(life) => match TcpStream::connect(target).await {
            Ok(pod) => carry(client, pod, &life).await,
            Err(_) if dies(&life).await => swallow(client).await,
            Err(_) => refuse(&client),
        },
        PacketFate::Refused => refuse(&client),
        PacketFate::Swallowed => swallow(client).await,
    }
}

async fn carry(mut client: TcpStream, mut pod: TcpStream, life: &CancellationToken) {
    let _ = (client.set_nodelay(true), pod.set_nodelay(true));
    let died = {
        let (mut client_reader, mut client_writer) = client.split();
        let (mut pod_reader, mut pod_writer) = pod.split();
        let up = async {
            let broken = copy(&mut client_reader, &mut pod_writer).await.is_err();
            let _ = pod_writer.shutdown().await;
            broken
        };
        let down = async {
            let _ = copy(&mut pod_reader, &mut client_writer).await;
            let died = dies(life).await;
            if !died {
                let _ = client_writer.shutdown().await;
            }
            died
        };
        tokio::pin!(up, down);
        tokio::select! {
            biased;
            () = life.cancelled() => true,
            died = &mut down => died || { up.await; false },
            broken = &mut up => match broken {
                // The client said its last word and waits for the answer.
                false => down.await,
                // The client is gone, or the pod: only the pod's side can tell, and soon.
                true => tokio::time::timeout(2 * LAST_BREATH, down).await.unwrap_or(false),
            },
        }
    };
    drop(pod);
    if died {
        swallow(client).await;
    }
}

/// Whether the process behind a stream that just ended is dying.
async fn dies(life: &CancellationToken) -> bool {
    tokio::time::timeout(LAST_BREATH, life.cancelled()).await.is_ok()
}

/// Takes everything and gives nothing, until the client leaves: what a network does with packets to a pod that is
/// gone.
async fn swallow(mut client: TcpStream) {
    let _ = copy(&mut client, &mut sink()).await;
}

/// Answers with a reset, as the system of a pod does whose process does not listen.
fn refuse(client: &TcpStream) {
    let _ = client.set_zero_linger();
}

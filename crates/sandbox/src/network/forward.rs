//! Forwarding of one connection through a Service.

use super::listeners::{Listeners, PacketFate};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncWriteExt, copy, sink},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

/// The sockets of a dying process close shortly before its death is registered. The end of its stream is held back for
/// this time, to distinguish the end of a response (forwarded) from a death (swallowed).
const DEATH_DETECTION_DELAY: Duration = Duration::from_millis(100);

/// Forwards `client` to `target` until both sides are done, or swallows the connection.
pub(super) async fn forward(client: TcpStream, target: SocketAddr, lifelines: &Listeners) {
    // The client has already left if it has no address.
    let Ok(source) = client.peer_addr().map(|address| address.ip()) else { return };
    match lifelines.fate(source, target) {
        PacketFate::Delivered(life) => match TcpStream::connect(target).await {
            Ok(pod) => {
                let refusal = lifelines.filter.refusal(source, target);
                forward_bytes(client, pod, &life, refusal).await;
            }
            Err(_) if is_dying(&life).await => swallow(client).await,
            Err(_) => refuse(&client),
        },
        PacketFate::Refused => refuse(&client),
        PacketFate::Swallowed => swallow(client).await,
    }
}

async fn forward_bytes(
    mut client: TcpStream,
    mut pod: TcpStream,
    life: &CancellationToken,
    refusal: impl Future<Output = ()>,
) {
    let _ = (client.set_nodelay(true), pod.set_nodelay(true));
    let silenced = {
        let (mut client_reader, mut client_writer) = client.split();
        let (mut pod_reader, mut pod_writer) = pod.split();
        let up = async {
            let broken = copy(&mut client_reader, &mut pod_writer).await.is_err();
            let _ = pod_writer.shutdown().await;
            broken
        };
        let down = async {
            let _ = copy(&mut pod_reader, &mut client_writer).await;
            let died = is_dying(life).await;
            if !died {
                let _ = client_writer.shutdown().await;
            }
            died
        };
        tokio::pin!(up, down);
        tokio::select! {
            biased;
            () = life.cancelled() => true,
            () = refusal => true,
            died = &mut down => died || { up.await; false },
            broken = &mut up => if broken {
                // The client or the pod has closed the connection: only the pod's side can show which, within a short
                // time.
                tokio::time::timeout(2 * DEATH_DETECTION_DELAY, down).await.unwrap_or(false)
            } else {
                // The client has closed its sending side and waits for the response.
                down.await
            },
        }
    };
    drop(pod);
    if silenced {
        swallow(client).await;
    }
}

/// Returns whether the process at the end of a closed stream is dying.
async fn is_dying(life: &CancellationToken) -> bool {
    tokio::time::timeout(DEATH_DETECTION_DELAY, life.cancelled()).await.is_ok()
}

/// Reads and discards everything without a response until the client disconnects, as a network drops packets to a pod
/// that no longer exists.
async fn swallow(mut client: TcpStream) {
    let _ = copy(&mut client, &mut sink()).await;
}

/// Makes the connection end with a reset, as on a pod whose process does not listen.
fn refuse(client: &TcpStream) {
    let _ = client.set_zero_linger();
}

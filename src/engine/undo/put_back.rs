//! Puts manifests back, each in the cluster that it was saved in.

use crate::{
    cluster::{Connection, Identity},
    provider::kit::{self, Manifest, Restored},
    session::{
        EventKind,
        event::{Level, UndoResult},
        stream::Emitter,
    },
};
use std::collections::BTreeSet;

/// Restores what differs from its manifest, and emits the beginning and the result, which it also returns.
pub(crate) async fn put_back(manifests: Vec<(Connection, Manifest)>, emitter: &Emitter) -> UndoResult {
    emitter.emit(EventKind::UndoBegan).await;
    let mut undone = UndoResult::default();
    let clusters: BTreeSet<Identity> =
        manifests.iter().map(|(connection, _)| connection.identity()).collect();
    for (connection, manifest) in manifests {
        let place = match clusters.len() {
            0 | 1 => String::new(),
            _ => format!(" in context {}", connection.context()),
        };
        match kit::restore(&connection, &manifest).await {
            Ok(restored @ Restored::Untouched) => undone.untouched.push(restored.words(&manifest) + &place),
            Ok(restored) => undone.restored.push(restored.words(&manifest) + &place),
            Err(why) if !manifest.touched => {
                let title = manifest.title();
                let message = format!("{title}{place}, which the step leaves alone: {why}");
                let target = "undo".to_owned();
                emitter.emit(EventKind::Logged { level: Level::Info, target, message }).await;
            }
            Err(why) => undone.failed.push(format!("{}{place}: {why}", manifest.title())),
        }
    }
    emitter.emit(EventKind::UndoDone(undone.clone())).await;
    undone
}

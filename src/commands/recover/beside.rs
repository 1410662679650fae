//! Earlier sessions, as a live session or a headless run sees them.

use super::left::left_behind;
use crate::session::{
    EventKind,
    event::{EarlierSession, Level},
    record::SessionsFolder,
    stream::Emitter,
};
use std::process::Stdio;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::Command,
};

/// Returns what earlier sessions left on.
pub(crate) async fn earlier_sessions(folder: &SessionsFolder) -> Vec<EarlierSession> {
    left_behind(folder).await.into_iter().map(|(_, earlier)| earlier).collect()
}

/// Recovers every session that left something on, each in a process of its own, since it changes to the session's folder.
/// Emits what they print, and what is left on then.
pub(crate) async fn recover_all(folder: SessionsFolder, emitter: Emitter) {
    for earlier in earlier_sessions(&folder).await {
        if let Err(why) = recover_one(&earlier.id, &emitter).await {
            log(&emitter, Level::Error, format!("session {} cannot be recovered: {why}", earlier.id)).await;
        }
    }
    emitter.emit(EventKind::EarlierSessionsFound(earlier_sessions(&folder).await)).await;
}

async fn recover_one(id: &str, emitter: &Emitter) -> std::io::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["recover", id, "--yes"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // CTRL+C at the screen ends the session, and not a recovery that has begun.
    let mut child = command.process_group(0).spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    tokio::join!(relay(stdout, emitter), relay(stderr, emitter));
    let status = child.wait().await?;
    let (level, text) = if status.success() {
        (Level::Warning, format!("session {id} is recovered"))
    } else {
        (Level::Error, format!("session {id} is not recovered: the lines above say why"))
    };
    log(emitter, level, text).await;
    Ok(())
}

/// Logs every line.
async fn relay(from: Option<impl AsyncRead + Unpin>, emitter: &Emitter) {
    let Some(from) = from else { return };
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        log(emitter, Level::Info, line).await;
    }
}

async fn log(emitter: &Emitter, level: Level, message: String) {
    emitter.emit(EventKind::Logged { level, target: "recover".to_owned(), message }).await;
}

//! Supervises a worker process until it has ended.

use super::{
    super::Listener,
    prints::Prints,
    waiting::WaitingCallers,
    wire::{LIMIT, notice, split},
};
use crate::provider::descendants::{Descendants, Leader};
use std::{fmt, os::unix::process::ExitStatusExt, pin::pin, process::ExitStatus, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::unix::pipe,
    process::Child,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// How long to read the pipe after the worker has ended, and how long to wait for the end of a worker that has closed
/// its pipe.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The maximum number of bytes in a line besides the answer itself.
const ENVELOPE: usize = 1 << 20;

/// How a worker ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WorkerEnd {
    Exited {
        /// `exit code 3`, `killed by signal 9`.
        how: String,
    },
    Killed,
    /// chaos-tui killed the worker because of an invalid message.
    ProtocolError {
        why: String,
    },
}

impl fmt::Display for WorkerEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { how } => f.write_str(how),
            Self::Killed => f.write_str("killed, because a cancelled call did not end in time"),
            Self::ProtocolError { why } => write!(f, "it was ended because it broke the protocol: {why}"),
        }
    }
}

/// Delivers answers and notices until the worker has ended; kills it on request, and after an invalid message.
pub(super) async fn supervise(
    child: Child,
    answers: pipe::Receiver,
    (waiting, listener, prints): (&WaitingCallers, &Listener, &Prints),
    kill: &CancellationToken,
) -> WorkerEnd {
    let end = watch(child, listen(answers, waiting, listener, prints), kill).await;
    prints.drained().await;
    end
}

async fn watch(
    mut child: Child,
    listening: impl Future<Output = Result<(), String>>,
    kill: &CancellationToken,
) -> WorkerEnd {
    let mut listening = pin!(listening);
    let closed = tokio::select! {
        biased;
        () = kill.cancelled() => {
            kill_and_reap(&mut child).await;
            return WorkerEnd::Killed;
        }
        closed = &mut listening => closed,
        // Waiting fails only if another process has reaped the child; the child has ended then, too.
        _ = child.wait() => timeout(LAST_WORDS, &mut listening).await.unwrap_or(Ok(())),
    };
    match (closed, timeout(LAST_WORDS, child.wait()).await) {
        (Ok(()), Ok(status)) => {
            WorkerEnd::Exited { how: status.map_or_else(|error| error.to_string(), described) }
        }
        (closed, _) => {
            kill_and_reap(&mut child).await;
            WorkerEnd::ProtocolError { why: closed.err().unwrap_or_else(|| "it closed its pipe".to_owned()) }
        }
    }
}

/// Kills the worker's process group and all that descends from it, and waits until the worker has ended.
async fn kill_and_reap(child: &mut Child) {
    let descendants = Descendants::of(child.id().and_then(Leader::of), &[]);
    if let Some(leader) = child.id().and_then(|id| i32::try_from(id).ok()) {
        // SAFETY: `kill` takes two integers and touches no memory. The number names the child's own group: the kernel
        // does not reuse it until the child is reaped, and `id` returns a number only for a child that is not yet
        // reaped.
        unsafe { libc::kill(-leader, libc::SIGKILL) };
    }
    descendants.kill();
    let _ = child.wait().await;
}

/// Reads lines until the pipe closes; the error describes an invalid line.
async fn listen(
    answers: pipe::Receiver,
    waiting: &WaitingCallers,
    listener: &Listener,
    prints: &Prints,
) -> Result<(), String> {
    let mut answers = BufReader::new(answers);
    let most = LIMIT + ENVELOPE;
    loop {
        let mut line = Vec::new();
        let read = (&mut answers).take(most as u64).read_until(b'\n', &mut line).await;
        match read {
            Ok(0) | Err(_) => return Ok(()),
            Ok(length) if length == most => return Err(format!("a line of more than {most} bytes")),
            Ok(_) => {}
        }
        let line = String::from_utf8_lossy(&line);
        match split(line.trim_end()) {
            None => return Err("a line without a number".to_owned()),
            Some((0, message)) => match notice(message) {
                Some(event) => listener(event).await,
                None => return Err("an unknown notice".to_owned()),
            },
            Some((id, message)) => {
                prints.drained().await;
                waiting.deliver(id, message.to_owned());
            }
        }
    }
}

fn described(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => status.to_string(),
    }
}

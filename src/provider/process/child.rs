//! One child process from its start to its end, whatever ends it.

use super::command::Command;
use crate::experiment::Environment;
use std::{
    io::{self, IsTerminal},
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Child,
};
use tokio_util::sync::CancellationToken;

/// Bytes kept of each output; a process that writes more is ended.
const LIMIT: usize = 16 << 20;

/// How long a cancelled child may take to tidy up after SIGTERM.
const GRACE: Duration = Duration::from_millis(250);

/// How a child ended.
pub(super) enum ChildEnd {
    /// By itself, or by a signal of somebody else (then the status is the negative signal number).
    Exited {
        status: i64,
        stdout: Vec<u8>,
        stderr: Vec<u8>,
    },
    TimedOut,
    TalkedTooMuch {
        limit: usize,
    },
    Cancelled,
    NotStarted(io::Error),
}

/// Runs the command until it has exited *and* closed its outputs, as the reference waits for both.
pub(super) async fn run(
    command: &Command,
    environment: &Environment,
    timeout: Option<Duration>,
    cancel: &CancellationToken,
) -> ChildEnd {
    let mut child = match spawn(command, environment) {
        Ok(child) => child,
        Err(error) => return ChildEnd::NotStarted(error),
    };
    let mut group = ProcessGroup::led_by(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let finished = async { tokio::try_join!(drain(stdout), drain(stderr), wait(&mut child)) };
    tokio::pin!(finished);
    tokio::select! {
        biased;
        () = cancel.cancelled() => {
            group.terminate();
            // Its output is still read: a shell that says `Terminated` into a closed pipe would die before it tidied up.
            // Whether it obeyed or not: dropping the group kills what is left of it.
            let _ = tokio::time::timeout(GRACE, &mut finished).await;
            ChildEnd::Cancelled
        }
        () = elapsed(timeout) => ChildEnd::TimedOut,
        finished = &mut finished => match finished {
            Ok((stdout, stderr, status)) => {
                group.leave();
                ChildEnd::Exited { status: status_of(status), stdout, stderr }
            }
            Err(TooMuch) => ChildEnd::TalkedTooMuch { limit: LIMIT },
        }
    }
}

fn spawn(command: &Command, environment: &Environment) -> io::Result<Child> {
    // A child of another process group that reads the terminal would be stopped by it, so it gets none.
    let stdin = if io::stdin().is_terminal() { Stdio::null() } else { Stdio::inherit() };
    tokio::process::Command::new(&command.program)
        .args(&command.arguments)
        .env_clear()
        .envs(environment.variables())
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Never, without a timeout.
async fn elapsed(timeout: Option<Duration>) {
    match timeout {
        // No time at all is over before anything can be done in it; a timer would take a moment to say so.
        Some(Duration::ZERO) => {}
        Some(timeout) => tokio::time::sleep(timeout).await,
        None => std::future::pending().await,
    }
}

/// The output is longer than [`LIMIT`].
struct TooMuch;

async fn drain(output: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, TooMuch> {
    let mut kept = Vec::new();
    if let Some(output) = output {
        // A pipe that cannot be read has ended: what came so far is all there is.
        let _ = output.take(LIMIT as u64 + 1).read_to_end(&mut kept).await;
    }
    if kept.len() > LIMIT { Err(TooMuch) } else { Ok(kept) }
}

async fn wait(child: &mut Child) -> Result<ExitStatus, TooMuch> {
    // Waiting fails only for a child somebody else has reaped; its status is lost then and counts as 0, as in Python.
    Ok(child.wait().await.unwrap_or_default())
}

fn status_of(status: ExitStatus) -> i64 {
    match (status.code(), status.signal()) {
        (Some(code), _) => code.into(),
        (None, Some(signal)) => -i64::from(signal),
        (None, None) => 0,
    }
}

/// The child's process group; killed on drop unless it was left in peace.
struct ProcessGroup {
    leader: Option<i32>,
}

impl ProcessGroup {
    fn led_by(child: &Child) -> Self {
        Self { leader: child.id().and_then(|id| i32::try_from(id).ok()) }
    }

    fn terminate(&self) {
        self.signal(libc::SIGTERM);
    }

    /// The child has ended by itself; what it left running on purpose stays.
    fn leave(&mut self) {
        self.leader = None;
    }

    fn signal(&self, signal: i32) {
        if let Some(leader) = self.leader {
            // SAFETY: `kill` takes two integers and touches no memory. The number names the child's own group: it is
            // not given away while the group has a member, and `run` leaves the group once all has ended.
            unsafe { libc::kill(-leader, signal) };
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.signal(libc::SIGKILL);
    }
}

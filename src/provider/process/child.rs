//! The life cycle of one child process.

use super::command::Command;
use crate::{
    experiment::{Environment, read_output},
    provider::{
        descendants::{Descendants, Leader, PipeId},
        exec::Exec,
        group_guard::{self, GroupGuard},
    },
};
use std::{
    io::{self, IsTerminal},
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{io::AsyncRead, process::Child};
use tokio_util::sync::CancellationToken;

/// The maximum number of bytes kept of each output; a process that writes more is killed.
const LIMIT: usize = 16 << 20;

/// How long a cancelled child may take to clean up after SIGTERM.
const GRACE: Duration = Duration::from_millis(250);

/// How a child ended.
pub(super) enum ChildEnd {
    /// It exited by itself, or was ended by a signal from another process (then the status is the negative signal
    /// number).
    Exited {
        status: i64,
        stdout: Vec<u8>,
        stderr: Vec<u8>,
    },
    TimedOut,
    OutputTooLarge {
        limit: usize,
    },
    Cancelled,
    NotStarted(io::Error),
}

/// Runs the command until it has exited *and* closed its outputs: the reference waits for both.
pub(super) async fn run(
    command: &Command,
    environment: &Environment,
    timeout: Option<Duration>,
    cancel: &CancellationToken,
) -> ChildEnd {
    let (mut child, _guard) = match spawn(command, environment) {
        Ok(started) => started,
        Err(error) => return ChildEnd::NotStarted(error),
    };
    let mut group = ActivityProcesses::led_by(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let finished = async { tokio::try_join!(drain(stdout), drain(stderr), wait(&mut child)) };
    tokio::pin!(finished);
    tokio::select! {
        biased;
        () = cancel.cancelled() => {
            group.terminate();
            // Its output is still read: a shell that writes `Terminated` to a closed pipe would die before it has
            // cleaned up. In either case, dropping the group kills the processes that are left.
            let _ = tokio::time::timeout(GRACE, &mut finished).await;
            ChildEnd::Cancelled
        }
        () = elapsed(timeout) => ChildEnd::TimedOut,
        finished = &mut finished => match finished {
            Ok((stdout, stderr, status)) => {
                group.leave();
                ChildEnd::Exited { status: status_of(status), stdout, stderr }
            }
            Err(TooMuch) => ChildEnd::OutputTooLarge { limit: LIMIT },
        }
    }
}

fn spawn(command: &Command, environment: &Environment) -> io::Result<(Child, Option<GroupGuard>)> {
    // A child in another process group is stopped by the kernel when it reads the terminal, so it gets no terminal.
    let stdin = if io::stdin().is_terminal() { Stdio::null() } else { Stdio::inherit() };
    let mut child = tokio::process::Command::new(&command.program);
    child.args(&command.arguments).env_clear().envs(environment.variables());
    child.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let exec = Exec::new(&command.program, &command.arguments, environment.variables())?;
    group_guard::spawn(&mut child, Some(exec))
}

/// Completes when the timeout has elapsed; never, without a timeout.
async fn elapsed(timeout: Option<Duration>) {
    match timeout {
        // A zero timeout has elapsed at once; a timer would complete only after a short delay.
        Some(Duration::ZERO) => {}
        Some(timeout) => tokio::time::sleep(timeout).await,
        None => std::future::pending().await,
    }
}

/// The output is longer than [`LIMIT`].
struct TooMuch;

async fn drain(output: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, TooMuch> {
    read_output(output, LIMIT).await.ok_or(TooMuch)
}

async fn wait(child: &mut Child) -> Result<ExitStatus, TooMuch> {
    // Waiting fails only if another process has reaped the child; its status is then lost and counts as 0, as in
    // Python.
    Ok(child.wait().await.unwrap_or_default())
}

fn status_of(status: ExitStatus) -> i64 {
    match (status.code(), status.signal()) {
        (Some(code), _) => code.into(),
        (None, Some(signal)) => -i64::from(signal),
        (None, None) => 0,
    }
}

/// The child, its process group and what has left the group; killed on drop unless [`ActivityProcesses::leave`] was called.
struct ActivityProcesses {
    /// The number of the group; `None` if nothing is to be killed.
    group: Option<i32>,
    leader: Option<Leader>,
    /// The child's outputs: whoever holds one open keeps the activity from its end.
    outputs: Vec<PipeId>,
    /// Those found before the child was told to end: afterwards nothing leads from it to them.
    found: Descendants,
}

impl ActivityProcesses {
    fn led_by(child: &Child) -> Self {
        let outputs = [child.stdout.as_ref().map(PipeId::of), child.stderr.as_ref().map(PipeId::of)];
        Self {
            group: child.id().and_then(|id| i32::try_from(id).ok()),
            leader: child.id().and_then(Leader::of),
            outputs: outputs.into_iter().flatten().flatten().collect(),
            found: Descendants::default(),
        }
    }

    fn terminate(&mut self) {
        self.found = Descendants::of(self.leader, &self.outputs);
        self.signal(libc::SIGTERM);
    }

    /// Keeps all alive on drop: the child has ended by itself, and processes that it left running on purpose continue.
    fn leave(&mut self) {
        self.group = None;
    }

    fn signal(&self, signal: i32) {
        if let Some(group) = self.group {
            // SAFETY: `kill` takes two integers and touches no memory. The number names the child's own group: the
            // kernel does not reuse it while the group has a member, and `run` calls `leave` once all members have
            // ended.
            unsafe { libc::kill(-group, signal) };
        }
    }
}

impl Drop for ActivityProcesses {
    fn drop(&mut self) {
        if self.group.is_some() {
            let left = Descendants::of(self.leader, &self.outputs);
            self.signal(libc::SIGKILL);
            left.kill();
            self.found.kill();
        }
    }
}

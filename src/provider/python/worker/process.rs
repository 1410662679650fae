//! Starts the interpreter with two pipes for requests and answers.

use super::{super::PythonSettings, program::BOOTSTRAP};
use crate::provider::group_guard::{self, GroupGuard};
use std::{
    io::{self, IsTerminal},
    os::fd::{AsRawFd, OwnedFd, RawFd},
    process::Stdio,
};
use tokio::{
    net::unix::pipe,
    process::{Child, Command},
};

/// A started interpreter.
pub(super) struct Process {
    pub child: Child,
    /// Ends the worker, and what extensions have started, if chaos-tui is killed. The worker would otherwise notice that
    /// by the end of its request pipe, but not while an extension holds the interpreter.
    pub guard: Option<GroupGuard>,
    pub requests: pipe::Sender,
    pub answers: pipe::Receiver,
}

/// Starts the interpreter in its own process group: a Ctrl-C in the terminal reaches chaos-tui only, and a kill reaches
/// all processes that the interpreter has started.
pub(super) fn start(settings: &PythonSettings) -> io::Result<Process> {
    let (their_requests, our_requests) = io::pipe()?;
    let (our_answers, their_answers) = io::pipe()?;
    // A child in another process group is stopped by the kernel when it reads the terminal, so it gets no terminal.
    let stdin = if io::stdin().is_terminal() { Stdio::null() } else { Stdio::inherit() };
    let mut environment = settings.environment.now().as_ref().clone();
    environment.put(settings.fixed_variables());
    let mut command = Command::new(settings.interpreter.program());
    command
        .args(["-u", "-c", BOOTSTRAP])
        .args([their_requests.as_raw_fd().to_string(), their_answers.as_raw_fd().to_string()])
        .env_clear()
        .envs(environment.variables())
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    inherit_descriptors(&mut command, [their_requests.as_raw_fd(), their_answers.as_raw_fd()]);
    let (child, guard) = group_guard::spawn(&mut command, None)?;
    Ok(Process {
        guard,
        child,
        requests: pipe::Sender::from_owned_fd(OwnedFd::from(our_requests))?,
        answers: pipe::Receiver::from_owned_fd(OwnedFd::from(our_answers))?,
    })
}

/// Lets the child inherit the two descriptors.
fn inherit_descriptors(command: &mut Command, descriptors: [RawFd; 2]) {
    let inherit = move || {
        for descriptor in descriptors {
            // SAFETY: `fcntl` with `F_SETFD` takes integers and touches no memory of ours.
            if unsafe { libc::fcntl(descriptor, libc::F_SETFD, 0) } == -1 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure only calls `fcntl`, which is async-signal-safe, and neither allocates nor
    // locks. The descriptors are open: their owners live until after `spawn`.
    unsafe { command.pre_exec(inherit) };
}

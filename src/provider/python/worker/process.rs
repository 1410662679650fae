//! Starts the interpreter with two pipes for requests and answers.

use super::{super::PythonSettings, program::BOOTSTRAP};
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
        .process_group(0)
        .kill_on_drop(true);
    inherit_descriptors(&mut command, [their_requests.as_raw_fd(), their_answers.as_raw_fd()]);
    let child = command.spawn()?;
    Ok(Process {
        child,
        requests: pipe::Sender::from_owned_fd(OwnedFd::from(our_requests))?,
        answers: pipe::Receiver::from_owned_fd(OwnedFd::from(our_answers))?,
    })
}

/// Lets the child inherit the two descriptors, and makes it end when chaos-tui ends.
fn inherit_descriptors(command: &mut Command, descriptors: [RawFd; 2]) {
    let parent = std::process::id();
    let prepare = move || {
        for descriptor in descriptors {
            // SAFETY: `fcntl` with `F_SETFD` takes integers and touches no memory of ours.
            if unsafe { libc::fcntl(descriptor, libc::F_SETFD, 0) } == -1 {
                return Err(io::Error::last_os_error());
            }
        }
        end_with(parent)
    };
    // SAFETY: between fork and exec the closure only calls `fcntl`, `prctl` and `getppid`, which are async-signal-safe,
    // and neither allocates nor locks. The descriptors are open: their owners live until after `spawn`.
    unsafe { command.pre_exec(prepare) };
}

/// Makes the kernel kill the worker when chaos-tui ends. The worker would otherwise notice it by the end of its request
/// pipe, but not while an extension holds the interpreter.
#[cfg(target_os = "linux")]
fn end_with(parent: u32) -> io::Result<()> {
    // SAFETY: `prctl` with `PR_SET_PDEATHSIG` and `getppid` take integers and touch no memory of ours.
    let (set, present) = unsafe { (libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL), libc::getppid()) };
    match set {
        -1 => Err(io::Error::last_os_error()),
        // The parent ended before the death signal was set.
        _ if u32::try_from(present) != Ok(parent) => Err(io::ErrorKind::BrokenPipe.into()),
        _ => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn end_with(_parent: u32) -> io::Result<()> {
    Ok(())
}

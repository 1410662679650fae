//! Ends the processes of activities if this program dies before it can end them, as by `kill -9`.
//!
//! One shell knows the process groups that run at the moment and waits for the end of its input, which the kernel closes
//! with this process. Each process names itself there before its program begins, so there is no moment at which it is
//! not guarded. Unlike a death signal (`PR_SET_PDEATHSIG`), this also ends what the processes have started themselves,
//! and does not depend on the thread that started them. Without `/bin/sh` nothing is guarded.

use super::exec::Exec;
use std::{
    collections::BTreeSet,
    io::{self, Write},
    os::{
        fd::{AsRawFd, OwnedFd, RawFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};
use tokio::process::Child;

/// Reads lines: `+` and a group to be added, or all groups as negative numbers. At the end it kills those that it knows.
const SCRIPT: &str = r#"while read -r line; do case $line in +*) groups="$groups -${line#+}";; *) groups=$line;; esac; done
[ -z "$groups" ] || kill -s KILL -- $groups"#;

/// The shell of this process, once there is one.
static WATCH: Mutex<Option<Watch>> = Mutex::new(None);

struct Watch {
    /// Numbers of the groups' leaders.
    groups: BTreeSet<u32>,
    /// Never blocks.
    input: UnixStream,
}

impl Watch {
    fn start() -> io::Result<Self> {
        let (output, input) = UnixStream::pair()?;
        input.set_nonblocking(true)?;
        // In a group of its own, which no signal from the terminal reaches. It ends with its input: nobody waits for it.
        Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .env_clear()
            .stdin(OwnedFd::from(output))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { groups: BTreeSet::new(), input })
    }

    /// Tells the shell the present groups. A socket takes such a short line whole, or fails if nobody reads it.
    fn tell(&mut self) -> io::Result<()> {
        let mut line: String = self.groups.iter().map(|group| format!("-{group} ")).collect();
        line.push('\n');
        self.input.write_all(line.as_bytes())
    }
}

/// Starts a process as the leader of a group of its own, by `exec` if that is given. Without the guard only a regular end
/// of this process ends the group.
///
/// # Errors
/// If the process cannot be started. A missing shell is no reason for that.
pub(super) fn spawn(
    command: &mut tokio::process::Command,
    exec: Option<Exec>,
) -> io::Result<(Child, Option<GroupGuard>)> {
    command.process_group(0);
    // Locked until the shell was told all groups: that would take back what another process says of itself.
    let mut watch = WATCH.lock().unwrap_or_else(PoisonError::into_inner);
    if watch.is_none() {
        *watch = Watch::start().ok();
    }
    let Some(watch) = &mut *watch else { return Ok((command.spawn()?, None)) };
    names_itself(command, watch.input.as_raw_fd(), exec);
    let started = command.spawn();
    let leader = started.as_ref().ok().and_then(Child::id);
    watch.groups.extend(leader);
    let told = watch.tell();
    started.map(|child| (child, leader.filter(|_| told.is_ok()).map(GroupGuard)))
}

/// Makes the process write its group to `shell` before its program begins.
fn names_itself(command: &mut tokio::process::Command, shell: RawFd, exec: Option<Exec>) {
    let name = move || {
        // `+`, up to ten digits, and a line feed, written from the end.
        let mut line = [b'\n'; 12];
        let mut first = line.len() - 1;
        let mut rest = std::process::id();
        while rest > 0 {
            first -= 1;
            line[first] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        first -= 1;
        line[first] = b'+';
        let line = &line[first..];
        // SAFETY: `send` reads `line.len()` bytes of `line`, which lives until it returns. A shell that does not read is
        // no reason not to play an activity: the result is left alone, and no signal comes of it.
        unsafe { libc::send(shell, line.as_ptr().cast(), line.len(), libc::MSG_NOSIGNAL) };
        exec.as_ref().map_or(Ok(()), |exec| Err(exec.run()))
    };
    // SAFETY: between fork and exec the closure only calls `getpid`, `send` and `execve`, which are async-signal-safe, and
    // neither allocates nor locks. The descriptor is open: its owner is kept until the end of this process.
    unsafe { command.pre_exec(name) };
}

/// Has a process group killed if this process dies before the guard is dropped.
#[derive(Debug)]
pub(super) struct GroupGuard(u32);

impl Drop for GroupGuard {
    fn drop(&mut self) {
        if let Some(watch) = &mut *WATCH.lock().unwrap_or_else(PoisonError::into_inner) {
            watch.groups.remove(&self.0);
            // Fails if the shell does not read: then it does not know of the group either, or was ended.
            let _ = watch.tell();
        }
    }
}

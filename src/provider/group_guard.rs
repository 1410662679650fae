//! Ends the processes of activities if this program dies before it can end them, as by `kill -9`.
//!
//! One shell knows the process groups that run at the moment and waits for the end of its input, which the kernel closes
//! with this process. Unlike a death signal (`PR_SET_PDEATHSIG`), this also ends what the processes have started
//! themselves, and does not depend on the thread that started them. Without `/bin/sh` nothing is guarded.

use std::{
    collections::BTreeSet,
    io::{self, PipeWriter, Write},
    os::{fd::AsRawFd, unix::process::CommandExt},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

/// Reads lines, each of which lists all groups as negative numbers; at the end it kills those of the last line.
const SCRIPT: &str =
    r#"while read -r line; do groups=$line; done; [ -z "$groups" ] || kill -s KILL -- $groups"#;

/// The shell of this process, once there is one.
static WATCH: Mutex<Option<Watch>> = Mutex::new(None);

struct Watch {
    /// Numbers of the groups' leaders.
    groups: BTreeSet<u32>,
    input: PipeWriter,
}

impl Watch {
    fn start() -> io::Result<Self> {
        let (output, input) = io::pipe()?;
        // SAFETY: fcntl(2) with F_SETFL takes integers and touches no memory; the descriptor is open as long as `input`.
        if unsafe { libc::fcntl(input.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) } == -1 {
            return Err(io::Error::last_os_error());
        }
        // In a group of its own, which no signal from the terminal reaches. It ends with its input: nobody waits for it.
        Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .env_clear()
            .stdin(output)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { groups: BTreeSet::new(), input })
    }

    /// Tells the shell the present groups. A pipe takes such a short line whole, or fails if nobody reads it.
    fn tell(&mut self) -> io::Result<()> {
        let mut line: String = self.groups.iter().map(|group| format!("-{group} ")).collect();
        line.push('\n');
        self.input.write_all(line.as_bytes())
    }
}

/// Starts the shell, so that a group is guarded at once when its leader has started.
pub(super) fn prepare() {
    // Reported by nobody: a missing shell is no reason not to play an activity.
    let _ = with_watch(|_| Ok(()));
}

fn with_watch<T>(act: impl FnOnce(&mut Watch) -> io::Result<T>) -> io::Result<T> {
    match &mut *WATCH.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(watch) => act(watch),
        none => act(none.insert(Watch::start()?)),
    }
}

/// Has a process group killed if this process dies before the guard is dropped.
#[derive(Debug)]
pub(super) struct GroupGuard(u32);

impl GroupGuard {
    /// Guards the group with this leader, which has not been waited for yet.
    ///
    /// # Errors
    /// When there is no leader any more, or the shell cannot be started or does not read.
    pub(super) fn of(leader: Option<u32>) -> io::Result<Self> {
        let leader = leader.ok_or(io::ErrorKind::NotFound)?;
        with_watch(|watch| {
            watch.groups.insert(leader);
            watch.tell()
        })?;
        Ok(Self(leader))
    }
}

impl Drop for GroupGuard {
    fn drop(&mut self) {
        // Fails if the shell does not read: then it does not know of the group either, or was ended.
        let _ = with_watch(|watch| {
            watch.groups.remove(&self.0);
            watch.tell()
        });
    }
}

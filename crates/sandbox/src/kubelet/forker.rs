//! The thread that starts every process of the sandbox.
//!
//! On Linux a child asks the system to be killed when its parent dies (`PR_SET_PDEATHSIG`), and that is tied to the
//! **thread** that started it, not to the process. A thread of our own that lives as long as the kubelet is the one
//! place where nothing (a runtime that ends idle threads, a caller that blocks) can take a pod with it by accident.

use std::io;
use std::process::Command;
use std::sync::mpsc;
use tokio::process::Child;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Starts processes. When it is dropped its thread ends, and with it, on Linux, every process it started.
#[derive(Debug)]
pub(super) struct Forker(mpsc::Sender<Request>);

struct Request {
    command: Command,
    reply: oneshot::Sender<io::Result<Child>>,
}

impl Forker {
    /// Starts the thread. To be called inside a runtime: children are awaited there.
    pub(super) fn start() -> io::Result<Self> {
        let (requests, inbox) = mpsc::channel::<Request>();
        let runtime = Handle::current();
        std::thread::Builder::new().name("forker".to_owned()).spawn(move || {
            let _inside = runtime.enter();
            while let Ok(Request { mut command, reply }) = inbox.recv() {
                tie_to_this_thread(&mut command);
                let child = tokio::process::Command::from(command).kill_on_drop(true).spawn();
                // Nobody waits for it any more: the child is dropped, and killed with that.
                let _ = reply.send(child);
            }
        })?;
        Ok(Self(requests))
    }

    /// Starts a process.
    pub(super) async fn spawn(&self, command: Command) -> io::Result<Child> {
        let (reply, child) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts processes has ended");
        self.0.send(Request { command, reply }).map_err(|_| gone())?;
        child.await.map_err(|_| gone())?
    }
}

#[cfg(target_os = "linux")]
fn tie_to_this_thread(command: &mut Command) {
    use std::os::unix::process::CommandExt;

    let parent = std::process::id();
    let tie = move || {
        // SAFETY: two system calls that take and give plain numbers; both may be made between fork and exec.
        let (set, now) = unsafe { (libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL), libc::getppid()) };
        if set != 0 {
            return Err(io::Error::last_os_error());
        }
        // The parent may have died before the tie was made; then nobody would ever send the signal.
        if u32::try_from(now) != Ok(parent) {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        Ok(())
    };
    // SAFETY: `tie` allocates nothing and takes no lock, so it may run in a forked child of a process with threads.
    unsafe { command.pre_exec(tie) };
}

/// Elsewhere the images watch their standard input, which closes when this process is gone.
#[cfg(not(target_os = "linux"))]
fn tie_to_this_thread(_: &mut Command) {}

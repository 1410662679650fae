//! The thread that starts all processes of the sandbox.
//!
//! On Linux a child asks the kernel to kill it when its parent dies (`PR_SET_PDEATHSIG`). The kernel ties that to the
//! parent **thread**, not to the process. A dedicated thread that lives as long as the kubelet ensures that no pod is
//! killed by accident, for example when the runtime ends an idle thread.

use std::{io, process::Command, sync::mpsc};
use tokio::{process::Child, runtime::Handle, sync::oneshot};

/// Starts processes. Dropping it ends its thread, and on Linux thereby every process that the thread started.
#[derive(Debug)]
pub(super) struct Forker(mpsc::Sender<Request>);

struct Request {
    command: Command,
    reply: oneshot::Sender<io::Result<Child>>,
}

impl Forker {
    /// Starts the thread. Must be called inside a runtime, which awaits the children.
    pub(super) fn start() -> io::Result<Self> {
        let (requests, inbox) = mpsc::channel::<Request>();
        let runtime = Handle::current();
        std::thread::Builder::new().name("forker".to_owned()).spawn(move || {
            let _inside = runtime.enter();
            while let Ok(Request { mut command, reply }) = inbox.recv() {
                tie_to_this_thread(&mut command);
                let child = tokio::process::Command::from(command).kill_on_drop(true).spawn();
                // If the receiver is gone, the child is dropped and thereby killed.
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
        // SAFETY: these system calls take and return plain numbers; both are allowed between fork and exec.
        let (set, now) = unsafe { (libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL), libc::getppid()) };
        if set != 0 {
            return Err(io::Error::last_os_error());
        }
        // If the parent died before `prctl`, the kernel would never send the signal.
        if u32::try_from(now) != Ok(parent) {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        Ok(())
    };
    // SAFETY: `tie` allocates nothing and takes no lock, so it may run in a forked child of a multi-threaded process.
    unsafe { command.pre_exec(tie) };
}

/// On other systems the images monitor their standard input, which closes when this process ends.
#[cfg(not(target_os = "linux"))]
fn tie_to_this_thread(_: &mut Command) {}

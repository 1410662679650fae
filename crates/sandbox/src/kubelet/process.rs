//! A container's process: starts it, signals its process group and waits for its exit.

use super::{
    forker::Forker,
    logs::{LINE, Log},
};
use std::{
    io,
    process::{Command, ExitStatus, Stdio},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, ChildStdin},
};

/// Tells a built-in image to exit when its standard input closes (see `images`).
const LIFELINE: &str = "CHAOS_TUI_ENDS_WITH_STDIN";

/// A running process. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// Held open as long as this value lives: processes that the kernel does not tie to the sandbox exit when it
    /// closes.
    _lifeline: Option<ChildStdin>,
}

impl Process {
    /// Starts `program` with further arguments in its own process group, with exactly this environment; its output is
    /// written to `log`.
    pub(super) async fn start(
        forker: &Forker,
        program: &[std::ffi::OsString],
        arguments: &[String],
        environment: &[(String, String)],
        log: &Log,
    ) -> io::Result<Self> {
        use std::os::unix::process::CommandExt;

        let (program, first) =
            program.split_first().ok_or_else(|| io::Error::other("there is no program to run"))?;
        let mut command = Command::new(program);
        command
            .args(first)
            .args(arguments)
            .env_clear()
            .envs(environment.iter().filter(|(name, _)| !loads_code(name)).map(|(name, value)| (name, value)))
            .env(LIFELINE, "1")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = forker.spawn(command).await?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let log = log.clone();
        // The task ends with the process, when both pipes close.
        tokio::spawn(async move {
            tokio::join!(copy(out, &log), copy(err, &log));
            log.end();
        });
        let lifeline = child.stdin.take();
        Ok(Self { child, _lifeline: lifeline })
    }

    /// Sends a signal to the process and all its children, if the process is still running.
    pub(super) fn signal(&self, signal: i32) {
        let Some(group) = self.child.id().and_then(|id| i32::try_from(id).ok()) else { return };
        // SAFETY: a system call on plain numbers. The process is not reaped yet, so its ID cannot have been reused.
        unsafe { libc::kill(-group, signal) };
    }

    /// Waits for the exit and returns the exit code, or 128 + n for signal n.
    pub(super) async fn wait(&mut self) -> i32 {
        self.child.wait().await.map_or(1, exit_code)
    }
}

/// Whether a variable makes the system's loader or C library load code into a process. A pod has no file system of its own,
/// so that it would be code of this machine, in a process of the sandbox's user.
fn loads_code(name: &str) -> bool {
    let loaders = ["LD_", "DYLD_"].iter().any(|prefix| name.starts_with(prefix));
    loaders || matches!(name, "GCONV_PATH" | "GLIBC_TUNABLES" | "LOCPATH" | "MALLOC_TRACE" | "NLSPATH")
}

fn exit_code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1)
}

/// Splits a stream into lines, and long lines into parts.
async fn copy(stream: Option<impl AsyncRead + Unpin>, log: &Log) {
    let Some(mut stream) = stream else { return };
    let mut pending: Vec<u8> = Vec::new();
    let mut chunk = vec![0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut chunk).await {
        for byte in chunk.iter().take(read) {
            if *byte == b'\n' || pending.len() == LINE {
                log.push(&pending);
                pending.clear();
            }
            if *byte != b'\n' {
                pending.push(*byte);
            }
        }
    }
    if !pending.is_empty() {
        log.push(&pending);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::LogOptions;
    use futures_util::StreamExt;

    async fn shell(script: &str) -> (Process, Log) {
        let forker = Box::leak(Box::new(Forker::start().unwrap()));
        let log = Log::new();
        let program = ["/bin/sh", "-c"].map(Into::into);
        let environment =
            ["GREETING", "LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "GCONV_PATH"]
                .map(|name| (name.to_owned(), "hello".to_owned()));
        (Process::start(forker, &program, &[script.to_owned()], &environment, &log).await.unwrap(), log)
    }

    async fn lines(log: &Log) -> String {
        let lines = log.read(&LogOptions { follow: true, ..LogOptions::default() });
        String::from_utf8(lines.collect::<Vec<_>>().await.concat()).unwrap()
    }

    #[tokio::test]
    async fn it_sees_only_the_environment_it_is_given_and_its_output_is_kept() {
        let (mut process, log) = shell("echo $GREETING; echo $HOME >&2; printf rest; exit 3").await;
        assert_eq!(process.wait().await, 3);
        let text = lines(&log).await;
        assert!(text.contains("hello\n") && text.contains("rest\n"), "{text}");
        assert!(!text.contains("/root") && !text.contains("/home"), "{text}");
    }

    #[tokio::test]
    async fn no_variable_loads_code_into_it() {
        let (mut process, log) = shell("env").await;
        assert_eq!(process.wait().await, 0);
        let text = lines(&log).await;
        assert!(text.contains("GREETING=hello\n"), "{text}");
        assert_eq!(text.matches("=hello\n").count(), 1, "{text}");
        assert!(!text.contains("cannot be preloaded"), "{text}");
    }

    #[tokio::test]
    async fn a_signal_reaches_the_whole_group_and_is_the_exit_code() {
        let (mut process, log) = shell("sleep 1000 & echo $!; wait").await;
        let mut follow = log.read(&LogOptions { follow: true, ..LogOptions::default() });
        let child = String::from_utf8(follow.next().await.unwrap().to_vec()).unwrap();
        process.signal(libc::SIGKILL);
        assert_eq!(process.wait().await, 137);
        let stat = format!("/proc/{}/stat", child.trim());
        let runs = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
        while runs() && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert!(!runs(), "the grandchild is gone too");
    }

    #[tokio::test]
    async fn dropping_it_kills_it() {
        let (process, log) = shell("echo $$; exec sleep 1000").await;
        let mut follow = log.read(&LogOptions { follow: true, ..LogOptions::default() });
        follow.next().await.unwrap();
        drop(process);
        let end = tokio::time::timeout(std::time::Duration::from_secs(10), follow.next()).await;
        assert_eq!(end.expect("its output closes"), None);
    }
}

//! A sandbox for one test.

use crate::until::{until, until_seen};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdin, Command, Output, Stdio},
    time::Duration,
};

/// Generous: the machine that runs the tests may be busy.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A running sandbox. It is killed on drop.
pub(crate) struct Stage {
    pub child: Child,
    /// The sandbox ends when its standard input is closed.
    pub stdin: Option<ChildStdin>,
    pub announced: Value,
    /// The home directory for kubectl's caches.
    home: tempfile::TempDir,
}

impl Stage {
    /// Starts a sandbox and waits until it is ready.
    pub(crate) fn set(arguments: &[&str]) -> Self {
        Self::set_with(arguments, Stdio::inherit())
    }

    /// Like [`Self::set`], with this standard error.
    pub(crate) fn set_with(arguments: &[&str], stderr: Stdio) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chaos-tui"))
            .args(["sandbox", "--announce", "json"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let announced = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        let stdin = child.stdin.take();
        Self { child, stdin, announced, home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn announced(&self, key: &str) -> &str {
        self.announced[key].as_str().unwrap_or_else(|| panic!("{key} in {}", self.announced))
    }

    /// Returns the home directory of the commands.
    pub(crate) fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns a command with the environment variables that the sandbox announced.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(env!("CARGO_MANIFEST_DIR")).env("HOME", self.home.path());
        for (name, value) in self.announced["environment"].as_object().unwrap() {
            command.env(name, value.as_str().unwrap());
        }
        command
    }

    /// Runs kubectl to completion, which must succeed.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        let output = self.command("kubectl").args(arguments).output().unwrap();
        assert!(output.status.success(), "kubectl {arguments:?}: {}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command in a pod until it prints this. kubectl before 1.34 may lose what a command prints at once, and
    /// succeeds nevertheless (kubernetes/kubernetes#131189).
    pub(crate) fn exec_prints(&self, pod: &str, command: &[&str], wanted: &str) {
        let arguments = [&["exec", pod, "--"], command].concat();
        until_seen(&format!("{command:?} in {pod}"), wanted, || self.kubectl(&arguments));
    }

    /// Returns one object as JSON.
    pub(crate) fn get(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["get", "-o", "json"];
        all.extend(arguments);
        serde_json::from_str(&self.kubectl(&all)).unwrap()
    }

    /// Returns the only pod with this `name` label.
    pub(crate) fn pod(&self, app: &str) -> Value {
        let pods = self.get(&["pods", "-l", &format!("name={app}")]);
        pods["items"][0].clone()
    }

    /// Returns the ids of the sandbox's pod processes.
    pub(crate) fn children(&self) -> Vec<u32> {
        children(self.id())
    }

    /// Waits until the sandbox process ends.
    pub(crate) fn ended(&mut self) -> std::process::ExitStatus {
        let mut status = None;
        until("the sandbox has ended", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether kubectl is installed. Without it, prints that the test is skipped.
pub(crate) fn has_kubectl() -> bool {
    let found = Command::new("kubectl").args(["version", "--client"]).output().is_ok();
    if !found {
        eprintln!("skipped: kubectl is not installed");
    }
    found
}

/// Returns the standard and error output of a command.
pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Returns the ids of the child processes of `parent`.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap();
    let ids = processes.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    ids.filter(|id| parent_of(*id) == Some(parent)).collect()
}

fn parent_of(id: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The command name in parentheses may contain any character; the state and the parent id follow it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Whether a process runs; a zombie does not.
pub(crate) fn runs(id: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

pub(crate) fn signal(id: u32, signal: i32) {
    // SAFETY: kill(2) takes plain integers; the process is a child of this test and has not been waited for.
    let sent = unsafe { libc::kill(i32::try_from(id).unwrap(), signal) };
    assert_eq!(sent, 0, "signal {signal} to {id}");
}

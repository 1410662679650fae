//! Commands in a running container: `kubectl exec` and `exec` probes.

use super::{Kubelet, handle::ContainerHandle};
use crate::{
    api::{ExecOutput, Process},
    shell::Shell,
    store::{Object, Status},
};
use std::sync::Arc;
use tokio::sync::mpsc;

impl Kubelet {
    /// Runs one of the supported commands in the environment of a container.
    ///
    /// # Errors
    /// Returns 400 when the container is not running.
    pub fn exec(&self, pod: &Object, container: &str, command: &[String]) -> Result<Process, Status> {
        let handle = self.shared.find(&pod.uid, container).filter(|handle| handle.is_running());
        let handle = handle.ok_or_else(|| {
            Status::bad_request(format!("container \"{container}\" in pod \"{}\" is not running", pod.name))
        })?;
        Ok(start(&handle, command))
    }
}

fn start(handle: &Arc<ContainerHandle>, command: &[String]) -> Process {
    let (sender, output) = mpsc::channel(16);
    let (stdin, input) = mpsc::channel(16);
    let container = Arc::clone(handle);
    let signal = Arc::new(move |signal| {
        container.signal(signal);
    });
    // The task ends with its reader.
    tokio::spawn(Shell::new(handle.environment(), input, sender, signal).run(command.to_vec()));
    Process { stdin: Some(stdin), output }
}

/// Runs a probe's command. Error: its output, or its exit code when it has none.
pub(super) async fn check(handle: &Arc<ContainerHandle>, command: &[String]) -> Result<(), String> {
    let mut process = start(handle, command);
    process.stdin = None;
    let mut text = Vec::new();
    while let Some(message) = process.output.recv().await {
        match message {
            ExecOutput::Stdout(bytes) | ExecOutput::Stderr(bytes) => text.extend_from_slice(&bytes),
            ExecOutput::Exit(0) => return Ok(()),
            ExecOutput::Exit(code) if text.is_empty() => {
                return Err(format!("command terminated with exit code {code}"));
            }
            ExecOutput::Exit(_) => break,
        }
    }
    Err(String::from_utf8_lossy(&text).trim_end().to_owned())
}

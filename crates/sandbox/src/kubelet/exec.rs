//! Commands in a running container: `kubectl exec`, `exec` probes and hooks.

use super::{Kubelet, handle::ContainerHandle};
use crate::{
    api::{ExecOutput, Process},
    shell::Shell,
    store::{Object, Status},
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
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

/// Runs the command of a probe or hook. Error: its output, or its exit code when it has none.
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

/// Runs a hook: a command or a pause. Error: why it failed.
pub(super) async fn hook(handle: &Arc<ContainerHandle>, hook: &Value) -> Result<(), String> {
    if let Some(seconds) = hook["sleep"]["seconds"].as_u64() {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
    let words = hook["exec"]["command"].as_array().into_iter().flatten();
    let command: Vec<String> = words.filter_map(Value::as_str).map(str::to_owned).collect();
    if command.is_empty() { Ok(()) } else { check(handle, &command).await }
}

//! The interface between the API and the machine that runs the pods.

use crate::store::{Object, Resource, Status};
use bytes::Bytes;
use futures_util::Stream;
use jiff::Timestamp;
use serde_json::Value;
use std::{net::SocketAddr, pin::Pin};
use tokio::sync::mpsc;

/// The kubelet and the network, as the API sees them.
pub trait Machine: Send + Sync + 'static {
    /// Completes an object that a client creates (`before` is `None`) or changes with values that only the machine can
    /// assign, such as a Service's cluster IP and node ports; or refuses it. Runs under the store's lock:
    /// implementations must be quick and must not access the store. A dry run also calls this method, so repeated calls
    /// must have no effect.
    fn admit(&self, resource: Resource, before: Option<&Value>, object: &mut Value) -> Result<(), Status>;

    /// Returns the log of a container, one item per line, including the line ending. `container` is one of the pod's.
    /// Errors: 400 when the container has not started, or when `previous` is requested and there is no previous run.
    fn log(&self, pod: &Object, container: &str, options: &LogOptions) -> Result<LogLines, Status>;

    /// Runs a command in the environment of a container's process. Errors: 400 when the container is not running, or
    /// when the machine does not support the command.
    fn exec(&self, pod: &Object, container: &str, command: &[String]) -> Result<Process, Status>;

    /// Returns the socket address of a pod's port; `None` while the pod has no address.
    fn pod_socket(&self, _pod: &Object, _port: u16) -> Option<SocketAddr> {
        None
    }

    /// Returns the socket address of a Service's port; `None` while the Service has no endpoints.
    fn service_socket(&self, _namespace: &str, _name: &str, _port: u16) -> Option<SocketAddr> {
        None
    }
}

/// The lines of a log; a followed log ends when its container ends.
pub type LogLines = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// The selection and format of log lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogOptions {
    /// Whether to stream new lines as they are written.
    pub follow: bool,
    /// Whether to read the log of the run before the last restart.
    pub previous: bool,
    /// Whether each line starts with its time, in RFC 3339 with nine fractional digits.
    pub timestamps: bool,
    /// The earliest time of the returned lines.
    pub since: Option<Timestamp>,
    /// The maximum number of already existing lines.
    pub tail: Option<usize>,
}

/// A command that runs in the environment of a container. Dropping it stops the command.
#[derive(Debug)]
pub struct Process {
    /// The command's standard input, if open.
    pub stdin: Option<mpsc::Sender<Bytes>>,
    /// The command's output; the last message is [`ExecOutput::Exit`].
    pub output: mpsc::Receiver<ExecOutput>,
}

/// An output message of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecOutput {
    /// Bytes written to the standard output.
    Stdout(Bytes),
    /// Bytes written to the standard error.
    Stderr(Bytes),
    /// The exit code.
    Exit(i32),
}

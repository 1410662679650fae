//! What the API asks of the machine that runs the pods.

use crate::store::{Object, Resource, Status};
use bytes::Bytes;
use futures_util::Stream;
use jiff::Timestamp;
use serde_json::Value;
use std::{net::SocketAddr, pin::Pin};
use tokio::sync::mpsc;

/// The half of the cluster behind the API: kubelet and network.
pub trait Machine: Send + Sync + 'static {
    /// Completes an object that a client creates (`before` is `None`) or changes with what only the machine can
    /// give, such as a Service's cluster IP and node ports; or refuses it. Runs under the store's lock: it must be
    /// quick and must not touch the store. A dry run asks too, so asking twice must do no harm.
    fn admit(&self, resource: Resource, before: Option<&Value>, object: &mut Value) -> Result<(), Status>;

    /// The log of a container, line by line, each with its line end. `container` is one of the pod's.
    /// Errors: 400 when the container has not started, or has no previous run and that is asked for.
    fn log(&self, pod: &Object, container: &str, options: &LogOptions) -> Result<LogLines, Status>;

    /// Runs a command beside a container's process. Errors: 400 when the container does not run, or when the machine
    /// does not know the command.
    fn exec(&self, pod: &Object, container: &str, command: &[String]) -> Result<Process, Status>;

    /// Where a pod's port is reached; nothing while it has no address.
    fn pod_socket(&self, _pod: &Object, _port: u16) -> Option<SocketAddr> {
        None
    }

    /// Where a Service's port is reached; nothing while nobody is behind it.
    fn service_socket(&self, _namespace: &str, _name: &str, _port: u16) -> Option<SocketAddr> {
        None
    }
}

/// Lines of a log; a followed log ends when its container ends.
pub type LogLines = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// Which part of a log is wanted, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogOptions {
    /// Go on with what comes.
    pub follow: bool,
    /// The run before the last restart.
    pub previous: bool,
    /// Each line begins with its time, RFC 3339 with nine digits.
    pub timestamps: bool,
    /// Nothing older.
    pub since: Option<Timestamp>,
    /// At most so many lines of what is there already.
    pub tail: Option<usize>,
}

/// A command that runs beside a container. Dropping it ends the command.
#[derive(Debug)]
pub struct Process {
    /// Its standard input, when it has one.
    pub stdin: Option<mpsc::Sender<Bytes>>,
    /// What it writes; the last message is [`Output::Exit`].
    pub output: mpsc::Receiver<ExecOutput>,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecOutput {
    /// It wrote to its standard output.
    Stdout(Bytes),
    /// It wrote to its standard error.
    Stderr(Bytes),
    /// It ended with this code.
    Exit(i32),
}

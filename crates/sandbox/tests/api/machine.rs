//! A machine without pods: every container's log is one line with its name, and every command echoes its arguments.

use bytes::Bytes;
use chaos_sandbox::{
    api::{ExecOutput, LogLines, LogOptions, Machine, Process},
    store::{Object, Resource, Status},
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::sync::mpsc;

pub(crate) struct Echo;

impl Machine for Echo {
    fn admit(&self, resource: Resource, before: Option<&Value>, object: &mut Value) -> Result<(), Status> {
        if resource == Resource::Services && before.is_none() {
            object["spec"]["clusterIP"] = json!("127.96.0.1");
            object["spec"]["clusterIPs"] = json!(["127.96.0.1"]);
        }
        Ok(())
    }

    fn pod_socket(&self, _: &Object, port: u16) -> Option<SocketAddr> {
        Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    fn service_socket(&self, _: &str, _: &str, port: u16) -> Option<SocketAddr> {
        Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    fn log(&self, _: &Object, container: &str, options: &LogOptions) -> Result<LogLines, Status> {
        if options.previous {
            return Err(Status::bad_request("previous terminated container not found"));
        }
        let line = stream::iter([Bytes::from(format!("log of {container}\n"))]);
        Ok(if options.follow { line.chain(stream::pending()).boxed() } else { line.boxed() })
    }

    /// Echoes the arguments; `cat` also echoes its input, and `exit N` ends with code N.
    fn exec(&self, _: &Object, _: &str, command: &[String]) -> Result<Process, Status> {
        let command = command.to_vec();
        if command[0] == "missing" {
            return Err(Status::bad_request("no such command: missing"));
        }
        let (output, outputs) = mpsc::channel(4);
        let (stdin, mut input) = mpsc::channel::<Bytes>(4);
        tokio::spawn(async move {
            let code = if command[0] == "exit" { command[1].parse().unwrap() } else { 0 };
            let _ = output.send(ExecOutput::Stdout(Bytes::from(command.join(" ")))).await;
            if command[0] == "cat"
                && let Some(bytes) = input.recv().await
            {
                let _ = output.send(ExecOutput::Stderr(bytes)).await;
            }
            let _ = output.send(ExecOutput::Exit(code)).await;
        });
        Ok(Process { stdin: Some(stdin), output: outputs })
    }
}

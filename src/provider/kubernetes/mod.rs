//! The Kubernetes extension's functions, native, under their Python addresses.
//!
//! [`resolve`] finds a function, [`Kubernetes::call`] runs it. One file holds the functions of one Python package
//! (kubernetes-catalog 2); each declares its entries beside their code.

mod arguments;
mod catalogue;
mod failure;
mod invocation;
mod pod;

pub use catalogue::resolve;

use super::{Native, Outcome};
use crate::cluster::{Connection, Error, Settings};
use crate::experiment::{Map, Value};
use failure::Failure;
use invocation::Invocation;
use tokio_util::sync::CancellationToken;

/// Runs native functions against the cluster that the settings and an activity's secrets choose.
#[derive(Clone)]
pub struct Kubernetes {
    source: Source,
}

#[derive(Clone)]
enum Source {
    Chosen(Settings),
    Given(Connection),
}

impl Kubernetes {
    /// Chooses the cluster anew for each call, as the reference does.
    pub fn new(settings: Settings) -> Self {
        Self { source: Source::Chosen(settings) }
    }

    /// Always uses this connection.
    pub fn over(connection: Connection) -> Self {
        Self { source: Source::Given(connection) }
    }

    /// The connection that a call with these flat secrets would use.
    pub async fn connection(&self, secrets: &Map) -> Result<Connection, Error> {
        match &self.source {
            Source::Chosen(settings) => Connection::choose(settings, secrets).await,
            Source::Given(connection) => Ok(connection.clone()),
        }
    }

    /// Calls a function.
    ///
    /// `arguments` are the complete keyword arguments, substituted, with `secrets` and `configuration` injected where
    /// the function has them (experiment-format 13.2). `progress` takes a few words such as `ready 0/1`.
    /// Never [`Outcome::Broke`]: the reference turns every exception of a function into an activity failure.
    pub async fn call(
        &self,
        native: &Native,
        arguments: &Map,
        cancel: &CancellationToken,
        progress: &(dyn Fn(String) + Send + Sync),
    ) -> Outcome {
        tokio::select! {
            biased;
            () = cancel.cancelled() => Outcome::Cancelled,
            result = self.run(native, arguments, progress) => match result {
                Ok(value) => Outcome::Done(value),
                Err(failure) => Outcome::Failed { message: failure.to_string(), trace: Vec::new() },
            },
        }
    }

    async fn run(
        &self,
        native: &Native,
        arguments: &Map,
        progress: &(dyn Fn(String) + Send + Sync),
    ) -> Result<Value, Failure> {
        let entry = catalogue::entry(native.module, native.func).ok_or_else(|| {
            Failure::activity(format!("there is no native function {}.{}", native.module, native.func))
        })?;
        arguments::check(native, arguments)?;
        let secrets = arguments.get("secrets").and_then(Value::as_map).cloned().unwrap_or_default();
        let connection = self.connection(&secrets).await?;
        let client = connection.client()?;
        let invocation = Invocation { native: &entry.native, arguments, connection, client, progress };
        (entry.run)(&invocation).await
    }
}

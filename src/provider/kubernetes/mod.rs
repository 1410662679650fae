//! The functions of the Kubernetes extension, implemented natively, under their Python modules and names.
//!
//! [`resolve`] finds a function, [`Kubernetes`] runs it. Functions are grouped by the kind of object that they are about
//! (kubernetes-catalog 2); each file declares its entries beside their code.

mod catalogue;
mod chaosmesh;
mod custom;
mod daemonset;
mod deployment;
mod entry;
mod failure;
mod invocation;
mod kind;
pub mod kit;
mod legacy;
mod missing_object;
mod namespace;
mod networking;
mod node;
mod objects;
mod permissions;
mod pod;
pub(super) mod preview;
mod readiness;
mod request_log;
mod service;
mod statefulset;
#[cfg(test)]
mod tests;

use super::{Call, Catalogue, Effect, Native, Outcome};
use crate::cluster::{ClusterSettings, Connection, Error, Selector, resend};
pub use catalogue::resolve;
use failure::Failure;
use futures_util::future::BoxFuture;
use invocation::Invocation;
pub use missing_object::absence;
pub use permissions::permissions;
use pyvalue::{Map, Value};
use request_log::RequestLog;

/// Runs native functions against the cluster chosen by the settings and an activity's secrets.
#[derive(Clone)]
pub struct Kubernetes {
    source: Source,
}

#[derive(Clone)]
enum Source {
    Chosen(ClusterSettings),
    #[cfg(test)]
    Given(Connection),
}

impl Kubernetes {
    /// Creates the catalogue; the cluster is chosen anew for each call, as in the reference.
    pub fn new(settings: ClusterSettings) -> Self {
        Self { source: Source::Chosen(settings) }
    }

    /// Creates a catalogue that always uses this connection.
    #[cfg(test)]
    pub fn over(connection: Connection) -> Self {
        Self { source: Source::Given(connection) }
    }

    /// The connection that a call with these flat secrets would use.
    pub async fn connection(&self, secrets: &Map) -> Result<Connection, Error> {
        match &self.source {
            Source::Chosen(settings) => Connection::choose(settings, secrets).await,
            #[cfg(test)]
            Source::Given(connection) => Ok(connection.clone()),
        }
    }

    /// Runs a function. Never returns [`Outcome::UnexpectedError`]: the reference turns every exception of a function into an
    /// activity failure.
    ///
    /// `refuse` receives the reason of a call that failed before it changed anything.
    async fn run(
        &self,
        native: &Native,
        arguments: &Map,
        progress: &(dyn Fn(String) + Send + Sync),
        refuse: &(dyn Fn(String) + Send + Sync),
    ) -> Outcome {
        let secrets = arguments.get("secrets").and_then(Value::as_map).cloned().unwrap_or_default();
        let failed = |failure: Failure, connection: Option<&Connection>| Outcome::Failed {
            message: failure.text(connection),
            trace: Vec::new(),
        };
        let connection = match self.connection(&secrets).await {
            Ok(connection) => connection,
            Err(error) => {
                refuse(error.to_string());
                return failed(error.into(), None);
            }
        };
        let witness = RequestLog::default();
        match Self::invoke(native, arguments, &connection, &witness, progress).await {
            Ok(value) => Outcome::Done(value),
            Err(failure) => {
                if let Some(why) = witness.refusal(&failure, &connection) {
                    refuse(why);
                }
                failed(failure, Some(&connection))
            }
        }
    }

    async fn invoke(
        native: &Native,
        arguments: &Map,
        connection: &Connection,
        witness: &RequestLog,
        progress: &(dyn Fn(String) + Send + Sync),
    ) -> Result<Value, Failure> {
        let entry = catalogue::entry(native.module, native.func).ok_or_else(|| {
            Failure::activity(format!("there is no native function {}.{}", native.module, native.func))
        })?;
        let client = resend::over(&connection.client()?);
        // The log is needed only for calls that change something.
        let client = if native.effect == Effect::Changes { witness.over(&client) } else { client };
        (entry.run)(&Invocation { native: &entry.native, arguments, client, progress }).await
    }
}

impl Catalogue for Kubernetes {
    fn name(&self) -> &'static str {
        "k8s"
    }

    fn functions(&self) -> &'static [Native] {
        catalogue::functions()
    }

    fn call<'a>(
        &'a self,
        native: &'static Native,
        arguments: Map,
        call: &'a Call<'a>,
    ) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            call.unless_cancelled(self.run(native, &arguments, call.progress, call.report_refusal)).await
        })
    }

    /// The object that a call names, and the values in its selectors: by convention those are names too.
    fn targets(&self, _native: &'static Native, arguments: &Map) -> Vec<String> {
        let text = |key: &str| arguments.get(key).and_then(Value::as_str);
        let selector = text("label_selector").and_then(Selector::parse).unwrap_or_default();
        let policy =
            arguments.get("label_selectors").and_then(Value::as_map).into_iter().flat_map(Map::values);
        let values = selector.values().chain(policy.filter_map(Value::as_str));
        text("name")
            .into_iter()
            .chain(values.filter(|value| !value.contains('{')))
            .map(str::to_owned)
            .collect()
    }
}

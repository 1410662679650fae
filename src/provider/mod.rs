//! The providers, which execute activities.
//!
//! There is one module per provider. [`Outcome`] is the part of a call's result that the runner and the journal need,
//! in the reference's classes of section 5.1 of the experiment format. [`Providers`] dispatches a call to its provider.

mod activity_cluster;
mod advice;
mod bridge;
mod catalogue;
mod control_host;
mod descendants;
mod exec;
mod group_guard;
pub mod http;
pub mod kit;
mod permissions;
mod process;
mod providers;
mod python_functions;
mod run_listener;
mod shadowed;
mod signatures;

pub use activity_cluster::{ActivityCluster, is_kubernetes};
pub use bridge::{Bridge, Signature};
pub use catalogue::Catalogue;
pub use control_host::{ControlCall, ControlError, ControlHost, ControlReply, ControlRunObjects};
pub use permissions::{namespace_of, permissions};
pub use providers::Providers;
pub(crate) use python_functions::flat_secrets;
pub use run_listener::RunListener;
pub use shadowed::shadowed_packages;
pub use signatures::NativeSignatures;

pub mod gremlin;
pub mod kubernetes;
pub mod preview;
pub mod python;

use crate::experiment::{Activity, Secrets};
use pyvalue::{Map, Value};
use tokio_util::sync::CancellationToken;

/// One call of an activity's provider.
pub struct Call<'a> {
    /// The activity as declared.
    pub activity: &'a Activity,
    /// The live configuration.
    pub configuration: &'a Map,
    /// The resolved secrets.
    pub secrets: &'a Secrets,
    /// Cancelled when the call must end at once: by a signal, the operator's cut, or an abort.
    pub cancel: CancellationToken,
    /// Receives a short progress text of a waiting call, such as `ready 0/1`.
    pub progress: &'a (dyn Fn(String) + Send + Sync),
    /// Receives the configuration after a function has changed values nested in it; all later activities see the
    /// changes.
    pub report_configuration: &'a (dyn Fn(Map) + Send + Sync),
    /// Receives the reason of a call that failed before it changed anything: not started, not allowed, target not
    /// found.
    pub report_refusal: &'a (dyn Fn(String) + Send + Sync),
    /// Receives what is called, with variables replaced, for a debug line; may contain secrets.
    pub report_command: &'a (dyn Fn(String) + Send + Sync),
    /// Whether the run waits for this call (Python's foreground calls run on the worker's main thread).
    pub foreground: bool,
}

impl<'a> Call<'a> {
    /// A foreground call without callbacks; only its outcome is reported.
    pub fn new(activity: &'a Activity, configuration: &'a Map, secrets: &'a Secrets) -> Self {
        Self {
            activity,
            configuration,
            secrets,
            cancel: CancellationToken::new(),
            progress: &|_| {},
            report_configuration: &|_| {},
            report_refusal: &|_| {},
            report_command: &|_| {},
            foreground: true,
        }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Success, with any HTTP status or exit code.
    Done(Value),
    /// An activity failure: the run continues.
    Failed {
        /// The text after `chaoslib.exceptions.ActivityFailed: `.
        message: String,
        /// Informative lines of a stack trace, each with its line end.
        trace: Vec<String>,
    },
    /// An unexpected error ("other exception" of the format): in the method it aborts the run.
    UnexpectedError {
        /// What went wrong.
        message: String,
    },
    /// Python requested the end of the run with this exit code (20 and 30 have the meaning of SIGUSR1 and SIGUSR2).
    Exit {
        /// The code: a number, a text, or null for none.
        code: Value,
    },
    /// Python was interrupted as by Ctrl-C.
    KeyboardInterrupt,
    /// The call was cancelled before it ended.
    Cancelled,
}

impl Call<'_> {
    /// Awaits `work`, which must be safe to drop at any await point, unless the call is cancelled first.
    async fn unless_cancelled(&self, work: impl Future<Output = Outcome>) -> Outcome {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Outcome::Cancelled,
            outcome = work => outcome,
        }
    }
}

impl Outcome {
    /// An activity failure without a trace.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), trace: Vec::new() }
    }
}

/// The effect of an activity on the system, for consent and for the target card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Reads,
    /// Changes or may change something.
    Changes,
}

/// A parameter of a native function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: &'static str,
    /// Whether a call must pass the parameter.
    pub required: bool,
}

/// A natively implemented Python function of an extension, under its Python module and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Native {
    /// `chaosk8s.pod.actions`.
    pub module: &'static str,
    /// `terminate_pods`.
    pub func: &'static str,
    /// Its parameters, `secrets` and `configuration` included where the Python function has them.
    pub parameters: &'static [Parameter],
    pub effect: Effect,
}

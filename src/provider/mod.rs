//! How an activity is done.
//!
//! One file a provider; [`Outcome`] is what the runner and the journal need of a call, in the reference's classes
//! of section 5.1 of the experiment format. [`Providers`] chooses who does it.

mod activity_cluster;
mod advice;
mod bridge;
mod catalogue;
mod control_host;
mod functions;
pub mod http;
pub mod kit;
mod process;
mod providers;
mod signatures;

pub use activity_cluster::{ActivityCluster, is_kubernetes};
pub use bridge::{Bridge, Signature};
pub use catalogue::Catalogue;
pub use control_host::{ControlCall, ControlError, ControlHost, ControlReply, ControlScene};
pub(crate) use functions::flat_secrets;
pub use providers::Providers;
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
    /// Fires when the call must end at once: signal, operator's cut or abort.
    pub cancel: CancellationToken,
    /// Takes a few words about how far a waiting call is, such as `ready 0/1`.
    pub progress: &'a (dyn Fn(String) + Send + Sync),
    /// Takes the configuration as a function left it: what it changes inside nested values is seen by all that follows.
    pub amend: &'a (dyn Fn(Map) + Send + Sync),
    /// Takes why the call failed before it changed anything: not started, not allowed, nothing there.
    pub refuse: &'a (dyn Fn(String) + Send + Sync),
    /// Whether the run waits for this call (Python's foreground calls run on the bridge's main thread).
    pub foreground: bool,
}

impl<'a> Call<'a> {
    /// A call in the foreground, of which nobody hears but how it ends.
    pub fn new(activity: &'a Activity, configuration: &'a Map, secrets: &'a Secrets) -> Self {
        Self {
            activity,
            configuration,
            secrets,
            cancel: CancellationToken::new(),
            progress: &|_| {},
            amend: &|_| {},
            refuse: &|_| {},
            foreground: true,
        }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Success, whatever the HTTP status or exit code.
    Done(Value),
    /// An activity failure: the run goes on.
    Failed {
        /// The text after `chaoslib.exceptions.ActivityFailed: `.
        message: String,
        /// Informative lines of a stack trace, each with its line end.
        trace: Vec<String>,
    },
    /// An unexpected error ("other exception" of the format): in the method it aborts the run.
    Broke {
        /// What went wrong.
        message: String,
    },
    /// Python asked the run to end, with this code (20 and 30 have the meaning of SIGUSR1 and SIGUSR2).
    Exit {
        /// The code: a number, a text, or null for none.
        code: Value,
    },
    /// Python was interrupted as by Ctrl-C.
    KeyboardInterrupt,
    /// The call's `cancel` fired before it was done.
    Cancelled,
}

impl Call<'_> {
    /// Does what may be dropped at any moment, unless the call is cancelled before it is done.
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

/// What calling an activity does to the system, for consent and for the target card.
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
    /// Whether a call must give it.
    pub required: bool,
}

/// A Python function of an extension that we have natively, under its Python address.
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

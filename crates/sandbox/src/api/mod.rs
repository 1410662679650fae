//! The Kubernetes REST API over the store (see `kubernetes-wire`): the subset that kubectl, kube-rs and the Python
//! client need to work with the sandbox as with a cluster.

mod answer;
mod attributes;
mod body;
mod delete;
mod discovery;
mod eviction;
mod exec;
mod guard;
mod handler;
mod kubeconfig;
mod log;
mod machine;
mod negotiate;
mod openapi;
mod path;
mod port_forward;
mod proxy;
mod query;
mod read;
mod rendering;
mod review;
mod scale;
mod serve;
mod served;
mod tls;
mod validation;
mod view;
mod watch;
mod write;

use super::{authorization::Policy, store::Store};
use guard::AccessGuard;
pub(crate) use guard::Authorities;
pub use machine::{ExecOutput, LogLines, LogOptions, Machine, Process};
pub use serve::{ServeError, Serving, Settings, serve};
use std::sync::{Arc, Mutex};
pub use tls::CertificateError;
use tokio_util::sync::CancellationToken;

/// The state shared by all requests.
struct Api {
    store: Store,
    machine: Arc<dyn Machine>,
    guard: AccessGuard,
    /// What `ServiceAccounts` may do.
    policy: Policy,
    /// Ends watches and followed logs when the server stops.
    stop: CancellationToken,
    /// Held while an eviction checks the budgets.
    evictions: Mutex<()>,
}

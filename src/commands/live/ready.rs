//! Before the screen: which cluster, and the sandbox where there is none.

use crate::{
    cluster::Connection,
    commands::prepare::{Prepared, lacks_cluster as lacks},
    experiment::{Activity, ProviderKind, Value},
    provider::{Effect, Providers, Site},
    runner::Request,
    tui::{Keys, Msg},
};
use crossterm::{
    event::{KeyCode, KeyEventKind, KeyModifiers},
    terminal::{disable_raw_mode, enable_raw_mode},
};
use std::io::{self, Write};

/// Contexts of clusters that live on this machine, by name or by how their names begin.
const LOCAL: [&str; 10] = [
    "sandbox",
    "chaos-tui-sandbox",
    "minikube",
    "kind-",
    "k3d-",
    "docker-desktop",
    "rancher-desktop",
    "colima",
    "orbstack",
    "microk8s",
];

/// Whether a fire in this context needs no typed name.
pub fn allowed(context: Option<&str>, also: &[String]) -> bool {
    context.is_some_and(|context| {
        let local = LOCAL
            .iter()
            .any(|name| if name.ends_with('-') { context.starts_with(name) } else { context == *name });
        local || also.iter().any(|name| name == context)
    })
}

/// The cluster that the session watches, if the experiment has to do with one that is there: that of the first fault in one, or
/// else of the first step.
pub async fn connection(request: &Request, providers: &Providers) -> Option<Connection> {
    let faults = request.experiment.method().iter().filter_map(|entry| entry.activity.as_ref().ok());
    let faults = faults.filter(|activity| providers.effect(activity) == Effect::Changes);
    for activity in faults.chain(activities(request)).filter(|activity| is_about_cluster(activity)) {
        let provider = &activity.provider;
        let site = providers.site(provider.kind, &provider.raw, &request.secrets).await;
        match site {
            // A server that may be a secret is in no header.
            Site::In { connection, .. } if !connection.is_direct() => return Some(connection),
            _ => {}
        }
    }
    match touches_cluster(request) || providers.names_cluster() {
        true => providers.own_cluster().await,
        false => None,
    }
}

/// Whether any activity is about Kubernetes.
pub fn touches_cluster(request: &Request) -> bool {
    activities(request).any(is_about_cluster)
}

fn activities(request: &Request) -> impl Iterator<Item = &Activity> {
    let experiment = &request.experiment;
    let probes = experiment.hypothesis().into_iter().flat_map(|hypothesis| &hypothesis.probes);
    let entries = probes.chain(experiment.method()).chain(experiment.rollbacks());
    entries.filter_map(|entry| entry.activity.as_ref().ok())
}

fn is_about_cluster(activity: &Activity) -> bool {
    let module = activity.provider.raw.get("module").and_then(Value::as_str).unwrap_or_default();
    activity.provider.kind == ProviderKind::Python
        && (module.starts_with("chaosk8s.") || module.starts_with("chaosgremlin."))
}

/// Whether the experiment is about a cluster that is not to be found.
pub async fn lacks_cluster(prepared: &Prepared) -> bool {
    touches_cluster(&prepared.request) && lacks(&prepared.request, &prepared.providers).await.is_some()
}

/// What the operator chose where no cluster is to be found.
pub enum Offer {
    /// The sandbox with this variant.
    Variant(&'static str),
    /// Go on without.
    GoOn,
    /// Not now.
    Leave,
}

/// Offers the sandbox with one key.
///
/// Whoever stops waiting for the key gets the terminal back as it was.
pub async fn offer_sandbox() -> Offer {
    let question = "No Kubernetes cluster is configured (no kubeconfig, not inside a cluster).\r\n\
         Press  b  for the embedded sandbox with the `before` consumer,\r\n\
         \x20      a  for the sandbox with the `after` consumer,\r\n\
         \x20      ENTER  to go on without a cluster, any other key to leave. ";
    let raw = RawKeys::taken();
    let _ = write!(io::stderr(), "{question}");
    let key = next_key().await;
    drop(raw);
    match key {
        Some(KeyCode::Char('b' | 'B')) => Offer::Variant("before"),
        Some(KeyCode::Char('a' | 'A')) => Offer::Variant("after"),
        Some(KeyCode::Enter) => Offer::GoOn,
        _ => Offer::Leave,
    }
}

/// Keys as they are pressed, until it is dropped.
struct RawKeys;

impl RawKeys {
    fn taken() -> Self {
        // Where it is refused, a key counts once ENTER follows.
        let _ = enable_raw_mode();
        Self
    }
}

impl Drop for RawKeys {
    fn drop(&mut self) {
        // What was not enabled needs no disabling, and a terminal that is gone takes no line.
        let _ = disable_raw_mode();
        let _ = writeln!(io::stderr());
    }
}

/// The next key; `None` when no more will come.
async fn next_key() -> Option<KeyCode> {
    let mut keys = Keys::listen().ok()?;
    loop {
        match keys.next().await {
            Msg::Key(key) if key.kind == KeyEventKind::Press => {
                // In raw keys no signal is made of it.
                let interrupts =
                    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
                return (!interrupts).then_some(key.code);
            }
            Msg::Closed => return None,
            _ => {}
        }
    }
}

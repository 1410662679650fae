//! Errors of the connection to a cluster; each text says where and what to do next.

use std::path::PathBuf;

/// Why there is no connection, or why a request to the cluster failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No cluster is configured.
    #[error(
        "no cluster: {looked}. Pass --sandbox for the embedded cluster, or --kubeconfig and --context for yours"
    )]
    NoCluster {
        /// The places that were searched, in words.
        looked: String,
    },
    /// A kubeconfig that cannot be used.
    #[error("kubeconfig {}: {source}. `kubectl config view` shows what it holds", path.display())]
    Kubeconfig { path: PathBuf, source: Box<kube::config::KubeconfigError> },
    /// A kubeconfig that is refused before a client is made of it.
    #[error("kubeconfig {}: {reason}", path.display())]
    UnfitKubeconfig {
        /// The file, or the first of several.
        path: PathBuf,
        reason: String,
    },
    /// No file has the context.
    #[error("kubeconfig {} has no context `{context}`; it has: {known}. Choose one with --context", path.display())]
    UnknownContext {
        /// The file, or the first of several.
        path: PathBuf,
        context: String,
        known: String,
    },
    /// No context was chosen, and the file names none.
    #[error("kubeconfig {} names no current context; it has: {known}. Choose one with --context", path.display())]
    NoContext {
        /// The file, or the first of several.
        path: PathBuf,
        known: String,
    },
    /// `CHAOSTOOLKIT_IN_POD` is set, but the program does not run in a pod.
    #[error("CHAOSTOOLKIT_IN_POD is true but the pod's service account cannot be used: {source}")]
    InCluster {
        #[from]
        source: kube::config::InClusterError,
    },
    /// `KUBERNETES_*` settings that cannot be used.
    #[error("{name} cannot be used: {reason}")]
    Setting {
        /// The variable or secret.
        name: &'static str,
        /// Why not; never the value of a secret.
        reason: String,
    },
    /// No client could be created from a valid configuration, because of certificates or the proxy.
    #[error("context {context}: no client for {server}: {source}")]
    Client { context: String, server: String, source: Box<kube::Error> },
    /// The cluster answered with an error, or not at all.
    #[error("cannot {what}: {answer}. {hint}")]
    Request {
        /// The request: `list nodes`.
        what: String,
        answer: String,
        /// Where the request was sent, and what to do.
        hint: String,
    },
    /// The Service cannot be reached from this machine, or does not exist.
    #[error("{service} cannot be reached: {why}")]
    Service {
        /// `service/my-consumer-service`.
        service: String,
        why: String,
    },
    /// No local address for a port-forward.
    #[error("no port-forward to {target}: no local port can be opened: {source}")]
    Forward { target: String, source: std::io::Error },
}

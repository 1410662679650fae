//! What can go wrong on the way to a cluster; each text says where and what to do next.

use std::path::PathBuf;

/// Why there is no connection, or why a question to the cluster had no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing names a cluster.
    #[error(
        "no cluster: {looked}. Pass --sandbox for the embedded cluster, or --kubeconfig and --context for yours"
    )]
    NoCluster {
        /// Where was looked, in words.
        looked: String,
    },
    /// A kubeconfig that cannot be used.
    #[error("kubeconfig {}: {source}. `kubectl config view` shows what it holds", path.display())]
    Kubeconfig { path: PathBuf, source: Box<kube::config::KubeconfigError> },
    /// The context is in none of the files.
    #[error("kubeconfig {} has no context `{context}`; it has: {known}. Choose one with --context", path.display())]
    UnknownContext {
        /// The file, or the first of several.
        path: PathBuf,
        context: String,
        known: String,
    },
    /// No context was asked for and the file names none.
    #[error("kubeconfig {} names no current context; it has: {known}. Choose one with --context", path.display())]
    NoContext {
        /// The file, or the first of several.
        path: PathBuf,
        known: String,
    },
    /// `CHAOSTOOLKIT_IN_POD` is set but this is no pod.
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
    /// No client could be made of a sound configuration: certificates, proxy.
    #[error("context {context}: no client for {server}: {source}")]
    Client { context: String, server: String, source: Box<kube::Error> },
    /// The cluster answered with an error, or not at all.
    #[error("cannot {what}: {answer}. {hint}")]
    Request {
        /// What was asked: `list nodes`.
        what: String,
        answer: String,
        /// Where, and what to do.
        hint: String,
    },
}

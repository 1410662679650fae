//! The embedded cluster: a small Kubernetes that is compatible with `kubectl`, kube-rs and the Python client in the
//! features they use.
//!
//! All parts communicate through the [`store`]: the [`api`] writes the clients' objects, the [`controllers`] reconcile
//! them, the [`kubelet`] runs the pods as real processes of the built-in [`images`], and the [`network`] forwards (or
//! swallows) their traffic. [`gremlin`] executes the sample's original attack.
//!
//! A program starts a [`Cluster`] and uses it only through its kubeconfig. Without the feature `cluster` this crate
//! contains only the demo services.

pub mod images;

#[cfg(feature = "cluster")]
pub mod admission;
#[cfg(feature = "cluster")]
pub mod api;
#[cfg(feature = "cluster")]
pub mod authorization;
#[cfg(feature = "cluster")]
mod bootstrap;
#[cfg(feature = "cluster")]
pub mod budget;
#[cfg(feature = "cluster")]
mod cluster;
#[cfg(feature = "cluster")]
pub mod controllers;
#[cfg(feature = "cluster")]
pub mod gremlin;
#[cfg(feature = "cluster")]
pub mod kubelet;
#[cfg(feature = "cluster")]
mod machine;
#[cfg(feature = "cluster")]
pub mod network;
#[cfg(feature = "cluster")]
pub mod patch;
#[cfg(feature = "cluster")]
mod program;
#[cfg(feature = "cluster")]
mod provisioning;
#[cfg(feature = "cluster")]
pub mod recorder;
#[cfg(feature = "cluster")]
mod sample;
#[cfg(feature = "cluster")]
mod shell;
#[cfg(feature = "cluster")]
pub mod store;
#[cfg(feature = "cluster")]
pub mod table;

#[cfg(feature = "cluster")]
pub use cluster::{Cluster, Settings, StartError};
#[cfg(feature = "cluster")]
pub use program::Program;
#[cfg(feature = "cluster")]
pub use sample::{ReplacedPort, UnknownVariant, Variant};

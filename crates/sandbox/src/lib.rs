//! The embedded cluster: a Kubernetes small enough to be read in an afternoon and honest enough that `kubectl`,
//! kube-rs and the Python client cannot tell, for what they use.
//!
//! Everything meets in the [`store`]: the [`api`] writes what clients ask for, the [`controllers`] make it so on
//! paper, the [`kubelet`] makes it so with real processes of the built-in [`images`], and the [`network`] carries (or
//! swallows) what they say to each other. [`gremlin`] lets the sample's original attack have its effect.
//!
//! A program starts a [`Cluster`] and meets it only from outside, through its kubeconfig. Without the feature `cluster`
//! there are the demo services only.

pub mod images;

#[cfg(feature = "cluster")]
pub mod admission;
#[cfg(feature = "cluster")]
pub mod api;
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
mod provisioning;
#[cfg(feature = "cluster")]
pub mod recorder;
#[cfg(feature = "cluster")]
mod sample;
#[cfg(feature = "cluster")]
pub mod store;
#[cfg(feature = "cluster")]
pub mod table;

#[cfg(feature = "cluster")]
pub use cluster::{Cluster, Settings, StartError};
#[cfg(feature = "cluster")]
pub use sample::{ReplacedPort, UnknownVariant, Variant};

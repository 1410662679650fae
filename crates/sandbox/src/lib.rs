//! The embedded cluster: a Kubernetes small enough to be read in an afternoon and honest enough that `kubectl`,
//! kube-rs and the Python client cannot tell, for what they use.
//!
//! Everything meets in the [`store`]: the [`api`] writes what clients ask for, the [`controllers`] make it so on
//! paper, the [`kubelet`] makes it so with real processes of the built-in [`images`], and the [`network`] carries (or
//! swallows) what they say to each other. [`gremlin`] lets the sample's original attack have its effect.
//!
//! The rest of the program meets it only from outside, through a kubeconfig; so this room imports nothing of ours,
//! and only `commands` imports it.

pub mod admission;
pub mod api;
mod birth;
pub mod budget;
mod cluster;
pub mod controllers;
pub mod gremlin;
pub mod images;
pub mod kubelet;
mod machine;
pub mod network;
pub mod patch;
mod provisioning;
pub mod recorder;
mod sample;
pub mod store;
pub mod table;

pub use cluster::{Cluster, Settings, StartError};
pub use sample::{Replaced, UnknownVariant, Variant};

//! The sandbox's Kubernetes API against its real clients, over TLS on loopback: kube-rs always, kubectl where it is
//! installed. No pods run here: a small test machine answers instead of the kubelet.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on shall fail")]

mod deletion;
mod kube_client;
mod kubectl;
mod machine;
mod proxy;
mod refusals;
mod rig;
mod watching;

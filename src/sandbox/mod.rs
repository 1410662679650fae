//! The embedded cluster. Imports nothing of ours; only `commands` imports it.

pub mod api;
pub mod controllers;
pub mod images;
pub mod kubelet;
pub mod network;
mod provisioning;
pub mod recorder;
pub mod store;

//! The embedded cluster. Imports nothing of ours; only `commands` imports it.

pub mod admission;
pub mod api;
pub mod budget;
pub mod controllers;
pub mod gremlin;
pub mod images;
pub mod kubelet;
pub mod network;
pub mod patch;
mod provisioning;
pub mod recorder;
pub mod store;
pub mod table;

//! The embedded cluster. Imports nothing of ours; only `commands` imports it.

mod admission;
pub mod api;
pub mod controllers;
pub mod images;
pub mod kubelet;
pub mod network;
pub mod recorder;
pub mod store;

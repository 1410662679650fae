//! The embedded cluster. Imports nothing of ours; only `commands` imports it.

pub mod images;

//! `chaosk8s.node`: nodes (kubernetes-catalog 2.9, 2.10). `delete_nodes` and `create_node` are not
//! implemented natively but left to the Python bridge.

pub(super) mod actions;
pub(super) mod drain;
pub(super) mod probes;
pub(super) mod selection;

//! The connection to Kubernetes: which context, which permissions, where a Service can be reached.

mod access;
mod bounds;
mod choice;
mod config;
mod connection;
mod credential_plugin;
mod error;
mod export;
#[cfg(test)]
pub(crate) mod fake_api;
mod forward;
mod private_folder;
pub(crate) mod resend;
mod selector;
mod service_address;
mod service_hosts;
mod service_reach;
mod settings;

pub use access::{Access, Permission, PermissionUse, check_permission, current_user};
pub use connection::{Connection, Identity, answer_text};
pub use error::Error;
pub use export::Exported;
#[cfg(test)]
pub(crate) use forward::scripted;
pub use forward::{Forward, ForwardTarget, Obstacle};
pub use private_folder::PrivateFolder;
pub use selector::Selector;
pub use service_address::ServiceAddress;
pub use service_hosts::{hosts, is_reached_at, node_ports};
pub use service_reach::{
    Forwards, ReachedService, RouteKind, TriedWays, obstacle_text, reach_all, reach_named,
};
pub use settings::ClusterSettings;

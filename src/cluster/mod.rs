//! The connection to Kubernetes: which context, which permissions, where a Service can be reached.

mod access;
mod choice;
mod config;
mod connection;
mod error;
mod export;
#[cfg(test)]
pub(crate) mod fake_api;
mod private_folder;
pub(crate) mod resend;
mod selector;
mod service_url;
mod settings;

pub use access::{Access, Permission, PermissionUse, check_permission, current_user};
pub use connection::{Connection, Identity, answer_text};
pub use error::Error;
pub use export::Exported;
pub use private_folder::PrivateFolder;
pub use selector::Selector;
pub use service_url::{ServiceReach, hosts, is_reached_at, node_ports, service_url};
pub use settings::ClusterSettings;

//! The API's interface to the kubelet and the network.

use super::{
    api::{LogLines, LogOptions, Machine, Process},
    kubelet::Kubelet,
    network::Network,
    provisioning,
    store::{Object, Resource, Status},
};
use serde_json::Value;
use std::net::SocketAddr;

/// The kubelet and the network behind the API.
#[derive(Debug, Clone)]
pub(super) struct LocalMachine {
    pub kubelet: Kubelet,
    pub network: Network,
}

impl Machine for LocalMachine {
    fn admit(&self, resource: Resource, before: Option<&Value>, object: &mut Value) -> Result<(), Status> {
        match resource {
            Resource::Services => provisioning::provision_service(&self.network, before, object),
            _ => Ok(()),
        }
    }

    fn log(&self, pod: &Object, container: &str, options: &LogOptions) -> Result<LogLines, Status> {
        self.kubelet.log(pod, container, options)
    }

    fn exec(&self, pod: &Object, container: &str, command: &[String]) -> Result<Process, Status> {
        self.kubelet.exec(pod, container, command)
    }

    fn pod_socket(&self, pod: &Object, port: u16) -> Option<SocketAddr> {
        self.network.pod(&pod.uid).map(|address| address.socket(port))
    }

    fn service_socket(&self, namespace: &str, name: &str, port: u16) -> Option<SocketAddr> {
        self.network.service_socket(&(namespace.to_owned(), name.to_owned()), port)
    }
}

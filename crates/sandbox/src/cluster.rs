//! A complete cluster: starts and stops its parts in order.

use super::{
    admission,
    api::{self, Machine, Serving},
    authorization::Policy,
    bootstrap, controllers,
    gremlin::Gremlin,
    kubelet::{Kubelet, StartDelays},
    machine::LocalMachine,
    network::{Delays, ListeningProcess, Network},
    recorder::EventRecorder,
    sample::{self, ReplacedPort, Variant},
    store::{Resource, Selectors, Status, Store},
};
use serde_json::Value;
use std::{
    ffi::OsString,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::TcpStream,
    task::{JoinHandle, JoinSet},
};

/// The grace period of the pods' processes when the cluster stops.
const STOP_GRACE: Duration = Duration::from_secs(2);
/// The maximum time until the sample is ready.
const READY_TIMEOUT: Duration = Duration::from_secs(60);
/// The interval of connection attempts to the sample's Services.
const LOOK: Duration = Duration::from_millis(10);

/// The settings of a cluster.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The command that starts an image, without the image's name: this binary, and `image`.
    pub program: Vec<OsString>,
    /// The port of the API; 0 selects a free port.
    pub port: u16,
    /// The start delays of containers, applied after the sample has become ready.
    pub start: StartDelays,
    /// The propagation delays of network changes.
    pub propagation: Delays,
    /// The `ServiceAccounts` with a token and what they may do.
    pub policy: Policy,
}

impl Settings {
    /// Returns the default settings, with the current executable for the images.
    pub fn new() -> Self {
        Self {
            program: vec![own_program(), "image".into()],
            port: 0,
            start: StartDelays::default(),
            propagation: Delays::default(),
            policy: Policy::default(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the path of the current executable. On Linux, `/proc/self/exe` stays valid when a new build replaces the
/// file.
fn own_program() -> OsString {
    if cfg!(target_os = "linux") {
        return "/proc/self/exe".into();
    }
    std::env::current_exe().map_or_else(|_| "chaos-tui".into(), Into::into)
}

/// An error that prevents a cluster from starting.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The API cannot be served.
    #[error(transparent)]
    Serve(#[from] api::ServeError),
    /// The operating system reported an error.
    #[error("the sandbox cannot start: {0}")]
    System(#[from] io::Error),
    /// The store refused an object.
    #[error("the sandbox could not create an object: {0}")]
    Refused(#[from] Status),
    /// The sample did not become ready in time.
    #[error("the sample is not ready after {seconds} s: {why}")]
    NotReady {
        /// The timeout in seconds.
        seconds: u64,
        /// The states of the containers that are not ready.
        why: String,
    },
}

/// A running cluster. Dropping it without [`Cluster::stop`] kills its processes.
#[derive(Debug)]
pub struct Cluster {
    store: Store,
    network: Network,
    machine: Arc<LocalMachine>,
    serving: Serving,
    gremlin: Gremlin,
    pods: JoinHandle<()>,
    _controllers: JoinSet<()>,
    /// The API's listener as a network endpoint, so that pods reach the API through its Service.
    _api: ListeningProcess,
}

impl Cluster {
    /// Starts an empty cluster. Must be called inside a multi-threaded runtime.
    ///
    /// # Errors
    /// Fails when no port is available or when the operating system refuses a resource.
    pub async fn start(settings: &Settings) -> Result<Self, StartError> {
        let store = Store::new();
        let network = Network::new(settings.propagation);
        let recorder = EventRecorder::new(store.clone());
        bootstrap::create(&store, &network)?;
        let complete = |pod: &mut Value| admission::complete(Resource::Pods, pod);
        let controllers = controllers::start(&store, &network, &recorder, complete);
        let kubelet = Kubelet::new(&store, &network, &recorder, settings.program.clone(), settings.start)?;
        let pods = tokio::spawn(kubelet.clone().run());
        let machine = Arc::new(LocalMachine { kubelet: kubelet.clone(), network: network.clone() });
        let serving = api::serve(
            store.clone(),
            Arc::clone(&machine) as Arc<dyn Machine>,
            api::Settings {
                address: SocketAddr::from((Ipv4Addr::LOCALHOST, settings.port)),
                context: "sandbox".to_owned(),
                namespace: "default".to_owned(),
                policy: settings.policy.clone(),
            },
        )
        .await?;
        bootstrap::announce_api(&store, serving.address)?;
        bootstrap::create_accounts(&store, &settings.policy)?;
        let gremlin = Gremlin::serve(store.clone(), kubelet).await?;
        let presence = network.register_listeners_at(vec![serving.address]);
        Ok(Self {
            store,
            network,
            machine,
            serving,
            gremlin,
            pods,
            _controllers: controllers,
            _api: presence,
        })
    }

    /// Applies a variant of the sample and waits until its Services accept connections; after that, the start delays
    /// apply to new containers. Returns the node ports that had to be replaced.
    ///
    /// # Errors
    /// Fails when an object is refused or the sample does not become ready in time.
    pub async fn apply_sample(&self, variant: Variant) -> Result<Vec<ReplacedPort>, StartError> {
        let mut manifests = variant.manifests();
        let replaced = sample::replace_taken_ports(&mut manifests, |port| self.network.is_free(port));
        for manifest in manifests {
            self.create(manifest)?;
        }
        if tokio::time::timeout(READY_TIMEOUT, self.ready()).await.is_err() {
            return Err(StartError::NotReady {
                seconds: READY_TIMEOUT.as_secs(),
                why: self.startup_problems(),
            });
        }
        self.machine.kubelet.enable_start_delays();
        Ok(replaced)
    }

    /// Stores an object in the namespace `default`, as `kubectl apply` does.
    fn create(&self, mut object: Value) -> Result<(), Status> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let resource = Resource::of_kind(&text(&object["apiVersion"]), &text(&object["kind"]));
        let resource = resource.ok_or_else(|| Status::bad_request("a manifest of an unknown kind"))?;
        let name = text(&object["metadata"]["name"]);
        let applied = format!("{object}\n");
        object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
            applied.into();
        object["metadata"]["namespace"] = "default".into();
        self.store.mutate(resource, "default", &name, |before| {
            admission::admit(resource, before.as_ref(), &mut object)?;
            self.machine.admit(resource, before.as_ref(), &mut object)?;
            Ok(Some(object))
        })?;
        Ok(())
    }

    /// Waits until every Deployment is available and the sample's Services accept connections.
    async fn ready(&self) {
        let mut ticked = self.store.ticked();
        while !self.is_available() {
            // An error would mean that the store is gone, but the store lives as long as the cluster.
            let _ = ticked.changed().await;
        }
        for (name, port) in [sample::PROVIDER, sample::CONSUMER] {
            let Some(socket) = self.socket(name, port) else { continue };
            while TcpStream::connect(socket).await.is_err() {
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    fn is_available(&self) -> bool {
        let deployments = self.store.list(Resource::Deployments, None, &Selectors::default()).objects;
        deployments.iter().all(|deployment| {
            let value = deployment.value();
            let wanted = value["spec"]["replicas"].as_i64().unwrap_or(1);
            value["status"]["observedGeneration"] == value["metadata"]["generation"]
                && value["status"]["availableReplicas"].as_i64().unwrap_or(0) >= wanted
        })
    }

    /// Returns the states of the containers that are not ready.
    fn startup_problems(&self) -> String {
        let mut complaints = Vec::new();
        for pod in self.store.list(Resource::Pods, None, &Selectors::default()).objects {
            for status in pod.value()["status"]["containerStatuses"].as_array().into_iter().flatten() {
                if status["ready"] != true {
                    complaints.push(format!("{}: {}", pod.name, status["state"]));
                }
            }
        }
        complaints.join("; ")
    }

    fn socket(&self, service: &str, port: u16) -> Option<SocketAddr> {
        self.network.service_socket(&("default".to_owned(), service.to_owned()), port)
    }

    /// Returns a kubeconfig for this cluster. It contains the token: write it where only the user can read it.
    pub fn kubeconfig(&self) -> &str {
        &self.serving.kubeconfig
    }

    /// Returns the contexts of the `ServiceAccounts` in the kubeconfig.
    pub fn account_contexts(&self) -> &[String] {
        &self.serving.account_contexts
    }

    /// Returns the simulated Gremlin.
    pub fn gremlin(&self) -> &Gremlin {
        &self.gremlin
    }

    /// Returns the URL of the consumer for users outside the cluster: its node port.
    pub fn consumer_url(&self) -> Option<String> {
        let service = self.store.get(Resource::Services, "default", sample::CONSUMER.0)?.value();
        let port = service["spec"]["ports"][0]["nodePort"].as_u64()?;
        Some(format!("http://127.0.0.1:{port}"))
    }

    /// Returns the URL of the provider inside the cluster: its cluster IP.
    pub fn provider_url(&self) -> Option<String> {
        Some(format!("http://{}", self.socket(sample::PROVIDER.0, sample::PROVIDER.1)?))
    }

    /// Stops the pods, then the API.
    pub async fn stop(self) {
        self.machine.kubelet.stop(STOP_GRACE);
        // A task that panicked has dropped its processes, and dropped processes are killed.
        let _ = self.pods.await;
        self.serving.stop().await;
    }
}

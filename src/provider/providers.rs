//! Dispatches an activity to its provider: HTTP, a process, a native function or Python.

use super::{
    ActivityCluster, Bridge, Call, Catalogue, Effect, Native, Outcome, activity_cluster, http, process,
    python_functions,
};
use crate::{
    cluster,
    experiment::{Activity, ActivityKind, Environment, LiveEnvironment, ProviderKind, Secrets, substitute},
};
use pyvalue::{Map, Value, python_text};
use std::sync::Arc;

/// All providers of a session; the single entry point for calling an activity.
pub struct Providers {
    environment: LiveEnvironment,
    cluster: Option<cluster::ClusterSettings>,
    catalogues: Vec<Arc<dyn Catalogue>>,
    bridge: Option<Arc<dyn Bridge>>,
}

impl Providers {
    /// Creates the HTTP and process providers only. Child processes get this environment; proxies and netrc are looked
    /// up in it.
    pub fn new(environment: impl Into<LiveEnvironment>) -> Self {
        Self { environment: environment.into(), cluster: None, catalogues: Vec::new(), bridge: None }
    }

    /// Adds the cluster settings. Their command-line options also apply to processes and override the secrets of
    /// functions.
    #[must_use]
    pub fn with_cluster(mut self, settings: cluster::ClusterSettings) -> Self {
        self.cluster = Some(settings);
        self
    }

    /// Adds native functions; the first catalogue that has a function executes it.
    #[must_use]
    pub fn with_catalogue(mut self, catalogue: Arc<dyn Catalogue>) -> Self {
        self.catalogues.push(catalogue);
        self
    }

    /// Adds the Python bridge, for functions that no catalogue has.
    #[must_use]
    pub fn with_bridge(mut self, bridge: Arc<dyn Bridge>) -> Self {
        self.bridge = Some(bridge);
        self
    }

    /// The native function for a Python module and function name.
    pub fn native(&self, module: &str, func: &str) -> Option<&'static Native> {
        self.find(module, func).map(|(_, native)| native)
    }

    /// The names of the native functions of a Python module.
    pub fn functions_of(&self, module: &str) -> Vec<String> {
        let natives = self.catalogues.iter().flat_map(|catalogue| catalogue.functions());
        natives.filter(|native| native.module == module).map(|native| native.func.to_owned()).collect()
    }

    /// The effect of calling the activity. For unknown functions, HTTP requests and processes the declared type
    /// decides: an action changes, a probe reads.
    pub fn effect(&self, activity: &Activity) -> Effect {
        match (self.native_of(activity), activity.kind) {
            (Some((_, native)), _) => native.effect,
            (None, ActivityKind::Action) => Effect::Changes,
            (None, ActivityKind::Probe) => Effect::Reads,
        }
    }

    /// Executes the activity.
    pub async fn call(&self, call: Call<'_>) -> Outcome {
        match call.activity.provider.kind {
            ProviderKind::Http => http::call(&call, &self.environment()).await,
            ProviderKind::Process => process::call(&call, &self.environment_of_programs()).await,
            ProviderKind::Python => python_functions::call(self, &call).await,
        }
    }

    /// The objects that the activity acts on, as far as its arguments name them: `deployment/my-provider`, a URL.
    pub fn targets(&self, activity: &Activity, configuration: &Map) -> Vec<String> {
        let provider = substitute(&activity.provider.raw.clone().into(), configuration, &Secrets::default());
        let text = |key| provider.get(key).map(python_text);
        match (activity.provider.kind, self.native_of(activity)) {
            (_, Some((catalogue, native))) => {
                let arguments = provider.get("arguments").and_then(Value::as_map);
                catalogue.targets(native, arguments.unwrap_or(&Map::default()))
            }
            (ProviderKind::Http, None) => text("url").into_iter().collect(),
            (ProviderKind::Process, None) => text("path").into_iter().collect(),
            (ProviderKind::Python, None) => Vec::new(),
        }
    }

    /// The short description of the activity in step lines: `http GET /invoke`, `k8s terminate_pods`, `process true`.
    pub fn label(&self, activity: &Activity, configuration: &Map) -> String {
        let provider = substitute(&activity.provider.raw.clone().into(), configuration, &Secrets::default());
        let text = |key| provider.get(key).map(python_text).unwrap_or_default();
        match (activity.provider.kind, self.native_of(activity)) {
            (_, Some((catalogue, native))) => format!("{} {}", catalogue.name(), native.func),
            (ProviderKind::Http, None) => {
                let method = provider.get("method").map_or_else(|| "GET".to_owned(), python_text);
                format!("http {} {}", method.to_uppercase(), path_of(&text("url")))
            }
            (ProviderKind::Process, None) => {
                format!("process {}", text("path").rsplit('/').next().unwrap_or_default())
            }
            (ProviderKind::Python, None) => format!("python {}", text("func")),
        }
    }

    /// Changes the environment for all later calls: Python reports the variables that its functions set.
    pub fn change_environment(&self, change: impl FnOnce(&mut Environment)) {
        self.environment.change(change);
    }

    /// The cluster that an activity with this provider would act in, as far as it can be determined before the call.
    /// `secrets` are the run's. Reads files, sends nothing.
    pub async fn cluster_of(&self, kind: ProviderKind, provider: &Map, secrets: &Secrets) -> ActivityCluster {
        match &self.cluster {
            Some(settings) => activity_cluster::find(settings, kind, provider, secrets).await,
            None => ActivityCluster::NoCluster,
        }
    }

    /// The cluster that the options and the run's variables choose for activities without secrets of their own, if
    /// there is one.
    pub async fn default_cluster(&self) -> Option<cluster::Connection> {
        cluster::Connection::choose(self.cluster.as_ref()?, &Map::default()).await.ok()
    }

    /// The cluster of programs, which know only the kubeconfig; `None` if there is none.
    pub async fn cluster_of_programs(&self) -> Option<cluster::Connection> {
        cluster::Connection::choose_for_programs(self.cluster.as_ref()?).await.ok()
    }

    /// Whether a command-line option chooses the cluster.
    pub fn is_cluster_chosen_by_option(&self) -> bool {
        self.cluster.as_ref().is_some_and(cluster::ClusterSettings::names_cluster)
    }

    /// The current environment.
    pub fn environment(&self) -> Arc<Environment> {
        self.environment.now()
    }

    fn environment_of_programs(&self) -> Arc<Environment> {
        let mut environment = self.environment();
        let exported = self.cluster.as_ref().map(cluster::ClusterSettings::exported).unwrap_or_default();
        if !exported.is_empty() {
            Arc::make_mut(&mut environment).put(exported);
        }
        environment
    }

    pub(super) fn overrule(&self, secrets: &mut Map) {
        if let Some(settings) = &self.cluster {
            settings.apply_to_secrets(secrets);
        }
    }

    pub(super) fn bridge(&self) -> Option<&dyn Bridge> {
        self.bridge.as_deref()
    }

    fn native_of(&self, activity: &Activity) -> Option<(&Arc<dyn Catalogue>, &'static Native)> {
        if activity.provider.kind != ProviderKind::Python {
            return None;
        }
        let (module, func) = python_functions::module_and_function(&activity.provider.raw)?;
        self.find(module, func)
    }

    pub(super) fn find(&self, module: &str, func: &str) -> Option<(&Arc<dyn Catalogue>, &'static Native)> {
        self.catalogues.iter().find_map(|catalogue| {
            let mut functions = catalogue.functions().iter();
            let native = functions.find(|native| native.module == module && native.func == func)?;
            Some((catalogue, native))
        })
    }
}

/// The path and query of a URL, for a short line; the whole text if it contains no scheme and no slash.
fn path_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    match after_scheme.find('/') {
        Some(slash) => after_scheme.get(slash..).unwrap_or("/"),
        None if after_scheme.len() == url.len() => url,
        None => "/",
    }
}

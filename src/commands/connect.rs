//! Who does what in a session: the providers with everything they reach.

use crate::{
    cluster,
    engine::PythonEvents,
    experiment::{Environment, LiveEnvironment, Settings},
    provider::{
        Providers,
        gremlin::Gremlin,
        kubernetes::Kubernetes,
        python::{Interpreter, PrintTarget, PythonBridge, PythonSettings},
    },
    session::event::Level,
};
use clap::{Args, ValueEnum};
use std::{ffi::OsString, path::PathBuf, sync::Arc};

/// Which cluster and which Python.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Cluster and Python")]
pub(crate) struct ConnectionArgs {
    /// The context of the kubeconfig to use
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// The kubeconfig to use
    #[arg(long, value_name = "PATH")]
    pub kubeconfig: Option<PathBuf>,
    /// The Python interpreter for functions that are not built in [default: that of the virtual environment, or python3]
    #[arg(long, value_name = "PATH", hide_short_help = true)]
    pub python: Option<PathBuf>,
    /// Whether Kubernetes and Gremlin functions run natively, or in Python as well
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, hide_short_help = true)]
    pub python_native: NativeFunctions,
}

/// Where functions that are built in are executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum NativeFunctions {
    /// Natively.
    #[default]
    On,
    /// In Python, with the extensions that are installed there.
    Off,
}

/// The providers, and what they were made of. Nothing is started or connected before it is needed.
pub(crate) struct Connections {
    /// Does every activity.
    pub providers: Arc<Providers>,
    /// Has to be shut down at the end.
    pub python: Arc<PythonBridge>,
    /// How the cluster is chosen.
    pub cluster: cluster::ClusterSettings,
}

impl ConnectionArgs {
    /// Native functions first (unless told otherwise), Python for the others.
    pub(crate) fn connect(
        &self,
        environment: &Environment,
        settings: &Settings,
        prints: PrintTarget,
        events: &Arc<PythonEvents>,
    ) -> Connections {
        let virtual_env = environment.get("VIRTUAL_ENV").map(OsString::from);
        // One for all: what functions and controls set counts for whatever chooses a cluster later.
        let live = LiveEnvironment::from(environment.clone());
        let cluster = self.cluster(&live);
        let python = Arc::new(PythonBridge::new(PythonSettings {
            interpreter: Interpreter::choose(self.python.as_deref(), virtual_env.as_deref()),
            environment: live.clone(),
            cluster: Some(cluster.clone()),
            settings: settings.loaded(),
            level: Level::Debug,
            prints,
            listener: events.listener(),
        }));
        let providers = Providers::new(live).with_cluster(cluster.clone()).with_bridge(python.clone());
        let providers = match self.python_native {
            NativeFunctions::On => providers
                .with_catalogue(Arc::new(Kubernetes::new(cluster.clone())))
                .with_catalogue(Arc::new(Gremlin::new(cluster.clone()))),
            NativeFunctions::Off => providers,
        };
        let providers = Arc::new(providers);
        events.inform(&providers);
        Connections { providers, python, cluster }
    }

    fn cluster(&self, environment: &LiveEnvironment) -> cluster::ClusterSettings {
        let variables = environment.clone();
        let mut settings = cluster::ClusterSettings::new(move |name| variables.now().get(name));
        // Functions may change the current directory.
        settings.kubeconfig =
            self.kubeconfig.as_ref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()));
        settings.context.clone_from(&self.context);
        settings
    }
}

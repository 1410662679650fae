//! Creates the providers of a session with their connections to the cluster and to Python.

use crate::{
    cluster,
    engine::PythonEvents,
    experiment::{Environment, LiveEnvironment, Settings, executable},
    provider::{
        Providers,
        gremlin::Gremlin,
        kubernetes::Kubernetes,
        python::{Interpreter, LazyInterpreter, PythonBridge, PythonSettings},
    },
    session::event::Level,
};
use clap::{Args, ValueEnum};
use std::{
    ffi::OsString,
    path::PathBuf,
    sync::{Arc, LazyLock},
};

/// Options that choose the cluster and the Python interpreter.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Cluster and Python")]
pub(crate) struct ConnectionArgs {
    /// Context of the kubeconfig to use
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Path of the kubeconfig to use
    #[arg(long, value_name = "PATH")]
    pub kubeconfig: Option<PathBuf>,
    /// Python interpreter for functions that are not built in [default: that of the virtual environment, or python3]
    #[arg(long, value_name = "PATH", hide_short_help = true)]
    pub python: Option<PathBuf>,
    /// Whether to run Kubernetes and Gremlin functions natively instead of in Python
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, hide_short_help = true)]
    pub python_native: NativeFunctions,
}

/// Where built-in functions are executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum NativeFunctions {
    /// Natively.
    #[default]
    On,
    /// In Python, by its installed extensions.
    Off,
}

/// The providers and their connections. Nothing is started or connected before it is needed.
pub(crate) struct Connections {
    /// Executes every activity.
    pub providers: Arc<Providers>,
    /// The Python bridge; must be shut down at the end.
    pub python: Arc<PythonBridge>,
    /// The settings that choose the cluster.
    pub cluster: cluster::ClusterSettings,
}

impl ConnectionArgs {
    /// Creates the providers: native functions first (unless switched off), Python for all others.
    pub(crate) fn connect(
        &self,
        environment: &Environment,
        settings: &Settings,
        events: &Arc<PythonEvents>,
    ) -> Connections {
        // Shared, so that variables set by functions and controls affect the later choice of a cluster.
        let live = LiveEnvironment::from(environment.clone());
        let cluster = self.cluster(&live);
        let python = Arc::new(PythonBridge::new(PythonSettings {
            interpreter: self.interpreter(environment.clone()),
            environment: live.clone(),
            cluster: Some(cluster.clone()),
            settings: settings.loaded(),
            level: Level::Debug,
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

    /// The Python interpreter for functions that are not built in.
    pub(crate) fn interpreter(&self, environment: Environment) -> LazyInterpreter {
        let option = self.python.clone();
        let choose = move || {
            let virtual_env = environment.get("VIRTUAL_ENV").map(OsString::from);
            let chaos = executable::find_all("chaos", &environment);
            Interpreter::choose(option.as_deref(), virtual_env.as_deref(), chaos)
        };
        Arc::new(LazyLock::new(Box::new(choose)))
    }

    fn cluster(&self, environment: &LiveEnvironment) -> cluster::ClusterSettings {
        let variables = environment.clone();
        let mut settings = cluster::ClusterSettings::new(move |name| variables.now().get(name));
        // Made absolute because functions may change the current directory.
        settings.kubeconfig =
            self.kubeconfig.as_ref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()));
        settings.context.clone_from(&self.context);
        settings
    }
}

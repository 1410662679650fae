//! From the command line to a run that can be played: load, validate, resolve, connect.

mod controls;
mod guards;
mod loading;
mod refusal;
mod validation;
mod variables;

use super::{RunArgs, SandboxChild, connect::Connections};
use crate::{
    cluster,
    engine::{Notifications, PreparedRun, PythonEvents, session_cluster::needs_missing_cluster},
    experiment::{
        Access, Environment, Experiment, Overrides, Runtime, Settings, SettingsError, ValidationChecks,
        parse_var, read_without_blocking,
    },
    provider::{
        NativeSignatures,
        python::{PrintTarget, PythonBridge},
    },
    runner::{Controls, Pacing, Redactor, RunOptions, RunRequest, ShownTargets, Signal, strategies},
    session::{EventKind, event::Level, stream::Emitter},
};
use pyvalue::{Document, Value};
pub(crate) use refusal::Refusal;
use std::{path::PathBuf, sync::Arc};
use tokio::sync::mpsc;

/// What has to be ended after a run, whatever became of it.
#[derive(Default)]
pub(crate) struct ChildProcesses {
    sandbox: Option<SandboxChild>,
    python: Option<Arc<PythonBridge>>,
    cluster: Option<cluster::ClusterSettings>,
}

impl ChildProcesses {
    /// Ends them.
    pub(crate) async fn end(self) {
        if let Some(python) = self.python {
            python.shut_down().await;
        }
        if let Some(cluster) = self.cluster {
            cluster.delete_exported();
        }
        if let Some(sandbox) = self.sandbox {
            sandbox.end().await;
        }
    }
}

/// Who takes part in a run besides its file.
pub(crate) struct PrepareContext<'a> {
    /// Takes every line.
    pub emitter: &'a Emitter,
    /// Takes Python's wish to end the run.
    pub signals: mpsc::Sender<Signal>,
    /// Where the output of extensions goes.
    pub prints: PrintTarget,
    /// Who decides about steps.
    pub pace: Pacing,
    /// Whether the channels of the settings are told of the run.
    pub notifies: bool,
}

impl PrepareContext<'_> {
    /// Tells whoever waits for the session at a screen what is done now; the title as far as it is known.
    async fn doing(&self, title: &str, doing: impl Into<String>) {
        if matches!(self.pace, Pacing::Step) {
            let (title, doing) = (title.to_owned(), doing.into());
            self.emitter.emit(EventKind::Preparing { title, doing }).await;
        }
    }

    /// A word that is no line of the log; what has a screen cannot print it.
    async fn notice(&self, message: String) {
        match self.pace {
            Pacing::Step => self.log(Level::Warning, message).await,
            Pacing::Auto(_) => eprintln!("{message}"),
        }
    }

    async fn log(&self, level: Level, message: impl Into<String>) {
        let (target, message) = ("chaostoolkit".to_owned(), message.into());
        self.emitter.emit(EventKind::Logged { level, target, message }).await;
    }
}

/// Prepares a run. What it starts is left in `helpers`, also when it refuses.
pub(crate) async fn prepare(
    source: &str,
    playing: &RunArgs,
    settings_path: Option<&PathBuf>,
    company: PrepareContext<'_>,
    helpers: &mut ChildProcesses,
) -> Result<PreparedRun, Refusal> {
    company.doing("", format!("reading {source}")).await;
    let mut environment = Environment::of_process();
    let vars = playing.vars.iter().map(|var| parse_var(var)).collect::<Result<Vec<_>, _>>();
    let vars = vars.map_err(Refusal::usage)?;
    if let Some(path) = playing.var_files.iter().chain(&playing.control_files).find(|path| !path.exists()) {
        return Err(Refusal::usage(format!("the file '{}' does not exist", path.display())));
    }
    let settings = settings(settings_path, &environment, &company).await?;
    let (overrides, left_out) =
        Overrides::read(&vars, &playing.var_files, &mut environment).map_err(Refusal::invalid)?;
    for message in left_out {
        company.notice(message).await;
    }
    let globals = controls::read(&settings, &playing.control_files, company.emitter).await?;
    let events = PythonEvents::new(company.emitter.clone(), company.signals.clone());
    let mut link = Connector {
        playing,
        settings: &settings,
        company: &company,
        events: &events,
        helpers,
        title: String::new(),
    };
    // Controls of the loading need Python before there is an experiment. Without any, what is not needed for a file
    // that cannot be read is not started.
    let early = if globals.is_empty() { None } else { Some(link.connect(&mut environment).await?) };
    let controls = match &early {
        Some(connected) => {
            let globals = controls::importable(globals, &*connected.python).await?;
            Controls::new(globals, connected.python.clone())
        }
        None => Controls::default(),
    };
    let access =
        Access { verify_tls: !playing.no_verify_tls, environment: &environment, settings: &settings };
    let document = loading::load(source, access, &controls, &company).await?;
    let title = document.root().get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
    link.title.clone_from(&title);
    let connected = match early {
        Some(connected) => connected,
        None => link.connect(&mut environment).await?,
    };
    let Connections { providers, python, cluster } = connected;
    let notifications = Notifications::new("run", &settings, python.clone(), company.emitter.clone());
    if let Some(experiment) = document.root().as_map().filter(|_| company.notifies) {
        notifications.started(experiment).await;
    }

    company.doing(&title, "checking the experiment").await;
    let mut experiment = if playing.no_validation {
        unchecked(document)?
    } else {
        let signatures = NativeSignatures { providers: &providers, python: &*python };
        let means = ValidationChecks { environment: &environment, signatures: &signatures };
        validation::validated(document, means, &company).await?
    };
    let options = options(playing, &experiment, &settings)?;
    let runtime = asked_runtime(playing, &experiment, &settings);
    if runtime.hypothesis == MISSPELT {
        company.log(Level::Warning, MISSPELT_WARNING).await;
    }
    if let Some(settings) = settings.with_runtime(&runtime) {
        python.set_settings(settings.into()).await;
    }
    let guards = guards::in_force(playing, &experiment, &company.pace)?;
    let (configuration, secrets) =
        variables::resolve(&experiment, &overrides, &environment, &company).await?;
    events.hide(Redactor::new(&secrets));
    if secrets.is_empty() {
        experiment.note_no_secrets(&overrides.configuration);
    }
    let configuration = variables::ask_dynamic(configuration, &secrets, &providers, &company).await?;
    let controls = if controls.has_globals() || !Controls::are_declared(&experiment) {
        controls
    } else {
        Controls::new(Vec::new(), python)
    };
    let experiment = Arc::new(experiment);
    let request = RunRequest {
        experiment,
        options,
        configuration,
        secrets,
        pace: company.pace,
        controls,
        shown: ShownTargets::default(),
    };
    // Whoever sits at a screen is offered the sandbox instead.
    if !matches!(request.pace, Pacing::Step)
        && let Some(error) = needs_missing_cluster(&request, &providers).await
    {
        return Err(Refusal::usage(error));
    }
    let unserialisable = events.unserialisable();
    Ok(PreparedRun { request, providers, notifications, cluster, guards, unserialisable })
}

/// What it takes to connect a run with what it reaches.
struct Connector<'a> {
    playing: &'a RunArgs,
    settings: &'a Settings,
    company: &'a PrepareContext<'a>,
    events: &'a Arc<PythonEvents>,
    helpers: &'a mut ChildProcesses,
    /// Title of the experiment, once it is read.
    title: String,
}

impl Connector<'_> {
    /// Starts the sandbox, if one is wanted, before anything looks at the environment, and connects.
    async fn connect(&mut self, environment: &mut Environment) -> Result<Connections, Refusal> {
        if let Some(variant) = &self.playing.sandbox {
            let doing = format!("starting the sandbox with the variant `{variant}`");
            self.company.doing(&self.title, doing).await;
            let child = SandboxChild::start(variant, self.company.emitter).await.map_err(Refusal::usage)?;
            child.announcement.apply(environment);
            self.helpers.sandbox = Some(child);
        }
        let (reach, prints) = (&self.playing.reach, self.company.prints);
        let connected = reach.connect(environment, self.settings, prints, self.events);
        self.helpers.python = Some(connected.python.clone());
        self.helpers.cluster = Some(connected.cluster.clone());
        Ok(connected)
    }
}

/// The settings file; one with broken syntax counts as none, with an ERROR line.
async fn settings(
    path: Option<&PathBuf>,
    environment: &Environment,
    company: &PrepareContext<'_>,
) -> Result<Settings, Refusal> {
    let path = path.cloned().unwrap_or_else(|| Settings::default_path(environment));
    match read_without_blocking(&path, Settings::read).await {
        Ok(settings) => Ok(settings),
        Err(error @ SettingsError::Syntax(_)) => {
            company.log(Level::Error, error.to_string()).await;
            Ok(Settings::default())
        }
        Err(error) => Err(Refusal::invalid(error)),
    }
}

/// An experiment that nobody checked must at least have what a run cannot begin without.
fn unchecked(document: Document) -> Result<Experiment, Refusal> {
    let experiment = Experiment::unchecked(document).map_err(Refusal::invalid)?;
    if experiment.raw().contains_key("title") {
        Ok(experiment)
    } else {
        Err(Refusal::invalid("the experiment has no title: add `title`, even without validation"))
    }
}

/// A spelling that the reference accepts with a warning.
const MISSPELT: &str = "continously";
const MISSPELT_WARNING: &str = "\nThe \"--hypothesis-strategy=continously\" command is depreciating and will be removed in a future version\n\
     Instead, please use \"--hypothesis-strategy=continuously\"";

/// The strategies as whoever decides them has written them.
fn asked_runtime(playing: &RunArgs, experiment: &Experiment, settings: &Settings) -> Runtime {
    let of_settings = || Runtime::of_settings(settings.as_map()).ok().flatten();
    let declared = experiment.runtime().ok().flatten().or_else(of_settings).unwrap_or_default();
    Runtime {
        hypothesis: playing.hypothesis_strategy.clone().unwrap_or(declared.hypothesis),
        rollbacks: playing.rollback_strategy.clone().unwrap_or(declared.rollbacks),
    }
}

fn options(playing: &RunArgs, experiment: &Experiment, settings: &Settings) -> Result<RunOptions, Refusal> {
    let (hypothesis, rollbacks) = strategies(
        playing.hypothesis_strategy.as_deref(),
        playing.rollback_strategy.as_deref(),
        experiment,
        Runtime::of_settings(settings.as_map()).map_err(Refusal::invalid)?,
    )
    .map_err(Refusal::invalid)?;
    let dry = playing.dry.as_deref().map(str::parse).transpose().map_err(Refusal::usage)?;
    let frequency = playing.hypothesis_frequency;
    Ok(RunOptions {
        hypothesis,
        rollbacks,
        frequency,
        fail_fast: playing.fail_fast,
        dry,
        compat: playing.compat(),
    })
}

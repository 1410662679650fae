//! Prepares a run from the command line: loads, connects, validates and resolves the experiment.

mod controls;
mod guards;
mod inspect;
mod loading;
mod refusal;
mod validation;
mod variables;

use super::{RunArgs, SandboxChild, VariableArgs, connect::Connections};
use crate::{
    cluster,
    engine::{Notifications, PreparedRun, PrintTarget, PythonEvents, session_cluster::needs_missing_cluster},
    experiment::{
        Access, Environment, Experiment, Overrides, Runtime, Settings, SettingsError, ValidationChecks,
        malformed_controls, parse_var, read_without_blocking,
    },
    printing,
    provider::{NativeSignatures, gremlin::without_account, python::PythonBridge, shadowed_packages},
    runner::{Controls, Pacing, Redactor, RunOptions, RunRequest, ShownTargets, Signal, strategies},
    session::{EventKind, event::Level, stream::Emitter},
};
pub(crate) use inspect::{Inspected, InspectedSource, Inspection, InspectionDepth, inspect};
use pyvalue::{Document, Value};
pub(crate) use refusal::Refusal;
use std::{path::PathBuf, sync::Arc};
use tokio::sync::mpsc;

/// Child processes and temporary files that must be cleaned up after a run, even if it was refused.
#[derive(Default)]
pub(crate) struct ChildProcesses {
    sandbox: Option<SandboxChild>,
    python: Option<Arc<PythonBridge>>,
    cluster: Option<cluster::ClusterSettings>,
}

impl ChildProcesses {
    /// Ends the processes and deletes the files.
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

/// The context in which a run is prepared.
pub(crate) struct PrepareContext<'a> {
    /// Receives the events and log lines.
    pub emitter: &'a Emitter,
    /// Receives Python's requests to end the run.
    pub signals: mpsc::Sender<Signal>,
    /// Where the output of extensions goes.
    pub prints: PrintTarget,
    /// Whether the operator starts each step or all steps run automatically.
    pub pace: Pacing,
    /// Whether the notification channels of the settings learn of the start of the run.
    pub notify_channels: bool,
}

impl PrepareContext<'_> {
    /// Reports the current step of the preparation to the screen, if there is one. The title is empty until it is
    /// known.
    async fn report_progress(&self, title: &str, doing: impl Into<String>) {
        if matches!(self.pace, Pacing::Step) {
            let (title, doing) = (title.to_owned(), doing.into());
            self.emitter.emit(EventKind::Preparing { title, doing }).await;
        }
    }

    /// Prints a message that is not a log line. With a screen it is logged instead, because it cannot be printed.
    async fn notice(&self, message: String) {
        match self.pace {
            Pacing::Step => self.log(Level::Warning, message).await,
            Pacing::Auto(_) => printing::err(message),
        }
    }

    async fn log(&self, level: Level, message: impl Into<String>) {
        let (target, message) = ("chaostoolkit".to_owned(), message.into());
        self.emitter.emit(EventKind::Logged { level, target, message }).await;
    }
}

/// Prepares a run. Processes that it starts are stored in `helpers`, even if it returns an error.
pub(crate) async fn prepare(
    source: &str,
    playing: &RunArgs,
    settings_path: Option<&PathBuf>,
    context: PrepareContext<'_>,
    helpers: &mut ChildProcesses,
) -> Result<PreparedRun, Refusal> {
    playing.check_journal_path()?;
    context.report_progress("", format!("reading {}", printing::without_url_passwords(source))).await;
    let mut environment = Environment::of_process();
    let (settings, overrides) =
        inputs(&playing.variables, &playing.control_files, settings_path, &mut environment, &context).await?;
    let globals = controls::read(&settings, &playing.control_files, context.emitter).await?;
    let events = PythonEvents::new(context.emitter.clone(), context.signals.clone(), context.prints);
    let mut connector = Connector {
        playing,
        settings: &settings,
        context: &context,
        events: &events,
        helpers,
        title: String::new(),
    };
    // Global controls of the loading need Python before the experiment is loaded. Without global controls, Python and
    // the sandbox are set up only after the file was read.
    let early = if globals.is_empty() { None } else { Some(connector.connect(&mut environment).await?) };
    let controls = match &early {
        Some(connected) => {
            let globals = controls::importable(globals, &*connected.python).await?;
            Controls::new(globals, connected.python.clone())
        }
        None => Controls::default(),
    };
    let access =
        Access { verify_tls: !playing.no_verify_tls, environment: &environment, settings: &settings };
    let now = || {
        early.as_ref().map_or_else(|| Arc::new(environment.clone()), |early| early.providers.environment())
    };
    let document = loading::load(source, access, now, &controls, &context).await?;
    let title = document.root().get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
    connector.title.clone_from(&title);
    let connected = match early {
        Some(connected) => connected,
        None => connector.connect(&mut environment).await?,
    };
    let Connections { providers, python, cluster } = connected;
    let notifications =
        Notifications::new("run", &settings, python.clone(), providers.clone(), context.emitter.clone());
    if let Some(experiment) = document.root().as_map().filter(|_| context.notify_channels) {
        notifications.started(experiment).await;
    }

    context.report_progress(&title, "checking the experiment").await;
    // Controls before the loading may have changed it.
    let environment = with_account_or_without(&providers.environment(), &document, &context.pace);
    let mut experiment = if playing.no_validation {
        unchecked(document)?
    } else {
        let signatures = NativeSignatures { providers: &providers, python: &*python };
        let checks = ValidationChecks { environment: &environment, signatures: &signatures };
        validation::validate_and_log(document, checks, &context).await?
    };
    for shadowed in shadowed_packages(&experiment, &providers, &environment) {
        context.log(Level::Warning, shadowed).await;
    }
    let options = options(playing, &experiment, &settings)?;
    let runtime = asked_runtime(playing, &experiment, &settings);
    if runtime.hypothesis == MISSPELT {
        context.log(Level::Warning, MISSPELT_WARNING).await;
    }
    python.set_run_settings(settings.with_runtime(&runtime), !settings.as_map().is_empty()).await;
    let guards = guards::effective_guards(playing, &experiment, &context.pace)?;
    let (configuration, secrets) =
        variables::resolve(&experiment, &overrides, &environment, &context).await?;
    let redactor = Redactor::new(&secrets);
    if !redactor.is_empty() {
        let redactor = redactor.clone();
        context.emitter.hide(Box::new(move |what| redactor.of_the_stream(what)));
    }
    events.hide(redactor);
    if secrets.is_empty() {
        experiment.note_no_secrets(&overrides.configuration);
    }
    let configuration = variables::run_dynamic_entries(configuration, &secrets, &providers, &context).await?;
    let controls = if controls.has_globals() || !Controls::are_declared(&experiment) {
        controls
    } else {
        Controls::new(Vec::new(), python.clone())
    };
    let experiment = Arc::new(experiment);
    let request = RunRequest {
        experiment,
        options,
        configuration,
        secrets,
        pace: context.pace,
        controls,
        listener: Some(python),
        shown: ShownTargets::default(),
        gate: None,
    };
    // In the live session the operator is offered the sandbox instead.
    if !matches!(request.pace, Pacing::Step)
        && let Some(error) = needs_missing_cluster(&request, &providers).await
    {
        return Err(Refusal::usage(error));
    }
    let unserialisable = events.unserialisable();
    Ok(PreparedRun { request, providers, notifications, cluster, guards, unserialisable })
}

/// In the live session a missing Gremlin account is no error: the preflight offers what can be done without one.
fn with_account_or_without(environment: &Environment, document: &Document, pace: &Pacing) -> Environment {
    match (pace, document.root().as_map()) {
        (Pacing::Step, Some(experiment)) => without_account(experiment, environment),
        _ => environment.clone(),
    }
}

/// Reads the settings and the values of variables; variables of environment files are written into `environment`.
async fn inputs(
    given: &VariableArgs,
    more_files: &[PathBuf],
    settings_path: Option<&PathBuf>,
    environment: &mut Environment,
    context: &PrepareContext<'_>,
) -> Result<(Settings, Overrides), Refusal> {
    let vars = given.vars.iter().map(|var| parse_var(var)).collect::<Result<Vec<_>, _>>();
    let vars = vars.map_err(Refusal::usage)?;
    if let Some(path) = given.var_files.iter().chain(more_files).find(|path| !path.exists()) {
        return Err(Refusal::usage(format!("the file '{}' does not exist", path.display())));
    }
    let settings = settings(settings_path, environment, context).await?;
    let (overrides, left_out) =
        Overrides::read(&vars, &given.var_files, environment).map_err(Refusal::invalid)?;
    for message in left_out {
        context.notice(message).await;
    }
    Ok((settings, overrides))
}

/// Connects a run to the cluster and to Python.
struct Connector<'a> {
    playing: &'a RunArgs,
    settings: &'a Settings,
    context: &'a PrepareContext<'a>,
    events: &'a Arc<PythonEvents>,
    helpers: &'a mut ChildProcesses,
    /// The title of the experiment, empty until it is loaded.
    title: String,
}

impl Connector<'_> {
    /// Starts the sandbox, if requested, then connects. The sandbox comes first because it sets environment variables.
    async fn connect(&mut self, environment: &mut Environment) -> Result<Connections, Refusal> {
        if let Some(variant) = &self.playing.sandbox {
            let doing = format!("starting the sandbox with the variant `{variant}`");
            self.context.report_progress(&self.title, doing).await;
            let child = SandboxChild::start(variant, self.context.emitter).await.map_err(Refusal::usage)?;
            child.announcement.apply(environment);
            self.helpers.sandbox = Some(child);
        }
        let connected = self.playing.connection.connect(environment, self.settings, self.events);
        self.helpers.python = Some(connected.python.clone());
        self.helpers.cluster = Some(connected.cluster.clone());
        Ok(connected)
    }
}

/// Reads the settings file. A file with a syntax error is logged as an error and ignored.
async fn settings(
    path: Option<&PathBuf>,
    environment: &Environment,
    context: &PrepareContext<'_>,
) -> Result<Settings, Refusal> {
    let path = path.cloned().unwrap_or_else(|| Settings::default_path(environment));
    match read_without_blocking(&path, Settings::read).await {
        Ok(settings) => Ok(settings),
        Err(error @ SettingsError::Syntax(_)) => {
            context.log(Level::Error, error.to_string()).await;
            Ok(Settings::default())
        }
        Err(error) => Err(Refusal::invalid(error)),
    }
}

/// Builds an experiment without validation. It must still have a title, which a run needs, and no controls may be lost.
fn unchecked(document: Document) -> Result<Experiment, Refusal> {
    let experiment = Experiment::unchecked(document).map_err(Refusal::invalid)?;
    if let Some(malformed) = malformed_controls(experiment.raw()) {
        Err(Refusal::invalid(malformed))
    } else if experiment.raw().contains_key("title") {
        Ok(experiment)
    } else {
        Err(Refusal::invalid(
            "the experiment has no title: add `title`, which is required even without validation",
        ))
    }
}

/// A misspelling that the reference accepts with a warning.
const MISSPELT: &str = "continously";
const MISSPELT_WARNING: &str = "\nThe \"--hypothesis-strategy=continously\" command is depreciating and will be removed in a future version\n\
     Instead, please use \"--hypothesis-strategy=continuously\"";

/// Returns the strategies as written: those of the command line, else of the experiment, else of the settings.
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
        only_rollbacks: false,
    })
}

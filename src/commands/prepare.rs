//! From the command line to a run that can be played: load, validate, resolve, connect.

use super::{Playing, SandboxChild, connect::Connected, global_controls, listening::Listening};
use crate::{
    cluster,
    experiment::{
        Access, Activity, Document, Environment, Experiment, Finding, Map, Means, Overrides, Runtime,
        Secrets, Settings, SettingsError, configuration, load, parse_var, secrets, validate,
    },
    provider::{
        Call, Known, Outcome, Providers,
        python::{Prints, PythonBridge},
    },
    runner::{Controls, Options, Pace, Redactor, Request, Signal, strategies},
    session::{What, event::Level, stream::Emitter},
};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Why nothing is played.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One message with a way out.
    pub message: String,
    /// What the program exits with: 2 for what the command line can mend, else 1 (experiment-format 12.2).
    pub code: u8,
}

impl Refusal {
    pub(super) fn usage(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: 2 }
    }

    pub(super) fn invalid(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: 1 }
    }
}

/// A run that can be played.
pub struct Prepared {
    /// What to play.
    pub request: Request,
    /// With whom.
    pub providers: Arc<Providers>,
    /// How the cluster is chosen.
    pub cluster: cluster::Settings,
}

/// What has to be ended after a run, whatever became of it.
#[derive(Default)]
pub struct Helpers {
    sandbox: Option<SandboxChild>,
    python: Option<Arc<PythonBridge>>,
}

impl Helpers {
    /// Where the sandbox is, if there is one.
    pub fn sandbox(&self) -> Option<&super::Announcement> {
        self.sandbox.as_ref().map(|sandbox| &sandbox.announcement)
    }

    /// Ends them.
    pub async fn end(self) {
        if let Some(python) = self.python {
            python.shut_down().await;
        }
        if let Some(sandbox) = self.sandbox {
            sandbox.end().await;
        }
    }
}

/// Who takes part in a run besides its file.
pub struct Company<'a> {
    /// Takes every line.
    pub emitter: &'a Emitter,
    /// Takes Python's wish to end the run.
    pub signals: mpsc::Sender<Signal>,
    /// Where the output of extensions goes.
    pub prints: Prints,
    /// Who decides about steps.
    pub pace: Pace,
}

/// Prepares a run. What it starts is left in `helpers`, also when it refuses.
pub async fn prepare(
    source: &str,
    playing: &Playing,
    settings_path: Option<&PathBuf>,
    company: Company<'_>,
    helpers: &mut Helpers,
) -> Result<Prepared, Refusal> {
    let said = |level, message: String| async move {
        let target = "chaostoolkit".to_owned();
        company.emitter.emit(What::Logged { level, target, message }).await;
    };
    let mut environment = Environment::of_process();
    let vars = playing.vars.iter().map(|var| parse_var(var)).collect::<Result<Vec<_>, _>>();
    let vars = vars.map_err(Refusal::usage)?;
    if let Some(path) = playing.var_files.iter().chain(&playing.control_files).find(|path| !path.exists()) {
        return Err(Refusal::usage(format!("the file '{}' does not exist", path.display())));
    }
    let settings_path = settings_path.cloned().unwrap_or_else(|| Settings::default_path(&environment));
    let settings = match Settings::read(&settings_path) {
        Ok(settings) => settings,
        Err(error @ SettingsError::Syntax(_)) => {
            said(Level::Error, error.to_string()).await;
            Settings::default()
        }
        Err(error) => return Err(Refusal::invalid(error)),
    };
    let (overrides, left_out) =
        Overrides::read(&vars, &playing.var_files, &mut environment).map_err(Refusal::invalid)?;
    left_out.into_iter().for_each(|message| eprintln!("{message}"));

    let access =
        Access { verify_tls: !playing.no_verify_tls, environment: &environment, settings: &settings };
    let document = load(source, access).await.map_err(Refusal::invalid)?;
    if let Some(variant) = &playing.sandbox {
        let child = SandboxChild::start(variant, company.emitter).await.map_err(Refusal::usage)?;
        child.announcement.apply(&mut environment);
        helpers.sandbox = Some(child);
    }

    let listening = Listening::new(company.emitter.clone(), company.signals);
    let connected = playing.reach.connect(&environment, &settings, company.prints, &listening);
    let Connected { providers, python, cluster } = connected;
    helpers.python = Some(python.clone());

    let experiment = match playing.no_validation {
        true => Experiment::unchecked(document).map_err(Refusal::invalid)?,
        false => {
            said(Level::Info, "Validating the experiment's syntax".to_owned()).await;
            let signatures = Known { providers: &providers, python: &*python };
            let means = Means { environment: &environment, signatures: &signatures };
            let experiment = validated(document, means, company.emitter).await?;
            said(Level::Info, "Experiment looks valid".to_owned()).await;
            experiment
        }
    };
    let options = options(playing, &experiment, &settings)?;
    let configuration =
        configuration::resolve(&experiment.configuration(), &overrides.configuration, &environment);
    let configuration = configuration.map_err(Refusal::invalid)?;
    let declared = experiment.secrets();
    let resolved = secrets::resolve(&declared, &overrides.secrets, &configuration, &environment).await;
    if let Some(error) = resolved.errors.first() {
        return Err(Refusal::invalid(error));
    }
    for warning in resolved.warnings {
        said(Level::Warning, warning).await;
    }
    let secrets = resolved.secrets;
    listening.hide(Redactor::new(&secrets));
    let configuration = dynamic(configuration, &secrets, &providers, company.emitter).await;

    let globals = global_controls::read(&settings, &playing.control_files, company.emitter).await?;
    let experiment = Arc::new(experiment);
    let request = Request {
        experiment,
        options,
        configuration,
        secrets,
        pace: company.pace,
        controls: Controls::new(globals, python),
    };
    Ok(Prepared { request, providers, cluster })
}

/// Validates; the first error refuses the experiment, the warnings of the reference are told.
async fn validated(document: Document, means: Means<'_>, emitter: &Emitter) -> Result<Experiment, Refusal> {
    let validation = validate(document, means).await;
    for warning in validation.findings.warnings().filter_map(|it| it.reference_message.clone()) {
        let target = "chaostoolkit".to_owned();
        emitter.emit(What::Logged { level: Level::Warning, target, message: warning }).await;
    }
    validation.experiment.map_err(|document| {
        let errors: Vec<&Finding> = validation.findings.errors().collect();
        Refusal::invalid(refused(&document, &errors))
    })
}

/// The first error as one line with its place and a way out, and how many more there are.
fn refused(document: &Document, errors: &[&Finding]) -> String {
    let Some(first) = errors.first() else { return "the experiment is not valid".to_owned() };
    let message = first.reference_message.as_ref().unwrap_or(&first.message);
    let source = document.source();
    let place = format!("{source}:{}:{}", first.position.line, first.position.column);
    let remedy = if first.remedy.is_empty() { String::new() } else { format!("; {}", first.remedy) };
    let more = match errors.len() - 1 {
        0 => String::new(),
        more => format!("; {more} more: chaos-tui validate {source}"),
    };
    format!("{} ({place}){remedy}{more}", message.trim_end())
}

fn options(playing: &Playing, experiment: &Experiment, settings: &Settings) -> Result<Options, Refusal> {
    let (hypothesis, rollbacks) = strategies(
        playing.hypothesis_strategy.as_deref(),
        playing.rollback_strategy.as_deref(),
        experiment,
        Runtime::of(settings.as_map()),
    )
    .map_err(Refusal::invalid)?;
    let dry = playing.dry.as_deref().map(str::parse).transpose().map_err(Refusal::usage)?;
    Ok(Options {
        hypothesis,
        rollbacks,
        frequency: playing.hypothesis_frequency,
        fail_fast: playing.fail_fast,
        dry,
    })
}

/// Runs the dynamic entries of the configuration; those that fail are left out with one warning.
async fn dynamic(configuration: Map, secrets: &Secrets, providers: &Providers, emitter: &Emitter) -> Map {
    let ask = async |activity: &Activity, configuration: &Map| {
        let call = Call {
            activity,
            configuration,
            secrets,
            cancel: CancellationToken::new(),
            progress: &|_| {},
            foreground: true,
        };
        match providers.call(call).await {
            Outcome::Done(output) => configuration::Dynamic::Output(output),
            Outcome::Failed { message, .. } | Outcome::Broke { message } => {
                configuration::Dynamic::Failed(message)
            }
            Outcome::Exit { code } => configuration::Dynamic::Failed(format!("asked to exit with {code}")),
            Outcome::Cancelled => configuration::Dynamic::Failed("was cut short".to_owned()),
        }
    };
    let (configuration, failures) = configuration::resolve_dynamic(configuration, secrets, ask).await;
    let redactor = Redactor::new(secrets);
    let details = failures.iter().map(|it| (Level::Debug, format!("'{}': {}", it.entry, it.reason)));
    let warning = "Some of the dynamic configuration failed to be loaded.\
                   Please review the log file for understanding what happened.";
    let warned = (!failures.is_empty()).then(|| (Level::Warning, warning.to_owned()));
    for (level, message) in details.chain(warned) {
        let target = "chaostoolkit".to_owned();
        emitter.emit(What::Logged { level, target, message: redactor.text(message) }).await;
    }
    configuration
}

//! Reads an experiment for a command that only looks at it: no control, action or probe of it is run, except for probes
//! that compute a part of its configuration.

use super::{PrepareContext, Refusal, inputs, variables};
use crate::{
    cluster::ClusterSettings,
    commands::{ConnectionArgs, Connections, VariableArgs},
    engine::{PrintTarget, PythonEvents},
    experiment::{
        Access, Environment, Experiment, NotRunnable, Settings, ValidationChecks, check, configuration, load,
    },
    provider::{NativeSignatures, Providers, gremlin::without_account, python::PythonBridge},
    runner::{Pacing, RunOptions, RunRequest, strategies},
    session::{clock::Clock, stream::stream},
};
use pyvalue::{Document, Map};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::mpsc;

/// An experiment that was read, and how its steps would be run.
pub(crate) struct Inspected {
    pub request: RunRequest,
    pub providers: Arc<Providers>,
    pub python: Arc<PythonBridge>,
    pub cluster: ClusterSettings,
    pub environment: Environment,
    /// The errors of its validation, each with its position.
    pub errors: Vec<String>,
}

/// How much of an experiment is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InspectionDepth {
    /// As far as files and environment variables say: nothing is started or requested.
    Declared,
    /// As a run would: Python is asked for its functions, and probes compute the configuration.
    Resolved,
}

/// The experiment to read.
#[derive(Clone, Debug)]
pub(crate) enum InspectedSource<'a> {
    /// An empty experiment.
    None,
    /// A file or a URL.
    Named(&'a str),
    /// One that was read already.
    Read(Document),
}

/// What to read.
pub(crate) struct Inspection<'a> {
    pub source: InspectedSource<'a>,
    pub variables: &'a VariableArgs,
    pub connection: &'a ConnectionArgs,
    pub settings_path: Option<&'a PathBuf>,
    pub depth: InspectionDepth,
    /// Environment variables that are set besides those of the process.
    pub environment: &'a [(&'a str, String)],
}

/// Reads an experiment.
///
/// # Errors
/// If it cannot be loaded, is no experiment, or a variable has no value.
pub(crate) async fn inspect(inspection: Inspection<'_>) -> Result<Inspected, Refusal> {
    let mut environment = Environment::of_process();
    // The stream has no reader: what a run would log is discarded.
    let (emitter, _) = stream(Clock::system());
    let signals = mpsc::channel(1).0;
    let context = PrepareContext {
        emitter: &emitter,
        signals: signals.clone(),
        prints: PrintTarget::Console,
        pace: Pacing::Step,
        notify_channels: false,
    };
    let Inspection { variables: given, settings_path, depth, .. } = inspection;
    let (settings, overrides) = inputs(given, &[], settings_path, &mut environment, &context).await?;
    for (name, value) in inspection.environment {
        environment.set(name, value);
    }
    let named = !matches!(inspection.source, InspectedSource::None);
    let document = read(inspection.source, &environment, &settings).await?;
    // As in the live session: the preflight offers what can be done without an account.
    let environment = match document.root().as_map() {
        Some(root) => without_account(root, &environment),
        None => environment,
    };
    let events = PythonEvents::new(emitter.clone(), signals, context.prints);
    let Connections { providers, python, cluster } =
        inspection.connection.connect(&environment, &settings, &events);
    let (mut errors, mut declared) = (Vec::new(), document.clone());
    if depth == InspectionDepth::Resolved && named {
        let signatures = NativeSignatures { providers: &providers, python: &*python };
        let found =
            check(&document, ValidationChecks { environment: &environment, signatures: &signatures }).await;
        errors.extend(found.errors().map(|error| {
            let (message, place) =
                (error.reference_message.as_ref().unwrap_or(&error.message), error.position);
            format!("{} ({}:{}:{})", message.trim_end(), document.source(), place.line, place.column)
        }));
    }
    if depth == InspectionDepth::Declared
        && let Some(root) = declared.root().as_map()
        && !attacks_through_gremlin(root)
    {
        // Secrets may come from Vault, and are not needed.
        let mut root = root.clone();
        root.shift_remove("secrets");
        *declared.root_mut() = root.into();
    }
    let experiment = Experiment::unchecked(declared).map_err(Refusal::invalid)?;
    let resolved = variables::resolve(&experiment, &overrides, &environment, &context).await;
    let (configuration, secrets) = match (resolved, depth) {
        (Ok(resolved), _) => resolved,
        (Err(_), InspectionDepth::Declared) => {
            let entries = &experiment.configuration();
            let resolved = configuration::resolve(entries, &overrides.configuration, &environment);
            (resolved.map_err(Refusal::invalid)?, Default::default())
        }
        (Err(refusal), InspectionDepth::Resolved) => return Err(refusal),
    };
    let configuration = match depth {
        InspectionDepth::Declared => configuration,
        InspectionDepth::Resolved => {
            variables::run_dynamic_entries(configuration, &secrets, &providers, &context).await?
        }
    };
    let (hypothesis, rollbacks) = strategies(None, None, &experiment, None).map_err(Refusal::invalid)?;
    let options = RunOptions { hypothesis, rollbacks, ..RunOptions::default() };
    let request = RunRequest { options, configuration, secrets, ..RunRequest::stepped(experiment) };
    Ok(Inspected { request, providers, python, cluster, environment, errors })
}

async fn read(
    source: InspectedSource<'_>,
    environment: &Environment,
    settings: &Settings,
) -> Result<Document, Refusal> {
    match source {
        InspectedSource::Read(document) => Ok(document),
        InspectedSource::Named(source) => {
            load(source, Access { verify_tls: true, environment, settings }).await.map_err(Refusal::invalid)
        }
        InspectedSource::None => Document::json("none", r#"{"title": "", "description": "", "method": []}"#)
            .map_err(|error| Refusal::invalid(error.message)),
    }
}

fn attacks_through_gremlin(root: &Map) -> bool {
    pyvalue::Value::Map(root.clone()).to_json().contains("\"chaosgremlin.")
}

impl Inspected {
    /// Returns why the first entry cannot be run that has no activity.
    pub(crate) fn broken_entry(&self) -> Option<(&str, &NotRunnable)> {
        let experiment = &self.request.experiment;
        let probes = experiment.hypothesis().into_iter().flat_map(|hypothesis| &hypothesis.probes);
        let mut entries = probes.chain(experiment.method()).chain(experiment.rollbacks());
        entries.find_map(|entry| Some((entry.place.as_str(), entry.activity.as_ref().err()?)))
    }
}

//! `chaos-tui doctor [FILE]`: what a live session checks before anything is fired, as a table or as JSON.

mod report;
mod surroundings;

use super::{
    ConnectionArgs, GlobalArgs, VariableArgs, config,
    output::print_page,
    prepare::{Inspected, InspectedSource, Inspection, InspectionDepth, inspect},
};
use crate::{
    cluster::Connection,
    engine::{PreflightInput, session_cluster},
    observe::preflight::Topic,
    printing::Printed,
    runner::Redactor,
    session::{event::CheckLevel, wording},
};
use color_eyre::eyre::Result;
use pyvalue::Map;
use report::Finding;
use std::{process::ExitCode, time::Duration};
use tokio::time::timeout;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Experiment: a file (.json, .yaml, .yml) or a URL; without one, cluster, Python and terminal are checked
    #[arg(value_name = "FILE")]
    pub source: Option<String>,
    /// Print JSON, for CI and other programs
    #[arg(long)]
    pub json: bool,
    /// URL or path that a session would watch as users see it (repeatable); no request is sent to it [default: the
    /// experiment's own HTTP probe]
    #[arg(long, value_name = "URL")]
    pub watch: Vec<String>,
    /// Values of variables.
    #[command(flatten)]
    pub variables: VariableArgs,
    /// The cluster and the Python interpreter to use.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// How long the experiment may take to be read: a URL, Vault, Python and computed configuration may hang.
const LIMIT: Duration = Duration::from_secs(20);

/// Runs the checks. Exits with 1 if something keeps the experiment from working, else with 0.
///
/// # Errors
/// If the folder of `--change-dir` does not exist, or standard output cannot be written.
pub(crate) fn run(global: &GlobalArgs, arguments: &Arguments) -> Result<ExitCode> {
    global.enter_folder()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let findings = runtime.block_on(check(global, arguments));
    // A program that hangs in the background is not waited for.
    runtime.shutdown_background();
    let works = findings.iter().all(|finding| finding.level != CheckLevel::Fix);
    let source = arguments.source.as_deref();
    if arguments.json {
        print_page(Printed::json(&format!("{:#}\n", report::json(source, &findings))))?;
    } else {
        print_page(report::table(source, &findings, report::Paper::of_stdout()))?;
    }
    Ok(if works { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn check(global: &GlobalArgs, arguments: &Arguments) -> Vec<Finding> {
    let mut findings = Vec::new();
    let source = arguments.source.as_deref();
    let inspected = match read(global, arguments, source).await {
        Ok(inspected) => {
            if source.is_some() {
                findings.push(experiment(&inspected));
            }
            Ok(inspected)
        }
        Err(why) => {
            findings.push(Finding::fix("experiment", why, "`chaos-tui validate FILE` says more"));
            // The rest can be checked without it.
            read(global, arguments, None).await
        }
    };
    match inspected {
        Ok(inspected) => findings.extend(look(arguments, inspected).await),
        Err(why) => findings.push(Finding::fix("settings", why, "correct the option or the settings file")),
    }
    findings.push(surroundings::terminal());
    findings
}

async fn read(
    global: &GlobalArgs,
    arguments: &Arguments,
    source: Option<&str>,
) -> std::result::Result<Inspected, String> {
    let inspection = Inspection {
        source: source.map_or(InspectedSource::None, InspectedSource::Named),
        environment: &[],
        variables: &arguments.variables,
        connection: &arguments.connection,
        settings_path: global.settings.as_ref(),
        depth: InspectionDepth::Resolved,
    };
    match timeout(LIMIT, inspect(inspection)).await {
        Ok(inspected) => inspected.map_err(|refusal| refusal.message),
        Err(_) => Err(format!(
            "was not read within {} s: its URL, Vault, Python or a computed part of its configuration hangs",
            LIMIT.as_secs()
        )),
    }
}

fn experiment(inspected: &Inspected) -> Finding {
    let steps = inspected.request.experiment.method().len() as u64;
    match inspected.errors.as_slice() {
        [] => Finding::ok("experiment", format!("valid, {} in the method", wording::count(steps, "step"))),
        [first, more @ ..] => {
            let more =
                if more.is_empty() { String::new() } else { format!(", and {} more errors", more.len()) };
            Finding::fix("experiment", format!("{first}{more}"), "`chaos-tui validate FILE` lists all errors")
        }
    }
}

/// Checks the cluster and Python.
async fn look(arguments: &Arguments, inspected: Inspected) -> Vec<Finding> {
    let interpreter = arguments.connection.interpreter(inspected.environment.clone());
    let python = surroundings::python(&interpreter, &inspected);
    let (cluster, python) = tokio::join!(cluster(arguments, &inspected), python);
    inspected.python.shut_down().await;
    let redactor = Redactor::new(&inspected.request.secrets);
    let hidden = |finding: Finding| Finding {
        text: redactor.text(finding.text),
        remedy: finding.remedy.map(|remedy| redactor.text(remedy)),
        ..finding
    };
    cluster.into_iter().chain(python).map(hidden).collect()
}

async fn cluster(arguments: &Arguments, inspected: &Inspected) -> Vec<Finding> {
    let mut watch = match config::preferences(None) {
        Ok(preferences) => preferences.watch,
        Err(why) => return vec![Finding::fix("settings", why, "`chaos-tui config` explains the file")],
    };
    if !arguments.watch.is_empty() {
        watch.urls.clone_from(&arguments.watch);
        watch.before_own = true;
    }
    let Inspected { request, providers, cluster, .. } = inspected;
    let connection = session_cluster::connection(request, providers).await;
    let mut findings = Vec::new();
    if connection.is_none()
        && !session_cluster::touches_cluster(request)
        && let Err(error) = Connection::choose(cluster, &Map::default()).await
    {
        findings.push(Finding::warn("cluster", error.to_string(), None));
    }
    let input = PreflightInput::new(request.clone(), providers.clone(), cluster.clone(), connection, &watch);
    findings.extend(input.run().await.into_iter().map(|(topic, check)| Finding {
        topic: topic_name(topic),
        level: check.level,
        text: check.text,
        remedy: check.remedy,
    }));
    findings
}

fn topic_name(topic: Topic) -> &'static str {
    match topic {
        Topic::Cluster => "cluster",
        Topic::Identity => "identity",
        Topic::Permissions => "permissions",
        Topic::Targets => "targets",
        Topic::Addresses => "addresses",
        Topic::Breaker => "breaker",
        Topic::Gremlin => "gremlin",
        Topic::Pitfalls => "pitfalls",
    }
}

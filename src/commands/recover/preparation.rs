//! Turns the record of a session into a recovery that can be played.

use super::{
    kubeconfig::SessionKubeconfig,
    left::{LeftBehind, missing_variables},
};
use crate::{
    commands::{
        ConnectionArgs, NativeFunctions, VariableArgs,
        prepare::{Inspected, InspectedSource, Inspection, InspectionDepth, Refusal, inspect},
    },
    engine::Recovery,
    experiment::{Access, Environment, Settings, load, with_literals},
    provider::python::PythonBridge,
};
use pyvalue::{Document, Map, Value};
use std::sync::Arc;

/// Values that the session had resolved, which its guardian received; they replace the references.
#[derive(Clone, Default)]
pub(crate) struct ResolvedValues {
    pub configuration: Map,
    pub secrets: Map,
}

/// A recovery, and the Python process that must be shut down after it.
pub(crate) struct PreparedRecovery {
    pub recovery: Recovery,
    pub python: Arc<PythonBridge>,
    _kubeconfig: SessionKubeconfig,
}

/// Resolves the references of the record and connects to its clusters. Relative paths of the experiment refer to the
/// session's folder: the process changes to it.
///
/// # Errors
/// If a value is missing, naming all of them, or a cluster is not the one of the session.
pub(crate) async fn prepare(
    left: &LeftBehind,
    values: Option<ResolvedValues>,
    rollbacks: bool,
) -> Result<PreparedRecovery, Refusal> {
    let options = &left.header.options;
    std::env::set_current_dir(&left.header.folder).map_err(|error| {
        Refusal::invalid(format!(
            "cannot change to {}, where the session ran: {error}",
            left.header.folder.display()
        ))
    })?;
    let environment = Environment::of_process();
    let resolved = values.is_some();
    let experiment = experiment(left, values, rollbacks, &environment).await?;
    let text = experiment.to_json();
    let document = Document::json(left.header.source.as_str(), text).map_err(|error| {
        Refusal::invalid(format!("the recorded experiment cannot be read: {}", error.message))
    })?;
    let connection = ConnectionArgs {
        context: options.context.clone(),
        python: options.python.clone(),
        python_native: if options.python_only { NativeFunctions::Off } else { NativeFunctions::On },
        ..ConnectionArgs::default()
    };
    let needs_cluster = !left.kit.is_empty() || document.text().contains("\"chaosk8s.");
    let kubeconfig = SessionKubeconfig::of(left, needs_cluster).await?;
    let variables = if resolved {
        VariableArgs::default()
    } else {
        VariableArgs { vars: options.vars.clone(), var_files: options.var_files.clone() }
    };
    let inspected = inspect(Inspection {
        source: InspectedSource::Read(document),
        variables: &variables,
        connection: &connection,
        settings_path: options.settings.as_ref(),
        depth: InspectionDepth::Resolved,
        environment: kubeconfig.variables(),
    })
    .await?;
    let Inspected { request, providers, python, .. } = inspected;
    let mut kit = Vec::new();
    for entry in &left.kit {
        kit.push((left.connect(&entry.cluster).await.map_err(Refusal::invalid)?, entry.manifest.clone()));
    }
    Ok(PreparedRecovery { recovery: Recovery { request, providers, kit }, python, _kubeconfig: kubeconfig })
}

/// The experiment with only the rollbacks that are still to be played, and with values or references for its secrets.
async fn experiment(
    left: &LeftBehind,
    values: Option<ResolvedValues>,
    rollbacks: bool,
    environment: &Environment,
) -> Result<Value, Refusal> {
    let Some(mut experiment) = left.header.experiment.as_map().cloned() else {
        return Err(Refusal::invalid("the record holds no experiment"));
    };
    // Controls belong to the run that ended.
    experiment.shift_remove("controls");
    let declared = experiment.get("rollbacks").and_then(Value::as_list).unwrap_or_default();
    let wanted = |index: usize| rollbacks && left.rollbacks.iter().any(|(wanted, _)| *wanted == index);
    let kept =
        declared.iter().enumerate().filter(|(index, _)| wanted(*index)).map(|(_, entry)| entry.clone());
    let kept: Vec<Value> = kept.collect();
    experiment.insert("rollbacks".to_owned(), kept.into());
    let mut lacks = Vec::new();
    if let Some(values) = values {
        experiment.insert("configuration".to_owned(), values.configuration.into());
        experiment.insert("secrets".to_owned(), values.secrets.into());
    } else {
        if let Some(references) = experiment.get("secrets").cloned() {
            let mut missing = Vec::new();
            let mut secrets = with_literals(&references, None, "$.secrets", &mut missing);
            if !missing.is_empty() {
                let again = read_again(left, environment).await;
                missing.clear();
                secrets = with_literals(
                    &references,
                    again.as_ref().and_then(|again| again.get("secrets")),
                    "$.secrets",
                    &mut missing,
                );
            }
            let source = &left.header.source;
            let places =
                missing.iter().map(|place| format!("the secret {place}, which was written in {source}"));
            lacks.extend(places);
            experiment.insert("secrets".to_owned(), secrets);
        }
        lacks.extend(missing_variables(&experiment.clone().into(), environment));
    }
    if !lacks.is_empty() {
        if rollbacks {
            return Err(lacking(&lacks));
        }
        // The undo kit needs no values. What may need them is not played, and the hypothesis is not asked.
        for block in ["configuration", "secrets", "steady-state-hypothesis"] {
            experiment.shift_remove(block);
        }
        tracing::warn!(
            "the steady-state hypothesis is not asked, because the recovery lacks {}",
            lacks.join("; ")
        );
    }
    Ok(experiment.into())
}

/// Reads the experiment's own file again, for secrets that are written in it.
async fn read_again(left: &LeftBehind, environment: &Environment) -> Option<Value> {
    let settings = Settings::default();
    let access = Access { verify_tls: true, environment, settings: &settings };
    let document = load(&left.header.source, access).await.ok()?;
    Some(document.root().clone())
}

fn lacking(missing: &[String]) -> Refusal {
    Refusal::invalid(format!(
        "nothing was done, because the recovery lacks {}; provide it, or put back only the undo kit with --no-rollbacks",
        missing.join("; ")
    ))
}

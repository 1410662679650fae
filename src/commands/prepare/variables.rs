//! Configuration and secrets for a run (experiment-format 4.1).

use super::{PrepareContext, Refusal};
use crate::{
    experiment::{
        Activity, Environment, Experiment, Overrides, Secrets,
        configuration::{self, DynamicOutcome},
        secrets,
    },
    provider::{Call, Outcome, Providers},
    runner::Redactor,
    session::{console::output_warning, event::Level},
};
use pyvalue::{Map, python_text};

/// Resolves configuration and secrets and applies the overrides. Dynamic entries stay as declared.
pub(super) async fn resolve(
    experiment: &Experiment,
    overrides: &Overrides,
    environment: &Environment,
    context: &PrepareContext<'_>,
) -> Result<(Map, Secrets), Refusal> {
    let configuration =
        configuration::resolve(&experiment.configuration(), &overrides.configuration, environment)
            .map_err(Refusal::invalid)?;
    let resolved =
        secrets::resolve(&experiment.secrets(), &overrides.secrets, &configuration, environment).await;
    if let Some(error) = resolved.errors.first() {
        return Err(Refusal::invalid(error));
    }
    for warning in resolved.warnings {
        context.log(Level::Warning, warning).await;
    }
    Ok((configuration, resolved.secrets.with_plain_words_of(experiment.raw())))
}

/// Runs the probes of dynamic configuration entries. Entries that fail are omitted, with one warning for all.
pub(super) async fn run_dynamic_entries(
    configuration: Map,
    secrets: &Secrets,
    providers: &Providers,
    context: &PrepareContext<'_>,
) -> Result<Map, Refusal> {
    configuration::check_dynamic(&configuration).map_err(Refusal::invalid)?;
    let mut ended = None;
    let ask = async |activity: &Activity, configuration: &Map| match providers
        .call(Call::new(activity, configuration, secrets))
        .await
    {
        Outcome::Done(output) => {
            if let Some(warning) = output_warning(&activity.raw.clone().into(), &output) {
                context.log(Level::Warning, warning).await;
            }
            DynamicOutcome::Output(output)
        }
        Outcome::Failed { message, .. } | Outcome::UnexpectedError { message } => {
            DynamicOutcome::Failed(message)
        }
        Outcome::Exit { code } => {
            let why = format!("{} requested to exit with {}", named(activity), python_text(&code));
            ended = Some(Refusal::exit(why, &code));
            DynamicOutcome::Ended
        }
        Outcome::KeyboardInterrupt => {
            ended = Some(Refusal::interrupted(format!("{} was interrupted", named(activity))));
            DynamicOutcome::Ended
        }
        Outcome::Cancelled => DynamicOutcome::Failed("was cut short".to_owned()),
    };
    let (configuration, failures) = configuration::resolve_dynamic(configuration, secrets, ask).await;
    if let Some(refusal) = ended {
        return Err(refusal);
    }
    let redactor = Redactor::new(secrets);
    for failure in &failures {
        let reason = redactor.text(format!("'{}': {}", failure.entry, failure.reason));
        context.log(Level::Debug, reason).await;
    }
    if !failures.is_empty() {
        let warning = "Some of the dynamic configuration failed to be loaded.\
                       Please review the log file for understanding what happened.";
        context.log(Level::Warning, warning).await;
    }
    Ok(configuration)
}

fn named(activity: &Activity) -> String {
    format!("the dynamic configuration of probe '{}' at {}", activity.name, activity.place)
}

//! Validates an experiment and logs the result as the reference does.

use super::{PrepareContext, Refusal};
use crate::{
    commands::invocation::called_as,
    experiment::{Experiment, Finding, ValidationChecks, validate},
    session::event::Level,
};
use pyvalue::Document;

/// Validates an experiment and logs the warnings of the reference.
///
/// # Errors
/// If the experiment is invalid: its first error.
pub(super) async fn validate_and_log(
    document: Document,
    checks: ValidationChecks<'_>,
    context: &PrepareContext<'_>,
) -> Result<Experiment, Refusal> {
    context.log(Level::Info, "Validating the experiment's syntax").await;
    let validation = validate(document, checks).await;
    let experiment = validation.experiment.map_err(|document| {
        let errors: Vec<&Finding> = validation.findings.errors().collect();
        Refusal::invalid(error_summary(&document, &errors))
    })?;
    for warning in validation.findings.warnings().filter_map(|finding| finding.reference_message.clone()) {
        context.log(Level::Warning, warning).await;
    }
    context.log(Level::Info, "Experiment looks valid").await;
    Ok(experiment)
}

/// Returns the first error as one line with its position and remedy, and the number of further errors.
fn error_summary(document: &Document, errors: &[&Finding]) -> String {
    let Some(first) = errors.first() else { return "the experiment is not valid".to_owned() };
    let message = first.reference_message.as_ref().unwrap_or(&first.message);
    let source = document.source();
    let place = format!("{source}:{}:{}", first.position.line, first.position.column);
    let remedy = if first.remedy.is_empty() { String::new() } else { format!("; {}", first.remedy) };
    let more = match errors.len() - 1 {
        0 => String::new(),
        more => format!("; {more} more: {} validate {source}", called_as()),
    };
    format!("{} ({place}){remedy}{more}", message.trim_end())
}

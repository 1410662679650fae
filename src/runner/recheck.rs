//! Evaluates the hypothesis again after the end of a run. Only reads; the result is no part of the run or its journal.

use super::{RunRequest, plan_changes::PlanChanges, redact::Redactor};
use crate::{
    experiment::{
        Activity,
        tolerance::{ToleranceVerdict, evaluate},
    },
    provider::{Call, Effect, Outcome, Providers},
    session::{
        event::{PlanChange, Section, StepRef},
        wording::short_error,
    },
};
use pyvalue::{Value, python_text};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// The timeout of one probe.
const LIMIT: Duration = Duration::from_secs(15);
/// Maximum number of characters shown of an output.
const SHOWN: usize = 80;

/// Rechecks the hypothesis with the configuration that the run began with and the fixes that the operator accepted.
#[derive(Clone)]
pub(crate) struct HypothesisRecheck {
    request: RunRequest,
    providers: Arc<Providers>,
    fixes: PlanChanges,
}

impl HypothesisRecheck {
    /// Creates the recheck for the hypothesis of this request.
    pub(crate) fn new(request: RunRequest, providers: Arc<Providers>) -> Self {
        Self { request, providers, fixes: PlanChanges::default() }
    }

    /// Applies a fix to the probes, as in the run.
    pub(crate) fn take(&self, fix: PlanChange) {
        self.fixes.take(fix);
    }

    /// Calls every probe. Returns one sentence for each problem.
    pub(crate) async fn ask(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let probes = self.request.experiment.hypothesis().map(|hypothesis| hypothesis.probes.as_slice());
        for (index, entry) in probes.unwrap_or_default().iter().enumerate() {
            let step = StepRef { section: Section::Before, index };
            let problem = match &entry.activity {
                Ok(activity) => self.probe(activity, step).await,
                Err(missing) => Some(format!("`{}`: {missing}", entry.name())),
            };
            wrong.extend(problem);
        }
        let redactor = Redactor::new(&self.request.secrets);
        wrong.into_iter().map(|problem| redactor.text(problem)).collect()
    }

    async fn probe(&self, declared: &Activity, step: StepRef) -> Option<String> {
        let fixed = self.fixes.instead(declared, step, &self.request.configuration);
        let activity = fixed.as_ref().unwrap_or(declared);
        let name = &activity.name;
        if self.providers.effect(activity) != Effect::Reads {
            return Some(format!("`{name}` changes the system, so it was not called again"));
        }
        match self.call(activity).await {
            Ok(output) => self.judge(activity, &output).await.map(|why| format!("`{name}` {why}")),
            Err(why) => Some(format!("`{name}`: {why}")),
        }
    }

    /// Returns why the output is not in tolerance, or `None` if it is.
    async fn judge(&self, activity: &Activity, output: &Value) -> Option<String> {
        let RunRequest { configuration, secrets, .. } = &self.request;
        let tolerance = activity.tolerance.as_ref();
        match evaluate(tolerance, output, configuration, secrets, &activity.place) {
            ToleranceVerdict::Met => None,
            ToleranceVerdict::NotMet => {
                let wanted =
                    tolerance.map(|it| format!(", expected {}", brief_error(it))).unwrap_or_default();
                let gave = output.get("status").unwrap_or(output);
                Some(format!("returned {}{wanted}", brief_error(gave)))
            }
            ToleranceVerdict::NotEvaluable(why) => Some(format!("its tolerance cannot be evaluated: {why}")),
            ToleranceVerdict::NeedsProbe(judge) if self.providers.effect(&judge) == Effect::Reads => {
                match self.call(&judge).await {
                    Ok(verdict) if verdict.truthy() => None,
                    Ok(_) => Some(format!("is rejected by its tolerance probe `{}`", judge.name)),
                    Err(why) => Some(format!("its tolerance cannot be evaluated: {why}")),
                }
            }
            ToleranceVerdict::NeedsProbe(judge) => Some(format!(
                "has the tolerance probe `{}`, which changes the system and was not called",
                judge.name
            )),
        }
    }

    async fn call(&self, activity: &Activity) -> Result<Value, String> {
        let cancel = CancellationToken::new();
        let call = Call {
            cancel: cancel.clone(),
            foreground: false,
            ..Call::new(activity, &self.request.configuration, &self.request.secrets)
        };
        let answered = tokio::time::timeout(LIMIT, self.providers.call(call)).await;
        cancel.cancel();
        match answered {
            Ok(Outcome::Done(output)) => Ok(output),
            Ok(Outcome::Failed { message, .. } | Outcome::UnexpectedError { message }) => {
                Err(short_error(&message))
            }
            Ok(_) => Err("it was cut short".to_owned()),
            Err(_) => Err(format!("no answer within {} s", LIMIT.as_secs())),
        }
    }
}

fn brief_error(value: &Value) -> String {
    let text = python_text(value);
    if text.chars().count() > SHOWN { text.chars().take(SHOWN - 1).chain(['…']).collect() } else { text }
}

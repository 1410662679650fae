//! Checks whether Gremlin can be used, and offers an alternative.

use super::{Preflight, StepToCheck, fix, ok};
use crate::{
    provider::{
        flat_secrets,
        gremlin::{Gremlin, substitute_action},
    },
    session::event::{PlanChange, PreflightCheck},
};
use pyvalue::Value;

/// One line for each step that attacks through Gremlin.
pub(super) async fn check(preflight: &Preflight<'_>) -> Vec<PreflightCheck> {
    let gremlin = Gremlin::new(preflight.settings.clone());
    let attacks =
        preflight.steps.iter().filter(|subject| subject.text("module").starts_with("chaosgremlin."));
    let mut checks = Vec::new();
    for subject in attacks {
        let scopes = subject.provider.get("secrets");
        let secrets = scopes.and_then(|scopes| flat_secrets(scopes, preflight.secrets).ok());
        checks.push(match gremlin.missing_credentials(secrets.as_ref()) {
            None => ok(format!("{}: Gremlin at {}, credentials there", subject.title(), gremlin.base_url())),
            Some(lack) => PreflightCheck {
                offer: instead(preflight, subject).await,
                ..fix(
                    format!("{}: {lack}", subject.title()),
                    Some(
                        "or delete the pod (chaosk8s.pod.actions.terminate_pods), which needs no account: a new pod replaces \
                         it, where Gremlin has its container started again in the same pod"
                            .to_owned(),
                    ),
                )
            },
        });
    }
    checks
}

/// The same step with the pods deleted by Kubernetes.
async fn instead(preflight: &Preflight<'_>, subject: &StepToCheck<'_>) -> Option<PlanChange> {
    let provider = substitute_action(&subject.arguments(), preflight.connection.ok()?).await?;
    let mut activity = subject.activity.raw.clone();
    activity.insert("provider".to_owned(), Value::Map(provider));
    let words = "delete the pod instead (a new pod comes, not a new container)".to_owned();
    Some(PlanChange::Instead { step: subject.at, activity: activity.into(), words })
}

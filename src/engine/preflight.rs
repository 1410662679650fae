//! The preflight of a session: finds what to fix and what to know before any request is sent to the service.

use super::{current_steps::activity_at, observers::service_of, session_cluster::may_choose};
use crate::{
    cluster::{ClusterSettings, Connection, Error, Forwards},
    experiment::{Secrets, substitute},
    observe::{
        breaker::NamedSource,
        endpoint::EndpointSettings,
        preflight::{BreakerSources, Preflight, StepToCheck},
    },
    provider::{ActivityCluster, Providers},
    runner::{Redactor, RunRequest},
    session::{
        EventKind,
        event::{CheckLevel, Plan, PreflightCheck, Section},
        stream::Emitter,
    },
};
use pyvalue::Map;
use std::{collections::BTreeMap, sync::Arc};

/// What the preflight needs to know of a session.
pub(super) struct PreflightInput {
    pub request: RunRequest,
    pub plan: Plan,
    /// The providers, which choose the cluster of a step.
    pub providers: Arc<Providers>,
    /// How clusters are chosen.
    pub settings: ClusterSettings,
    /// The session's own cluster.
    pub connection: Option<Connection>,
    /// The users' endpoints.
    pub watched: Vec<EndpointSettings>,
    /// The port-forwards of the session.
    pub forwards: Forwards,
    /// Sources of the circuit breaker's state that are named in the config file or the experiment.
    pub named: Vec<NamedSource>,
}

/// Runs the checks once, for each cluster that a step acts in, and emits the results.
pub(super) async fn run_preflight(look: PreflightInput, emitter: Emitter) {
    let own = match &look.connection {
        Some(connection) => Ok(connection.clone()),
        None => Connection::choose(&look.settings, &Map::default()).await,
    };
    let SubjectsByCluster { mine, others, missing } = look.sorted(own.as_ref().ok()).await;
    let mut checks = missing;
    checks.extend(look.checks(own.as_ref(), &mine, true).await);
    for (connection, subjects) in others {
        let place = if connection.is_direct() {
            "the step's own cluster: ".to_owned()
        } else {
            format!("context {}: ", connection.context())
        };
        let of_other = look.checks(Ok(&connection), &subjects, false).await;
        checks.extend(
            of_other
                .into_iter()
                .map(|check| PreflightCheck { text: format!("{place}{}", check.text), ..check }),
        );
    }
    for check in checks {
        emitter.emit(EventKind::Checked(check)).await;
    }
}

/// The steps to check, by the cluster that they act in.
struct SubjectsByCluster<'a> {
    /// Those in the session's cluster, or in none that is known.
    mine: Vec<StepToCheck<'a>>,
    others: Vec<(Connection, Vec<StepToCheck<'a>>)>,
    /// The results for steps whose cluster does not exist.
    missing: Vec<PreflightCheck>,
}

impl PreflightInput {
    /// Checks steps in one cluster. `own`: it is the session's cluster, where the users' service is.
    async fn checks(
        &self,
        connection: Result<&Connection, &Error>,
        subjects: &[StepToCheck<'_>],
        own: bool,
    ) -> Vec<PreflightCheck> {
        let namespace = connection.map_or("default", |connection| connection.namespace());
        let service = self.watched.first().and_then(service_of);
        let preflight = Preflight {
            connection,
            namespace,
            steps: subjects,
            secrets: &self.request.secrets,
            settings: &self.settings,
            breaker: self.watched.first().filter(|_| own).map(|first| BreakerSources {
                users: &first.url,
                service: service.as_ref(),
                named: &self.named,
            }),
            watched: if own { &self.watched } else { &[] },
            forwards: &self.forwards,
        };
        let checks = preflight.run().await;
        match connection {
            Ok(connection) if connection.is_direct() => {
                let redactor = Redactor::new(&self.request.secrets);
                checks
                    .into_iter()
                    .map(|check| PreflightCheck { text: redactor.text(check.text), ..check })
                    .collect()
            }
            _ => checks,
        }
    }

    async fn sorted(&self, own: Option<&Connection>) -> SubjectsByCluster<'_> {
        let own = own.map(Connection::identity);
        let mut sorted = SubjectsByCluster { mine: Vec::new(), others: Vec::new(), missing: Vec::new() };
        let mut places = BTreeMap::new();
        // Whether an earlier step may create a cluster or choose one.
        let mut open = false;
        for subject in subjects(&self.request, &self.plan) {
            let kind = subject.activity.provider.kind;
            match self.providers.cluster_of(kind, &subject.provider, &self.request.secrets).await {
                ActivityCluster::Known { connection, sure: true } if Some(connection.identity()) != own => {
                    let next = sorted.others.len();
                    let place = *places.entry(connection.identity()).or_insert(next);
                    if place == next {
                        sorted.others.push((connection, Vec::new()));
                    }
                    if let Some((_, subjects)) = sorted.others.get_mut(place) {
                        subjects.push(subject);
                    }
                }
                ActivityCluster::Missing(error) => {
                    sorted.missing.push(self.missing_cluster_check(&subject, &error, open));
                }
                ActivityCluster::Known { .. } | ActivityCluster::NoCluster => {
                    open |= may_choose(subject.activity, &self.providers);
                    sorted.mine.push(subject);
                }
            }
        }
        sorted
    }

    /// Returns the result for a step whose cluster does not exist.
    fn missing_cluster_check(&self, subject: &StepToCheck<'_>, error: &Error, open: bool) -> PreflightCheck {
        let why = Redactor::new(&self.request.secrets).text(error.to_string());
        let step = format!("step {} {}", subject.number, subject.activity.name);
        let (level, text) = if open {
            (
                CheckLevel::Know,
                format!("{step} has no cluster yet ({why}); it is looked up again before the step runs"),
            )
        } else {
            (CheckLevel::Fix, format!("{step} has no cluster: {why}"))
        };
        PreflightCheck { level, text, remedy: None, offer: None }
    }
}

/// Returns the activities of the plan, each once: refs and the second hypothesis pass repeat others.
fn subjects<'a>(request: &'a RunRequest, plan: &Plan) -> Vec<StepToCheck<'a>> {
    let steps = (1..).zip(&plan.steps);
    let own = steps.filter(|(_, step)| !step.reference && step.at.section != Section::After);
    own.filter_map(|(number, step)| {
        let activity = activity_at(&request.experiment, step.at)?;
        let declared = activity.provider.raw.clone().into();
        // Without secrets, since the results are shown.
        let provider = substitute(&declared, &request.configuration, &Secrets::default());
        let provider = provider.as_map()?.clone();
        Some(StepToCheck { number, at: step.at, activity, provider })
    })
    .collect()
}

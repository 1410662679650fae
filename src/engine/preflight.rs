//! The preflight of a session: finds what to fix and what to know before any request is sent to the service.

use super::{
    WatchSettings,
    current_steps::activity_at,
    endpoints::endpoints,
    observers::service_of,
    session_cluster::{self, may_choose},
};
use crate::{
    cluster::{ClusterSettings, Connection, Error, Forwards},
    experiment::{ProviderKind, Secrets, configuration, substitute},
    observe::{
        breaker::{NamedSource, declared},
        endpoint::EndpointSettings,
        preflight::{BreakerSources, ClusterUse, Needs, Preflight, StepToCheck, Topic, TopicCheck, needs},
    },
    provider::{ActivityCluster, Providers},
    runner::{Redactor, RunRequest, plan},
    session::{
        EventKind,
        event::{CheckLevel, Plan, PreflightCheck, Section},
        stream::Emitter,
    },
};
use pyvalue::Map;
use std::{collections::BTreeMap, sync::Arc};

/// What the preflight needs to know of a session.
#[derive(Clone)]
pub(crate) struct PreflightInput {
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
    /// Whether the targets of the destructive steps are looked up, and who the user is.
    pub thorough: bool,
}

/// Runs the checks once and emits the results.
pub(super) async fn run_preflight(look: PreflightInput, emitter: Emitter) {
    for (_, check) in look.run().await {
        emitter.emit(EventKind::Checked(check)).await;
    }
}

/// The steps to check, by the cluster that they act in.
struct SubjectsByCluster<'a> {
    /// Those in the session's cluster, or in none that is known.
    mine: Vec<StepToCheck<'a>>,
    others: Vec<(Connection, Vec<StepToCheck<'a>>)>,
    /// The results for steps whose cluster does not exist.
    missing: Vec<TopicCheck>,
}

impl PreflightInput {
    /// Collects the input for a run that is not part of a session.
    pub(crate) fn new(
        request: RunRequest,
        providers: Arc<Providers>,
        settings: ClusterSettings,
        connection: Option<Connection>,
        watch: &WatchSettings,
    ) -> Self {
        let plan = plan(&request, &providers);
        let (declared, ..) = declared::in_extension(request.experiment.extension("chaos-tui"));
        let named = watch.breaker_sources.iter().cloned().chain(declared).collect();
        let watched = endpoints(&request, watch, &providers.environment());
        let forwards = Forwards::default();
        Self { request, plan, providers, settings, connection, watched, forwards, named, thorough: true }
    }

    /// Runs the checks once, for each cluster that a step acts in.
    pub(crate) async fn run(&self) -> Vec<TopicCheck> {
        let own = match &self.connection {
            Some(connection) => Ok(connection.clone()),
            None => Connection::choose(&self.settings, &Map::default())
                .await
                .map(|found| session_cluster::in_namespace(found, &self.request, &self.providers)),
        };
        let SubjectsByCluster { mine, others, missing } = self.sorted(own.as_ref().ok()).await;
        let mut checks = missing;
        checks.extend(self.checks(own.as_ref(), &mine, true).await);
        for (connection, subjects) in others {
            let place = if connection.is_direct() {
                "the step's own cluster: ".to_owned()
            } else {
                format!("context {}: ", connection.context())
            };
            let of_other = self.checks(Ok(&connection), &subjects, false).await;
            checks.extend(of_other.into_iter().map(|(topic, check)| {
                (topic, PreflightCheck { text: format!("{place}{}", check.text), ..check })
            }));
        }
        checks
    }

    /// Returns all that the run and the session around it need, if every step acts in the session's cluster. Without
    /// steps in a namespace, `namespace` is watched.
    pub(crate) fn needs(&self, namespace: &str) -> Needs {
        self.needs_of(&subjects(&self.request, &self.plan), Some(namespace))
    }

    /// Returns what the steps need in a cluster, and the session around them if it watches this one: `watched` is its
    /// namespace if no step names any.
    fn needs_of(&self, steps: &[StepToCheck<'_>], watched: Option<&str>) -> Needs {
        let replaced = |declared: &Map| {
            let provider = declared.clone().into();
            let provider = substitute(&provider, &self.request.configuration, &Secrets::default());
            provider.as_map().cloned().unwrap_or_default()
        };
        let nested = |of: &Map| Some(replaced(of.get("provider")?.as_map()?));
        let tolerances = steps.iter().filter_map(|step| nested(step.activity.tolerance.as_ref()?.as_map()?));
        let computed = self.request.experiment.configuration();
        let computed =
            computed.values().filter(|entry| watched.is_some() && configuration::is_dynamic(entry));
        let computed = computed.filter_map(|entry| nested(entry.as_map()?));
        let nested: Vec<Map> = tolerances.chain(computed).collect();
        let mut namespaces = session_cluster::namespaces(&self.request, &self.providers);
        match watched {
            Some(namespace) if namespaces.is_empty() => namespaces.push(namespace.to_owned()),
            Some(_) => {}
            None => namespaces.clear(),
        }
        let cluster = ClusterUse {
            namespaces: &namespaces,
            users: !self.watched.is_empty(),
            requests: steps.iter().any(|step| step.activity.provider.kind == ProviderKind::Http),
        };
        let calls = steps.iter().map(|step| &step.provider).chain(&nested);
        needs(calls, &self.request.secrets, &self.settings, cluster)
    }

    /// Checks steps in one cluster. `own`: it is the session's cluster, where the users' service is.
    async fn checks(
        &self,
        connection: Result<&Connection, &Error>,
        subjects: &[StepToCheck<'_>],
        own: bool,
    ) -> Vec<TopicCheck> {
        let namespace = connection.map_or("default", |connection| connection.namespace());
        let service = self.watched.first().and_then(service_of);
        let preflight = Preflight {
            connection,
            namespace,
            steps: subjects,
            needs: self.needs_of(subjects, Some(namespace).filter(|_| own)),
            secrets: &self.request.secrets,
            settings: &self.settings,
            breaker: self.watched.first().filter(|_| own).map(|first| BreakerSources {
                users: &first.url,
                service: service.as_ref(),
                named: &self.named,
            }),
            watched: if own { &self.watched } else { &[] },
            forwards: &self.forwards,
            thorough: self.thorough,
        };
        let checks = preflight.run().await;
        match connection {
            Ok(connection) if connection.is_direct() => {
                let redactor = Redactor::new(&self.request.secrets);
                let hidden =
                    |check: PreflightCheck| PreflightCheck { text: redactor.text(check.text), ..check };
                checks.into_iter().map(|(topic, check)| (topic, hidden(check))).collect()
            }
            _ => checks,
        }
    }

    async fn sorted(&self, own: Option<&Connection>) -> SubjectsByCluster<'_> {
        let own = own.map(Connection::identity);
        let mut sorted = SubjectsByCluster { mine: Vec::new(), others: Vec::new(), missing: Vec::new() };
        let mut places = BTreeMap::new();
        let mut absent: Vec<(String, bool, Vec<String>)> = Vec::new();
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
                    let why = Redactor::new(&self.request.secrets).text(error.to_string());
                    let step = format!("step {} {}", subject.number, subject.activity.name);
                    let same = absent.iter_mut().find(|(other, at, _)| (other, *at) == (&why, open));
                    match same {
                        Some((_, _, steps)) => steps.push(step),
                        None => absent.push((why, open, vec![step])),
                    }
                }
                ActivityCluster::Known { .. } | ActivityCluster::NoCluster => {
                    open |= may_choose(subject.activity, &self.providers);
                    sorted.mine.push(subject);
                }
            }
        }
        sorted.missing = absent.iter().map(missing_cluster_check).collect();
        sorted
    }
}

/// Returns the result for steps whose cluster does not exist for the same reason; `open` says whether an earlier step may
/// create it.
fn missing_cluster_check((why, open, steps): &(String, bool, Vec<String>)) -> TopicCheck {
    let first = steps.first().map(String::as_str).unwrap_or_default();
    let steps = match steps.len() {
        0 | 1 => format!("{first} has"),
        more => format!("{first} and {} more have", more - 1),
    };
    let why = why.strip_prefix("no cluster: ").unwrap_or(why);
    let (level, text) = if *open {
        let later = "it is looked up again before the step runs";
        (CheckLevel::Know, format!("{steps} no cluster yet ({why}); {later}"))
    } else {
        (CheckLevel::Fix, format!("{steps} no cluster: {why}"))
    };
    (Topic::Cluster, PreflightCheck { level, text, remedy: None, offer: None })
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
        Some(StepToCheck { number, at: step.at, activity, provider, destructive: step.destructive })
    })
    .collect()
}

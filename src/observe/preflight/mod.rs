//! Checks before anything is fired: what to fix and what to know. Only reads of the cluster and one TCP connect to each
//! address that will be requested; no request to a service.

mod breaker;
mod gremlin;
mod named;
mod needs;
mod permissions;
mod reach;
#[cfg(test)]
mod tests;
mod traps;
mod urls;
mod ways;

use crate::{
    cluster::{ClusterSettings, Connection, Error, Forwards, current_user},
    experiment::{Activity, Secrets},
    observe::endpoint::EndpointSettings,
    provider::is_kubernetes,
    session::event::{CheckLevel, PreflightCheck, StepRef},
};
pub use breaker::BreakerSources;
pub use needs::{ClusterUse, Needs, needs};
use pyvalue::{Map, Value};
use std::time::Duration;

/// A step as the preflight sees it.
pub struct StepToCheck<'a> {
    /// Its number as the operator sees it, from 1.
    pub number: usize,
    pub at: StepRef,
    /// The activity as declared.
    pub activity: &'a Activity,
    /// Its provider's mapping, substituted.
    pub provider: Map,
    /// Whether it changes the system.
    pub destructive: bool,
}

impl StepToCheck<'_> {
    fn text(&self, key: &str) -> &str {
        self.provider.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn arguments(&self) -> Map {
        self.provider.get("arguments").and_then(Value::as_map).cloned().unwrap_or_default()
    }

    /// `step 3 kill-the-pod`.
    fn title(&self) -> String {
        format!("step {} {}", self.number, self.activity.name)
    }

    fn needs_cluster(&self) -> bool {
        is_kubernetes(self.text("module"))
    }
}

/// The input of the preflight.
pub struct Preflight<'a> {
    /// The session's cluster, or why there is none.
    pub connection: Result<&'a Connection, &'a Error>,
    /// The namespace that the session speaks of.
    pub namespace: &'a str,
    /// The steps of the plan, each activity once.
    pub steps: &'a [StepToCheck<'a>],
    /// What the session needs in the cluster.
    pub needs: Needs,
    /// The resolved secrets.
    pub secrets: &'a Secrets,
    /// The settings with Gremlin's variables.
    pub settings: &'a ClusterSettings,
    /// The sources for the breaker's state, if users will be probed at all.
    pub breaker: Option<BreakerSources<'a>>,
    /// Whether what a session shows elsewhere is looked up too: who the user is, and what the destructive steps hit.
    pub thorough: bool,
    /// The users' endpoints, some of which are named by their Service.
    pub watched: &'a [EndpointSettings],
    /// The port-forwards of the session.
    pub forwards: &'a Forwards,
}

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Topic {
    Cluster,
    Identity,
    Permissions,
    Targets,
    Addresses,
    Breaker,
    Gremlin,
    /// What is surprising, but works.
    Pitfalls,
}

/// The result of a check.
pub type TopicCheck = (Topic, PreflightCheck);

/// The longest time that a group of checks takes.
const LIMIT: Duration = Duration::from_secs(9);

impl Preflight<'_> {
    /// Runs all checks and returns what is fine, what to fix and what to know. Takes a few seconds at most.
    pub async fn run(self) -> Vec<TopicCheck> {
        let mut checks = about(Topic::Gremlin, gremlin::check(&self)).await;
        checks.extend(traps::without_effect(self.steps).into_iter().map(|check| (Topic::Pitfalls, check)));
        let connection = match self.connection {
            Ok(connection) => connection,
            Err(error) => {
                if self.steps.iter().any(StepToCheck::needs_cluster) {
                    checks.insert(0, (Topic::Cluster, fix(error.to_string(), None)));
                }
                checks.extend(about(Topic::Addresses, urls::check(self.steps, None)).await);
                checks.extend(about(Topic::Breaker, self.breaker_sources(None)).await);
                return checks;
            }
        };
        let reached = reach::check(connection, self.namespace).await;
        if reached.level == CheckLevel::Fix {
            checks.insert(0, (Topic::Cluster, reached));
            checks.extend(about(Topic::Addresses, urls::check(self.steps, None)).await);
            return checks;
        }
        let services = urls::ServicesToTry {
            connection,
            namespace: self.namespace,
            users: self.watched.iter().find_map(|endpoint| endpoint.way.as_ref()),
            forwards: self.forwards,
        };
        let permitted = async {
            let user = current_user(connection).await;
            let named = user.as_deref().filter(|_| !self.thorough);
            let permitted = permissions::check(self.needs.clone(), connection, named, self.thorough);
            let mut checks = about(Topic::Permissions, permitted).await;
            if self.thorough {
                let text =
                    user.map_or("who you are is not known".to_owned(), |user| format!("you are {user}"));
                checks.insert(0, (Topic::Identity, ok(text)));
            }
            checks
        };
        let targets =
            async { if self.thorough { named::targets(self.steps, connection).await } else { Vec::new() } };
        let (permissions, named, targets, urls, ways, traps, breaker) = tokio::join!(
            permitted,
            about(Topic::Targets, named::check(self.steps, connection)),
            about(Topic::Targets, targets),
            about(Topic::Addresses, urls::check(self.steps, Some(services))),
            about(Topic::Addresses, ways::check(self.watched)),
            about(Topic::Pitfalls, traps::in_cluster(&self, connection)),
            about(Topic::Breaker, self.breaker_sources(Some(connection))),
        );
        let mut all = vec![(Topic::Cluster, reached)];
        all.extend([permissions, named, targets, urls, ways, checks, traps, breaker].into_iter().flatten());
        all
    }

    async fn breaker_sources(&self, connection: Option<&Connection>) -> Vec<PreflightCheck> {
        match &self.breaker {
            Some(sources) => breaker::check(sources, connection).await,
            None => Vec::new(),
        }
    }
}

/// Awaits a group of checks about a topic, for a limited time.
async fn about(topic: Topic, checks: impl Future<Output = Vec<PreflightCheck>>) -> Vec<TopicCheck> {
    let late = |_| {
        let what = format!("{topic:?}").to_lowercase();
        vec![know(format!("{what} could not be checked: no answer within {} s", LIMIT.as_secs()), None)]
    };
    let checks = tokio::time::timeout(LIMIT, checks).await.unwrap_or_else(late);
    checks.into_iter().map(|check| (topic, check)).collect()
}

/// What to do about a permission that lacks.
const GRANT: &str = "grant it: `chaos-tui rbac FILE` prints a Role with all that is needed";

fn ok(text: impl Into<String>) -> PreflightCheck {
    PreflightCheck { level: CheckLevel::Ok, text: text.into(), remedy: None, offer: None }
}

fn fix(text: impl Into<String>, remedy: Option<String>) -> PreflightCheck {
    PreflightCheck { level: CheckLevel::Fix, text: text.into(), remedy, offer: None }
}

fn know(text: impl Into<String>, remedy: Option<String>) -> PreflightCheck {
    PreflightCheck { level: CheckLevel::Know, text: text.into(), remedy, offer: None }
}

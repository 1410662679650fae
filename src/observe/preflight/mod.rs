//! Checks before anything is fired: what to fix and what to know. Only reads of the cluster and one TCP connect to each
//! address that will be requested; no request to a service.

mod breaker;
mod gremlin;
mod named;
mod permissions;
mod reach;
#[cfg(test)]
mod tests;
mod traps;
mod urls;
mod ways;

use crate::{
    cluster::{ClusterSettings, Connection, Error, Forwards},
    experiment::{Activity, Secrets},
    observe::endpoint::EndpointSettings,
    session::event::{CheckLevel, PreflightCheck, StepRef},
};
pub use breaker::BreakerSources;
use pyvalue::{Map, Value};

/// A step as the preflight sees it.
pub struct StepToCheck<'a> {
    /// Its number as the operator sees it, from 1.
    pub number: usize,
    pub at: StepRef,
    /// The activity as declared.
    pub activity: &'a Activity,
    /// Its provider's mapping, substituted.
    pub provider: Map,
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
        self.text("module").starts_with("chaosk8s.")
    }
}

/// The input of the preflight.
pub struct Preflight<'a> {
    /// The session's cluster, or why there is none.
    pub connection: Result<&'a Connection, &'a Error>,
    /// The namespace the session watches.
    pub namespace: &'a str,
    /// The steps of the plan, each activity once.
    pub steps: &'a [StepToCheck<'a>],
    /// The resolved secrets.
    pub secrets: &'a Secrets,
    /// The settings with Gremlin's variables.
    pub settings: &'a ClusterSettings,
    /// The sources for the breaker's state, if users will be probed at all.
    pub breaker: Option<BreakerSources<'a>>,
    /// The users' endpoints, some of which are named by their Service.
    pub watched: &'a [EndpointSettings],
    /// The port-forwards of the session.
    pub forwards: &'a Forwards,
}

impl Preflight<'_> {
    /// Runs all checks and returns what is fine, what to fix and what to know. Takes a few seconds at most.
    pub async fn run(&self) -> Vec<PreflightCheck> {
        let mut checks = gremlin::check(self).await;
        checks.extend(traps::without_effect(self.steps));
        let connection = match self.connection {
            Ok(connection) => connection,
            Err(error) => {
                if self.steps.iter().any(StepToCheck::needs_cluster) {
                    checks.insert(0, fix(error.to_string(), None));
                }
                checks.extend(urls::check(self.steps, None).await);
                checks.extend(self.breaker_sources(None).await);
                return checks;
            }
        };
        let reached = reach::check(connection, self.namespace).await;
        if reached.level == CheckLevel::Fix {
            checks.insert(0, reached);
            checks.extend(urls::check(self.steps, None).await);
            return checks;
        }
        let services = urls::ServicesToTry {
            connection,
            namespace: self.namespace,
            users: self.watched.iter().find_map(|endpoint| endpoint.way.as_ref()),
            forwards: self.forwards,
        };
        let (permissions, named, urls, traps, breaker) = tokio::join!(
            permissions::check(self, connection),
            named::check(self.steps, connection),
            urls::check(self.steps, Some(services)),
            traps::in_cluster(self, connection),
            async {
                let mut checks = ways::check(self.watched).await;
                checks.extend(self.breaker_sources(Some(connection)).await);
                checks
            },
        );
        let mut all = vec![reached];
        all.extend([permissions, named, urls, checks, traps, breaker].into_iter().flatten());
        all
    }

    async fn breaker_sources(&self, connection: Option<&Connection>) -> Vec<PreflightCheck> {
        match &self.breaker {
            Some(sources) => breaker::check(sources, connection).await,
            None => Vec::new(),
        }
    }
}

fn ok(text: impl Into<String>) -> PreflightCheck {
    PreflightCheck { level: CheckLevel::Ok, text: text.into(), remedy: None, offer: None }
}

fn fix(text: impl Into<String>, remedy: Option<String>) -> PreflightCheck {
    PreflightCheck { level: CheckLevel::Fix, text: text.into(), remedy, offer: None }
}

fn know(text: impl Into<String>, remedy: Option<String>) -> PreflightCheck {
    PreflightCheck { level: CheckLevel::Know, text: text.into(), remedy, offer: None }
}

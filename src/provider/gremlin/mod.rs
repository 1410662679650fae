//! `chaosgremlin.actions.attack`: an attack through Gremlin's API (kubernetes-catalog 4).

mod account;
mod api;
mod preview;
mod stand_in;
#[cfg(test)]
mod tests;

use super::{Call, Catalogue, Effect, Native, Outcome, Parameter};
use crate::cluster::ClusterSettings;
pub use account::without_account;
use api::{Api, Login};
use futures_util::future::BoxFuture;
pub(crate) use preview::{container_names, containers, preview};
use pyvalue::{Map, Value};
pub use stand_in::substitute_action;

/// The Python module of the extension's only function.
pub(crate) const MODULE: &str = "chaosgremlin.actions";

const BASE_URL: &str = "https://api.gremlin.com/v1";

/// The extension's only function.
static FUNCTIONS: &[Native] = &[Native {
    module: MODULE,
    func: "attack",
    parameters: &[
        Parameter { name: "command", required: true },
        Parameter { name: "target", required: true },
        Parameter { name: "labels", required: false },
        Parameter { name: "tags", required: false },
        Parameter { name: "secrets", required: false },
    ],
    effect: Effect::Changes,
}];

/// Runs attacks. `CHAOS_TUI_GREMLIN_URL` replaces the address of the real API.
#[derive(Clone)]
pub struct Gremlin {
    settings: ClusterSettings,
}

/// Why an attack did not start.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    /// The reference's function raises this as an activity failure.
    #[error("chaoslib.exceptions.ActivityFailed: {0}")]
    Activity(String),
    /// Python's call of the function raises this as a `TypeError`.
    #[error("TypeError: {0}")]
    Secrets(String),
}

/// The credentials of an attack.
enum Credentials {
    Password { email: String, password: String, org: String },
    Key { key: String, team: String },
}

impl Gremlin {
    /// Creates the catalogue; the variables of `settings` are read at each call.
    pub fn new(settings: ClusterSettings) -> Self {
        Self { settings }
    }

    /// The base URL of the API that attacks are sent to.
    pub fn base_url(&self) -> String {
        let url = self.settings.variable("CHAOS_TUI_GREMLIN_URL").unwrap_or_else(|| BASE_URL.to_owned());
        url.trim_end_matches('/').to_owned()
    }

    /// The reason why an attack with these flat secrets would be refused before it is sent, and the remedy; `None` if
    /// there are credentials.
    pub fn missing_credentials(&self, secrets: Option<&Map>) -> Option<String> {
        self.credentials(secrets).err().map(|refusal| match refusal {
            Refusal::Activity(reason) => reason,
            refusal @ Refusal::Secrets(_) => refusal.to_string(),
        })
    }

    /// Uses the password login if secrets are given, else the API key of the environment.
    fn credentials(&self, secrets: Option<&Map>) -> Result<Credentials, Refusal> {
        let Some(secrets) = secrets else {
            let key = self.settings.variable("GREMLIN_API_KEY").ok_or_else(|| {
                Refusal::Activity(
                    "Gremlin needs credentials: set GREMLIN_API_KEY and GREMLIN_TEAM_ID, or give the provider secrets \
                     with email, password and org_name"
                        .to_owned(),
                )
            })?;
            let team = self.settings.variable("GREMLIN_TEAM_ID").ok_or_else(|| {
                Refusal::Activity("Gremlin's API key needs a team: set GREMLIN_TEAM_ID".to_owned())
            })?;
            return Ok(Credentials::Key { key, team });
        };
        let names = ["email", "password", "org_name"];
        if let Some(extra) = secrets.keys().find(|name| !names.contains(&name.as_str())) {
            return Err(Refusal::Secrets(format!(
                "Gremlin's login takes email, password and org_name, not '{extra}'"
            )));
        }
        let get = |name: &str| match secrets.get(name).and_then(Value::as_str) {
            Some("") => Err(Refusal::Activity(format!(
                "Gremlin needs an account: its login's secret '{name}' is empty"
            ))),
            Some(text) => Ok(text.to_owned()),
            None => Err(Refusal::Secrets(format!("Gremlin's login needs the secret '{name}'"))),
        };
        Ok(Credentials::Password { email: get("email")?, password: get("password")?, org: get("org_name")? })
    }

    /// Starts the attack and returns its identifier. Does not monitor the attack's progress.
    async fn attack(&self, arguments: &Map) -> Result<Value, Refusal> {
        let secrets = arguments.get("secrets").and_then(Value::as_map);
        let api = Api::new(self.base_url())?;
        let login = match self.credentials(secrets)? {
            Credentials::Key { key, team } => Login { header: format!("Key {key}"), team: Some(team) },
            Credentials::Password { email, password, org } => {
                let login = api.log_in(&email, &password, &org).await?;
                Login { team: self.settings.variable("GREMLIN_TEAM_ID").or(login.team), ..login }
            }
        };
        let part = |name: &str| (name.to_owned(), arguments.get(name).cloned().unwrap_or_default());
        let attack = Map::from_iter(["command", "target", "labels", "tags"].map(part));
        let command =
            arguments.get("command").and_then(|command| command.get("type")).and_then(Value::as_str);
        tracing::info!("Gremlin: starting attack {} through {}", command.unwrap_or("?"), self.base_url());
        Ok(api.attack(&login, &attack).await?.into())
    }
}

impl Catalogue for Gremlin {
    fn name(&self) -> &'static str {
        "gremlin"
    }

    fn functions(&self) -> &'static [Native] {
        FUNCTIONS
    }

    fn call<'a>(
        &'a self,
        _native: &'static Native,
        arguments: Map,
        call: &'a Call<'a>,
    ) -> BoxFuture<'a, Outcome> {
        let attack = async move |arguments: Map| match self.attack(&arguments).await {
            Ok(identifier) => Outcome::Done(identifier),
            Err(refusal) => {
                let secrets = arguments.get("secrets").and_then(Value::as_map);
                if let Err(lacks) = self.credentials(secrets) {
                    (call.report_refusal)(lacks.to_string());
                }
                Outcome::failed(refusal.to_string())
            }
        };
        Box::pin(async move { call.unless_cancelled(attack(arguments)).await })
    }

    /// The containers selected by the attack's labels.
    fn targets(&self, _native: &'static Native, arguments: &Map) -> Vec<String> {
        container_names(arguments)
    }
}

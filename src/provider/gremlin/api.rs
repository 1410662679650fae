//! The two requests to Gremlin's API: login and attack.

use super::Refusal;
use crate::http_client::{HttpClient, HttpSettings, Request, body};
use pyvalue::Map;
use reqwest::{Method, Url, header};
use serde_json::Value as Json;
use std::time::Duration;

/// The request timeout; the reference has none.
const LIMIT: Duration = Duration::from_secs(60);

/// The maximum number of bytes of a response.
const MOST: usize = 4 << 20;

/// The maximum number of characters of a response that are copied into a message.
const SHOWN: usize = 500;

/// A client for the Gremlin API at one address.
pub(super) struct Api {
    base: String,
    client: HttpClient,
}

/// The result of a login.
pub(super) struct Login {
    pub(super) header: String,
    pub(super) team: Option<String>,
}

impl Api {
    /// Certificates and proxies are those that `variable` names.
    pub(super) fn new(base: String, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Refusal> {
        let host = Url::parse(&base).map_err(|error| {
            Refusal::Activity(format!(
                "Gremlin's address '{base}' is no URL ({error}): check CHAOS_TUI_GREMLIN_URL"
            ))
        })?;
        let settings = HttpSettings::read(None, variable).without_netrc();
        // A server on this machine is never reached through a proxy.
        let settings = match host.host_str() {
            Some("127.0.0.1" | "localhost" | "[::1]") => settings.without_proxies(),
            _ => settings,
        };
        Ok(Self { base, client: HttpClient { settings, ..HttpClient::default() } })
    }

    /// Logs in and returns the login for the organisation `org`.
    pub(super) async fn log_in(&self, email: &str, password: &str, org: &str) -> Result<Login, Refusal> {
        let request = self
            .post("/users/auth")?
            .with_header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .with_body(form(&[("email", email), ("password", password)]));
        let (status, text) = self.send(request).await?;
        if status != 200 {
            let text = if password.is_empty() { text } else { text.replace(password, "***") };
            return Err(Refusal::Activity(format!(
                "Gremlin refused the login, status {status}: {}",
                shown(&text)
            )));
        }
        let answer: Json = serde_json::from_str(&text)
            .map_err(|_| Refusal::Activity("Gremlin's answer to the login is no JSON".to_owned()))?;
        // The old API returns one login per team, the current API one object.
        let logins = match answer {
            Json::Array(logins) => logins,
            login => vec![login],
        };
        let found = logins.iter().find(|login| login["org_name"] == org);
        let login =
            found.ok_or_else(|| Refusal::Activity(format!("the Gremlin user does not belong to '{org}'")))?;
        let header = login["header"].as_str().ok_or_else(|| {
            Refusal::Activity("Gremlin's answer to the login holds no authorization header".to_owned())
        })?;
        let team = login["teams"][0]["identifier"].as_str();
        Ok(Login { header: header.to_owned(), team: team.map(str::to_owned) })
    }

    /// Starts an attack and returns its identifier.
    pub(super) async fn attack(&self, login: &Login, attack: &Map) -> Result<String, Refusal> {
        let team =
            login.team.as_deref().map(|team| format!("?{}", form(&[("teamId", team)]))).unwrap_or_default();
        let unsent = |why: String| Refusal::Activity(format!("the attack cannot be sent: {why}"));
        let body = serde_json::to_string(attack).map_err(|error| unsent(error.to_string()))?;
        let request = self.post(&format!("/attacks/new{team}"))?.with_json(body);
        let request = request.with_value("authorization", &login.header).map_err(unsent)?;
        match self.send(request).await? {
            (201, identifier) => Ok(identifier),
            (status, text) => Err(Refusal::Activity(format!(
                "Gremlin refused the attack, status {status}: {}",
                shown(&text)
            ))),
        }
    }

    fn post(&self, path: &str) -> Result<Request, Refusal> {
        Request::new(Method::POST, &format!("{}{path}", self.base)).map_err(Refusal::Activity)
    }

    async fn send(&self, request: Request) -> Result<(u16, String), Refusal> {
        let unanswered =
            |why: String| Refusal::Activity(format!("Gremlin at {} did not answer: {why}", self.base));
        let exchange = async {
            let answer = self.client.send(request).await.map_err(|error| error.to_string())?;
            let status = answer.status().as_u16();
            let body = body(answer, MOST).await.map_err(|error| error.to_string())?;
            Ok((status, String::from_utf8_lossy(&body).into_owned()))
        };
        let late = |_| Err(format!("nothing came within {} s", LIMIT.as_secs()));
        tokio::time::timeout(LIMIT, exchange).await.unwrap_or_else(late).map_err(unanswered)
    }
}

/// Encodes pairs as a form or a query.
fn form(pairs: &[(&str, &str)]) -> String {
    // The base URL is only used for the encoder of `Url`.
    let url = Url::parse_with_params("http://form", pairs);
    url.ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default()
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

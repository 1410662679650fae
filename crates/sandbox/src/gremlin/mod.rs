//! A Gremlin of the sandbox's own: enough of its HTTP API that the sample's original attack runs without an account
//! in the world, with a real effect: the container's process is killed, and the kubelet starts it again.
//!
//! Plain HTTP on loopback, as the tool's client takes any base URL. It knows one command, `shutdown` of containers;
//! what it does not know it refuses in so many words.

mod account;
mod attack_request;
mod attacks;
mod containers;

#[cfg(test)]
mod tests;

use axum::Json;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use account::Account;

use super::kubelet::Kubelet;
use super::store::Store;
use account::Credential;
use attack_request::AttackRequest;
use attacks::Attacks;

/// A Gremlin that is being served, until it is dropped.
#[derive(Debug)]
pub struct Gremlin {
    /// Where it listens.
    pub address: SocketAddr,
    /// Who may use it.
    pub account: Account,
    task: JoinHandle<()>,
}

impl Gremlin {
    /// Serves the API on a free port of loopback.
    ///
    /// # Errors
    /// When the system has no port to give.
    pub async fn serve(store: Store, kubelet: Kubelet) -> io::Result<Self> {
        let account = Account::new();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let desk = GremlinState { account: account.clone(), attacks: Attacks::new(store, kubelet) };
        let router = Router::new()
            .route("/v1/users/auth", post(login))
            .route("/v1/attacks/new", post(start))
            .route("/v1/attacks", get(list).delete(halt_all))
            .route("/v1/attacks/active", get(list_active))
            .route("/v1/attacks/completed", get(list_completed))
            .route("/v1/attacks/{id}", get(show).delete(halt))
            .fallback(unknown)
            .with_state(Arc::new(desk));
        let task = tokio::spawn(async move {
            // It ends only when it is aborted: accept errors are retried inside.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, account, task })
    }

    /// The base URL, as the client's override takes it.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

impl Drop for Gremlin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What every request needs.
struct GremlinState {
    account: Account,
    attacks: Attacks,
}

type Shared = State<Arc<GremlinState>>;
type Parameters = Query<HashMap<String, String>>;

fn refuse(status: StatusCode, why: impl Into<String>) -> Response {
    (status, why.into()).into_response()
}

impl GremlinState {
    /// Lets a request pass that proves who it is and, where it has to, names its team.
    fn admit(&self, headers: &HeaderMap, team: Option<&String>) -> Result<(), Box<Response>> {
        let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let credential = authorization.and_then(|text| self.account.check(text)).ok_or_else(|| {
            let why = "missing or wrong credentials; log in at /v1/users/auth, or send Authorization: Key …";
            refuse(StatusCode::UNAUTHORIZED, why)
        })?;
        match team {
            Some(team) if *team != self.account.team => Err(Box::new(refuse(
                StatusCode::UNAUTHORIZED,
                format!("you do not belong to the team {team}"),
            ))),
            None if credential == Credential::Key => {
                Err(Box::new(refuse(StatusCode::BAD_REQUEST, "with an API key teamId must be given")))
            }
            _ => Ok(()),
        }
    }
}

async fn login(State(desk): Shared, Query(query): Parameters, body: String) -> Response {
    // A form body is written like a query.
    let form = format!("/?{body}").parse::<Uri>().ok().and_then(|uri| Parameters::try_from_uri(&uri).ok());
    let Some(Query(form)) = form else { return refuse(StatusCode::BAD_REQUEST, "the form cannot be read") };
    let text = |key: &str| form.get(key).map(String::as_str).unwrap_or_default();
    match desk.account.login(text("email"), text("password")) {
        None => refuse(StatusCode::UNAUTHORIZED, "email or password is wrong"),
        Some(login) if query.get("getCompanySession").is_some_and(|asked| asked == "true") => {
            Json(login).into_response()
        }
        Some(login) => Json(json!([login])).into_response(),
    }
}

async fn start(State(desk): Shared, Query(query): Parameters, headers: HeaderMap, body: String) -> Response {
    if let Err(refusal) = desk.admit(&headers, query.get("teamId")) {
        return *refusal;
    }
    let body: Value = match serde_json::from_str(&body) {
        Ok(body) => body,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, format!("the body is not JSON: {error}")),
    };
    let order = match AttackRequest::read(&body) {
        Ok(order) => order,
        Err(why) => return refuse(StatusCode::BAD_REQUEST, why.to_string()),
    };
    match desk.attacks.start(order, body) {
        Ok(id) => (StatusCode::CREATED, id).into_response(),
        Err(running) => {
            let why = format!("no running container is selected; running are: {}", running.join(", "));
            refuse(StatusCode::NOT_FOUND, why)
        }
    }
}

/// Answers `with` to whoever is allowed to ask.
fn answer(
    desk: &GremlinState,
    query: &HashMap<String, String>,
    headers: &HeaderMap,
    with: impl FnOnce() -> Response,
) -> Response {
    desk.admit(headers, query.get("teamId")).map_or_else(|refusal| *refusal, |()| with())
}

async fn list(State(desk): Shared, Query(query): Parameters, headers: HeaderMap) -> Response {
    answer(&desk, &query, &headers, || Json(desk.attacks.list(|_| true)).into_response())
}

async fn list_active(State(desk): Shared, Query(query): Parameters, headers: HeaderMap) -> Response {
    answer(&desk, &query, &headers, || {
        Json(desk.attacks.list(attacks::AttackStage::is_active)).into_response()
    })
}

async fn list_completed(State(desk): Shared, Query(query): Parameters, headers: HeaderMap) -> Response {
    answer(&desk, &query, &headers, || Json(desk.attacks.list(|stage| !stage.is_active())).into_response())
}

fn no_such_attack(id: &str) -> Response {
    refuse(StatusCode::NOT_FOUND, format!("there is no attack {id}"))
}

async fn show(
    State(desk): Shared,
    Query(query): Parameters,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(&desk, &query, &headers, || {
        desk.attacks.get(&id).map_or_else(|| no_such_attack(&id), |attack| Json(attack).into_response())
    })
}

async fn halt(
    State(desk): Shared,
    Query(query): Parameters,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(&desk, &query, &headers, || match desk.attacks.halt(Some(&id)) {
        0 => no_such_attack(&id),
        _ => StatusCode::ACCEPTED.into_response(),
    })
}

async fn halt_all(State(desk): Shared, Query(query): Parameters, headers: HeaderMap) -> Response {
    answer(&desk, &query, &headers, || {
        desk.attacks.halt(None);
        StatusCode::ACCEPTED.into_response()
    })
}

async fn unknown(uri: Uri) -> Response {
    let why = format!("the sandbox's Gremlin does not serve {}; it knows users/auth and attacks", uri.path());
    refuse(StatusCode::NOT_FOUND, why)
}

//! A simulated Gremlin: the part of its HTTP API that the sample's original attack needs, without a real account. The
//! effect is real: the container's process is killed, and the kubelet restarts it.
//!
//! Plain HTTP on loopback, as the client accepts any base URL. The only supported command is `shutdown` of containers;
//! other requests are refused with an explanation.

mod account;
mod attack_request;
mod attacks;
mod containers;

#[cfg(test)]
mod tests;

use super::{api::Authorities, kubelet::Kubelet, store::Store};
pub use account::Account;
use account::Credential;
use attack_request::AttackRequest;
use attacks::Attacks;
use axum::{
    Json, Router,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A running Gremlin server, which stops when it is dropped.
#[derive(Debug)]
pub struct Gremlin {
    /// The listen address.
    pub address: SocketAddr,
    /// The account that can use the API.
    pub account: Account,
    task: JoinHandle<()>,
}

impl Gremlin {
    /// Serves the API on a free loopback port.
    ///
    /// # Errors
    /// Fails when no port is available.
    pub async fn serve(store: Store, kubelet: Kubelet) -> io::Result<Self> {
        let account = Account::new();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = GremlinState { account: account.clone(), attacks: Attacks::new(store, kubelet) };
        let router = Router::new()
            .route("/v1/users/auth", post(login))
            .route("/v1/attacks/new", post(start))
            .route("/v1/attacks", get(list).delete(halt_all))
            .route("/v1/attacks/active", get(list_active))
            .route("/v1/attacks/completed", get(list_completed))
            .route("/v1/attacks/{id}", get(show).delete(halt))
            .fallback(unknown)
            .with_state(Arc::new(state))
            .layer(from_fn_with_state(Authorities::of(address), from_here));
        let task = tokio::spawn(async move {
            // Ends only when the task is aborted: accept errors are retried internally.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, account, task })
    }

    /// Returns the base URL, for the client's base URL setting.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

impl Drop for Gremlin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The state shared by all requests.
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
    /// Checks that a request has valid credentials and names its team where that is required.
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

/// Lets a request through that does not come from a web page.
async fn from_here(State(ours): State<Authorities>, request: Request, next: Next) -> Response {
    match ours.check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why) => refuse(StatusCode::FORBIDDEN, why),
    }
}

async fn login(State(state): Shared, Query(query): Parameters, body: String) -> Response {
    // A form body has the same syntax as a query string.
    let form = format!("/?{body}").parse::<Uri>().ok().and_then(|uri| Parameters::try_from_uri(&uri).ok());
    let Some(Query(form)) = form else { return refuse(StatusCode::BAD_REQUEST, "the form is invalid") };
    let text = |key: &str| form.get(key).map(String::as_str).unwrap_or_default();
    match state.account.login(text("email"), text("password")) {
        None => refuse(StatusCode::UNAUTHORIZED, "email or password is wrong"),
        Some(login) if query.get("getCompanySession").is_some_and(|asked| asked == "true") => {
            Json(login).into_response()
        }
        Some(login) => Json(json!([login])).into_response(),
    }
}

async fn start(State(state): Shared, Query(query): Parameters, headers: HeaderMap, body: String) -> Response {
    if let Err(refusal) = state.admit(&headers, query.get("teamId")) {
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
    match state.attacks.start(order, body) {
        Ok(id) => (StatusCode::CREATED, id).into_response(),
        Err(running) => {
            let why = format!(
                "the attack selects no running container; running containers: {}",
                running.join(", ")
            );
            refuse(StatusCode::NOT_FOUND, why)
        }
    }
}

/// Returns the response of `with` if the request is authorised.
fn answer(
    state: &GremlinState,
    query: &HashMap<String, String>,
    headers: &HeaderMap,
    with: impl FnOnce() -> Response,
) -> Response {
    state.admit(headers, query.get("teamId")).map_or_else(|refusal| *refusal, |()| with())
}

async fn list(State(state): Shared, Query(query): Parameters, headers: HeaderMap) -> Response {
    answer(&state, &query, &headers, || Json(state.attacks.list(|_| true)).into_response())
}

async fn list_active(State(state): Shared, Query(query): Parameters, headers: HeaderMap) -> Response {
    answer(&state, &query, &headers, || {
        Json(state.attacks.list(attacks::AttackStage::is_active)).into_response()
    })
}

async fn list_completed(State(state): Shared, Query(query): Parameters, headers: HeaderMap) -> Response {
    answer(&state, &query, &headers, || Json(state.attacks.list(|stage| !stage.is_active())).into_response())
}

fn no_such_attack(id: &str) -> Response {
    refuse(StatusCode::NOT_FOUND, format!("there is no attack {id}"))
}

async fn show(
    State(state): Shared,
    Query(query): Parameters,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(&state, &query, &headers, || {
        state.attacks.get(&id).map_or_else(|| no_such_attack(&id), |attack| Json(attack).into_response())
    })
}

async fn halt(
    State(state): Shared,
    Query(query): Parameters,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(&state, &query, &headers, || match state.attacks.halt(Some(&id)) {
        0 => no_such_attack(&id),
        _ => StatusCode::ACCEPTED.into_response(),
    })
}

async fn halt_all(State(state): Shared, Query(query): Parameters, headers: HeaderMap) -> Response {
    answer(&state, &query, &headers, || {
        state.attacks.halt(None);
        StatusCode::ACCEPTED.into_response()
    })
}

async fn unknown(uri: Uri) -> Response {
    let why =
        format!("the sandbox's Gremlin does not support {}; available: users/auth and attacks", uri.path());
    refuse(StatusCode::NOT_FOUND, why)
}

//! A page that is asked again and again: the health page, the metrics page.

use crate::session::{
    event::{Source, SourceState, What},
    stream::Emitter,
};
use reqwest::{Client, Url};
use std::time::Duration;
use tokio::{sync::mpsc, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// Longest wait for a page.
const DEADLINE: Duration = Duration::from_secs(2);
/// Bytes read of a page.
const READ: usize = 2 * 1024 * 1024;

/// A page as it was found: status and body, or why there was none.
pub(super) type Found = Result<(u16, String), String>;

/// Asks `url` every `period` until `stop`, tells how the source is doing, and hands what was found to `found`.
pub(super) async fn poll(
    source: Source,
    url: String,
    period: Duration,
    emitter: Emitter,
    found: mpsc::Sender<(Source, Found)>,
    stop: CancellationToken,
) {
    let client = match client(&url) {
        Ok(client) => client,
        Err(reason) => {
            let state = SourceState::Absent { reason };
            return emitter.emit(What::SourceChanged { source, state }).await;
        }
    };
    let mut told = None;
    let mut ticks = tokio::time::interval(period);
    // A page that hangs is asked again one period after it answered, not in a burst.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let page = tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => stop.run_until_cancelled(ask(&client, &url)).await,
        };
        let Some(page) = page else { return };
        let state = match &page {
            Ok((404, _)) => SourceState::Absent { reason: format!("{url} is not there (404)") },
            Ok(_) => SourceState::Live,
            Err(reason) => SourceState::Reconnecting { reason: reason.clone() },
        };
        if told.as_ref() != Some(&state) {
            told = Some(state.clone());
            emitter.emit(What::SourceChanged { source, state }).await;
        }
        if found.send((source, page)).await.is_err() {
            return;
        }
    }
}

fn client(url: &str) -> Result<Client, String> {
    let url: Url = url.parse().map_err(|error| format!("its URL cannot be read: {error}"))?;
    let host = url.host_str().unwrap_or_default();
    let mut client = Client::builder()
        .user_agent(concat!("chaos-tui/", env!("CARGO_PKG_VERSION"), " (breaker witness)"))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .timeout(DEADLINE);
    if host == "localhost" || host.starts_with("127.") || host == "[::1]" {
        client = client.no_proxy();
    }
    client.build().map_err(|error| format!("the HTTP client cannot be made: {error}"))
}

async fn ask(client: &Client, url: &str) -> Found {
    let short = |error: reqwest::Error| match error {
        error if error.is_timeout() => format!("no answer within {} s", DEADLINE.as_secs()),
        error if error.is_connect() => "nobody listens there".to_owned(),
        error => error.without_url().to_string(),
    };
    let mut response = client.get(url).send().await.map_err(short)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while body.len() < READ
        && let Some(chunk) = response.chunk().await.map_err(short)?
    {
        body.extend_from_slice(&chunk);
    }
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

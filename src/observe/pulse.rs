//! Checks whether the API server still answers. A watch is silent while nothing changes, so its silence proves nothing.

use crate::{
    cluster::{Connection, answer_text},
    observe::absence::AbsenceDetector,
    session::{
        EventKind,
        event::{Source, SourceState, Timestamp},
        stream::Emitter,
    },
};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

/// The interval between two requests.
const PERIOD: Duration = Duration::from_secs(2);
/// The timeout of a request.
const PATIENCE: Duration = Duration::from_secs(2);

/// Requests the version of the API server until `stop` is cancelled; emits an event when it stops and when it resumes
/// answering.
pub async fn watch(
    connection: Connection,
    emitter: Emitter,
    presence: AbsenceDetector,
    stop: CancellationToken,
) {
    stop.run_until_cancelled(check_repeatedly(connection, emitter, presence)).await;
}

async fn check_repeatedly(connection: Connection, emitter: Emitter, presence: AbsenceDetector) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_answer: Option<Timestamp> = None;
    let mut emitted: Option<SourceState> = None;
    loop {
        ticks.tick().await;
        let (begun, asked) = (Instant::now(), emitter.clock().now());
        let answer = ask(&connection).await;
        // This program did not run meanwhile, so the failure may be its own.
        if answer.is_err() && presence.gap_between(begun, Instant::now()) {
            continue;
        }
        let state = match answer {
            Ok(()) => {
                last_answer = Some(emitter.clock().now());
                SourceState::Live
            }
            Err(reason) => SourceState::Reconnecting { reason },
        };
        if emitted.as_ref() != Some(&state) {
            // The outage begins at the last answer, not at the check that detected it.
            let at =
                if state == SourceState::Live { emitter.clock().now() } else { last_answer.unwrap_or(asked) };
            emitted = Some(state.clone());
            emitter.emit_at(at, EventKind::SourceChanged { source: Source::Api, state }).await;
        }
    }
}

async fn ask(connection: &Connection) -> Result<(), String> {
    let client = connection.client().map_err(|error| error.to_string())?;
    match timeout(PATIENCE, client.apiserver_version()).await {
        Ok(Ok(_)) => Ok(()),
        // The server answers, but shows nothing any more: neither would it show that something changed.
        Ok(Err(error @ kube::Error::Api(_))) if is_unusable(&error) => Err(connection
            .hint(&error)
            .map_or_else(|| answer_text(&error), |hint| format!("{}. {hint}", answer_text(&error)))),
        // Another refusal is an answer, too.
        Ok(Err(kube::Error::Api(_))) => Ok(()),
        Ok(Err(error)) => Err(answer_text(&error)),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

/// Whether the credentials are no longer accepted, or the server fails at every request.
fn is_unusable(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 401 || status.code >= 500)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cluster::fake_api::{Reply, answering},
        session::{clock::Clock, stream::stream},
    };
    use serde_json::json;
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    #[tokio::test(start_paused = true)]
    async fn silence_is_told_once_and_dated_back_to_the_last_answer() {
        let dead = Arc::new(AtomicBool::new(false));
        let version = json!({"major": "1", "minor": "34", "gitVersion": "v1.34.0", "gitCommit": "", "platform": "",
            "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": ""});
        let switch = dead.clone();
        let (connection, _) = answering(move |_| {
            if switch.load(Ordering::Relaxed) {
                // Headers, and then nothing.
                Reply::Events(Vec::new())
            } else {
                Reply::Object(version.clone())
            }
        });
        let (emitter, mut events) = stream(Clock::system());
        let began = emitter.clock().now();
        let stop = CancellationToken::new();
        let task = tokio::spawn(watch(connection, emitter, AbsenceDetector::default(), stop.clone()));
        let mut next = async || match events.next().await.unwrap() {
            event @ crate::session::Event {
                what: EventKind::SourceChanged { source: Source::Api, .. },
                ..
            } => event,
            other => panic!("{other:?}"),
        };
        assert!(matches!(next().await.what, EventKind::SourceChanged { state: SourceState::Live, .. }));
        dead.store(true, Ordering::Relaxed);
        let silent = next().await;
        assert!(matches!(
            &silent.what,
            EventKind::SourceChanged { state: SourceState::Reconnecting { .. }, .. }
        ));
        assert_eq!(silent.at, began, "the last answer came with the first question");
        dead.store(false, Ordering::Relaxed);
        assert!(matches!(next().await.what, EventKind::SourceChanged { state: SourceState::Live, .. }));
        stop.cancel();
        task.await.unwrap();
    }

    #[tokio::test]
    async fn a_server_that_refuses_the_credentials_or_fails_is_not_alive() {
        for (code, alive) in [(401, false), (403, true), (404, true), (429, true), (500, false), (503, false)]
        {
            let (connection, _) =
                answering(move |_| Reply::Refused(code, "Reason", format!("status {code}")));
            let answer = ask(&connection).await;
            assert_eq!(answer.is_ok(), alive, "{code} {answer:?}");
            if let Err(reason) = answer {
                assert!(reason.contains(&format!("status {code}")), "{reason}");
            }
        }
    }
}

//! Changes of the provider's and the consumer's readiness, of the health page, and of liveness.

use super::{StoryLine, StoryMark, Tone};
use crate::{
    insight::names,
    session::{
        clock::shifted,
        event::Timestamp,
        state::{ReadySince, Session},
        wording,
    },
};

/// The readiness of the provider, from its first change on.
pub(super) fn provider(session: &Session) -> Vec<StoryLine> {
    let empty = if served(session) { ": no endpoint" } else { "" };
    let line = |row: &ReadySince| {
        let text = format!("provider {} of {} ready", row.ready, row.wanted);
        match row.ready {
            0 => StoryLine::loud(row.from, StoryMark::Failed, Tone::Fault, format!("{text}{empty}")),
            ready if ready < row.wanted => StoryLine::loud(row.from, StoryMark::State, Tone::Fault, text),
            _ => StoryLine::quiet(row.from, StoryMark::State, Tone::Ok, text),
        }
    };
    turns(session.provider_readiness()).iter().map(line).collect()
}

/// Whether a Service stands in front of the provider.
fn served(session: &Session) -> bool {
    let Some(provider) = session.roles().provider else { return false };
    let pods = session.cluster.pods_of(provider);
    session.cluster.services.iter().any(|row| {
        row.endpoints.ready == 0
            || row.endpoints.pods.iter().any(|name| pods.iter().any(|pod| pod.pod.key.name == *name))
    })
}

/// The readiness of the consumer, from its first change on.
pub(super) fn consumer(session: &Session) -> Vec<StoryLine> {
    let line = |row: &ReadySince| {
        let text = format!("consumer {} of {} ready", row.ready, row.wanted);
        if row.ready < row.wanted {
            StoryLine::loud(row.from, StoryMark::Failed, Tone::Failing, text)
        } else {
            StoryLine::quiet(row.from, StoryMark::State, Tone::Ok, text)
        }
    };
    turns(session.consumer_readiness()).iter().map(line).collect()
}

/// Drops the initial state, and what a starting watch reports piece by piece; keeps later changes.
fn turns(rows: Vec<ReadySince>) -> Vec<ReadySince> {
    const BEGINS_S: f64 = 2.0;
    let Some(first) = rows.first().map(|row| row.from) else { return rows };
    let mut known = rows.first().map(|row| (row.ready, row.wanted));
    let mut turns = Vec::new();
    for row in rows {
        let now = (row.ready, row.wanted);
        if row.from > shifted(first, BEGINS_S) && known != Some(now) {
            turns.push(row);
        }
        known = Some(now);
    }
    turns
}

/// The status of the health page, from its first change on.
pub(super) fn health(session: &Session) -> Vec<StoryLine> {
    let page = names::health_page(session);
    let failing = |at: Timestamp| session.breaker.health_failing.at(at) == Some(true);
    let mut lines = Vec::new();
    let mut before = None;
    for (at, status) in session.breaker.health_status.changes() {
        let Some(status) = status else { continue };
        if let Some(before) = before.replace(status).filter(|before| *before != status) {
            let text = format!("{page} {before} to {status}");
            lines.push(if failing(at) {
                StoryLine::loud(at, StoryMark::State, Tone::Failing, text)
            } else {
                StoryLine::quiet(at, StoryMark::State, Tone::Ok, text)
            });
        }
    }
    lines
}

/// Failed liveness probes, with their number in the streak.
pub(super) fn liveness(session: &Session) -> Vec<StoryLine> {
    let mut lines = Vec::new();
    for pod in session.bystanders() {
        let object = format!("pod/{}", pod.pod.key.name);
        let period = pod.pod.liveness.as_ref().map_or(0, |liveness| liveness.period_s);
        let threshold = pod.pod.liveness.as_ref().map_or(0, |liveness| liveness.threshold);
        let goes_on_s = f64::from(period) * 1.5;
        let (mut row, mut last): (u32, Option<Timestamp>) = (0, None);
        let notes = session.cluster.notes.iter().filter(|note| {
            note.note.object == object
                && note.note.reason == "Unhealthy"
                && note.note.message.starts_with("Liveness")
        });
        for note in notes {
            // A restarted container starts with no failures.
            let anew =
                pod.restarted.is_some_and(|anew| last.is_some_and(|last| last <= anew) && note.at > anew);
            let continues = last.is_some_and(|last| note.at <= shifted(last, goes_on_s));
            row = if continues && !anew { row + 1 } else { 1 };
            last = Some(note.at);
            let text = match row {
                1 => "liveness missed: Kubernetes counts towards a restart".to_owned(),
                row if threshold > 0 => {
                    format!("liveness missed again: {} of {threshold}", row.min(threshold))
                }
                _ => "liveness missed again".to_owned(),
            };
            lines.push(StoryLine::loud(note.at, StoryMark::Miss, Tone::Failing, text));
        }
    }
    lines.sort_by_key(|line| line.at);
    lines
}

/// Restarts of containers that the fault does not target, the latest one of each.
pub(super) fn restarts(session: &Session) -> Vec<StoryLine> {
    let line = |pod| {
        let pod: &crate::session::state::PodRow = pod;
        let at = pod.restarted.filter(|_| pod.restarts_since_t0() > 0)?;
        let who = names::bystander(session, pod);
        let times = match pod.restarts_since_t0() {
            1 => String::new(),
            times => format!(", {} by now", wording::count(times.into(), "time")),
        };
        Some(StoryLine::loud(
            at,
            StoryMark::Failed,
            Tone::Failing,
            format!("Kubernetes restarted {who}{times}"),
        ))
    };
    session.bystanders().filter_map(line).collect()
}

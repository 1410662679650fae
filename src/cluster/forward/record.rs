//! What became of the way to a pod, so that its breaks can be told from the service's own answers.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// A request to the API server that takes longer holds up the users' requests.
const SLOW: Duration = Duration::from_secs(1);
/// How long after a connection was closed its client may notice.
const NOTICED: Duration = Duration::from_millis(500);
/// The maximum number of entries kept of each kind.
const KEPT: usize = 256;

/// Why a connection led to no answer of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// No pod of the Service is ready. Its users are refused, too.
    NoReadyPod,
    /// The pod refuses connections to the port.
    Refused,
    /// The way through the API server broke; it says nothing about the service.
    Broken(String),
}

/// The obstacles and delays of one port-forward.
#[derive(Debug, Default)]
pub(super) struct Record(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    obstacles: VecDeque<(Instant, Obstacle)>,
    /// Requests to the API server that are not answered yet.
    pending: BTreeMap<u64, Instant>,
    next: u64,
    /// Since when the API server has not answered, and why.
    silent: Option<(Instant, String)>,
    /// Periods in which the way was held up.
    delays: VecDeque<(Instant, Instant)>,
}

/// A request to the API server whose duration is recorded, even if it is dropped.
pub(super) struct Timed<'a> {
    record: &'a Record,
    number: u64,
}

impl Record {
    pub(super) fn note(&self, obstacle: Obstacle) {
        push(&mut self.lock().obstacles, (Instant::now(), obstacle));
    }

    /// Starts to time a request to the API server.
    pub(super) fn time(&self) -> Timed<'_> {
        let mut state = self.lock();
        state.next += 1;
        let number = state.next;
        state.pending.insert(number, Instant::now());
        Timed { record: self, number }
    }

    /// Notes that the API server answered a request of `since`.
    pub(super) fn heard(&self) {
        let mut state = self.lock();
        if let Some((since, _)) = state.silent.take() {
            push(&mut state.delays, (since, Instant::now()));
        }
    }

    /// Notes that a request of `since` got no answer.
    pub(super) fn unheard(&self, since: Instant, reason: String) {
        self.lock().silent.get_or_insert((since, reason));
    }

    /// Why requests that are on their way now may be held up by the way itself.
    pub(super) fn held_up(&self) -> Option<String> {
        let (state, now) = (self.lock(), Instant::now());
        if let Some((_, reason)) = &state.silent {
            return Some(reason.clone());
        }
        let slow = state.pending.values().any(|begun| now.duration_since(*begun) > SLOW);
        slow.then(slow_words)
    }

    /// Whether the way was held up at any time between two moments.
    pub(super) fn was_held_up(&self, from: Instant, to: Instant) -> bool {
        let (state, now) = (self.lock(), Instant::now());
        state.silent.as_ref().is_some_and(|(since, _)| *since < to)
            || state.pending.values().any(|begun| *begun < to && now.duration_since(*begun) > SLOW)
            || state.delays.iter().any(|(begun, ended)| *begun < to && *ended > from)
    }

    /// What ended a request that was due at `from` and failed at `to`. A request that timed out may have waited for a
    /// way that broke at any time.
    pub(super) fn obstacle(&self, from: Instant, to: Instant, timed_out: bool) -> Option<Obstacle> {
        if self.was_held_up(from, to) {
            return Some(Obstacle::Broken(self.held_up().unwrap_or_else(slow_words)));
        }
        let state = self.lock();
        let mut met = state.obstacles.iter().rev().filter(|(at, _)| *at >= from && *at <= to);
        let met = if timed_out {
            met.find(|(_, obstacle)| matches!(obstacle, Obstacle::Broken(_)))
        } else {
            met.find(|(at, _)| to.duration_since(*at) <= NOTICED)
        };
        met.map(|(_, obstacle)| obstacle.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        let (mut state, now) = (self.record.lock(), Instant::now());
        if let Some(begun) = state.pending.remove(&self.number)
            && now.duration_since(begun) > SLOW
        {
            push(&mut state.delays, (begun, now));
        }
    }
}

fn slow_words() -> String {
    format!("the API server takes longer than {} s to answer", SLOW.as_secs())
}

fn push<T>(kept: &mut VecDeque<T>, one: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(one);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_has_the_obstacle_that_came_just_before_it() {
        let (record, begun) = (Record::default(), Instant::now());
        advance(ms(100)).await;
        record.note(Obstacle::Broken("403".to_owned()));
        advance(ms(100)).await;
        record.note(Obstacle::NoReadyPod);
        let met =
            |from: u64, to: u64, timed_out| record.obstacle(begun + ms(from), begun + ms(to), timed_out);
        assert_eq!(met(0, 101, false), Some(Obstacle::Broken("403".to_owned())));
        assert_eq!(met(0, 201, false), Some(Obstacle::NoReadyPod));
        assert_eq!(met(150, 201, false), Some(Obstacle::NoReadyPod));
        assert_eq!(met(201, 210, false), None, "what came before the request is not its");
        assert_eq!(met(0, 5000, false), None, "the service itself failed, long after");
        assert_eq!(met(0, 5000, true), Some(Obstacle::Broken("403".to_owned())), "it may have waited for it");
        assert_eq!(met(150, 5000, true), None, "users do time out when no pod is ready");
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_api_server_holds_up_does_not_count() {
        let (record, begun) = (Record::default(), Instant::now());
        let quick = record.time();
        advance(ms(900)).await;
        drop(quick);
        assert_eq!((record.held_up(), record.was_held_up(begun, Instant::now())), (None, false));
        let slow = record.time();
        advance(ms(1100)).await;
        assert!(record.held_up().unwrap().contains("longer than 1 s"));
        drop(slow);
        assert_eq!(record.held_up(), None);
        assert!(record.was_held_up(begun + ms(1500), begun + ms(1600)));
        assert!(
            !record.was_held_up(begun, begun + ms(900))
                && !record.was_held_up(begun + ms(2000), begun + ms(2100))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn silence_lasts_from_the_first_unanswered_request_to_the_next_answer() {
        let (record, begun) = (Record::default(), Instant::now());
        advance(ms(500)).await;
        record.unheard(begun + ms(200), "refused".to_owned());
        record.unheard(begun + ms(400), "timeout".to_owned());
        assert_eq!(record.held_up().as_deref(), Some("refused"));
        advance(ms(500)).await;
        record.heard();
        assert_eq!(record.held_up(), None);
        assert!(record.was_held_up(begun, begun + ms(300)) && !record.was_held_up(begun, begun + ms(200)));
        let broken = record.obstacle(begun + ms(900), begun + ms(1100), false);
        assert!(matches!(broken, Some(Obstacle::Broken(_))), "{broken:?}");
    }
}

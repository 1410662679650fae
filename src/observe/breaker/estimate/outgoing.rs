//! Calls counted behind the breaker, separately for each source: counters of two replicas are never compared with each
//! other, and a counter that falls means that this one process restarted.

use super::super::reading::{Reading, SourceId};
use crate::session::event::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// The maximum number of readings kept of one counter.
const COUNTED: usize = 256;
/// The maximum number of counters tracked.
const SOURCES: usize = 64;
/// The maximum number of falls of a counter: with several processes behind one address it falls again and again.
const FALLS: u8 = 2;
/// The minimum number of readings with growth; of two processes that answer in turn, one has a higher counter.
const GREW: usize = 3;

#[derive(Debug, Default)]
struct Counter {
    readings: VecDeque<(Timestamp, u64)>,
    series: String,
    process: Option<String>,
    falls: u8,
}

impl Counter {
    /// The growth since a moment, if the counter grew steadily.
    fn grown(&self, since: Timestamp) -> Option<u64> {
        if self.falls > FALLS {
            return None;
        }
        let counts: Vec<u64> =
            self.readings.iter().filter(|(at, _)| *at >= since).map(|(_, calls)| *calls).collect();
        let grew = counts.windows(2).filter(|pair| matches!(pair, [one, next] if next > one)).count();
        let (first, last) = counts.first().zip(counts.last())?;
        (grew >= GREW).then(|| last.saturating_sub(*first))
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters(BTreeMap<SourceId, Counter>);

impl Counters {
    pub(super) fn handle(&mut self, at: Timestamp, reading: &Reading) {
        let Some(outgoing) = &reading.outgoing else { return };
        if self.0.len() >= SOURCES && !self.0.contains_key(&reading.source) {
            return;
        }
        let counter = self.0.entry(reading.source.clone()).or_default();
        let fell = counter.readings.back().is_some_and(|(_, calls)| *calls > outgoing.calls);
        if fell || counter.process != reading.process || counter.series != outgoing.series {
            if !counter.readings.is_empty() {
                counter.falls = counter.falls.saturating_add(1);
            }
            counter.readings.clear();
            (counter.process, counter.series) = (reading.process.clone(), outgoing.series.clone());
        }
        if counter.readings.len() == COUNTED {
            counter.readings.pop_front();
        }
        counter.readings.push_back((at, outgoing.calls));
    }

    /// Drops all counters, because any process may have been replaced.
    pub(super) fn restarted(&mut self) {
        self.0.clear();
    }

    /// The calls that left since a moment, summed over all replicas, and the series that counts them. Of two pages of
    /// one replica the higher count is taken.
    pub(super) fn left(&self, since: Timestamp) -> Option<(u64, &str)> {
        let mut replicas: BTreeMap<Option<&str>, (u64, &str)> = BTreeMap::new();
        for (source, counter) in &self.0 {
            let Some(left) = counter.grown(since) else { continue };
            let most = replicas.entry(source.pod.as_deref()).or_default();
            if left > most.0 {
                *most = (left, &counter.series);
            }
        }
        // The process behind the users' address is one of the pods.
        if replicas.len() > 1 {
            replicas.remove(&None);
        }
        let sum = replicas.values().fold(0_u64, |sum, (left, _)| sum.saturating_add(*left));
        let (_, series) = replicas.values().next()?;
        Some((sum, series))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::reading::OutgoingCalls, *};
    use crate::session::event::SourceKind;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_763_816_700 + seconds).unwrap()
    }

    fn reading(pod: Option<&str>, place: &str, process: Option<&str>, calls: u64) -> Reading {
        let source =
            SourceId { kind: SourceKind::Metrics, pod: pod.map(str::to_owned), place: place.to_owned() };
        let outgoing = Some(OutgoingCalls { calls, series: "outgoing_calls_total".to_owned() });
        Reading { outgoing, process: process.map(str::to_owned), ..Reading::new(source, "page") }
    }

    fn left(counters: &Counters) -> Option<u64> {
        counters.left(at(0)).map(|(left, _)| left)
    }

    #[test]
    fn replicas_count_each_for_itself() {
        let mut counters = Counters::default();
        for n in 0..6 {
            let calls = n as u64;
            counters.handle(at(n), &reading(Some("a"), "8080/metrics", None, 1000 + calls));
            counters.handle(at(n), &reading(Some("b"), "8080/metrics", None, 3 + calls));
            // The same replica on another page.
            counters.handle(at(n), &reading(Some("b"), "8080/prometheus", None, 3 + calls));
        }
        assert_eq!(left(&counters), Some(10));
    }

    #[test]
    fn a_restart_is_of_one_replica_only() {
        let mut counters = Counters::default();
        for (n, b) in [9, 10, 0, 1, 2, 3].into_iter().enumerate() {
            let n = n as i64;
            counters.handle(at(n), &reading(Some("a"), "8080/metrics", None, 100 + n as u64));
            counters.handle(at(n), &reading(Some("b"), "8080/metrics", None, b));
        }
        assert_eq!(left(&counters), Some(5 + 3));
    }

    #[test]
    fn processes_that_answer_in_turn_count_nothing() {
        for told in [false, true] {
            let mut counters = Counters::default();
            for n in 0..20 {
                let (name, calls) = if n % 2 == 0 { ("one", 10) } else { ("other", 500) };
                counters.handle(at(n), &reading(None, "/metrics", told.then_some(name), calls));
                assert_eq!(left(&counters), None, "{n} told: {told}");
            }
        }
    }
}

//! Counts of one breaker by a word, and the earlier counts kept for comparison.

use super::super::{Families, text::Sample};
use crate::session::event::BreakerState;
use std::collections::BTreeMap;

/// The maximum number of breakers remembered of one page.
const REMEMBERED: usize = 256;
/// The maximum number of words of one breaker.
const WORDS: usize = 64;
/// The number of falls after which several processes are assumed to answer.
const FALLS: u8 = 3;

/// Counts by a word.
pub(super) type Tally = BTreeMap<String, f64>;

/// Counts of each breaker.
#[derive(Default)]
pub(super) struct Tallies(pub(super) BTreeMap<(String, Option<String>), Tally>);

impl Tallies {
    /// Adds a sample's value to a word of a breaker.
    pub(super) fn add(&mut self, name: &str, process: Option<String>, word: &str, value: f64) {
        if !value.is_finite() {
            return;
        }
        let name: String = name.chars().take(80).collect();
        let word: String = word.chars().take(80).collect();
        let tally = self.0.entry((name, process)).or_default();
        if tally.len() < WORDS || tally.contains_key(&word) {
            *tally.entry(word).or_default() += value;
        }
    }
}

/// The latest counts of one breaker.
#[derive(Default)]
pub(super) struct PageMemory {
    tally: Option<Tally>,
    falls: u8,
    /// Its state, if known.
    pub(super) state: Option<BreakerState>,
    /// A number that a library's reader keeps between readings.
    pub(super) base: f64,
}

impl PageMemory {
    /// Begins with zero counts, if no counts are stored yet.
    pub(super) fn begin_at_nothing(&mut self) {
        if self.tally.is_none() && self.falls == 0 {
            self.tally = Some(Tally::new());
        }
    }

    /// Whether the counts continue the stored ones. False at the first reading, and if counts fell, because another
    /// process answered then.
    pub(super) fn continues(&mut self, tally: &Tally) -> bool {
        let Some(before) = &self.tally else { return false };
        let fell = before.iter().any(|(word, count)| tally.get(word).copied().unwrap_or(0.0) < *count);
        if fell {
            *self = Self { falls: self.falls.saturating_add(1), ..Self::default() };
        }
        !fell
    }

    /// Whether counts fell so often that several processes must answer in turn.
    pub(super) fn jumps(&self) -> bool {
        self.falls >= FALLS
    }

    pub(super) fn keep(&mut self, tally: Tally) {
        self.tally = Some(tally);
    }

    /// The growth of a word's count since the last reading.
    pub(super) fn grown(&self, tally: &Tally, word: &str) -> f64 {
        let count = |tally: &Tally| tally.get(word).copied().unwrap_or(0.0);
        self.tally.as_ref().map_or(0.0, |before| count(tally) - count(before))
    }
}

/// The stored counts of all breakers of a page; the process and the library are part of the key.
#[derive(Default)]
pub(super) struct PageMemories(BTreeMap<MemoryKey, PageMemory>);

type MemoryKey = (Option<String>, &'static str, String, Option<String>);

impl PageMemories {
    /// The stored counts of one breaker. If too many are stored, all others are dropped.
    pub(super) fn of(&mut self, key: MemoryKey) -> &mut PageMemory {
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&key) {
            self.0.clear();
        }
        self.0.entry(key).or_default()
    }
}

/// The process that labels identify: `pid 7`.
pub(super) fn process(sample: &Sample) -> Option<String> {
    let of_process = |key: &str| super::super::PROCESS.iter().any(|label| key.eq_ignore_ascii_case(label));
    let reported: Vec<String> = sample
        .labels
        .iter()
        .filter(|(key, _)| of_process(key))
        .map(|(key, value)| format!("{key} {value}"))
        .collect();
    (!reported.is_empty()).then(|| reported.join(" ").chars().take(80).collect())
}

/// Names of the families for which `test` holds.
pub(super) fn named(families: &Families, test: impl Fn(&str) -> bool) -> Vec<String> {
    families.keys().filter(|name| test(name)).cloned().collect()
}

//! Counts of one breaker by a word, and what is remembered of them.

use super::super::{Families, text::Sample};
use crate::session::event::BreakerState;
use std::collections::BTreeMap;

/// Breakers remembered of one page.
const REMEMBERED: usize = 256;
/// Words of one breaker.
const WORDS: usize = 64;
/// Times that counts may fall before several processes are taken to answer.
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

/// What was read last of one breaker.
#[derive(Default)]
pub(super) struct PageMemory {
    tally: Option<Tally>,
    falls: u8,
    /// Its state, as far as it was told.
    pub(super) state: Option<BreakerState>,
    /// A number that a library's reading needs again.
    pub(super) base: f64,
}

impl PageMemory {
    /// Nothing was counted so far, if nothing is remembered.
    pub(super) fn begin_at_nothing(&mut self) {
        if self.tally.is_none() && self.falls == 0 {
            self.tally = Some(Tally::new());
        }
    }

    /// Counts that fell are of another process: it is met for the first time. False then, and at the first reading.
    pub(super) fn goes_on(&mut self, tally: &Tally) -> bool {
        let Some(before) = &self.tally else { return false };
        let fell = before.iter().any(|(word, count)| tally.get(word).copied().unwrap_or(0.0) < *count);
        if fell {
            *self = Self { falls: self.falls.saturating_add(1), ..Self::default() };
        }
        !fell
    }

    /// Whether counts went up and down so often that several processes must answer in turn.
    pub(super) fn jumps(&self) -> bool {
        self.falls >= FALLS
    }

    pub(super) fn keep(&mut self, tally: Tally) {
        self.tally = Some(tally);
    }

    /// How much a word's count grew since the last reading.
    pub(super) fn grown(&self, tally: &Tally, word: &str) -> f64 {
        let count = |tally: &Tally| tally.get(word).copied().unwrap_or(0.0);
        self.tally.as_ref().map_or(0.0, |before| count(tally) - count(before))
    }
}

/// What is remembered of all breakers of a page; the process and the library are part of the key.
#[derive(Default)]
pub(super) struct PageMemories(BTreeMap<MemoryKey, PageMemory>);

type MemoryKey = (Option<String>, &'static str, String, Option<String>);

impl PageMemories {
    /// The memory of one breaker. Where too many are remembered, the others are forgotten.
    pub(super) fn of(&mut self, key: MemoryKey) -> &mut PageMemory {
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&key) {
            self.0.clear();
        }
        self.0.entry(key).or_default()
    }
}

/// The processes that labels tell apart: `pid 7`.
pub(super) fn process(sample: &Sample) -> Option<String> {
    let of_process = |key: &str| super::super::PROCESS.iter().any(|label| key.eq_ignore_ascii_case(label));
    let told: Vec<String> = sample
        .labels
        .iter()
        .filter(|(key, _)| of_process(key))
        .map(|(key, value)| format!("{key} {value}"))
        .collect();
    (!told.is_empty()).then(|| told.join(" ").chars().take(80).collect())
}

/// Names of families that hold for a test.
pub(super) fn named(families: &Families, test: impl Fn(&str) -> bool) -> Vec<String> {
    families.keys().filter(|name| test(name)).cloned().collect()
}

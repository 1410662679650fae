//! Classes of answers: those of the same shape, and those that have only some of the same keys.

use super::response_shape::{BodyKind, ResponseShape, also};
use std::collections::BTreeSet;

/// The maximum number of entries of a class.
const ENTRIES: usize = 4096;

/// One class of answers.
#[derive(Clone, Debug)]
pub(super) struct AnswerClass {
    first: ResponseShape,
    /// Every entry that was seen.
    all: BTreeSet<u64>,
    /// The entries of the answer with the fewest.
    least: Vec<u64>,
    /// The range of length classes.
    span: (u32, u32),
    /// Whether only status, content type, form and length are compared.
    coarse: bool,
}

impl AnswerClass {
    pub(super) fn new(look: &ResponseShape) -> Self {
        let span = (look.length_class, look.length_class);
        let mut class = Self {
            first: look.clone(),
            all: BTreeSet::new(),
            least: look.entries.clone(),
            span,
            coarse: false,
        };
        class.widen(look);
        class
    }

    pub(super) fn shape(&self) -> u64 {
        self.first.hash()
    }

    /// Whether an answer is of this class. An answer without any key is not one with some of the keys.
    pub(super) fn has(&self, look: &ResponseShape) -> bool {
        let of_kind = look.status == self.first.status && look.content_type == self.first.content_type;
        if !of_kind || look.form != self.first.form {
            return false;
        }
        let fits = (self.span.0.saturating_sub(1)..=self.span.1 + 1).contains(&look.length_class);
        match (self.coarse, self.first.keyed && look.keyed) {
            (true, _) => fits,
            (false, true) => self.shares_keys(&look.entries),
            (false, false) => {
                fits && self.first.keyed == look.keyed
                    && (look.entries == self.first.entries || self.are_values(&look.entries))
            }
        }
    }

    fn shares_keys(&self, entries: &[u64]) -> bool {
        let have = |wanted: &u64| entries.binary_search(wanted).is_ok();
        match (entries.is_empty(), self.least.is_empty()) {
            (true, true) => true,
            (true, false) | (false, true) => false,
            (false, false) => {
                entries.iter().all(|entry| self.all.contains(entry)) || self.least.iter().all(have)
            }
        }
    }

    /// Whether these are entries of a list of bare values, which may have some of the kinds of values only.
    fn are_values(&self, entries: &[u64]) -> bool {
        self.first.form == BodyKind::JsonList
            && !entries.is_empty()
            && entries.iter().all(|entry| self.all.contains(entry))
    }

    /// Adds an answer of this class.
    pub(super) fn widen(&mut self, look: &ResponseShape) {
        if self.all.len() < ENTRIES {
            let entries = look.entries.iter().copied();
            // For a single text the words matter, not the kind.
            let keyed = look.keyed;
            self.all.extend(entries.flat_map(|entry| [Some(entry), also(entry).filter(|_| keyed)]).flatten());
        }
        if look.entries.len() < self.least.len() && !look.entries.is_empty() {
            self.least.clone_from(&look.entries);
        }
        self.span = (self.span.0.min(look.length_class), self.span.1.max(look.length_class));
    }

    /// Whether another class differs only in the body.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        let key = |class: &Self| (class.first.status, class.first.content_type.clone(), class.first.form);
        key(self) == key(other)
    }

    /// Merges another class into this one.
    pub(super) fn join(&mut self, other: &Self) {
        self.span = (self.span.0.min(other.span.0), self.span.1.max(other.span.1));
    }

    /// A coarse copy, which ignores the content of the body.
    pub(super) fn coarse(self) -> Self {
        Self { coarse: true, ..self }
    }
}

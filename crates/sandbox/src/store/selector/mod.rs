//! Label and field selectors of lists, watches and controllers (kubernetes-wire 5.2, 5.3).

mod field;
mod label;
mod lexer;

use super::Object;
pub(super) use field::fact;
pub use field::{FieldSelector, selectable};
pub use label::{LabelSelector, Requirement};

/// The label and field selectors of a request; the default matches every object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selectors {
    /// The selector for `metadata.labels`.
    pub labels: LabelSelector,
    /// The selector for fields.
    pub fields: FieldSelector,
}

impl Selectors {
    /// Returns a selector for labels only.
    pub fn labels(labels: LabelSelector) -> Selectors {
        Selectors { labels, ..Selectors::default() }
    }

    /// Returns whether the selectors match every object.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Returns whether `object` matches both selectors.
    pub fn matches(&self, object: &Object) -> bool {
        self.labels.matches(&object.labels) && self.fields.matches(object)
    }
}

#[cfg(test)]
mod tests;

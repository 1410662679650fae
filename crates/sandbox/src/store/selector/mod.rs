//! Which objects a list, a watch or a controller means: label and field selectors (kubernetes-wire 5.2, 5.3).

mod field;
mod label;
mod lexer;

pub(super) use field::fact;
pub use field::{FieldSelector, selectable};
pub use label::{LabelSelector, Requirement};

use super::Object;

/// Both selectors of a request; the default selects everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selectors {
    /// By `metadata.labels`.
    pub labels: LabelSelector,
    /// By a few fields.
    pub fields: FieldSelector,
}

impl Selectors {
    /// Selects by labels only.
    pub fn labels(labels: LabelSelector) -> Selectors {
        Selectors { labels, ..Selectors::default() }
    }

    /// Whether everything is selected.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether `object` is selected.
    pub fn matches(&self, object: &Object) -> bool {
        self.labels.matches(&object.labels) && self.fields.matches(object)
    }
}

#[cfg(test)]
mod tests;

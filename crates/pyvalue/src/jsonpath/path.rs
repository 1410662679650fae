//! The syntax tree of a path.

use crate::value::Value;

/// A parsed path, beginning at the root.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    pub(super) steps: Vec<Step>,
}

/// An error of a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path has a syntax error.
    #[error("column {column}: {message}")]
    Syntax {
        /// The column in characters, from 1.
        column: usize,
        /// The message: what was expected.
        message: String,
    },
    /// A slice has the step 0.
    #[error("a slice of a JSON path has the step 0")]
    ZeroStep,
    /// The search visits too many values.
    #[error("the JSON path visits more than {0} values of this document")]
    TooManyVisits(usize),
}

/// One step: its selectors are applied to a node, or to a node and all its descendants.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// Whether the step is recursive (`..`).
    pub descend: bool,
    pub selectors: Vec<Selector>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Selector {
    Key(String),
    Index(i64),
    Slice {
        start: Option<i64>,
        end: Option<i64>,
        step: Option<i64>,
    },
    Wildcard,
    Filter(Expression),
    /// The keys or indices found by another path.
    Computed(Operand),
    Function(Function, Vec<Operand>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    CharAt,
    Entries,
    Keys,
    Length,
    Substring,
    Values,
}

/// A path from the root or from the current node, or a literal.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Root(Vec<Step>),
    Current(Vec<Step>),
    Literal(Value),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    Compare(Operand, Comparison, Operand),
    Some(Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

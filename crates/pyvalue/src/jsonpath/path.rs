//! A parsed path.

use crate::value::Value;

/// A parsed path, beginning at the root.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    pub(super) steps: Vec<Step>,
}

/// Why a path cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It does not parse.
    #[error("column {column}: {message}")]
    Syntax {
        /// Where, in characters from 1.
        column: usize,
        /// What was expected.
        message: String,
    },
    /// A slice has the step 0.
    #[error("a slice of a JSON path has the step 0")]
    ZeroStep,
    /// It walks through too much.
    #[error("the JSON path visits more than {0} values of this document")]
    TooMuch(usize),
}

/// One step: selectors applied to a node, or to it and everything below it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// `..`.
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
    /// Keys or indices that another path finds.
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

//! The JSON path dialect of `jsonpath` tolerances (experiment-format 6.6). It is older than RFC 9535 and differs
//! from it: filters act on the node itself, `=` compares, `or` binds tighter than `and`.

mod eval;
mod functions;
mod parse;
mod token;

use super::Value;

/// A parsed path, beginning at the root.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    steps: Vec<Step>,
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

impl Path {
    /// Parses a path such as `$.items[*].name`.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        parse::path(path)
    }

    /// Every value the path leads to, in document order.
    pub fn find(&self, root: &Value) -> Result<Vec<Value>, PathError> {
        eval::find(self, root)
    }
}

/// One step: selectors applied to a node, or to it and everything below it.
#[derive(Clone, Debug, PartialEq)]
struct Step {
    /// `..`.
    descend: bool,
    selectors: Vec<Selector>,
}

#[derive(Clone, Debug, PartialEq)]
enum Selector {
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
enum Function {
    CharAt,
    Entries,
    Keys,
    Length,
    Substring,
    Values,
}

/// A path from the root or from the current node, or a literal.
#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Root(Vec<Step>),
    Current(Vec<Step>),
    Literal(Value),
}

#[derive(Clone, Debug, PartialEq)]
enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    Compare(Operand, Comparison, Operand),
    Some(Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[cfg(test)]
mod tests;

//! The JSON path dialect of the Python package `jsonpath2`. It is older than RFC 9535 and differs from it: filters
//! apply to the node itself, `=` compares, `or` binds tighter than `and`.

mod eval;
mod functions;
mod parse;
mod path;
mod token;

use crate::value::Value;
pub use path::{Path, PathError};

impl Path {
    /// Parses a path such as `$.items[*].name`.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        parse::path(path)
    }

    /// Returns every value that matches the path, in document order.
    pub fn find(&self, root: &Value) -> Result<Vec<Value>, PathError> {
        eval::find(self, root)
    }
}

#[cfg(test)]
mod tests;

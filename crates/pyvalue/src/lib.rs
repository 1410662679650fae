//! Python's idea of values, for programs that read what Python programs read and must come to the same conclusions.
//!
//! A [`Value`] has JSON's shapes with Python's truth, equality and order: `1 == 1.0 == True`, integers of any size,
//! `NaN`. It is read from JSON as Python's `json` reads it or from YAML 1.1 as PyYAML does ([`Document`], which knows
//! the line and column of every node), written as `json.dumps` writes it, and printed as `str` and `repr` print it.
//! [`regex`] compiles Python's regular expressions, [`jsonpath`] evaluates the paths of the Python package
//! `jsonpath2`.

mod compare;
mod convert;
mod decimal;
mod document;
#[cfg(test)]
mod extremes;
mod json_text;
pub mod jsonpath;
pub mod part;
mod python_text;
pub mod regex;
mod serial;
mod value;

pub use convert::{to_float, to_integer};
pub use decimal::Decimal;
pub use document::{Document, Part, Position, SyntaxError, parse_json, place};
pub use python_text::{python_float, python_literal, python_text};
pub use value::{Map, Value};

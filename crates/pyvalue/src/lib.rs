#![doc = include_str!("../README.md")]

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
pub use json_text::json_escaped;
pub use python_text::{python_float, python_literal, python_text};
pub use value::{Map, Value};

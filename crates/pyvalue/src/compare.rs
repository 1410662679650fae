//! Equality and order with Python's semantics.

use crate::{decimal::Decimal, value::Value};
use std::cmp::Ordering;

impl Value {
    /// Python's `==`: compares numbers and booleans by numeric value, mappings without regard to order, and other
    /// values only with values of the same type.
    pub fn py_eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Time(a), Value::Time(b)) => a == b,
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.py_eq(b))
            }
            (Value::Map(a), Value::Map(b)) => {
                a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| a.py_eq(b)))
            }
            _ => matches!(self.numeric_cmp(other), Some(Some(Ordering::Equal))),
        }
    }

    /// Python's `<=`; `None` where Python raises a `TypeError`.
    pub fn py_le(&self, other: &Value) -> Option<bool> {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => Some(a <= b),
            (Value::Time(a), Value::Time(b)) if a.len() == b.len() => Some(a <= b),
            (Value::List(a), Value::List(b)) => match a.iter().zip(b).find(|(a, b)| !a.py_eq(b)) {
                Some((a, b)) => a.py_le(b),
                None => Some(a.len() <= b.len()),
            },
            _ => self.numeric_cmp(other).map(|order| order.is_some_and(Ordering::is_le)),
        }
    }

    /// Compares two numbers: `None` when one is not a number, `Some(None)` when one is NaN.
    pub(crate) fn numeric_cmp(&self, other: &Value) -> Option<Option<Ordering>> {
        let (a, b) = (self.as_plain_int(), other.as_plain_int());
        if let (Some(a), Some(b)) = (a, b) {
            return Some(Some(a.cmp(&b)));
        }
        if let (Value::Float(a), Value::Float(b)) = (self, other) {
            return Some(a.partial_cmp(b));
        }
        let (a, b) = (Decimal::of_number(self)?, Decimal::of_number(other)?);
        Some(a.partial_cmp(&b))
    }

    fn as_plain_int(&self) -> Option<i64> {
        match self {
            Value::Bool(b) => Some(i64::from(*b)),
            Value::Int(int) => Some(*int),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Value, parse_json};

    fn json(text: &str) -> Value {
        parse_json(text).unwrap()
    }

    #[test]
    fn numbers_are_equal_by_value() {
        let equal = [
            ("1", "1.0"),
            ("1", "true"),
            ("0", "false"),
            ("0.0", "-0.0"),
            ("100000000000000000000", "1e20"),
            ("{\"a\": 1, \"b\": 2}", "{\"b\": 2.0, \"a\": true}"),
            ("[1, [true]]", "[1.0, [1]]"),
        ];
        let different = [
            ("1", "\"1\""),
            ("null", "false"),
            ("NaN", "NaN"),
            ("9007199254740993", "9007199254740992.0"),
            ("100000000000000000001", "1e20"),
            ("[1]", "[1, 2]"),
            ("{}", "[]"),
        ];
        for (a, b) in &equal {
            assert!(json(a).py_eq(&json(b)) && json(b).py_eq(&json(a)), "{a} {b}");
        }
        for (a, b) in &different {
            assert!(!json(a).py_eq(&json(b)), "{a} {b}");
        }
    }

    #[test]
    fn order_is_pythons() {
        let table = [
            ("1", "2", Some(true)),
            ("true", "0.5", Some(false)),
            ("\"10\"", "\"9\"", Some(true)),
            ("[1, 2]", "[1, 3]", Some(true)),
            ("[1]", "[1, 0]", Some(true)),
            ("1", "\"2\"", None),
            ("null", "null", None),
            ("{}", "{}", None),
            ("NaN", "1", Some(false)),
            ("1", "Infinity", Some(true)),
        ];
        for (a, b, le) in &table {
            assert_eq!(json(a).py_le(&json(b)), *le, "{a} <= {b}");
        }
    }
}

//! Python-compatible values: the types of JSON with Python's rules for equality, truth and text.

use indexmap::IndexMap;

/// A mapping that preserves the order of its keys, like Python's `dict`.
///
/// The hash function is fast and randomly seeded in every process, because keys come from files and responses.
pub type Map = IndexMap<String, Value, foldhash::fast::RandomState>;

/// A value from a file, a response or a program's output.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`, Python's `None`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// An integer that does not fit: its canonical decimal digits, with a minus sign if negative.
    Big(Box<str>),
    /// A float; may be NaN or infinite, which Python's JSON reads and writes bare.
    Float(f64),
    /// A string.
    Text(String),
    /// A date of YAML, with or without a time: in ISO 8601, as JSON gets it.
    Time(Box<str>),
    /// A list.
    List(Vec<Value>),
    /// A mapping that preserves the order of its keys.
    Map(Map),
}

impl Value {
    /// Returns Python's truth value: null, false, zero and empty values are false.
    pub fn truthy(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(b) => *b,
            Value::Int(i) => *i != 0,
            Value::Big(_) | Value::Time(_) => true,
            Value::Float(f) => *f != 0.0,
            Value::Text(s) => !s.is_empty(),
            Value::List(l) => !l.is_empty(),
            Value::Map(m) => !m.is_empty(),
        }
    }

    /// Returns the entry `key` of a mapping; `None` for a missing key and for other types.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map().and_then(|m| m.get(key))
    }

    /// Like [`Value::get`], but mutable.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        match self {
            Value::Map(map) => map.get_mut(key),
            _ => None,
        }
    }

    /// Returns the string, if the value is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(s) => Some(s),
            _ => None,
        }
    }

    /// Returns the mapping, if the value is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }

    /// Returns the list, if the value is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(l) => Some(l),
            _ => None,
        }
    }

    /// Returns whether the value is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

/// Parses an integer of any length from decimal digits with an optional minus sign.
pub(crate) fn integer(digits: &str) -> Value {
    if let Ok(int) = digits.parse() {
        Value::Int(int)
    } else {
        let (sign, magnitude) = digits.strip_prefix('-').map_or(("", digits), |magnitude| ("-", magnitude));
        let magnitude = magnitude.trim_start_matches('0');
        Value::Big(format!("{sign}{magnitude}").into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Value::Int(i)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Value::Map(map)
    }
}

impl From<Vec<Value>> for Value {
    fn from(list: Vec<Value>) -> Self {
        Value::List(list)
    }
}

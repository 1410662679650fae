//! A value as a Python program sees it: JSON's shapes with Python's rules for equality, truth and text.

use indexmap::IndexMap;

/// A mapping that keeps the order of its keys, as Python's `dict` does.
///
/// Its hashes are quick and seeded anew in every process: keys come from files and from services' answers.
pub type Map = IndexMap<String, Value, foldhash::fast::RandomState>;

/// One value: of a file, of an answer, of a program's output.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`, Python's `None`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// An integer that does not: its canonical decimal digits, with a sign if negative.
    Big(Box<str>),
    /// A float; may be NaN or infinite, which Python's JSON reads and writes bare.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A mapping in its own order.
    Map(Map),
}

impl Value {
    /// Python's truth: null, false, zero and whatever is empty are false.
    pub fn truthy(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(b) => *b,
            Value::Int(i) => *i != 0,
            Value::Big(_) => true,
            Value::Float(f) => *f != 0.0,
            Value::Text(s) => !s.is_empty(),
            Value::List(l) => !l.is_empty(),
            Value::Map(m) => !m.is_empty(),
        }
    }

    /// The entry `key` of a mapping; `None` for a missing key and for anything that is no mapping.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map().and_then(|m| m.get(key))
    }

    /// [`Value::get`], to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        match self {
            Value::Map(map) => map.get_mut(key),
            _ => None,
        }
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(s) => Some(s),
            _ => None,
        }
    }

    /// The mapping, if this is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }

    /// The list, if this is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(l) => Some(l),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

/// The integer of canonical decimal digits with an optional minus, as long as it may be.
pub(crate) fn integer(digits: &str) -> Value {
    match digits.parse() {
        Ok(int) => Value::Int(int),
        Err(_) => {
            let (sign, magnitude) =
                digits.strip_prefix('-').map_or(("", digits), |magnitude| ("-", magnitude));
            let magnitude = magnitude.trim_start_matches('0');
            Value::Big(format!("{sign}{magnitude}").into())
        }
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

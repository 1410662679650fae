//! JSON with Python's extensions: `NaN` and `Infinity`, unbounded integers, and the last of two equal keys wins.

use super::position::{Node, Span, SyntaxError, span};
use crate::value::{Map, Value, integer};

/// The maximum nesting depth; Python's limit is slightly higher, and no hand-written file reaches either.
pub(crate) const MAX_DEPTH: usize = 200;

/// The maximum number of values in one text, because a value uses about 100 bytes of memory and can take as little as
/// three bytes of text.
pub(super) const MAX_VALUES: usize = 1_000_000;

/// The maximum number of digits in an integer, as in Python.
const MAX_DIGITS: usize = 4300;

/// Parses one JSON text and the positions of all its values.
pub(crate) fn parse(text: &str) -> Result<(Value, Node), SyntaxError> {
    parse_with(text, true)
}

/// Parses one JSON text without positions.
pub(crate) fn parse_value(text: &str) -> Result<Value, SyntaxError> {
    parse_with(text, false).map(|(value, _)| value)
}

fn parse_with(text: &str, positions: bool) -> Result<(Value, Node), SyntaxError> {
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        depth: 0,
        values: 0,
        positions,
        items: Vec::new(),
        entries: Vec::new(),
    };
    parser.skip_space();
    let parsed = parser.value()?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(parsed),
        Some(_) => Err(parser.error("Extra data")),
    }
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    values: usize,
    /// Whether positions are recorded.
    positions: bool,
    /// The items and entries of all open lists and mappings; each collection is allocated with its exact size when it
    /// closes.
    items: Vec<Value>,
    entries: Vec<(String, Value)>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn error(&self, message: impl Into<String>) -> SyntaxError {
        self.error_at(self.at, message)
    }

    fn error_at(&self, offset: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError::at(self.text, offset, message)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<(Value, Node), SyntaxError> {
        let start = self.at;
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(self.error(format!("More than {MAX_VALUES} values")));
        }
        match self.peek() {
            Some(b'{') => self.nested(Self::mapping),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => {
                let text = self.string()?;
                Ok((Value::Text(text), Node::leaf(start, self.at)))
            }
            _ => {
                let value = self.scalar()?;
                Ok((value, Node::leaf(start, self.at)))
            }
        }
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<(Value, Node), SyntaxError>,
    ) -> Result<(Value, Node), SyntaxError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(format!("Nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        let parsed = read(self);
        self.depth -= 1;
        parsed
    }

    fn list(&mut self) -> Result<(Value, Node), SyntaxError> {
        let (start, first) = (self.at, self.items.len());
        let mut children = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.peek() != Some(b']') {
            loop {
                let (item, node) = self.value()?;
                self.items.push(item);
                if self.positions {
                    children.push(node);
                }
                if self.separator(b']')? {
                    break;
                }
            }
        }
        self.at += 1;
        let items = self.items.drain(first..).collect();
        Ok((Value::List(items), Node { span: span(start, self.at), children, keys: Vec::new() }))
    }

    fn mapping(&mut self) -> Result<(Value, Node), SyntaxError> {
        let (start, first) = (self.at, self.entries.len());
        let mut places = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.peek() != Some(b'}') {
            loop {
                if self.peek() != Some(b'"') {
                    return Err(self.error("Expecting property name enclosed in double quotes"));
                }
                let key_start = self.at;
                let key = self.string()?;
                let key_span = span(key_start, self.at);
                self.skip_space();
                if self.peek() != Some(b':') {
                    return Err(self.error("Expecting ':' delimiter"));
                }
                self.at += 1;
                self.skip_space();
                let (value, node) = self.value()?;
                self.entries.push((key, value));
                if self.positions {
                    places.push((key_span, node));
                }
                if self.separator(b'}')? {
                    break;
                }
            }
        }
        self.at += 1;
        let entries = self.entries.drain(first..);
        let (mut children, mut keys) = (Vec::new(), Vec::new());
        if !self.positions {
            let map = entries.collect();
            return Ok((Value::Map(map), Node { span: span(start, self.at), children, keys }));
        }
        let mut map = Map::default();
        for ((key, value), (key_span, node)) in entries.zip(places) {
            insert(&mut map, &mut children, &mut keys, (key, key_span), (value, node));
        }
        Ok((Value::Map(map), Node { span: span(start, self.at), children, keys }))
    }

    /// Skips the separator after an item. Returns true at the closing byte, false before the next item.
    fn separator(&mut self, close: u8) -> Result<bool, SyntaxError> {
        self.skip_space();
        match self.peek() {
            Some(byte) if byte == close => Ok(true),
            Some(b',') => {
                self.at += 1;
                self.skip_space();
                Ok(false)
            }
            _ => Err(self.error("Expecting ',' delimiter")),
        }
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut plain = self.at;
        // Fast path: most strings contain no escapes.
        while matches!(self.peek(), Some(byte) if byte >= 0x20 && byte != b'"' && byte != b'\\') {
            self.at += 1;
        }
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(self.text[plain..self.at - 1].to_owned());
        }
        let mut out = String::new();
        loop {
            match self.peek() {
                None => return Err(self.error_at(start, "Unterminated string starting at")),
                Some(b'"') => {
                    out.push_str(&self.text[plain..self.at]);
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    out.push_str(&self.text[plain..self.at]);
                    self.at += 1;
                    out.push(self.escape(start)?);
                    plain = self.at;
                }
                Some(..0x20) => return Err(self.error("Invalid control character at")),
                Some(_) => self.at += 1,
            }
        }
    }

    /// Parses the character after a backslash.
    fn escape(&mut self, string_start: usize) -> Result<char, SyntaxError> {
        let Some(byte) = self.peek() else {
            return Err(self.error_at(string_start, "Unterminated string starting at"));
        };
        let escaped = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(self.error_at(self.at - 1, "Invalid \\escape")),
        };
        self.at += 1;
        Ok(escaped)
    }

    /// Parses `uXXXX`, with the second half of a surrogate pair; an unpaired surrogate becomes the replacement
    /// character.
    fn unicode_escape(&mut self) -> Result<char, SyntaxError> {
        let first = self.four_digits()?;
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let before = self.at;
            self.at += 1;
            let second = self.four_digits()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Result<u32, SyntaxError> {
        let digits = self.bytes.get(self.at + 1..self.at + 5);
        let valid = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let code = valid.and_then(|digits| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        self.at += 5;
        code.ok_or_else(|| self.error_at(self.at.saturating_sub(5), "Invalid \\uXXXX escape"))
    }

    fn scalar(&mut self) -> Result<Value, SyntaxError> {
        let words = [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ];
        for (word, value) in words {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.number()
    }

    fn number(&mut self) -> Result<Value, SyntaxError> {
        let start = self.at;
        let mut end = start + usize::from(self.peek() == Some(b'-'));
        let digits = |from: usize| self.bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        // A number with a leading zero has no further integer digits.
        let whole = if self.bytes.get(end) == Some(&b'0') { 1 } else { digits(end.min(self.bytes.len())) };
        if whole == 0 {
            return Err(self.error("Expecting value"));
        }
        end += whole;
        let integer_end = end;
        if self.bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
        }
        if matches!(self.bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.bytes.get(end + 1), Some(b'+' | b'-')));
            let from = (end + 1 + sign).min(self.bytes.len());
            if digits(from) > 0 {
                end = from + digits(from);
            }
        }
        let text = &self.text[start..end];
        if end > integer_end {
            self.at = end;
            return Ok(Value::Float(text.parse().unwrap_or(f64::NAN)));
        }
        if whole > MAX_DIGITS {
            return Err(self.error(format!("Integer of more than {MAX_DIGITS} digits")));
        }
        self.at = end;
        Ok(integer(text))
    }
}

/// Inserts an entry into a mapping, and its spans; the last of two equal keys wins, at the position of the first.
pub(super) fn insert(
    map: &mut Map,
    children: &mut Vec<Node>,
    keys: &mut Vec<Span>,
    (key, key_span): (String, Span),
    (value, node): (Value, Node),
) {
    let (index, old) = map.insert_full(key, value);
    if old.is_none() {
        children.push(node);
        keys.push(key_span);
    } else if let (Some(child), Some(at)) = (children.get_mut(index), keys.get_mut(index)) {
        *child = node;
        *at = key_span;
    }
}

//! Values as JSON text in two formats of Python: the journal's, and the default of `json.dumps`.

use crate::{python_text::python_float, value::Value};

impl Value {
    /// Returns JSON in the journal's format: two-space indentation, characters not escaped, bare `NaN`, no final line
    /// ending.
    pub fn to_json_pretty(&self) -> String {
        let mut out = String::new();
        Writer { out: &mut out, indent: Some(2), ascii: false }.value(self, 0);
        out
    }

    /// Returns JSON on one line in the format of Python's `json.dumps`: separators `, ` and `: `, non-ASCII escaped.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        Writer { out: &mut out, indent: None, ascii: true }.value(self, 0);
        out
    }
}

/// Returns what stands for a text within the quotes of JSON. `by_number` says which characters are written by the numbers of
/// their UTF-16 units, each as `number` writes it; control characters are, unless they have a short form.
pub fn json_escaped(text: &str, by_number: impl Fn(char) -> bool, number: fn(u16) -> String) -> String {
    let mut out = String::new();
    escape(&mut out, text, by_number, number);
    out
}

fn escape(out: &mut String, text: &str, by_number: impl Fn(char) -> bool, number: fn(u16) -> String) {
    for c in text.chars() {
        match c {
            c if by_number(c) => out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| number(*unit))),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => out.push_str(&number(c as u16)),
            c => out.push(c),
        }
    }
}

struct Writer<'a> {
    out: &'a mut String,
    indent: Option<usize>,
    ascii: bool,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, level: usize) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(true) => self.out.push_str("true"),
            Value::Bool(false) => self.out.push_str("false"),
            Value::Int(int) => self.out.push_str(&int.to_string()),
            Value::Big(digits) => self.out.push_str(digits),
            Value::Float(float) => self.float(*float),
            Value::Text(text) => self.text(text),
            Value::Time(iso) => self.text(iso),
            Value::List(list) if list.is_empty() => self.out.push_str("[]"),
            Value::Map(map) if map.is_empty() => self.out.push_str("{}"),
            Value::List(list) => {
                self.out.push('[');
                for (i, item) in list.iter().enumerate() {
                    self.separator(i, level + 1);
                    self.value(item, level + 1);
                }
                self.new_line(level);
                self.out.push(']');
            }
            Value::Map(map) => {
                self.out.push('{');
                for (i, (key, item)) in map.iter().enumerate() {
                    self.separator(i, level + 1);
                    self.text(key);
                    self.out.push_str(": ");
                    self.value(item, level + 1);
                }
                self.new_line(level);
                self.out.push('}');
            }
        }
    }

    fn separator(&mut self, index: usize, level: usize) {
        match (index, self.indent) {
            (0, _) => {}
            (_, None) => self.out.push_str(", "),
            (_, Some(_)) => self.out.push(','),
        }
        self.new_line(level);
    }

    fn new_line(&mut self, level: usize) {
        if let Some(indent) = self.indent {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', indent * level));
        }
    }

    fn float(&mut self, float: f64) {
        let text = match python_float(float).as_str() {
            "nan" => "NaN".to_owned(),
            "inf" => "Infinity".to_owned(),
            "-inf" => "-Infinity".to_owned(),
            finite => finite.to_owned(),
        };
        self.out.push_str(&text);
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        escape(self.out, text, |c| self.ascii && !c.is_ascii(), |unit| format!("\\u{unit:04x}"));
        self.out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use crate::{Value, parse_json};

    #[test]
    fn c102_the_journal_is_indented_by_two_and_not_escaped() {
        let value = parse_json(r#"{"b": [1, {}], "a": "é\u0001\n", "n": NaN, "big": 123456789012345678901}"#)
            .unwrap();
        let expected = "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": \"é\\u0001\\n\",\n  \"n\": NaN,\n  \
                        \"big\": 123456789012345678901\n}";
        assert_eq!(value.to_json_pretty(), expected);
    }

    #[test]
    fn json_on_one_line_is_what_python_dumps() {
        let value = parse_json(r#"[1.0, 1e20, 1e-7, -0.0, "é😀", true, null, Infinity, []]"#).unwrap();
        let expected = r#"[1.0, 1e+20, 1e-07, -0.0, "\u00e9\ud83d\ude00", true, null, Infinity, []]"#;
        assert_eq!(value.to_json(), expected);
        assert_eq!(Value::from(Vec::new()).to_json(), "[]");
    }
}

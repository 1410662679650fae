//! Substitution of `${name}` and `$name` in texts (experiment-format 4.7 and 4.8).

use super::Secrets;
use pyvalue::{Map, Value, python_text};

/// Replaces variables in every text of `value`, deeply; mapping keys stay as they are.
///
/// A text that is exactly one `${name}` becomes the value itself with its type; anything else stays text. Unknown
/// variables stay as written. Names are looked up in the configuration, then in each secrets scope in file order.
pub fn substitute(value: &Value, configuration: &Map, secrets: &Secrets) -> Value {
    let variables = Variables { configuration, secrets };
    variables.in_value(value)
}

/// [`substitute`] for one text.
pub fn substitute_text(text: &str, configuration: &Map, secrets: &Secrets) -> Value {
    Variables { configuration, secrets }.in_text(text)
}

struct Variables<'a> {
    configuration: &'a Map,
    secrets: &'a Secrets,
}

impl<'a> Variables<'a> {
    fn named(&self, name: &str) -> Option<&'a Value> {
        let scopes = || self.secrets.expose().values().find_map(|scope| scope.get(name));
        self.configuration.get(name).or_else(scopes)
    }

    fn in_value(&self, value: &Value) -> Value {
        match value {
            Value::Text(text) => self.in_text(text),
            Value::List(list) => list.iter().map(|item| self.in_value(item)).collect::<Vec<_>>().into(),
            Value::Map(map) => {
                map.iter().map(|(key, item)| (key.clone(), self.in_value(item))).collect::<Map>().into()
            }
            other => other.clone(),
        }
    }

    fn in_text(&self, text: &str) -> Value {
        if let Some(name) = whole_variable(text)
            && let Some(value) = self.named(name)
        {
            return value.clone();
        }
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            result.push_str(&rest[..dollar]);
            let (written, consumed) = match token(&rest[dollar..]) {
                Token::Dollar => ("$", 2),
                Token::Variable { name, length } => match self.named(name) {
                    Some(value) => {
                        result.push_str(&python_text(value));
                        ("", length)
                    }
                    None => (&rest[dollar..dollar + length], length),
                },
                Token::Other => ("$", 1),
            };
            result.push_str(written);
            rest = &rest[dollar + consumed..];
        }
        result.push_str(rest);
        Value::Text(result)
    }
}

/// The variable's name, if the text is exactly one `${name}`.
fn whole_variable(text: &str) -> Option<&str> {
    match token(text) {
        Token::Variable { name, length } if length == text.len() && length > name.len() + 1 => Some(name),
        _ => None,
    }
}

/// The token at the start of a text.
enum Token<'a> {
    /// `$$`.
    Dollar,
    /// `$name` or `${name}`, `length` bytes long.
    Variable { name: &'a str, length: usize },
    /// A lone `$`.
    Other,
}

fn token(text: &str) -> Token<'_> {
    let Some(after) = text.strip_prefix('$') else { return Token::Other };
    if after.starts_with('$') {
        return Token::Dollar;
    }
    if let Some(braced) = after.strip_prefix('{') {
        let name = leading_name(braced);
        return if braced[name.len()..].starts_with('}') && !name.is_empty() {
            Token::Variable { name, length: name.len() + 3 }
        } else {
            Token::Other
        };
    }
    match leading_name(after) {
        "" => Token::Other,
        name => Token::Variable { name, length: name.len() + 1 },
    }
}

/// The longest name at the start: an ASCII letter or underscore, then letters, digits, underscores.
fn leading_name(text: &str) -> &str {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return "";
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::substitute;
    use crate::{experiment::Secrets, test_support::map};
    use pyvalue::{Value, parse_json};

    fn json(text: &str) -> Value {
        parse_json(text).unwrap()
    }

    fn replaced(text: &str) -> Value {
        let configuration = map(
            r#"{"n": 5, "b": true, "none": null, "f": 100.0, "e": 1e20, "t": "x", "empty": "",
                "list": ["x", 1, {"k": null}], "twice": "${n}", "both": "configuration", "my-key": 1, "é": 1}"#,
        );
        let secrets =
            Secrets::new(map(r#"{"one": {"s": "first", "both": "secret"}, "two": {"s": "second", "u": 2}}"#));
        substitute(&json(text), &configuration, &secrets)
    }

    fn table(rows: &[(&str, &str)]) {
        for (template, expected) in rows {
            assert_eq!(replaced(template), json(expected), "{template}");
        }
    }

    #[test]
    fn c034_whole_variable_keeps_its_type() {
        table(&[
            (r#""${n}""#, "5"),
            (r#""x${n}""#, r#""x5""#),
            (r#""$n""#, r#""5""#),
            (r#""${list}""#, r#"["x", 1, {"k": null}]"#),
            (r#""${empty}""#, r#""""#),
            (r#""${none}""#, "null"),
            (r#""${n}${n}""#, r#""55""#),
        ]);
    }

    #[test]
    fn c035_embedded_values_are_pythons_text() {
        table(&[
            (r#""is ${b}""#, r#""is True""#),
            (r#""${none}!""#, r#""None!""#),
            (r#""$f $e""#, r#""100.0 1e+20""#),
            (r#""=${list}""#, r#""=['x', 1, {'k': None}]""#),
        ]);
    }

    #[test]
    fn c036_unknown_variables_stay() {
        table(&[
            (r#""${gone}""#, r#""${gone}""#),
            (r#""$gone $n""#, r#""$gone 5""#),
            (r#""${gone} ${t}""#, r#""${gone} x""#),
        ]);
    }

    #[test]
    fn c037_names_are_ascii_words() {
        table(&[
            (r#""${my-key}""#, r#""${my-key}""#),
            (r#""${é}""#, r#""${é}""#),
            (r#""$5 ${} ${ n } ${n""#, r#""$5 ${} ${ n } ${n""#),
            (r#""$né""#, r#""5é""#),
            (r#""a$""#, r#""a$""#),
            (r#""$$n $${n} $$$$""#, r#""$n ${n} $$""#),
            (r#""$t.x ${N}""#, r#""x.x ${N}""#),
        ]);
    }

    #[test]
    fn c038_configuration_comes_before_secrets() {
        table(&[(r#""${both}""#, r#""configuration""#)]);
    }

    #[test]
    fn c039_the_first_scope_wins() {
        table(&[(r#""${s}""#, r#""first""#), (r#""${u}""#, "2"), (r#""${one}""#, r#""${one}""#)]);
    }

    #[test]
    fn c040_keys_stay_and_values_are_replaced_deeply() {
        table(&[(r#"{"${n}": ["${n}", {"a": "$t"}], "z": 1}"#, r#"{"${n}": [5, {"a": "x"}], "z": 1}"#)]);
    }

    #[test]
    fn c041_values_are_not_replaced_again() {
        table(&[(r#""${twice}""#, r#""${n}""#)]);
    }
}

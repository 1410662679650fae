//! Label selectors: the text form of queries and the `selector` of workloads.

use super::lexer::{Token, tokens};
use crate::store::{Labels, Status, names};
use serde_json::Value;

/// Requirements that must all hold; the default matches every object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelSelector(Vec<Requirement>);

/// A requirement for one label.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are the selector language's own")]
pub enum Requirement {
    Exists { key: String },
    Absent { key: String },
    In { key: String, values: Vec<String> },
    NotIn { key: String, values: Vec<String> },
    Above { key: String, bound: i64 },
    Below { key: String, bound: i64 },
}

impl LabelSelector {
    /// Parses `a=b,c in (d,e),!f`. Errors: 400 with the messages of a real server.
    pub fn parse(text: &str) -> Result<LabelSelector, Status> {
        let refuse = |why| Status::bad_request(format!("unable to parse requirement: {why}"));
        Parser { tokens: tokens(text), next: 0 }.requirements().map(LabelSelector).map_err(refuse)
    }

    /// Parses the selector of a workload or a disruption budget: `matchLabels` and `matchExpressions`. `None` when a
    /// requirement is invalid; an empty selector matches everything.
    pub fn of_workload(selector: &Value) -> Option<LabelSelector> {
        let mut requirements = equalities(&selector["matchLabels"])?;
        for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
            let key = expression["key"].as_str()?.to_owned();
            let values = || {
                let texts = expression["values"].as_array().into_iter().flatten();
                texts.map(|v| v.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
            };
            requirements.push(match expression["operator"].as_str()? {
                "In" => Requirement::In { key, values: values()? },
                "NotIn" => Requirement::NotIn { key, values: values()? },
                "Exists" => Requirement::Exists { key },
                "DoesNotExist" => Requirement::Absent { key },
                _ => return None,
            });
        }
        Some(LabelSelector(requirements))
    }

    /// Parses the selector of a Service, a plain map. `None` when a value is not a string.
    pub fn of_service(selector: &Value) -> Option<LabelSelector> {
        equalities(selector).map(LabelSelector)
    }

    /// Returns whether the selector matches every object.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether an object with these labels matches.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|requirement| requirement.holds(labels))
    }
}

/// Writes the text form, as in `status.selector` of a Scale.
impl std::fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, requirement) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            match requirement {
                Requirement::Exists { key } => write!(f, "{key}")?,
                Requirement::Absent { key } => write!(f, "!{key}")?,
                Requirement::In { key, values } => match values.as_slice() {
                    [value] => write!(f, "{key}={value}")?,
                    _ => write!(f, "{key} in ({})", values.join(","))?,
                },
                Requirement::NotIn { key, values } => match values.as_slice() {
                    [value] => write!(f, "{key}!={value}")?,
                    _ => write!(f, "{key} notin ({})", values.join(","))?,
                },
                Requirement::Above { key, bound } => write!(f, "{key}>{bound}")?,
                Requirement::Below { key, bound } => write!(f, "{key}<{bound}")?,
            }
        }
        Ok(())
    }
}

impl Requirement {
    fn holds(&self, labels: &Labels) -> bool {
        let number = |key: &str| labels.get(key).and_then(|value| value.parse::<i64>().ok());
        match self {
            Requirement::Exists { key } => labels.contains_key(key),
            Requirement::Absent { key } => !labels.contains_key(key),
            Requirement::In { key, values } => labels.get(key).is_some_and(|value| values.contains(value)),
            Requirement::NotIn { key, values } => {
                !labels.get(key).is_some_and(|value| values.contains(value))
            }
            Requirement::Above { key, bound } => number(key).is_some_and(|value| value > *bound),
            Requirement::Below { key, bound } => number(key).is_some_and(|value| value < *bound),
        }
    }
}

fn equalities(map: &Value) -> Option<Vec<Requirement>> {
    let entries = map.as_object().into_iter().flatten();
    entries
        .map(|(key, value)| {
            Some(Requirement::In { key: key.clone(), values: vec![value.as_str()?.to_owned()] })
        })
        .collect()
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    fn peek(&self) -> Token {
        self.tokens.get(self.next).cloned().unwrap_or(Token::End)
    }

    fn take(&mut self) -> Token {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn requirements(mut self) -> Result<Vec<Requirement>, String> {
        let mut requirements = Vec::new();
        if self.peek() == Token::End {
            return Ok(requirements);
        }
        loop {
            requirements.push(self.requirement()?);
            match self.take() {
                Token::End => return Ok(requirements),
                Token::Sign(",") if self.peek() != Token::End => {}
                Token::Sign(",") => return Err("found '', expected: identifier after ','".into()),
                other => return Err(format!("found '{}', expected: ',' or 'end of string'", other.text())),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let absent = self.peek() == Token::Sign("!");
        if absent {
            self.take();
        }
        let key = match self.take() {
            Token::Word(key) => key,
            other => {
                return Err(format!("found '{}', expected: !, identifier, or 'end of string'", other.text()));
            }
        };
        names::check_key(&key).map_err(|why| format!("invalid label key {key:?}: {why}"))?;
        if absent {
            return Ok(Requirement::Absent { key });
        }
        if matches!(self.peek(), Token::End | Token::Sign(",")) {
            return Ok(Requirement::Exists { key });
        }
        match self.take() {
            Token::Sign("=" | "==") => Ok(Requirement::In { values: vec![self.value(&key)?], key }),
            Token::Sign("!=") => Ok(Requirement::NotIn { values: vec![self.value(&key)?], key }),
            Token::Sign(">") => Ok(Requirement::Above { bound: self.number(&key)?, key }),
            Token::Sign("<") => Ok(Requirement::Below { bound: self.number(&key)?, key }),
            Token::Word(word) if word == "in" => Ok(Requirement::In { values: self.set(&key)?, key }),
            Token::Word(word) if word == "notin" => Ok(Requirement::NotIn { values: self.set(&key)?, key }),
            other => Err(format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", other.text())),
        }
    }

    /// Parses one value; a missing value is the empty string.
    fn value(&mut self, key: &str) -> Result<String, String> {
        match self.peek() {
            Token::End | Token::Sign(",") => Ok(String::new()),
            Token::Word(value) => {
                self.take();
                check_value(key, &value)?;
                Ok(value)
            }
            Token::Sign(sign) => Err(format!("found '{sign}', expected: identifier")),
        }
    }

    fn number(&mut self, key: &str) -> Result<i64, String> {
        let value = self.value(key)?;
        value.parse().map_err(|_| format!("values[0][{key}]: Invalid value: {value:?}: must be an integer"))
    }

    fn set(&mut self, key: &str) -> Result<Vec<String>, String> {
        match self.take() {
            Token::Sign("(") => {}
            other => return Err(format!("found '{}' expected: '('", other.text())),
        }
        let mut values = Vec::new();
        loop {
            match self.take() {
                Token::Word(value) => {
                    check_value(key, &value)?;
                    values.push(value);
                    match self.take() {
                        Token::Sign(",") => {}
                        Token::Sign(")") => return Ok(values),
                        other => return Err(format!("found '{}', expected: ',' or ')'", other.text())),
                    }
                }
                // `(a,)` and `()` contain the empty string, as on a real server.
                Token::Sign(")") => {
                    values.push(String::new());
                    return Ok(values);
                }
                Token::Sign(",") => values.push(String::new()),
                other => return Err(format!("found '{}', expected: ',', ')' or identifier", other.text())),
            }
        }
    }
}

fn check_value(key: &str, value: &str) -> Result<(), String> {
    names::check_value(value).map_err(|why| format!("invalid label value: {value:?}: at key: {key:?}: {why}"))
}

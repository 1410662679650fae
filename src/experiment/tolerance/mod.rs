//! Evaluates whether a probe's output meets its tolerance (experiment-format 6).

use super::{Activity, Secrets, substitute};
use pyvalue::{Decimal, Map, Value, jsonpath, parse_json, place, python_text, regex};
use std::cmp::Ordering;

/// The verdict on one output.
#[derive(Clone, Debug, PartialEq)]
pub enum ToleranceVerdict {
    /// Within the tolerance.
    Met,
    /// Outside of it: a normal outcome.
    NotMet,
    /// The tolerance cannot be evaluated; the reference raises an exception (6.7).
    NotEvaluable(String),
    /// The verdict requires running this activity (no log, no controls, no pauses, never dry): met if it succeeds with
    /// a truthy output, not met if it fails. Its `value` argument already contains the output.
    NeedsProbe(Box<Activity>),
}

impl ToleranceVerdict {
    fn met(met: bool) -> Self {
        if met { Self::Met } else { Self::NotMet }
    }
}

/// Evaluates a hypothesis entry's declared tolerance on the probe's output. `None` is a missing tolerance, which only
/// `--no-validation` accepts: never met. `place` is the JSON path of the entry.
pub fn evaluate(
    tolerance: Option<&Value>,
    output: &Value,
    configuration: &Map,
    secrets: &Secrets,
    place: &str,
) -> ToleranceVerdict {
    let substituted;
    let tolerance = match tolerance {
        Some(text @ Value::Text(_)) => {
            substituted = substitute(text, configuration, secrets);
            &substituted
        }
        Some(other) => other,
        None => return ToleranceVerdict::NotMet,
    };
    match tolerance {
        Value::Null | Value::Float(_) | Value::Time(_) => ToleranceVerdict::NotMet,
        Value::Bool(_) | Value::Text(_) => ToleranceVerdict::met(output.py_eq(tolerance)),
        Value::Int(_) | Value::Big(_) => {
            ToleranceVerdict::met(status_of(output).unwrap_or(output).py_eq(tolerance))
        }
        Value::List(list) => in_list(list, output),
        Value::Map(declared) => {
            let judge = ToleranceCheck { declared, output, configuration, secrets };
            let verdict = match declared.get("type").and_then(Value::as_str) {
                Some("probe") => judge.probe(place),
                Some("regex") => judge.regex(),
                Some("jsonpath") => judge.json_path(),
                Some("range") => judge.range(),
                _ => Ok(ToleranceVerdict::NotMet),
            };
            verdict.unwrap_or_else(ToleranceVerdict::NotEvaluable)
        }
    }
}

/// The `status` of an http or process result, or of any mapping that has one.
fn status_of(output: &Value) -> Option<&Value> {
    output.get("status")
}

fn in_list(list: &[Value], output: &Value) -> ToleranceVerdict {
    if let Some(status) = status_of(output) {
        return ToleranceVerdict::met(list.iter().any(|item| item.py_eq(status)));
    }
    if let [first, second] = list {
        let uncomparable = || {
            ToleranceVerdict::NotEvaluable(
                "the output cannot be compared with the tolerance's bounds".to_owned(),
            )
        };
        return match first.py_le(output) {
            None => uncomparable(),
            Some(false) => ToleranceVerdict::NotMet,
            Some(true) => output.py_le(second).map_or_else(uncomparable, ToleranceVerdict::met),
        };
    }
    ToleranceVerdict::met(list.iter().any(|item| item.py_eq(output)))
}

/// A declared tolerance mapping with the output and the variables it is evaluated on.
struct ToleranceCheck<'a> {
    declared: &'a Map,
    output: &'a Value,
    configuration: &'a Map,
    secrets: &'a Secrets,
}

impl<'a> ToleranceCheck<'a> {
    /// The part of the output that `target` names, or the whole output.
    fn target(&self) -> Result<&'a Value, String> {
        match self.declared.get("target").filter(|target| target.truthy()) {
            None => Ok(self.output),
            Some(target) => match (self.output, target) {
                (Value::Map(map), Value::Text(key)) => Ok(map.get(key).unwrap_or(self.output)),
                (Value::Map(_), _) => Ok(self.output),
                _ => Err(format!("tolerance target '{}' needs an output with keys", python_text(target))),
            },
        }
    }

    fn substituted(&self, key: &str) -> Value {
        let declared = self.declared.get(key).unwrap_or(&Value::Null);
        substitute(declared, self.configuration, self.secrets)
    }

    fn regex(&self) -> Result<ToleranceVerdict, String> {
        let Value::Text(pattern) = self.substituted("pattern") else {
            return Err("the tolerance's pattern is no text".to_owned());
        };
        let regex =
            regex::compile(&pattern).map_err(|error| format!("tolerance pattern {pattern}: {error}"))?;
        let Value::Text(text) = self.target()? else {
            return Err("a regex tolerance needs a text; name one with `target`".to_owned());
        };
        regex
            .is_match(text)
            .map(ToleranceVerdict::met)
            .map_err(|error| format!("tolerance pattern {pattern}: {error}"))
    }

    fn range(&self) -> Result<ToleranceVerdict, String> {
        let number = |value: &Value| match value {
            Value::Text(text) => Ok(Decimal::of_text(text)),
            other => Decimal::of_number(other).map(Some).ok_or("a range tolerance needs a number".to_owned()),
        };
        let Some(value) = number(self.target()?)? else { return Ok(ToleranceVerdict::NotMet) };
        let bounds = self.declared.get("range").and_then(Value::as_list).unwrap_or_default();
        let [low, high] = bounds else { return Err("a range tolerance needs two bounds".to_owned()) };
        let bound = |bound: &Value| number(bound)?.ok_or("a bound of the range is no number".to_owned());
        // Python evaluates the second comparison only if the first holds; comparing NaN raises an exception.
        let uncomparable = || "NaN cannot be compared with a range".to_owned();
        let above = bound(low)?.partial_cmp(&value).map(Ordering::is_le).ok_or_else(uncomparable)?;
        if !above {
            return Ok(ToleranceVerdict::NotMet);
        }
        let below = value.partial_cmp(&bound(high)?).map(Ordering::is_le).ok_or_else(uncomparable)?;
        Ok(ToleranceVerdict::met(below))
    }

    fn json_path(&self) -> Result<ToleranceVerdict, String> {
        let Value::Text(path) = self.substituted("path") else {
            return Err("the tolerance's path is no text".to_owned());
        };
        let path = jsonpath::Path::parse(&path).map_err(|error| error.to_string())?;
        let parsed = match self.target()? {
            Value::Text(text) => parse_json(text).unwrap_or_else(|_| Value::from(text.as_str())),
            other => other.clone(),
        };
        let found = path.find(&parsed).map_err(|error| error.to_string())?;
        if self.declared.contains_key("expect") {
            let expected = match self.substituted("expect") {
                Value::List(list) => list,
                one => vec![one],
            };
            let equal = found.len() == expected.len() && found.iter().zip(&expected).all(|(a, b)| a.py_eq(b));
            return Ok(ToleranceVerdict::met(equal));
        }
        let count = self.declared.get("count").filter(|count| !count.is_null());
        let number = Value::Int(i64::try_from(found.len()).unwrap_or(i64::MAX));
        Ok(ToleranceVerdict::met(count.map_or(!found.is_empty(), |count| number.py_eq(count))))
    }

    fn probe(&self, place: &str) -> Result<ToleranceVerdict, String> {
        let place = place::key(place, "tolerance");
        let mut activity = Activity::declared(self.declared, &place).map_err(|error| error.to_string())?;
        let arguments = activity.provider.raw.get_mut("arguments");
        let Some(Value::Map(arguments)) = arguments else {
            return Err(
                "a probe tolerance needs `arguments`: the output is put into them as `value`".to_owned()
            );
        };
        arguments.insert("value".to_owned(), self.output.clone());
        Ok(ToleranceVerdict::NeedsProbe(Box::new(activity)))
    }
}

#[cfg(test)]
mod tests;

//! Checks tolerances before substitution (experiment-format 3.2).

use super::{CachedChecks, activity, bad_activity, suggest};
use crate::experiment::findings::Collector;
use pyvalue::{Map, Value, jsonpath, place::Place, python_text, regex};

const KINDS: [&str; 4] = ["regex", "jsonpath", "range", "probe"];

pub(super) async fn check(
    tolerance: &Value,
    path: &Place<'_>,
    memo: &CachedChecks<'_>,
    collector: &mut Collector<'_>,
) {
    match tolerance {
        Value::Null | Value::Float(_) => {
            let message = "hypothesis probe tolerance must either be an integer, a string, a boolean or a pair of values \
                           for boundaries. It can also be a dictionary which is a probe activity definition that takes an \
                           argument called `value` with the value of the probe itself to be validated";
            let remedy = match tolerance {
                Value::Float(_) => "for a decimal number use {type: range, range: [low, high]}",
                _ => "write a status, a text, a boolean, a list or a mapping with a `type`",
            };
            let said = "a tolerance cannot be a decimal number or null";
            collector.refuse(path, bad_activity("E-TOL-TYPE", message).saying(said).remedy(remedy));
        }
        Value::Map(declared) => match declared.get("type") {
            Some(Value::Text(kind)) if kind == "regex" => regex(declared, path, collector),
            Some(Value::Text(kind)) if kind == "jsonpath" => json_path(declared, path, collector),
            Some(Value::Text(kind)) if kind == "range" => range(declared, path, collector),
            Some(Value::Text(kind)) if kind == "probe" => {
                Box::pin(activity::check(tolerance, path, memo, collector)).await;
            }
            kind => {
                let kind = kind.map_or_else(|| "None".to_owned(), python_text);
                let message = format!("hypothesis probe tolerance type '{kind}' is unsupported");
                let remedy = suggest::did_you_mean(&kind, KINDS, "use regex, jsonpath, range or probe");
                collector.refuse(path.key("type"), bad_activity("E-TOL-KIND", message).remedy(remedy));
            }
        },
        _ => {}
    }
}

fn regex(declared: &Map, path: &Place<'_>, collector: &mut Collector<'_>) {
    let place = path.key("pattern");
    let refusal = match declared.get("pattern") {
        None => bad_activity("E-TOL-REGEX", "hypothesis regex probe tolerance must have a `pattern` key")
            .remedy("add `pattern`"),
        Some(Value::Text(pattern)) => match regex::compile(pattern) {
            Ok(_) => return,
            Err(reason) => bad_activity(
                "E-TOL-REGEX",
                format!("hypothesis probe tolerance pattern {pattern} seems invalid: {reason}"),
            )
            .remedy("write a regular expression in Python's dialect"),
        },
        Some(other) => {
            let message =
                format!("hypothesis probe tolerance pattern {} has an invalid type", python_text(other));
            bad_activity("E-TOL-REGEX", message).remedy("write the pattern as a text")
        }
    };
    collector.refuse(place, refusal);
}

fn json_path(declared: &Map, path: &Place<'_>, collector: &mut Collector<'_>) {
    let place = path.key("path");
    let code = "E-TOL-JSONPATH";
    let text = match declared.get("path") {
        None => {
            let message = "hypothesis jsonpath probe tolerance must have a `path` key";
            return collector
                .refuse(place, bad_activity(code, message).remedy("add `path`, such as \"$.status\""));
        }
        Some(Value::Text(text)) => text.trim(),
        Some(_) => return collector.refuse_type(place, "a text"),
    };
    if text.is_empty() {
        let message = "hypothesis probe tolerance JSON path cannot be empty";
        return collector
            .refuse(place, bad_activity(code, message).remedy("write a path, such as \"$.status\""));
    }
    if let Err(error) = jsonpath::Path::parse(text) {
        let remedy = if text.starts_with("${") {
            "a path is checked before variables are replaced: begin it with `$.`".to_owned()
        } else {
            error.to_string()
        };
        let message = format!("hypothesis probe tolerance JSON path {text} is invalid");
        collector.refuse(place, bad_activity(code, message).remedy(remedy));
    }
}

fn range(declared: &Map, path: &Place<'_>, collector: &mut Collector<'_>) {
    let place = path.key("range");
    let code = "E-TOL-RANGE";
    let bounds = match declared.get("range") {
        None => {
            let message = "hypothesis range probe tolerance must have a `range` key";
            return collector.refuse(place, bad_activity(code, message).remedy("add `range`: [low, high]"));
        }
        Some(Value::List(bounds)) => bounds,
        Some(_) => {
            let refusal = bad_activity(code, "hypothesis range must be a sequence");
            return collector.refuse(place, refusal.remedy("write [low, high]"));
        }
    };
    if bounds.len() != 2 {
        let refusal = bad_activity(code, "hypothesis range sequence must be made of two values");
        return collector.refuse(place, refusal.remedy("write [low, high]"));
    }
    for (index, (bound, side)) in bounds.iter().zip(["lower", "upper"]).enumerate() {
        if matches!(bound, Value::Null | Value::Text(_) | Value::List(_) | Value::Map(_)) {
            let refusal = bad_activity(code, format!("hypothesis range {side} boundary must be a number"));
            let remedy = "write a number: variables are not replaced here";
            collector.refuse(place.item(index), refusal.remedy(remedy));
        }
    }
}

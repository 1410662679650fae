//! The table of settings of the config file: the name, explanation, parser and printer of each.

use super::{
    Preferences,
    preferences::{GROUNDS, THEMES},
};
use crate::{
    engine::Headers,
    experiment::text_list,
    observe::breaker::{SeriesRule, declared},
};
use pyvalue::Value;

/// A setting of the config file.
pub(super) struct ConfigKey {
    /// The name of the setting in the file.
    pub name: &'static str,
    /// The explanation in the printed file.
    pub about: &'static str,
    /// Stores a value in the preferences. The error says which values are valid.
    pub parse: fn(&mut Preferences, &Value) -> Result<(), String>,
    /// Returns the value as it is written in the file.
    pub print: fn(&Preferences) -> String,
}

/// All settings except the key bindings, in the order of the printed file.
pub(super) const SETTINGS: &[ConfigKey] = &[
    ConfigKey {
        name: "theme",
        about: "auto, dark, light, colour-blind or mono; auto asks the terminal whether it is dark or light",
        parse: |preferences, value| one_of(value, &THEMES).map(|name| preferences.theme = name),
        print: |preferences| preferences.theme.clone(),
    },
    ConfigKey {
        name: "ground",
        about: "theme or terminal: the background behind text; in sixteen colours it is always the terminal's",
        parse: |preferences, value| one_of(value, &GROUNDS).map(|whose| preferences.ground = whose),
        print: |preferences| preferences.ground.clone(),
    },
    ConfigKey {
        name: "color",
        about: "auto, always or never; auto follows NO_COLOR and the abilities of the terminal",
        parse: |preferences, value| {
            one_of(value, &["auto", "always", "never"]).map(|when| preferences.color = when)
        },
        print: |preferences| preferences.color.clone(),
    },
    ConfigKey {
        name: "ascii",
        about: "draw ASCII only: true, false or auto; auto means true if the locale has no UTF-8",
        parse: |preferences, value| match value.as_str() {
            Some("auto") => {
                preferences.ascii = None;
                Ok(())
            }
            _ => switch(value).map(|on| preferences.ascii = Some(on)).map_err(|wanted| wanted + ", or auto"),
        },
        print: |preferences| preferences.ascii.map_or_else(|| "auto".to_owned(), |on| on.to_string()),
    },
    ConfigKey {
        name: "mouse",
        about: "click to focus and choose, wheel to scroll; a key switches it off for selecting text",
        parse: |preferences, value| switch(value).map(|on| preferences.mouse = on),
        print: |preferences| preferences.mouse.to_string(),
    },
    ConfigKey {
        name: "bell",
        about: "ring the terminal's bell when it is your turn and when the verdict about users changes",
        parse: |preferences, value| switch(value).map(|on| preferences.bell = on),
        print: |preferences| preferences.bell.to_string(),
    },
    ConfigKey {
        name: "watch",
        about: "URLs, or Services as service/NAME/PATH, to send requests to as users would, if neither the command line nor the experiment names one",
        parse: |preferences, value| text_list(value).map(|urls| preferences.watch.urls = urls),
        print: |preferences| list(&preferences.watch.urls),
    },
    ConfigKey {
        name: "watch-headers",
        about: "headers sent to each watched URL, as NAME:VALUE, in addition to those of the experiment; ${variables} of its \
                configuration and secrets are put in, and no value is ever shown",
        parse: |preferences, value| {
            text_list(value).map(|texts| preferences.watch.headers = Headers::new(texts))
        },
        print: |preferences| list(&preferences.watch.headers.shown()),
    },
    ConfigKey {
        name: "watch-insecure",
        about: "accept any certificate of the watched URLs",
        parse: |preferences, value| switch(value).map(|on| preferences.watch.insecure = on),
        print: |preferences| preferences.watch.insecure.to_string(),
    },
    ConfigKey {
        name: "excerpts",
        about: "keep the beginning of the first answer of each kind, as evidence",
        parse: |preferences, value| switch(value).map(|on| preferences.watch.excerpts = on),
        print: |preferences| preferences.watch.excerpts.to_string(),
    },
    ConfigKey {
        name: "rate",
        about: "requests per second to each watched URL",
        parse: |preferences, value| above_zero(value, 10_000.0).map(|rate| preferences.watch.rate = rate),
        print: |preferences| preferences.watch.rate.to_string(),
    },
    ConfigKey {
        name: "limit",
        about: "longest wait that users accept, in seconds",
        parse: |preferences, value| above_zero(value, 3600.0).map(|limit| preferences.watch.limit = limit),
        print: |preferences| preferences.watch.limit.to_string(),
    },
    ConfigKey {
        name: "budget",
        about: "bad seconds allowed since T0 (a user got no answer in time) before the screen suggests to abort",
        parse: |preferences, value| whole(value).map(|seconds| preferences.budget = seconds),
        print: |preferences| preferences.budget.to_string(),
    },
    ConfigKey {
        name: "breaker-source",
        about: "where to read the breaker's state, besides the usual pages: a URL, a path, or a port with a path",
        parse: |preferences, value| {
            declared::sources(value).map(|named| preferences.watch.breaker_sources = named)
        },
        print: |preferences| {
            list(&preferences.watch.breaker_sources.iter().map(ToString::to_string).collect::<Vec<_>>())
        },
    },
    ConfigKey {
        name: "breaker-series",
        about: "custom metrics that hold the breaker's state: {metric: gate, label: phase, states: {ok: closed, tripped: open}}",
        parse: |preferences, value| {
            declared::series(value).map(|rules| preferences.watch.breaker_series = rules)
        },
        print: |preferences| {
            let rules: Vec<String> =
                preferences.watch.breaker_series.iter().map(SeriesRule::written).collect();
            format!("[{}]", rules.join(", "))
        },
    },
    ConfigKey {
        name: "allow-contexts",
        about: "contexts in which a fire needs no typed name, besides sandbox, minikube, kind-... and their like",
        parse: |preferences, value| text_list(value).map(|names| preferences.allow_contexts = names),
        print: |preferences| list(&preferences.allow_contexts),
    },
];

fn one_of(value: &Value, names: &[&str]) -> Result<String, String> {
    match value.as_str().filter(|text| names.contains(text)) {
        Some(text) => Ok(text.to_owned()),
        None => Err(format!("must be one of {}", names.join(", "))),
    }
}

fn switch(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(on) => Ok(*on),
        _ => Err("must be true or false".to_owned()),
    }
}

fn above_zero(value: &Value, most: f64) -> Result<f64, String> {
    let number = match value {
        Value::Int(whole) => *whole as f64,
        Value::Float(number) => *number,
        _ => f64::NAN,
    };
    let fits = number > 0.0 && number <= most;
    if fits { Ok(number) } else { Err(format!("must be a number above 0, at most {most}")) }
}

fn whole(value: &Value) -> Result<u32, String> {
    match value {
        Value::Int(number) => u32::try_from(*number).ok().filter(|number| *number > 0),
        _ => None,
    }
    .ok_or_else(|| "must be a whole number above 0".to_owned())
}

/// Returns a YAML list on one line; the items are quoted as in JSON, which YAML accepts.
pub(super) fn list(texts: &[String]) -> String {
    let quoted: Vec<String> =
        texts.iter().map(|text| serde_json::Value::from(text.as_str()).to_string()).collect();
    format!("[{}]", quoted.join(", "))
}

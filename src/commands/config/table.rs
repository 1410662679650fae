//! Every setting of the config file: one row for what it is called, what it means, how it is read and written.

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

pub(super) struct ConfigKey {
    /// Its key.
    pub name: &'static str,
    /// What it means, for the file that is printed.
    pub about: &'static str,
    /// Takes a value over, or says what would be one.
    pub take: fn(&mut Preferences, &Value) -> Result<(), String>,
    /// The value as the file writes it.
    pub show: fn(&Preferences) -> String,
}

/// All but the keys, in the order of the file.
pub(super) const SETTINGS: &[ConfigKey] = &[
    ConfigKey {
        name: "theme",
        about: "auto, dark, light, colour-blind or mono; auto asks the terminal whether it is dark or light",
        take: |it, value| one_of(value, &THEMES).map(|name| it.theme = name),
        show: |it| it.theme.clone(),
    },
    ConfigKey {
        name: "ground",
        about: "theme or terminal: whose background text stands on; in sixteen colours it is always the terminal's",
        take: |it, value| one_of(value, &GROUNDS).map(|whose| it.ground = whose),
        show: |it| it.ground.clone(),
    },
    ConfigKey {
        name: "color",
        about: "auto, always or never; auto heeds NO_COLOR and what the terminal can",
        take: |it, value| one_of(value, &["auto", "always", "never"]).map(|when| it.color = when),
        show: |it| it.color.clone(),
    },
    ConfigKey {
        name: "ascii",
        about: "nothing beyond ASCII on the screen: true, false or auto; auto takes it where the locale has no UTF-8",
        take: |it, value| match value.as_str() {
            Some("auto") => {
                it.ascii = None;
                Ok(())
            }
            _ => switch(value).map(|on| it.ascii = Some(on)).map_err(|wanted| wanted + ", or auto"),
        },
        show: |it| it.ascii.map_or_else(|| "auto".to_owned(), |on| on.to_string()),
    },
    ConfigKey {
        name: "mouse",
        about: "click to focus and choose, wheel to scroll; a key switches it off for selecting text",
        take: |it, value| switch(value).map(|on| it.mouse = on),
        show: |it| it.mouse.to_string(),
    },
    ConfigKey {
        name: "bell",
        about: "ring the terminal's bell when it is your turn and when the verdict about users changes",
        take: |it, value| switch(value).map(|on| it.bell = on),
        show: |it| it.bell.to_string(),
    },
    ConfigKey {
        name: "watch",
        about: "URLs that users ask, where neither the command line nor the experiment names one",
        take: |it, value| text_list(value).map(|urls| it.watch.urls = urls),
        show: |it| list(&it.watch.urls),
    },
    ConfigKey {
        name: "watch-headers",
        about: "headers sent to each of them, as NAME:VALUE, over those of the experiment; ${variables} of its \
                configuration and secrets are put in, and no value is ever shown",
        take: |it, value| text_list(value).map(|texts| it.watch.headers = Headers::new(texts)),
        show: |it| list(&it.watch.headers.shown()),
    },
    ConfigKey {
        name: "watch-insecure",
        about: "accept every certificate of them",
        take: |it, value| switch(value).map(|on| it.watch.insecure = on),
        show: |it| it.watch.insecure.to_string(),
    },
    ConfigKey {
        name: "rate",
        about: "requests a second to each of them",
        take: |it, value| above_zero(value, 10_000.0).map(|rate| it.watch.rate = rate),
        show: |it| it.watch.rate.to_string(),
    },
    ConfigKey {
        name: "limit",
        about: "what users accept to wait, in seconds",
        take: |it, value| above_zero(value, 3600.0).map(|limit| it.watch.limit = limit),
        show: |it| it.watch.limit.to_string(),
    },
    ConfigKey {
        name: "budget",
        about: "bad seconds allowed: those since T0 in which a user is let down, before the screen says: abort",
        take: |it, value| whole(value).map(|seconds| it.budget = seconds),
        show: |it| it.budget.to_string(),
    },
    ConfigKey {
        name: "breaker-source",
        about: "where the breaker's state is told, besides the usual places: a URL, a path, or a port with a path",
        take: |it, value| declared::sources(value).map(|named| it.watch.breaker_sources = named),
        show: |it| list(&it.watch.breaker_sources.iter().map(ToString::to_string).collect::<Vec<_>>()),
    },
    ConfigKey {
        name: "breaker-series",
        about: "own series that tell it: {metric: gate, label: phase, states: {ok: closed, tripped: open}}",
        take: |it, value| declared::series(value).map(|rules| it.watch.breaker_series = rules),
        show: |it| {
            let rules: Vec<String> = it.watch.breaker_series.iter().map(SeriesRule::written).collect();
            format!("[{}]", rules.join(", "))
        },
    },
    ConfigKey {
        name: "allow-contexts",
        about: "contexts in which a fire needs no typed name, besides sandbox, minikube, kind-... and their like",
        take: |it, value| text_list(value).map(|names| it.allow_contexts = names),
        show: |it| list(&it.allow_contexts),
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

/// A list on one line; JSON's quotes are YAML's too.
pub(super) fn list(texts: &[String]) -> String {
    let quoted: Vec<String> =
        texts.iter().map(|text| serde_json::Value::from(text.as_str()).to_string()).collect();
    format!("[{}]", quoted.join(", "))
}

//! The layout of a console line: text or JSON (experiment-format 12.7).

use crate::{
    printing::{Colour, Printed},
    session::{
        clock::iso,
        event::{Level, Timestamp},
    },
};
use jiff::tz::TimeZone;
use pyvalue::Value;

/// One line of the console or the log file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConsoleLine<'a> {
    pub at: Timestamp,
    pub level: Level,
    pub target: &'a str,
    /// The message; may have several lines.
    pub message: &'a str,
}

/// The layout of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// `[2026-11-22 13:02:22 INFO] message`.
    Text {
        /// Also prints the target: `[chaostoolkit]`. The reference prints module and line of its sources here.
        with_target: bool,
        colour: bool,
    },
    Json {
        context_id: String,
    },
}

impl Layout {
    /// Formats the line without its line end. What would steer a terminal is removed (text) or escaped (JSON).
    pub(crate) fn show(&self, line: ConsoleLine<'_>, zone: &TimeZone) -> Printed {
        match self {
            Layout::Text { with_target: places, colour } => text(line, zone, *places, *colour),
            Layout::Json { context_id } => json(line, zone, context_id),
        }
    }
}

fn text(line: ConsoleLine<'_>, zone: &TimeZone, places: bool, colour: bool) -> Printed {
    let moment = line.at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S");
    let mut text = Printed::default();
    text.push_in(colour.then(|| colour_of(line.level)), &format!("[{moment} {}]", name(line.level)));
    if places {
        text.push(&format!(" [{}]", line.target));
    }
    text.push(&format!(" {}", line.message.trim_end_matches('\n').replace('\n', "\n    ")));
    text
}

fn json(line: ConsoleLine<'_>, zone: &TimeZone, context_id: &str) -> Printed {
    let local = line.at.to_zoned(zone.clone());
    let fields = [
        ("process", Value::Int(std::process::id().into())),
        ("asctime", local.strftime("%Y-%m-%d %H:%M:%S,%3f").to_string().into()),
        ("levelname", name(line.level).into()),
        ("module", line.target.into()),
        ("lineno", Value::Int(0)),
        ("message", line.message.into()),
        ("context_id", context_id.into()),
        ("timestamp", iso(line.at).into()),
    ];
    let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Printed::json(&Value::Map(fields).to_json())
}

/// Returns the level as the reference spells it.
fn name(level: Level) -> &'static str {
    match level {
        Level::Debug => "DEBUG",
        Level::Info => "INFO",
        Level::Warning => "WARNING",
        Level::Error => "ERROR",
        Level::Critical => "CRITICAL",
    }
}

fn colour_of(level: Level) -> Colour {
    match level {
        Level::Debug => Colour::Cyan,
        Level::Info => Colour::Green,
        Level::Warning => Colour::Yellow,
        Level::Error | Level::Critical => Colour::Red,
    }
}

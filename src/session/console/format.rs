//! The layout of a console line: text or JSON (experiment-format 12.7).

use crate::session::{
    clock::iso,
    event::{Level, Timestamp},
};
use jiff::tz::TimeZone;
use pyvalue::Value;

/// One line of the console or the log file.
#[derive(Clone, Copy, Debug)]
pub struct ConsoleLine<'a> {
    pub at: Timestamp,
    pub level: Level,
    pub target: &'a str,
    /// The message; may have several lines.
    pub message: &'a str,
}

/// The layout of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
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
    /// Formats the line without its line end. Control characters are replaced (text) or escaped (JSON).
    pub fn show(&self, line: ConsoleLine<'_>, zone: &TimeZone) -> String {
        match self {
            Layout::Text { with_target: places, colour } => text(line, zone, *places, *colour),
            Layout::Json { context_id } => json(line, zone, context_id),
        }
    }
}

fn text(line: ConsoleLine<'_>, zone: &TimeZone, places: bool, colour: bool) -> String {
    let moment = line.at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S");
    let (on, off) = if colour { (colour_of(line.level), "\u{1b}[39m") } else { ("", "") };
    let place = if places { format!(" [{}]", line.target) } else { String::new() };
    format!("{on}[{moment} {}]{off}{place} {}", name(line.level), indented(line.message))
}

/// Indents the second and all further lines of a message by four spaces and replaces control characters.
fn indented(message: &str) -> String {
    let visible = |c: char| c == '\n' || c == '\t' || !c.is_control();
    let clean: String =
        message.trim_end_matches('\n').chars().map(|c| if visible(c) { c } else { '\u{fffd}' }).collect();
    clean.replace('\n', "\n    ")
}

fn json(line: ConsoleLine<'_>, zone: &TimeZone, context_id: &str) -> String {
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
    Value::Map(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()).to_json()
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

fn colour_of(level: Level) -> &'static str {
    match level {
        Level::Debug => "\u{1b}[36m",
        Level::Info => "\u{1b}[32m",
        Level::Warning => "\u{1b}[33m",
        Level::Error | Level::Critical => "\u{1b}[31m",
    }
}

//! The outcome of a program without the values that vary between runs. Only this module defines which values are
//! volatile.

use serde_json::{Map, Value as Json, json};

/// The raw outcome of a program.
pub(crate) struct Raw {
    pub exit: i64,
    /// Standard error: every line of the log.
    pub console: String,
    /// Standard output, which contains only the output of extensions.
    pub printed: String,
    /// New or changed files by name, without the journal.
    pub left: Vec<(String, String)>,
    pub journal: Option<String>,
    /// The folder in which the program ran.
    pub folder: String,
    /// The port of the test server.
    pub port: u16,
    /// Whether the subcommand was `validate`.
    pub validates: bool,
}

/// The normalized outcome: `{"exit": …, "journal": {…} or null, "layout": …, "console": ["LEVEL text", …], "printed":
/// …, "left": {…}}`. `layout` is whether the journal is indented by two spaces without a final line end.
///
/// If the program refused the experiment before the run, the last console line is `REFUSED` with the message, if any.
pub(crate) struct Seen {
    pub what: Json,
    /// The console output as written, for display.
    pub console: String,
}

const LEVELS: [&str; 5] = ["DEBUG ", "INFO ", "WARNING ", "ERROR ", "CRITICAL "];

impl Raw {
    /// Normalizes the reference's outcome: a stack trace on the console is a refusal without a message.
    pub(crate) fn of_theirs(&self) -> Seen {
        let mut lines = lines_of(&self.console);
        let trace = lines.iter().position(|line| line.starts_with("Traceback (most recent call last)"));
        let crashed = trace.is_some() && self.exit == 1;
        if let Some(start) = trace.filter(|_| crashed) {
            lines.truncate(start);
            lines.push("REFUSED".to_owned());
        } else {
            refused(&mut lines, self.exit, self.journal.is_some());
        }
        self.seen(lines)
    }

    /// Normalizes chaos-tui's outcome: a refusal adds the place and a fix to the reference's message.
    pub(crate) fn of_ours(&self) -> Seen {
        let mut lines = lines_of(&self.console);
        if self.validates {
            // `validate` prints every finding with its place in addition to the reference's lines.
            lines.retain(|line| LEVELS.iter().any(|level| line.starts_with(level)));
        }
        // What was fired and not rolled back is said beyond the reference's lines.
        lines.retain(|line| !line.starts_with("WARNING Left on: "));
        refused(&mut lines, self.exit, self.journal.is_some());
        self.seen(lines)
    }

    fn seen(&self, lines: Vec<String>) -> Seen {
        // Each program's command-line parser words usage errors differently.
        let lines = if self.exit == 2 { vec!["USAGE".to_owned()] } else { lines };
        let lines = lines.into_iter().filter(|line| !of_antlr(line));
        let lines: Vec<Json> = lines.map(|line| self.text(in_common_words(&line)).into()).collect();
        let journal = self.journal.as_ref().map_or(Json::Null, |text| self.journal_text(text));
        let layout = self.journal.as_deref().map(is_laid_out);
        let what = json!({
            "exit": self.exit, "journal": journal, "layout": layout, "console": lines,
            "printed": self.text(self.printed.clone()), "left": self.left(),
        });
        Seen { what, console: self.console.clone() }
    }

    fn journal_text(&self, text: &str) -> Json {
        match serde_json::from_str(&bare_numbers_quoted(text)) {
            Ok(journal) => self.journal(journal),
            Err(error) => format!("not JSON: {error}").into(),
        }
    }

    /// Returns the files left; journals at other paths and log files are normalized as well.
    fn left(&self) -> Json {
        let shown = |name: &str, text: &str| match name {
            _ if text.starts_with("{\n  \"chaoslib-version\"") => self.journal_text(text),
            _ if std::path::Path::new(name)
                .extension()
                .is_some_and(|ext| ext.eq_ignore_ascii_case("log")) =>
            {
                let lines = lines_of(text)
                    .into_iter()
                    .filter(|line| !line.starts_with("DEBUG ") && !line.contains("Left on: "));
                lines.map(|line| Json::from(self.text(in_common_words(&without_place(&line))))).collect()
            }
            _ => self.text(text.to_owned()).into(),
        };
        Json::Object(self.left.iter().map(|(name, text)| (name.clone(), shown(name, text))).collect())
    }

    fn journal(&self, mut journal: Json) -> Json {
        if let Some(top) = journal.as_object_mut() {
            for key in ["chaoslib-version", "platform", "node", "start", "end", "duration"] {
                top.shift_remove(key);
            }
            for key in ["run", "rollbacks"] {
                top.get_mut(key).into_iter().for_each(entries);
            }
            if let Some(passes) = top.get_mut("steady_states").and_then(Json::as_object_mut) {
                for pass in passes.values_mut() {
                    match pass {
                        Json::Array(during) => during.iter_mut().for_each(self::pass),
                        pass => self::pass(pass),
                    }
                }
            }
        }
        self.value(journal)
    }

    /// Replaces folder and port in every text.
    fn value(&self, value: Json) -> Json {
        match value {
            Json::String(text) => self.text(text).into(),
            Json::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Json::Object(members) => {
                let member = |(key, value)| (key, self.value(value));
                Json::Object(members.into_iter().map(member).collect::<Map<_, _>>())
            }
            value => value,
        }
    }

    fn text(&self, text: String) -> String {
        let text = text.replace(&self.folder, "<folder>").replace(&self.port.to_string(), "<port>");
        let text = without_version(&text, "python-requests/");
        without_cause(&without_address(&text))
    }
}

/// Returns the log lines as `LEVEL text`; a continuation line is appended to the line before it.
fn lines_of(log: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in log.lines() {
        let plain = without_colours(line);
        match (logged(&plain).or_else(|| logged_as_json(&plain)), lines.last_mut()) {
            (Some(line), _) => lines.push(line),
            (None, Some(last)) if plain.starts_with("    ") || last.starts_with("Failed to parse") => {
                last.push('\n');
                last.push_str(plain.trim_start());
            }
            (None, _) => lines.push(plain),
        }
    }
    lines
}

/// Whether a journal has the layout of `json.dump(…, indent=2, ensure_ascii=False)`. The spelling of numbers is
/// ignored.
fn is_laid_out(journal: &str) -> bool {
    let Ok(pretty) = serde_json::from_str::<Json>(&bare_numbers_quoted(journal))
        .and_then(|parsed| serde_json::to_string_pretty(&parsed))
    else {
        return false;
    };
    let shape = |text: &str| -> Vec<(usize, String)> {
        let line = |line: &str| {
            let indent = line.len() - line.trim_start().len();
            (indent, line.trim_start().chars().take_while(|c| *c != ':').collect())
        };
        text.split('\n').map(line).collect()
    };
    let numbers =
        |line: &(usize, String)| !line.1.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '"');
    let (pretty, journal) = (shape(&pretty), shape(journal));
    pretty.len() == journal.len()
        && pretty.iter().zip(&journal).all(|(a, b)| a == b || (a.0 == b.0 && !numbers(a)))
}

/// Removes the times of each entry, and all but the last line of its exception.
fn entries(list: &mut Json) {
    for entry in list.as_array_mut().into_iter().flatten().filter_map(Json::as_object_mut) {
        for key in ["start", "end", "duration"] {
            entry.shift_remove(key);
        }
        if let Some(Json::Array(trace)) = entry.get_mut("exception") {
            *trace = trace.pop().into_iter().collect();
        }
        if let Some(headers) = entry.get_mut("output").and_then(|output| output.get_mut("headers")) {
            headers.as_object_mut().map(|headers| headers.shift_remove("Date"));
        }
    }
}

fn pass(pass: &mut Json) {
    pass.get_mut("probes").into_iter().for_each(entries);
}

/// Turns the last ERROR of a program that left no journal into `REFUSED`, without the place and the fix.
fn refused(lines: &mut [String], exit: i64, journal: bool) {
    if exit != 1 || journal {
        return;
    }
    let Some(last) = lines.iter_mut().rev().find(|line| line.starts_with("ERROR ")) else { return };
    *last = last.replacen("ERROR", "REFUSED", 1);
    if let Some(place) = last.find(" (experiment.") {
        last.truncate(place);
    }
}

/// Parses `[2026-11-22 13:02:22 LEVEL] text` into `LEVEL text`.
fn logged(line: &str) -> Option<String> {
    let (head, text) = line.strip_prefix('[')?.split_once("] ")?;
    let (moment, level) = head.rsplit_once(' ')?;
    let is_moment = moment.len() == 19 && moment.starts_with("20");
    (is_moment && level.bytes().all(|byte| byte.is_ascii_uppercase())).then(|| format!("{level} {text}"))
}

/// Parses a line in the JSON format into `LEVEL text {keys}`.
fn logged_as_json(line: &str) -> Option<String> {
    let fields: Map<String, Json> = serde_json::from_str(line).ok()?;
    let (level, message) = (fields.get("levelname")?.as_str()?, fields.get("message")?.as_str()?);
    let keys: Vec<&String> = fields.keys().collect();
    Some(format!("{level} {message} {keys:?}"))
}

/// Removes the source location from a line of a log file: `LEVEL [module:12] text`.
fn without_place(line: &str) -> String {
    let parts = line.split_once(" [").and_then(|(level, rest)| Some((level, rest.split_once("] ")?.1)));
    parts.map_or_else(|| line.to_owned(), |(level, text)| format!("{level} {text}"))
}

fn without_colours(line: &str) -> String {
    let mut parts = line.split('\x1b');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}

/// Whether the line is an additional message of the reference's JSON path parser on standard error.
fn of_antlr(line: &str) -> bool {
    let place = line.strip_prefix("line ").and_then(|rest| rest.split_once(' ')).map(|(place, _)| place);
    place
        .and_then(|place| place.split_once(':'))
        .is_some_and(|(line, column)| line.parse::<u32>().is_ok() && column.parse::<u32>().is_ok())
}

/// Cuts a line after a known prefix: the rest is a parser's message, a stack trace or chaos-tui's reason.
fn in_common_words(line: &str) -> String {
    let cuts = [
        "Experiment ran into an un expected fatal error, aborting now.",
        "Failed parsing YAML experiment:",
        "Failed parsing YAML settings:",
        "Failed to parse variable file",
        "Cannot read var file",
        "Failed to parse control file",
        "hypothesis probe tolerance pattern",
    ];
    let cut = cuts.iter().find_map(|cut| line.find(cut).map(|start| start + cut.len()));
    line[..cut.unwrap_or(line.len())].trim_end().to_owned()
}

/// Replaces the cause of a failed connection, which each client library words differently.
fn without_cause(text: &str) -> String {
    const FAILED: &str = "failed to connect to ";
    let Some((before, (url, cause))) =
        text.split_once(FAILED).and_then(|(before, rest)| Some((before, rest.split_once(": ")?)))
    else {
        return text.to_owned();
    };
    let end = if cause.ends_with('\n') { "\n" } else { "" };
    let cause = if cause.trim().is_empty() { "" } else { "<cause>" };
    format!("{before}{FAILED}{url}: {cause}{end}")
}

fn without_version(text: &str, product: &str) -> String {
    let mut parts = text.split(product);
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        clean.push_str(product);
        clean.push_str("<version>");
        clean.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'));
    }
    clean
}

/// Removes the memory address from the text of a Python object: `<function f at 0x7f…>`.
fn without_address(text: &str) -> String {
    let mut parts = text.split(" at 0x");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        clean.push_str(" at 0x…");
        clean.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    clean
}

/// Quotes `NaN` and `Infinity`, which a journal may contain but a strict parser rejects.
fn bare_numbers_quoted(text: &str) -> String {
    let bare = |line: &str| {
        let (end, value) = match line.strip_suffix(',') {
            Some(value) => (",", value),
            None => ("", line),
        };
        let word = ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| value.ends_with(word))?;
        let head = value.strip_suffix(word)?;
        (head.ends_with(' ')).then(|| format!("{head}\"<{word}>\"{end}"))
    };
    text.lines().map(|line| bare(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

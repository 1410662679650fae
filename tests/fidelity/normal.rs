//! What a program left behind, without what differs from run to run: the one place that says what is volatile.

use serde_json::{Map, Value as Json, json};

/// What a program left behind.
pub(crate) struct Raw {
    pub exit: i64,
    /// The error output: every line of the log.
    pub console: String,
    /// The normal output, where nothing but what extensions print belongs.
    pub printed: String,
    /// Files that are new or changed, the journal aside, by name.
    pub left: Vec<(String, String)>,
    pub journal: Option<String>,
    /// The program's own folder.
    pub folder: String,
    /// Where the server of the test listens.
    pub port: u16,
    /// Whether the command was `validate`.
    pub validates: bool,
}

/// The same, comparable: `{"exit": …, "journal": {…} or null, "layout": …, "console": ["LEVEL text", …], "printed": …,
/// "left": {…}}`. `layout` says whether the journal is laid out with two spaces and no final line end.
///
/// Where the program gave up before the run, the last console line is `REFUSED` with the message, if it had one.
pub(crate) struct Seen {
    pub what: Json,
    /// The console as it was, for people.
    pub console: String,
}

const LEVELS: [&str; 5] = ["DEBUG ", "INFO ", "WARNING ", "ERROR ", "CRITICAL "];

impl Raw {
    /// The reference: a stack trace on the console is a refusal without words.
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

    /// Our program: a refusal tells the place and a way out after the reference's words.
    pub(crate) fn of_ours(&self) -> Seen {
        let mut lines = lines_of(&self.console);
        if self.validates {
            // Beside the reference's lines, `validate` shows every finding with its place.
            lines.retain(|line| LEVELS.iter().any(|level| line.starts_with(level)));
        }
        refused(&mut lines, self.exit, self.journal.is_some());
        self.seen(lines)
    }

    fn seen(&self, lines: Vec<String>) -> Seen {
        // A usage error is in the words of each program's own parser of command lines.
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

    /// Journals elsewhere and log files have their volatile parts removed too.
    fn left(&self) -> Json {
        let shown = |name: &str, text: &str| match name {
            _ if text.starts_with("{\n  \"chaoslib-version\"") => self.journal_text(text),
            _ if std::path::Path::new(name)
                .extension()
                .is_some_and(|ext| ext.eq_ignore_ascii_case("log")) =>
            {
                let lines = lines_of(text).into_iter().filter(|line| !line.starts_with("DEBUG "));
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

    /// Every text without folder and port.
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

/// Log lines as `LEVEL text`; what follows a line without being one belongs to it.
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

/// Whether a journal is JSON as `json.dump(…, indent=2, ensure_ascii=False)` writes it, small numbers aside.
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

/// An entry has its moments removed, and of its exception all but the last element.
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

/// Turns the last ERROR of a program that left no journal into `REFUSED`, without place and way out.
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

/// `LEVEL text` of `[2026-11-22 13:02:22 LEVEL] text`.
fn logged(line: &str) -> Option<String> {
    let (head, text) = line.strip_prefix('[')?.split_once("] ")?;
    let (moment, level) = head.rsplit_once(' ')?;
    let is_moment = moment.len() == 19 && moment.starts_with("20");
    (is_moment && level.bytes().all(|byte| byte.is_ascii_uppercase())).then(|| format!("{level} {text}"))
}

/// `LEVEL text {keys}` of a line in the JSON format.
fn logged_as_json(line: &str) -> Option<String> {
    let fields: Map<String, Json> = serde_json::from_str(line).ok()?;
    let (level, message) = (fields.get("levelname")?.as_str()?, fields.get("message")?.as_str()?);
    let keys: Vec<&String> = fields.keys().collect();
    Some(format!("{level} {message} {keys:?}"))
}

/// Log files tell which line of the program speaks: `LEVEL [module:12] text`.
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

/// What the reference's JSON path parser says on standard error besides.
fn of_antlr(line: &str) -> bool {
    let place = line.strip_prefix("line ").and_then(|rest| rest.split_once(' ')).map(|(place, _)| place);
    place
        .and_then(|place| place.split_once(':'))
        .is_some_and(|(line, column)| line.parse::<u32>().is_ok() && column.parse::<u32>().is_ok())
}

/// A line without what a parser says in its own words, and without a stack trace or our reason in place of it.
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

/// Each client library has words of its own for a connection that failed.
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

/// Python objects tell where they are: `<function f at 0x7f…>`.
fn without_address(text: &str) -> String {
    let mut parts = text.split(" at 0x");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        clean.push_str(" at 0x…");
        clean.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    clean
}

/// A journal may hold `NaN` and `Infinity`, which no strict parser takes: they become texts.
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

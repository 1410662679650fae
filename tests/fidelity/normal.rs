//! What a program left behind, without what differs from run to run: the one place that says what is volatile.

use serde_json::{Map, Value as Json, json};

/// What a program left behind.
pub struct Raw {
    pub exit: i64,
    /// Both outputs.
    pub console: String,
    pub journal: Option<String>,
    /// The program's own folder.
    pub folder: String,
    /// Where the server of the test listens.
    pub port: u16,
    /// Whether the command was `validate`.
    pub validates: bool,
}

/// The same, comparable: `{"exit": …, "journal": {…} or null, "console": ["LEVEL text", …]}`.
///
/// Where the program gave up before the run, the last console line is `REFUSED` with the message, if it had one.
pub struct Seen {
    pub what: Json,
    /// The console as it was, for people.
    pub console: String,
}

const LEVELS: [&str; 5] = ["DEBUG ", "INFO ", "WARNING ", "ERROR ", "CRITICAL "];

impl Raw {
    /// The reference: a stack trace on the console is a refusal without words.
    pub fn of_theirs(&self) -> Seen {
        let mut lines = self.lines();
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
    pub fn of_ours(&self) -> Seen {
        let mut lines = self.lines();
        if self.validates {
            // Beside the reference's lines, `validate` shows every finding with its place.
            lines.retain(|line| LEVELS.iter().any(|level| line.starts_with(level)));
        }
        refused(&mut lines, self.exit, self.journal.is_some());
        self.seen(lines)
    }

    /// Console lines as `LEVEL text`; what follows a line without being one belongs to it.
    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for line in self.console.lines() {
            let plain = without_colours(line);
            match (logged(&plain), lines.last_mut()) {
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

    fn seen(&self, lines: Vec<String>) -> Seen {
        // A usage error is in the words of each program's own parser of command lines.
        let lines = if self.exit == 2 { vec!["USAGE".to_owned()] } else { lines };
        let lines = lines.into_iter().filter(|line| !of_antlr(line));
        let lines: Vec<Json> = lines.map(|line| self.text(in_common_words(&line)).into()).collect();
        let journal = match &self.journal {
            None => Json::Null,
            Some(text) => match serde_json::from_str(&bare_numbers_quoted(text)) {
                Ok(journal) => self.journal(journal),
                Err(error) => format!("not JSON: {error}").into(),
            },
        };
        let what = json!({"exit": self.exit, "journal": journal, "console": lines});
        Seen { what, console: self.console.clone() }
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
        without_address(&text)
    }
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

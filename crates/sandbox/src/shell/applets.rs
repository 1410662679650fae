//! The commands.

use super::{BUILT_IN, Flow, NAMES, Shell, command_name, no_programs, script};
use jiff::{Timestamp, tz::TimeZone};
use std::time::Duration;

impl Shell {
    /// Runs one command.
    pub(super) async fn command(&mut self, words: &[String]) -> Flow {
        let Some((program, arguments)) = words.split_first() else { return self.unknown("").await };
        let Some(name) = command_name(program) else { return self.unknown(program).await };
        let plain: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match (name, plain.as_slice()) {
            ("sh" | "bash" | "ash", []) => self.end(0),
            ("sh" | "bash" | "ash", options) => match script(name, arguments) {
                Some(script) => {
                    let strict = options.iter().take_while(|word| word.starts_with('-'));
                    let exits_on_error = strict.clone().any(|word| word.contains('e'));
                    Box::pin(self.script(script, exits_on_error)).await
                }
                None => self.fail(2, format!("{name}: can't open '{}'", options[0])).await,
            },
            ("true" | ":" | "cd" | "export", _) => {
                for assignment in &plain {
                    if let Some((name, value)) = assignment.split_once('=').filter(|_| name == "export") {
                        self.variables.insert(name.to_owned(), value.to_owned());
                    }
                }
                self.end(0)
            }
            ("exec", [_, ..]) => {
                Box::pin(self.command(arguments)).await;
                Flow::Exit
            }
            ("exit", code) => {
                let last = self.last;
                self.last = code.first().map_or(last, |code| code.parse().map_or(2, |code: i32| code & 0xff));
                Flow::Exit
            }
            ("break", _) => Flow::Break,
            ("continue", _) => Flow::Continue,
            (name, arguments) => self.applet(program, name, arguments).await,
        }
    }

    /// Runs a command that does not change the shell.
    async fn applet(&mut self, program: &str, name: &str, arguments: &[&str]) -> Flow {
        match (name, arguments) {
            ("false", _) => self.end(1),
            ("echo", words) => {
                let (text, ending) = match words {
                    ["-n", words @ ..] => (words, ""),
                    ["-e", words @ ..] | words => (words, "\n"),
                };
                let text = text.join(" ");
                let text = if words.first() == Some(&"-e") { unescaped(&text) } else { text };
                self.print(format!("{text}{ending}")).await
            }
            ("printf", [format, values @ ..]) => self.print(formatted(format, values)).await,
            ("date", arguments) => match date(arguments, Timestamp::now()) {
                Ok(text) => self.print(format!("{text}\n")).await,
                Err(why) => self.fail(1, format!("date: {why}")).await,
            },
            ("env" | "printenv", []) => {
                let lines = self.variables.iter().map(|(name, value)| format!("{name}={value}\n"));
                let text = lines.collect::<String>();
                self.print(text).await
            }
            ("printenv", [name, ..]) => match self.variables.get(*name) {
                Some(value) => {
                    let line = format!("{value}\n");
                    self.print(line).await
                }
                None => self.end(1),
            },
            ("hostname", _) => {
                let name = self.variables.get("HOSTNAME").cloned().unwrap_or_default();
                self.print(format!("{name}\n")).await
            }
            ("seq", arguments) => match sequence(arguments) {
                Some(text) => self.print(text).await,
                None => self.fail(1, "seq: usage: seq [FIRST] LAST".to_owned()).await,
            },
            ("cat", [] | ["-"]) => {
                while let Some(bytes) = self.input.recv().await {
                    self.write(1, bytes).await;
                }
                self.end(0)
            }
            ("cat", ["/dev/null", ..]) => self.end(0),
            ("cat", [file, ..]) => {
                let why = format!("cat: can't open '{file}': the sandbox's containers have no files");
                self.fail(1, why).await
            }
            ("tail", [.., "/dev/null"]) if arguments.iter().any(|word| matches!(*word, "-f" | "-F")) => {
                std::future::pending().await
            }
            ("tail", _) => {
                self.fail(1, "tail: the sandbox's containers have no files but /dev/null".to_owned()).await
            }
            ("sleep", times) => match total(times) {
                Ok(duration) => {
                    tokio::time::sleep(duration).await;
                    self.end(0)
                }
                Err(why) => self.fail(1, format!("sleep: invalid time interval '{why}'")).await,
            },
            ("test", arguments) => self.test(arguments).await,
            ("[", [arguments @ .., "]"]) => self.test(arguments).await,
            ("kill", arguments) => match kill(arguments) {
                Ok(signal) => {
                    (self.signal)(signal);
                    self.end(0)
                }
                Err((code, why)) => self.fail(code, why).await,
            },
            (name, _) if NAMES.contains(&name) || BUILT_IN.contains(&name) => {
                self.fail(2, format!("{name}: these arguments are not supported in the sandbox")).await
            }
            _ => self.unknown(program).await,
        }
    }

    async fn print(&mut self, text: String) -> Flow {
        self.write(1, text).await;
        self.end(0)
    }

    async fn unknown(&mut self, program: &str) -> Flow {
        self.fail(127, format!("sh: {program}: not found ({})", no_programs())).await
    }

    async fn test(&mut self, arguments: &[&str]) -> Flow {
        match holds(arguments) {
            Some(holds) => self.end(i32::from(!holds)),
            None => {
                self.fail(2, format!("test: {}: not supported in the sandbox", arguments.join(" "))).await
            }
        }
    }
}

/// Evaluates a condition. There are no files, so no file exists.
fn holds(arguments: &[&str]) -> Option<bool> {
    let number = |text: &str| text.trim().parse::<i64>().ok();
    Some(match arguments {
        [] => false,
        ["!", rest @ ..] => !holds(rest)?,
        [text] | ["-n", text] => !text.is_empty(),
        ["-z", text] => text.is_empty(),
        ["-e" | "-f" | "-d" | "-s" | "-r" | "-w" | "-x", _] => false,
        [left, "=" | "==", right] => left == right,
        [left, "!=", right] => left != right,
        [left, operator, right] => {
            let (left, right) = (number(left)?, number(right)?);
            match *operator {
                "-eq" => left == right,
                "-ne" => left != right,
                "-lt" => left < right,
                "-le" => left <= right,
                "-gt" => left > right,
                "-ge" => left >= right,
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// Adds up the times of `sleep`; the error is the invalid one.
fn total(times: &[&str]) -> Result<Duration, String> {
    if times.is_empty() {
        return Err(String::new());
    }
    let mut total = Duration::ZERO;
    for time in times {
        let (number, unit) = match time.strip_suffix(['s', 'm', 'h', 'd']) {
            Some(number) => (number, time.as_bytes().last().copied().unwrap_or(b's')),
            None => (*time, b's'),
        };
        let factor = match unit {
            b'm' => 60.0,
            b'h' => 3600.0,
            b'd' => 86400.0,
            _ => 1.0,
        };
        let seconds = number.parse::<f64>().map_err(|_| (*time).to_owned())? * factor;
        // "infinity" and numbers that are too large are a year: longer than any sandbox.
        let year = Duration::from_secs(365 * 86400);
        let duration =
            if seconds > year.as_secs_f64() { Ok(year) } else { Duration::try_from_secs_f64(seconds) };
        total += duration.map_err(|_| (*time).to_owned())?;
    }
    Ok(total)
}

fn sequence(arguments: &[&str]) -> Option<String> {
    let (first, last) = match arguments {
        [last] => (1, last.parse::<i64>().ok()?),
        [first, last] => (first.parse().ok()?, last.parse().ok()?),
        _ => return None,
    };
    Some((first..=last).take(1_000_000).map(|number| format!("{number}\n")).collect())
}

fn date(arguments: &[&str], now: Timestamp) -> Result<String, String> {
    let now = now.to_zoned(TimeZone::UTC);
    let mut format = "%a %b %e %H:%M:%S UTC %Y";
    for argument in arguments {
        match argument.strip_prefix('+') {
            Some(given) => format = given,
            None => match *argument {
                "-u" => {}
                "-Iseconds" | "-Is" => format = "%Y-%m-%dT%H:%M:%S+00:00",
                "-I" => format = "%F",
                other => return Err(format!("{other}: not supported in the sandbox")),
            },
        }
    }
    jiff::fmt::strtime::format(format, &now).map_err(|error| error.to_string())
}

fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")
}

/// `printf`: `%s`, `%d` and `%%`; the format is used again while there are values.
fn formatted(format: &str, values: &[&str]) -> String {
    let format = unescaped(format);
    let mut values = values.iter();
    let mut text = String::new();
    loop {
        let before = values.len();
        let mut letters = format.chars();
        while let Some(letter) = letters.next() {
            match (letter, letter == '%') {
                (_, true) => match letters.next() {
                    Some('%') | None => text.push('%'),
                    Some(_) => text.push_str(values.next().copied().unwrap_or_default()),
                },
                (letter, false) => text.push(letter),
            }
        }
        if values.len() == 0 || values.len() == before {
            return text;
        }
    }
}

/// Reads `kill [-SIGNAL] 1`: the container's process has number 1 inside the container.
fn kill(arguments: &[&str]) -> Result<i32, (i32, String)> {
    let (name, target) = match arguments {
        [target] => ("TERM", target),
        ["-s", name, target] => (*name, target),
        [name, target] if name.starts_with('-') => (name.trim_start_matches('-'), target),
        _ => return Err((2, "kill: usage: kill [-SIGNAL] 1".to_owned())),
    };
    let signal = match name.trim_start_matches("SIG") {
        "TERM" | "15" => libc::SIGTERM,
        "KILL" | "9" => libc::SIGKILL,
        "INT" | "2" => libc::SIGINT,
        "HUP" | "1" => libc::SIGHUP,
        "STOP" | "19" => libc::SIGSTOP,
        "CONT" | "18" => libc::SIGCONT,
        _ => return Err((1, format!("kill: {name}: invalid signal specification"))),
    };
    match *target {
        "1" | "-1" => Ok(signal),
        other => Err((1, format!("kill: ({other}) - No such process"))),
    }
}

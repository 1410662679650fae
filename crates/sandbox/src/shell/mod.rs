//! The commands that run in the sandbox's containers, and a small shell for them.
//!
//! A sandbox container is a process of this machine without isolation. Running a program of the machine in it would be
//! dangerous: `kill -9 -1`, a common line in chaos experiments, would end the user's session. The sandbox therefore
//! runs no programs; it implements a few commands itself ([`COMMANDS`]), which affect only the container. They are used
//! by `kubectl exec`, by `exec` probes, and, as a process of their own (`image shell WORDS`), by containers whose
//! manifest has a `command`.

mod applets;
mod expand;
mod lexer;
mod parse;

#[cfg(test)]
mod tests;

use crate::api::ExecOutput;
use bytes::Bytes;
use parse::{Command, Redirect};
use std::{collections::BTreeMap, fmt, sync::Arc};
use tokio::sync::mpsc;

/// The supported commands, for messages.
pub(crate) const COMMANDS: &str = "cat, date, echo, env, false, hostname, kill, printenv, printf, seq, sh -c, sleep, tail -f /dev/null, test, true";

/// Commands that only the shell has.
const BUILT_IN: [&str; 6] = ["break", "cd", "continue", "exec", "exit", "export"];
const NAMES: [&str; 19] = [
    ":", "[", "ash", "bash", "cat", "date", "echo", "env", "false", "hostname", "kill", "printenv", "printf",
    "seq", "sh", "sleep", "tail", "test", "true",
];
/// The folders in which the commands are found.
const PATH: [&str; 4] = ["/bin/", "/usr/bin/", "/usr/local/bin/", "/sbin/"];

/// Checks whether a command can be run. Error: what a container runtime says of a missing program, with the commands
/// that exist; or what the shell does not support.
pub(crate) fn check(words: &[String]) -> Result<(), String> {
    let first = words.first().map(String::as_str).unwrap_or_default();
    let Some(name) = command_name(first).filter(|name| NAMES.contains(name)) else {
        let why = if first.contains('/') {
            format!("stat {first}: no such file or directory")
        } else {
            "executable file not found in $PATH".to_owned()
        };
        return Err(format!("exec: {first:?}: {why} ({})", no_programs()));
    };
    match script(name, words.get(1..).unwrap_or_default()) {
        Some(script) => parse::script(script).map(drop).map_err(|why| unsupported(&why)),
        None => Ok(()),
    }
}

/// Returns the command's name without its folder; `None` for a folder that has no commands.
fn command_name(program: &str) -> Option<&str> {
    match program.rsplit_once('/') {
        None => Some(program),
        Some(_) => PATH.iter().find_map(|folder| program.strip_prefix(folder)),
    }
}

/// Returns the script of `sh -c SCRIPT`; options such as `-e` and `-x` may precede it.
fn script<'a>(name: &str, arguments: &'a [String]) -> Option<&'a str> {
    if !matches!(name, "sh" | "bash" | "ash") {
        return None;
    }
    let place = arguments.iter().position(|word| word.starts_with('-') && word.ends_with('c'))?;
    arguments.get(place + 1).map(String::as_str)
}

fn no_programs() -> String {
    format!("the sandbox runs no programs of this machine in a container; it has: {COMMANDS}")
}

fn unsupported(why: &str) -> String {
    format!("sh: the sandbox's shell does not support this script: {why}")
}

/// Sends a signal to the container's process.
pub(crate) type SendSignal = Arc<dyn Fn(i32) + Send + Sync>;

/// The state of a running command.
pub(crate) struct Shell {
    variables: BTreeMap<String, String>,
    output: mpsc::Sender<ExecOutput>,
    input: mpsc::Receiver<Bytes>,
    signal: SendSignal,
    /// The exit code of the last command.
    last: i32,
    /// Whether a failing command ends the script (`sh -e`).
    exits_on_error: bool,
    /// The targets of the output streams 1 and 2.
    streams: [Stream; 2],
    /// The output of the command substitutions in progress.
    captured: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Stream {
    Stdout,
    Stderr,
    Captured,
    Discarded,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
    /// The whole script ends.
    Exit,
}

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell").finish_non_exhaustive()
    }
}

impl Shell {
    pub(crate) fn new(
        environment: impl IntoIterator<Item = (String, String)>,
        input: mpsc::Receiver<Bytes>,
        output: mpsc::Sender<ExecOutput>,
        signal: SendSignal,
    ) -> Self {
        Self {
            variables: environment.into_iter().collect(),
            output,
            input,
            signal,
            last: 0,
            exits_on_error: false,
            streams: [Stream::Stdout, Stream::Stderr],
            captured: Vec::new(),
        }
    }

    /// Runs a command and sends its output and exit code. Ends early when nobody reads the output.
    pub(crate) async fn run(mut self, words: Vec<String>) {
        let output = self.output.clone();
        let command = async {
            self.command(&words).await;
            self.last
        };
        tokio::select! {
            code = command => { let _ = output.send(ExecOutput::Exit(code)).await; }
            () = output.closed() => {}
        }
    }

    async fn write(&mut self, stream: usize, text: impl Into<Bytes>) {
        let text = text.into();
        let target = if stream == 2 { self.streams[1] } else { self.streams[0] };
        let message = match target {
            Stream::Stdout => ExecOutput::Stdout(text),
            Stream::Stderr => ExecOutput::Stderr(text),
            Stream::Captured => return self.captured.extend_from_slice(&text),
            Stream::Discarded => return,
        };
        // Sending fails when nobody reads any more; `run` ends then.
        let _ = self.output.send(message).await;
    }

    async fn fail(&mut self, code: i32, text: String) -> Flow {
        self.write(2, format!("{text}\n")).await;
        self.end(code)
    }

    fn end(&mut self, code: i32) -> Flow {
        self.last = code;
        Flow::Next
    }

    async fn execute(&mut self, command: &Command) -> Flow {
        match command {
            Command::Simple { assignments, words, redirects } => {
                let mut values = Vec::new();
                for (name, value) in assignments {
                    values.push((name.clone(), self.joined(value).await));
                }
                let words = self.fields(words).await;
                self.variables.extend(values);
                if words.is_empty() {
                    return Flow::Next;
                }
                let before = self.redirected(redirects);
                let flow = Box::pin(self.command(&words)).await;
                self.streams = before;
                self.checked(flow)
            }
            Command::Not(inner) => {
                let flow = Box::pin(self.condition(inner)).await;
                self.last = i32::from(self.last == 0);
                flow
            }
            Command::And(left, right) | Command::Or(left, right) => {
                let flow = Box::pin(self.condition(left)).await;
                let goes_on = (self.last == 0) == matches!(command, Command::And(..));
                if flow != Flow::Next || !goes_on {
                    return flow;
                }
                Box::pin(self.execute(right)).await
            }
            Command::Sequence(commands) => {
                for command in commands {
                    let flow = Box::pin(self.execute(command)).await;
                    if flow != Flow::Next {
                        return flow;
                    }
                }
                Flow::Next
            }
            Command::Subshell(inner) => {
                let before = self.variables.clone();
                Box::pin(self.execute(inner)).await;
                self.variables = before;
                self.checked(Flow::Next)
            }
            Command::Loop { until, condition, body } => loop {
                // A loop without a pause must not keep the thread from everything else.
                tokio::task::yield_now().await;
                let flow = Box::pin(self.condition(condition)).await;
                if flow == Flow::Exit {
                    return flow;
                }
                if flow != Flow::Next || (self.last == 0) == *until {
                    return self.after_loop();
                }
                match Box::pin(self.execute(body)).await {
                    Flow::Next | Flow::Continue => {}
                    Flow::Break => return self.after_loop(),
                    Flow::Exit => return Flow::Exit,
                }
            },
            Command::For { name, words, body } => {
                for value in self.fields(words).await {
                    self.variables.insert(name.clone(), value);
                    match Box::pin(self.execute(body)).await {
                        Flow::Next | Flow::Continue => {}
                        Flow::Break => break,
                        Flow::Exit => return Flow::Exit,
                    }
                }
                Flow::Next
            }
            Command::If { branches, otherwise } => {
                for (condition, body) in branches {
                    let flow = Box::pin(self.condition(condition)).await;
                    if flow != Flow::Next {
                        return flow;
                    }
                    if self.last == 0 {
                        return Box::pin(self.execute(body)).await;
                    }
                }
                self.last = 0;
                Box::pin(self.execute(otherwise)).await
            }
        }
    }

    fn after_loop(&mut self) -> Flow {
        self.end(0)
    }

    /// Executes a command whose failure does not end the script.
    async fn condition(&mut self, command: &Command) -> Flow {
        let before = std::mem::replace(&mut self.exits_on_error, false);
        let flow = self.execute(command).await;
        self.exits_on_error = before;
        flow
    }

    fn checked(&self, flow: Flow) -> Flow {
        if flow == Flow::Next && self.exits_on_error && self.last != 0 { Flow::Exit } else { flow }
    }

    fn redirected(&mut self, redirects: &[Redirect]) -> [Stream; 2] {
        let before = self.streams;
        for redirect in redirects {
            let target = match redirect.to {
                None => Stream::Discarded,
                Some(2) => self.streams[1],
                Some(_) => self.streams[0],
            };
            if let Some(stream) = self.streams.get_mut(redirect.from - 1) {
                *stream = target;
            }
        }
        before
    }

    /// Runs a script in this shell: its `exit` ends only the script.
    async fn script(&mut self, text: &str, exits_on_error: bool) -> Flow {
        match parse::script(text) {
            Ok(script) => {
                let before = std::mem::replace(&mut self.exits_on_error, exits_on_error);
                self.last = 0;
                self.execute(&script).await;
                self.exits_on_error = before;
                Flow::Next
            }
            Err(why) => self.fail(2, unsupported(&why)).await,
        }
    }
}

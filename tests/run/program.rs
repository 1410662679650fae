//! The program under test: starts it, reads its console, sends signals, and reads its results.

use crate::until::{until, until_seen};
use std::{
    io::{BufRead, BufReader, Read as _},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        OnceLock,
        mpsc::{Receiver, channel},
    },
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// An environment variable that marks the processes started by one test.
const MARK: &str = "STARTED_BY_TEST";

/// The file to which the peak memory is written, in KiB.
const PEAK: &str = "peak-memory";

/// Runs a program and writes its peak memory. The system counts the parent's memory at the time of the fork as the
/// child's, so a direct child of the test process would report too much; the parent must be small.
const MEASURE: &str = "import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
open(sys.argv[1], 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)";

/// The timeout of every wait; generous because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with an experiment, and the arguments and environment of its run.
pub(crate) struct Case {
    pub folder: TempDir,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    measured: bool,
}

/// Restores the default action of SIGHUP, which is inherited as ignored when the tests run under `nohup`.
fn hears_hang_ups(command: &mut Command) {
    // SAFETY: between fork and exec only `signal` is called, which is async-signal-safe and touches no memory of this
    // process.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGHUP, libc::SIG_DFL);
            Ok(())
        });
    }
}

impl Case {
    /// Creates an experiment from these parts, with a title and a description.
    pub(crate) fn new(parts: &str) -> Self {
        Self::of("experiment.json", format!(r#"{{"title": "t", "description": "d", {parts}}}"#))
    }

    /// Creates an experiment file with this name and content, which need not be valid UTF-8.
    pub(crate) fn of(name: &str, text: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        Self {
            folder,
            arguments: vec!["run".to_owned(), name.to_owned()],
            variables: Vec::new(),
            measured: false,
        }
    }

    /// Runs an experiment of this name that the case does not create.
    pub(crate) fn named(source: &str) -> Self {
        let arguments = vec!["run".to_owned(), source.to_owned()];
        Self { folder: tempfile::tempdir().unwrap(), arguments, variables: Vec::new(), measured: false }
    }

    /// Marks all processes that the program starts.
    pub(crate) fn marked(self) -> Self {
        let mark = self.folder.path().display().to_string();
        self.variable(MARK, &mark)
    }

    /// Measures the peak memory of the run.
    pub(crate) fn measured(mut self) -> Self {
        self.measured = true;
        self
    }

    /// Makes Python available, with modules from a folder of the case.
    pub(crate) fn with_python(self, modules: &str) -> Self {
        let modules = self.path(modules).display().to_string();
        let case = self.variable("PYTHONPATH", &modules).variable("PYTHONDONTWRITEBYTECODE", "1");
        case.with(&["--python", python()])
    }

    /// Waits until no marked process is left.
    pub(crate) fn left_nobody(&self) {
        let mark = format!("{MARK}={}", self.folder.path().display());
        until_seen("the end of all processes", &Vec::<String>::new(), || bearing(&mark));
    }

    /// Creates a named pipe.
    pub(crate) fn pipe(&self, name: &str) {
        let status = Command::new("mkfifo").arg(self.path(name)).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Runs another command line in the same folder, with the same variables.
    pub(crate) fn instead(mut self, arguments: &[&str]) -> Self {
        self.arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        self
    }

    /// Unsets a variable of the case.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.path(name), text).unwrap();
        self
    }

    /// Starts the program in the folder with an empty base environment.
    pub(crate) fn start(self) -> Running {
        self.start_with(Stdio::piped())
    }

    /// Like [`Self::start`], but with standard error on the given pipe, so that the test reads no console line.
    pub(crate) fn start_on(self, console: std::io::PipeWriter) -> Running {
        self.start_with(console.into())
    }

    fn start_with(self, stderr: Stdio) -> Running {
        let program = assert_cmd::cargo::cargo_bin!("chaos-tui");
        let mut command = Command::new(if self.measured { python().as_ref() } else { program });
        if self.measured {
            command.args(["-c", MEASURE]).arg(self.path(PEAK)).arg(program);
        }
        command.args(&self.arguments).current_dir(self.folder.path()).env_clear();
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", self.folder.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        hears_hang_ups(&mut command);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the program starts");
        let (sender, lines) = channel();
        let stderr = child.stderr.take();
        thread::spawn(move || {
            let lines = stderr
                .into_iter()
                .flat_map(|stderr| BufReader::new(stderr).split(b'\n').map_while(Result::ok));
            for line in lines.map(|line| String::from_utf8_lossy(&line).into_owned()) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Running { case: self, child, lines, heard: Vec::new() }
    }

    /// Runs the program to completion.
    pub(crate) fn run(self) -> Ended {
        self.start().end()
    }
}

/// The running program. It is killed on drop if it has not ended.
pub(crate) struct Running {
    case: Case,
    child: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Running {
    /// Waits for a console line that contains this text.
    pub(crate) fn wait_for(&mut self, text: &str) {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    let found = line.contains(text);
                    self.heard.push(line);
                    if found {
                        return;
                    }
                }
                Err(error) => panic!("never heard {text:?} ({error}): {:#?}", self.heard),
            }
        }
    }

    pub(crate) fn case(&self) -> &Case {
        &self.case
    }

    pub(crate) fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.child.id()).unwrap();
        // SAFETY: `kill` takes two integers; the child has not been waited for, so its id has not been reused.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    }

    /// Writes a file of the case while the program runs.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.case.path(name), text).unwrap();
    }

    /// Opens a named pipe for writing; blocks until the program opens it for reading.
    pub(crate) fn open_to_write(&self, name: &str) -> std::fs::File {
        std::fs::File::options().write(true).open(self.case.path(name)).unwrap()
    }

    /// Waits for a file that an activity writes, and reads it.
    pub(crate) fn wait_for_file(&self, name: &str) -> String {
        let mut text = String::new();
        until(&format!("the file {name}"), || {
            text = std::fs::read_to_string(self.case.path(name)).unwrap_or_default();
            text.ends_with('\n')
        });
        text.trim().to_owned()
    }

    /// Whether the program has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits until the program ends.
    pub(crate) fn end(mut self) -> Ended {
        let mut stdout = self.child.stdout.take().unwrap();
        // Beside the console: a program that prints much on both must not wait for this test.
        let printed = thread::spawn(move || {
            let mut printed = Vec::new();
            stdout.read_to_end(&mut printed).map(|_| printed)
        });
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.heard.push(line);
        }
        let stdout = printed.join().unwrap().unwrap();
        let status = self.child.wait().unwrap();
        let peak = std::fs::read_to_string(self.case.path(PEAK)).ok().and_then(|kib| kib.parse::<u64>().ok());
        let journal = std::fs::read_to_string(self.case.path("journal.json")).ok();
        // Python writes and reads NaN and Infinity unquoted; the JSON parser of this test does not.
        let strict = |text: String| text.replace(": NaN", ": null").replace(": Infinity", ": null");
        let journal = journal.map(|text| serde_json::from_str(&strict(text)).expect("the journal is JSON"));
        let heard = std::mem::take(&mut self.heard);
        Ended {
            case: std::mem::replace(&mut self.case, Case::named("")),
            status,
            peak: peak.map(|kib| kib >> 10),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            lines: heard,
            journal,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The program has already ended, unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The results of a run.
pub(crate) struct Ended {
    pub case: Case,
    /// The peak memory of the program or one of its children in MiB, if measured.
    pub peak: Option<u64>,
    status: ExitStatus,
    pub stdout: String,
    pub lines: Vec<String>,
    journal: Option<serde_json::Value>,
}

impl Ended {
    /// Returns the exit code; panics if a signal killed the program.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by {:?}: {:#?}", self.status, self.lines))
    }

    /// Returns the signal that killed the program.
    pub(crate) fn killed_by(&self) -> Option<i32> {
        self.status.signal()
    }

    pub(crate) fn has_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// Returns the value at a JSON pointer of the journal.
    pub(crate) fn at(&self, pointer: &str) -> serde_json::Value {
        let journal = self.journal.as_ref().unwrap_or_else(|| panic!("no journal: {:#?}", self.lines));
        journal.pointer(pointer).cloned().unwrap_or_default()
    }

    /// Returns the text of the journal as written.
    pub(crate) fn journal_text(&self) -> String {
        std::fs::read_to_string(self.case.path("journal.json")).unwrap()
    }

    /// Returns the names of the journal entries at a JSON pointer.
    pub(crate) fn names(&self, pointer: &str) -> Vec<String> {
        let entries = self.at(pointer);
        let name = |entry: &serde_json::Value| Some(entry.pointer("/activity/name")?.as_str()?.to_owned());
        entries.as_array().into_iter().flatten().filter_map(name).collect()
    }

    /// Returns the level and message of each console line.
    pub(crate) fn messages(&self) -> Vec<(String, String)> {
        let split = |line: &String| {
            let (head, message) = line.split_once("] ")?;
            Some((head.rsplit(' ').next()?.to_owned(), message.to_owned()))
        };
        self.lines.iter().filter_map(split).collect()
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        self.lines.iter().any(|line| line.contains(text))
    }

    /// Returns status, deviation and exit code.
    pub(crate) fn outcome(&self) -> (String, bool, i32) {
        let status = self.at("/status").as_str().unwrap_or("none").to_owned();
        (status, self.at("/deviated").as_bool().unwrap_or_default(), self.code())
    }
}

/// Returns the path of the real Python interpreter. A `python3` wrapper would look it up at every call.
fn python() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
        String::from_utf8(asked.expect("python3 is on the PATH").stdout).unwrap().trim().to_owned()
    })
}

/// Returns the command lines of the processes with this variable in their environment.
fn bearing(mark: &str) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    let marked = processes.filter(|process| {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    });
    let command = |process: PathBuf| std::fs::read_to_string(process.join("cmdline")).ok();
    marked.filter_map(command).map(|line| line.replace('\0', " ")).collect()
}

/// Returns an activity of type process; `arguments` is JSON.
pub(crate) fn process(kind: &str, name: &str, path: &str, arguments: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!(
        r#"{{"type": "{kind}", "name": "{name}"{more},
            "provider": {{"type": "process", "path": "{path}", "arguments": {arguments}}}}}"#
    )
}

/// Returns an activity that runs a shell script.
pub(crate) fn sh(kind: &str, name: &str, script: &str, more: &str) -> String {
    process(kind, name, "sh", &format!(r#"["-c", "{script}"]"#), more)
}

pub(crate) fn method(entries: &[String]) -> String {
    format!(r#""method": [{}]"#, entries.join(","))
}

pub(crate) fn rollbacks(entries: &[String]) -> String {
    format!(r#""rollbacks": [{}]"#, entries.join(","))
}

pub(crate) fn hypothesis(probes: &[String]) -> String {
    format!(r#""steady-state-hypothesis": {{"title": "h", "probes": [{}]}}"#, probes.join(","))
}

/// Returns a hypothesis that is met while the file `up` exists.
pub(crate) fn is_up() -> String {
    hypothesis(&[process("probe", "is-up", "test", r#"["-e", "up"]"#, r#""tolerance": 0"#)])
}

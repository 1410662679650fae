//! The program under test: started, listened to, signalled, and read afterwards.

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

/// A variable that tells what one program has started.
const MARK: &str = "STARTED_BY_TEST";

/// Where the measured memory is written, in KiB.
const PEAK: &str = "peak-memory";

/// Runs a program and writes down its memory. A child of ours begins with the memory we have had ourselves, as far as the
/// system counts, so it must be the child of somebody small.
const MEASURE: &str = "import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
open(sys.argv[1], 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)";

/// Longest wait for anything; a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with an experiment, and how it is run.
pub(crate) struct Case {
    pub folder: TempDir,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    measured: bool,
}

/// Gives SIGHUP its default effect again: whoever runs the tests under `nohup` hands on that it is ignored.
fn hears_hang_ups(command: &mut Command) {
    // SAFETY: between fork and exec only `signal` is called, which is async-signal-safe and touches no memory of ours.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGHUP, libc::SIG_DFL);
            Ok(())
        });
    }
}

impl Case {
    /// An experiment of these parts, with a title and a description.
    pub(crate) fn new(parts: &str) -> Self {
        Self::of("experiment.json", format!(r#"{{"title": "t", "description": "d", {parts}}}"#))
    }

    /// A file of this name and text, which need not be text.
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

    /// An experiment of this name that somebody else provides.
    pub(crate) fn named(source: &str) -> Self {
        let arguments = vec!["run".to_owned(), source.to_owned()];
        Self { folder: tempfile::tempdir().unwrap(), arguments, variables: Vec::new(), measured: false }
    }

    /// Lets everything that the program starts be told from all else.
    pub(crate) fn marked(self) -> Self {
        let mark = self.folder.path().display().to_string();
        self.variable(MARK, &mark)
    }

    /// Measures how much memory it takes.
    pub(crate) fn measured(mut self) -> Self {
        self.measured = true;
        self
    }

    /// Lets it find Python, and modules in a folder of its own.
    pub(crate) fn with_python(self, modules: &str) -> Self {
        let modules = self.path(modules).display().to_string();
        let case = self.variable("PYTHONPATH", &modules).variable("PYTHONDONTWRITEBYTECODE", "1");
        case.with(&["--python", python()])
    }

    /// Waits until no process is there any more that bears the mark.
    pub(crate) fn left_nobody(&self) {
        let mark = format!("{MARK}={}", self.folder.path().display());
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let left = bearing(&mark);
            if left.is_empty() {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "still there: {left:?}");
            thread::yield_now();
        }
    }

    /// Makes a named pipe.
    pub(crate) fn pipe(&self, name: &str) {
        let status = Command::new("mkfifo").arg(self.path(name)).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
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

    /// Starts the program in the folder, with nothing of ours in its environment.
    pub(crate) fn start(self) -> Running {
        self.start_with(Stdio::piped())
    }

    /// The same on somebody else's console: no line of it is heard.
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

    /// Runs it to its end.
    pub(crate) fn run(self) -> Ended {
        self.start().end()
    }
}

/// The program while it runs; killed when a test gives up on it.
pub(crate) struct Running {
    case: Case,
    child: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Running {
    /// Waits for a line with this text.
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

    pub(crate) fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.child.id()).unwrap();
        // SAFETY: `kill` takes two integers; the child has not been waited for, so the number is still its own.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    }

    /// Writes a file of the case while it runs.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.case.path(name), text).unwrap();
    }

    /// Opens a pipe of the case, as soon as the program reads from it.
    pub(crate) fn open_to_write(&self, name: &str) -> std::fs::File {
        std::fs::File::options().write(true).open(self.case.path(name)).unwrap()
    }

    /// Waits for a file that an activity writes, and reads it.
    pub(crate) fn wait_for_file(&self, name: &str) -> String {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            match std::fs::read_to_string(self.case.path(name)) {
                Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
                _ => assert!(std::time::Instant::now() < deadline, "no file {name}"),
            }
            thread::yield_now();
        }
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.heard.push(line);
        }
        let mut stdout = Vec::new();
        self.child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
        let status = self.child.wait().unwrap();
        let peak = std::fs::read_to_string(self.case.path(PEAK)).ok().and_then(|kib| kib.parse::<u64>().ok());
        let journal = std::fs::read_to_string(self.case.path("journal.json")).ok();
        // Python writes and reads what is no number bare; this reader does not.
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
        // It has ended already, unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the program left behind.
pub(crate) struct Ended {
    pub case: Case,
    /// The most memory it or one of its children ever had, in MiB, if it was measured.
    pub peak: Option<u64>,
    status: ExitStatus,
    pub stdout: String,
    pub lines: Vec<String>,
    journal: Option<serde_json::Value>,
}

impl Ended {
    /// The exit code; panics for a signal.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by {:?}: {:#?}", self.status, self.lines))
    }

    /// The signal that killed it.
    pub(crate) fn killed_by(&self) -> Option<i32> {
        self.status.signal()
    }

    pub(crate) fn has_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// A place in the journal by JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> serde_json::Value {
        let journal = self.journal.as_ref().unwrap_or_else(|| panic!("no journal: {:#?}", self.lines));
        journal.pointer(pointer).cloned().unwrap_or_default()
    }

    /// The journal's text as it was written.
    pub(crate) fn journal_text(&self) -> String {
        std::fs::read_to_string(self.case.path("journal.json")).unwrap()
    }

    /// Names of the journal's entries of a part.
    pub(crate) fn names(&self, pointer: &str) -> Vec<String> {
        let entries = self.at(pointer);
        let name = |entry: &serde_json::Value| Some(entry.pointer("/activity/name")?.as_str()?.to_owned());
        entries.as_array().into_iter().flatten().filter_map(name).collect()
    }

    /// Level and message of each console line.
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

    /// Status, deviation, exit code.
    pub(crate) fn outcome(&self) -> (String, bool, i32) {
        let status = self.at("/status").as_str().unwrap_or("none").to_owned();
        (status, self.at("/deviated").as_bool().unwrap_or_default(), self.code())
    }
}

/// The Python of the tests: `python3` itself, not a wrapper that looks for it each time.
fn python() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
        String::from_utf8(asked.expect("python3 is on the PATH").stdout).unwrap().trim().to_owned()
    })
}

/// Command lines of the processes with this variable in their environment.
fn bearing(mark: &str) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    let marked = processes.filter(|process| {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    });
    let command = |process: PathBuf| std::fs::read_to_string(process.join("cmdline")).ok();
    marked.filter_map(command).map(|line| line.replace('\0', " ")).collect()
}

/// An activity of type process; arguments are JSON.
pub(crate) fn process(kind: &str, name: &str, path: &str, arguments: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!(
        r#"{{"type": "{kind}", "name": "{name}"{more},
            "provider": {{"type": "process", "path": "{path}", "arguments": {arguments}}}}}"#
    )
}

/// A shell script as an activity.
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

/// A hypothesis that holds while the file `up` is there.
pub(crate) fn is_up() -> String {
    hypothesis(&[process("probe", "is-up", "test", r#"["-e", "up"]"#, r#""tolerance": 0"#)])
}

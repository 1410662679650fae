//! The warm Chaos Toolkit: a Python process that has imported it and forks a child for each case (`fork_server.py`).

use serde_json::{Value as Json, json};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// The fork server; it ends when its standard input is closed.
pub(crate) struct Reference {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// The parameters of one run of the reference.
pub(crate) struct Start<'a> {
    pub folder: &'a Path,
    pub arguments: &'a [String],
    pub environment: &'a [(String, String)],
    /// The file for the child's standard error.
    pub console: &'a Path,
    /// The file for the child's standard output.
    pub printed: &'a Path,
}

impl Reference {
    pub(crate) fn start(chaos: &Path, python: &Path) -> Self {
        let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fidelity/fork_server.py");
        let mut child = Command::new(python)
            .arg(server)
            .arg(chaos)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs([("LC_ALL", "C.UTF-8"), ("PYTHONDONTWRITEBYTECODE", "1")])
            .envs(std::env::var("FIDELITY_PACE").map(|pace| ("PACE", pace)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("CHAOS_PYTHON {} does not start: {error}", python.display()));
        let requests = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, requests, answers }
    }

    /// Starts a child and returns its process id. Call [`Reference::wait`] before the next call.
    pub(crate) fn spawn(&mut self, start: &Start<'_>) -> i32 {
        let environment: serde_json::Map<String, Json> =
            start.environment.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let request = json!({
            "folder": start.folder, "arguments": start.arguments, "environment": environment, "console": start.console,
            "printed": start.printed,
        });
        writeln!(self.requests, "{request}").unwrap();
        let pid = self.answer()["pid"].as_i64().unwrap();
        i32::try_from(pid).unwrap()
    }

    /// Waits for the child. Returns its exit code, or minus the number of the signal that killed it.
    pub(crate) fn wait(&mut self) -> i64 {
        self.answer()["exit"].as_i64().unwrap()
    }

    fn answer(&mut self) -> Json {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("the fork server said {line:?}: {error}"))
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

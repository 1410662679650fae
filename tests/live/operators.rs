//! Two operators at one target, each in a terminal of their own.

use super::terminal::Terminal;
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// A sandbox for several sessions; killed on drop.
pub(super) struct Sandbox {
    child: Child,
    announced: Value,
}

impl Sandbox {
    pub(super) fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chaos-tui"))
            .args(["sandbox", "--announce", "json", "--variant", "after"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, announced: serde_json::from_str(&line).unwrap() }
    }

    /// Opens a session of an experiment that scales the provider to zero, as this user.
    pub(super) fn session(&self, user: &str, folder: &Path) -> Terminal {
        let terminal = self.opening(user, folder, &[]);
        terminal.wait_for("1/5 READY");
        terminal
    }

    /// The same, with more arguments, and before it is open.
    pub(super) fn opening(&self, user: &str, folder: &Path, more: &[&str]) -> Terminal {
        let variables = self.announced["environment"].as_object().unwrap().iter();
        let mut variables: Vec<(&str, &str)> =
            variables.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        variables.push(("USER", user));
        Terminal::start_with(&variables, (120, 36), folder, &[&["experiment.json"], more].concat())
    }
}

impl Sandbox {
    /// Returns the replicas that a Deployment is to have.
    pub(super) fn replicas(&self, deployment: &str) -> String {
        self.kubectl(&["get", "deployment", deployment, "-o", "jsonpath={.spec.replicas}"])
    }

    /// What `kubectl` prints on standard output.
    pub(super) fn kubectl(&self, arguments: &[&str]) -> String {
        let kubeconfig = self.announced["kubeconfig"].as_str().unwrap();
        let output =
            Command::new("kubectl").args(["--kubeconfig", kubeconfig]).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_second_operator_at_a_target_is_warned_before_the_fire() {
    let sandbox = Sandbox::start();
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&one, &other] {
        super::safety::scaled_to_zero(folder.path(), "");
    }
    let mut ana = sandbox.session("ana", one.path());
    ana.press(" ");
    ana.wait_for("SCALE Deployment");
    assert!(!ana.contents().contains("beware"), "{}", ana.contents());
    ana.press("F");
    ana.wait_for("FAULT ON");

    let mut ben = sandbox.session("ben", other.path());
    ben.press(" ");
    ben.wait_for("SCALE Deployment");
    ben.wait_for("beware");
    ben.wait_until("who is there", |screen| screen.contents().contains("ana@"));
    ben.press("q");
    ben.ended();

    // Once the first has left, nobody is warned any more.
    ana.press("e");
    ana.wait_for("✓ scale-back");
    ana.wait_for("FINISHED");
    ana.press("q");
    ana.ended();
    let mut cat = sandbox.session("cat", other.path());
    cat.press(" ");
    cat.wait_for("SCALE Deployment");
    cat.press("F");
    cat.wait_for("FAULT ON");
    assert!(!cat.contents().contains("beware"));
    cat.press("qy");
    cat.ended();
}

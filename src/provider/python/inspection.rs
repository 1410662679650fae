//! What a Python interpreter offers: its version, the extensions, and whether modules can be found.

use super::Interpreter;
use crate::experiment::{Environment, read_output};
use serde::Deserialize;
use std::{collections::BTreeMap, process::Stdio, time::Duration};
use tokio::{process::Command, time::timeout};

/// Prints a JSON object about the interpreter and the modules that are its arguments. A module is looked up, not
/// imported; only the packages that it is in are.
const SCRIPT: &str = r#"
import importlib.metadata as metadata, importlib.util, json, sys
extensions, missing = [], {}
for found in metadata.distributions():
    name = found.metadata["Name"] or ""
    if name.startswith("chaostoolkit") or "chaostoolkit" in (found.metadata["Keywords"] or ""):
        extensions.append(name + " " + found.version)
for module in sys.argv[1:]:
    try:
        if importlib.util.find_spec(module) is None:
            missing[module] = "no module has this name"
    except Exception as error:
        missing[module] = type(error).__name__ + ": " + str(error)
version = ".".join(str(part) for part in sys.version_info[:3])
print("\n" + json.dumps({"version": version, "extensions": sorted(set(extensions)), "missing": missing}))
"#;

/// How long the interpreter may take.
const LIMIT: Duration = Duration::from_secs(9);
/// The maximum number of bytes that it may print.
const MOST: usize = 4 << 20;

/// What an interpreter offers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PythonReport {
    pub version: String,
    /// The extensions of Chaos Toolkit, with their versions.
    pub extensions: Vec<String>,
    /// The modules that cannot be used, and why.
    pub missing: BTreeMap<String, String>,
}

/// Runs the interpreter and asks it for modules.
///
/// # Errors
/// Why it cannot be run or did not answer.
pub async fn inspect_python(
    interpreter: &Interpreter,
    environment: &Environment,
    modules: &[String],
) -> Result<PythonReport, String> {
    let mut command = Command::new(interpreter.program());
    command.arg("-c").arg(SCRIPT).args(modules).kill_on_drop(true);
    command.env_clear().envs(environment.variables());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{interpreter} cannot be started: {error}"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let outputs = async { tokio::join!(read_output(stdout, MOST), read_output(stderr, MOST)) };
    let late = |_| format!("{interpreter} did not answer within {} s", LIMIT.as_secs());
    let (Some(stdout), Some(stderr)) = timeout(LIMIT, outputs).await.map_err(late)? else {
        return Err(format!("{interpreter} printed more than {} MiB", MOST >> 20));
    };
    // A package may print while it is imported; the answer is the last line.
    let text = String::from_utf8_lossy(&stdout);
    let answer = text.lines().next_back().and_then(|line| serde_json::from_str(line).ok());
    answer.ok_or_else(|| {
        let said = String::from_utf8_lossy(&stderr);
        let said = said.lines().next_back().unwrap_or("it printed nothing").to_owned();
        format!("{interpreter} failed: {said}")
    })
}

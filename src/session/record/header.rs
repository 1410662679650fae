//! What is known of a session when it begins: the first file of its record.

use crate::{
    printing::without_url_passwords,
    session::{event::Timestamp, journal::HostInfo},
};
use pyvalue::Value;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The format that is written, and the newest that is read.
const FORMAT: u32 = 1;

/// What `recover` needs besides the events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordHeader {
    /// Version of the format.
    pub format: u32,
    /// The program that wrote it: `chaos-tui 0.1.0`.
    pub tool: String,
    pub started: Timestamp,
    pub operator: Operator,
    /// Absolute path or URL of the experiment.
    pub source: String,
    /// The folder in which the session was started; relative paths refer to it.
    pub folder: PathBuf,
    /// Whether its cluster was the embedded one, which ends with the session.
    pub sandbox: bool,
    /// The cluster of the session; `None` if it had none.
    pub cluster: Option<ClusterReference>,
    /// The cluster of programs: that of the kubeconfig's current context then. It is the one of steps that choose none
    /// themselves, unless a variable names another.
    #[serde(default)]
    pub current_cluster: Option<ClusterReference>,
    /// The options that a recovery repeats.
    pub options: ReplayOptions,
    /// The experiment as played, with references in place of secret values.
    pub experiment: Value,
}

/// Who began a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    pub user: String,
    pub host: String,
    /// The terminal, such as `/dev/pts/3`; `None` without one.
    pub terminal: Option<String>,
    pub pid: u32,
}

/// Names a cluster; holds no credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterReference {
    /// The context of the kubeconfig; empty if none names it.
    pub context: String,
    pub namespace: String,
    /// URL of the API server; `None` if it may come from a secret.
    pub server: Option<String>,
}

impl ClusterReference {
    /// Whether a context of a kubeconfig names it, rather than the pod or settings of its own.
    pub fn is_named(&self) -> bool {
        !self.context.is_empty()
    }
}

/// The options of the command line that decide how an activity is executed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayOptions {
    /// `--var`, as given.
    pub vars: Vec<String>,
    /// `--var-file`, absolute: `recover` reads the files again.
    pub var_files: Vec<PathBuf>,
    /// `--settings`, absolute.
    pub settings: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// The environment's `KUBERNETES_CONTEXT`.
    #[serde(default)]
    pub context_variable: Option<String>,
    /// `--kubeconfig`, or the files that the environment named then.
    pub kubeconfig: Vec<PathBuf>,
    /// `--python`.
    pub python: Option<PathBuf>,
    /// Whether built-in functions were switched off.
    pub python_only: bool,
}

impl RecordHeader {
    /// Creates the header of a session that this process begins now, without cluster, options and experiment.
    pub fn begun(source: &str, started: Timestamp) -> Self {
        let is_url = source.contains("://");
        let path = std::path::absolute(source).map(|path| path.display().to_string());
        Self {
            format: FORMAT,
            tool: concat!("chaos-tui ", env!("CARGO_PKG_VERSION")).to_owned(),
            started,
            operator: Operator::current(),
            // A recovery reads the experiment from the record, and the source only for secrets that are written in it.
            source: path
                .ok()
                .filter(|_| !is_url)
                .unwrap_or_else(|| without_url_passwords(source).into_owned()),
            folder: std::env::current_dir().unwrap_or_default(),
            sandbox: false,
            cluster: None,
            current_cluster: None,
            options: ReplayOptions::default(),
            experiment: Value::Null,
        }
    }

    /// Whether this version can read it.
    pub(super) fn is_readable(&self) -> bool {
        self.format <= FORMAT
    }
}

impl Operator {
    /// Returns the user of this process. The name comes from the environment and is only shown.
    pub fn current() -> Self {
        let user = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
        let input = std::fs::read_link("/proc/self/fd/0").ok().map(|path| path.display().to_string());
        Self {
            user: user.unwrap_or_else(|| "unknown".to_owned()),
            host: HostInfo::current().node,
            terminal: input.and_then(|path| terminal_of(&path)),
            pid: std::process::id(),
        }
    }

    /// The operator in one word: `ana@laptop`.
    pub fn name(&self) -> String {
        format!("{}@{}", self.user, self.host)
    }
}

/// The terminal at which a program's input is read from this path; `None` if it is no terminal.
pub(super) fn terminal_of(input: &str) -> Option<String> {
    (input.starts_with("/dev/") && input != "/dev/null").then(|| input.to_owned())
}

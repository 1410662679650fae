//! What several commands take from the command line.

use super::ConnectionArgs;
use crate::{
    runner::Compat,
    session::{GuardChange, event::Level},
};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Options every command knows (experiment-format 12.1).
#[derive(Clone, Debug, Args)]
pub(crate) struct GlobalArgs {
    /// Show debug lines too
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Change to this folder first
    #[arg(long, global = true, value_name = "DIR")]
    pub change_dir: Option<PathBuf>,
    /// Append every line to this file (`chaos` writes chaostoolkit.log unasked; we write only where told)
    #[arg(long, global = true, value_name = "PATH")]
    pub log_file: Option<PathBuf>,
    /// Write no log file, even if one is named
    #[arg(long, global = true)]
    pub no_log_file: bool,
    /// The least severe lines that go to the log file
    #[arg(long, global = true, value_name = "LEVEL", default_value = "debug")]
    pub log_file_level: LogLevel,
    /// How lines on the console look
    #[arg(long, global = true, value_name = "FORMAT", default_value = "string")]
    pub log_format: LogFormat,
    /// Path of the settings file [default: ~/.chaostoolkit/settings.yaml]
    #[arg(long, global = true, value_name = "PATH")]
    pub settings: Option<PathBuf>,
    /// Accepted for `chaos`' sake: no version service is ever asked
    #[arg(long, global = true)]
    pub no_version_check: bool,
}

/// Levels of the log file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// The normal course and worse.
    Info,
    /// What is unexpected, and worse.
    Warning,
    /// Failures only.
    Error,
}

impl From<LogLevel> for Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Debug => Level::Debug,
            LogLevel::Info => Level::Info,
            LogLevel::Warning => Level::Warning,
            LogLevel::Error => Level::Error,
        }
    }
}

/// Layouts of console lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text.
    String,
    /// One JSON object a line.
    Json,
}

/// How an experiment is played, headless or live (experiment-format 12.2).
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// Where the journal goes
    #[arg(long, value_name = "PATH", default_value = "./journal.json")]
    pub journal_path: PathBuf,
    /// Only pretend: call no probes, no actions, neither, or everything without pausing
    #[arg(long, value_name = "MODE", value_parser = ["probes", "actions", "activities", "pause"])]
    pub dry: Option<String>,
    /// Follow Chaos Toolkit also where it may harm: see docs/differences.md
    #[arg(long)]
    pub strict_compat: bool,
    /// Do not validate the experiment first
    #[arg(long)]
    pub no_validation: bool,
    /// Do not check certificates when the experiment is loaded from a URL
    #[arg(long)]
    pub no_verify_tls: bool,
    /// When rollbacks are played
    #[arg(long, value_name = "STRATEGY", value_parser = ["default", "always", "never", "deviated"])]
    pub rollback_strategy: Option<String>,
    /// Replace a configuration entry; types: str, int, float, bool, bytes, json
    #[arg(long = "var", value_name = "NAME[:TYPE]=VALUE")]
    pub vars: Vec<String>,
    /// Replace configuration and secrets from a JSON or YAML file, or set variables from an env file
    #[arg(long = "var-file", value_name = "PATH")]
    pub var_files: Vec<PathBuf>,
    /// Global controls from a JSON or YAML file
    #[arg(long = "control-file", value_name = "PATH")]
    pub control_files: Vec<PathBuf>,
    /// When the hypothesis is checked
    #[arg(long, value_name = "STRATEGY", value_parser = HYPOTHESIS_STRATEGIES)]
    pub hypothesis_strategy: Option<String>,
    /// Seconds between two checks of a continuous hypothesis
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, allow_negative_numbers = true)]
    pub hypothesis_frequency: f64,
    /// End the method as soon as a continuous check is not met
    #[arg(long)]
    pub fail_fast: bool,
    /// End the run by itself while a fault is on: more than so many bad seconds, in which a user is let down, so many
    /// restarts of what the fault is not about, so many seconds without a word of the cluster; `users=off`, `on`, `off`
    /// [default: users=60,restarts=1,silence=10 in the live session, off in a headless run]
    #[arg(long, value_name = "GUARD=LIMIT,...")]
    pub guard: Vec<GuardChange>,
    /// Which cluster and which Python.
    #[command(flatten)]
    pub reach: ConnectionArgs,
    /// Start the embedded cluster, deploy this variant of the sample, use it and take it down again
    #[arg(long, value_name = "VARIANT", num_args = 0..=1, require_equals = true, default_missing_value = "before",
          value_parser = ["before", "after", "trap"])]
    pub sandbox: Option<String>,
}

impl RunArgs {
    /// How far the reference is followed.
    pub(crate) fn compat(&self) -> Compat {
        if self.strict_compat { Compat::Strict } else { Compat::Safe }
    }
}

const HYPOTHESIS_STRATEGIES: [&str; 6] = [
    "default",
    "before-method-only",
    "after-method-only",
    "during-method-only",
    "continuously",
    "continously",
];

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
#[command(next_help_heading = "Log and settings")]
pub(crate) struct GlobalArgs {
    /// Show debug lines too
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Change to this folder first
    #[arg(long, global = true, value_name = "DIR", hide_short_help = true)]
    pub change_dir: Option<PathBuf>,
    /// Append every line to this file (unlike `chaos`, which writes chaostoolkit.log by default)
    #[arg(long, global = true, value_name = "PATH", hide_short_help = true)]
    pub log_file: Option<PathBuf>,
    /// Write no log file, even if one is named
    #[arg(long, global = true, hide_short_help = true)]
    pub no_log_file: bool,
    /// The lowest level that goes to the log file
    #[arg(long, global = true, value_name = "LEVEL", default_value = "debug", hide_short_help = true)]
    pub log_file_level: LogLevel,
    /// Layout of lines on the console
    #[arg(long, global = true, value_name = "FORMAT", default_value = "string", hide_short_help = true)]
    pub log_format: LogFormat,
    /// Path of the settings file [default: ~/.chaostoolkit/settings.yaml]
    #[arg(long, global = true, value_name = "PATH", hide_short_help = true)]
    pub settings: Option<PathBuf>,
    /// Accepted for compatibility with `chaos`; no version service is ever called
    #[arg(long, global = true, hide_short_help = true)]
    pub no_version_check: bool,
}

/// Levels of the log file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// Normal progress, and above.
    Info,
    /// Unexpected, and above.
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

/// How an experiment is run, headless or live (experiment-format 12.2).
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Experiment")]
pub(crate) struct RunArgs {
    /// Start the embedded cluster, deploy this variant of the sample, use it, and remove it at the end
    #[arg(long, value_name = "VARIANT", num_args = 0..=1, require_equals = true, default_missing_value = "before",
          value_parser = ["before", "after", "trap"])]
    pub sandbox: Option<String>,
    /// Path of the journal
    #[arg(long, value_name = "PATH", default_value = "./journal.json")]
    pub journal_path: PathBuf,
    /// Replace a configuration entry; types: str, int, float, bool, bytes, json
    #[arg(long = "var", value_name = "NAME[:TYPE]=VALUE")]
    pub vars: Vec<String>,
    /// Replace configuration and secrets from a JSON or YAML file, or set variables from an env file
    #[arg(long = "var-file", value_name = "PATH")]
    pub var_files: Vec<PathBuf>,
    /// Which cluster and which Python.
    #[command(flatten)]
    pub reach: ConnectionArgs,
    /// End the run while a fault is on, beyond so many bad seconds of users, restarts of containers that the fault does not
    /// target, or seconds of silence of the cluster; `users=off`, `on`, `off` [default: users=60,restarts=1,silence=10 in
    /// the live session, off in a headless run]
    #[arg(long, value_name = "GUARD=LIMIT,...", help_heading = SAFETY)]
    pub guard: Vec<GuardChange>,
    /// Simulate: call no probes, no actions, neither, or everything without pauses
    #[arg(long, value_name = "MODE", value_parser = ["probes", "actions", "activities", "pause"], help_heading = REFERENCE)]
    pub dry: Option<String>,
    /// When rollbacks are run
    #[arg(long, value_name = "STRATEGY", value_parser = ["default", "always", "never", "deviated"], help_heading = REFERENCE)]
    pub rollback_strategy: Option<String>,
    /// When the hypothesis is checked
    #[arg(long, value_name = "STRATEGY", value_parser = HYPOTHESIS_STRATEGIES, help_heading = REFERENCE, hide_short_help = true)]
    pub hypothesis_strategy: Option<String>,
    /// Seconds between two checks of a continuous hypothesis
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, allow_negative_numbers = true, help_heading = REFERENCE,
          hide_short_help = true)]
    pub hypothesis_frequency: f64,
    /// End the method at the first continuous check that is not met
    #[arg(long, help_heading = REFERENCE, hide_short_help = true)]
    pub fail_fast: bool,
    /// Global controls from a JSON or YAML file
    #[arg(long = "control-file", value_name = "PATH", help_heading = REFERENCE, hide_short_help = true)]
    pub control_files: Vec<PathBuf>,
    /// Do not validate the experiment first
    #[arg(long, help_heading = REFERENCE, hide_short_help = true)]
    pub no_validation: bool,
    /// Do not check certificates when the experiment is loaded from a URL
    #[arg(long, help_heading = REFERENCE, hide_short_help = true)]
    pub no_verify_tls: bool,
    /// Follow Chaos Toolkit also where that can do harm; docs/differences.md lists the cases
    #[arg(long, help_heading = REFERENCE, hide_short_help = true)]
    pub strict_compat: bool,
}

/// Heading of options that limit what a session may do.
pub(super) const SAFETY: &str = "Safety";
/// Heading of the options that `chaos run` has as well.
const REFERENCE: &str = "As in Chaos Toolkit";

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

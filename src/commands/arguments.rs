//! Command-line arguments shared by several commands.

use super::{ConnectionArgs, prepare::Refusal};
use crate::{
    engine::DeadMan,
    runner::Compat,
    session::{GuardChange, event::Level},
};
use clap::{Args, ValueEnum};
use std::{path::PathBuf, time::Duration};

/// Options accepted by every command (experiment-format 12.1).
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Log and settings")]
pub(crate) struct GlobalArgs {
    /// Show debug lines as well
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Change to this folder first
    #[arg(long, global = true, value_name = "DIR", hide_short_help = true)]
    pub change_dir: Option<PathBuf>,
    /// Append every log line to this file (none by default; `chaos` writes chaostoolkit.log)
    #[arg(long, global = true, value_name = "PATH", hide_short_help = true)]
    pub log_file: Option<PathBuf>,
    /// Write no log file, even if one is named
    #[arg(long, global = true, hide_short_help = true)]
    pub no_log_file: bool,
    /// Lowest level written to the log file
    #[arg(long, global = true, value_name = "LEVEL", default_value = "debug", hide_short_help = true)]
    pub log_file_level: LogLevel,
    /// Format of console lines
    #[arg(long, global = true, value_name = "FORMAT", default_value = "string", hide_short_help = true)]
    pub log_format: LogFormat,
    /// Path of the settings file [default: ~/.chaostoolkit/settings.yaml]
    #[arg(long, global = true, value_name = "PATH", hide_short_help = true)]
    pub settings: Option<PathBuf>,
    /// Accepted for compatibility with `chaos`; chaos-tui never checks for new versions
    #[arg(long, global = true, hide_short_help = true)]
    pub no_version_check: bool,
}

impl GlobalArgs {
    /// Changes to the folder of `--change-dir`, if one is named.
    ///
    /// # Errors
    /// If it cannot be changed to.
    pub(crate) fn enter_folder(&self) -> Result<(), Refusal> {
        let Some(folder) = &self.change_dir else { return Ok(()) };
        std::env::set_current_dir(folder)
            .map_err(|error| Refusal::usage(format!("cannot change to {}: {error}", folder.display())))
    }
}

/// The log levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// Normal progress and above.
    Info,
    /// Unexpected conditions and above.
    Warning,
    /// Errors only.
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

/// The formats of console lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text.
    String,
    /// One JSON object per line.
    Json,
}

/// Options that replace an experiment's variables.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct VariableArgs {
    /// Replace a configuration entry; types: str, int, float, bool, bytes, json
    #[arg(long = "var", value_name = "NAME[:TYPE]=VALUE")]
    pub vars: Vec<String>,
    /// Replace configuration and secrets from a JSON or YAML file, or set variables from an env file
    #[arg(long = "var-file", value_name = "PATH")]
    pub var_files: Vec<PathBuf>,
}

/// Options of a run, headless or live (experiment-format 12.2).
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Experiment")]
pub(crate) struct RunArgs {
    /// Run against the embedded cluster with this variant of the sample; it is removed at the end
    #[arg(long, value_name = "VARIANT", num_args = 0..=1, require_equals = true, default_missing_value = "before",
          value_parser = ["before", "after", "trap"])]
    pub sandbox: Option<String>,
    /// Path of the journal
    #[arg(long, value_name = "PATH", default_value = "./journal.json")]
    pub journal_path: PathBuf,
    /// Values of variables.
    #[command(flatten)]
    pub variables: VariableArgs,
    /// The cluster and the Python interpreter to use.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// While a fault is on, end the run when a limit is exceeded: users (bad seconds), restarts (of containers that the
    /// fault does not target) or silence (seconds without news of the cluster); also `users=off`, `on`, `off` [default:
    /// users=60,restarts=1,silence=10 in the live session, off in a headless run]
    #[arg(long, value_name = "GUARD=LIMIT,...", help_heading = SAFETY)]
    pub guard: Vec<GuardChange>,
    /// Keep no record of the session on the disk; `chaos-tui recover` cannot undo it after a crash then
    #[arg(long, help_heading = SAFETY)]
    pub no_record: bool,
    /// Keep the manifests of the undo kit, which may hold passwords, in memory only
    #[arg(long, help_heading = SAFETY)]
    pub no_kit_file: bool,
    /// Keep no beginnings of the watched service's answers, neither on the screen nor in a recording or report
    #[arg(long, help_heading = SAFETY)]
    pub no_excerpts: bool,
    /// Have a small process of its own undo the fault if this program dies, hangs or is stopped for this long, or off
    /// [default: 30 in the live session where a fault does not end by itself, off in a headless run]
    #[arg(long, value_name = "SECONDS|off", value_parser = dead_man, conflicts_with = "no_record", help_heading = SAFETY)]
    pub dead_man: Option<DeadMan>,
    /// Dry run: skip all probes, all actions, all activities, or only the pauses
    #[arg(long, value_name = "MODE", value_parser = ["probes", "actions", "activities", "pause"], help_heading = REFERENCE)]
    pub dry: Option<String>,
    /// When to run the rollbacks
    #[arg(long, value_name = "STRATEGY", value_parser = ["default", "always", "never", "deviated"], help_heading = REFERENCE)]
    pub rollback_strategy: Option<String>,
    /// When to check the steady-state hypothesis
    #[arg(long, value_name = "STRATEGY", value_parser = HYPOTHESIS_STRATEGIES, help_heading = REFERENCE, hide_short_help = true)]
    pub hypothesis_strategy: Option<String>,
    /// Seconds between two checks of a continuous hypothesis
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, allow_negative_numbers = true, help_heading = REFERENCE,
          hide_short_help = true)]
    pub hypothesis_frequency: f64,
    /// End the method when a continuous check of the hypothesis fails
    #[arg(long, help_heading = REFERENCE, hide_short_help = true)]
    pub fail_fast: bool,
    /// Load global controls from a JSON or YAML file
    #[arg(long = "control-file", value_name = "PATH", help_heading = REFERENCE, hide_short_help = true)]
    pub control_files: Vec<PathBuf>,
    /// Do not validate the experiment first
    #[arg(long, help_heading = REFERENCE, hide_short_help = true)]
    pub no_validation: bool,
    /// Do not verify certificates when loading the experiment from a URL
    #[arg(long, help_heading = REFERENCE, hide_short_help = true)]
    pub no_verify_tls: bool,
    /// Behave exactly as Chaos Toolkit, even where that can do harm; see docs/differences.md
    #[arg(long, help_heading = REFERENCE, hide_short_help = true)]
    pub strict_compat: bool,
}

/// Help heading of the options that limit what a session may do.
pub(super) const SAFETY: &str = "Safety";
/// Help heading of the options that `chaos run` has as well.
const REFERENCE: &str = "As in Chaos Toolkit";

impl RunArgs {
    /// Returns how closely to follow the reference.
    pub(crate) fn compat(&self) -> Compat {
        if self.strict_compat { Compat::Strict } else { Compat::Safe }
    }

    /// Refuses a place where the journal certainly cannot be written: nothing must be played without its evidence.
    ///
    /// # Errors
    /// If the folder of the journal does not exist, or the path is that of a folder.
    pub(crate) fn check_journal_path(&self) -> Result<(), Refusal> {
        let path = &self.journal_path;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let why = match folder {
            Some(folder) if !folder.is_dir() => format!("there is no folder {}", folder.display()),
            _ if path.is_dir() => "this is a folder".to_owned(),
            _ => return Ok(()),
        };
        Err(Refusal::invalid(format!(
            "cannot write the journal to {}: {why}; nothing was played. Choose another place with --journal-path",
            path.display()
        )))
    }
}

/// The shortest and the longest lease of a guardian, in seconds. A busy machine must have the time to renew it.
const LEASES: std::ops::RangeInclusive<u64> = 2..=86_400;

fn dead_man(text: &str) -> Result<DeadMan, String> {
    if text == "off" {
        return Ok(DeadMan::Off);
    }
    let seconds = text.parse().ok().filter(|seconds| LEASES.contains(seconds));
    let seconds = seconds.ok_or("write whole seconds from 2 to 86400, or off")?;
    Ok(DeadMan::Always(Duration::from_secs(seconds)))
}

const HYPOTHESIS_STRATEGIES: [&str; 6] = [
    "default",
    "before-method-only",
    "after-method-only",
    "during-method-only",
    "continuously",
    "continously",
];

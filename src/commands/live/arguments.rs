//! Command-line arguments of the live session, and the settings made from them.

use crate::{
    commands::{
        GlobalArgs, RunArgs, SAFETY,
        config::{self, Preferences},
        record,
    },
    engine::{DeadMan, SessionMode, SessionSettings, USUAL_LEASE, WatchSettings},
    observe::breaker::NamedSource,
    session::LARGEST_GUARD_LIMIT,
};
use std::path::PathBuf;

/// Arguments of the live session.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Path or URL of the experiment to open in a live session
    #[arg(value_name = "EXPERIMENT", default_value = "", hide_default_value = true)]
    pub source: String,
    /// Options of the run.
    #[command(flatten)]
    pub run_args: RunArgs,
    /// Options of watching.
    #[command(flatten)]
    pub watch_args: WatchArgs,
    /// Options of the screen.
    #[command(flatten)]
    pub screen_args: ScreenArgs,
    /// Panic shortly after the first step awaits the operator, to test that everything is restored
    #[arg(long, hide = true, value_enum)]
    pub panic_for_test: Option<PanicIn>,
}

/// Options of what is watched and what may be done.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Users and circuit breaker")]
pub(crate) struct WatchArgs {
    /// Send requests as users would to this URL, to this path of the service that the experiment probes, or to a Service
    /// of the cluster, service/NAME[.NAMESPACE][:PORT][/PATH], which is reached by its load balancer, node port or
    /// Ingress, else by a port-forward (repeatable) [default: the experiment's own HTTP probe]
    #[arg(long, value_name = "URL|PATH|SERVICE")]
    pub watch: Vec<String>,
    /// Send this header to each watched URL, in addition to those of the experiment (repeatable); ${name} takes the
    /// value from the experiment's configuration or secrets
    #[arg(long, value_name = "NAME:VALUE", hide_default_value = true)]
    pub watch_header: Vec<String>,
    /// Accept any certificate of the watched URLs
    #[arg(long)]
    pub watch_insecure: bool,
    /// Requests per second to each watched URL [default: 4]
    #[arg(long, value_name = "PER_SECOND")]
    pub rate: Option<f64>,
    /// Longest wait that users accept, in seconds [default: 1]
    #[arg(long, value_name = "SECONDS")]
    pub limit: Option<f64>,
    /// Bad seconds allowed since T0, in which a user got no answer in time [default: 120]
    #[arg(long, value_name = "SECONDS")]
    pub budget: Option<u32>,
    /// Send no requests as users would: read only the service's own metrics; the effect on users stays unknown
    #[arg(long)]
    pub passive: bool,
    /// Read the breaker's state here as well: a URL, a path, or a port of the consumer's pods with a path, such as
    /// 8081/actuator/circuitbreakers (repeatable) [default: the usual pages only]
    #[arg(long, value_name = "URL|PATH|PORT/PATH", value_parser = NamedSource::parse)]
    pub breaker_source: Vec<NamedSource>,
    /// Only watch: no step can be run or fired
    #[arg(long, help_heading = SAFETY)]
    pub read_only: bool,
    /// Hold the fault: while one is on, end the run with its rollbacks if no key is pressed for this long
    #[arg(long, value_name = "SECONDS", help_heading = SAFETY,
          value_parser = clap::value_parser!(u32).range(1..=LARGEST_GUARD_LIMIT))]
    pub hold: Option<u32>,
    /// A context in which a fire needs no typed name, in addition to sandbox, minikube, kind and similar (repeatable)
    #[arg(long, value_name = "NAME", help_heading = SAFETY)]
    pub allow_context: Vec<String>,
}

/// How the screen looks.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Screen")]
pub(crate) struct LookArgs {
    /// Theme: auto, dark, light, colour-blind or mono; auto queries the terminal [default: auto]
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// Whether to use colours; `NO_COLOR` means never [default: auto]
    #[arg(long, value_name = "WHEN", value_parser = ["auto", "always", "never"])]
    pub color: Option<String>,
    /// Draw ASCII only [default: true if the locale has no UTF-8]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub ascii: Option<bool>,
    /// Use the mouse: click to focus and select, wheel to scroll; selecting text then needs SHIFT
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub mouse: Option<bool>,
    /// Read this config file [default: $XDG_CONFIG_HOME/chaos-tui/config.yaml; `chaos-tui config` explains it]
    #[arg(long, value_name = "PATH", env = config::VARIABLE, hide_env_values = true)]
    pub config: Option<PathBuf>,
}

/// Options of the screen of a session that runs.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Screen")]
pub(crate) struct ScreenArgs {
    /// How it looks.
    #[command(flatten)]
    pub look: LookArgs,
    /// Show an earlier session, by its file, its id or `last`, behind this one, aligned at T0
    #[arg(long, value_name = "SESSION|FILE")]
    pub ghost: Option<String>,
    /// Record the session in this file; one that is there is kept, and the new one gets a number
    #[arg(long, value_name = "PATH")]
    pub record: Option<PathBuf>,
}

/// Where to panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PanicIn {
    /// In the render loop.
    Screen,
    /// In a background task.
    Task,
    /// Nowhere: once a fault is on, the threads of the session hang instead, while the screen does not.
    Deadlock,
}

impl LookArgs {
    /// Returns the preferences overridden by these options.
    pub(crate) fn applied_to(&self, mut preferences: Preferences) -> Preferences {
        set(&mut preferences.theme, self.theme.clone());
        set(&mut preferences.color, self.color.clone());
        preferences.ascii = self.ascii.or(preferences.ascii);
        set(&mut preferences.mouse, self.mouse);
        preferences
    }
}

impl WatchArgs {
    /// Returns the preferences overridden by these options.
    pub(crate) fn over(&self, mut preferences: Preferences) -> Preferences {
        let watch = &mut preferences.watch;
        if !self.watch.is_empty() {
            watch.urls.clone_from(&self.watch);
            watch.before_own = true;
        }
        watch.headers.extend(self.watch_header.iter().cloned());
        watch.insecure |= self.watch_insecure;
        watch.passive |= self.passive;
        set(&mut watch.rate, self.rate);
        set(&mut watch.limit, self.limit);
        watch.breaker_sources.extend(self.breaker_source.iter().cloned());
        set(&mut preferences.budget, self.budget);
        preferences.allow_contexts.extend(self.allow_context.iter().cloned());
        preferences
    }
}

impl Arguments {
    /// Returns the settings of the session.
    pub(crate) fn settings(&self, global: &GlobalArgs, preferences: &Preferences) -> SessionSettings {
        SessionSettings {
            source: self.source.clone(),
            journal: self.run_args.journal_path.clone(),
            recording: self.screen_args.record.clone(),
            record: record::settings(global, &self.source, &self.run_args),
            dead_man: self.run_args.dead_man.unwrap_or(DeadMan::WhereNeeded(USUAL_LEASE)),
            mode: SessionMode::Operator { read_only: self.watch_args.read_only },
            watch: WatchSettings {
                excerpts: preferences.watch.excerpts && !self.run_args.no_excerpts,
                ..preferences.watch.clone()
            },
            budget: preferences.budget,
            allowed_contexts: preferences.allow_contexts.clone(),
        }
    }
}

/// Overwrites a setting if a value is given.
fn set<T>(setting: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *setting = value;
    }
}

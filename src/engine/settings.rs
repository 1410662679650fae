//! The settings of a session, as plain values: no command line, no config file.

use super::{dead_man::DeadMan, notifications::Notifications};
use crate::{
    cluster,
    observe::breaker::{NamedSource, SeriesRule},
    provider::Providers,
    runner::RunRequest,
    session::{
        event::Guards,
        record::{RecordHeader, SessionsFolder},
    },
};
use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

/// A run that can be started.
pub(crate) struct PreparedRun {
    pub request: RunRequest,
    /// The providers that it calls.
    pub providers: Arc<Providers>,
    /// The channels to notify how it ended.
    pub notifications: Notifications,
    /// How the cluster is chosen.
    pub cluster: cluster::ClusterSettings,
    /// The limits that end it automatically.
    pub guards: Guards,
    /// The first Python function that returned what JSON cannot hold, if any.
    pub unserialisable: Arc<OnceLock<String>>,
}

/// How a session is run.
#[derive(Clone, Debug)]
pub(crate) struct SessionSettings {
    /// Where the experiment comes from, as it was named.
    pub source: String,
    pub journal: PathBuf,
    /// The file of the session's recording, if the operator named one; the undo kit is written beside it.
    pub recording: Option<PathBuf>,
    pub record: RecordSettings,
    /// When a guardian guards the session.
    pub dead_man: DeadMan,
    pub mode: SessionMode,
    /// What is probed and read.
    pub watch: WatchSettings,
    /// The budget of bad user-seconds.
    pub budget: u32,
    /// Contexts in which a fire needs no typed name, besides those of clusters on this machine.
    pub allowed_contexts: Vec<String>,
}

/// The session's record, from which `chaos-tui recover` undoes what it leaves on.
#[derive(Clone, Debug)]
pub(crate) struct RecordSettings {
    /// The folder of all sessions, or why there is none; `None` if the operator wants no record.
    pub folder: Option<Result<SessionsFolder, String>>,
    /// The header, as far as the command line tells it.
    pub header: RecordHeader,
    /// Whether the undo kit's manifests, which may hold passwords, are written to files.
    pub kit_file: bool,
}

/// Who follows a session, which decides what is looked up and watched in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionMode {
    /// An operator at a screen, or another viewer of the same data: everything.
    Operator {
        /// Whether nothing may be fired.
        read_only: bool,
    },
    /// No operator: users and pods are watched for guards and the verdict.
    Unattended {
        /// Whether the end waits until the system has recovered.
        recovery: bool,
    },
    /// No operator, and nothing is watched.
    Nobody,
}

/// What is probed as users do, and which pages are read.
#[derive(Clone, Debug)]
pub(crate) struct WatchSettings {
    /// URLs or paths that users request.
    pub urls: Vec<String>,
    /// Whether these come before the experiment's own probe.
    pub before_own: bool,
    /// Headers sent with each request, `NAME:VALUE`.
    pub headers: Headers,
    /// Whether every certificate is accepted.
    pub insecure: bool,
    /// Whether the beginning of the first answer of each kind is kept.
    pub excerpts: bool,
    /// Whether no user requests are sent, and only pages are read.
    pub passive: bool,
    /// Requests a second to each endpoint.
    pub rate: f64,
    /// The response time that users accept, in seconds.
    pub limit: f64,
    /// Sources of the circuit breaker's state, besides the usual places.
    pub breaker_sources: Vec<NamedSource>,
    pub breaker_series: Vec<SeriesRule>,
}

impl WatchSettings {
    /// Whether users call a Service of the cluster by its name.
    pub(super) fn names_service(&self) -> bool {
        self.urls.iter().any(|text| cluster::ServiceAddress::parse(text).is_some())
    }
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            before_own: false,
            headers: Headers::default(),
            insecure: false,
            excerpts: true,
            passive: false,
            rate: 4.0,
            limit: 1.0,
            breaker_sources: Vec::new(),
            breaker_series: Vec::new(),
        }
    }
}

/// Headers as they were written; their values are never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<String>);

impl Headers {
    pub fn new(texts: Vec<String>) -> Self {
        Self(texts)
    }

    /// Returns the headers with their values masked.
    pub fn shown(&self) -> Vec<String> {
        let name = |text: &String| text.split_once(':').map_or("", |(name, _)| name).trim().to_owned();
        self.0.iter().map(|text| format!("{}: ***", name(text))).collect()
    }
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.shown()).finish()
    }
}

impl Extend<String> for Headers {
    fn extend<Texts: IntoIterator<Item = String>>(&mut self, texts: Texts) {
        self.0.extend(texts);
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a String;
    type IntoIter = std::slice::Iter<'a, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

//! What a session is told before it begins, as plain values: no command line, no config file.

use super::notifications::Notifications;
use crate::{
    cluster,
    observe::breaker::{NamedSource, SeriesRule},
    provider::Providers,
    runner::RunRequest,
    session::event::Guards,
};
use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

/// A run that can be played.
pub(crate) struct PreparedRun {
    pub request: RunRequest,
    /// With whom.
    pub providers: Arc<Providers>,
    /// Whom to tell how it ended.
    pub notifications: Notifications,
    /// How the cluster is chosen.
    pub cluster: cluster::ClusterSettings,
    /// What ends it by itself.
    pub guards: Guards,
    /// The first Python function that gave what JSON cannot hold, once there is one.
    pub unserialisable: Arc<OnceLock<String>>,
}

/// How a session is held.
#[derive(Clone, Debug)]
pub(crate) struct SessionSettings {
    /// Where the experiment comes from, as it was named.
    pub source: String,
    pub journal: PathBuf,
    /// Where the session is recorded, if it is; the undo kit is written beside it.
    pub recording: Option<PathBuf>,
    pub audience: SessionMode,
    /// What is asked and read.
    pub watch: WatchSettings,
    /// Bad user-seconds that may be spent.
    pub budget: u32,
    /// Contexts in which a fire needs no typed name, besides those of clusters on this machine.
    pub allowed_contexts: Vec<String>,
}

/// Who follows a session, and so what is looked up and watched in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionMode {
    /// An operator at a screen, or whoever is shown the same: all of it.
    Operator {
        /// Whether nothing may be fired.
        read_only: bool,
    },
    /// Nobody: users and pods are watched for guards and the verdict.
    Judges {
        /// Whether the end waits until the system has recovered.
        recovery: bool,
    },
    /// Nobody, and nothing is watched.
    Nobody,
}

/// What is asked as users do, and which pages are read.
#[derive(Clone, Debug)]
pub(crate) struct WatchSettings {
    /// URLs or paths that users ask.
    pub urls: Vec<String>,
    /// Whether they go before the experiment's own probe.
    pub before_own: bool,
    /// Headers sent to each of them, `NAME:VALUE`.
    pub headers: Headers,
    /// Whether every certificate is accepted of them.
    pub insecure: bool,
    /// Whether nobody is asked, and only pages are read.
    pub passive: bool,
    /// Requests a second to each of them.
    pub rate: f64,
    /// What users accept to wait, in seconds.
    pub limit: f64,
    /// Where the breaker's state is told, besides the usual places.
    pub breaker_sources: Vec<NamedSource>,
    pub breaker_series: Vec<SeriesRule>,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            before_own: false,
            headers: Headers::default(),
            insecure: false,
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

    /// The same for whoever may see them.
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

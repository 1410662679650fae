//! What a source said when it was read once.

use super::sources::RequestCounters;
use crate::session::event::{NamedBreaker, SourceClaim, SourceKind, SourceReport};

/// Which source: its kind, where it is found, and the pod that was asked, where pods are asked one by one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SourceId {
    pub(super) kind: SourceKind,
    /// `None`: whoever stands behind the users' address was asked.
    pub(super) pod: Option<String>,
    /// As the screen names it: `/metrics`, `8080/actuator/circuitbreakers`.
    pub(super) place: String,
}

impl SourceId {
    /// A page beside the users' endpoint.
    pub(super) fn beside(kind: SourceKind, place: impl Into<String>) -> Self {
        Self { kind, pod: None, place: place.into() }
    }
}

/// Calls that left for the provider, counted behind the breaker: rejected calls are known not to be among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutgoingCalls {
    pub(super) calls: u64,
    /// Where that stands: `outgoing_calls_total{target="provider"}`.
    pub(super) series: String,
}

/// What a source said when it was read once.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) source: SourceId,
    /// Tells the process that answered from those before it and beside it, where the source does: `started 1763816700`.
    pub(super) process: Option<String>,
    /// What the source says as a whole, where it names no breaker: a health page does not.
    pub(super) says: SourceClaim,
    pub(super) ground: String,
    /// Whether a health page failed.
    pub(super) failing: Option<bool>,
    /// The breakers that it names. None any more is silence about them.
    pub(super) breakers: Vec<NamedBreaker>,
    pub(super) outgoing: Option<OutgoingCalls>,
    /// Calls of everybody, as the page counts them.
    pub(super) requests: Option<RequestCounters>,
    /// Series or words that tell of a limit rather than of a breaker: a bulkhead, a rate limiter.
    pub(super) limits: Vec<String>,
}

impl Reading {
    /// A reading that tells nothing yet.
    pub(super) fn new(source: SourceId, ground: impl Into<String>) -> Self {
        Self {
            source,
            process: None,
            says: SourceClaim::Nothing,
            ground: ground.into(),
            failing: None,
            breakers: Vec::new(),
            outgoing: None,
            requests: None,
            limits: Vec::new(),
        }
    }

    /// As the session's stream has it.
    pub(super) fn report(&self) -> SourceReport {
        SourceReport {
            witness: self.source.kind,
            says: self.says,
            ground: self.ground.clone(),
            place: Some(self.source.place.clone()),
            pod: self.source.pod.clone(),
            failing: self.failing,
            breakers: self.breakers.clone(),
        }
    }
}

/// What comes from a source's task.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SourceMessage {
    Reading(Reading),
    /// It could not be read, or is not there: whatever it said before stands no longer.
    Silent {
        source: SourceId,
        /// Why, for people.
        reason: String,
    },
}

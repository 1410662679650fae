//! One reading of a source.

use super::sources::RequestCounters;
use crate::session::event::{NamedBreaker, SourceClaim, SourceKind, SourceReport};

/// Identifies a source: its kind, its place, and the pod that was queried, if pods are queried one by one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SourceId {
    pub(super) kind: SourceKind,
    /// `None` if the users' address was queried, so that any replica may have answered.
    pub(super) pod: Option<String>,
    /// As shown on the screen: `/metrics`, `8080/actuator/circuitbreakers`.
    pub(super) place: String,
}

impl SourceId {
    /// A page beside the users' endpoint.
    pub(super) fn at_users_url(kind: SourceKind, place: impl Into<String>) -> Self {
        Self { kind, pod: None, place: place.into() }
    }
}

/// Calls that left for the provider, counted behind the breaker, so rejected calls are not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutgoingCalls {
    pub(super) calls: u64,
    /// The series that counts them: `outgoing_calls_total{target="provider"}`.
    pub(super) series: String,
}

/// One reading of a source.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) source: SourceId,
    /// Identifies the process that answered, if the source tells it: `started 1763816700`.
    pub(super) process: Option<String>,
    /// The claim of the source as a whole, if it names no breaker, such as a health page.
    pub(super) claim: SourceClaim,
    pub(super) ground: String,
    /// Whether a health page reports a failure.
    pub(super) failing: Option<bool>,
    /// The breakers that the source names. A breaker no longer listed counts as no claim about it.
    pub(super) breakers: Vec<NamedBreaker>,
    pub(super) outgoing: Option<OutgoingCalls>,
    /// Calls of all clients, as the page counts them.
    pub(super) requests: Option<RequestCounters>,
    /// Series or words that show a limit rather than a breaker: a bulkhead, a rate limiter.
    pub(super) limits: Vec<String>,
}

impl Reading {
    /// A reading without any claim.
    pub(super) fn new(source: SourceId, ground: impl Into<String>) -> Self {
        Self {
            source,
            process: None,
            claim: SourceClaim::Nothing,
            ground: ground.into(),
            failing: None,
            breakers: Vec::new(),
            outgoing: None,
            requests: None,
            limits: Vec::new(),
        }
    }

    /// The report of this reading for the session's stream.
    pub(super) fn report(&self) -> SourceReport {
        SourceReport {
            witness: self.source.kind,
            says: self.claim,
            ground: self.ground.clone(),
            place: Some(self.source.place.clone()),
            pod: self.source.pod.clone(),
            failing: self.failing,
            breakers: self.breakers.clone(),
        }
    }
}

/// A message from a source's task.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SourceMessage {
    Reading(Reading),
    /// The source could not be read or is not there: its earlier claims are void.
    Silent {
        source: SourceId,
        /// The reason, as text for the user.
        reason: String,
    },
}

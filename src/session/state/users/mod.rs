//! What users get, as seen by the probe of the consumer's endpoint.

mod baseline;
mod calls;
mod endpoint;
mod samples;
mod seconds;
mod window;

use super::{Fault, SecondSlots};
use crate::session::event::{Answer, EndpointId, Gap, RequestId, Timestamp};
pub use baseline::UserBaseline;
use calls::CallCounts;
pub use calls::{CallRate, CallShare};
pub use endpoint::{AnswerGroup, Endpoint, InFlight, LearnedAnswer};
use pyvalue::Value;
use samples::Samples;
pub use samples::{Outcome, Recent, Sample};
use seconds::UserSeconds;
pub use seconds::{BANDS, UserSecond};
pub use window::{LatencySummary, Quantile, Tally, Window};

/// The default budget of bad user-seconds.
const BUDGET_S: u32 = 120;

/// What users get, by probed endpoint.
#[derive(Clone, Debug)]
pub struct Users {
    /// The probed endpoints, in the order they were first watched.
    pub endpoints: Vec<Endpoint>,
    /// The budget of bad user-seconds.
    pub budget_s: u32,
    /// Whether the session is passive: it only reads pages and sends no requests to endpoints.
    pub passive: bool,
    /// The calls of all clients of the probed services, where a page reports them.
    pub calls: CallCounts,
}

impl Default for Users {
    fn default() -> Self {
        Self { endpoints: Vec::new(), budget_s: BUDGET_S, passive: false, calls: CallCounts::default() }
    }
}

impl Users {
    /// Returns an endpoint by its identity.
    pub fn endpoint(&self, id: EndpointId) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.id == id)
    }

    /// Returns a short name that distinguishes an endpoint from the others: its path, with the host before it where
    /// another endpoint has the same path.
    pub fn name(&self, endpoint: &Endpoint) -> String {
        let path = endpoint.path();
        let alike = self.endpoints.iter().filter(|other| other.path() == path).count();
        if alike > 1 { endpoint.url.rsplit("://").next().unwrap_or(path).to_owned() } else { path.to_owned() }
    }

    /// Returns whether a watched endpoint has no learned real answer yet.
    pub fn has_unlearned_endpoint(&self) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.watched && endpoint.shape.is_none())
    }

    /// Returns the endpoint that the verdict is about: the first one.
    pub fn main(&self) -> Option<&Endpoint> {
        self.endpoints.first()
    }

    /// Returns a remark if a journal entry's output is what users get as a fallback or as an error: the step passed,
    /// but not with the real answer.
    pub(super) fn remark_on(&self, entry: &Value) -> Option<&'static str> {
        let output = entry.get("output")?;
        let body = output.get("body").and_then(Value::as_str);
        let status = match output.get("status") {
            Some(Value::Int(status)) => u16::try_from(*status).ok(),
            _ => None,
        };
        let falls_back = |look: &AnswerGroup| {
            let excerpt = look.excerpt.as_deref().filter(|excerpt| !excerpt.is_empty());
            look.outcome == Outcome::Fallback
                && body.zip(excerpt).is_some_and(|(body, excerpt)| body.starts_with(excerpt))
        };
        let fails =
            |look: &AnswerGroup| look.outcome == Outcome::Error && status.is_some() && look.status == status;
        let looks = || self.endpoints.iter().flat_map(|endpoint| &endpoint.answer_groups);
        if looks().any(falls_back) {
            return Some("with the FALLBACK body");
        }
        looks().any(fails).then_some("with the ERROR that users get")
    }

    /// Starts or resumes probing an endpoint; what was learned about it is kept.
    pub(super) fn watch(&mut self, endpoint: Endpoint) {
        match self.endpoint_mut(endpoint.id) {
            Some(known) => known.resume(endpoint),
            None => self.endpoints.push(endpoint),
        }
    }

    pub(super) fn leave(&mut self, at: Timestamp, id: EndpointId) {
        if let Some(endpoint) = self.endpoint_mut(id) {
            endpoint.leave(at);
        }
    }

    pub(super) fn sent(
        &mut self,
        start: Timestamp,
        id: EndpointId,
        request: RequestId,
        withheld: bool,
        axis: &SecondSlots,
        fault: Option<&Fault>,
    ) {
        if let Some(endpoint) = self.endpoint_mut(id) {
            endpoint.sent(start, request, withheld, axis, fault);
        }
    }

    /// Discards requests whose outcome is unknown; returns when the first of them was due.
    pub(super) fn lost(&mut self, id: EndpointId, requests: &[RequestId]) -> Option<Timestamp> {
        self.endpoint_mut(id)?.lost(requests)
    }

    pub(super) fn answered(&mut self, at: Timestamp, answer: &Answer, fault: Option<&Fault>) {
        if let Some(endpoint) = self.endpoint_mut(answer.endpoint) {
            endpoint.answered(at, answer, fault);
        }
    }

    pub(super) fn learned(&mut self, id: EndpointId, shape: LearnedAnswer, t0: Option<(Timestamp, i64)>) {
        if let Some(endpoint) = self.endpoint_mut(id) {
            endpoint.learned(shape, t0);
        }
    }

    pub(super) fn answers_end(&mut self, id: EndpointId, end: bool) {
        if let Some(endpoint) = self.endpoint_mut(id) {
            endpoint.endless = !end;
        }
    }

    pub(super) fn fired(&mut self, at: Timestamp, axis: &SecondSlots) {
        let slot = axis.slot_of_second(0);
        self.endpoints.iter_mut().for_each(|endpoint| endpoint.fired(at, slot));
        self.calls.fired();
    }

    pub(super) fn not_observed(&mut self, gap: &Gap) {
        self.endpoints.iter_mut().for_each(|endpoint| endpoint.not_observed(gap));
        self.calls.forget();
    }

    /// Returns whether users are observed, by probing or from pages alone.
    pub fn watching(&self) -> bool {
        self.passive || !self.endpoints.is_empty()
    }

    pub(super) fn healed(&mut self, at: Timestamp) {
        self.endpoints.iter_mut().for_each(|endpoint| endpoint.healed(at));
    }

    /// Moves what was counted during the fault to the steady state, because there was no fault after all.
    pub(super) fn fire_taken_back(&mut self) {
        self.endpoints.iter_mut().for_each(Endpoint::fire_taken_back);
        self.calls.unfired();
    }

    fn endpoint_mut(&mut self, id: EndpointId) -> Option<&mut Endpoint> {
        self.endpoints.iter_mut().find(|endpoint| endpoint.id == id)
    }
}

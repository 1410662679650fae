//! Every request to the users' endpoints: when it was due, how long the user waited, and what came of it.

use crate::session::{
    Event, EventKind, Session,
    event::{Answer, AnswerKind, EndpointId, ErrorKind, RequestId, Timestamp},
    wording,
};
use std::{collections::BTreeMap, num::NonZeroU16};

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SampleOutcome {
    Real,
    Fallback,
    /// A success that cannot be classified as real or fallback.
    Unjudged,
    Error(ErrorKind),
    /// Without an answer when probing, or the session, ended.
    Unanswered,
    /// Due and not sent, because too many were in flight.
    Withheld,
    /// Not observed: our own way to the service broke, or this program did not run. Not counted anywhere.
    Lost,
}

impl SampleOutcome {
    /// The outcome in one letter, as the lanes of a comparison have it.
    pub(crate) fn letter(self) -> char {
        match self {
            Self::Real => 'r',
            Self::Fallback => 'f',
            Self::Unjudged => 'a',
            Self::Error(_) => 'X',
            Self::Unanswered => '?',
            Self::Withheld => 'w',
            Self::Lost => ' ',
        }
    }

    /// The outcome in one word, for files.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Fallback => "fallback",
            Self::Unjudged => "unjudged",
            Self::Error(_) => "error",
            Self::Unanswered => "unanswered",
            Self::Withheld => "withheld",
            Self::Lost => "lost",
        }
    }

    /// The kind of error, if it is one.
    pub(crate) fn error(self) -> Option<&'static str> {
        match self {
            Self::Error(kind) => Some(wording::error(kind)),
            _ => None,
        }
    }

    /// Whether there was an answer, errors included.
    pub(crate) fn is_answer(self) -> bool {
        matches!(self, Self::Real | Self::Fallback | Self::Unjudged | Self::Error(_))
    }
}

impl From<AnswerKind> for SampleOutcome {
    fn from(kind: AnswerKind) -> Self {
        match kind {
            AnswerKind::Real => Self::Real,
            AnswerKind::Fallback => Self::Fallback,
            AnswerKind::Unjudged => Self::Unjudged,
            AnswerKind::Error(kind) => Self::Error(kind),
        }
    }
}

/// The part of the session in which a request was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Phase {
    /// Before T0.
    SteadyState,
    DuringFault,
    AfterFault,
}

impl Phase {
    /// All phases, in order.
    pub(crate) const ALL: [Phase; 3] = [Phase::SteadyState, Phase::DuringFault, Phase::AfterFault];

    /// The phase as files spell it.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Phase::SteadyState => "steady_state",
            Phase::DuringFault => "during_fault",
            Phase::AfterFault => "after_fault",
        }
    }

    /// The phase as headings of tables spell it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Phase::SteadyState => "steady state",
            Phase::DuringFault => "during the fault",
            Phase::AfterFault => "after the fault",
        }
    }
}

/// One request, in 24 bytes: an hour at 50 a second takes 4 MB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AskedSample {
    /// When it was due, in microseconds of the Unix epoch.
    start_us: i64,
    /// How long the user waited, in milliseconds; so far, if there was no answer.
    pub waited_ms: f32,
    /// HTTP status, if there was an answer.
    pub status: Option<NonZeroU16>,
    pub endpoint: u8,
    pub outcome: SampleOutcome,
    pub phase: Phase,
}

impl AskedSample {
    /// When it was due.
    pub(crate) fn start(&self) -> Timestamp {
        Timestamp::from_microsecond(self.start_us).unwrap_or_default()
    }

    /// Seconds from a moment to when it was due.
    pub(crate) fn seconds_since(&self, zero: Timestamp) -> f64 {
        (self.start_us - zero.as_microsecond()) as f64 / 1e6
    }
}

/// All requests in the order in which they ended.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    ended: Vec<AskedSample>,
    in_flight: BTreeMap<(EndpointId, RequestId), (Timestamp, Phase)>,
    /// Whether a fire stands.
    fault: bool,
}

impl Samples {
    /// Applies an event that the session has just applied.
    pub(super) fn apply(&mut self, event: &Event, session: &Session) {
        let at = event.at;
        match &event.what {
            EventKind::RequestSent { endpoint, request } => {
                self.in_flight.insert((*endpoint, *request), (at, phase(session, at)));
            }
            EventKind::RequestWithheld { endpoint, .. } => {
                let (start, phase) = (at, phase(session, at));
                self.push(*endpoint, start, 0.0, None, SampleOutcome::Withheld, phase);
            }
            EventKind::Answered(answer) => self.answered(answer),
            EventKind::RequestsLost { endpoint, requests } => {
                for request in requests {
                    self.lose((*endpoint, *request));
                }
            }
            EventKind::NotObserved(gap) => {
                let lost: Vec<_> = self
                    .in_flight
                    .iter()
                    .filter(|(_, (start, _))| *start < gap.to)
                    .map(|(id, _)| *id)
                    .collect();
                for id in lost {
                    self.lose(id);
                }
            }
            EventKind::EndpointLeft { endpoint } => self.give_up(Some(*endpoint), at),
            EventKind::ShapeLearned { endpoint, .. } => self.learned(*endpoint, session.t0()),
            _ => {}
        }
        // A fire that was refused changed nothing: what was counted under it is steady state.
        let fault = session.fault.is_some();
        if self.fault && !fault {
            self.ended.iter_mut().for_each(|sample| sample.phase = Phase::SteadyState);
            self.in_flight.values_mut().for_each(|(_, phase)| *phase = Phase::SteadyState);
        }
        self.fault = fault;
    }

    /// Adds the requests that have no answer at the end of the session.
    pub(super) fn end(&mut self, now: Timestamp) {
        self.give_up(None, now);
        self.ended.shrink_to_fit();
    }

    /// The requests in the order in which they ended.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &AskedSample> {
        self.ended.iter()
    }

    /// The requests to one endpoint, in the order in which they ended.
    pub(crate) fn of(&self, endpoint: EndpointId) -> impl Iterator<Item = &AskedSample> {
        self.ended.iter().filter(move |sample| u16::from(sample.endpoint) == endpoint.0)
    }

    pub(crate) fn len(&self) -> usize {
        self.ended.len()
    }

    fn answered(&mut self, answer: &Answer) {
        let Some((start, phase)) = self.in_flight.remove(&(answer.endpoint, answer.request)) else { return };
        let status = answer.status.and_then(NonZeroU16::new);
        self.push(answer.endpoint, start, answer.waited_ms, status, answer.kind.into(), phase);
    }

    fn lose(&mut self, id: (EndpointId, RequestId)) {
        if let Some((start, phase)) = self.in_flight.remove(&id) {
            self.push(id.0, start, 0.0, None, SampleOutcome::Lost, phase);
        }
    }

    fn give_up(&mut self, endpoint: Option<EndpointId>, now: Timestamp) {
        let waiting = std::mem::take(&mut self.in_flight);
        let (left, kept): (BTreeMap<_, _>, BTreeMap<_, _>) =
            waiting.into_iter().partition(|((of, _), _)| endpoint.is_none_or(|endpoint| endpoint == *of));
        self.in_flight = kept;
        for ((endpoint, _), (start, phase)) in left {
            let waited_ms = now.duration_since(start).as_secs_f64().max(0.0) * 1000.0;
            self.push(endpoint, start, waited_ms, None, SampleOutcome::Unanswered, phase);
        }
    }

    /// Reclassifies the unjudged answers before T0 as real.
    fn learned(&mut self, endpoint: EndpointId, t0: Option<Timestamp>) {
        let unjudged = self.ended.iter_mut().filter(|sample| {
            u16::from(sample.endpoint) == endpoint.0
                && sample.outcome == SampleOutcome::Unjudged
                && t0.is_none_or(|t0| sample.start_us < t0.as_microsecond())
        });
        unjudged.for_each(|sample| sample.outcome = SampleOutcome::Real);
    }

    fn push(
        &mut self,
        endpoint: EndpointId,
        start: Timestamp,
        waited_ms: f64,
        status: Option<NonZeroU16>,
        outcome: SampleOutcome,
        phase: Phase,
    ) {
        // No session watches more endpoints than that.
        let Ok(endpoint) = u8::try_from(endpoint.0) else { return };
        let (start_us, waited_ms) = (start.as_microsecond(), waited_ms as f32);
        self.ended.push(AskedSample { start_us, waited_ms, status, endpoint, outcome, phase });
    }
}

/// The phase as the session's own counts have it.
fn phase(session: &Session, start: Timestamp) -> Phase {
    match session.fault.as_ref().and_then(|fault| fault.on.at(start)) {
        None => Phase::SteadyState,
        Some(true) => Phase::DuringFault,
        Some(false) => Phase::AfterFault,
    }
}

#[cfg(test)]
mod tests {
    use super::AskedSample;

    #[test]
    fn a_request_takes_few_bytes() {
        assert!(size_of::<AskedSample>() <= 24, "{}", size_of::<AskedSample>());
    }
}

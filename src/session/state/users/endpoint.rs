//! One probed endpoint.

use super::{Outcome, Sample, Samples, Tally, UserBaseline, UserSecond, UserSeconds, Window};
use crate::session::{
    event::{Answer, EndpointId, Gap, RequestId, Timestamp},
    state::{Fault, SecondSlots},
};
use std::collections::BTreeMap;

/// The maximum number of answer groups kept; answers in no group are counted by outcome only.
const LOOKS: usize = 16;
/// The maximum number of characters kept of a body.
const EXCERPT: usize = 120;

/// Milliseconds after which a request without an answer is drawn as waiting.
const PATIENCE_MS: f64 = 250.0;

/// One probed endpoint with all answers that users got from it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub id: EndpointId,
    /// Method and URL, without credentials.
    pub url: String,
    /// How the Service is reached, if one was named.
    pub via: Option<String>,
    /// Requests per second.
    pub rate: f64,
    /// Client deadline in milliseconds.
    pub deadline_ms: u64,
    /// The longest wait that users accept, in milliseconds.
    pub limit_ms: u64,
    /// Whether it is probed now.
    pub watched: bool,
    /// When it was first probed.
    pub since: Timestamp,
    /// The shape of a real answer, once learned.
    pub shape: Option<LearnedAnswer>,
    /// Whether its responses begin but do not end, so that only their beginnings are read.
    pub endless: bool,
    /// The groups of similar answers seen so far.
    pub answer_groups: Vec<AnswerGroup>,
    /// Requests without an answer, in order of their intended start.
    pub in_flight: BTreeMap<RequestId, InFlight>,
    /// When the latest answer arrived.
    pub last_answer: Option<Timestamp>,
    /// The users' baseline when the first fault was fired; `None` before that, and if the endpoint was first probed
    /// later.
    pub baseline_at_t0: Option<UserBaseline>,
    /// When the first real answer arrived after the fault healed; the moment of healing, if users already got real
    /// answers.
    pub recovered: Option<Timestamp>,
    baseline: Window,
    during: Window,
    after: Window,
    seconds: UserSeconds,
    samples: Samples,
}

/// The shape of a real answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnedAnswer {
    pub description: String,
    /// The number of answers from which it was learned.
    pub answers: u32,
    /// What cannot be detected with it.
    pub unseen: Option<String>,
}

/// Answers with the same shape and the same outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerGroup {
    /// Hash of their shape.
    pub shape: u64,
    /// The outcome of these answers.
    pub outcome: Outcome,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The first characters of the first body.
    pub excerpt: Option<String>,
    pub count: u64,
    /// When the latest one arrived.
    pub last: Timestamp,
}

/// A request without an answer so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InFlight {
    /// Intended start.
    pub start: Timestamp,
    slot: i64,
    phase: FaultPhase,
}

/// The phase of the session in which a request was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FaultPhase {
    Baseline,
    During,
    After,
}

impl FaultPhase {
    fn of(start: Timestamp, fault: Option<&Fault>) -> Self {
        match fault.map(|fault| fault.on.at(start)) {
            None | Some(None) => FaultPhase::Baseline,
            Some(Some(true)) => FaultPhase::During,
            Some(Some(false)) => FaultPhase::After,
        }
    }
}

impl Endpoint {
    pub(in crate::session::state) fn new(
        at: Timestamp,
        id: EndpointId,
        url: &str,
        rate: f64,
        deadline_ms: u64,
        limit_ms: u64,
    ) -> Self {
        Self {
            id,
            url: url.to_owned(),
            via: None,
            rate,
            deadline_ms,
            limit_ms,
            watched: true,
            since: at,
            shape: None,
            endless: false,
            answer_groups: Vec::new(),
            in_flight: BTreeMap::new(),
            last_answer: None,
            baseline_at_t0: None,
            recovered: None,
            baseline: Window::default(),
            during: Window::default(),
            after: Window::default(),
            seconds: UserSeconds::default(),
            samples: Samples::default(),
        }
    }

    /// Returns the path of its URL, without the host, which is only the present address of the service.
    pub fn path(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/")
    }

    /// Returns whether its requests take a port-forward of our own.
    pub fn is_forwarded(&self) -> bool {
        self.via.as_ref().is_some_and(|via| via.starts_with("port-forward"))
    }

    /// Returns the HTTP method of its requests.
    pub fn method(&self) -> &str {
        self.url.split_once(' ').map_or("GET", |(method, _)| method)
    }

    /// Stops probing. Requests in flight that are over the limit count as bad; the outcome of the others is unknown.
    pub(super) fn leave(&mut self, at: Timestamp) {
        self.watched = false;
        let limit = self.limit_ms as f64;
        for flight in std::mem::take(&mut self.in_flight).into_values() {
            let waited_ms = flight.waited_ms(at);
            self.window(flight.phase).give_up(waited_ms);
            self.seconds.give_up(flight.slot, waited_ms > limit);
        }
    }

    /// Discards the requests in flight that were due before the end of a gap: their outcome is unknown.
    pub(super) fn not_observed(&mut self, gap: &Gap) {
        let (lost, kept) =
            std::mem::take(&mut self.in_flight).into_iter().partition(|(_, flight)| flight.start < gap.to);
        self.in_flight = kept;
        let lost: BTreeMap<RequestId, InFlight> = lost;
        self.forget(lost.into_values());
    }

    /// Discards requests in flight; returns when the first of them was due.
    pub(super) fn lost(&mut self, requests: &[RequestId]) -> Option<Timestamp> {
        let lost: Vec<InFlight> = requests.iter().filter_map(|id| self.in_flight.remove(id)).collect();
        let first = lost.iter().map(|flight| flight.start).min();
        self.forget(lost.into_iter());
        first
    }

    fn forget(&mut self, lost: impl Iterator<Item = InFlight>) {
        for flight in lost {
            self.window(flight.phase).forget();
            self.seconds.forget(flight.slot);
        }
    }

    /// Freezes the baseline when the first fault is fired.
    pub(super) fn fired(&mut self, at: Timestamp, t0_slot: i64) {
        self.baseline_at_t0 =
            Some(UserBaseline::of(&self.baseline(at), self.limit_ms as f64, &self.seconds, t0_slot));
    }

    /// Stores the shape of a real answer: the successes before the fault are reclassified as real.
    pub(super) fn learned(&mut self, shape: LearnedAnswer, t0: Option<(Timestamp, i64)>) {
        self.shape = Some(shape);
        self.baseline.learned();
        self.seconds.learned(t0.map(|(_, slot)| slot));
        self.samples.learned(t0.map(|(t0, _)| t0));
        if t0.is_none() {
            let unjudged = self.answer_groups.iter_mut().filter(|look| look.outcome == Outcome::Unjudged);
            unjudged.for_each(|look| look.outcome = Outcome::Real);
        }
    }

    /// Returns the longest wait in milliseconds that users accept since T0 before it counts against the *fault*: the
    /// limit, or more where users already had to wait longer before the fault.
    pub fn accepted_ms(&self) -> f64 {
        self.baseline_at_t0.as_ref().map_or(self.limit_ms as f64, |usual| usual.accepted_ms)
    }

    /// Resumes probing, possibly with other settings.
    pub(super) fn resume(&mut self, again: Self) {
        (self.url, self.via) = (again.url, again.via);
        self.rate = again.rate;
        self.deadline_ms = again.deadline_ms;
        self.limit_ms = again.limit_ms;
        self.watched = true;
        self.endless = false;
    }

    pub(super) fn sent(
        &mut self,
        start: Timestamp,
        request: RequestId,
        withheld: bool,
        axis: &SecondSlots,
        fault: Option<&Fault>,
    ) {
        let slot = axis.slot(start);
        let stretch = FaultPhase::of(start, fault);
        self.window(stretch).due(withheld);
        self.seconds.due(slot, withheld);
        if !withheld {
            self.in_flight.insert(request, InFlight { start, slot, phase: stretch });
        }
    }

    pub(super) fn answered(&mut self, at: Timestamp, answer: &Answer, fault: Option<&Fault>) {
        // The answer to a request that was not seen to be sent has no second to be filed under.
        let Some(flight) = self.in_flight.remove(&answer.request) else { return };
        let slow = answer.waited_ms > self.limit_ms as f64;
        let outcome = Outcome::from(answer.kind);
        self.window(flight.phase).answer(answer.kind, answer.waited_ms, slow);
        let accepted =
            if flight.phase == FaultPhase::Baseline { self.limit_ms as f64 } else { self.accepted_ms() };
        self.seconds.answer(flight.slot, outcome, answer.waited_ms, slow, answer.waited_ms > accepted);
        self.samples.push(Sample::new(flight.start, answer.waited_ms as f32, outcome));
        self.add_to_group(at, answer, outcome);
        self.last_answer = Some(at);
        let healed = fault.is_some_and(|fault| !fault.is_on());
        if healed && outcome == Outcome::Real && self.recovered.is_none() {
            self.recovered = Some(at);
        }
    }

    /// Applies the healing of the fault: users whose latest answer is real have recovered at that moment.
    pub(super) fn healed(&mut self, at: Timestamp) {
        self.recovered = None;
        if self.samples.iter().next_back().is_some_and(|dot| dot.outcome == Outcome::Real) {
            self.recovered = Some(at);
        }
    }

    /// Moves what was counted during the fault to the baseline, because there was no fault after all.
    pub(super) fn fire_taken_back(&mut self) {
        for window in [std::mem::take(&mut self.during), std::mem::take(&mut self.after)] {
            self.baseline.take_in(&window);
        }
        self.in_flight.values_mut().for_each(|flight| flight.phase = FaultPhase::Baseline);
        (self.recovered, self.baseline_at_t0) = (None, None);
    }

    fn add_to_group(&mut self, at: Timestamp, answer: &Answer, outcome: Outcome) {
        if let Some(look) =
            self.answer_groups.iter_mut().find(|look| look.shape == answer.shape && look.outcome == outcome)
        {
            look.count += 1;
            look.last = at;
        } else if self.answer_groups.len() < LOOKS {
            let excerpt = answer.excerpt.as_ref().map(|text| text.chars().take(EXCERPT).collect());
            let (shape, status) = (answer.shape, answer.status);
            self.answer_groups.push(AnswerGroup { shape, outcome, status, excerpt, count: 1, last: at });
        }
    }

    /// Returns whether the groups are full, so that there may be answers in no group.
    pub fn groups_are_full(&self) -> bool {
        self.answer_groups.len() >= LOOKS
    }

    fn window(&mut self, stretch: FaultPhase) -> &mut Window {
        match stretch {
            FaultPhase::Baseline => &mut self.baseline,
            FaultPhase::During => &mut self.during,
            FaultPhase::After => &mut self.after,
        }
    }

    /// Returns the table's row for requests due before T0.
    pub fn baseline(&self, now: Timestamp) -> Tally {
        self.tally(&[FaultPhase::Baseline], now)
    }

    /// Returns the table's row for all requests due since T0.
    pub fn since_t0(&self, now: Timestamp) -> Tally {
        self.tally(&[FaultPhase::During, FaultPhase::After], now)
    }

    /// Returns the table's row for requests due while the fault was on.
    pub fn during_fault(&self, now: Timestamp) -> Tally {
        self.tally(&[FaultPhase::During], now)
    }

    /// Returns the table's row for requests due after the fault had healed.
    pub fn after_recovery(&self, now: Timestamp) -> Tally {
        self.tally(&[FaultPhase::After], now)
    }

    fn tally(&self, stretches: &[FaultPhase], now: Timestamp) -> Tally {
        let window = |stretch: &FaultPhase| match stretch {
            FaultPhase::Baseline => &self.baseline,
            FaultPhase::During => &self.during,
            FaultPhase::After => &self.after,
        };
        let windows: Vec<&Window> = stretches.iter().map(window).collect();
        let flights = self.in_flight.values().filter(|flight| stretches.contains(&flight.phase));
        Window::tally(&windows, flights.map(|flight| flight.waited_ms(now)), self.limit_ms as f64)
    }

    /// Returns the answers of about the last hour, in order of arrival, at most 8192.
    pub fn samples(&self) -> impl DoubleEndedIterator<Item = &Sample> + ExactSizeIterator {
        self.samples.iter()
    }

    /// Returns the samples whose requests were due at `from` or later, the latest first.
    pub fn samples_since(&self, from: Timestamp) -> impl Iterator<Item = &Sample> {
        // A request that was due later also ended later than `from`, and samples are in order of arrival.
        self.samples
            .iter()
            .rev()
            .take_while(move |dot| dot.ended() >= from)
            .filter(move |dot| dot.start >= from)
    }

    /// Returns the samples that were due and ended between two moments, in order of arrival.
    pub fn samples_between(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = &Sample> {
        self.samples
            .from(from)
            .take_while(move |dot| dot.ended() <= until)
            .filter(move |dot| dot.start >= from)
    }

    /// Returns when the latest answer arrived that is no longer kept one by one; its second still is.
    pub fn samples_forgotten(&self) -> Option<Timestamp> {
        self.samples.forgotten()
    }

    /// Returns the second at a slot of the axis; `None` outside what is kept.
    pub fn second(&self, slot: i64) -> Option<&UserSecond> {
        self.seconds.get(slot)
    }

    /// Returns the slot before which seconds were dropped, being older than two hours; `None` if none was.
    pub fn dropped_before(&self) -> Option<i64> {
        self.seconds.dropped_before
    }

    /// Returns the slots from `slot` on with their seconds, oldest first.
    pub fn seconds_from(&self, slot: i64) -> impl Iterator<Item = (i64, &UserSecond)> {
        self.seconds.from(slot)
    }

    /// Returns all kept slots with their seconds, oldest first; two hours of them.
    pub fn seconds(&self) -> impl Iterator<Item = (i64, &UserSecond)> {
        self.seconds.iter()
    }

    /// Returns the requests that have waited longer than `ms`, with their wait in milliseconds, oldest first.
    pub fn waiting_over(&self, now: Timestamp, ms: f64) -> impl Iterator<Item = (&InFlight, f64)> {
        self.in_flight
            .values()
            .map(move |flight| (flight, flight.waited_ms(now)))
            .filter(move |(_, waited)| *waited > ms)
    }

    /// Returns the letter of a second: its worst outcome. A request that was only just sent does not count as waiting.
    pub fn letter(&self, slot: i64, now: Timestamp) -> Option<char> {
        let second = self.seconds.get(slot)?;
        let waits = || {
            second.unanswered() > second.withheld
                && self.waiting_over(now, PATIENCE_MS).any(|(flight, _)| flight.slot == slot)
        };
        if second.errors > 0 {
            Some(Outcome::Error.letter(true))
        } else if second.withheld > 0 || waits() {
            Some('?')
        } else if second.fallback.0 > 0 {
            Some(Outcome::Fallback.letter(second.fallback.1 > 0))
        } else if second.unjudged.0 > 0 {
            Some(Outcome::Unjudged.letter(second.unjudged.1 > 0))
        } else if second.real.0 > 0 {
            Some(Outcome::Real.letter(second.real.1 > 0))
        } else {
            None
        }
    }

    /// Returns the number of seconds from a slot on in which requests were due.
    pub fn asked_seconds(&self, from: i64) -> u32 {
        self.seconds.iter().filter(|(slot, second)| *slot >= from && second.due > 0).count() as u32
    }

    /// Returns the bad slots from `from` on: those with an error, a request not sent, or a wait longer than users
    /// accept.
    pub fn bad_slots(&self, from: i64, now: Timestamp) -> Vec<i64> {
        let mut bad: Vec<i64> = self
            .seconds
            .iter()
            .filter(|(slot, second)| *slot >= from && second.is_bad())
            .map(|(slot, _)| slot)
            .collect();
        bad.extend(
            self.waiting_over(now, self.accepted_ms())
                .map(|(flight, _)| flight.slot)
                .filter(|slot| *slot >= from),
        );
        bad.sort_unstable();
        bad.dedup();
        bad
    }
}

impl InFlight {
    /// Returns the milliseconds waited so far.
    pub fn waited_ms(&self, now: Timestamp) -> f64 {
        (now.duration_since(self.start).as_secs_f64() * 1000.0).max(0.0)
    }

    /// Returns the slot of the axis in which the request was due.
    pub fn slot(&self) -> i64 {
        self.slot
    }
}

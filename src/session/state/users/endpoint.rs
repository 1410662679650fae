//! One probed endpoint.

use super::{Outcome, Sample, Samples, Tally, UserBaseline, UserSecond, UserSeconds, Window};
use crate::session::{
    event::{Answer, EndpointId, Gap, RequestId, Timestamp},
    state::{Fault, SecondSlots},
};
use std::collections::BTreeMap;

/// Looks kept; answers that look like none of them are counted with their outcome only.
const LOOKS: usize = 16;
/// Characters kept of a body.
const EXCERPT: usize = 120;

/// Milliseconds after which a request without an answer is drawn as waiting.
const PATIENCE_MS: f64 = 250.0;

/// One probed endpoint with all that users got from it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub id: EndpointId,
    /// Method and URL, without credentials.
    pub url: String,
    /// Requests a second.
    pub rate: f64,
    /// Client deadline in milliseconds.
    pub deadline_ms: u64,
    /// What users accept to wait, in milliseconds.
    pub limit_ms: u64,
    /// Whether it is probed now.
    pub watched: bool,
    /// When it was first probed.
    pub since: Timestamp,
    /// What a real answer looks like, once learned.
    pub shape: Option<LearnedAnswer>,
    /// Whether its answers begin and do not end, so that only their beginnings are seen.
    pub endless: bool,
    /// The looks of answers seen so far.
    pub looks: Vec<AnswerGroup>,
    /// Requests without an answer, in order of their intended start.
    pub in_flight: BTreeMap<RequestId, InFlight>,
    /// When the latest answer came.
    pub last_answer: Option<Timestamp>,
    /// What users were used to when the first fault was fired; `None` before that, and where nobody was asked by then.
    pub usual: Option<UserBaseline>,
    /// When the first real answer came after the fault healed; the moment of healing, if users got real answers by then.
    pub recovered: Option<Timestamp>,
    baseline: Window,
    during: Window,
    after: Window,
    seconds: UserSeconds,
    dots: Samples,
}

/// What a real answer looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnedAnswer {
    pub description: String,
    /// From how many answers it was learned.
    pub answers: u32,
    /// What cannot be seen with it.
    pub unseen: Option<String>,
}

/// Answers that look alike.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerGroup {
    /// Hash of their shape.
    pub shape: u64,
    /// What users got with it.
    pub outcome: Outcome,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The first characters of the first body.
    pub excerpt: Option<String>,
    pub count: u64,
    /// When the latest came.
    pub last: Timestamp,
}

/// A request without an answer so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InFlight {
    /// Intended start.
    pub start: Timestamp,
    slot: i64,
    stretch: FaultPhase,
}

/// The stretch of the session in which a request was due.
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
            rate,
            deadline_ms,
            limit_ms,
            watched: true,
            since: at,
            shape: None,
            endless: false,
            looks: Vec::new(),
            in_flight: BTreeMap::new(),
            last_answer: None,
            usual: None,
            recovered: None,
            baseline: Window::default(),
            during: Window::default(),
            after: Window::default(),
            seconds: UserSeconds::default(),
            dots: Samples::default(),
        }
    }

    /// The path of its URL: the host is where the service is reached today.
    pub fn path(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/")
    }

    /// The method by which it is asked.
    pub fn method(&self) -> &str {
        self.url.split_once(' ').map_or("GET", |(method, _)| method)
    }

    /// We hung up. Whoever had waited over the limit was let down; of the others the fate is not known.
    pub(super) fn leave(&mut self, at: Timestamp) {
        self.watched = false;
        let limit = self.limit_ms as f64;
        for flight in std::mem::take(&mut self.in_flight).into_values() {
            let waited_ms = flight.waited_ms(at);
            self.window(flight.stretch).give_up(waited_ms);
            self.seconds.give_up(flight.slot, waited_ms > limit);
        }
    }

    /// We did not run: nobody knows what became of those who had asked by then.
    pub(super) fn not_observed(&mut self, gap: &Gap) {
        let (lost, kept) =
            std::mem::take(&mut self.in_flight).into_iter().partition(|(_, flight)| flight.start < gap.to);
        self.in_flight = kept;
        let lost: BTreeMap<RequestId, InFlight> = lost;
        for flight in lost.into_values() {
            self.window(flight.stretch).forget();
            self.seconds.forget(flight.slot);
        }
    }

    /// The first fault is fired: what users got by now is what they are used to.
    pub(super) fn fired(&mut self, at: Timestamp, t0_slot: i64) {
        self.usual = Some(UserBaseline::of(&self.baseline(at), self.limit_ms as f64, &self.seconds, t0_slot));
    }

    /// The real answer is known: the successes before the fault were real ones.
    pub(super) fn learned(&mut self, shape: LearnedAnswer, t0: Option<(Timestamp, i64)>) {
        self.shape = Some(shape);
        self.baseline.learned();
        self.seconds.learned(t0.map(|(_, slot)| slot));
        self.dots.learned(t0.map(|(t0, _)| t0));
        if t0.is_none() {
            let unjudged = self.looks.iter_mut().filter(|look| look.outcome == Outcome::Unjudged);
            unjudged.for_each(|look| look.outcome = Outcome::Real);
        }
    }

    /// What users since T0 accept to wait before they are let down by the *fault*, in milliseconds: the limit, or more where
    /// they had to wait longer before it already.
    pub fn accepted_ms(&self) -> f64 {
        self.usual.as_ref().map_or(self.limit_ms as f64, |usual| usual.accepted_ms)
    }

    /// Probed again, with other settings perhaps.
    pub(super) fn resume(&mut self, again: Self) {
        self.url = again.url;
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
            self.in_flight.insert(request, InFlight { start, slot, stretch });
        }
    }

    pub(super) fn answered(&mut self, at: Timestamp, answer: &Answer, fault: Option<&Fault>) {
        // An answer to a request we never saw leave has no second to be filed under.
        let Some(flight) = self.in_flight.remove(&answer.request) else { return };
        let slow = answer.waited_ms > self.limit_ms as f64;
        let outcome = Outcome::from(answer.kind);
        self.window(flight.stretch).answer(answer.kind, answer.waited_ms, slow);
        let accepted =
            if flight.stretch == FaultPhase::Baseline { self.limit_ms as f64 } else { self.accepted_ms() };
        self.seconds.answer(flight.slot, outcome, answer.waited_ms, slow, answer.waited_ms > accepted);
        self.dots.push(Sample::new(flight.start, answer.waited_ms as f32, outcome));
        self.group_of(at, answer, outcome);
        self.last_answer = Some(at);
        let healed = fault.is_some_and(|fault| !fault.is_on());
        if healed && outcome == Outcome::Real && self.recovered.is_none() {
            self.recovered = Some(at);
        }
    }

    /// The fault healed: users whose latest answer is a real one have recovered with it.
    pub(super) fn healed(&mut self, at: Timestamp) {
        self.recovered = None;
        if self.dots.iter().next_back().is_some_and(|dot| dot.outcome == Outcome::Real) {
            self.recovered = Some(at);
        }
    }

    /// There was no fault after all.
    pub(super) fn fire_taken_back(&mut self) {
        for window in [std::mem::take(&mut self.during), std::mem::take(&mut self.after)] {
            self.baseline.take_in(&window);
        }
        self.in_flight.values_mut().for_each(|flight| flight.stretch = FaultPhase::Baseline);
        (self.recovered, self.usual) = (None, None);
    }

    fn group_of(&mut self, at: Timestamp, answer: &Answer, outcome: Outcome) {
        if let Some(look) =
            self.looks.iter_mut().find(|look| look.shape == answer.shape && look.outcome == outcome)
        {
            look.count += 1;
            look.last = at;
        } else if self.looks.len() < LOOKS {
            let excerpt = answer.excerpt.as_ref().map(|text| text.chars().take(EXCERPT).collect());
            let (shape, status) = (answer.shape, answer.status);
            self.looks.push(AnswerGroup { shape, outcome, status, excerpt, count: 1, last: at });
        }
    }

    /// Whether there may be looks that were not kept.
    pub fn groups_are_full(&self) -> bool {
        self.looks.len() >= LOOKS
    }

    fn window(&mut self, stretch: FaultPhase) -> &mut Window {
        match stretch {
            FaultPhase::Baseline => &mut self.baseline,
            FaultPhase::During => &mut self.during,
            FaultPhase::After => &mut self.after,
        }
    }

    /// The table's row for requests due before T0.
    pub fn baseline(&self, now: Timestamp) -> Tally {
        self.tally(&[FaultPhase::Baseline], now)
    }

    /// The table's row for all requests due since T0.
    pub fn since_t0(&self, now: Timestamp) -> Tally {
        self.tally(&[FaultPhase::During, FaultPhase::After], now)
    }

    /// The table's row for requests due while the fault was on.
    pub fn during_fault(&self, now: Timestamp) -> Tally {
        self.tally(&[FaultPhase::During], now)
    }

    /// The table's row for requests due after the fault had healed.
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
        let flights = self.in_flight.values().filter(|flight| stretches.contains(&flight.stretch));
        Window::tally(&windows, flights.map(|flight| flight.waited_ms(now)), self.limit_ms as f64)
    }

    /// The answers of the last hour or so, in the order they came, at most 8192 of them.
    pub fn samples(&self) -> impl DoubleEndedIterator<Item = &Sample> + ExactSizeIterator {
        self.dots.iter()
    }

    /// Those of them whose requests were due from a moment on, the latest first.
    pub fn samples_since(&self, from: Timestamp) -> impl Iterator<Item = &Sample> {
        // Whatever was due later also came later, and answers stand in the order they came.
        self.dots.iter().rev().take_while(move |dot| dot.ended() >= from).filter(move |dot| dot.start >= from)
    }

    /// Those that were asked for and came between two moments, in the order they came.
    pub fn samples_between(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = &Sample> {
        self.dots.from(from).take_while(move |dot| dot.ended() <= until).filter(move |dot| dot.start >= from)
    }

    /// Until when answers came that are not kept one by one any more; their seconds still are.
    pub fn samples_forgotten(&self) -> Option<Timestamp> {
        self.dots.forgotten()
    }

    /// The second at a slot of the axis; `None` outside what is kept.
    pub fn second(&self, slot: i64) -> Option<&UserSecond> {
        self.seconds.get(slot)
    }

    /// Slots from one on and their seconds, oldest first.
    pub fn seconds_from(&self, slot: i64) -> impl Iterator<Item = (i64, &UserSecond)> {
        self.seconds.from(slot)
    }

    /// Slots and their seconds, oldest first; two hours of them.
    pub fn seconds(&self) -> impl Iterator<Item = (i64, &UserSecond)> {
        self.seconds.iter()
    }

    /// Requests that have waited longer than `ms`, with what they have waited in milliseconds, oldest first.
    pub fn waiting_over(&self, now: Timestamp, ms: f64) -> impl Iterator<Item = (&InFlight, f64)> {
        self.in_flight
            .values()
            .map(move |flight| (flight, flight.waited_ms(now)))
            .filter(move |(_, waited)| *waited > ms)
    }

    /// The letter of a second: the worst that users got in it. A request that has only just left is no reason to worry.
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

    /// Seconds from a slot on in which users asked.
    pub fn asked_seconds(&self, from: i64) -> u32 {
        self.seconds.iter().filter(|(slot, second)| *slot >= from && second.due > 0).count() as u32
    }

    /// Slots from `from` on in which a user was let down: by an error, by waiting longer than the limit.
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
    /// Milliseconds waited so far.
    pub fn waited_ms(&self, now: Timestamp) -> f64 {
        (now.duration_since(self.start).as_secs_f64() * 1000.0).max(0.0)
    }

    /// The slot of the axis in which it was due.
    pub fn slot(&self) -> i64 {
        self.slot
    }
}

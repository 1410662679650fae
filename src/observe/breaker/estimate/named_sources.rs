//! Sources that name breakers: chooses the breaker in question and its state, and detects several processes.

use super::{
    super::reading::{Reading, SourceId},
    answers::{AnswerPattern, AnswerStage},
    seconds,
    weighing::{Opinion, opinion},
};
use crate::session::event::{
    BreakerState::{self, Closed, Disabled, ForcedOpen, HalfOpen, MetricsOnly, Mixed, Open},
    Confidence::{Likely, Sure},
    NamedBreaker, NamedState, SourceClaim, SourceKind, Timestamp, Transition,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Seconds after which a report is stale.
pub(super) const STALE_S: f64 = 3.0;
/// Seconds for which a process that answers in turn with others is remembered.
const TURNS_S: f64 = 8.0;
/// Seconds within which no breaker opens and closes again: several processes must have answered.
const FLIP_S: f64 = 1.6;
/// Seconds after the latest change for which processes that answer in turn count as mixed.
const TURN_S: f64 = 1.1;
/// Seconds within which two successive reports must agree to confirm each other.
const AGREE_S: f64 = 2.0;
/// Seconds after which an open breaker may close again; if it seems to close sooner, another process answered.
const CLOSES_S: f64 = 1.5;
/// Seconds for which a source may contradict the answers before this counts against it.
const PATIENCE_S: f64 = 2.5;
/// The number of calls rejected since a derived trial began that end the trial.
const TURNED_AWAY: u32 = 2;
/// The share of the reset time after which a call that hangs is a trial.
const NEARLY: f64 = 0.8;
/// The maximum numbers of reports, breakers and changes kept.
const VOICES: usize = 256;
const TRACKS: usize = 256;
const CHANGES: usize = 16;

/// The reporter: a source, and the process behind it if the source identifies it.
type ReportingProcess = (SourceId, Option<String>);

/// The report of one process about one breaker.
#[derive(Clone, Debug)]
struct ProcessReport {
    at: Timestamp,
    since: Timestamp,
    breaker: NamedBreaker,
    /// The breaker's changes of state, oldest first.
    changes: VecDeque<(Timestamp, BreakerState)>,
    before: Option<(Timestamp, SourceClaim)>,
    /// A trial that ended before any reading showed it: its estimated time, and the state after it.
    missed: Option<(Timestamp, BreakerState)>,
}

impl ProcessReport {
    /// Whether two successive readings agree.
    fn confirmed(&self) -> bool {
        self.before.is_some_and(|(at, says)| says == self.breaker.says && seconds(at, self.at) <= AGREE_S)
    }
}

/// What was learned about a breaker in this session.
#[derive(Clone, Debug, Default)]
struct BreakerHistory {
    /// The breaker was open while users were well: it guards other calls, unless it changes during the fault.
    guards_other_calls: bool,
    /// When it first changed during the fault.
    moved: Option<Timestamp>,
    /// Whether the answers have contradicted it.
    contradicted: bool,
    /// Whether its reports alternate, so that several processes answer.
    several: bool,
}

/// The chosen breaker and all reports about it.
#[derive(Clone, Debug)]
pub(super) struct ChosenBreaker {
    pub(super) opinion: Opinion,
    pub(super) name: String,
    pub(super) since: Timestamp,
    pub(super) replicas: Vec<NamedState>,
    pub(super) report: NamedBreaker,
}

/// The sources that name breakers.
#[derive(Default)]
pub(super) struct NamedSources {
    said: BTreeMap<(ReportingProcess, String), ProcessReport>,
    histories: BTreeMap<String, BreakerHistory>,
    /// The latest processes of each source, with the time each was last seen.
    processes: BTreeMap<SourceId, VecDeque<(String, Timestamp)>>,
    /// The observed seconds from open to the trial.
    reset: Option<f64>,
    /// The state last believed of each breaker, and since when.
    stood: BTreeMap<String, (BreakerState, Timestamp)>,
}

impl NamedSources {
    /// Handles a reading; returns whether its process has restarted.
    pub(super) fn handle(&mut self, at: Timestamp, reading: &Reading, fault: bool) -> bool {
        let restarted = self.process(at, reading);
        let id = &reading.source;
        for breaker in &reading.breakers {
            let process =
                breaker.process.clone().or_else(|| self.turns(id).then(|| reading.process.clone())?);
            let key = ((id.clone(), process), breaker.name.clone());
            if !self.said.contains_key(&key) && self.said.len() >= VOICES {
                continue;
            }
            self.update_report(at, key, breaker, fault);
        }
        // A breaker that the source no longer names has no report any more.
        let named: BTreeSet<&str> = reading.breakers.iter().map(|breaker| breaker.name.as_str()).collect();
        let keeps =
            |(voice, name): &(ReportingProcess, String)| voice.0 != *id || named.contains(name.as_str());
        self.said.retain(|key, said| keeps(key) && seconds(said.at, at) <= TURNS_S);
        restarted
    }

    /// The unobserved trials since the last call of this function.
    pub(super) fn missed(&mut self, name: &str) -> Vec<Transition> {
        let mine = self.said.iter_mut().filter(|((_, named), _)| named == name);
        let missed: Vec<_> = mine.filter_map(|(_, said)| said.missed.take()).collect();
        let mut transitions = Vec::new();
        for (at, to) in missed {
            transitions.push(Transition { at, from: Open, to: HalfOpen });
            transitions.push(Transition { at, from: HalfOpen, to });
        }
        transitions
    }

    /// Drops the reports of a source that could not be read.
    pub(super) fn silent(&mut self, source: &SourceId) {
        self.said.retain(|(voice, _), _| voice.0 != *source);
    }

    /// Drops all reports after a restart, because it is unknown which process restarted.
    pub(super) fn restarted(&mut self) {
        self.said.clear();
        self.stood.clear();
    }

    fn turns(&self, id: &SourceId) -> bool {
        self.processes.get(id).is_some_and(|known| known.len() > 1)
    }

    /// Tracks processes: a new process that replaces the previous one is a restart; processes that alternate are
    /// several.
    fn process(&mut self, at: Timestamp, reading: &Reading) -> bool {
        let Some(process) = &reading.process else { return false };
        let known = self.processes.entry(reading.source.clone()).or_default();
        known.retain(|(name, last)| name == process || seconds(*last, at) <= TURNS_S);
        let last = known.iter().map(|(_, last)| *last).max();
        let new = !known.is_empty() && !known.iter().any(|(name, _)| name == process);
        if let Some((_, last)) = known.iter_mut().find(|(name, _)| name == process) {
            *last = at;
        } else if known.len() < 8 {
            known.push_back((process.clone(), at));
        }
        // It started after the previous process was last seen, so that one is gone.
        let began = process.strip_prefix("started ").and_then(|text| text.parse::<f64>().ok());
        let restarted = new
            && began
                .zip(last)
                .is_some_and(|(began, last)| began + 1.0 > last.as_millisecond() as f64 / 1000.0);
        if restarted {
            known.retain(|(name, _)| name == process);
        }
        if new {
            // Reports without a process belong to one of several processes, and it is unknown to which.
            let id = &reading.source;
            self.said.retain(|((source, process), _), _| source != id || process.is_some() && !restarted);
        }
        restarted
    }

    fn update_report(
        &mut self,
        at: Timestamp,
        key: (ReportingProcess, String),
        breaker: &NamedBreaker,
        fault: bool,
    ) {
        if self.histories.len() >= TRACKS && !self.histories.contains_key(&breaker.name) {
            return;
        }
        let track = self.histories.entry(breaker.name.clone()).or_default();
        let said = self.said.entry(key).or_insert_with(|| ProcessReport {
            at,
            since: at,
            breaker: breaker.clone(),
            changes: VecDeque::new(),
            before: None,
            missed: None,
        });
        if let Some((when, became)) = missed(said, breaker, at) {
            said.missed = Some((when, became));
            self.reset = Some(seconds(said.since, when)).filter(|reset| *reset > 0.2).or(self.reset);
            // If it is open again, it opened at that moment.
            said.since = when;
        }
        let earlier = (said.at < at).then_some((said.at, said.breaker.says));
        if let SourceClaim::State(state) = breaker.says {
            let before = said.changes.back().copied();
            if before.is_none_or(|(_, before)| before != state) {
                if said.changes.len() == CHANGES {
                    said.changes.pop_front();
                }
                said.changes.push_back((at, state));
                if let Some((opened, Open)) = before
                    && state == HalfOpen
                {
                    self.reset = Some(seconds(opened, at)).filter(|reset| *reset > 0.2).or(self.reset);
                }
                if before.is_some() && fault {
                    track.moved.get_or_insert(at);
                    track.guards_other_calls = false;
                }
            }
            let late: Vec<_> = said.changes.iter().rev().take(2).collect();
            if let ([(back, last), (there, other)], Some((_, SourceClaim::State(before)))) =
                (late.as_slice(), earlier)
                && *back == at
                && (*last, *other, before) == (Closed, Open, Open)
                && seconds(*there, at) <= FLIP_S
            {
                track.several = true;
            }
        }
        if said.breaker.says != breaker.says {
            said.since = at;
        }
        let exact = breaker.transitions.last().filter(|last| breaker.says == SourceClaim::State(last.to));
        said.since = exact.map_or(said.since, |last| last.at);
        said.before = earlier.or(said.before);
        said.at = at;
        said.breaker = breaker.clone();
    }

    /// Reports of the most direct kind of source that gives a state, unless stale; reports of pods displace those of an
    /// unknown replica.
    fn fresh(&self, now: Timestamp) -> Vec<(&ReportingProcess, &str, &ProcessReport)> {
        let stale = |voice: &ReportingProcess| if self.turns(&voice.0) { TURNS_S } else { STALE_S };
        let all = self.said.iter().filter(|((voice, _), said)| seconds(said.at, now) <= stale(voice));
        let speaking: Vec<_> = all.filter(|(_, said)| said.breaker.says != SourceClaim::Nothing).collect();
        let kind = |kind: SourceKind| {
            speaking.iter().any(|((voice, _), said)| {
                voice.0.kind == kind && matches!(said.breaker.says, SourceClaim::State(_))
            })
        };
        let kinds = [SourceKind::Actuator, SourceKind::Hystrix, SourceKind::Metrics, SourceKind::Health];
        let Some(kind) = kinds.into_iter().find(|one| kind(*one)) else {
            let others = speaking.into_iter().filter(|((voice, _), _)| voice.0.kind != SourceKind::Mesh);
            return others.map(|((voice, name), said)| (voice, name.as_str(), said)).collect();
        };
        let chosen: Vec<_> = speaking.into_iter().filter(|((voice, _), _)| voice.0.kind == kind).collect();
        let pods = chosen.iter().any(|((voice, _), _)| voice.0.pod.is_some());
        let chosen = chosen.into_iter().filter(|((voice, _), _)| !pods || voice.0.pod.is_some());
        chosen.map(|((voice, name), said)| (voice, name.as_str(), said)).collect()
    }

    /// Whether a source names a breaker that is not about other calls.
    pub(super) fn names_one(&self) -> bool {
        self.said.iter().any(|((_, name), said)| {
            said.breaker.says != SourceClaim::Nothing
                && self.histories.get(name).is_some_and(|track| !track.guards_other_calls)
        })
    }

    /// Whether a fresh report excludes open, and whether one excludes closed.
    pub(super) fn one_sided(&self, now: Timestamp) -> (bool, bool) {
        let fresh = self.fresh(now);
        let says = |says: SourceClaim| {
            let mine = |name: &str| self.histories.get(name).is_some_and(|track| !track.guards_other_calls);
            fresh.iter().any(|(_, name, said)| mine(name) && said.breaker.says == says)
        };
        (says(SourceClaim::Not(Open)), says(SourceClaim::Not(Closed)))
    }

    /// All named breakers with their states.
    pub(super) fn named(&self, now: Timestamp) -> Vec<NamedState> {
        let fresh = self.fresh(now);
        let names: BTreeSet<&str> = fresh.iter().map(|(_, name, _)| *name).collect();
        let state = |name: &str| self.state(name, &fresh, now).map(|(state, ..)| state);
        names
            .into_iter()
            .filter_map(|name| Some(NamedState { name: name.to_owned(), state: state(name)? }))
            .collect()
    }

    /// The state of one breaker over all its reports, since when, and the state of each replica.
    fn state(
        &self,
        name: &str,
        fresh: &[(&ReportingProcess, &str, &ProcessReport)],
        now: Timestamp,
    ) -> Option<(BreakerState, Timestamp, Vec<NamedState>)> {
        let mut rows: Vec<(NamedState, Timestamp)> = Vec::new();
        for (voice, _, said) in fresh.iter().filter(|(_, named, _)| *named == name) {
            let SourceClaim::State(state) = said.breaker.says else { continue };
            rows.push((NamedState { name: row(voice), state }, said.since));
        }
        let (first, _) = rows.first()?;
        let turned =
            |said: &ProcessReport| said.changes.back().is_some_and(|(at, _)| seconds(*at, now) <= TURN_S);
        let turns = self.histories.get(name).is_some_and(|track| track.several)
            && fresh.iter().any(|(_, named, said)| *named == name && turned(said));
        let mixed = turns || rows.iter().any(|(row, _)| row.state != first.state);
        let state = if mixed { Mixed } else { first.state };
        let since = if mixed {
            rows.iter().map(|(_, since)| *since).max()
        } else {
            rows.iter().map(|(_, since)| *since).min()
        };
        let replicas =
            if rows.len() > 1 { rows.into_iter().map(|(row, _)| row).collect() } else { Vec::new() };
        Some((state, since?, replicas))
    }

    /// Chooses the breaker that guards the calls in question, if one can be chosen.
    pub(super) fn choose(
        &mut self,
        now: Timestamp,
        look: &AnswerPattern,
        real_since: impl Fn(Timestamp) -> u32,
        hangs: impl Fn(Timestamp, Timestamp) -> bool,
        turned_away: impl Fn(Timestamp) -> u32,
    ) -> Option<ChosenBreaker> {
        self.examine(now, look, &real_since);
        let fresh = self.fresh(now);
        let names: BTreeSet<&str> = fresh
            .iter()
            .filter(|(_, _, said)| matches!(said.breaker.says, SourceClaim::State(_)))
            .map(|(_, name, _)| *name)
            .collect();
        let mine: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| self.histories.get(*name).is_some_and(|track| !track.guards_other_calls))
            .collect();
        let moved = |name: &&str| self.histories.get(*name).and_then(|track| track.moved);
        let mut movers: Vec<(Timestamp, &str)> =
            mine.iter().filter_map(|name| moved(name).map(|at| (at, *name))).collect();
        movers.sort();
        let state_of = |name: &str| self.state(name, &fresh, now);
        let (name, certain) = match (movers.as_slice(), mine.as_slice()) {
            ([], []) => return None,
            ([], [one]) => (*one, names.len() == 1),
            ([], [first, rest @ ..]) => {
                let state = state_of(first).map(|(state, ..)| state);
                let alike = rest.iter().all(|name| state_of(name).map(|(state, ..)| state) == state);
                if !alike {
                    return None;
                }
                (*first, false)
            }
            ([(_, one)], _) => (*one, true),
            ([(_, first), rest @ ..], _) => {
                let state = state_of(first).map(|(state, ..)| state);
                let alike = rest.iter().all(|(_, name)| state_of(name).map(|(state, ..)| state) == state);
                (*first, alike)
            }
        };
        let (state, since, replicas) = state_of(name)?;
        let track = self.histories.get(name)?;
        let said: Vec<&ProcessReport> =
            fresh.iter().filter(|(_, named, _)| *named == name).map(|(.., said)| *said).collect();
        let latest = said.iter().max_by_key(|said| said.at)?;
        let told = latest.breaker.clone();
        let reset = told.sleep_window_s.or(self.reset);
        let was = self.stood.get(name).copied();
        let mut found = opinion(state, Likely);
        // A gauge may lag by a whole call: a call that hangs one reset time after the opening is a trial.
        let due = reset
            .and_then(|reset| since.checked_add(jiff::SignedDuration::from_secs_f64(reset * NEARLY)).ok());
        let lags = state == Open && due.is_some_and(|due| hangs(due, latest.at));
        let doubts = against(state, look, track.moved.is_some());
        let hasty = state == Closed
            && was.is_some_and(|(before, since)| before == Open && seconds(since, now) < CLOSES_S);
        let alone = names.len() == 1;
        // A derived trial comes from counts that drain as they grow: if calls are rejected again, the trial has ended.
        let over = state == HalfOpen && told.derived && turned_away(since) >= TURNED_AWAY;
        if over {
            found = opinion(Open, Likely).because("calls are rejected again: the trial has failed");
        } else if lags {
            found = opinion(HalfOpen, Likely)
                .because("the source reports open, but a call hangs one reset time after the opening");
        } else if track.several && state == Mixed {
            found = found.because("its reported state alternates within seconds: several processes answer");
        } else if hasty {
            found = found.because("closed so soon after open: another process may have answered");
        } else if let Some(doubt) = doubts {
            found = found.because(doubt);
        } else if state != Mixed && self.is_contradicted(name, state, now) {
            found = found.because("another source reports a different state");
        } else if state == Mixed
            || (certain || alone)
                && !told.derived
                && !track.contradicted
                && !track.several
                && said.iter().all(|said| said.confirmed())
        {
            found = opinion(state, Sure);
        } else if track.contradicted {
            found = found.because("it was contradicted earlier in this session");
        }
        let (lagged, name) = (lags, name.to_owned());
        let standing = if state == Mixed { None } else { Some(state) };
        let meant = ChosenBreaker { opinion: found, name: name.clone(), since, replicas, report: told };
        if let Some(track) = self.histories.get_mut(&name) {
            track.contradicted |= lagged;
        }
        match (standing, was) {
            (Some(state), was) if was.is_none_or(|(before, _)| before != state) => {
                self.stood.insert(name, (state, since));
            }
            _ => {}
        }
        Some(meant)
    }

    /// Whether any source, less direct ones included, reports another state of the breaker now.
    fn is_contradicted(&self, name: &str, state: BreakerState, now: Timestamp) -> bool {
        let mut mine = self.said.iter().filter(|((_, named), _)| named == name);
        mine.any(|(_, said)| {
            seconds(said.at, now) <= STALE_S
                && matches!(said.breaker.says, SourceClaim::State(other) if other != state)
        })
    }

    /// The observed seconds that the breaker stays open, as its sources showed.
    pub(super) fn reset(&self) -> Option<f64> {
        self.reset
    }

    /// Learns which breakers are about other calls, and which ones the answers contradict.
    fn examine(&mut self, now: Timestamp, look: &AnswerPattern, real_since: &impl Fn(Timestamp) -> u32) {
        let (mut learned, mut doubted) = (Vec::new(), Vec::new());
        for ((_, name), said) in &self.said {
            let SourceClaim::State(state) = said.breaker.says else { continue };
            let lasts = seconds(said.since, now) >= PATIENCE_S && seconds(said.at, now) <= STALE_S;
            // A trial may last for seconds, so users who are well do not contradict it at once.
            let well = matches!(look.stage, AnswerStage::Fine { .. }) && real_since(said.since) >= 4;
            let otherwise = match state {
                Open | HalfOpen | ForcedOpen => well,
                Closed | Disabled | MetricsOnly => match look.stage {
                    AnswerStage::Cut(cut) => look.proven && seconds(cut.since, now) >= PATIENCE_S,
                    AnswerStage::Failing(_) => state == Closed && look.stage.passes_through(),
                    _ => false,
                },
                _ => false,
            };
            if lasts && otherwise {
                learned.push((name.clone(), state));
            }
            // Calls are cut short but the report says closed: it may be right, but it is not sure.
            let cut = matches!(look.stage, AnswerStage::Cut(cut) if seconds(cut.since, now) >= PATIENCE_S);
            if lasts && cut && state == Closed {
                doubted.push(name.clone());
            }
        }
        for name in doubted {
            if let Some(track) = self.histories.get_mut(&name) {
                track.contradicted = true;
            }
        }
        for (name, state) in learned {
            if let Some(track) = self.histories.get_mut(&name) {
                track.contradicted |= track.moved.is_some() && state != HalfOpen;
                // A breaker that never changed during the fault does not guard these calls.
                track.guards_other_calls |= track.moved.is_none();
            }
        }
    }
}

/// A trial shown by a counter though no reading saw it. Each of several processes has its own counter.
fn missed(said: &ProcessReport, now: &NamedBreaker, at: Timestamp) -> Option<(Timestamp, BreakerState)> {
    let grew = now.trials?.checked_sub(said.breaker.trials?)?;
    let (SourceClaim::State(Open), SourceClaim::State(became @ (Open | Closed))) =
        (said.breaker.says, now.says)
    else {
        return None;
    };
    let between = at.duration_since(said.at) / 2;
    (1..100).contains(&grew).then(|| (said.at.checked_add(between).unwrap_or(at), became))
}

/// The reason to doubt a state, given the present answers.
fn against(state: BreakerState, look: &AnswerPattern, moved: bool) -> Option<&'static str> {
    match (state, &look.stage) {
        (Open | HalfOpen | ForcedOpen, AnswerStage::Fine { .. } | AnswerStage::Unknown) if !moved => {
            Some("users get real answers: is this series about this breaker?")
        }
        (Open | ForcedOpen, AnswerStage::Fine { .. }) => Some("the endpoint's answers contradict it"),
        (Closed | Disabled | MetricsOnly, AnswerStage::Cut(_)) => {
            Some("the endpoint's answers contradict it: calls are cut short")
        }
        (Closed, AnswerStage::Failing(failing)) if !moved && failing.slow + failing.fast > 1 => {
            if seconds(failing.since, failing.latest) < PATIENCE_S {
                Some("calls begin to fail: it may open at any moment")
            } else {
                Some("calls fail and it has not moved: is this series about this breaker?")
            }
        }
        _ => None,
    }
}

/// The name of a replica's row: `5wz5k`, `pid 7`.
fn row(voice: &ReportingProcess) -> String {
    let pod = voice.0.pod.as_deref().map(|pod| pod.rsplit('-').next().unwrap_or(pod).to_owned());
    match (pod, &voice.1) {
        (Some(pod), Some(process)) => format!("{pod} {process}"),
        (Some(one), None) => one,
        (None, Some(process)) => process.clone(),
        (None, None) => voice.0.place.clone(),
    }
}

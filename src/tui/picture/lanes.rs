//! The contents of each lane of the picture: breaker, readiness of consumer and provider, health page, steps.

use super::segments::{Segment, SegmentKind};
use crate::{
    insight::{self, UserWord},
    session::{
        Session,
        clock::shifted,
        event::{BreakerState, Section, Timestamp},
        state::{NoteRow, ReadySince, StepInterval, StepState},
        wording,
    },
    tui::{figures, panes::Scene, text, theme::Role},
};

/// A row of the picture with consecutive states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LaneKind {
    /// The outcomes of another endpoint's users, by its index among the endpoints.
    Users(usize),
    Breaker,
    /// The breaker of one of several replicas, by its index.
    Replica(usize),
    Consumer,
    Provider,
    Health,
    Steps,
}

impl LaneKind {
    /// The label of the lane; that of the health page is its path.
    pub(super) fn name(self, session: &Session) -> String {
        match self {
            LaneKind::Users(place) => {
                let endpoint = session.users.endpoints.get(place);
                let name = endpoint.map(|endpoint| session.users.name(endpoint)).unwrap_or_default();
                text::fit_ends(&name, 8)
            }
            LaneKind::Breaker => "breaker".to_owned(),
            LaneKind::Replica(place) => {
                let name = session.breaker.replicas.get(place).map_or("", |(name, _)| name.as_str());
                text::suffix(name, 8).to_owned()
            }
            LaneKind::Consumer => "consumer".to_owned(),
            LaneKind::Provider => "provider".to_owned(),
            LaneKind::Health => text::fit(&insight::health_page(session), 8).into_owned(),
            LaneKind::Steps => "steps".to_owned(),
        }
    }

    pub(super) fn segments(self, scene: &Scene) -> Vec<Segment> {
        let mut segments = match self {
            LaneKind::Users(_) => Vec::new(),
            LaneKind::Breaker => breaker(scene),
            LaneKind::Replica(place) => replica(scene, place),
            LaneKind::Consumer => readiness(scene, &scene.session.consumer_readiness(), Role::Failing),
            LaneKind::Provider => readiness(scene, &scene.session.provider_readiness(), Role::Fault),
            LaneKind::Health => health(scene),
            LaneKind::Steps => return steps(scene),
        };
        let gaps = scene.session.gaps.iter().filter(|gap| gap.is_total());
        let gaps = gaps.map(|gap| (gap.from, Some(gap.to)));
        gaps.for_each(|gap| mark_gap(scene, &mut segments, gap));
        if matches!(self, LaneKind::Consumer | LaneKind::Provider) {
            let cluster = &scene.session.cluster;
            let silences = cluster.silences.iter().map(|(from, to)| (*from, Some(*to)));
            let silences = silences.chain(cluster.stale_since().map(|since| (since, None)));
            silences.for_each(|silence| mark_gap(scene, &mut segments, silence));
        }
        segments
    }
}

/// Gives each value an interval from its own moment to that of the next value.
fn spans<T>(values: Vec<(Timestamp, T)>) -> impl Iterator<Item = (Timestamp, Option<Timestamp>, T)> {
    let ends: Vec<Option<Timestamp>> =
        values.iter().skip(1).map(|(at, _)| Some(*at)).chain(std::iter::once(None)).collect();
    values.into_iter().zip(ends).map(|((from, value), to)| (from, to, value))
}

/// The colour of a breaker's state: open is blue while users are protected, red while they fail.
pub(crate) fn breaker_role(state: BreakerState, word: UserWord) -> Role {
    match state {
        BreakerState::Unknown
        | BreakerState::ClosedOrNone
        | BreakerState::NotSeenYet
        | BreakerState::FallbackAtOnce => Role::Unknown,
        BreakerState::Closed => Role::Ok,
        BreakerState::HalfOpen | BreakerState::Mixed => Role::Waiting,
        BreakerState::Open | BreakerState::ForcedOpen if word == UserWord::Failing => Role::Failing,
        BreakerState::Open | BreakerState::ForcedOpen => Role::Protected,
        BreakerState::NoBreakerSeen | BreakerState::Disabled | BreakerState::MetricsOnly => Role::Failing,
    }
}

fn replica(scene: &Scene, place: usize) -> Vec<Segment> {
    let Some((_, states)) = scene.session.breaker.replicas.get(place) else { return Vec::new() };
    let states = states.changes().filter(|(at, _)| *at <= scene.until).collect();
    spans(states).map(|(from, to, state)| state_segment(scene, from, to, state)).collect()
}

fn breaker(scene: &Scene) -> Vec<Segment> {
    let breaker = &scene.session.breaker;
    let mut states: Vec<(Timestamp, BreakerState)> = Vec::new();
    for (at, (state, _)) in breaker.states.changes().filter(|(at, _)| *at <= scene.until) {
        if states.last().is_none_or(|(_, last)| *last != state) {
            states.push((at, state));
        }
    }
    // Trials that were over before they could be observed.
    for at in breaker.missed.iter().filter(|at| **at <= scene.until) {
        let place = states.partition_point(|(other, _)| other <= at);
        let Some((_, standing)) = place.checked_sub(1).and_then(|i| states.get(i)).copied() else { continue };
        let until = shifted(*at, 0.001);
        let next = states.get(place).is_none_or(|(next, _)| *next > until);
        if standing != BreakerState::HalfOpen {
            states.insert(place, (*at, BreakerState::HalfOpen));
            if next {
                states.insert(place + 1, (until, standing));
            }
        }
    }
    let mut segments: Vec<Segment> =
        spans(states).map(|(from, to, state)| state_segment(scene, from, to, state)).collect();
    let due = breaker.belief.as_ref().filter(|belief| belief.state == BreakerState::Open);
    if let Some(due) =
        due.and_then(|belief| belief.next_trial).filter(|due| *due > scene.until && scene.is_running())
    {
        let trial = Segment::new(scene.until, Some(due), SegmentKind::Due, Role::Waiting);
        segments.push(trial.with_words(["trial due", "trial", "?"]));
    }
    segments
}

fn state_segment(scene: &Scene, from: Timestamp, to: Option<Timestamp>, state: BreakerState) -> Segment {
    let word = if to.is_none() { scene.verdict.word } else { UserWord::Protected };
    let kind = match state {
        BreakerState::Closed
        | BreakerState::ClosedOrNone
        | BreakerState::NotSeenYet
        | BreakerState::Unknown => SegmentKind::Normal,
        _ => SegmentKind::Abnormal,
    };
    let lasted = figures::length(figures::between(from, to.unwrap_or(scene.display_time)));
    Segment::new(from, to, kind, breaker_role(state, word)).with_words(breaker_words(state, &lasted))
}

/// A state in words, the longest first.
fn breaker_words(state: BreakerState, lasted: &str) -> Vec<String> {
    let name = wording::breaker(state);
    let short: &[&str] = match state {
        BreakerState::Open => &["OPEN", "O"],
        BreakerState::HalfOpen => &["HALF-OPEN", "HALF", "H"],
        BreakerState::Closed => &["CLOSED", "C"],
        BreakerState::ClosedOrNone => &["CLOSED or none", "CLOSED?", "C?", "?"],
        BreakerState::NoBreakerSeen => &["NONE SEEN", "NONE", "N"],
        BreakerState::NotSeenYet => &["NOT SEEN YET", "NOT SEEN", "?"],
        BreakerState::Unknown => &["UNKNOWN", "?"],
        BreakerState::FallbackAtOnce => &["FALLBACK", "F"],
        BreakerState::Mixed => &["MIXED", "M"],
        BreakerState::Disabled => &["DISABLED", "D"],
        BreakerState::MetricsOnly => &["METRICS", "M"],
        BreakerState::ForcedOpen => &["FORCED OPEN", "FORCED", "F"],
    };
    let timed = match state {
        BreakerState::Closed
        | BreakerState::ClosedOrNone
        | BreakerState::HalfOpen
        | BreakerState::Unknown => None,
        _ => Some(format!("{name} {lasted}")),
    };
    timed.into_iter().chain([name.to_owned()]).chain(short.iter().map(|word| (*word).to_owned())).collect()
}

fn readiness(scene: &Scene, reported: &[ReadySince], down: Role) -> Vec<Segment> {
    let values = reported
        .iter()
        .filter(|reading| reading.from <= scene.until)
        .map(|reading| (reading.from, *reading))
        .collect();
    spans(values)
        .map(|(from, to, reading)| {
            let lasted = figures::length(figures::between(from, to.unwrap_or(scene.display_time)));
            let whole = format!("{} of {} ready", reading.ready, reading.wanted);
            let short = format!("{}/{}", reading.ready, reading.wanted);
            let few = reading.ready.to_string();
            match reading {
                ReadySince { ready: 0, .. } => Segment::new(from, to, SegmentKind::Abnormal, down)
                    .with_words([
                        format!("DOWN {lasted}  {whole}"),
                        format!("DOWN {lasted}"),
                        "DOWN".to_owned(),
                        "D".to_owned(),
                    ]),
                ReadySince { ready, wanted, .. } if ready < wanted => {
                    Segment::new(from, to, SegmentKind::Abnormal, Role::Waiting)
                        .with_words([whole, short, few])
                }
                _ => Segment::new(from, to, SegmentKind::Normal, Role::Ok).with_words([whole, short, few]),
            }
        })
        .collect()
}

fn health(scene: &Scene) -> Vec<Segment> {
    let breaker = &scene.session.breaker;
    let values: Vec<(Timestamp, bool)> =
        breaker.health_failing.changes().filter(|(at, _)| *at <= scene.until).collect();
    let mut segments: Vec<Segment> = spans(values)
        .map(|(from, to, failing)| {
            let status = breaker.health_status.at(from).flatten();
            let number = status.map_or_else(String::new, |status| status.to_string());
            let first = number.get(..1).unwrap_or_default().to_owned();
            if failing {
                Segment::new(from, to, SegmentKind::Abnormal, Role::Failing).with_words([
                    format!("{number} unhealthy").trim_start().to_owned(),
                    number,
                    first,
                    "X".to_owned(),
                ])
            } else {
                Segment::new(from, to, SegmentKind::Normal, Role::Ok).with_words([
                    format!("{number} ok").trim_start().to_owned(),
                    number,
                    "ok".to_owned(),
                    first,
                ])
            }
        })
        .collect();
    let missed = misses(scene.session);
    for segment in &mut segments {
        let within = |at: &Timestamp| *at >= segment.from && segment.to.is_none_or(|to| *at < to);
        segment.marks = missed.iter().filter(|at| within(at)).map(|at| (*at, '▼')).collect();
    }
    if let Some(due) = scene.restart_due.as_ref().filter(|_| scene.is_running()) {
        let when = scene.since_t0(due.at).map(figures::moment).unwrap_or_default();
        let words = [
            format!("{} miss: restart due {when}", ordinal(due.threshold)),
            format!("restart due {when}"),
            "restart due".to_owned(),
            "restart".to_owned(),
            "R".to_owned(),
        ];
        let restart = Segment::new(scene.until, Some(due.at), SegmentKind::Due, Role::Failing);
        segments.push(restart.with_words(words));
    }
    segments
}

/// The moments at which liveness probes of pods that the fault does not target failed.
fn misses(session: &Session) -> Vec<Timestamp> {
    let names: Vec<&str> = session.bystanders().map(|pod| pod.pod.key.name.as_str()).collect();
    let missed = |row: &&NoteRow| {
        let note = &row.note;
        let object = note.object.rsplit('/').next().unwrap_or(&note.object);
        note.reason == "Unhealthy" && note.message.starts_with("Liveness") && names.contains(&object)
    };
    session.cluster.notes.iter().filter(missed).map(|row| row.at).collect()
}

fn ordinal(n: u32) -> String {
    let ending = match (n % 10, n % 100) {
        (1, hundred) if hundred != 11 => "st",
        (2, hundred) if hundred != 12 => "nd",
        (3, hundred) if hundred != 13 => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// Replaces the interval of a gap, which may last on: nothing is known of it.
fn mark_gap(scene: &Scene, segments: &mut Vec<Segment>, (gap_from, gap_to): (Timestamp, Option<Timestamp>)) {
    let mut kept = Vec::with_capacity(segments.len() + 2);
    let mut put = false;
    for segment in segments.drain(..) {
        let ends = segment.to;
        if segment.kind == SegmentKind::Due
            || ends.is_some_and(|to| to <= gap_from)
            || gap_to.is_some_and(|gap_to| segment.from >= gap_to)
        {
            kept.push(segment);
            continue;
        }
        if segment.from < gap_from {
            kept.push(Segment { to: Some(gap_from), ..segment.clone() });
        }
        if !put {
            let lasted = figures::length(figures::between(gap_from, gap_to.unwrap_or(scene.display_time)));
            let words = [format!("not observed {lasted}"), "not observed".to_owned(), "~".to_owned()];
            kept.push(Segment::new(gap_from, gap_to, SegmentKind::Normal, Role::Unknown).with_words(words));
            put = true;
        }
        if let Some(gap_to) = gap_to
            && ends.is_none_or(|to| to > gap_to)
        {
            kept.push(Segment { from: gap_to, ..segment });
        }
    }
    *segments = kept;
}

fn steps(scene: &Scene) -> Vec<Segment> {
    let session = scene.session;
    let mut segments: Vec<Segment> = session
        .steps
        .intervals
        .iter()
        .filter(|played| played.step.section != Section::During && played.from <= scene.until)
        .map(|played| step(scene, played))
        .collect();
    if let Some(segment) = abort(scene) {
        let place = segments.partition_point(|other| other.from <= segment.from);
        let next = segments.get(place).map(|next| next.from);
        if let Some(before) = place.checked_sub(1).and_then(|i| segments.get_mut(i)) {
            before.to = Some(before.to.map_or(segment.from, |to| to.min(segment.from)));
        }
        segments.insert(place, Segment { to: next, ..segment });
    }
    if let Some((name, left)) = scene.paused_before() {
        let at = shifted(scene.until, left.clamp(0.0, 1e6));
        let due = Segment::new(scene.until, Some(at), SegmentKind::Due, Role::Soft);
        segments.push(due.with_words([format!("{name} due"), "next step due".to_owned(), "due".to_owned()]));
    }
    segments
}

fn step(scene: &Scene, played: &StepInterval) -> Segment {
    let row = scene.session.steps.row(played.step);
    let name = row.map_or("", |row| row.step.name.as_str());
    let latest = row.filter(|row| row.started == Some(played.from));
    let segment = |kind, role| Segment::new(played.from, played.to, kind, role);
    if let Some((_, seconds)) = played.pause {
        let pause = format!("pause {seconds:.0} s");
        let words = [format!("{pause}, then {name}"), pause, "pause".to_owned(), "‖".to_owned()];
        let skipped = usize::from(played.to.is_some());
        return segment(SegmentKind::Normal, Role::Unknown).with_words(words.into_iter().skip(skipped));
    }
    let fired = row.is_some_and(|row| row.step.destructive && !row.step.pretended);
    let cut = latest.is_some_and(|row| row.state == StepState::Cut);
    let failed = !cut && latest.is_some_and(|step_row| step_row.failed());
    let mark = match played.to {
        None => '▸',
        Some(_) if cut => '-',
        Some(_) if failed => '✗',
        Some(_) => '✓',
    };
    let first = name.split(['-', ' ', '_']).next().unwrap_or(name);
    let words =
        [format!("{mark} {name}"), format!("{mark} {first}"), format!("{mark}{first}"), mark.to_string()];
    match (fired, failed) {
        (true, _) => segment(SegmentKind::Abnormal, Role::Fault).with_words(words),
        (false, true) => segment(SegmentKind::Abnormal, Role::Failing).with_words(words),
        (false, false) => segment(SegmentKind::Normal, Role::Unknown).with_words(words),
    }
}

/// A segment from the moment at which the run was ended early.
fn abort(scene: &Scene) -> Option<Segment> {
    let run = &scene.session.run;
    let early = run.interrupted.is_some() || run.aborted.is_some() || scene.session.guards.tripped.is_some();
    let at = run.ended_early_at.filter(|at| early && *at <= scene.until)?;
    Some(Segment::new(at, None, SegmentKind::Abnormal, Role::Failing).with_words(["ABORT", "A"]))
}

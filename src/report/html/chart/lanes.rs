//! Lanes on the time axis of the users: breaker, consumer, provider, health page, steps.

use super::scale::{Size, TimeScale, Window, n, word_width};
use crate::report::facts::{Facts, shown};
use crate::{
    insight::{self, Tone},
    session::{
        Session,
        event::{BreakerState, Section, Timestamp},
        state::{ReadySince, StepState},
        wording,
    },
};
use maud::{Markup, html};

/// Replicas whose breakers have lanes of their own.
const REPLICAS: usize = 3;
/// Width of a state, at least.
const LEAST: f64 = 3.0;

/// A lane with its states, in order.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) label: String,
    pub(super) segments: Vec<Segment>,
}

/// One state, from one second to another.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) role: &'static str,
    /// Whether it is not normal, and filled.
    pub(super) loud: bool,
    /// Its words, the longest first.
    pub(super) words: Vec<String>,
}

impl Segment {
    pub(super) fn new<W: Into<String>>(
        from: f64,
        to: f64,
        role: &'static str,
        loud: bool,
        words: impl IntoIterator<Item = W>,
    ) -> Self {
        Self { from, to, role, loud, words: words.into_iter().map(Into::into).collect() }
    }
}

/// The lanes of a session; those of which nothing is known are left out.
pub(super) fn lanes(facts: &Facts, window: &Window) -> Vec<Lane> {
    let session = facts.session;
    let mut lanes = vec![Lane { label: "breaker".to_owned(), segments: breaker(session, window) }];
    if session.breaker.replicas.len() > 1 {
        lanes.extend(session.breaker.replicas.iter().take(REPLICAS).map(|(name, states)| {
            let changes = spans(states.changes().collect(), window);
            let segments = changes.map(|(from, to, state, at)| state_segment(session, from, to, state, at));
            Lane { label: shown(name), segments: segments.collect() }
        }));
    }
    let consumer = readiness(&session.consumer_readiness(), "failing", window);
    let provider = readiness(&session.provider_readiness(), "fault", window);
    lanes.push(Lane { label: "consumer".to_owned(), segments: consumer });
    lanes.push(Lane { label: "provider".to_owned(), segments: provider });
    lanes.push(Lane { label: shown(&insight::health_page(session)), segments: health(session, window) });
    lanes.push(Lane { label: "steps".to_owned(), segments: steps(session, window) });
    let drawn = |segment: &Segment| segment.to >= window.from && segment.from <= window.to;
    for lane in &mut lanes {
        lane.segments.retain(drawn);
    }
    lanes.retain(|lane| !lane.segments.is_empty());
    lanes
}

/// Gives each value the time up to the next one, in seconds, with the moment at which it began.
fn spans<T: Copy>(
    values: Vec<(Timestamp, T)>,
    window: &Window,
) -> impl Iterator<Item = (f64, f64, T, Timestamp)> {
    let mut ends: Vec<f64> = values.iter().skip(1).map(|(at, _)| window.seconds(*at)).collect();
    ends.push(window.to);
    let window = *window;
    values.into_iter().zip(ends).map(move |((at, value), to)| (window.seconds(at), to, value, at))
}

fn breaker(session: &Session, window: &Window) -> Vec<Segment> {
    let mut states: Vec<(Timestamp, BreakerState)> = Vec::new();
    for (at, (state, _)) in session.breaker.states.changes() {
        if states.last().is_none_or(|(_, last)| *last != state) {
            states.push((at, state));
        }
    }
    let mut segments: Vec<Segment> = spans(states, window)
        .map(|(from, to, state, at)| state_segment(session, from, to, state, at))
        .collect();
    // Trials that were over before they could be observed.
    let missed = session.breaker.missed.iter().map(|at| window.seconds(*at));
    segments.extend(missed.map(|at| Segment::new(at, at, "waiting", true, ["HALF-OPEN", "H"])));
    segments
}

fn state_segment(session: &Session, from: f64, to: f64, state: BreakerState, at: Timestamp) -> Segment {
    use BreakerState as State;
    let (role, loud) = match state {
        State::Unknown | State::ClosedOrNone | State::NotSeenYet | State::FallbackAtOnce => {
            ("unknown", false)
        }
        State::Closed => ("ok", false),
        State::HalfOpen | State::Mixed => ("waiting", true),
        State::Open | State::ForcedOpen if insight::opening_tone(session, at) == Tone::Failing => {
            ("failing", true)
        }
        State::Open | State::ForcedOpen => ("protected", true),
        State::NoBreakerSeen | State::Disabled | State::MetricsOnly => ("failing", true),
    };
    let name = wording::breaker(state);
    let timed = loud.then(|| format!("{name} {}", wording::seconds((to - from).max(0.0))));
    let letter = match state {
        State::Unknown | State::NotSeenYet => "?".to_owned(),
        _ => name.chars().take(1).collect(),
    };
    Segment::new(from, to, role, loud, timed.into_iter().chain([name.to_owned(), letter]))
}

fn readiness(reported: &[ReadySince], down: &'static str, window: &Window) -> Vec<Segment> {
    let values = reported.iter().map(|reading| (reading.from, *reading)).collect();
    spans(values, window)
        .map(|(from, to, reading, _)| {
            let whole = format!("{} of {} ready", reading.ready, reading.wanted);
            let short = format!("{}/{}", reading.ready, reading.wanted);
            match reading {
                ReadySince { ready: 0, .. } => {
                    let lasted = wording::seconds((to - from).max(0.0));
                    Segment::new(
                        from,
                        to,
                        down,
                        true,
                        [format!("DOWN {lasted}"), "DOWN".to_owned(), "D".to_owned()],
                    )
                }
                ReadySince { ready, wanted, .. } if ready < wanted => {
                    Segment::new(from, to, "waiting", true, [whole, short])
                }
                _ => Segment::new(from, to, "ok", false, [whole, short]),
            }
        })
        .collect()
}

fn health(session: &Session, window: &Window) -> Vec<Segment> {
    let breaker = &session.breaker;
    spans(breaker.health_failing.changes().collect(), window)
        .map(|(from, to, failing, at)| {
            let status = breaker.health_status.at(at).flatten();
            let number = status.map_or_else(String::new, |status| status.to_string());
            if failing {
                let word = format!("{number} unhealthy").trim_start().to_owned();
                Segment::new(from, to, "failing", true, [word, number, "X".to_owned()])
            } else {
                let word = format!("{number} ok").trim_start().to_owned();
                Segment::new(from, to, "ok", false, [word, number])
            }
        })
        .collect()
}

/// Calls and pauses of steps, and what the operator marked.
fn steps(session: &Session, window: &Window) -> Vec<Segment> {
    let mut segments: Vec<Segment> = session
        .steps
        .intervals
        .iter()
        .map(|played| {
            let (from, to) =
                (window.seconds(played.from), played.to.map_or(window.to, |to| window.seconds(to)));
            let row = session.steps.row(played.step);
            let name = shown(row.map_or("", |row| row.step.name.as_str()));
            let fired = row.is_some_and(|row| row.step.destructive) && played.step.section == Section::Method;
            match played.pause {
                Some((_, seconds)) => {
                    let pause = format!("pause {}", wording::seconds(seconds));
                    Segment::new(
                        from,
                        to,
                        "unknown",
                        false,
                        [format!("{pause}, {name}"), pause, "pause".to_owned()],
                    )
                }
                None if fired => Segment::new(from, to, "fault", true, [name, "▼".to_owned()]),
                None if row.is_some_and(|row| row.state == StepState::Cut) => {
                    let cut = format!("{name} cut short");
                    Segment::new(from, to, "unknown", false, [cut, name, "-".to_owned()])
                }
                None if row.is_some_and(|row| row.failed()) => {
                    Segment::new(from, to, "failing", true, [name, "✗".to_owned()])
                }
                None => Segment::new(from, to, "unknown", false, [name, "✓".to_owned()]),
            }
        })
        .collect();
    // Calls over pauses: a background call runs beside them.
    segments.sort_by_key(|segment| segment.loud);
    let marked = session.annotations.marks.iter().map(|at| (*at, "m"));
    let noted = session.annotations.notes.iter().map(|note| (note.at, "n"));
    segments.extend(marked.chain(noted).map(|(at, sign)| {
        let at = window.seconds(at);
        Segment::new(at, at, "fault", true, [sign])
    }));
    segments
}

/// Draws a lane.
pub(super) fn lane(lane: &Lane, time: &TimeScale, size: &Size, top: f64) -> Markup {
    let height = size.lane - 3.0;
    let base = top + height / 2.0 + size.font * 0.34;
    html! {
        (label(&lane.label, size, base))
        @for segment in &lane.segments {
            @let (from, to) = (time.x(segment.from), time.x(segment.to).max(time.x(segment.from) + LEAST));
            @let kind = if segment.loud { "f-" } else { "q-" };
            rect class={ (kind) (segment.role) } x=(n(from)) y=(n(top)) width=(n(to - from)) height=(n(height)) {}
            @if let Some(word) = fitting(&segment.words, to - from, size.font) {
                @let class = if segment.loud { "t-ink".to_owned() } else { format!("w-{}", segment.role) };
                @let inset = inset(word, to - from, size.font);
                text class=(class) x=(n(from + inset)) y=(n(base)) font-size=(n(size.font)) { (word) }
            }
        }
    }
}

/// The label of a row, at the left; the beginning of one that is too long is left out.
pub(super) fn label(text: &str, size: &Size, base: f64) -> Markup {
    let most = ((size.left - 6.0) / (size.font * 0.602)).floor().max(3.0) as usize;
    let length = text.chars().count();
    let short: String = if length > most {
        std::iter::once('…').chain(text.chars().skip(length + 1 - most)).collect()
    } else {
        text.to_owned()
    };
    html! { text class="t-soft" x="0" y=(n(base)) font-size=(n(size.font)) { (short) } }
}

/// The room before a word; one that just fits stands in the middle.
pub(super) fn inset(word: &str, width: f64, font: f64) -> f64 {
    ((width - word_width(word, font)) / 2.0).min(4.0)
}

/// The longest word that fits into a width.
pub(super) fn fitting(words: &[String], width: f64, font: f64) -> Option<&String> {
    // A letter needs less room beside it than a word.
    let margin = |word: &String| if word.chars().count() == 1 { 0.0 } else { 7.0 };
    words.iter().find(|word| !word.is_empty() && word_width(word, font) + margin(word) <= width)
}

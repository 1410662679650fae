//! The circuit breaker: what is believed, who says so, what was seen and measured.

use super::{Scene, frame};
use crate::{
    insight::Word,
    session::{
        event::{Belief, BreakerState, Confidence, Says, Testimony, Witness},
        state::{Cycle, CycleEnd, Outcome, Statement},
        wording,
    },
    tui::{
        canvas::{Canvas, Row},
        figures,
        pane::Pane,
        text,
        theme::Role,
    },
};

/// Seconds after which a source's word is old.
const STALE_S: f64 = 4.0;

/// Draws the pane.
pub(crate) fn breaker(canvas: &mut Canvas, scene: &Scene) {
    let mut inside = frame(canvas, scene, Pane::Breaker, "BREAKER", sources(scene));
    let width = inside.width();
    match &scene.session.breaker.belief {
        None => unknown(&mut inside),
        Some(belief) => {
            let (left, right) = headline(scene, belief, inside.theme.symbols);
            inside.spread(0, &left, &right);
            let lines = evidence(scene, belief, width);
            let height = inside.height().saturating_sub(1);
            let mut rest = inside.part(0, 1, width, height);
            let from = scene.view.scroll_of(Pane::Breaker).min(lines.len().saturating_sub(height));
            for (y, (left, right)) in lines.iter().skip(from).enumerate() {
                rest.spread(y, left, right);
            }
        }
    }
}

fn sources(scene: &Scene) -> Row {
    match scene.session.breaker.statements.len() {
        0 => Row::new(),
        n => Row::text(wording::count(n as u64, "source")),
    }
}

fn unknown(inside: &mut Canvas) {
    inside
        .row(0, &Row::of(Role::Stale, "UNKNOWN").and("  not looked at yet. Once users are watched, I read:"));
    for (y, text) in [
        (1, " 1 pages that name breakers: actuator, Hystrix stream, metrics"),
        (2, " 2 health page  what it says of a breaker; its 503 says nothing by itself"),
        (3, " 3 answers      what users get, and how fast"),
        (5, "2 and 3 alone: a state is likely once a full cycle was seen"),
    ] {
        inside.row(y, &Row::of(Role::Muted, text));
    }
}

/// The colour of the state: open is blue when users are protected, red when they are not.
pub(super) fn role(scene: &Scene, state: BreakerState) -> Role {
    match state {
        BreakerState::Unknown
        | BreakerState::ClosedOrNone
        | BreakerState::NotSeenYet
        | BreakerState::FallbackAtOnce => Role::Stale,
        BreakerState::Closed => Role::Ok,
        BreakerState::HalfOpen | BreakerState::Mixed => Role::Waiting,
        BreakerState::Open | BreakerState::ForcedOpen if scene.verdict.word == Word::Failing => Role::Failing,
        BreakerState::Open | BreakerState::ForcedOpen => Role::Protected,
        BreakerState::NoBreakerSeen | BreakerState::Disabled | BreakerState::MetricsOnly => Role::Failing,
    }
}

/// `sure (2 of 2)`.
pub(crate) fn confidence(belief: &Belief) -> String {
    let word = wording::confidence(belief.confidence);
    // Where nobody agrees, as with two explanations or replicas that differ, there is nothing to count.
    if belief.agreeing == 0 {
        word.to_owned()
    } else {
        format!("{word} ({} of {})", belief.agreeing, belief.spoke)
    }
}

fn headline(scene: &Scene, belief: &Belief, symbols: crate::tui::Symbols) -> (Row, Row) {
    let role = role(scene, belief.state);
    let mut left = Row::new();
    left.push_bar(role, format!(" {} ", wording::breaker(belief.state)));
    let since = figures::length(figures::between(belief.since, scene.now));
    left.push(Role::Text, format!(" for {since}   "));
    let doubt = if belief.confidence == Confidence::Sure { Role::Text } else { Role::Waiting };
    left.push(doubt, confidence(belief));
    let right = match belief.next_trial {
        Some(due) if belief.state == BreakerState::Open => {
            let left_s = figures::between(scene.now, due);
            let whole = figures::between(belief.since, due).max(0.001);
            Row::of(Role::Text, format!("{} ", next_trial(left_s)))
                .with(Role::Waiting, figures::bar(1.0 - left_s / whole, 11, &symbols))
                .and(" ")
        }
        _ => Row::new(),
    };
    (left, right)
}

/// `next trial in 3.2 s`; a countdown that reached zero does not mean half-open.
pub(super) fn next_trial(left_s: f64) -> String {
    if left_s > 0.0 { format!("next trial in {left_s:.1} s") } else { "trial due".to_owned() }
}

fn evidence(scene: &Scene, belief: &Belief, width: usize) -> Vec<(Row, Row)> {
    let breaker = &scene.session.breaker;
    let plain = |text: String| (Row::text(text), Row::new());
    let mut lines: Vec<(Row, Row)> = Vec::new();
    if !belief.replicas.is_empty() {
        lines.push(plain(wording::replicas(&belief.replicas)));
    }
    lines.extend(breaker.statements.iter().map(|statement| source(scene, belief, statement, width)));
    lines.extend(finding(scene, belief).map(plain));
    lines.extend(named(belief).map(plain));
    lines.extend(figures_of(belief).map(plain));
    let doubt = doubt(scene, belief).map(|text| text::wrap(&text, width, 2)).unwrap_or_default();
    lines.extend(doubt.into_iter().map(|text| (Row::of(Role::Muted, text), Row::new())));
    lines.extend(restarted(scene).map(plain));
    let shown = breaker.cycles.len().saturating_sub(2);
    let numbered = breaker.cycles.iter().enumerate().skip(shown);
    lines.extend(numbered.map(|(i, cycle)| plain(cycle_line(scene, i + 1, cycle))));
    lines.extend(measured(scene).map(plain));
    lines.extend(looks(scene).into_iter().map(|text| (Row::of(Role::Muted, text), Row::new())));
    lines
}

/// What should be known of a state.
fn finding(scene: &Scene, belief: &Belief) -> Option<String> {
    if belief.state != BreakerState::NoBreakerSeen {
        return wording::finding(belief.state).map(str::to_owned);
    }
    let users = scene.session.users.main()?;
    let median = users.since_t0(scene.now).error_waits.p50?;
    // Where they are told no at once, a breaker would not tell them sooner.
    (median > users.limit_ms as f64).then(|| {
        let wait = figures::wait(Some(median));
        format!("Users wait {wait} (median) to be told no. A breaker would answer at once.")
    })
}

/// A restart takes with it whatever a breaker has counted.
fn restarted(scene: &Scene) -> Option<String> {
    let at = scene.session.breaker.restarted?;
    let when = scene.since_t0(at).map(|since| format!(" at {}", wording::moment(since))).unwrap_or_default();
    Some(format!("its breaker was reset by a restart{when}"))
}

/// Which breaker is meant, and which others there are.
fn named(belief: &Belief) -> Option<String> {
    let others: Vec<String> =
        belief.others.iter().map(|one| format!("{} {}", one.name, wording::breaker(one.state))).collect();
    let others = (!others.is_empty()).then(|| others.join(", "));
    match (&belief.breaker, others) {
        (Some(name), Some(others)) => Some(format!("about {name}; also there: {others}")),
        (None, Some(others)) => Some(format!("named, but not known to be about these calls: {others}")),
        _ => None,
    }
}

/// `14 of 20 calls, 64 % failed, trips at 50 %; 12 rejected`
pub(super) fn figures_of(belief: &Belief) -> Option<String> {
    let mut words = Vec::new();
    if let Some(counts) = &belief.counts {
        let of = counts.min_calls.map(|min| format!(" of {min}")).unwrap_or_default();
        words.extend(counts.calls.map(|calls| format!("{calls}{of} calls")));
        words.extend(counts.failed.map(|failed| format!("{failed} failed")));
        words.extend(counts.failure_percent.map(|percent| format!("{percent:.0} % failed")));
        words.extend(counts.trips_at_percent.map(|percent| format!("trips at {percent:.0} %")));
        words.extend(counts.trips_after.map(|failures| format!("trips after {failures}")));
    }
    words.extend(belief.rejected.map(|calls| format!("{calls} rejected")));
    words.extend(belief.fallback_ratio.map(|ratio| format!("{:.0} % fallbacks", ratio * 100.0)));
    (!words.is_empty()).then(|| words.join(", "))
}

/// Why no more is said, where it is not sure: the last of the reasons that no source's line shows already.
fn doubt(scene: &Scene, belief: &Belief) -> Option<String> {
    if belief.confidence == Confidence::Sure || !belief.because.contains("; ") {
        return None;
    }
    let last = belief.because.rsplit("; ").find(|reason| !reason.contains("reset by a restart"))?;
    let statements = &scene.session.breaker.statements;
    let shown = statements.iter().any(|statement| repeats(last, &statement.testimony.ground));
    (!shown && last != wording::replicas(&belief.replicas)).then(|| last.to_owned())
}

/// Whether a reason is what a source's line says, whose figures may be a moment older.
fn repeats(reason: &str, ground: &str) -> bool {
    let plain = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    match plain(ground) {
        // `200`
        words if words.is_empty() => reason.ends_with(ground),
        words => plain(reason).ends_with(&words),
    }
}

/// How a line names its source: by its usual path where it is found there.
fn kind(testimony: &Testimony) -> &'static str {
    let at = |usual: &str| testimony.place.as_ref().is_none_or(|place| place.ends_with(usual));
    match testimony.witness {
        Witness::Actuator => "actuator",
        Witness::Hystrix => "hystrix",
        Witness::Metrics if at("/metrics") => "/metrics",
        Witness::Metrics => "metrics",
        Witness::Mesh => "mesh",
        Witness::Health if at("/health") => "/health",
        Witness::Health => "health",
        Witness::Answers => "answers",
    }
}

/// Whether the state that a source's line shows follows from its counters or timers, rather than being told.
fn derived(belief: &Belief, testimony: &Testimony) -> bool {
    let name = belief.breaker.as_deref().unwrap_or_default();
    match testimony.breakers.as_slice() {
        [one] => one.derived,
        several => several.iter().any(|one| one.name == name && one.derived),
    }
}

fn source(scene: &Scene, belief: &Belief, statement: &Statement, width: usize) -> (Row, Row) {
    let testimony = &statement.testimony;
    let kind = kind(testimony);
    let who = match &testimony.pod {
        Some(pod) => format!("{kind} {}", pod.rsplit('-').next().unwrap_or(pod)),
        None => kind.to_owned(),
    };
    let age = statement.age(scene.now);
    let stale = age > STALE_S;
    let says = match testimony.says {
        Says::State(state) if derived(belief, testimony) => {
            format!("-> {} (derived)", wording::breaker(state).to_lowercase())
        }
        Says::State(state) => format!("-> {}", wording::breaker(state).to_lowercase()),
        Says::Not(state) => format!("-> not {}", wording::breaker(state).to_lowercase()),
        Says::Nothing => "-> cannot tell".to_owned(),
    };
    let room = width.saturating_sub(who.len().max(10) + 1 + says.len() + 2 + 11);
    let ground = text::fit(&testimony.ground, room, "…").into_owned();
    let role = if stale { Role::Stale } else { Role::Text };
    let left = Row::of(role, format!("{who:<10} {ground} "))
        .with(if stale { Role::Stale } else { Role::Strong }, says);
    (left, Row::of(if stale { Role::Stale } else { Role::Muted }, format!("{} ago ", figures::length(age))))
}

fn cycle_line(scene: &Scene, number: usize, cycle: &Cycle) -> String {
    let at = |moment| scene.since_t0(moment).map_or_else(|| "?".to_owned(), |since| format!("T{since:+.1}"));
    let mut line = format!("cycle {number}  OPEN {:<7}", at(cycle.opened));
    match (cycle.trial, cycle.ended) {
        (Some(trial), _) => line += &format!(" trial {:<7}", at(trial)),
        (None, Some((ended, _))) => return line + &format!(" closed {}, its trial was not seen", at(ended)),
        (None, None) => return line,
    }
    line += &match cycle.ended {
        Some((ended, CycleEnd::Worked)) => format!(" worked {}", at(ended)),
        Some((ended, CycleEnd::Failed)) => format!(" failed {}", at(ended)),
        None => " ...".to_owned(),
    };
    line
}

/// The breaker's settings as they behave.
fn measured(scene: &Scene) -> Option<String> {
    let measured = scene.session.breaker.measured(scene.session.t0());
    let mut words = Vec::new();
    words.extend(measured.trip_s.map(|s| format!("tripped after {s:.1} s")));
    words.extend(measured.reset_s.map(|(low, high)| {
        if high - low < 0.15 { format!("reset {low:.1} s") } else { format!("reset {low:.1}-{high:.1} s") }
    }));
    if measured.trials > 0 {
        words.push(format!("{} of {} trials failed", measured.failed_trials, measured.trials));
    }
    (!words.is_empty()).then(|| format!("measured: {}", words.join(", ")))
}

/// What answers look like: the real one, the fallback.
fn looks(scene: &Scene) -> Vec<String> {
    let Some(endpoint) = scene.session.users.main() else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some(look) =
        endpoint.looks.iter().filter(|l| l.outcome == Outcome::Fallback).max_by_key(|l| l.count)
    {
        let status = look.status.map(|status| status.to_string()).unwrap_or_default();
        let excerpt = look.excerpt.as_deref().unwrap_or("(not kept)");
        lines.push(format!("fallback text: \"{excerpt}\" ({status})"));
    }
    if let Some(shape) = &endpoint.shape {
        lines.push(format!("real answer learned: {}", shape.description));
    }
    lines
}

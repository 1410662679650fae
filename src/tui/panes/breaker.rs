//! The circuit breaker: what is believed, who says so, what was seen and measured.

use super::{Scene, frame, verdict};
use crate::{
    session::{
        event::{Belief, BreakerState, Confidence, Says, Witness},
        state::{Cycle, CycleEnd, Outcome, Statement},
        verdict::Word,
    },
    tui::{
        canvas::{Canvas, Row},
        figures,
        theme::Role,
        view::Pane,
    },
};

/// Seconds after which a witness' word is old.
const STALE_S: f64 = 4.0;

/// Draws the pane.
pub fn breaker(canvas: &mut Canvas, scene: &Scene) {
    let mut inside = frame(canvas, scene, Pane::Breaker, "BREAKER", witnesses(scene));
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

fn witnesses(scene: &Scene) -> Row {
    let breaker = &scene.session.breaker;
    match (breaker.state(), breaker.statements.len()) {
        (BreakerState::NoneSeen, _) => Row::text("no breaker"),
        (_, 0) => Row::new(),
        (_, 1) => Row::text("1 witness"),
        (_, n) => Row::text(format!("{n} witnesses")),
    }
}

fn unknown(inside: &mut Canvas) {
    inside
        .row(0, &Row::of(Role::Stale, "UNKNOWN").and("  not looked at yet. I ask three kinds of witnesses:"));
    for (y, text) in [
        (1, " 1 /metrics   any breaker series of the pod itself"),
        (2, " 2 /health    as a witness: 503 says open, 200 says only \"not open\""),
        (3, " 3 answers    what users get, and how fast"),
        (5, "2 and 3 alone: CLOSED and OPEN sure, HALF-OPEN only likely"),
    ] {
        inside.row(y, &Row::of(Role::Muted, text));
    }
}

/// The colour of the state: open is blue when users are protected, red when they are not.
pub(super) fn role(scene: &Scene, state: BreakerState) -> Role {
    match state {
        BreakerState::Unknown => Role::Stale,
        BreakerState::Closed => Role::Ok,
        BreakerState::HalfOpen => Role::Waiting,
        BreakerState::Open if scene.verdict.word == Word::Failing => Role::Failing,
        BreakerState::Open => Role::Protected,
        BreakerState::NoneSeen => Role::Failing,
    }
}

/// `sure (2 of 2)`.
pub fn confidence(belief: &Belief) -> String {
    let word = match belief.confidence {
        Confidence::Sure => "sure",
        Confidence::Likely => "likely",
        Confidence::CannotTell => "cannot tell",
    };
    if belief.spoke == 0 {
        word.to_owned()
    } else {
        format!("{word} ({} of {})", belief.agreeing, belief.spoke)
    }
}

fn headline(scene: &Scene, belief: &Belief, symbols: crate::tui::Symbols) -> (Row, Row) {
    let role = role(scene, belief.state);
    let mut left = Row::new();
    left.push_bar(role, format!(" {} ", verdict::state(belief.state)));
    let since = figures::length(figures::between(belief.since, scene.now));
    left.push(Role::Text, format!(" for {since}   "));
    let doubt = if belief.confidence == Confidence::Sure { Role::Text } else { Role::Waiting };
    left.push(doubt, confidence(belief));
    let right = match belief.next_trial {
        Some(due) if belief.state == BreakerState::Open => {
            let left_s = figures::between(scene.now, due);
            let whole = figures::between(belief.since, due).max(0.001);
            Row::of(Role::Text, format!("next trial in {left_s:.1} s "))
                .with(Role::Waiting, figures::bar(1.0 - left_s / whole, 11, &symbols))
                .and(" ")
        }
        _ => Row::new(),
    };
    (left, right)
}

fn evidence(scene: &Scene, belief: &Belief, width: usize) -> Vec<(Row, Row)> {
    let breaker = &scene.session.breaker;
    let mut lines: Vec<(Row, Row)> =
        breaker.statements.iter().map(|statement| witness(scene, statement, width)).collect();
    let plain = |text: String| (Row::text(text), Row::new());
    lines.extend(lesson(scene, belief).map(plain));
    let shown = breaker.cycles.len().saturating_sub(2);
    let numbered = breaker.cycles.iter().enumerate().skip(shown);
    lines.extend(numbered.map(|(i, cycle)| plain(cycle_line(scene, i + 1, cycle))));
    lines.extend(measured(scene).map(plain));
    lines.extend(looks(scene).into_iter().map(|text| (Row::of(Role::Muted, text), Row::new())));
    lines
}

/// What a breaker would change, where there is none.
fn lesson(scene: &Scene, belief: &Belief) -> Option<String> {
    let waits = scene.session.users.main()?.since_t0(scene.now).error_waits;
    let wait = figures::wait(Some(waits.p50?));
    (belief.state == BreakerState::NoneSeen)
        .then(|| format!("Each user waits {wait} to be told no. A breaker would answer at once."))
}

fn witness(scene: &Scene, statement: &Statement, width: usize) -> (Row, Row) {
    let who = match statement.testimony.witness {
        Witness::Metrics => "/metrics",
        Witness::Health => "/health",
        Witness::Answers => "answers",
    };
    let age = statement.age(scene.now);
    let stale = age > STALE_S;
    let says = match statement.testimony.says {
        Says::State(state) => format!("-> {}", verdict::state(state).to_lowercase()),
        Says::Not(state) => format!("-> not {}", verdict::state(state).to_lowercase()),
        Says::Nothing => "-> cannot tell".to_owned(),
    };
    let room = width.saturating_sub(11 + says.len() + 2 + 11);
    let ground = crate::tui::text::fit(&statement.testimony.ground, room, "…").into_owned();
    let text = if stale { Role::Stale } else { Role::Text };
    let left = Row::of(text, format!("{who:<10} {ground} "))
        .with(if stale { Role::Stale } else { Role::Strong }, says);
    (left, Row::of(if stale { Role::Stale } else { Role::Muted }, format!("{} ago ", figures::length(age))))
}

fn cycle_line(scene: &Scene, number: usize, cycle: &Cycle) -> String {
    let at = |moment| scene.since_t0(moment).map_or_else(|| "?".to_owned(), |since| format!("T{since:+.1}"));
    let mut line = format!("cycle {number}  OPEN {:<7}", at(cycle.opened));
    match cycle.trial {
        Some(trial) => line += &format!(" trial {:<7}", at(trial)),
        None => return line,
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

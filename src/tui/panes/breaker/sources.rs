//! What each source reports about the breaker, on what evidence and how long ago; then the observed cycles and the
//! measured settings.

use super::{Scene, evidence};
use crate::{
    session::{
        event::{Belief, BreakerState, Confidence, NamedState, SourceClaim, SourceKind, SourceReport},
        state::{Cycle, CycleEnd, LatestReport, Outcome},
        wording,
    },
    tui::{figures, pane_buffer::RoleLine, picture::breaker_role, text, theme::Role},
};

/// Seconds after which a source's report is shown as stale.
const STALE_S: f64 = 4.0;
/// The column of a source's report, and that of its evidence on a narrow and on a wide pane.
const SAYS: usize = 9;
const GROUND: (usize, usize) = (23, 22);

/// A line and the text at its right edge.
type SourceLine = (RoleLine, RoleLine);

/// All lines below the state machine, the sources first.
pub(super) fn lines(scene: &Scene, width: usize, tall: bool) -> Vec<SourceLine> {
    let breaker = &scene.session.breaker;
    let Some(belief) = &breaker.belief else { return Vec::new() };
    let mut lines: Vec<SourceLine> =
        belief.replicas.iter().map(|named_state| replica(scene, belief, named_state)).collect();
    lines.extend(breaker.reports.iter().map(|statement| source(scene, belief, statement, width)));
    let mut say = |role: Role, words: &str| {
        lines.extend(
            text::wrap(words, width, 3).into_iter().map(|line| (RoleLine::of(role, line), RoleLine::new())),
        );
    };
    for words in [named(belief), figures_of(belief), doubt(scene, belief), restarted(scene)] {
        if let Some(words) = &words {
            say(Role::Text, words);
        }
    }
    let shown = breaker.cycles.len().saturating_sub(if tall { 3 } else { 2 });
    let cycles = breaker.cycles.iter().enumerate().skip(shown);
    lines.extend(cycles.map(|(i, one)| (cycle(scene, i + 1, one, width), RoleLine::new())));
    let mut say = |words: &str| {
        lines.extend(
            text::wrap(words, width, 3).into_iter().map(|line| (RoleLine::text(line), RoleLine::new())),
        );
    };
    let looks = if width >= super::ROOMY { answer_samples(scene) } else { Vec::new() };
    measured(scene).iter().chain(&looks).for_each(|words| say(words));
    lines
}

/// Whether the process behind the breaker restarted and no source has reported since.
pub(super) fn no_report_since_restart(scene: &Scene) -> bool {
    let breaker = &scene.session.breaker;
    let Some(belief) = breaker.belief.as_ref().filter(|belief| belief.state == BreakerState::Unknown) else {
        return false;
    };
    breaker.restarted.is_some_and(|at| at >= belief.since || figures::between(at, belief.since) < 0.5)
}

/// One of several replicas: `4xbww  OPEN 5.6 s  sure`.
fn replica(scene: &Scene, belief: &Belief, one: &NamedState) -> SourceLine {
    let says = |statement: &&LatestReport| {
        let testimony = &statement.report;
        testimony.says == SourceClaim::State(one.state)
            && testimony.pod.as_ref().is_some_and(|pod| pod.ends_with(&one.name))
    };
    let since = scene.session.breaker.reports.iter().filter(says).map(|report| report.since).min();
    let lasted = since.map(|at| format!(" {}", figures::length(figures::between(at, scene.display_time))));
    let role = breaker_role(one.state, scene.verdict.word);
    let row = RoleLine::strong(Role::Strong, format!("{}  ", one.name))
        .bold(role, wording::breaker(one.state))
        .and(lasted.unwrap_or_default());
    (row, RoleLine::text(wording::confidence(belief.confidence)))
}

fn source(scene: &Scene, belief: &Belief, statement: &LatestReport, width: usize) -> SourceLine {
    let testimony = &statement.report;
    let who = match &testimony.pod {
        Some(pod) => format!("{} {}", kind(testimony), pod.rsplit('-').next().unwrap_or(pod)),
        None => kind(testimony).to_owned(),
    };
    if no_report_since_restart(scene) && scene.session.breaker.restarted.is_some_and(|at| statement.at < at) {
        return (RoleLine::strong(Role::Text, who).pad_to(SAYS).and("no answer yet"), RoleLine::new());
    }
    let roomy = width >= super::ROOMY;
    let age = statement.age(scene.until);
    let stale = age > STALE_S;
    let old = |role: Role| if stale { Role::Unknown } else { role };
    let (says, role) = match testimony.says {
        SourceClaim::State(state) => {
            let derived = if derived(belief, testimony) { ", derived" } else { "" };
            let role = breaker_role(state, scene.verdict.word);
            (format!("{}{derived}", state_words(state)), role)
        }
        SourceClaim::Not(state) => (format!("not {}", state_words(state)), Role::Text),
        SourceClaim::Nothing => ("cannot tell".to_owned(), Role::Text),
    };
    let aged = if stale || roomy {
        RoleLine::of(Role::Soft, format!("{} ago", figures::length(statement.age(scene.display_time))))
    } else {
        RoleLine::new()
    };
    let head = RoleLine::of(old(Role::Text), who).and(" ").pad_to(SAYS).bold(old(role), says).and(" ");
    let head = head.pad_to(if roomy { GROUND.1 } else { GROUND.0 });
    let taken = head.width() + if aged.0.is_empty() { 0 } else { aged.width() + 1 };
    let ground = evidence::fitting(&testimony.ground, width.saturating_sub(taken));
    (head.with(old(Role::Text), ground), aged)
}

/// A state in the words of a source's line.
fn state_words(state: BreakerState) -> String {
    match state {
        BreakerState::NoBreakerSeen => "none seen".to_owned(),
        BreakerState::FallbackAtOnce => "open or none".to_owned(),
        state => wording::breaker(state).to_lowercase(),
    }
}

/// The name of a source: its usual path if it was found there.
fn kind(testimony: &SourceReport) -> &'static str {
    let at = |usual: &str| testimony.place.as_ref().is_none_or(|place| place.ends_with(usual));
    match testimony.witness {
        SourceKind::Actuator => "actuator",
        SourceKind::Hystrix => "hystrix",
        SourceKind::Metrics if at("/metrics") => "/metrics",
        SourceKind::Metrics => "metrics",
        SourceKind::Mesh => "mesh",
        SourceKind::Health if at("/health") => "/health",
        SourceKind::Health => "health",
        SourceKind::Answers => "answers",
    }
}

/// Whether the source's state is derived from its counters or timers instead of reported directly.
fn derived(belief: &Belief, testimony: &SourceReport) -> bool {
    let name = belief.breaker.as_deref().unwrap_or_default();
    match testimony.breakers.as_slice() {
        [only] => only.derived,
        several => several.iter().any(|breaker| breaker.name == name && breaker.derived),
    }
}

/// The name of the breaker that is shown, and the other breakers that sources name.
fn named(belief: &Belief) -> Option<String> {
    let others: Vec<String> = belief
        .others
        .iter()
        .map(|other| format!("{} {}", other.name, wording::breaker(other.state)))
        .collect();
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

/// The last reason why the belief is not sure, unless the screen already shows it.
fn doubt(scene: &Scene, belief: &Belief) -> Option<String> {
    if belief.confidence == Confidence::Sure || !belief.because.contains("; ") {
        return None;
    }
    // The row below the state machine shows the reason for these.
    let shown_below_machine = [BreakerState::Unknown, BreakerState::NotSeenYet, BreakerState::Closed];
    if shown_below_machine.contains(&belief.state) && belief.confidence == Confidence::CannotTell {
        return None;
    }
    let last = belief.because.rsplit("; ").find(|reason| !reason.contains("reset by a restart"))?;
    let statements = &scene.session.breaker.reports;
    let shown = statements.iter().any(|statement| repeats(last, &statement.report.ground));
    (!shown && last != wording::replicas(&belief.replicas)).then(|| last.to_owned())
}

/// Whether a reason repeats a source's line, whose figures may be slightly older.
fn repeats(reason: &str, ground: &str) -> bool {
    let plain = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    match plain(ground) {
        // `200`
        words if words.is_empty() => reason.ends_with(ground),
        words => plain(reason).ends_with(&words),
    }
}

/// A restart resets whatever the breaker has counted.
fn restarted(scene: &Scene) -> Option<String> {
    let at = scene.session.breaker.restarted.filter(|_| !no_report_since_restart(scene))?;
    let when = scene.since_t0(at).map(|since| format!(" at {}", wording::moment(since))).unwrap_or_default();
    Some(format!("the breaker was reset by a restart of its process{when}"))
}

/// `cycle 1  OPEN T+2.0  trial T+12.0  failed T+13.0`, or `1 OPEN T+2.0 trial T+12.0 failed T+13.0`.
fn cycle(scene: &Scene, number: usize, cycle: &Cycle, width: usize) -> RoleLine {
    let at = |moment| scene.since_t0(moment).map_or_else(|| "?".to_owned(), wording::moment);
    let open = breaker_role(BreakerState::Open, scene.verdict.word);
    let mut parts = vec![(open, format!("OPEN {}", at(cycle.opened)))];
    parts.extend(cycle.trial.map(|trial| (Role::Waiting, format!("trial {}", at(trial)))));
    parts.extend(cycle.ended.map(|(ended, how)| match how {
        CycleEnd::Worked if cycle.trial.is_none() => {
            (Role::Ok, format!("closed {}, no trial seen", at(ended)))
        }
        CycleEnd::Worked => (Role::Ok, format!("worked {}", at(ended))),
        CycleEnd::Failed => (Role::Failing, format!("failed {}", at(ended))),
    }));
    let line = |head: String, gap: &str| {
        let gaps = std::iter::once("").chain(std::iter::repeat(gap));
        parts
            .iter()
            .zip(gaps)
            .fold(RoleLine::text(head), |row, ((role, words), gap)| row.and(gap).bold(*role, words.as_str()))
    };
    let whole = line(format!("{:<SAYS$}", format!("cycle {number}")), "  ");
    if whole.width() <= width { whole } else { line(format!("{number} "), " ") }
}

/// The breaker's settings as measured from its behaviour.
fn measured(scene: &Scene) -> Option<String> {
    let measured = scene.session.breaker.measured(scene.session.t0());
    let mut words = Vec::new();
    words.extend(measured.trip_s.map(|s| format!("opened {s:.1} s after T0")));
    words.extend(measured.reset_s.map(|(low, high)| {
        if high - low < 0.15 {
            format!("tried again after {low:.1} s")
        } else {
            format!("tried again after {low:.1} to {high:.1} s")
        }
    }));
    if measured.trials > 1 {
        words.push(format!("{} of {} trials failed", measured.failed_trials, measured.trials));
    }
    (!words.is_empty()).then(|| format!("measured: {}", words.join(", ")))
}

/// Samples of the answers: the fallback text, and the description of the real answer.
fn answer_samples(scene: &Scene) -> Vec<String> {
    let Some(endpoint) = scene.session.users.main() else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some(look) =
        endpoint.answer_groups.iter().filter(|l| l.outcome == Outcome::Fallback).max_by_key(|l| l.count)
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

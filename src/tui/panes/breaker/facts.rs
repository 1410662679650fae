//! What follows from the breaker's state: the countdown to the trial, what the result of a trial would mean, what a
//! breaker would change.

use super::Scene;
use crate::{
    session::{
        event::{Belief, BreakerState, Confidence},
        wording,
    },
    tui::{figures, keymap::Action, pane_buffer::RoleLine, picture::breaker_role, text, theme::Role},
};

/// The rows below the state machine; none if the boxes show everything.
pub(super) fn facts(scene: &Scene, width: usize) -> Vec<RoleLine> {
    let Some(belief) = &scene.session.breaker.belief else { return unqueried_sources(scene) };
    let role = breaker_role(belief.state, scene.verdict.word);
    let (head, words): (RoleLine, String) = match belief.state {
        BreakerState::Open => return vec![countdown(scene)],
        BreakerState::HalfOpen => {
            let open = breaker_role(BreakerState::Open, scene.verdict.word);
            let works = RoleLine::text("works: ").bold(Role::Ok, "CLOSED");
            return vec![works.and("   fails: ").bold(open, "OPEN").and(" again")];
        }
        BreakerState::Closed if belief.confidence != Confidence::CannotTell => return Vec::new(),
        BreakerState::Closed => (RoleLine::new(), reason(belief)),
        BreakerState::ClosedOrNone if belief.confidence == Confidence::CannotTell => {
            (RoleLine::strong(role, "CLOSED or none"), reason(belief))
        }
        BreakerState::ClosedOrNone => {
            (RoleLine::strong(role, "CLOSED or none"), "no source names a breaker".to_owned())
        }
        BreakerState::NotSeenYet => {
            (RoleLine::strong(Role::Waiting, "NOT SEEN YET"), "no call was cut short yet".to_owned())
        }
        BreakerState::Unknown if super::sources::no_report_since_restart(scene) => {
            (RoleLine::strong(Role::Strong, "UNKNOWN"), "since the consumer was restarted".to_owned())
        }
        BreakerState::Unknown => (RoleLine::strong(Role::Strong, "UNKNOWN"), reason(belief)),
        BreakerState::FallbackAtOnce => {
            (RoleLine::strong(role, "FALLBACK AT ONCE"), "open, or no breaker".to_owned())
        }
        BreakerState::Mixed if belief.replicas.is_empty() => {
            (RoleLine::strong(role, "MIXED"), "several processes answer".to_owned())
        }
        BreakerState::Mixed => return Vec::new(),
        BreakerState::ForcedOpen => {
            (RoleLine::strong(role, "FORCED OPEN"), "by hand: no trial will come".to_owned())
        }
        BreakerState::NoBreakerSeen | BreakerState::Disabled | BreakerState::MetricsOnly => {
            (RoleLine::new(), finding(scene, belief.state).unwrap_or_default())
        }
    };
    headed(head, &words, width)
}

/// The same in one row, beside the state: what comes next, else what is known of the state.
pub(in crate::tui::panes) fn in_a_row(scene: &Scene, width: usize) -> Option<RoleLine> {
    let breaker = &scene.session.breaker;
    let Some(belief) = &breaker.belief else {
        let key = scene.view.keymap.key(Action::Observe);
        let asks = if scene.session.users.passive { "to be read:".to_owned() } else { format!("{key} asks") };
        return Some(RoleLine::text(format!("{asks} /metrics, /health, answers")));
    };
    let words = match belief.state {
        BreakerState::Open | BreakerState::HalfOpen => return facts(scene, width).into_iter().next(),
        BreakerState::Closed => {
            let measured = breaker.measured(scene.session.t0());
            let measured_words = measured.trip_s.zip(measured.reset_s);
            let measured_words = measured_words
                .map(|(trip, (reset, _))| format!("opened after {trip:.1} s, tried after {reset:.1} s"));
            measured_words.or_else(|| super::sources::figures_of(belief))?
        }
        BreakerState::ClosedOrNone => "no source names a breaker".to_owned(),
        BreakerState::NotSeenYet => "no call was cut short yet".to_owned(),
        BreakerState::Unknown if super::sources::no_report_since_restart(scene) => {
            "since the consumer was restarted".to_owned()
        }
        BreakerState::Unknown => reason(belief),
        BreakerState::FallbackAtOnce => "an open breaker, or none at all".to_owned(),
        BreakerState::Mixed if belief.replicas.is_empty() => "several processes answer".to_owned(),
        BreakerState::Mixed => wording::replicas(&belief.replicas),
        BreakerState::ForcedOpen => "by hand: no trial will come".to_owned(),
        BreakerState::Disabled | BreakerState::MetricsOnly => "nothing protects these calls".to_owned(),
        BreakerState::NoBreakerSeen => finding(scene, belief.state)?,
    };
    Some(RoleLine::text(text::fit(&words, width)))
}

/// The last of the reasons, which names what is missing.
fn reason(belief: &Belief) -> String {
    belief.because.rsplit("; ").next().unwrap_or_default().to_owned()
}

/// A heading with its text, in one row or, if that is too long, in up to three.
fn headed(head: RoleLine, words: &str, width: usize) -> Vec<RoleLine> {
    let indent = if head.0.is_empty() { 0 } else { head.width() + 2 };
    if indent + text::width(words) <= width {
        return vec![head.pad_to(indent).and(words)];
    }
    let lines = text::wrap(words, width, 2).into_iter().map(RoleLine::text);
    (!head.0.is_empty()).then_some(head).into_iter().chain(lines).collect()
}

/// The sources that will be queried, shown while none has been queried yet.
fn unqueried_sources(scene: &Scene) -> Vec<RoleLine> {
    let passive = scene.session.users.passive;
    let asks = if passive {
        "  passive: no probes are sent; sources read:".to_owned()
    } else {
        format!("  not looked at yet. {} asks:", scene.view.keymap.key(Action::Observe))
    };
    vec![
        RoleLine::strong(Role::Strong, "UNKNOWN").and(asks),
        RoleLine::strong(Role::Text, "/metrics").and(" any breaker series of the pod"),
        RoleLine::strong(Role::Text, "/health").and("  503: perhaps open, 200: not open"),
        RoleLine::strong(Role::Text, "answers").and("  what users get, and how fast"),
    ]
}

/// The rows beside a single box: for how long the state has lasted, and how many calls reached the dead provider.
pub(super) fn beside(scene: &Scene) -> Vec<RoleLine> {
    let Some(belief) = &scene.session.breaker.belief else { return Vec::new() };
    let lasted = figures::length(figures::between(belief.since, scene.display_time));
    let mut rows = vec![RoleLine::strong(Role::Strong, format!("for {lasted}"))];
    if belief.state == BreakerState::NoBreakerSeen {
        let since = scene.session.users.main().map(|users| users.since_t0(scene.until));
        let calls = since.map_or(0, |since| since.error + since.waiting);
        if calls > 0 {
            rows.push(RoleLine::text(format!("{} reached", wording::count(calls, "call"))));
            rows.push(RoleLine::text("the dead provider"));
        }
    }
    rows
}

/// `next trial in 4.4 s`; a countdown that reached zero does not mean half-open.
fn countdown(scene: &Scene) -> RoleLine {
    let belief = scene.session.breaker.belief.as_ref();
    match belief.and_then(|belief| belief.next_trial) {
        Some(due) if due > scene.until => {
            let left = figures::between(scene.until, due).max(0.1);
            RoleLine::text("next trial in ").bold(Role::Strong, format!("{left:.1} s "))
        }
        Some(_) => RoleLine::strong(Role::Waiting, "trial due"),
        None => RoleLine::text("when it tries again is not known yet"),
    }
}

/// The elapsed share of the time to the next trial, from 0 to 1; `None` if the time is unknown or over.
pub(in crate::tui::panes) fn trial_share(scene: &Scene) -> Option<f64> {
    let belief = scene.session.breaker.belief.as_ref().filter(|belief| belief.state == BreakerState::Open)?;
    let due = belief.next_trial.filter(|due| *due > scene.until)?;
    let whole = figures::between(belief.since, due).max(0.001);
    Some(1.0 - figures::between(scene.until, due) / whole)
}

/// The finding about a state in which the breaker protects no calls.
fn finding(scene: &Scene, state: BreakerState) -> Option<String> {
    if state != BreakerState::NoBreakerSeen {
        return wording::missing_protection(state).map(str::to_owned);
    }
    let users = scene.session.users.main()?;
    let longest = users.since_t0(scene.until).error_waits.max?;
    // Where calls already fail within the limit, a breaker would not answer sooner.
    (longest > users.limit_ms as f64).then(|| "A breaker would answer at once.".to_owned())
}

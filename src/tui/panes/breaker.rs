//! The circuit breaker pane: the states as boxes with the believed one highlighted, what comes next, the sources with
//! their evidence, the observed cycles and the measured settings.

mod evidence;
mod facts;
mod machine;
mod sources;

use super::{Scene, framed, narrowed};
use crate::{
    session::{
        event::{Belief, BreakerState, Confidence, NamedState},
        wording,
    },
    tui::{
        pane::Pane,
        pane_buffer::{Emphasis, PaneBuffer, RoleLine},
        picture::breaker_role,
        theme::Role,
    },
};
pub(super) use facts::{in_a_row, trial_share};
use machine::{BoxEmphasis, MachineBox, MachineState};

#[cfg(test)]
mod tests;

/// Inner rows from which the transitions back are drawn, and inner columns from which each source shows its age.
const TALL: usize = 13;
const ROOMY: usize = 56;
/// Inner columns below which the three boxes do not fit beside each other.
const NARROW: usize = 33;

/// Draws the pane.
pub(crate) fn breaker(canvas: &mut PaneBuffer, scene: &Scene) {
    let columns = canvas.width().saturating_sub(4);
    let roomy = columns >= ROOMY;
    let more = if roomy { RoleLine::text("  consumer to provider") } else { RoleLine::new() };
    let room = columns.saturating_sub("4 BREAKER".len() + 4);
    let word = word(scene, roomy, room);
    let mut inside = narrowed(framed(canvas, scene, (Pane::Breaker, 4), "BREAKER", more, word));
    let (width, height) = (inside.width(), inside.height());
    let tall = height >= TALL;
    let mut top = 0;
    if width >= NARROW && height > machine::ROWS {
        top = machine::draw(
            &mut inside,
            &machine_state(scene),
            &facts::beside(scene),
            tall.then(|| seen(scene)),
        );
    } else {
        inside.row(0, &state(scene));
        top += 1;
    }
    let mut rows = facts::facts(scene, width);
    if rows.is_empty() && tall {
        rows.push(RoleLine::new());
    }
    if let Some(share) = facts::trial_share(scene)
        && let Some(row) = rows.first()
    {
        let x = row.width().max(20);
        super::gauge(&mut inside, (x, top), width.saturating_sub(x), share, Role::Waiting);
    }
    for row in rows {
        inside.row(top, &row);
        top += 1;
    }
    let lines = sources::lines(scene, width, tall);
    let mut rest = inside.part(0, top, width, height.saturating_sub(top));
    let from = scene.view.scroll_of(Pane::Breaker).min(lines.len().saturating_sub(rest.height()));
    for (y, (left, right)) in lines.iter().skip(from).enumerate() {
        rest.spread(y, left, right);
    }
}

/// The confidence, or how many replicas are in the state shown, shortened to fit into `room`.
fn word(scene: &Scene, roomy: bool, room: usize) -> RoleLine {
    let Some(belief) = &scene.session.breaker.belief else { return RoleLine::new() };
    if belief.state == BreakerState::Unknown && sources::no_report_since_restart(scene) {
        return RoleLine::new();
    }
    let role = match belief.confidence {
        Confidence::Sure => Role::Text,
        Confidence::Likely | Confidence::CannotTell => Role::Waiting,
    };
    if let Some(worst) = worst(belief) {
        let of = belief.replicas.len();
        let there = belief.replicas.iter().filter(|replica| replica.state == worst.state).count();
        let words = format!("{there} of {of} replicas {}", wording::breaker(worst.state));
        let words = if words.len() <= room {
            words
        } else {
            format!("{there} of {of} {}", wording::breaker(worst.state))
        };
        return RoleLine::strong(breaker_role(worst.state, scene.verdict.word), words);
    }
    let whole = confidence(belief);
    let short = short_confidence(belief);
    let bare = wording::confidence(belief.confidence).to_owned();
    let words = [whole, short].into_iter().find(|words| words.len() <= room).unwrap_or(bare);
    match (roomy, role) {
        (true, Role::Text) => RoleLine::strong(Role::Strong, words),
        (_, role) => RoleLine::of(role, words),
    }
}

/// `sure (2 of 2 sources)`.
pub(crate) fn confidence(belief: &Belief) -> String {
    let noun = if belief.spoke == 1 { " source" } else { " sources" };
    counted_confidence(belief, noun)
}

/// `sure (2 of 2)`, for use where the noun does not fit.
pub(crate) fn short_confidence(belief: &Belief) -> String {
    counted_confidence(belief, "")
}

fn counted_confidence(belief: &Belief, noun: &str) -> String {
    let word = wording::confidence(belief.confidence);
    // Where no source agrees, as with two explanations or replicas that differ, there is nothing to count.
    if belief.agreeing == 0 {
        word.to_owned()
    } else {
        format!("{word} ({} of {}{noun})", belief.agreeing, belief.spoke)
    }
}

/// The replica in the worst state, if there are several.
fn worst(belief: &Belief) -> Option<&NamedState> {
    let rank = |state: BreakerState| match state {
        BreakerState::Open | BreakerState::ForcedOpen => 4,
        BreakerState::HalfOpen => 3,
        BreakerState::Disabled | BreakerState::MetricsOnly | BreakerState::NoBreakerSeen => 2,
        BreakerState::Closed => 1,
        _ => 0,
    };
    belief.replicas.iter().max_by_key(|replica| rank(replica.state))
}

/// The state machine to draw.
fn machine_state(scene: &Scene) -> MachineState {
    let Some(belief) = &scene.session.breaker.belief else { return MachineState::dark() };
    let state = worst(belief).map_or(belief.state, |replica| replica.state);
    let role = breaker_role(state, scene.verdict.word);
    let shine = match belief.confidence {
        Confidence::CannotTell => BoxEmphasis::Uncertain,
        Confidence::Sure | Confidence::Likely => BoxEmphasis::Fill,
    };
    let lit = |place, shine| MachineState::Machine(Some((place, shine, role)));
    match state {
        BreakerState::Closed => lit(MachineBox::Closed, shine),
        BreakerState::Open | BreakerState::ForcedOpen => lit(MachineBox::Open, shine),
        BreakerState::HalfOpen => lit(MachineBox::HalfOpen, shine),
        BreakerState::ClosedOrNone if shine == BoxEmphasis::Fill => {
            lit(MachineBox::Closed, BoxEmphasis::Tint)
        }
        BreakerState::ClosedOrNone => lit(MachineBox::Closed, BoxEmphasis::Uncertain),
        BreakerState::FallbackAtOnce => lit(MachineBox::Open, BoxEmphasis::Uncertain),
        BreakerState::NoBreakerSeen | BreakerState::Disabled | BreakerState::MetricsOnly => {
            MachineState::Single(wording::breaker(state), shine, role)
        }
        BreakerState::Unknown | BreakerState::NotSeenYet | BreakerState::Mixed => last_known(scene),
    }
}

/// The last known state of the running process, with a question mark.
fn last_known(scene: &Scene) -> MachineState {
    let breaker = &scene.session.breaker;
    let known = breaker
        .states
        .changes()
        .rev()
        .filter(|(at, _)| *at <= scene.until && breaker.restarted.is_none_or(|restart| *at > restart))
        .find_map(|(_, (state, _))| {
            let place = match state {
                BreakerState::Closed => MachineBox::Closed,
                BreakerState::Open | BreakerState::ForcedOpen => MachineBox::Open,
                BreakerState::HalfOpen => MachineBox::HalfOpen,
                _ => return None,
            };
            Some((place, BoxEmphasis::Uncertain, breaker_role(state, scene.verdict.word)))
        });
    MachineState::Machine(known)
}

/// The numbers of failed and successful trials so far.
fn seen(scene: &Scene) -> (usize, usize) {
    use crate::session::state::CycleEnd;
    let ended = |end| {
        let tried = |cycle: &&crate::session::state::Cycle| {
            cycle.trial.is_some() && cycle.ended.is_some_and(|(_, how)| how == end)
        };
        scene.session.breaker.cycles.iter().filter(tried).count()
    };
    (ended(CycleEnd::Failed), ended(CycleEnd::Worked))
}

/// The state in a word, filled if it is sure or likely; used where the boxes do not fit.
pub(super) fn state(scene: &Scene) -> RoleLine {
    let Some(belief) = &scene.session.breaker.belief else {
        return RoleLine::strong(Role::Strong, "UNKNOWN");
    };
    let (name, role) = (wording::breaker(belief.state), breaker_role(belief.state, scene.verdict.word));
    let asked = belief.confidence == Confidence::CannotTell;
    let mut row = RoleLine::new();
    match belief.state {
        BreakerState::Unknown => return RoleLine::strong(Role::Strong, name),
        BreakerState::NotSeenYet => return RoleLine::strong(Role::Waiting, name),
        BreakerState::FallbackAtOnce => return RoleLine::strong(role, name),
        state if asked && state.is_breaker_state() => return RoleLine::strong(role, format!("{name}?")),
        BreakerState::ClosedOrNone => row.add(role, Emphasis::Tint, format!(" {name} ")),
        _ if asked => return RoleLine::strong(role, name),
        _ => row.add(role, Emphasis::Fill, format!(" {name} ")),
    }
    row
}

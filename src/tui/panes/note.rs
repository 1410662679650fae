//! The line that says what to watch for: the latest hint, the caption, the most urgent warning.

use super::{Scene, guards};
use crate::{
    insight::{self, Phase, Urgency, rollback_failed},
    session::{
        event::{Level, Section},
        state::{LogLine, SafetyKnown},
    },
    tui::{
        canvas::{Canvas, Row},
        figures,
        keymap::Action,
        theme::Role,
        view::{Leaving, Overlay},
    },
};

/// Its word, its colour, and the text.
type Said = (&'static str, Role, String);

/// Seconds that a caption stands before warnings may take its place.
const CAPTION_S: f64 = 30.0;

/// Draws the line.
pub(crate) fn note(canvas: &mut Canvas, scene: &Scene) {
    let roomy = canvas.width() >= 100;
    let column = if roomy { 9 } else { 8 };
    let (word, role, text) = said(scene, roomy, canvas.width().saturating_sub(column + 1));
    let row = Row::text(" ").with(role, word).to(column + 1).and(text);
    canvas.row(0, &row);
}

/// Its word, its colour, and the text, in its short form where the room is too small for the long one.
fn said(scene: &Scene, roomy: bool, room: usize) -> (&'static str, Role, String) {
    let view = scene.view;
    if let Some(hint) = &view.hint {
        return ("KEY", Role::Focus, hint.clone());
    }
    if let Some(Overlay::Filter(editor)) = &view.overlay {
        let (before, after) = editor.halves();
        return ("FIND", Role::Focus, format!("{before}_{after}"));
    }
    if view.leaving > Leaving::No && !view.finished {
        return ("LEAVING", Role::Waiting, leaving(scene));
    }
    // The run's own critical lines are about the experiment; only ours tell of a bug.
    let ours = |line: &&LogLine| line.level == Level::Critical && line.target == "chaos-tui";
    if let Some(bug) = scene.session.log.lines.iter().rev().find(ours) {
        return ("BUG", Role::Failing, bug.text.clone());
    }
    if let Some(message) = &scene.session.run.aborted {
        return ("ABORTED", Role::Failing, message.clone());
    }
    if let Some(said) = rollbacks(scene).or_else(|| undone(scene)).or_else(|| deed(scene)) {
        return said;
    }
    if let Some((_, trip)) = &scene.session.guards.tripped {
        return ("GUARD", Role::Failing, format!("ended the run: {}", trip.because));
    }
    let warnings = insight::warnings(scene.session, scene.now);
    let urgent = warnings.first().filter(|warning| warning.urgency == Urgency::Warn);
    let caption = scene.session.diary.captions.back();
    let caption = caption.filter(|entry| figures::between(entry.at, scene.now) < CAPTION_S);
    if view.presenter {
        // On stage the story goes before all warnings; words written for this audience go before those made from events.
        let told = insight::told_so_far(scene.session, scene.now).map(|(_, text)| text);
        if let Some(text) = caption.map(|entry| entry.text.clone()).or(told) {
            return ("LOOK", Role::Focus, text);
        }
    }
    match (urgent, caption, warnings.first()) {
        (None, Some(entry), _) => ("LOOK", Role::Focus, entry.text.clone()),
        (Some(warning), ..) | (None, None, Some(warning)) => {
            let role = match warning.urgency {
                Urgency::Warn => Role::Failing,
                Urgency::Guard | Urgency::Watch | Urgency::Note => Role::Waiting,
            };
            (warning.urgency.text(), role, warning.fitting(room).to_owned())
        }
        (None, None, None) => calm(scene, roomy),
    }
}

/// A rollback that failed: no success of another one hides it.
fn rollbacks(scene: &Scene) -> Option<Said> {
    let failed: Vec<String> = scene.session.steps.failed_rollbacks().map(rollback_failed).collect();
    (!failed.is_empty()).then(|| ("FAILED", Role::Failing, failed.join("; ")))
}

/// What became of the fire, of the hypothesis before it, of the way back: what the operator must know now.
fn deed(scene: &Scene) -> Option<Said> {
    let session = scene.session;
    let guarded = session.guards.tripped.is_some() && session.recovering();
    if session.safety.is_some() && session.run.ended.is_some() && !guarded {
        return Some(safety(scene));
    }
    if scene.phase == Phase::FaultUnconfirmed {
        return Some((
            "DOUBT",
            Role::Waiting,
            format!("the fire failed: {}", insight::fault_in_doubt(session, scene.now)?),
        ));
    }
    if session.fault.is_some() {
        return None;
    }
    if let Some(refusal) = session.refusals.last() {
        let word = if refusal.firing.doubt.is_some() { "NO HARM" } else { "REFUSED" };
        return Some((word, Role::Failing, refusal.reason.clone()));
    }
    let gate = insight::failed_gate(session)?;
    let cursor = session.steps.cursor.is_none_or(|step| step.section == Section::Before);
    (cursor || session.run.ended.is_some()).then_some(("NOT MET", Role::Failing, gate))
}

fn safety(scene: &Scene) -> Said {
    let text = scene.session.safety_text();
    let Some(safety) = &scene.session.safety else { return ("SAFETY", Role::Waiting, text) };
    let late = safety.late.map(|at| figures::between(safety.since, at));
    let late = late.map(|s| format!("   (met after all, after {s:.0} s)")).unwrap_or_default();
    match &safety.done {
        None => ("SAFETY", Role::Waiting, text),
        Some(done) if done.met => match scene.session.safety_known() {
            SafetyKnown::ByHypothesis => ("SAFE", Role::Ok, text.trim_start_matches("SAFE: ").to_owned()),
            SafetyKnown::ByTargets | SafetyKnown::ByUsers => ("BACK", Role::Ok, text),
            SafetyKnown::No => ("SAFETY", Role::Unknown, text),
        },
        Some(_) => ("UNSAFE", Role::Failing, text.trim_start_matches("NOT SAFE: ").to_owned() + &late),
    }
}

/// What runs while the session ends.
fn leaving(scene: &Scene) -> String {
    if scene.session.undo.began.is_some() {
        return "putting back what was fired away".to_owned();
    }
    let doing = match scene.session.steps.current().filter(|row| row.state.is_active()) {
        Some(row) => format!("`{}` still runs", row.step.name),
        None if scene.session.run.rolling_back => "rolling back".to_owned(),
        None => "ending".to_owned(),
    };
    // What can be pressed comes first: a step's name may be long.
    if scene.view.leaving == Leaving::Asked {
        format!("CTRL+C again cuts what runs. Now: {doing}")
    } else {
        format!("CTRL+C leaves with rollbacks unfinished. Now: {doing}")
    }
}

/// With nothing to warn of: what a fire would be followed by, where results are.
fn calm(scene: &Scene, roomy: bool) -> (&'static str, Role, String) {
    match scene.phase {
        Phase::Finished => match &scene.session.run.journal {
            Some(path) => ("SAVED", Role::Ok, path.clone()),
            None => ("", Role::Text, String::new()),
        },
        Phase::Ready => predicted(scene, roomy),
        Phase::Steady => unlike(scene).unwrap_or_else(|| guarded(scene, roomy)),
        _ => unlike(scene).unwrap_or_else(|| match scene.card() {
            Some(card) => ("UNDO", Role::Soft, card.undo.clone()),
            None => ours(scene),
        }),
    }
}

/// Whose doing it is, and whether it is over: nobody should look for a cause that we are.
fn ours(scene: &Scene) -> (&'static str, Role, String) {
    let Some(fault) = &scene.session.fault else { return ("", Role::Text, String::new()) };
    match &fault.healed_by {
        Some(back) => ("BACK", Role::Ok, format!("{back}, {:.0} s after our fault", fault.lasted(scene.now))),
        None => {
            let what = fault.fires.last().map_or("the fault is on", |firing| firing.what.as_str());
            let ago = figures::between(fault.t0(), scene.now);
            ("FAULT", Role::Fault, format!("ours: {what}, {ago:.0} s ago; not back yet"))
        }
    }
}

/// What the undo kit is doing, or did lately.
fn undone(scene: &Scene) -> Option<(&'static str, Role, String)> {
    let undo = &scene.session.undo;
    if undo.began.is_some() {
        return Some(("UNDO", Role::Waiting, "putting back what was fired away".to_owned()));
    }
    let (at, undone) = undo.done.as_ref()?;
    let recent = figures::between(*at, scene.now) < CAPTION_S;
    match (undone.failed.is_empty(), undone.restored.is_empty()) {
        (false, _) => Some(("UNDO", Role::Failing, format!("NOT put back: {}", undone.failed.join("; ")))),
        _ if !recent => None,
        (true, false) => Some(("UNDONE", Role::Ok, undone.restored.join("; "))),
        (true, true) => {
            Some(("UNDONE", Role::Ok, format!("nothing to put back: {}", undone.untouched.join("; "))))
        }
    }
}

/// What would end the run by itself once the fault is on.
fn guarded(scene: &Scene, roomy: bool) -> (&'static str, Role, String) {
    let key = scene.view.keymap.key(Action::Guards);
    match (guards::limits(scene, roomy), roomy) {
        (Some(limits), true) => {
            ("GUARDS", Role::Strong, format!("aborts by itself if: {limits}   [{key}] edit"))
        }
        (Some(limits), false) => ("GUARD", Role::Strong, format!("abort if {limits}")),
        (None, _) => ("GUARDS", Role::Waiting, format!("are off: nothing aborts by itself   [{key}] edit")),
    }
}

/// What is expected, or how to say it.
fn predicted(scene: &Scene, roomy: bool) -> (&'static str, Role, String) {
    let key = scene.view.keymap.key(Action::Predict);
    let words = match (&scene.session.prediction, roomy) {
        (Some(prediction), _) => {
            format!("you expect: {}   [{key}] change", insight::prediction_words(prediction).join(", "))
        }
        (None, true) => format!(
            "Before you fire, say what you expect: {key}   (trip time, what users see, recovery) - scored at the end"
        ),
        (None, false) => format!("{key}: say what you expect before you fire"),
    };
    ("PREDICT", Role::Focus, words)
}

/// Why the earlier run behind this one is no fair comparison.
fn unlike(scene: &Scene) -> Option<(&'static str, Role, String)> {
    let unlike = insight::unlike(scene.session, scene.earlier?);
    (!unlike.is_empty()).then(|| ("GHOST", Role::Waiting, unlike.join("; ")))
}

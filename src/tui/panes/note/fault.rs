//! Notes on the result of the fire, of the steady-state hypothesis before it and of the rollbacks that the operator
//! must know now.

use super::{CAPTION_S, NoteText};
use crate::{
    insight::{self, Phase, rollback_failure_text},
    session::{
        event::{Guard, GuardTrip, Section, Timestamp},
        state::SafetyBasis,
        wording,
    },
    tui::{figures, panes::Scene, theme::Role, view::QuitStage},
};

pub(super) fn fault_result(scene: &Scene) -> Option<NoteText> {
    let session = scene.session;
    if let Some(text) = session.guardian.text() {
        let role = if session.guardian.undone == Some(true) { Role::Ok } else { Role::Failing };
        let why = session.guardian.took.as_ref().map_or("", |(_, why)| why);
        return Some(NoteText::new("GUARDIAN", role, format!("{text}. {why}")).briefly(&text));
    }
    if let Some(message) = &session.run.aborted {
        return Some(NoteText::new("ABORTED", Role::Failing, message));
    }
    let failed: Vec<String> = session.steps.failed_rollbacks().map(rollback_failure_text).collect();
    if !failed.is_empty() {
        return Some(NoteText::new("FAILED", Role::Failing, failed.join("; ")));
    }
    undone(scene).or_else(|| ended_early(scene)).or_else(|| safety(scene)).or_else(|| fired(scene))
}

/// Who ended the run early, when and why; shown until the safety check is done.
fn ended_early(scene: &Scene) -> Option<NoteText> {
    let session = scene.session;
    let aborted = |who: &str, short: &str, at: Timestamp, why: &str, brief: &str| {
        let moment = |of: fn(f64) -> String| session.since_t0(at).map(|since| format!(" at {}", of(since)));
        let long = format!("{who}{}{why}", moment(wording::moment).unwrap_or_default());
        let brief = format!("{short}{}{brief}", moment(wording::whole_second_moment).unwrap_or_default());
        NoteText::new("ABORTED", Role::Failing, long).briefly(brief)
    };
    if session.safety.as_ref().is_some_and(|safety| safety.final_check.is_some()) {
        return None;
    }
    if let Some((at, trip)) = &session.guards.tripped {
        let (why, brief) = trip_reason(trip);
        return Some(aborted(
            "by the guard",
            "by the guard",
            *at,
            &format!(": {why}"),
            &format!(": {brief}"),
        ));
    }
    let reason = session.run.interrupted.as_ref()?;
    let at = session.run.ended_early_at?;
    Some(match reason.as_str() {
        "Aborted by the operator" => aborted("by the operator", "by the operator", at, "", ""),
        reason => aborted(reason, reason, at, "", ""),
    })
}

/// What a guard measured, with its limit: in full and in brief.
fn trip_reason(trip: &GuardTrip) -> (String, String) {
    let GuardTrip { figure, limit, .. } = trip;
    match trip.guard {
        Guard::Users => {
            let long = format!("{figure} bad seconds (limit {limit})");
            (long.clone(), long)
        }
        Guard::Restarts => (
            format!("Kubernetes restarted the consumer, though the fault is not about it (limit {limit})"),
            format!("the consumer was restarted (limit {limit})"),
        ),
        Guard::Silence => {
            let long = format!("the cluster was silent for {figure} s (limit {limit})");
            (long.clone(), long)
        }
        Guard::Hold => {
            let long = format!("no key was pressed for {figure} s (limit {limit})");
            (long.clone(), long)
        }
    }
}

fn fired(scene: &Scene) -> Option<NoteText> {
    let session = scene.session;
    if scene.phase == Phase::FaultUnconfirmed {
        let doubt = insight::why_fault_unconfirmed(session, scene.now)?;
        let short = "the fire failed; its effect is unknown";
        return Some(
            NoteText::new("DOUBT", Role::Waiting, format!("The fire failed: {doubt}")).briefly(short),
        );
    }
    if session.fault.is_some() {
        return None;
    }
    if let Some(refusal) = session.refusals.last() {
        let tag = if refusal.firing.unconfirmed.is_some() { "NO HARM" } else { "REFUSED" };
        return Some(NoteText::new(tag, Role::Failing, &refusal.reason));
    }
    let gate = insight::failed_hypothesis_text(session)?;
    let cursor = session.steps.cursor.is_none_or(|step| step.section == Section::Before);
    (cursor || session.run.ended.is_some()).then(|| NoteText::new("NOT MET", Role::Failing, gate))
}

/// Whether the system is safe again after the end of the run.
fn safety(scene: &Scene) -> Option<NoteText> {
    let session = scene.session;
    session.run.ended?;
    let safety = session.safety.as_ref()?;
    let text = session.safety_text();
    let late = safety.met_late_at.map(|at| figures::between(safety.since, at));
    let late = late.map(|s| format!("   (met after all, after {s:.0} s)")).unwrap_or_default();
    Some(match &safety.final_check {
        None => NoteText::new("SAFETY", Role::Waiting, text),
        Some(done) if done.met => match session.safety_basis() {
            SafetyBasis::ByHypothesis => NoteText::new("SAFE", Role::Ok, text.trim_start_matches("SAFE: ")),
            SafetyBasis::ByTargets | SafetyBasis::ByUsers => NoteText::new("BACK", Role::Ok, text),
            SafetyBasis::Unknown => NoteText::new("SAFETY", Role::Unknown, text),
        },
        Some(_) => {
            NoteText::new("UNSAFE", Role::Failing, text.trim_start_matches("NOT SAFE: ").to_owned() + &late)
        }
    })
}

/// What the undo kit is doing, or did within [`CAPTION_S`]; a failure stays.
fn undone(scene: &Scene) -> Option<NoteText> {
    let undo = &scene.session.undo;
    if undo.began.is_some() {
        return Some(NoteText::new("UNDO", Role::Waiting, "restoring what the fire changed"));
    }
    let (at, undone) = undo.done.as_ref()?;
    let recent = figures::between(*at, scene.now) < CAPTION_S;
    match (undone.failed.is_empty(), undone.restored.is_empty()) {
        (false, _) => {
            Some(NoteText::new("UNDO", Role::Failing, format!("NOT put back: {}", undone.failed.join("; "))))
        }
        _ if !recent => None,
        (true, false) => Some(NoteText::new("UNDONE", Role::Ok, undone.restored.join("; "))),
        (true, true) => {
            let untouched = undone.untouched.join("; ");
            Some(NoteText::new("UNDONE", Role::Ok, format!("nothing to put back: {untouched}")))
        }
    }
}

/// What still runs while the session ends.
pub(super) fn leaving(scene: &Scene) -> NoteText {
    if scene.session.undo.began.is_some() {
        return NoteText::new("LEAVING", Role::Waiting, "restoring what the fire changed");
    }
    let doing = match scene.session.steps.current().filter(|row| row.state.is_active()) {
        Some(row) => format!("`{}` still runs", row.step.name),
        None if scene.session.run.rolling_back => "rolling back".to_owned(),
        None => "ending".to_owned(),
    };
    // The key comes first: a step's name may be long.
    let press = match scene.view.quit_stage {
        QuitStage::Warned => "SURE? The rollbacks go on; CTRL+C once more leaves without them",
        _ if scene.session.run.rolling_back => "the rollbacks go on to their end",
        QuitStage::Asked => "CTRL+C again cuts what runs",
        _ => "CTRL+C leaves with rollbacks unfinished",
    };
    NoteText::new("LEAVING", Role::Waiting, format!("{press}. Now: {doing}"))
}

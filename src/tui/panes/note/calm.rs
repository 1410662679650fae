//! The note line without a warning: the guards' limits, the prediction, or where the results are.

use super::{NoteText, tagged_row};
use crate::{
    insight::{self, Phase, Urgency, Warning},
    session::{
        event::{Guard, RunStatus},
        journal::status_name,
        wording,
    },
    tui::{figures, keymap::Action, pane_buffer::RoleLine, panes::Scene, theme::Role},
};

pub(super) fn calm(scene: &Scene) -> NoteText {
    let nothing = || NoteText::new("NOTE", Role::Focus, "");
    match scene.phase {
        Phase::Starting => nothing(),
        Phase::Finished if scene.earlier.is_some() => compared(scene),
        Phase::Finished => saved(scene),
        Phase::Ready => predicted(scene),
        Phase::Steady => unlike(scene).unwrap_or_else(|| guarded(scene)),
        _ => unlike(scene).or_else(|| fault_is_ours(scene)).unwrap_or_else(nothing),
    }
}

/// A warning; one of the lowest urgency also explains the grey marks of the earlier run.
pub(super) fn beside_earlier(scene: &Scene, warning: &Warning) -> NoteText {
    let base = NoteText::warning(warning);
    let grey = scene.earlier.is_some() && warning.urgency == Urgency::Note && scene.phase == Phase::Recovered;
    if grey {
        NoteText { long: base.long.and(". Grey: the run before, at the same moment after its T0"), ..base }
    } else {
        base
    }
}

/// How much can be concluded from two runs.
fn compared(scene: &Scene) -> NoteText {
    let sent = |session: &crate::session::Session| -> u64 {
        let until = session.last.unwrap_or(scene.now);
        session.users.endpoints.iter().map(|endpoint| endpoint.since_t0(until).sent).sum()
    };
    let requests = wording::count(sent(scene.session), "request");
    let seen = if scene.session.users.passive { "" } else { " Seen by our probe, not by the real crowd" };
    NoteText::new(
        "NOTE",
        Role::Focus,
        format!("1 run each, {requests}: enough to show, not to promise.{seen}"),
    )
    .briefly(format!("1 run each, {requests}: enough to show, not to promise"))
}

/// Where the results were saved, and their summary.
fn saved(scene: &Scene) -> NoteText {
    let session = scene.session;
    let run = &session.run;
    let happened = match (&session.fault, session.fault_had_effect()) {
        (None, _) => "no",
        (Some(_), Some(false)) => "not seen",
        (Some(_), Some(true)) => "yes",
        (Some(_), None) => "not watched",
    };
    let found = wording::count(insight::findings(session, scene.now).len() as u64, "finding");
    let Some(journal) = run.journal.as_deref() else {
        return NoteText::new("NOTE", Role::Focus, format!("{found}   fault happened: {happened}"));
    };
    let ended = run.status.map(|status| {
        let well = status == RunStatus::Completed
            && !run.deviated
            && session.steps.failed_rollbacks().next().is_none();
        format!(" ({}, exit {})", status_name(status), u8::from(!well))
    });
    let ended = ended.unwrap_or_default();
    let file = journal.rsplit('/').next().unwrap_or(journal);
    let long = format!("{journal}{ended}   {found}   fault happened: {happened}");
    NoteText::new("SAVED", Role::Ok, long)
        .briefly(format!("{file}{ended}  {found}  fault happened: {happened}"))
}

/// That the fault is ours, and whether it is over, so that the operator does not look for another cause.
fn fault_is_ours(scene: &Scene) -> Option<NoteText> {
    let fault = scene.session.fault.as_ref()?;
    Some(if let Some(back) = &fault.healed_by {
        let lasted = figures::length(fault.lasted(scene.display_time));
        NoteText::new("NOTE", Role::Focus, format!("{back}, {lasted} after our fault"))
    } else {
        let what = fault.fires.last().map_or("the fault is on", |firing| firing.what.as_str());
        let ago = figures::length(figures::between(fault.t0(), scene.display_time));
        NoteText::new(
            "NOTE",
            Role::Fault,
            format!("This run caused the fault: {what}, {ago} ago; not recovered yet"),
        )
        .briefly(format!("the fault is ours, {ago} ago; not back yet"))
    })
}

/// The limits at which the guards end the run once the fault is on.
fn guarded(scene: &Scene) -> NoteText {
    let key = scene.view.keymap.key(Action::Guards);
    let limits = &scene.session.guards.limits;
    let words = |guard: Guard, brief: bool| {
        let limit = limits.limit(guard)?;
        let restarts = wording::count(limit.into(), "restart");
        Some(match (guard, brief) {
            (Guard::Users, false) => format!("when users are let down for more than {limit} s"),
            (Guard::Users, true) => format!("at {limit} bad seconds"),
            (Guard::Restarts, false) => format!("at {restarts}"),
            (Guard::Restarts, true) => restarts,
            (Guard::Silence, false) => format!("{limit} s of silence"),
            (Guard::Silence, true) => format!("{limit} s silence"),
            (Guard::Hold, false) => format!("when no key is pressed for {limit} s"),
            (Guard::Hold, true) => format!("{limit} s without a key"),
        })
    };
    let all = |brief: bool| -> Vec<String> {
        Guard::ALL.into_iter().filter_map(|guard| words(guard, brief)).collect()
    };
    let long = match all(false).as_slice() {
        [] => {
            let off = NoteText::new("GUARDS", Role::Waiting, "");
            let row = |words: &str, does: &str| {
                RoleLine::text(words).bold(Role::Focus, key.as_str()).and(format!(" {does}"))
            };
            let long = row("are off: nothing ends the run by itself   ", "sets limits");
            let short = row("are off: nothing ends the run   ", "sets limits");
            return NoteText { long, short, ..off };
        }
        [only] if limits.silence_s.is_some() => format!("The run ends by itself after {only}"),
        [only] => format!("The run ends by itself {only}"),
        [first @ .., last] => format!("The run ends by itself {}, or {last}", first.join(", ")),
    };
    let long = tagged_row::figured(&long).and("   ").bold(Role::Focus, key);
    let brief = all(true).join(", ");
    let starts = if brief.starts_with("at ") { "" } else { "at " };
    let short = tagged_row::figured(&format!("ends the run {starts}{brief}"));
    NoteText { long, short, brief_tag: "GUARD", ..NoteText::new("GUARDS", Role::Fault, "") }
}

/// The operator's prediction, or the key to enter one.
fn predicted(scene: &Scene) -> NoteText {
    let key = || RoleLine::strong(Role::Focus, scene.view.keymap.key(Action::Predict));
    let (long, short) = match &scene.session.prediction {
        Some(prediction) => {
            let expected = insight::prediction_words(prediction).join(", ");
            let row = tagged_row::figured(&format!("You expect: {expected}   "));
            (row.clone().joined(key()).and(" changes it"), row.trimmed())
        }
        None => (
            RoleLine::text("Say what you expect before you fire: ")
                .joined(key())
                .and(" predicts trip time and what users see; scored at the end"),
            key().and(" predicts what users will see; scored at the end"),
        ),
    };
    NoteText { long, short, ..NoteText::new("TIP", Role::Focus, "") }
}

/// Why the earlier run, whose marks are drawn behind this one, is not fairly comparable.
fn unlike(scene: &Scene) -> Option<NoteText> {
    let unlike = insight::differences(scene.session, scene.earlier?);
    (!unlike.is_empty())
        .then(|| NoteText::new("NOTE", Role::Waiting, format!("The run before: {}", unlike.join("; "))))
}

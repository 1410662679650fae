//! The parts of the NEXT line, each with its key.

use super::NextPart;
use crate::{
    insight::{self, Phase},
    session::{
        event::Section,
        state::{StepRow, StepState},
    },
    tui::{
        figures,
        keymap::Action,
        pane_buffer::RoleLine,
        panes::{Scene, abort_effect, fault_words, header},
        text,
        theme::Role,
        update::{can_run_again, export_action},
        view::QuitStage,
    },
};

/// Columns of a step's name, in the three forms from the longest to the shortest.
const NAME: [usize; 3] = [48, 28, 16];

/// The parts of the line for the scene.
pub(super) fn next_parts(scene: &Scene) -> Vec<NextPart> {
    let (session, steps) = (scene.session, &scene.session.steps);
    if scene.phase == Phase::Starting {
        return vec![
            words(&["the session opens by itself"]),
            key(scene, Action::Quit, &["leave"]).required(),
        ];
    }
    if scene.view.quit_stage > QuitStage::No {
        let first = if scene.view.finished { "it is put back" } else { "the run ends" };
        return vec![words(&[&format!("{first}, then chaos-tui exits")])];
    }
    if scene.phase == Phase::Recovering && session.run.ended.is_some() {
        return recovering(scene);
    }
    if scene.phase == Phase::Finished || scene.view.finished {
        return finished(scene);
    }
    if let Some(row) = scene.awaiting_fire() {
        return fire(scene, row);
    }
    match steps.current() {
        Some(row) if row.state.is_active() => running(scene, row),
        _ if scene.phase == Phase::Ready => vec![
            key(scene, Action::Observe, &["start asking as a user", "start asking"]),
            lead("then ", key(scene, Action::Next, &["check the steady state", "check steady state"])),
        ],
        Some(row) if is_awaited(row) && row.step.at.section == Section::Before && row.failed() => {
            let again = named(scene, Action::Next, row, "ask ", " again");
            vec![again, key(scene, Action::Skip, &["accept and end"])]
        }
        Some(row) if is_awaited(row) && offered(scene, row) => {
            let run = key(scene, Action::Next, &["run the rollbacks"]);
            let keys = [run, key(scene, Action::Skip, &["end without them"])];
            keys.into_iter().chain(undo(scene)).collect()
        }
        Some(row) if is_awaited(row) => {
            let others = [key(scene, Action::Skip, &["skip it"]), key(scene, Action::End, &["end now"])];
            let run = named(scene, Action::Next, row, "run ", "").required();
            std::iter::once(run).chain(abort(scene)).chain(others).collect()
        }
        _ if session.run.rolling_back => vec![words(&["rolling back"])],
        _ => match steps.next() {
            Some(row) => {
                let run = named(scene, Action::Next, row, "run ", "").required();
                std::iter::once(run).chain(abort(scene)).collect()
            }
            None => vec![words(&["the run is ending"])],
        },
    }
}

fn words(forms: &[&str]) -> NextPart {
    NextPart::new(forms.iter().map(|form| RoleLine::text(*form))).required()
}

/// `c cut the wait`
fn key(scene: &Scene, action: Action, forms: &[&str]) -> NextPart {
    pressed(&scene.view.keymap.key(action), forms)
}

fn pressed(key: &str, forms: &[&str]) -> NextPart {
    NextPart::new(forms.iter().map(|form| RoleLine::strong(Role::Focus, key).and(format!(" {form}"))))
}

/// The part with `word` before its key.
fn lead(word: &str, piece: NextPart) -> NextPart {
    let forms = piece.forms.into_iter().map(|form| RoleLine::text(word).joined(form));
    NextPart { forms: forms.collect(), required: piece.required }
}

/// A key for a step, whose name is shortened where there is little room.
fn named(scene: &Scene, action: Action, row: &StepRow, before: &str, after: &str) -> NextPart {
    let key = scene.view.keymap.key(action);
    NextPart::new(NAME.map(|columns| {
        let name = text::fit(&row.step.name, columns).into_owned();
        RoleLine::strong(Role::Focus, key.as_str())
            .and(format!(" {before}"))
            .bold(Role::Strong, name)
            .and(after)
    }))
}

fn moments(scene: &Scene) -> NextPart {
    let keys = [Action::CursorLeft, Action::CursorRight].map(|action| scene.view.keymap.key(action));
    pressed(&keys.join(" "), &["read a moment"])
}

fn is_awaited(row: &StepRow) -> bool {
    matches!(row.state, StepState::Awaited { .. })
}

/// Whether the step asks the operator whether the rollbacks are run at all.
fn offered(scene: &Scene, row: &StepRow) -> bool {
    row.step.at.section == Section::Rollbacks && !scene.session.run.rolling_back
}

/// What putting back would do; `None` if there is nothing to put back.
fn undo(scene: &Scene) -> Option<NextPart> {
    scene.session.undo_due()?;
    let mut forms: Vec<String> =
        abort_effect::of_abort(scene).into_iter().map(|cost| format!("put it back: {cost}")).collect();
    forms.push("put it back".to_owned());
    let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
    Some(key(scene, Action::Undo, &forms).required())
}

fn finished(scene: &Scene) -> Vec<NextPart> {
    let onward = scene.view.sequence.filter(|_| scene.view.finished);
    let onward = onward.map(|course| key(scene, Action::Next, &[course.next]).required());
    let again = can_run_again(scene.view) && scene.session.undo_due().is_none();
    let again = again.then(|| key(scene, Action::NewRun, &["run again beside this one", "run again"]));
    let report = export_action(scene.view).map(|action| key(scene, action, &["report"]));
    let keys = [moments(scene), key(scene, Action::Quit, &["leave"]).required()];
    let looks = std::iter::once(key(scene, Action::Why, &["evidence"])).chain(report).chain(keys);
    undo(scene).into_iter().chain(onward).chain(again).chain(looks).collect()
}

/// The parts while the run is over and the system has not recovered yet.
fn recovering(scene: &Scene) -> Vec<NextPart> {
    let since = scene.session.safety.as_ref().map(|safety| safety.since);
    let seconds = since.map_or(0.0, |since| figures::between(since, scene.display_time));
    let waits = words(&[
        &format!("watching until it is safe, {seconds:.0} s so far"),
        &format!("until safe: {seconds:.0} s"),
    ]);
    let keys = [key(scene, Action::Why, &["why"]), key(scene, Action::Quit, &["leave"]).required()];
    std::iter::once(waits).chain(undo(scene)).chain(keys).collect()
}

fn fire(scene: &Scene, row: &StepRow) -> Vec<NextPart> {
    let session = scene.session;
    // Without a card it is unknown what the step hits.
    let does = match scene.card() {
        Some(card) => fault_words::effect_phrases(&card.headline),
        None => NAME.map(|columns| format!("fires {}", text::fit(&row.step.name, columns))).to_vec(),
    };
    let guarded = !session.fires_without_typed_name(row.step.at).unwrap_or(session.meta.allowed);
    let press = RoleLine::strong(Role::Fault, scene.view.keymap.key_with_shift(Action::Fire));
    let press = if guarded { press.and(", then type its name:") } else { press };
    let context = header::unlisted_context(scene).filter(|_| guarded);
    let place = |row: RoleLine| match context {
        Some(context) => row.and(" on").and(" ").fill(Role::Failing, format!(" {context} ")),
        None => row,
    };
    let never = scene.view.keymap.key(Action::Next);
    let first = does.iter().take(1).map(|what| {
        let sentence = place(press.clone().and(format!(" {what}")));
        sentence.and(format!(".  {never} never fires."))
    });
    let rest = does.iter().skip(1).chain(does.last());
    let rest = rest.map(|what| place(press.clone().and(format!(" {what}"))).and("."));
    let fires = NextPart::new(first.chain(rest).collect::<Vec<_>>()).required();
    let keys =
        [key(scene, Action::Skip, &["skip it"]), key(scene, Action::StepBack, &["back to safety", "safety"])];
    std::iter::once(fires).chain(abort(scene)).chain(keys).collect()
}

fn running(scene: &Scene, row: &StepRow) -> Vec<NextPart> {
    let step = scene.session.steps.position();
    if let Some(why) = insight::why_wait_is_hopeless(scene.session) {
        let on = key(scene, Action::Cut, &["go on without it"]).required();
        return [words(&[&why]), on].into_iter().chain(abort(scene)).collect();
    }
    let waits = match (&row.state, row.pause_left(scene.display_time)) {
        (StepState::Paused { side, .. }, Some(left)) => paused(scene, row, *side, left),
        _ => words(&[&format!("step {step} waits for its answer"), &format!("step {step} waits")]),
    };
    let cut = key(scene, Action::Cut, &["cut the wait", "cut wait"]);
    let ends = (scene.phase == Phase::Recovered)
        .then(|| key(scene, Action::End, &["end now, show the summary", "end now"]));
    [waits, cut].into_iter().chain(abort(scene)).chain(ends).collect()
}

/// The step that runs after the pause, or the step that the pause follows.
fn paused(scene: &Scene, row: &StepRow, side: crate::session::event::PauseSide, left: f64) -> NextPart {
    use crate::session::event::PauseSide;
    let step = scene.session.steps.position();
    match side {
        PauseSide::Before => {
            let forms = NAME.into_iter().enumerate().map(|(level, columns)| {
                let name = text::fit(&row.step.name, columns).into_owned();
                let runs = if level == 0 { " runs" } else { "" };
                RoleLine::strong(Role::Strong, name).and(format!("{runs} in {left:.0} s"))
            });
            NextPart::new(forms.collect::<Vec<_>>()).required()
        }
        PauseSide::After => {
            words(&[&format!("step {step} continues in {left:.0} s"), &format!("step {step}: {left:.0} s")])
        }
    }
}

/// What an abort costs, shown before the key is pressed.
fn abort(scene: &Scene) -> Option<NextPart> {
    scene.session.fault.as_ref()?;
    let costs = abort_effect::of_abort(scene).into_iter().map(|cost| format!("abort: {cost}"));
    let mut forms: Vec<String> = costs.collect();
    // The cost is shown however little room there is.
    if forms.is_empty() {
        forms.push("abort".to_owned());
    }
    let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
    Some(key(scene, Action::Abort, &forms).required())
}

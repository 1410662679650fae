//! Line 2: what users get, in words, on a bar of its colour. The only line a manager needs.

use super::Scene;
use crate::{
    insight::{self, Phase, Standing, Word},
    session::{event::Confidence, journal::status_name, wording},
    tui::{
        canvas::{Canvas, Row},
        text,
        theme::Role,
    },
};

/// Columns from which the figures are a sentence.
const ROOMY: usize = 110;

/// Draws the verdict; three rows high in the presenter's view.
pub(crate) fn verdict(canvas: &mut Canvas, scene: &Scene) {
    let (role, word, text, right) = match scene.phase {
        Phase::Finished => concluded(scene, canvas.width() >= ROOMY),
        Phase::Ready => ready(scene),
        _ => users(scene, canvas.width()),
    };
    let style = canvas.theme.bar(role);
    for y in 0..canvas.height() {
        canvas.tint(y, style);
    }
    let middle = canvas.height() / 2;
    let staged = canvas.height() > 1;
    let edge = canvas.theme.symbols.edge;
    let bar = |text: String| {
        let mut row = Row::new();
        row.push_bar(role, text);
        row
    };
    let word = bar(format!("{edge}{}", spaced(&word, staged)));
    let text = bar(format!("  {text}"));
    let end = bar(if right.is_empty() { String::new() } else { format!("{right} ") });
    let left = word.clone().joined(text.clone());
    if !staged || left.width() + end.width() < canvas.width() {
        canvas.spread(middle, &left, &end);
    } else if left.width() <= canvas.width() {
        // On stage there are rows below for what does not stand beside it.
        canvas.row(middle, &left);
        canvas.right(middle + 1, &end);
    } else {
        canvas.spread(middle, &word, &end);
        canvas.row(middle + 1, &text);
    }
}

/// The presenter's word is twice as wide.
fn spaced(word: &str, wide: bool) -> String {
    if !wide {
        return word.to_owned();
    }
    word.chars().flat_map(|c| [c, ' ']).collect()
}

/// The colour of a word about users.
pub(super) fn role(word: Word) -> Role {
    match word {
        Word::Ok => Role::Ok,
        Word::Protected => Role::Protected,
        Word::Waiting => Role::Waiting,
        Word::Failing => Role::Failing,
        Word::Unknown => Role::Stale,
    }
}

type Said = (Role, String, String, String);

fn users(scene: &Scene, width: usize) -> Said {
    let verdict = &scene.verdict;
    let roomy = width >= ROOMY;
    let near = insight::guard_near(scene.session, scene.now);
    let right = match verdict.bad {
        _ if near.is_some() => {
            near.as_ref().map_or_else(String::new, |near| format!("GUARD ABORTS: {}", near.short))
        }
        // The run is over and what it left is not: line 2 is about users still, but nobody should have to wait for the word.
        Some(_) if roomy && scene.phase == Phase::Recovering && scene.session.run.ended.is_some() => {
            format!("VERDICT so far: {}", insight::conclusion(scene.session, scene.now).standing.text())
        }
        Some((bad, budget)) => format!("BAD {bad} of {budget} s"),
        None => steady(scene, roomy),
    };
    // With several endpoints the worst one speaks, and says which it is.
    let name = verdict.of.and_then(|id| scene.session.users.endpoint(id)).map(|endpoint| {
        let room = if roomy { 40 } else { 16 };
        format!("  {}", text::fit_ends(&scene.session.users.name(endpoint), room, "…"))
    });
    let word = format!("USERS {}{}", verdict.word.text(), name.unwrap_or_default());
    // The sentence where it fits, the few words where it does not.
    let room = width.saturating_sub(word.len() + right.len() + 6);
    let fits = roomy && text::width(&verdict.sentence) <= room;
    let said = if fits { &verdict.sentence } else { &verdict.short };
    let role = if near.is_some() { Role::Alarm } else { role(verdict.word) };
    (role, word, said.clone(), right)
}

/// Before T0: whether the steady state is met, and the breaker.
fn steady(scene: &Scene, roomy: bool) -> String {
    let probes = scene
        .session
        .steps
        .rows
        .iter()
        .filter(|row| row.step.at.section == crate::session::event::Section::Before);
    let met = probes.clone().filter(|row| row.state == crate::session::state::StepState::Succeeded).count();
    let all = probes.count();
    let mut words = Vec::new();
    match &scene.session.run.before {
        Some(pass) if pass.met => {
            words.push(format!("STEADY{} {met}/{all}", if roomy { " STATE MET" } else { "" }))
        }
        Some(pass) if pass.skipped > 0 => {
            words.push(format!("HYPOTHESIS: {} of {all} asked", all.saturating_sub(pass.skipped)));
        }
        Some(_) => words.push("STEADY STATE NOT MET".to_owned()),
        None => {}
    }
    // Nothing of a breaker until one has shown itself.
    let shown = scene.session.breaker.belief.as_ref().filter(|belief| belief.state.is_a_breakers());
    if let Some(belief) = shown {
        let likely = if belief.confidence == Confidence::Sure { "" } else { "?" };
        words.push(format!("BREAKER {}{likely}", wording::breaker(belief.state)));
    }
    words.join(if roomy { "      " } else { "   " })
}

fn ready(scene: &Scene) -> Said {
    use crate::session::event::CheckLevel;
    let count = |level| scene.session.checks.iter().filter(|check| check.level == level).count();
    let right = format!("{} to fix, {} to know", count(CheckLevel::Fix), count(CheckLevel::Know));
    let role = if count(CheckLevel::Fix) > 0 { Role::Waiting } else { Role::Focus };
    (role, "READY".to_owned(), scene.verdict.short.clone(), right)
}

fn concluded(scene: &Scene, roomy: bool) -> Said {
    let conclusion = insight::conclusion(scene.session, scene.now);
    let role = match conclusion.standing {
        Standing::Resilient => Role::Ok,
        Standing::Protected => Role::Protected,
        Standing::Weak => Role::Failing,
        Standing::FaultNotConfirmed => Role::Waiting,
        Standing::FaultNeverHappened | Standing::NotObservable => Role::Stale,
    };
    if let Some(earlier) = scene.earlier {
        let before = insight::conclusion(earlier, earlier.last.unwrap_or(scene.now));
        let (one, two) = scene.view.names();
        let text = format!("{one}: {}   {two}: {}", before.standing.text(), conclusion.standing.text());
        return (role, "VERDICT".to_owned(), text, String::new());
    }
    // On a small screen the steps say it.
    let status = scene.session.run.status.filter(|_| roomy);
    let right = status.map_or_else(String::new, |status| format!("journal: {}", status_name(status)));
    (role, format!("VERDICT {}", conclusion.standing.text()), conclusion.because, right)
}

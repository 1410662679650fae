//! What was done: the fires, the steps, what was undone, the story with the operator's notes, and the experiment.

use super::tone_class;
use crate::{
    insight::{self, StoryMark},
    printing::{escape_json, without_url_passwords},
    report::facts::{Facts, section_name, shown, step_result, step_word, targets},
    session::{
        event::Section,
        state::{Firing, StepRow},
        wording,
    },
};
use maud::{Markup, html};
use pyvalue::Value;

/// Steps that the table shows.
const STEPS: usize = 500;

/// What was done to what.
pub(super) fn deeds(facts: &Facts) -> Markup {
    let session = facts.session;
    html! {
        section {
            h2 { "What was done" }
            @match &session.fault {
                None => (nothing(facts)),
                Some(fault) => {
                    table class="stack" {
                        thead { tr {
                            th scope="col" { "when" } th scope="col" { "fired" } th scope="col" { "targets" } th scope="col" { "effect" }
                        } }
                        tbody { @for firing in &fault.fires { (fire(facts, firing)) } }
                    }
                    @if let Some(healed) = fault.healed {
                        p {
                            "The fault was over at " (facts.moment(healed))
                            @if let Some(what) = &fault.healed_by { ": " (shown(what)) }
                            "."
                        }
                    }
                    @for refusal in &session.refusals {
                        p { "Refused, nothing changed: " (shown(&refusal.firing.what)) ": " (shown(&refusal.reason)) "." }
                    }
                }
            }
            @if let Some((at, trip)) = &session.guards.tripped {
                p { b { "A guard ended the run" } " at " (facts.moment(*at)) ": " (shown(&trip.because)) "." }
            }
        }
    }
}

fn nothing(facts: &Facts) -> Markup {
    let why = match (facts.session.refusals.last(), insight::failed_hypothesis_text(facts.session)) {
        (Some(refusal), _) => format!("The fire changed nothing: {}", refusal.reason),
        (None, Some(gate)) => format!("Nothing was fired: {gate}"),
        (None, None) => "Nothing was fired".to_owned(),
    };
    html! { p { (shown(&why)) "." } }
}

fn fire(facts: &Facts, firing: &Firing) -> Markup {
    let row = facts.session.steps.row(firing.step);
    let targets = targets(firing);
    let effect = match (&firing.unconfirmed, facts.session.fault_had_effect()) {
        (Some(why), _) => format!("not confirmed: {}", wording::short_error(why)),
        (None, Some(true)) => "seen".to_owned(),
        (None, Some(false)) => "none seen".to_owned(),
        (None, None) => "not watched".to_owned(),
    };
    html! {
        tr {
            td class="nowrap" { span class="c-fault" { "▼ " (facts.moment(firing.at)) } }
            td class="long" {
                @match row {
                    Some(row) => { b { (shown(&row.step.name)) } " " span class="soft" { (shown(&row.step.label)) } },
                    None => (shown(&firing.what)),
                }
            }
            td class="long" data-label="targets" { (if targets.is_empty() { "not named".to_owned() } else { targets.join(", ") }) }
            td class="long" data-label="effect" { (shown(&effect)) }
        }
    }
}

/// What was undone, and what is still on.
pub(super) fn aftermath(facts: &Facts) -> Markup {
    let left = &facts.aftermath;
    let declared = facts.steps().any(|row| row.step.at.section == Section::Rollbacks);
    html! {
        section {
            h2 { "What was undone, and what is still on" }
            @if !left.still_on.is_empty() {
                div class="on" {
                    p { b { "Still on, or not put back:" } }
                    ul class="plain" { @for line in &left.still_on { li { (shown(line)) } } }
                }
            }
            @if !left.undone.is_empty() { ul class="plain" { @for line in &left.undone { li { (shown(line)) } } } }
            @if !declared { p { "The experiment declares no rollbacks." } }
            @if left.still_on.is_empty() {
                @if facts.session.fault.is_none() { p { "Nothing was fired, so nothing is on." } }
                @else if facts.fault_is_watched() { p { "Nothing is known to be still on." } }
                @else { p { "Whether what was fired is still on was not watched." } }
            }
        }
    }
}

/// What changed, in order, with the operator's notes and marks.
pub(super) fn story(facts: &Facts) -> Markup {
    html! {
        @if !facts.story.is_empty() {
            section {
                h2 { "What happened, in order" }
                ol class="story" {
                    @for line in &facts.story {
                        li {
                            time { (facts.moment(line.at)) }
                            span class=(tone_class(line.tone)) aria-hidden="true" { (sign(line.mark)) }
                            span class=(if line.emphasized { "loud" } else { "" }) {
                                @if line.mark == StoryMark::Noted { span class="soft" { "note: " } }
                                (shown(&line.text))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn sign(mark: StoryMark) -> &'static str {
    match mark {
        StoryMark::Runs => "▸",
        StoryMark::Done => "✓",
        StoryMark::Failed => "✗",
        StoryMark::Cut => "-",
        StoryMark::Fired | StoryMark::Miss => "▼",
        StoryMark::State => "●",
        StoryMark::Noted => "n",
    }
}

/// Every step with its result.
pub(super) fn steps(facts: &Facts) -> Markup {
    let rows: Vec<&StepRow> = facts.steps().collect();
    html! {
        @if !rows.is_empty() {
            section {
                h2 { "The steps" }
                table class="stack" {
                    thead { tr {
                        th scope="col" { "part" } th scope="col" { "step" } th scope="col" { "outcome" }
                        th scope="col" { "result" } th scope="col" class="num" { "took" }
                    } }
                    tbody { @for row in rows.iter().take(STEPS) { (step(row)) } }
                }
                @if rows.len() > STEPS { p { (rows.len() - STEPS) " more steps are not listed." } }
                (passes(facts))
            }
        }
    }
}

fn step(row: &StepRow) -> Markup {
    let (sign, word) = step_word(row);
    let class = match sign {
        "✓" => "c-ok",
        "✗" => "c-failing",
        _ => "c-unknown",
    };
    html! {
        tr {
            td class="soft" { (section_name(row.step.at.section)) }
            th scope="row" class="long" { (shown(&row.step.name)) " " span class="soft" { (shown(&row.step.label)) } }
            td class="nowrap" { span class=(class) { (sign) " " (word) } }
            td class="long" {
                (step_result(row))
                @if let Some(tolerance) = &row.step.tolerance { " " span class="soft" { "(tolerance " (shown(tolerance)) ")" } }
            }
            td class="num" data-label="took" { (row.seconds.map(wording::seconds).unwrap_or_default()) }
        }
    }
}

/// The passes of a continuous hypothesis, which have no steps of their own.
fn passes(facts: &Facts) -> Markup {
    let during = &facts.session.run.during;
    html! {
        @if during.passes > 0 {
            p {
                "While the method ran the hypothesis was checked " (wording::count(during.passes.into(), "time"))
                "; it was not met " (wording::count(during.failed.into(), "time")) "."
            }
        }
    }
}

/// The experiment as played; references stand in place of its secrets.
pub(super) fn experiment(facts: &Facts) -> Markup {
    html! {
        @if let Some(experiment) = facts.evidence.experiment() {
            section {
                h2 { "The experiment as played" }
                @if let Some(description) = experiment.get("description").and_then(Value::as_str) { p { (shown(description)) } }
                details {
                    summary { "The whole file, as JSON" }
                    pre { (without_url_passwords(&escape_json(&experiment.to_json_pretty()))) }
                }
            }
        }
    }
}

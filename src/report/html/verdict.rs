//! The top of the page: what was run where, and the verdict.

use crate::{
    insight::{self, RunVerdict},
    report::facts::{Facts, clock_time, shown},
    session::wording,
};
use maud::{Markup, html};

/// The title, when and where it was, and the verdict in its colour, with a sign and in words.
pub(super) fn header(facts: &Facts, title: &str) -> Markup {
    let (sign, role) = look(facts.verdict());
    let conclusion = &facts.conclusion;
    html! {
        header class="top" {
            p class="brand" { "Chaos experiment report" }
            h1 { (title) }
            ul class="meta" {
                li { b { (clock_time(facts.started())) } }
                @if let Some(seconds) = facts.run_lasted() { li { "run of " b { (wording::seconds(seconds)) } } }
                @if let Some(cluster) = facts.cluster() { li { "cluster " b { (cluster) } } }
                @if let Some(operator) = facts.operator() { li { "by " b { (operator) } } }
            }
            div class={ "verdict " (role) } {
                div {
                    h2 { span aria-hidden="true" { (sign) } (facts.verdict().text()) }
                    p class="because" { (shown(&conclusion.sentence)) "." }
                    @if let Some(details) = &conclusion.details { p { (shown(details)) } }
                }
                @if let Some((bad, allowed)) = facts.bad_seconds() {
                    div class="score" {
                        b { (bad) }
                        "bad " (if bad == 1 { "second" } else { "seconds" })
                        @if allowed > 0 { " of " (allowed) " allowed" }
                    }
                }
            }
            p class="journal" { (journal(facts)) }
            @if let Some(late) = insight::late_verdict(facts.session, facts.now) {
                p class="journal" { "After the end, not counted: " (late.verdict.text()) ", " (shown(&late.because())) }
            }
        }
    }
}

/// The journal's own status, which is not the verdict.
fn journal(facts: &Facts) -> Markup {
    let run = &facts.session.run;
    let deviated =
        if run.deviated { "it deviated from its steady state" } else { "no deviation from its steady state" };
    // That a guard ended the run is told with what was done.
    let why = run.interrupted.as_ref().filter(|_| facts.session.guards.tripped.is_none());
    let why = why.or(run.aborted.as_ref());
    html! {
        @match facts.evidence.status() {
            Some(status) => {
                "Chaos Toolkit's own status of the run: " b { (status) } ", " (deviated) "."
                @if let Some(why) = why { " " (shown(&wording::short_error(why))) "." }
            }
            None => "The run has no final status."
        }
        @if let Some(dry) = &run.dry { " Dry run: " (shown(dry)) " were not executed." }
    }
}

/// The sign and the role of a verdict.
pub(crate) fn look(verdict: RunVerdict) -> (&'static str, &'static str) {
    match verdict {
        RunVerdict::Resilient => ("✓", "ok"),
        RunVerdict::Protected => ("◆", "protected"),
        RunVerdict::NotResilient => ("✗", "failing"),
        RunVerdict::FaultNotConfirmed => ("?", "waiting"),
        RunVerdict::FaultNeverHappened => ("○", "unknown"),
        RunVerdict::NotObservable => ("?", "unknown"),
    }
}

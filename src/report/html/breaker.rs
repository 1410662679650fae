//! The circuit breaker: its cycles, its measured settings, and the evidence for both.

use crate::{
    report::facts::{Facts, shown},
    session::{
        event::SourceKind,
        state::{Cycle, CycleEnd},
        wording,
    },
};
use maud::{Markup, html};

/// The section; a sentence in its place if the breaker was not watched.
pub(super) fn section(facts: &Facts) -> Markup {
    let breaker = &facts.session.breaker;
    html! {
        @if facts.session.fault.is_some() || breaker.belief.is_some() {
            section {
                h2 { "The circuit breaker" }
                @match &breaker.belief {
                    None => p { "It was not watched: no page that reports one was read, and no answers were judged." },
                    Some(belief) => {
                        p {
                            "At the end: " b { (wording::breaker(belief.state)) } ", " (wording::confidence(belief.confidence))
                            @if belief.spoke > 0 { " (" (belief.agreeing) " of " (wording::count(belief.spoke.into(), "source")) " agree)" }
                            ": " (shown(&belief.because)) "."
                        }
                        (cycles(facts))
                        (evidence(facts))
                    }
                }
            }
        }
    }
}

fn cycles(facts: &Facts) -> Markup {
    let breaker = &facts.session.breaker;
    let seen = breaker.measured(facts.session.t0());
    html! {
        @if breaker.cycles.is_empty() && breaker.interrupted.is_empty() {
            @let never = facts.session.t0().is_some_and(|t0| breaker.never_opened(t0, facts.now));
            p { (if never { "It never opened." } else { "It was not seen to open." }) }
        } @else {
            table class="stack" {
                caption {
                    (wording::count(seen.openings.into(), "opening")) ", "
                    @match (seen.trials, seen.failed_trials) {
                        (0, _) => "no trial seen",
                        (trials, 0) => { (wording::count(trials.into(), "trial")) ", none failed" },
                        (trials, failed) => { (wording::count(trials.into(), "trial")) ", " (failed) " failed" },
                    }
                    "."
                    @if !breaker.interrupted.is_empty() {
                        " " (wording::count(breaker.interrupted.len() as u64, "opening"))
                        " ended by a restart or by an operator, or with an end that was not seen."
                    }
                }
                thead { tr {
                    th scope="col" { "cycle" } th scope="col" { "OPEN" } th scope="col" { "HALF-OPEN" }
                    th scope="col" { "ended" } th scope="col" { "result" }
                } }
                tbody {
                    @for (number, cycle) in (1..).zip(&breaker.cycles) { (row(facts, number, cycle)) }
                }
            }
        }
    }
}

fn row(facts: &Facts, number: usize, cycle: &Cycle) -> Markup {
    let moment = |at| facts.moment(at);
    let (ended, result, class) = match cycle.ended {
        Some((at, CycleEnd::Worked)) => (moment(at), "the trial worked: CLOSED", "c-ok"),
        Some((at, CycleEnd::Failed)) => (moment(at), "the trial failed: OPEN again", "c-failing"),
        None => ("not ended".to_owned(), "not known", "c-unknown"),
    };
    html! {
        tr {
            th scope="row" { (number) }
            td data-label="OPEN" { (moment(cycle.opened)) }
            td data-label="HALF-OPEN" { (cycle.trial.map_or_else(|| "not seen".to_owned(), moment)) }
            td data-label="ended" { (ended) }
            td { span class=(class) { (result) } }
        }
    }
}

/// What each source last reported.
fn evidence(facts: &Facts) -> Markup {
    let reports = &facts.session.breaker.reports;
    html! {
        @if !reports.is_empty() {
            h3 { "What the sources last reported" }
            table class="stack" {
                thead { tr { th scope="col" { "source" } th scope="col" { "last report" } th scope="col" { "when" } } }
                tbody {
                    @for latest in reports {
                        @let report = &latest.report;
                        tr {
                            th scope="row" class="long" {
                                (source(report.witness))
                                @if let Some(place) = &report.place { " " code { (shown(place)) } }
                                @if let Some(pod) = &report.pod { " of " (shown(pod)) }
                            }
                            td class="long" { (shown(&report.ground)) }
                            td class="nowrap" data-label="at" { (facts.moment(latest.at)) }
                        }
                    }
                }
            }
        }
    }
}

fn source(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Actuator => "actuator",
        SourceKind::Hystrix => "Hystrix stream",
        SourceKind::Metrics => "metrics page",
        SourceKind::Mesh => "service mesh",
        SourceKind::Health => "health page",
        SourceKind::Answers => "answers to users",
    }
}

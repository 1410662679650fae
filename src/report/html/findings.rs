//! Findings with advice, timings, the scored prediction, and what was not seen.

use super::super::facts::{Facts, shown};
use crate::insight::{Finding, Severity};
use maud::{Markup, html};

/// The findings, the most harmful first.
pub(super) fn section(facts: &Facts) -> Markup {
    html! {
        section {
            h2 { "Findings" }
            @if facts.findings.is_empty() {
                p { "None: what was seen gives no reason for advice." }
            } @else {
                ol class="findings" {
                    @for finding in &facts.findings { (one(finding)) }
                }
            }
        }
    }
}

fn one(finding: &Finding) -> Markup {
    let (word, role) = severity(finding.severity);
    html! {
        li {
            span class={ "tag " (role) } { (word) }
            div {
                h3 { (shown(&finding.text)) }
                @if !finding.advice.is_empty() { p { (shown(&finding.advice)) } }
                @if !finding.evidence.is_empty() {
                    details {
                        summary { "Evidence" }
                        ul class="plain" { @for line in &finding.evidence { li { (shown(line)) } } }
                    }
                }
            }
        }
    }
}

/// The severity in a word, and its role.
pub(crate) fn severity(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Serious => ("serious", "failing"),
        Severity::Caution => ("caution", "waiting"),
        Severity::Good => ("good", "ok"),
        Severity::Neutral => ("to know", "unknown"),
    }
}

/// How long things took.
pub(super) fn timings(facts: &Facts) -> Markup {
    html! {
        @if !facts.timings.is_empty() {
            section {
                h2 { "How long it took" }
                dl class="times" {
                    @for timing in &facts.timings { dt { (timing.label) } dd { (timing.text()) } }
                }
            }
        }
    }
}

/// What the operator predicted before the fire, and what happened.
pub(super) fn prediction(facts: &Facts) -> Markup {
    html! {
        @if !facts.scores.is_empty() {
            section {
                h2 { "Prediction and fact" }
                table class="stack" {
                    thead { tr { th scope="col" { "predicted" } th scope="col" { "happened" } th scope="col" { "right" } } }
                    tbody {
                        @for score in &facts.scores {
                            @let class = match score.right { Some(true) => "c-ok", Some(false) => "c-failing", None => "c-unknown" };
                            tr {
                                th scope="row" { (shown(&score.guess)) }
                                td data-label="happened:" { (shown(&score.fact)) }
                                td data-label="right:" { span class=(class) { (if score.right.is_none() { "not known" } else { score.word() }) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What this run could not see.
pub(super) fn not_seen(facts: &Facts) -> Markup {
    html! {
        section {
            h2 { "What this run could not see" }
            div class="unseen" {
                ul class="plain" { @for line in &facts.not_seen { li { (shown(line)) } } }
            }
        }
    }
}

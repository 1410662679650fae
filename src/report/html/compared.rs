//! The page of a comparison: both verdicts, what differs beyond noise, and both pictures on one axis.

use super::{
    chart::{Chart, common_window},
    document,
    verdict::look,
};
use crate::{
    report::{
        Comparison, Evidence,
        facts::{Facts, shown},
        runs::{MetricJudgement, Runs, RunsCompared},
    },
    session::wording,
};
use maud::{Markup, html};

/// Renders the page; the evidence is that of two single sessions.
pub(crate) fn compared_page(compared: &RunsCompared, evidence: Option<(&Evidence, &Evidence)>) -> String {
    let (first, second) = (&compared.first, &compared.second);
    let title = format!("{} and {}", shown(&first.name), shown(&second.name));
    let body = html! {
        header class="top" {
            p class="brand" { "Chaos experiments compared" }
            h1 { (heading(compared)) }
            div class="cols sides" { (side(first)) (side(second)) }
        }
        main {
            (cautions(compared))
            (table(compared))
            @if let Some((one, two)) = evidence { (pictures(compared, one, two)) }
        }
        (about(compared))
    };
    document(&format!("Compared: {title}"), &body)
}

/// The title of the experiment, or of both.
fn heading(compared: &RunsCompared) -> String {
    let title = |runs: &Runs| runs.runs.first().map_or_else(String::new, |run| shown(&run.title));
    let (first, second) = (title(&compared.first), title(&compared.second));
    if first == second { first } else { format!("{first} / {second}") }
}

/// The verdict of one side.
fn side(runs: &Runs) -> Markup {
    let run = runs.runs.first();
    let several = runs.runs.len() > 1;
    let words = runs.verdicts();
    let alike = runs.runs.iter().all(|other| Some(&other.verdict.word) == run.map(|run| &run.verdict.word));
    let verdict = run.filter(|_| alike).and_then(|run| crate::insight::RunVerdict::of_key(&run.verdict.word));
    let (sign, role) = verdict.map_or(("", "unknown"), look);
    html! {
        section {
            h2 { (shown(&runs.name)) }
            div class={ "verdict " (role) } {
                div {
                    p class="word" { span aria-hidden="true" { (sign) } " " (words) }
                    @if let Some(run) = run.filter(|_| !several) {
                        p class="because" { (shown(&run.verdict.sentence)) "." }
                        @if let Some(details) = &run.verdict.details { p { (shown(details)) } }
                    }
                }
            }
        }
    }
}

fn cautions(compared: &RunsCompared) -> Markup {
    html! {
        @if !compared.differences.is_empty() {
            section class="on" {
                h2 { "What makes them hard to compare" }
                ul class="plain" { @for line in &compared.differences { li { (shown(line)) } } }
            }
        }
    }
}

/// The figures of both sides, with intervals.
fn table(compared: &RunsCompared) -> Markup {
    let names = [shown(&compared.first.name), shown(&compared.second.name)];
    html! {
        section {
            h2 { "What differs beyond noise" }
            table class="stack counts" {
                caption { (shown(&compared.sample_sizes())) "." }
                thead { tr {
                    th scope="col" { "figure" }
                    @for name in &names { th scope="col" class="num" { (name) } }
                    th scope="col" class="num" { "difference, 95 %" }
                    th scope="col" { "" }
                } }
                tbody {
                    @for row in &compared.rows {
                        tr {
                            th scope="row" { (row.metric.label) }
                            td class="num" data-label=(names[0]) { (row.figure(row.first)) }
                            td class="num" data-label=(names[1]) { (row.figure(row.second)) }
                            td class="num" data-label="difference, 95 %" { (row.interval_text()) }
                            td class=(class(row.judgement)) data-label="judgement" { (sign(row.judgement)) (row.judgement.text()) }
                        }
                    }
                }
            }
            p class="soft" { (compared.method()) }
        }
    }
}

fn class(judgement: MetricJudgement) -> &'static str {
    match judgement {
        MetricJudgement::Better => "c-ok",
        MetricJudgement::Worse => "c-failing",
        MetricJudgement::Different => "c-protected",
        _ => "soft",
    }
}

fn sign(judgement: MetricJudgement) -> &'static str {
    match judgement {
        MetricJudgement::Better => "✓ ",
        MetricJudgement::Worse => "✗ ",
        MetricJudgement::Different => "◆ ",
        _ => "",
    }
}

/// Both pictures below each other on one axis, and the findings of the second session.
fn pictures(compared: &RunsCompared, first: &Evidence, second: &Evidence) -> Markup {
    let (one, two) = (Facts::of(first), Facts::of(second));
    let window = common_window(&one, &two);
    let chart = |facts, place| Chart::beside(facts, place, window);
    let (before, after) = (chart(&one, 0), chart(&two, 1));
    let names = (compared.first.name.as_str(), compared.second.name.as_str());
    let both = Comparison::of((names.0, &first.session), (names.1, &second.session));
    html! {
        section {
            h2 { "Both on one time axis" }
            @for (name, drawn) in [(names.0, &before), (names.1, &after)] {
                h3 { (shown(name)) }
                @match drawn {
                    Some(chart) => (chart.figure()),
                    None => p class="soft" { "Nothing happened in any time." }
                }
            }
        }
        div class="cols" {
            section {
                h2 { "Findings" }
                @if both.findings.is_empty() { p { "None: what was seen gives no reason for advice." } }
                ol class="findings" {
                    @for (number, finding) in (1..).zip(&both.findings) {
                        li {
                            span class="tag unknown" { (number) }
                            div {
                                h3 { (shown(&finding.text)) }
                                @if !finding.advice.is_empty() { p { (shown(&finding.advice)) } }
                            }
                        }
                    }
                }
            }
            section {
                h2 { "What these runs cannot show" }
                ul class="plain unseen" {
                    @for line in both.not_seen.iter().chain(&both.caveats) { li { (shown(line)) } }
                }
            }
        }
    }
}

fn about(compared: &RunsCompared) -> Markup {
    let made_of = |runs: &Runs| {
        let one = |run: &crate::report::Summary| {
            let lasted = run.run_seconds.map(|seconds| format!(", run of {}", wording::seconds(seconds)));
            format!("{} at {}{}", run.made_of.name, run.started_at, lasted.unwrap_or_default())
        };
        runs.runs.iter().map(|run| shown(&one(run))).collect::<Vec<_>>()
    };
    html! {
        footer {
            h2 { "About this comparison" }
            dl {
                dt { "Made by" } dd { "chaos-tui " (env!("CARGO_PKG_VERSION")) }
                @for runs in [&compared.first, &compared.second] {
                    dt { (shown(&runs.name)) }
                    dd { @for line in made_of(runs) { (line) br; } }
                }
            }
        }
    }
}

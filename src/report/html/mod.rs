//! The report as one HTML file: complete without a script, without anything from elsewhere, on paper and on a phone.

mod breaker;
mod chart;
pub(crate) mod colours;
mod compared;
mod findings;
mod run;
mod users;
mod verdict;

use super::facts::{Facts, clock_time, shown};
use crate::{insight::Tone, report::evidence::Origin};
use chart::Chart;
pub(crate) use compared::compared_page;
pub(crate) use findings::severity;
use maud::{DOCTYPE, Markup, PreEscaped, html};
pub(crate) use verdict::look;

/// Nothing may be loaded, sent or run; only the page's own style applies.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Renders the report.
pub(crate) fn page(facts: &Facts) -> String {
    let title = shown(facts.evidence.title());
    let body = html! {
        (verdict::header(facts, &title))
        main {
            (run::deeds(facts))
            (picture(facts))
            (users::section(facts))
            div class="cols" {
                (findings::section(facts))
                div {
                    (findings::timings(facts))
                    (findings::prediction(facts))
                }
            }
            (breaker::section(facts))
            div class="cols" {
                (findings::not_seen(facts))
                (run::aftermath(facts))
            }
            (run::story(facts))
            (run::steps(facts))
            (run::experiment(facts))
        }
        (about(facts))
    };
    document(&format!("{}: {title}", facts.verdict().text()), &body)
}

/// A whole page around its body.
fn document(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content={ "chaos-tui " (env!("CARGO_PKG_VERSION")) };
                meta name="referrer" content="no-referrer";
                title { (title) }
                // Written by this program alone; nothing of a session is in it.
                style { (PreEscaped(colours::style())) }
            }
            body { (body) }
        }
    }
    .into_string()
}

/// The picture of each endpoint; the lanes are below the first.
fn picture(facts: &Facts) -> Markup {
    let endpoints = &facts.session.users.endpoints;
    let charts: Vec<Chart> = match endpoints.len() {
        0 => Chart::of(facts, 0, None).into_iter().collect(),
        _ => endpoints
            .iter()
            .enumerate()
            .filter_map(|(number, endpoint)| Chart::of(facts, number, Some(endpoint)))
            .collect(),
    };
    let heading =
        if endpoints.is_empty() { "What happened over time" } else { "What users waited for and got" };
    html! {
        @if !charts.is_empty() {
            section {
                h2 { (heading) }
                @if endpoints.is_empty() {
                    p class="soft" { "Users were not watched: no requests were sent, so there are no waiting times and no answers to show." }
                }
                @for (chart, endpoint) in charts.iter().zip(endpoints.iter().map(Some).chain([None])) {
                    @if let Some(endpoint) = endpoint {
                        p {
                            code { (shown(&endpoint.url)) }
                            @if let Some(via) = &endpoint.via { " (" (shown(via)) ")" }
                        }
                    }
                    (chart.figure())
                }
            }
        }
    }
}

/// What the report was made of, by which program and when.
fn about(facts: &Facts) -> Markup {
    let evidence = facts.evidence;
    let made_of = match &evidence.origin {
        Origin::Recording(header) => {
            format!("a recording by {}, format {}: {}", header.tool, header.format, evidence.name)
        }
        Origin::Journal { writer } => format!("a journal by {writer}: {}", evidence.name),
    };
    html! {
        footer {
            h2 { "About this report" }
            dl {
                dt { "Made by" } dd { "chaos-tui " (env!("CARGO_PKG_VERSION")) }
                dt { "Made of" } dd { (shown(&made_of)) }
                @if let Some(source) = facts.source() { dt { "Experiment" } dd { (source) } }
                @if let Some(cluster) = facts.cluster() { dt { "Cluster" } dd { (cluster) } }
                @if let Some(operator) = facts.operator() { dt { "Run by" } dd { (operator) } }
                dt { "Session" } dd { (clock_time(evidence.began)) " to " (clock_time(facts.now)) }
            }
        }
    }
}

/// The class of a tone.
fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Ok => "c-ok",
        Tone::Protected => "c-protected",
        Tone::Waiting => "c-waiting",
        Tone::Failing => "c-failing",
        Tone::Fault => "c-fault",
        Tone::Unknown => "c-unknown",
    }
}

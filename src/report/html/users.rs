//! What users got, by phase.

use crate::{
    report::facts::{Facts, shown, wait},
    session::{
        state::{Endpoint, Quantile, Tally},
        wording,
    },
};
use maud::{Markup, html};

/// The table of each endpoint.
pub(super) fn section(facts: &Facts) -> Markup {
    let users = &facts.session.users;
    html! {
        @if !users.endpoints.is_empty() {
            section {
                h2 { "What users got, by phase" }
                @for endpoint in &users.endpoints { (table(facts, endpoint)) }
            }
        }
    }
}

fn table(facts: &Facts, endpoint: &Endpoint) -> Markup {
    let phases = facts.phases(endpoint);
    let unjudged = phases.iter().any(|(_, tally)| tally.unjudged > 0);
    let unanswered = phases.iter().any(|(_, tally)| tally.waiting + tally.withheld > 0);
    html! {
        @if phases.is_empty() {
            p { code { (shown(&endpoint.url)) } ": no request was due while it was watched." }
        } @else {
            table class="stack counts" {
                caption {
                    code { (shown(&endpoint.url)) } ", " (endpoint.rate) " requests a second, limit "
                    (wording::limit(endpoint.limit_ms)) ". Shares are of the answers, percentiles of all waits."
                }
                thead { tr {
                    th scope="col" { "phase" }
                    th scope="col" class="num" { "requests" }
                    th scope="col" class="num" { "real" }
                    th scope="col" class="num" { "fallback" }
                    @if unjudged { th scope="col" class="num" { "not judged" } }
                    th scope="col" class="num" { "failed" }
                    @if unanswered { th scope="col" class="num" { "no answer" } }
                    th scope="col" class="num" { "p50" }
                    th scope="col" class="num" { "p95" }
                    th scope="col" class="num" { "p99" }
                    th scope="col" class="num" { "longest" }
                } }
                tbody {
                    @for (phase, tally) in &phases {
                        tr {
                            th scope="row" { (phase.label()) }
                            td class="num" data-label="requests" { (tally.sent) }
                            (count("real", "c-ok", tally.real, tally))
                            (count("fallback", "c-protected", tally.fallback, tally))
                            @if unjudged { (count("not judged", "c-unknown", tally.unjudged, tally)) }
                            (count("failed", "c-failing", tally.error, tally))
                            @if unanswered { (plain("no answer", "c-waiting", tally.waiting + tally.withheld)) }
                            @for (label, quantile) in [("p50", Quantile::P50), ("p95", Quantile::P95), ("p99", Quantile::P99), ("longest", Quantile::Max)] {
                                td class="num" data-label=(label) { (wait(tally.all.at(quantile), tally.all.is_open(quantile))) }
                            }
                        }
                    }
                }
            }
            (errors(&phases.iter().map(|(_, tally)| tally).collect::<Vec<_>>()))
            (shape(endpoint))
        }
    }
}

/// A count with its share of the answers.
fn count(label: &str, class: &str, part: u64, tally: &Tally) -> Markup {
    let class = if part == 0 { "zero" } else { class };
    html! {
        td class="num" data-label=(label) {
            span class=(class) { (part) }
            @if part > 0 { " " small { (wording::share(part, tally.answered())) } }
        }
    }
}

fn plain(label: &str, class: &str, part: u64) -> Markup {
    let class = if part == 0 { "zero" } else { class };
    html! { td class="num" data-label=(label) { span class=(class) { (part) } } }
}

/// Which errors there were.
fn errors(tallies: &[&Tally]) -> Markup {
    let mut kinds: Vec<(&'static str, u64)> = Vec::new();
    for (kind, count) in tallies.iter().flat_map(|tally| &tally.errors) {
        let word = wording::error(*kind);
        match kinds.iter_mut().find(|(known, _)| *known == word) {
            Some((_, known)) => *known += count,
            None => kinds.push((word, *count)),
        }
    }
    let words: Vec<String> = kinds.iter().map(|(word, count)| format!("{word} ({count})")).collect();
    html! { @if !words.is_empty() { p { "Errors: " (words.join(", ")) "." } } }
}

/// What a real answer looks like.
fn shape(endpoint: &Endpoint) -> Markup {
    html! {
        p class="soft" {
            @match &endpoint.shape {
                Some(shape) => {
                    "A real answer is: " (shown(&shape.description)) " (learned from "
                    (wording::count(shape.answers.into(), "answer")) " before T0)."
                }
                None => "What a real answer looks like was not learned: a success is an answer, not a real one."
            }
        }
    }
}

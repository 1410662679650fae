//! The HTML page: its structure, and what it says where little was watched.

use super::{evidence, of_events, valid, without};
use crate::{
    report::{Evidence, ReportFormat},
    session::{
        EventKind,
        fixtures::{self, RECORDED, Variant},
    },
};
use std::collections::HashSet;

/// Elements without an end.
const VOID: [&str; 4] = ["meta", "br", "hr", "img"];

pub(super) fn page(evidence: &Evidence) -> String {
    let page = ReportFormat::Html.render(evidence);
    well_formed(&page);
    valid(evidence);
    page
}

/// Checks that every element is closed in its place, that ids are unique and named by someone, that headings do not
/// leave out a level, and that nothing is loaded or run.
pub(super) fn well_formed(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"));
    let (mut open, mut ids, mut named) = (Vec::new(), HashSet::new(), Vec::new());
    let mut heading = 0;
    // The style holds `>` and no element.
    let (start, end) = (page.find("<style>").unwrap() + 7, page.find("</style>").unwrap());
    let style = &page[start..end];
    assert!(!style.contains("url(") && !style.contains("@import"));
    let body = format!("{}{}", &page["<!DOCTYPE html>".len()..start], &page[end..]);
    for (tag, _) in body.match_indices('<').map(|(at, _)| body[at + 1..].split_once('>').unwrap()) {
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name.to_owned()), "{tag}");
            continue;
        }
        let name = tag.split_whitespace().next().unwrap();
        assert!(!["script", "link", "iframe", "object", "img", "form", "base"].contains(&name), "{tag}");
        let attribute =
            |wanted: &str| Some(tag.split_once(&format!(" {wanted}=\""))?.1.split_once('"')?.0.to_owned());
        if let Some(id) = attribute("id") {
            assert!(ids.insert(id.clone()), "twice: {id}");
        }
        named.extend(
            attribute("aria-labelledby")
                .iter()
                .flat_map(|ids| ids.split(' ').map(str::to_owned).collect::<Vec<_>>()),
        );
        for loading in ["src", "href", "onload", "onclick", "style", "xlink:href"] {
            assert_eq!(attribute(loading), None, "{tag}");
        }
        if let Some(level) = name.strip_prefix('h').and_then(|level| level.parse::<u32>().ok()) {
            assert!(level <= heading + 1, "h{level} after h{heading}");
            heading = level;
        }
        if name == "th" {
            assert!(attribute("scope").is_some(), "{tag}");
        }
        if name == "svg" {
            assert!(attribute("aria-hidden").is_some() || attribute("aria-labelledby").is_some(), "{tag}");
        }
        if !VOID.contains(&name) {
            open.push(name.to_owned());
        }
    }
    assert_eq!(open, [] as [&str; 0]);
    assert!(named.iter().all(|id| ids.contains(id)), "{named:?} of {ids:?}");
}

#[test]
fn every_recording_makes_a_page_of_its_own() {
    for name in RECORDED {
        let page = page(&evidence(name));
        for heading in [
            "What was done",
            "What users waited for and got",
            "What users got, by phase",
            "Findings",
            "The circuit breaker",
            "What this run could not see",
            "still on",
            "What happened, in order",
            "The steps",
            "The experiment as played",
        ] {
            assert!(page.contains(heading), "{name}: {heading}");
        }
        assert!(page.contains("Content-Security-Policy") && page.contains("default-src 'none'"));
        assert!(page.len() < 150_000, "{name}: {} bytes", page.len());
        assert_eq!(page, self::page(&evidence(name)), "the same session makes the same page");
    }
}

#[test]
fn without_a_fault_the_page_says_why() {
    let fired = |what: &EventKind| {
        matches!(what, EventKind::FaultFired { .. } | EventKind::FaultHealed { .. } | EventKind::SafetyBegan)
    };
    let page = page(&without("after-kill", fired));
    assert!(page.contains("FAULT NEVER HAPPENED") && page.contains("Nothing was fired"), "{page}");
    assert!(page.contains("nothing was fired.") && !page.contains("bad seconds"));
}

#[test]
fn without_users_there_are_lanes_and_a_sentence() {
    let users = |what: &EventKind| {
        matches!(
            what,
            EventKind::EndpointWatched { .. } | EventKind::RequestSent { .. } | EventKind::Answered(_)
        )
    };
    let page = page(&without("after-kill", users));
    assert!(page.contains("NOT OBSERVABLE") && page.contains("Users were not watched"));
    assert!(page.contains("What happened over time") && !page.contains("What users got, by phase"));
    assert!(page.contains(">DOWN 8.0 s</text>"));
}

#[test]
fn without_a_breaker_the_page_says_that_it_was_not_watched() {
    let breaker = |what: &EventKind| matches!(what, EventKind::Believed(_) | EventKind::Testified(_));
    let page = page(&without("after-kill", breaker));
    assert!(page.contains("the circuit breaker was not watched") && page.contains("It was not watched"));
}

#[test]
fn a_session_that_goes_on_is_a_page_of_what_is_known() {
    for seconds in [-30.0, -26.0, -10.0, 0.0, 10.0, 34.9, 36.0] {
        for variant in [Variant::Before, Variant::After] {
            let events = fixtures::events(variant, seconds);
            if !events.is_empty() {
                page(&of_events("part", events));
            }
        }
    }
}

//! The short report, in GitHub's Markdown: for a pull request, a step summary or an incident page.

use super::{
    facts::{Facts, clock_time, shown, targets, wait},
    html::{look, severity},
};
use crate::session::{
    state::{Endpoint, Quantile, Tally},
    wording,
};
use std::fmt::Write;

/// Renders the report.
pub(crate) fn text(facts: &Facts) -> String {
    let mut text = String::new();
    head(facts, &mut text);
    deeds(facts, &mut text);
    for endpoint in &facts.session.users.endpoints {
        phases(facts, endpoint, &mut text);
    }
    let timings: Vec<String> =
        facts.timings.iter().map(|timing| format!("{}: **{}**", timing.label, timing.text())).collect();
    list("How long it took", &timings, &mut text);
    let findings = facts.findings.iter().map(|finding| {
        let (word, _) = severity(finding.severity);
        format!("**{word}**: {} {}", escaped(&finding.text), escaped(&finding.advice)).trim_end().to_owned()
    });
    list("Findings", &findings.collect::<Vec<_>>(), &mut text);
    let scores = facts.scores.iter().map(|score| {
        let right = if score.right.is_none() { "not known" } else { score.word() };
        format!("predicted {}; happened: {}; right: **{right}**", escaped(&score.guess), escaped(&score.fact))
    });
    list("Prediction and fact", &scores.collect::<Vec<_>>(), &mut text);
    list("What this run could not see", &lines(&facts.not_seen), &mut text);
    list("Still on, or not put back", &lines(&facts.aftermath.still_on), &mut text);
    let notes = facts.session.annotations.notes.iter();
    let notes = notes.map(|note| format!("{}: {}", facts.moment(note.at), escaped(&note.text)));
    list("Notes", &notes.collect::<Vec<_>>(), &mut text);
    text
}

fn lines(sentences: &[String]) -> Vec<String> {
    sentences.iter().map(|sentence| escaped(sentence)).collect()
}

// Writing to a String cannot fail.
fn head(facts: &Facts, text: &mut String) {
    let (sign, _) = look(facts.verdict());
    let conclusion = &facts.conclusion;
    let _ = writeln!(text, "## {sign} {}: {}\n", conclusion.verdict.text(), escaped(facts.evidence.title()));
    let details = escaped(conclusion.details.as_deref().unwrap_or_default());
    let verdict = format!("**{}.** {details}", escaped(&conclusion.sentence));
    let _ = writeln!(text, "{}\n", verdict.trim_end());
    let mut about = vec![clock_time(facts.started())];
    about.extend(facts.run_lasted().map(|seconds| format!("run of {}", wording::seconds(seconds))));
    about.extend(facts.cluster().map(|cluster| format!("cluster {}", escaped(&cluster))));
    about.extend(facts.operator().map(|operator| format!("by {}", escaped(&operator))));
    about.extend(facts.evidence.status().map(|status| {
        let deviated = if facts.session.run.deviated { ", deviated" } else { "" };
        format!("journal: {status}{deviated}")
    }));
    about.extend(facts.bad_seconds().map(|(bad, allowed)| format!("{bad} of {allowed} bad seconds")));
    let _ = writeln!(text, "{}\n", about.join(" · "));
}

/// What was fired at what.
fn deeds(facts: &Facts, text: &mut String) {
    let fires = facts.session.fault.iter().flat_map(|fault| &fault.fires);
    let mut deeds: Vec<String> = fires
        .map(|firing| {
            let row = facts.session.steps.row(firing.step);
            let name = row.map_or(firing.what.as_str(), |row| row.step.name.as_str());
            let targets = match targets(firing).join(", ") {
                none if none.is_empty() => none,
                targets => format!(" at {}", escaped(&targets)),
            };
            let doubt = firing
                .unconfirmed
                .as_ref()
                .map(|why| format!(" (not confirmed: {})", escaped(&wording::short_error(why))));
            format!(
                "{}: fired {}{targets}{}",
                facts.moment(firing.at),
                escaped(name),
                doubt.unwrap_or_default()
            )
        })
        .collect();
    if deeds.is_empty() {
        deeds.push("nothing was fired".to_owned());
    }
    deeds.extend(facts.session.guards.tripped.as_ref().map(|(at, trip)| {
        format!("{}: a guard ended the run: {}", facts.moment(*at), escaped(&trip.because))
    }));
    list("What was done", &deeds, text);
}

fn phases(facts: &Facts, endpoint: &Endpoint, text: &mut String) {
    let phases = facts.phases(endpoint);
    if phases.is_empty() {
        return;
    }
    let _ = writeln!(text, "### What users of {} got\n", escaped(&endpoint.url));
    let _ = writeln!(
        text,
        "| phase | requests | real | fallback | failed | no answer | p50 | p95 | p99 | longest |"
    );
    let _ = writeln!(text, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (phase, tally) in &phases {
        let unjudged =
            if tally.unjudged > 0 { format!(" (+{} not judged)", tally.unjudged) } else { String::new() };
        let waits = [Quantile::P50, Quantile::P95, Quantile::P99, Quantile::Max]
            .map(|quantile| wait(tally.all.at(quantile), tally.all.is_open(quantile)).replace('<', "&lt;"));
        let _ = writeln!(
            text,
            "| {} | {} | {}{unjudged} | {} | {} | {} | {} |",
            phase.label(),
            tally.sent,
            counted(tally.real, tally),
            counted(tally.fallback, tally),
            counted(tally.error, tally),
            tally.waiting + tally.withheld,
            waits.join(" | ")
        );
    }
    text.push('\n');
}

/// A count with its share of the answers.
fn counted(part: u64, tally: &Tally) -> String {
    match part {
        0 => "0".to_owned(),
        part => format!("{part} ({})", wording::share(part, tally.answered()).replace('<', "&lt;")),
    }
}

fn list(heading: &str, items: &[String], text: &mut String) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(text, "### {heading}\n");
    for item in items {
        let _ = writeln!(text, "- {item}");
    }
    text.push('\n');
}

/// Text from outside: no Markdown, no HTML, no mention of a user or of an issue.
pub(super) fn escaped(text: &str) -> String {
    let text = shown(text);
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 8);
    for (place, character) in chars.iter().copied().enumerate() {
        let beside = |other: Option<&char>| other.is_some_and(|other| other.is_alphanumeric());
        let before = place.checked_sub(1).and_then(|before| chars.get(before));
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            // Within a word it is no emphasis.
            '_' if beside(before) && beside(chars.get(place + 1)) => out.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' => out.extend(['\\', character]),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn text_from_outside_is_text() {
        for (text, wanted) in [
            ("kill_the_pod of app_v2", "kill_the_pod of app_v2"),
            ("_a_ *b* `c` | d", "\\_a\\_ \\*b\\* \\`c\\` \\| d"),
            ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
            ("ask @ana about #12\nnow", "ask &#64;ana about \\#12 now"),
            ("http://u:secret@host/", "http://u:***&#64;host/".replace("***", "\\*\\*\\*").as_str()),
        ] {
            assert_eq!(escaped(text), wanted);
        }
    }
}

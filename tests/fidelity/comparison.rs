//! Compares the outcomes of both programs and formats the differences.

use crate::{case::Case, player::Both};
use serde_json::Value as Json;
use std::fmt::Write;

/// Returns why the case fails, or `None` if it passes.
pub(crate) fn compare(case: &Case, seen: &Both) -> Option<String> {
    let Both { theirs, ours } = seen;
    let (mut theirs, mut ours) = (theirs.what.clone(), ours.what.clone());
    let mut complaints = String::new();
    wordless(&mut theirs, &mut ours, &mut complaints);
    if case.is_concurrent() {
        [&mut theirs, &mut ours].into_iter().for_each(sorted);
    }
    if let Some(difference) = &case.difference {
        let places = |expected: &Json| expected.as_object().expect("pointers and values").clone();
        for (who, seen, expected) in
            [("the reference", &theirs, places(&difference.theirs)), ("we", &ours, places(&difference.ours))]
        {
            for (pointer, expected) in expected {
                let found = seen.pointer(&pointer);
                if found != Some(&expected) {
                    let found = found.map_or_else(|| "nothing".to_owned(), Json::to_string);
                    let _ = writeln!(complaints, "  {who} should have {expected} at {pointer}, not {found}");
                }
            }
        }
        for pointer in places(&difference.theirs).keys().chain(places(&difference.ours).keys()) {
            forget(&mut theirs, pointer);
            forget(&mut ours, pointer);
        }
    }
    // Without both journals there is no layout to compare.
    if ![&seen.theirs, &seen.ours].iter().all(|seen| seen.what["journal"].is_object()) {
        for seen in [&mut theirs, &mut ours] {
            forget(seen, "/layout");
        }
    }
    if theirs != ours || order(&theirs) != order(&ours) {
        told(&theirs, &ours, "", &mut complaints);
    }
    if complaints.is_empty() {
        return None;
    }
    let crash = seen.theirs.console.rsplit_once("Traceback (most recent call last)");
    if let Some(reason) = crash.and_then(|(_, trace)| trace.trim_end().lines().last()) {
        let _ = writeln!(complaints, "  (the reference's last words: {reason})");
    }
    Some(format!("{} ({})\n{complaints}", case.name, case.place))
}

/// If the reference crashes, it prints no message: chaos-tui's message may be any single clear line.
fn wordless(theirs: &mut Json, ours: &mut Json, complaints: &mut String) {
    let lines = |seen: &Json| -> Vec<String> { serde_json::from_value(seen["console"].clone()).unwrap() };
    let (left, right) = (lines(theirs), lines(ours));
    let Some((last, before)) = left.split_last() else { return };
    let Some(said) = right.last().and_then(|line| line.strip_prefix("REFUSED ")) else { return };
    if last != "REFUSED" {
        return;
    }
    if said.trim().is_empty() || said.contains('\n') || said.contains("Traceback") {
        let _ =
            writeln!(complaints, "  the reference crashes; we should say why in one line, and say {said:?}");
    }
    // The reference may crash earlier than chaos-tui refuses, but not later.
    let mut ours_before = right.iter();
    if before.iter().all(|line| ours_before.any(|ours| ours == line)) {
        ours["console"] = theirs["console"].clone();
    }
}

/// Sorts the lines of the console and of files, and the entries of the journal.
fn sorted(seen: &mut Json) {
    for list in ["/console", "/journal/run", "/journal/rollbacks"] {
        if let Some(Json::Array(items)) = seen.pointer_mut(list) {
            items.sort_by_key(Json::to_string);
        }
    }
    for text in seen["left"].as_object_mut().into_iter().flat_map(|files| files.values_mut()) {
        if let Json::String(text) = text {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.sort_unstable();
            *text = lines.join("\n");
        }
    }
}

/// Removes the value at a JSON pointer.
fn forget(seen: &mut Json, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else { return };
    match seen.pointer_mut(parent) {
        Some(Json::Object(members)) => {
            members.shift_remove(last);
        }
        Some(Json::Array(items)) => {
            if let Some(item) = last.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                *item = Json::Null;
            }
        }
        _ => {}
    }
}

/// Returns the JSON text, which depends on the order of keys; equality of JSON values does not.
fn order(seen: &Json) -> String {
    seen.to_string()
}

/// Writes every place where the outcomes differ to `complaints`.
fn told(theirs: &Json, ours: &Json, place: &str, complaints: &mut String) {
    match (theirs, ours) {
        (Json::Object(left), Json::Object(right)) => {
            let keys: Vec<&String> =
                left.keys().chain(right.keys().filter(|key| !left.contains_key(*key))).collect();
            let same_keys = left.len() == right.len() && keys.len() == left.len();
            if same_keys && !left.keys().eq(right.keys()) {
                let _ = writeln!(complaints, "  {place}: the order of keys");
                let _ = writeln!(complaints, "    reference {:?}", left.keys().collect::<Vec<_>>());
                let _ = writeln!(complaints, "    ours      {:?}", right.keys().collect::<Vec<_>>());
            }
            for key in keys {
                match (left.get(key), right.get(key)) {
                    (Some(left), Some(right)) => told(left, right, &format!("{place}/{key}"), complaints),
                    (left, right) => one_sided(left, right, &format!("{place}/{key}"), complaints),
                }
            }
        }
        (Json::Array(left), Json::Array(right)) => {
            for index in 0..left.len().max(right.len()) {
                let place = format!("{place}/{index}");
                match (left.get(index), right.get(index)) {
                    (Some(left), Some(right)) => told(left, right, &place, complaints),
                    (left, right) => one_sided(left, right, &place, complaints),
                }
            }
        }
        (left, right) if left != right => {
            one_sided(Some(left), Some(right), place, complaints);
        }
        _ => {}
    }
}

fn one_sided(theirs: Option<&Json>, ours: Option<&Json>, place: &str, complaints: &mut String) {
    let shown = |value: Option<&Json>| value.map_or_else(|| "nothing".to_owned(), Json::to_string);
    let _ = writeln!(complaints, "  {place}");
    let _ = writeln!(complaints, "    reference {}", shown(theirs));
    let _ = writeln!(complaints, "    ours      {}", shown(ours));
}

//! Changes JSON inside lines, so that most inputs still pass the parser.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

/// A JSON value and the rest of a line around it is looked for only in lines up to this length.
const LINE: usize = 64 * 1024;

/// Changes `data[..size]` in place; returns the new size, at most `most`. Seven of eight changes are made in a
/// JSON value or to whole lines, the rest are libFuzzer's own.
pub fn mutate_json_lines(data: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    let mut dice = StdRng::seed_from_u64(u64::from(seed));
    if size == 0 || dice.random_ratio(1, 8) {
        return libfuzzer_sys::fuzzer_mutate(data, size, most);
    }
    let mut lines: Vec<Vec<u8>> = data[..size].split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    for _ in 0..*[1, 1, 2, 4].choose(&mut dice).expect("not empty") {
        let first = dice.random_range(0..lines.len());
        // The first line is a header, or the list before the watch: without it nothing else is read.
        let at = if first == 0 { dice.random_range(0..lines.len()) } else { first };
        match dice.random_range(0..10) {
            0 if lines.len() > 1 => drop(lines.remove(at)),
            1 => {
                let line = lines[at].clone();
                let to = dice.random_range(0..=lines.len());
                lines.insert(to, line);
            }
            2 => {
                let other = dice.random_range(0..lines.len());
                lines.swap(at, other);
            }
            _ => {
                let donor = dice.random_range(0..lines.len());
                let donor = value_of(&lines[donor]).map(|(_, value)| value);
                if let Some((before, mut value)) = value_of(&lines[at]) {
                    change(&mut value, &donor.unwrap_or(Value::Null), &mut dice);
                    let mut line = lines[at][..before].to_vec();
                    line.extend(value.to_string().into_bytes());
                    lines[at] = line;
                }
            }
        }
    }
    let made = lines.join(&b'\n');
    if made.len() > most {
        return libfuzzer_sys::fuzzer_mutate(data, size, most);
    }
    data[..made.len()].copy_from_slice(&made);
    made.len()
}

/// The JSON value of a line, which may stand after a short prefix, and where it begins.
fn value_of(line: &[u8]) -> Option<(usize, Value)> {
    let before = line.iter().take(8).position(|byte| matches!(byte, b'{' | b'['))?;
    let rest = line.get(before..).filter(|rest| rest.len() <= LINE)?;
    serde_json::from_slice(rest).ok().map(|value| (before, value))
}

/// Changes one node of a value, chosen with equal chances.
fn change(value: &mut Value, donor: &Value, dice: &mut StdRng) {
    let chosen = dice.random_range(0..count(value));
    let strange = strange(donor, dice);
    let node = nth(value, &mut { chosen }).expect("there are so many nodes");
    let kind = dice.random_range(0..8);
    match node {
        Value::Object(map) if kind < 4 && !map.is_empty() => {
            let at = dice.random_range(0..map.len());
            let key = map.keys().nth(at).expect("there are so many keys").clone();
            match kind {
                0 => drop(map.shift_remove(&key)),
                1 => drop(map.insert(key, strange)),
                2 => {
                    if let (Some(value), Some(other)) = (map.shift_remove(&key), keys(donor).choose(dice)) {
                        map.insert((*other).clone(), value);
                    }
                }
                _ => {
                    if let Some((key, value)) = donor.as_object().and_then(|map| map.iter().next()) {
                        map.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        Value::Array(list) if kind < 5 && !list.is_empty() => {
            let at = dice.random_range(0..list.len());
            match kind {
                0 => drop(list.remove(at)),
                1 => list.insert(at, strange),
                _ => {
                    let copy = list[at].clone();
                    list.extend(std::iter::repeat_n(copy, *[1, 2, 30].choose(dice).expect("not empty")));
                }
            }
        }
        Value::String(text) if kind < 6 => {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let at = *places.choose(dice).expect("at least the end");
            match kind {
                0 => text.truncate(at),
                1 | 2 => text.insert_str(at, TEXTS.choose(dice).expect("not empty")),
                // A digit or a letter beside: moments, numbers and words in texts.
                _ => {
                    if let Some(old) = text[at..].chars().next() {
                        let new = char::from(dice.random_range(b' '..=b'~'));
                        let new = if old.is_ascii_digit() {
                            char::from(dice.random_range(b'0'..=b'9'))
                        } else {
                            new
                        };
                        text.replace_range(at..at + old.len_utf8(), new.encode_utf8(&mut [0; 4]));
                    }
                }
            }
        }
        Value::Number(number) if kind < 6 => {
            let near = number.as_i64().map(|number| number.wrapping_add(dice.random_range(-3..=3)));
            *node = match near.filter(|_| kind < 3) {
                Some(near) => json!(near),
                None => NUMBERS
                    .choose(dice)
                    .map(|number| serde_json::from_str(number).expect("a number"))
                    .expect("not empty"),
            };
        }
        node => *node = strange,
    }
}

const TEXTS: [&str; 22] = [
    "",
    " ",
    "\0",
    "\u{1b}[31m",
    "\u{202e}",
    "\u{feff}",
    "${x}",
    "..",
    "/",
    "%s",
    "'",
    "\"",
    "\\",
    "\n",
    "é",
    "漢字",
    "👩‍👩‍👧",
    "\u{301}",
    "nan",
    "1e400",
    "9999-12-31T23:59:59.999999999Z",
    "-009999-01-02T01:59:59Z",
];

const NUMBERS: [&str; 20] = [
    "0",
    "-1",
    "1",
    "0.5",
    "-0.0",
    "1e308",
    "-1e308",
    "1e-308",
    "255",
    "256",
    "65535",
    "65536",
    "2147483647",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1000000000",
];

fn strange(donor: &Value, dice: &mut StdRng) -> Value {
    match dice.random_range(0..8) {
        0 => Value::Null,
        1 => Value::Bool(dice.random()),
        2 => serde_json::from_str(NUMBERS.choose(dice).expect("not empty")).expect("a number"),
        3 => json!(
            TEXTS.choose(dice).expect("not empty").repeat(*[1, 1, 300].choose(dice).expect("not empty"))
        ),
        4 => json!([]),
        5 => json!({}),
        _ => {
            let mut donor = donor.clone();
            let chosen = dice.random_range(0..count(&donor));
            nth(&mut donor, &mut { chosen }).map(Value::take).unwrap_or_default()
        }
    }
}

fn keys(value: &Value) -> Vec<&String> {
    value.as_object().map(|map| map.keys().collect()).unwrap_or_default()
}

/// The number of nodes of a value, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

/// The node with the number `left`, depth first.
fn nth<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|item| nth(item, left)),
        Value::Object(map) => map.values_mut().find_map(|item| nth(item, left)),
        _ => None,
    }
}

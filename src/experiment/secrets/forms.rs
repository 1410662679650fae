//! The forms in which programs show a secret: as it is, and what they commonly make of it.

use base64::{Engine, engine::general_purpose};
use pyvalue::{Value, parse_json, python_text};

/// The minimum length of a part of a secret that is hidden by itself; what is shorter may be a common word.
const PART: usize = 8;
/// The minimum length of a line of a secret that is hidden by itself.
const LINE: usize = 12;
/// The minimum length of a secret of which encoded forms are hidden.
const ENCODED: usize = 4;

/// Returns the text and its other forms.
pub(super) fn of(text: &str) -> Vec<String> {
    let mut plain = vec![text.to_owned(), text.trim().to_owned()];
    plain.extend(parts(text));
    let mut forms: Vec<String> = plain.iter().flat_map(|text| encoded(text)).collect();
    forms.append(&mut plain);
    forms
}

/// The parts of a text that are secrets by themselves.
fn parts(text: &str) -> Vec<String> {
    let long = |least: usize| move |part: &&str| part.chars().count() >= least;
    let mut parts = Vec::new();
    // Of a key or certificate, a program may show one line, or indent all.
    if text.trim().contains('\n') {
        parts.extend(text.lines().map(str::trim).filter(long(LINE)).map(str::to_owned));
    }
    // A header's value: `Bearer TOKEN`.
    if let Some((scheme, token)) = text.trim().split_once(' ')
        && scheme.chars().all(char::is_alphabetic)
    {
        parts.extend(Some(token.trim()).filter(long(PART)).map(str::to_owned));
    }
    // The password in a URL.
    if let Some((_, rest)) = text.split_once("://")
        && let Some((user, _)) = rest.split(['/', '?', '#']).next().unwrap_or_default().rsplit_once('@')
        && let Some((_, password)) = user.split_once(':')
    {
        parts.push(password.to_owned());
    }
    // A key file in JSON, of which a program shows a member. Short ones are types and the like.
    if text.trim_start().starts_with(['{', '['])
        && let Ok(value) = parse_json(text)
    {
        let mut members = Vec::new();
        texts_in(&value, &mut members);
        parts.extend(
            members
                .into_iter()
                .filter(|member| !super::is_word(member))
                .filter(|member| long(PART)(&member.as_str())),
        );
    }
    parts
}

fn texts_in(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Text(text) => texts.push(text.clone()),
        Value::List(list) => list.iter().for_each(|item| texts_in(item, texts)),
        Value::Map(map) => map.values().for_each(|item| texts_in(item, texts)),
        _ => {}
    }
}

/// The text within JSON, within a list of Python, in a URL, and in base64, alone or among other bytes, as in the credentials of basic authentication.
fn encoded(text: &str) -> Vec<String> {
    if text.chars().count() < ENCODED {
        return Vec::new();
    }
    let quoted = Value::from(text).to_json();
    let within_json = quoted.trim_matches('"').to_owned();
    let percent: String = text
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect();
    // Within Python's lists and mappings, as of a program's arguments.
    let within_python = python_text(&Value::from(vec![text.into()]));
    let within_python =
        within_python.get(2..within_python.len().saturating_sub(2)).unwrap_or_default().to_owned();
    let mut forms: Vec<String> =
        [within_json, percent, within_python].into_iter().filter(|form| form != text).collect();
    for before in 0..3 {
        let padded = [vec![0; before], text.as_bytes().to_vec()].concat();
        // The first and the last characters also depend on the bytes around.
        let (first, last) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        for engine in [&general_purpose::STANDARD_NO_PAD, &general_purpose::URL_SAFE_NO_PAD] {
            let code = engine.encode(&padded);
            forms.extend(code.get(first..last).filter(|code| code.len() >= PART).map(str::to_owned));
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::of;
    use base64::{Engine, engine::general_purpose::STANDARD};

    #[test]
    fn what_programs_make_of_a_secret_is_found() {
        let shows = |secret: &str, shown: &str| of(secret).iter().any(|form| shown.contains(form.as_str()));
        let basic = STANDARD.encode("user:pa$$word-4711");
        let cases = [
            ("pa$$word-4711", format!("Authorization: Basic {basic}")),
            ("pa$$word-4711", "https://x/?key=pa%24%24word-4711".to_owned()),
            ("pa\"ss\n4711", r#"{"key": "pa\"ss\n4711"}"#.to_owned()),
            ("pa\"ss\\4711", r#"['--password', 'pa"ss\\4711']"#.to_owned()),
            ("Bearer abc.def-4711", "token abc.def-4711".to_owned()),
            ("https://user:s3cret@db/x", "password s3cret is wrong".to_owned()),
            ("-----BEGIN KEY-----\nMIIEvQIBADAN\n-----END KEY-----\n", "  MIIEvQIBADAN".to_owned()),
            (r#"{"type": "service_account", "id": "4711-0815-abc"}"#, "id 4711-0815-abc".to_owned()),
            ("token-4711\n", "key: token-4711;".to_owned()),
        ];
        for (secret, shown) in cases {
            assert!(shows(secret, &shown), "{secret} in {shown}: {:?}", of(secret));
        }
        assert!(!shows(r#"{"type": "service_account"}"#, "a service_account"));
        assert!(!shows("Bearer abc", "abc"), "too short to be hidden alone");
    }
}

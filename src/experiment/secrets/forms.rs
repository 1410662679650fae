//! The forms in which programs show a secret: as it is, and what they commonly make of it.

use base64::{Engine, engine::general_purpose};
use pyvalue::{Value, json_escaped, parse_json, python_text};

/// The minimum length of a part of a secret that is hidden by itself; what is shorter may be a common word.
const PART: usize = 8;
/// The minimum length of a line of a secret that is hidden by itself.
const LINE: usize = 12;
/// The minimum length of a secret of which encoded forms are hidden.
const ENCODED: usize = 4;

/// What programs leave as it is in a URL: browsers' `encodeURIComponent` and Python's `quote`, `encodeURI`, and `requests`,
/// which takes a `%` for the beginning of an encoded byte if all of them can be.
const LEFT_IN_URLS: [&str; 6] =
    ["", "/", "!'()*", ";,/?:@&=+$!*'()#", "!#$&'()*+,/:;=?@[]", "!#$%&'()*+,/:;=?@[]"];

/// How a byte is written in a URL: mostly with capital letters, by .NET's `HttpUtility` with small ones.
const URL_CODES: [fn(u8) -> String; 2] = [|byte| format!("%{byte:02X}"), |byte| format!("%{byte:02x}")];

/// How `"` and `'` are written in HTML: Python's `html`, Go's, and that of Spring and PHP.
const QUOTES_IN_HTML: [(&str, &str); 3] = [("&quot;", "&#x27;"), ("&#34;", "&#39;"), ("&quot;", "&#39;")];

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

/// The text within JSON, within a list of Python, in a shell, in a URL, in HTML, and in base64, alone or among other bytes, as
/// in the credentials of basic authentication.
fn encoded(text: &str) -> Vec<String> {
    if text.chars().count() < ENCODED {
        return Vec::new();
    }
    let within_json = in_json(text);
    // JSON within the text of JSON, as a line of a log within an answer.
    let twice = within_json.iter().map(|json| in_plain_json(json));
    // Within Python's lists and mappings, as of a program's arguments.
    let within_python = python_text(&Value::from(vec![text.into()]));
    let within_python =
        within_python.get(2..within_python.len().saturating_sub(2)).unwrap_or_default().to_owned();
    let in_urls = LEFT_IN_URLS.iter().flat_map(|left| URL_CODES.map(|code| percent(text, left, code)));
    // As forms send it.
    let in_forms = URL_CODES.map(|code| percent(text, " ", code).replace(' ', "+"));
    let in_pages = QUOTES_IN_HTML.map(|quotes| in_html(text, quotes));
    let mut forms: Vec<String> = [within_python, in_shell(text)]
        .into_iter()
        .chain(in_forms)
        .chain(twice)
        .chain(within_json.clone())
        .chain(in_urls)
        .chain(in_pages)
        .filter(|form| form != text)
        .collect();
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

/// The text within the quotes of JSON, as common writers escape it.
fn in_json(text: &str) -> [String; 6] {
    let small = |unit| format!("\\u{unit:04x}");
    let python = json_escaped(text, |c| !c.is_ascii(), small);
    let php = python.replace('/', "\\/");
    // As the Kubernetes API.
    let go = json_escaped(text, |c| "<>&\u{2028}\u{2029}".contains(c), small);
    let gson = json_escaped(text, |c| "<>&='\u{2028}\u{2029}".contains(c), small);
    let net =
        json_escaped(text, |c| !c.is_ascii() || "\"&'+<>`".contains(c), |unit| format!("\\u{unit:04X}"));
    [in_plain_json(text), python, php, go, gson, net]
}

/// As JavaScript's `JSON.stringify`, Jackson and serde escape it: no more than JSON needs.
fn in_plain_json(text: &str) -> String {
    json_escaped(text, |_| false, |unit| format!("\\u{unit:04x}"))
}

/// The text within HTML or XML, with these names of `"` and `'`.
fn in_html(text: &str, (double, single): (&str, &str)) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', double).replace('\'', single)
}

/// The text within quotes of a shell, as the messages of GNU programs show it in the locale `C`.
fn in_shell(text: &str) -> String {
    let mut quoted = String::new();
    let mut escaped = false;
    for byte in text.bytes() {
        if escaped == matches!(byte, b' '..=b'~') {
            quoted.push_str(if escaped { "''" } else { "'$'" });
            escaped = !escaped;
        }
        match byte {
            b'\'' => quoted.push_str(r"'\''"),
            b' '..=b'~' => quoted.push(char::from(byte)),
            byte => quoted.push_str(&format!("\\{byte:03o}")),
        }
    }
    // An escape at the end is closed by the quote that ends the text.
    quoted
}

/// The text with all bytes encoded but letters, digits, `-._~`, and those that are left.
fn percent(text: &str, left: &str, code: fn(u8) -> String) -> String {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || left.as_bytes().contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { code(byte) }).collect()
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
            // As `requests` quotes a URL, `quote`, `urlencode` and `encodeURI`.
            ("pa\"$/ %é4711", "https://x/?key=pa%22$/%20%25%C3%A94711".to_owned()),
            ("pa\"$/ %41", "https://x/?key=pa%22$/%20%41".to_owned()),
            ("pa\"$/ 4711", "https://x/?key=pa%22%24/%204711".to_owned()),
            ("pa\"$/ 4711", "key=pa%22%24%2F+4711".to_owned()),
            ("pa\"(/ 4711", "https://x/?key=pa%22(%2F%204711".to_owned()),
            ("pa\"/ é4711", "https://x/?key=pa%22%2f+%c3%a94711".to_owned()),
            // As `ls` says what it does not find.
            ("pä s4711", r"'/no/p'$'\303\244'' s4711'".to_owned()),
            // As Python's `json.dumps`.
            ("pä\"ss😀4711", r#"{"key": "p\u00e4\"ss\ud83d\ude004711"}"#.to_owned()),
            ("pa\"ss\n4711", r#"{"key": "pa\"ss\n4711"}"#.to_owned()),
            // As JavaScript, Jackson, serde; within a line of a log; and as Go, Gson, PHP and .NET.
            ("pä\"ss\\4711", r#"{"key": "pä\"ss\\4711"}"#.to_owned()),
            ("pä\"ss\\4711", r#"{"log": "{\"key\": \"pä\\\"ss\\\\4711\"}"}"#.to_owned()),
            ("p&ä<>ss4711", r#"{"key": "p\u0026ä\u003c\u003ess4711"}"#.to_owned()),
            ("p='ä4711", r#"{"key": "p\u003d\u0027ä4711"}"#.to_owned()),
            ("p/ä4711", r#"{"key": "p\/\u00e44711"}"#.to_owned()),
            ("p\"+ä4711", r#"{"key": "p\u0022\u002B\u00E44711"}"#.to_owned()),
            // As pages of HTML show it.
            ("p<&\"'4711", "<b>p&lt;&amp;&quot;&#x27;4711</b>".to_owned()),
            ("p<&\"'4711", "<b>p&lt;&amp;&#34;&#39;4711</b>".to_owned()),
            ("p<&\"'4711", "<b>p&lt;&amp;&quot;&#39;4711</b>".to_owned()),
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

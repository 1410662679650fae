//! Secrets in every place that an experiment, its command line and its services have, and a search for them in
//! everything that a session leaves behind.

use super::{fire_awaited, terminal::Terminal};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

/// Declared as secrets: must be found nowhere, in no spelling.
const DECLARED: [(&str, &str); 9] = [
    ("inline", "CANARY-inline-x7Qz1"),
    ("environment", "CANARY-env-x7Qz2"),
    ("nested in a mapping", "CANARY-nested-x7Qz3"),
    ("nested in a list", "CANARY-list-x7Qz4"),
    ("odd characters", "CANARY\"q\\b/ &%é+x5"),
    ("first line of a key", "CANARYline1abcdef"),
    ("second line of a key", "CANARYline2ghijkl"),
    ("a --var-file", "CANARY-varfile-x7Qz6"),
    ("value of a configuration's password in a URL", "CANARY-url-x7Qz7"),
];
/// Sent by users: must be found nowhere, although the services repeat it.
const SENT: [(&str, &str); 2] =
    [("--watch-header", "CANARY-watched-x7Qz8"), ("password of a watched URL", "CANARY-userinfo-x7Qz9")];
/// Nobody names it.
const UNRELATED: (&str, &str) = ("a variable of the environment", "CANARY-unrelated-x7Qz0");
/// The experiment writes it in plain: stands in the experiment as written, and in nothing that is made for people.
const WRITTEN: (&str, &str) = ("password of a URL in the experiment", "CANARY-written-x7Qza");
const KEY: &str = "-----BEGIN KEY-----\nCANARYline1abcdef\nCANARYline2ghijkl\n-----END KEY-----";

/// Returns a text with all bytes but letters, digits and `-._~` in their percent-encoded form.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut coded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => coded.push(byte.into()),
            _ => write!(coded, "%{byte:02X}").unwrap(),
        }
        coded
    })
}

fn spellings(secret: &str) -> [String; 4] {
    let quoted = serde_json::to_string(secret).unwrap();
    // Without the end, which depends on what follows.
    let coded = STANDARD.encode(secret)[..secret.len() / 3 * 4].to_owned();
    [secret.to_owned(), quoted.trim_matches('"').to_owned(), percent(secret), coded]
}

/// The places at which a canary stands in a text.
fn found(text: &str, what: (&str, &str)) -> Vec<String> {
    let spellings = spellings(what.1).into_iter().filter(|spelt| text.contains(spelt.as_str()));
    spellings
        .map(|spelt| {
            let at = text.find(&spelt).unwrap();
            let before: String = text[..at].chars().rev().take(90).collect();
            let before: String = before.chars().rev().collect();
            let on: String = text[at..].chars().take(spelt.chars().count() + 30).collect();
            format!("{} as {spelt:?}: ...{before}{on}...", what.0)
        })
        .collect()
}

/// What only users are answered.
const FOR_USERS: &str = "shape-for-users";

/// A service that repeats the headers that it is sent, and the secrets of the experiment in several spellings.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for (number, mut stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let mut sent: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let for_users = sent.first().is_some_and(|line| line.contains("/w"));
            sent.sort_by_key(|line| !line.contains("CANARY") && !line.contains("Basic"));
            let body = if for_users { beginning(number, &sent) } else { all(number, &sent) }.to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Token: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                DECLARED[0].1,
                body.len()
            );
        }
    });
    port
}

/// What a probe is answered is kept whole: the headers that it sent and all secrets in all spellings.
fn all(number: usize, sent: &[String]) -> Value {
    let known: Vec<String> = DECLARED.iter().flat_map(|(_, secret)| spelt_out(secret)).collect();
    json!({format!("shape{number}"): sent, "known": known})
}

/// Of what users are answered the beginning is kept, once for each shape: every answer is of a shape of its own, and begins
/// with something else.
fn beginning(number: usize, sent: &[String]) -> Value {
    let shape = format!("{FOR_USERS}{number}");
    let (_, secret) = DECLARED[number / 3 % DECLARED.len()];
    match number % 3 {
        0 => json!({shape: spelt_out(secret), "sent": sent}),
        1 => json!({shape: sent, "known": spelt_out(secret)}),
        // Cut in the middle of the secret.
        _ => json!({shape: "x".repeat(80), "known": secret}),
    }
}

/// The spellings of a secret, base64 with its end.
fn spelt_out(secret: &str) -> [String; 4] {
    let mut known = spellings(secret);
    known[3] = STANDARD.encode(secret);
    known
}

fn step(kind: &str, name: &str, path: &str, arguments: &Value) -> Value {
    json!({"type": kind, "name": name,
        "provider": {"type": "process", "path": path, "arguments": arguments, "secrets": ["s", "v"]}})
}

/// An experiment that hands its secrets to whatever takes them.
fn experiment(port: u16) -> Value {
    let names = json!(["${inline}", "${env}", "${odd}", "${key}", "${vf}", "${list}", "${deep}"]);
    let mut before = vec!["--password"];
    before.extend(names.as_array().unwrap().iter().filter_map(Value::as_str));
    let slow = json!({"type": "probe", "name": "look-again", "pauses": {"before": 60},
        "provider": {"type": "process", "path": "true"}});
    json!({
        "title": "Secrets", "description": "everywhere",
        "configuration": {
            "conf": {"type": "env", "key": "CONF"},
            "db": {"type": "env", "key": "DB"}
        },
        "secrets": {"s": {
            "inline": DECLARED[0].1, "env": {"type": "env", "key": "SECRET"},
            "deep": {"nested": DECLARED[2].1}, "list": [DECLARED[3].1], "odd": DECLARED[4].1, "key": KEY,
            "db": {"type": "env", "key": "DB"}
        }, "v": {"vf": "x"}},
        "steady-state-hypothesis": {"title": "h", "probes": [
            {"type": "probe", "name": "with-headers", "tolerance": 200, "provider": {"type": "http", "timeout": 5,
                "url": format!("http://user:{}@127.0.0.1:{port}/a?token=${{inline}}&odd=${{odd}}", WRITTEN.1),
                "headers": {"X-Inline": "${inline}", "X-Env": "${env}", "X-Vf": "${vf}"}, "secrets": ["s", "v"]}}
        ]},
        "method": [
            step("probe", "prints", "echo", &json!(before)),
            step("probe", "fails", "ls", &json!(["/no/${inline}", "/no/${odd}", "${db}"])),
            step("probe", "encodes", "base64", &json!(["secret.txt"])),
            step("action", "take-it-away", "rm", &json!(["here"])),
            slow
        ],
        "rollbacks": [step("action", "put-it-back", "touch", &json!(["here"]))]
    })
}

/// All that one session has left behind, by name.
type Traces = BTreeMap<String, String>;

fn program(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chaos-tui"));
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder).env("TZ", "UTC");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// Reads a folder and those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What a recorded session shows: reports in all formats, pictures, and the raw bytes of its replay.
fn shown_again(folder: &Path, traces: &mut Traces) {
    for format in ["html", "md", "json", "xml", "csv"] {
        traces.insert(
            format!("report {format}"),
            program(folder, &["report", "last", "--format", format, "-o", "-"]),
        );
    }
    for moment in ["begin", "T-1", "T0", "T+1", "end"] {
        let drawn = program(folder, &["replay", "s.ctui", "--svg", moment, "--size", "200x50"]);
        traces.insert(format!("picture {moment}"), drawn);
    }
    let mut terminal = Terminal::start(200, 50, folder, &["replay", "s.ctui"]);
    terminal.wait_for("REPLAY");
    // Each overlay is closed by its own key: ESC and the key after it could be read as one.
    for keys in ["t", "ww", "ll", "LL", "0", "ww", "LL", "1z", "z", "4z", "z"] {
        terminal.press(keys);
    }
    // The answer to the last key comes after those before it.
    terminal.press("/nowhere\r");
    terminal.wait_for("no step and no note contains");
    terminal.press("q");
    terminal.ended();
    traces.insert("replay".to_owned(), terminal.raw());
}

/// Plays the experiment with these options. Returns its folder, and all traces.
fn played(more: &[&str]) -> (tempfile::TempDir, Traces) {
    let folder = tempfile::tempdir().unwrap();
    let port = echo();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("here", "");
    write("secret.txt", DECLARED[1].1);
    write("vars.json", &json!({"secrets": {"v": {"vf": DECLARED[7].1}}}).to_string());
    write("experiment.json", &experiment(port).to_string());
    let watch = format!("http://user:{}@127.0.0.1:{port}/w", SENT[1].1);
    let header = format!("X-Api-Key: {}", SENT[0].1);
    let mut arguments = vec!["experiment.json", "--record", "s.ctui", "--var-file", "vars.json", "-v"];
    arguments.extend(["--watch", &watch, "--watch-header", &header, "--rate", "10"]);
    arguments.extend(more);
    let database = format!("postgres://app:{}@db/x", DECLARED[8].1);
    let variables =
        [("SECRET", DECLARED[1].1), ("CONF", "plain"), ("DB", &database), ("UNRELATED", UNRELATED.1)];
    let mut terminal = Terminal::start_with(&variables, (200, 50), folder.path(), &arguments);
    terminal.wait_for("› with-headers");
    terminal.press("o");
    for (next, awaited) in [("with-headers", "prints"), ("prints", "fails"), ("fails", "encodes")] {
        terminal.press(" ");
        terminal.wait_for(&format!("✓ {next}"));
        terminal.wait_for(&format!("› {awaited}"));
    }
    terminal.press(" ");
    terminal.wait_for("› take-it-away");
    fire_awaited(&mut terminal);
    let before_the_note = terminal.raw();
    terminal.press("n");
    terminal.wait_for("NOTE");
    terminal.press(&format!("the key is {}\r", DECLARED[0].1));
    terminal.wait_for("the key is ***");
    terminal.press("e");
    terminal.wait_for("run again");
    terminal.press("e");
    terminal.wait_for("wrote ./report.html");
    terminal.press("L");
    terminal.press("\x03");
    terminal.ended();
    let mut traces = Traces::new();
    // While the note was typed it stood on the screen.
    let typed = DECLARED[0].1;
    let rest = terminal.raw()[before_the_note.len()..].replace(typed, "");
    traces.insert("screen".to_owned(), before_the_note + &rest);
    let given = ["experiment.json", "vars.json", "secret.txt", "here"];
    for path in files(folder.path()) {
        let name = path.strip_prefix(folder.path()).unwrap().display().to_string();
        if !given.contains(&name.as_str()) {
            traces.insert(name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned());
        }
    }
    shown_again(folder.path(), &mut traces);
    (folder, traces)
}

#[test]
fn no_secret_is_in_anything_that_a_session_leaves_behind() {
    let (_folder, traces) = played(&[]);
    for expected in [
        "s.ctui",
        "journal.json",
        "report.html",
        "report.md",
        "report.json",
        "report csv",
        "replay",
        "screen",
    ] {
        assert!(traces.contains_key(expected), "{expected}: {:?}", traces.keys());
    }
    let recorded = |name: &str| traces.keys().any(|key| key.contains("sessions/") && key.ends_with(name));
    assert!(recorded("session.ctui") && recorded("record.json"), "{:?}", traces.keys());
    assert!(
        traces["s.ctui"].contains(FOR_USERS) && traces["s.ctui"].contains("***"),
        "the services were heard"
    );
    let as_written = |name: &str| {
        let path = Path::new(name);
        let recording = path.extension().is_some_and(|extension| extension == "ctui");
        recording || path.ends_with("journal.json") || path.ends_with("record.json")
    };
    let mut leaks = Vec::new();
    for (name, text) in &traces {
        let everywhere = DECLARED.iter().chain(&SENT).chain([&UNRELATED]).copied();
        let for_people = (!as_written(name)).then_some(WRITTEN);
        let seen = everywhere.chain(for_people).flat_map(|what| found(text, what));
        leaks.extend(seen.map(|leak| format!("{name}: {leak}")));
        // Nor a part of one.
        let others = text.replace(WRITTEN.1, "");
        leaks.extend(found(&others, ("a part", "CANARY")).into_iter().map(|leak| format!("{name}: {leak}")));
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn without_excerpts_no_beginning_of_an_answer_is_kept() {
    for (more, kept) in [(&[][..], true), (&["--no-excerpts"], false)] {
        let (_folder, traces) = played(more);
        let holding: Vec<&String> =
            traces.iter().filter(|(_, text)| text.contains(FOR_USERS)).map(|(name, _)| name).collect();
        assert_eq!(!holding.is_empty(), kept, "{holding:?}");
    }
}

//! Scripts and their output.

use super::*;
use std::sync::Mutex;

/// Runs a command; returns its output, its error output and its exit code.
async fn run(words: &[&str]) -> (String, String, i32) {
    let environment = [("HOSTNAME", "web-1"), ("PORT", "8080")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let (output, mut received) = mpsc::channel(1);
    let (_, input) = mpsc::channel(1);
    let shell = Shell::new(environment, input, output, Arc::new(|_| {}));
    tokio::spawn(shell.run(words.iter().map(|word| (*word).to_owned()).collect()));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some(message) = received.recv().await {
        match message {
            ExecOutput::Stdout(bytes) => out.extend_from_slice(&bytes),
            ExecOutput::Stderr(bytes) => err.extend_from_slice(&bytes),
            ExecOutput::Exit(code) => {
                return (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap(), code);
            }
        }
    }
    panic!("{words:?} ended without an exit code");
}

#[tokio::test(start_paused = true)]
async fn commands_do_what_they_say() {
    for (words, output, code) in [
        (vec!["true"], "", 0),
        (vec!["/bin/false"], "", 1),
        (vec!["echo", "a", "b"], "a b\n", 0),
        (vec!["env"], "HOSTNAME=web-1\nPORT=8080\n", 0),
        (vec!["hostname"], "web-1\n", 0),
        (vec!["printenv", "NO"], "", 1),
        (vec!["printf", "%s=%d\\n", "a", "1", "b", "2"], "a=1\nb=2\n", 0),
        (vec!["seq", "3"], "1\n2\n3\n", 0),
        (vec!["sleep", "1.5", "2m"], "", 0),
        (vec!["test", "2", "-gt", "1"], "", 0),
        (vec!["[", "a", "=", "b", "]"], "", 1),
        (vec!["test", "-f", "/tmp/healthy"], "", 1),
    ] {
        assert_eq!(run(&words).await, (output.to_owned(), String::new(), code), "{words:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn scripts_run_as_people_write_them() {
    for (script, output, code) in [
        ("exit 3", "", 3),
        ("sleep 5; exit 1", "", 1),
        ("echo hi && sleep 3600", "hi\n", 0),
        ("false || echo no; true && echo yes", "no\nyes\n", 0),
        ("! false && echo turned", "turned\n", 0),
        ("echo \"$HOSTNAME on ${PORT}\" '$PORT' $NOTHING end", "web-1 on 8080 $PORT end\n", 0),
        ("echo $(echo one; echo two) \"$(printf 'a\\nb')\"", "one two a\nb\n", 0),
        (
            "i=0; while [ $i -lt 3 ]; do echo \"$i: tick\"; i=$((i+1)); sleep 1; done",
            "0: tick\n1: tick\n2: tick\n",
            0,
        ),
        ("for x in a b c; do if [ $x = b ]; then continue; fi; echo $x; done", "a\nc\n", 0),
        ("until false; do break; done\necho after # a comment\n", "after\n", 0),
        ("if false; then echo 1; elif true; then echo 2; else echo 3; fi", "2\n", 0),
        ("while true; do echo once; exit 7; done", "once\n", 7),
        ("(echo in; exit 4); { echo out $?; }", "in\nout 4\n", 0),
        ("echo gone >/dev/null; echo x 2>&1", "x\n", 0),
        ("sh -c 'exit 5'; echo $?", "5\n", 0),
        ("false; echo \"last $?\"", "last 1\n", 0),
        ("exec echo replaced; echo never", "replaced\n", 0),
        ("A=1 B=\"2 3\"; echo $A $B $((A * (4 + 2) % 4))", "1 2 3 2\n", 0),
    ] {
        assert_eq!(run(&["sh", "-c", script]).await, (output.to_owned(), String::new(), code), "{script}");
        assert_eq!(check(&["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()]), Ok(()), "{script}");
    }
    assert_eq!(run(&["sh", "-ec", "false; echo never"]).await.2, 1);
    assert_eq!(run(&["sh", "-e", "-c", "false || true; echo on"]).await.0, "on\n");
    assert_eq!(run(&["sh", "-c", "echo no >&2; exit 1"]).await, (String::new(), "no\n".to_owned(), 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_known_fails_as_a_missing_program_does() {
    for (words, code, text) in [
        (vec!["rm", "-rf", "/"], 127, "sh: rm: not found (the sandbox runs no programs of this machine"),
        (vec!["sh", "-c", "nginx -g daemon; echo $?"], 0, "nginx: not found"),
        (vec!["cat", "/etc/passwd"], 1, "no files"),
        (vec!["sh", "-c", "ls | wc"], 2, "no pipes"),
        (vec!["kill", "4711"], 1, "No such process"),
        (vec!["kill", "-WINCH", "1"], 1, "invalid signal"),
        (vec![], 127, "not found"),
    ] {
        let (_, error, found) = run(&words).await;
        assert_eq!(found, code, "{words:?}");
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn what_cannot_be_run_is_refused_before_it_starts() {
    for (words, expected) in [
        (vec!["foo"], "exec: \"foo\": executable file not found in $PATH (the sandbox runs no programs"),
        (vec!["/app/server"], "exec: \"/app/server\": stat /app/server: no such file or directory"),
        (
            vec!["sh", "-c", "sleep 9 & wait"],
            "sh: the sandbox's shell does not support this script: no background",
        ),
        (vec!["sh", "-c", "echo a > /tmp/x"], "cannot be redirected to /tmp/x"),
        (vec!["sh", "-c", "while true; do echo"], "\"done\" is missing"),
        (vec!["sh", "-c", "echo `date`"], "no backquotes"),
        (vec!["sh", "-c", "echo 'a"], "does not end"),
    ] {
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        let error = check(&words).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_kill_reaches_the_container() {
    for (words, expected) in [
        (vec!["kill", "1"], libc::SIGTERM),
        (vec!["kill", "-9", "1"], libc::SIGKILL),
        (vec!["kill", "-s", "SIGSTOP", "1"], libc::SIGSTOP),
        (vec!["sh", "-c", "kill -9 -1"], libc::SIGKILL),
    ] {
        let sent = Arc::new(Mutex::new(None));
        let record = Arc::clone(&sent);
        let (output, mut received) = mpsc::channel(1);
        let (_, input) = mpsc::channel(1);
        let signal = Arc::new(move |signal| *record.lock().unwrap() = Some(signal));
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        tokio::spawn(Shell::new([], input, output, signal).run(words.clone()));
        assert_eq!(received.recv().await, Some(ExecOutput::Exit(0)));
        assert_eq!(*sent.lock().unwrap(), Some(expected), "{words:?}");
    }
}

#[tokio::test]
async fn input_is_copied() {
    let (output, mut received) = mpsc::channel(4);
    let (sender, input) = mpsc::channel(4);
    tokio::spawn(Shell::new([], input, output, Arc::new(|_| {})).run(vec!["cat".to_owned()]));
    sender.send("abc".into()).await.unwrap();
    assert_eq!(received.recv().await, Some(ExecOutput::Stdout("abc".into())));
    drop(sender);
    assert_eq!(received.recv().await, Some(ExecOutput::Exit(0)));
}

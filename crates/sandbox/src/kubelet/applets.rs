//! Commands for `kubectl exec`.
//!
//! A sandbox container is a process of this machine without isolation. Running a program in it would run it on the
//! *machine*: `kill -9 -1`, a common line in chaos experiments, would end the user's session. The sandbox therefore
//! runs no programs; it implements a few commands itself, which affect only the container.

use super::Kubelet;
use crate::{
    api::{ExecOutput, Process},
    store::{Object, Status},
};
use bytes::Bytes;
use std::time::Duration;
use tokio::sync::mpsc;

/// The supported commands, for messages.
const KNOWN: &str = "cat, date, echo, env, false, hostname, kill, printenv, sh -c, sleep, true";

/// The action of a command.
#[derive(Debug, PartialEq, Eq)]
enum Applet {
    Print {
        text: String,
        code: i32,
    },
    Fail {
        text: String,
        code: i32,
    },
    Sleep(Duration),
    /// Copies standard input to standard output.
    Echo,
    Signal(i32),
}

impl Kubelet {
    /// Runs one of the supported commands in the environment of a container.
    ///
    /// # Errors
    /// Returns 400 when the container is not running.
    pub fn exec(&self, pod: &Object, container: &str, command: &[String]) -> Result<Process, Status> {
        let environment = self.environment(pod, container).ok_or_else(|| {
            Status::bad_request(format!("container \"{container}\" in pod \"{}\" is not running", pod.name))
        })?;
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let applet = parse_command(&words, &environment);
        let (sender, output) = mpsc::channel(16);
        let (stdin, input) = mpsc::channel(16);
        if let Applet::Signal(signal) = applet {
            self.signal(pod, container, signal);
        }
        // The task ends with its reader, when sending fails.
        tokio::spawn(run(applet, input, sender));
        Ok(Process { stdin: Some(stdin), output })
    }
}

async fn run(applet: Applet, mut input: mpsc::Receiver<Bytes>, output: mpsc::Sender<ExecOutput>) {
    let code = match applet {
        Applet::Print { text, code } => {
            let _ = output.send(ExecOutput::Stdout(text.into())).await;
            code
        }
        Applet::Fail { text, code } => {
            let _ = output.send(ExecOutput::Stderr(text.into())).await;
            code
        }
        Applet::Sleep(duration) => {
            tokio::select! {
                () = tokio::time::sleep(duration) => 0,
                () = output.closed() => return,
            }
        }
        Applet::Echo => {
            while let Some(bytes) = input.recv().await {
                if output.send(ExecOutput::Stdout(bytes)).await.is_err() {
                    return;
                }
            }
            0
        }
        Applet::Signal(_) => 0,
    };
    let _ = output.send(ExecOutput::Exit(code)).await;
}

fn parse_command(words: &[&str], environment: &[(String, String)]) -> Applet {
    let Some((program, arguments)) = words.split_first() else { return unknown("") };
    let print = |text: String| Applet::Print { text, code: 0 };
    match (program.rsplit('/').next().unwrap_or(program), arguments) {
        ("sh" | "bash" | "ash", ["-c", script, ..]) => shell(script, environment),
        ("true" | ":", _) => Applet::Print { text: String::new(), code: 0 },
        ("false", _) => Applet::Print { text: String::new(), code: 1 },
        ("echo", words) => print(format!("{}\n", words.join(" "))),
        ("date", []) => print(format!("{}\n", jiff::Timestamp::now())),
        ("env" | "printenv", []) => {
            print(environment.iter().map(|(name, value)| format!("{name}={value}\n")).collect())
        }
        ("printenv", [name]) => match environment.iter().find(|(known, _)| known == name) {
            Some((_, value)) => print(format!("{value}\n")),
            None => Applet::Print { text: String::new(), code: 1 },
        },
        ("hostname", []) => parse_command(&["printenv", "HOSTNAME"], environment),
        ("cat", []) => Applet::Echo,
        ("sleep", [seconds]) => {
            match seconds.trim_end_matches('s').parse().map(Duration::try_from_secs_f64) {
                Ok(Ok(duration)) => Applet::Sleep(duration),
                _ => Applet::Fail { text: format!("sleep: invalid time interval '{seconds}'\n"), code: 1 },
            }
        }
        ("kill", arguments) => kill(arguments),
        (other, _) => unknown(other),
    }
}

/// Interprets one simple shell command consisting of plain words.
fn shell(script: &str, environment: &[(String, String)]) -> Applet {
    if script.contains(['|', '&', ';', '<', '>', '$', '`', '(', '"', '\'', '*']) {
        let text =
            format!("sh: the sandbox's shell supports only single commands of plain words, not {script:?}\n");
        return Applet::Fail { text, code: 2 };
    }
    let words: Vec<&str> = script.split_whitespace().collect();
    match words.as_slice() {
        ["exit", code] => Applet::Print { text: String::new(), code: code.parse().unwrap_or(2) },
        words => parse_command(words, environment),
    }
}

/// Implements `kill [-SIGNAL] 1`: the container's process has number 1 inside the container.
fn kill(arguments: &[&str]) -> Applet {
    let (name, target) = match arguments {
        [target] => ("TERM", target),
        ["-s", name, target] => (*name, target),
        [name, target] if name.starts_with('-') => (name.trim_start_matches('-'), target),
        _ => return Applet::Fail { text: "kill: usage: kill [-SIGNAL] 1\n".to_owned(), code: 2 },
    };
    let signal = match name.trim_start_matches("SIG") {
        "TERM" | "15" => libc::SIGTERM,
        "KILL" | "9" => libc::SIGKILL,
        "INT" | "2" => libc::SIGINT,
        "HUP" | "1" => libc::SIGHUP,
        "STOP" | "19" => libc::SIGSTOP,
        "CONT" | "18" => libc::SIGCONT,
        _ => return Applet::Fail { text: format!("kill: {name}: invalid signal specification\n"), code: 1 },
    };
    match *target {
        "1" | "-1" => Applet::Signal(signal),
        other => Applet::Fail { text: format!("kill: ({other}) - No such process\n"), code: 1 },
    }
}

fn unknown(program: &str) -> Applet {
    let text = format!(
        "{program}: not found. The sandbox runs no programs of this machine in a container; supported commands: {KNOWN}\n"
    );
    Applet::Fail { text, code: 127 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_mean_what_they_say() {
        let environment =
            [("HOSTNAME".to_owned(), "web-1".to_owned()), ("PORT".to_owned(), "8080".to_owned())];
        let print = |text: &str, code| Applet::Print { text: text.to_owned(), code };
        for (words, expected) in [
            (vec!["true"], print("", 0)),
            (vec!["/bin/false"], print("", 1)),
            (vec!["echo", "a", "b"], print("a b\n", 0)),
            (vec!["env"], print("HOSTNAME=web-1\nPORT=8080\n", 0)),
            (vec!["hostname"], print("web-1\n", 0)),
            (vec!["printenv", "NO"], print("", 1)),
            (vec!["sh", "-c", "echo hello there"], print("hello there\n", 0)),
            (vec!["/bin/sh", "-c", "exit 3"], print("", 3)),
            (vec!["sleep", "0.5"], Applet::Sleep(Duration::from_millis(500))),
            (vec!["cat"], Applet::Echo),
            (vec!["kill", "1"], Applet::Signal(libc::SIGTERM)),
            (vec!["kill", "-9", "1"], Applet::Signal(libc::SIGKILL)),
            (vec!["kill", "-s", "SIGSTOP", "1"], Applet::Signal(libc::SIGSTOP)),
            (vec!["kill", "-9", "-1"], Applet::Signal(libc::SIGKILL)),
        ] {
            assert_eq!(parse_command(&words, &environment), expected, "{words:?}");
        }
    }

    #[test]
    fn what_is_not_known_fails_as_a_missing_program_does() {
        for (words, code, text) in [
            (vec!["rm", "-rf", "/"], 127, "runs no programs of this machine"),
            (vec!["sh", "-c", "echo $HOME; ls"], 2, "plain words"),
            (vec!["kill", "4711"], 1, "No such process"),
            (vec!["kill", "-WINCH", "1"], 1, "invalid signal"),
            (vec![], 127, "not found"),
        ] {
            let Applet::Fail { text: found, code: found_code } = parse_command(&words, &[]) else {
                panic!("{words:?} is refused");
            };
            assert_eq!(found_code, code, "{words:?}");
            assert!(found.contains(text), "{found}");
        }
    }
}

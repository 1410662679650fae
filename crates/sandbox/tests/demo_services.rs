//! The demo services, started as a container starts them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo-services");

#[test]
fn the_provider_answers_and_ends_on_sigterm_with_the_code_of_the_signal() {
    let mut service = Command::new(PROGRAM)
        .arg("provider")
        .envs([("POD_IP", "127.0.0.1"), ("PORT", "0")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(service.stdout.take().unwrap()).lines();
    let listening = said.next().unwrap().unwrap();
    let address = listening.strip_prefix("listening on ").unwrap().to_owned();

    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /invoke HTTP/1.1\r\nhost: provider\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(uuid::Uuid::parse_str(body.trim_matches('"')).is_ok(), "{body}");

    Command::new("kill").arg(service.id().to_string()).status().unwrap();
    assert_eq!(service.wait().unwrap().code(), Some(143));
}

#[test]
fn what_it_does_not_know_is_an_error_of_the_command_line() {
    for (words, said) in [
        (vec![], "usage: demo-services provider|consumer-before|consumer-after"),
        (vec!["provider", "twice"], "usage: "),
        (vec!["web"], "unknown built-in image \"web\""),
    ] {
        let output = Command::new(PROGRAM).args(&words).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(error.contains(said), "{words:?}: {error}");
    }
}

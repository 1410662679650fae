//! The guardian's process: this program, started by a session with a hidden argument and a pipe.
//!
//! It is entered before the command line is parsed, and until there is something to recover it does nothing but wait: no
//! runtime, no TLS, no allocation that grows.

use super::recover::{Ask, LeftBehind, ResolvedValues, recover};
use crate::{
    engine::guardian::{GUARDIAN, Report, Setup, guard, stand_alone},
    printing,
    session::record::KeptSession,
};
use pyvalue::{Map, Value, parse_json};
use std::{ffi::OsStr, io, process::ExitCode};

/// Runs the guardian if this process was started as one.
pub(crate) fn run_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let asked = arguments.next().as_deref() == Some(OsStr::new(GUARDIAN)) && arguments.next().is_none();
    asked.then(|| match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            printing::err(format!("{GUARDIAN}: {error}; sessions start it by themselves"));
            ExitCode::from(2)
        }
    })
}

fn run() -> io::Result<bool> {
    stand_alone();
    let session = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    // What programs print must not reach the session's pipe.
    let nowhere = std::fs::File::options().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&nowhere)?;
    guard(rustix::stdio::stdin(), session, undo)
}

/// Recovers the session. Returns whether nothing is left on.
fn undo(setup: Setup, report: &mut Report) -> bool {
    report.take_stderr();
    // Fails only if one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    super::errors::install();
    let recovered = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| {
            let recovered = runtime.block_on(recover_session(setup, report));
            runtime.shutdown_background();
            recovered
        });
    recovered.unwrap_or_else(|why| {
        report.say(&format!("it could not undo the fault: {why}"));
        false
    })
}

async fn recover_session(setup: Setup, report: &mut Report) -> Result<bool, String> {
    let values = values(&setup.hand_over).ok_or("what the session handed over cannot be read")?;
    let kept = KeptSession::at(setup.folder);
    let Some(left) = LeftBehind::read(kept)? else {
        return Ok(true);
    };
    let ask = Ask { values: Some(values), rollbacks: true, verbose: false, took: true };
    let recovered = recover(&left, ask).await.map_err(|refusal| refusal.message)?;
    for (_, name) in &left.rollbacks {
        if !recovered.failed_rollbacks.contains(name) {
            report.say(&format!("rollback {name} was played"));
        }
    }
    for name in &recovered.failed_rollbacks {
        report.say(&format!("rollback {name} was NOT played to its end"));
    }
    recovered.undone.restored.iter().for_each(|line| report.say(line));
    recovered.undone.failed.iter().for_each(|line| report.say(&format!("NOT put back: {line}")));
    match recovered.wrong.as_deref() {
        Some([]) => report.say("the steady state is met again"),
        Some(wrong) => report.say(&format!("the steady state is not met: {}", wrong.join("; "))),
        None => {}
    }
    Ok(recovered.is_complete())
}

/// Reads the values that the session had resolved.
fn values(hand_over: &[u8]) -> Option<ResolvedValues> {
    let value = parse_json(std::str::from_utf8(hand_over).ok()?).ok()?;
    let map = |name: &str| value.get(name).and_then(Value::as_map).cloned().unwrap_or_default();
    let values: (Map, Map) = (map("configuration"), map("secrets"));
    Some(ResolvedValues { configuration: values.0, secrets: values.1 })
}

//! `process`: a child process, its output and its exit code (experiment-format 5.4).
//!
//! A non-zero exit code is a success. The child leads its own process group, so that a timeout or a cancelled call ends
//! the whole group, and a Ctrl-C in the terminal reaches chaos-tui and not the child.

mod child;
mod command;

use super::{Call, Outcome};
use crate::experiment::{Environment, substitute};
use child::{ChildEnd, run};
use command::Command;
use pyvalue::{Map, Value};
use std::time::Duration;

/// Runs the activity's process to its end.
pub(super) async fn call(call: &Call<'_>, environment: &Environment) -> Outcome {
    let prepared = prepare(&call.activity.provider.raw, call, environment);
    let (command, timeout) = match prepared {
        Ok(prepared) => prepared,
        Err(message) => {
            (call.report_refusal)(message.clone());
            return Outcome::UnexpectedError { message };
        }
    };
    (call.report_command)(format!("Running: {}", command.line()));
    match run(&command, environment, timeout, &call.cancel).await {
        ChildEnd::Exited { status, stdout, stderr } => Outcome::Done(output(status, stdout, stderr)),
        ChildEnd::TimedOut => Outcome::failed("process activity took too long to complete"),
        ChildEnd::OutputTooLarge { limit } => Outcome::failed(format!(
            "process activity wrote more than {} MiB and was ended; redirect its output to a file",
            limit >> 20
        )),
        ChildEnd::Cancelled => Outcome::Cancelled,
        ChildEnd::NotStarted(error) => {
            let message = format!("cannot run '{}': {error}", command.shown());
            (call.report_refusal)(message.clone());
            Outcome::UnexpectedError { message }
        }
    }
}

fn prepare(
    provider: &Map,
    call: &Call<'_>,
    environment: &Environment,
) -> Result<(Command, Option<Duration>), String> {
    let path = provider.get("path").and_then(Value::as_str);
    let path = path.ok_or("a process activity needs a path, as text")?;
    let declared = provider.get("arguments").cloned().unwrap_or(Value::List(Vec::new()));
    let untouched = call.configuration.is_empty() && call.secrets.is_empty();
    let arguments =
        if untouched { declared } else { substitute(&declared, call.configuration, call.secrets) };
    let command = Command::new(path, &arguments, environment)?;
    Ok((command, timeout(provider.get("timeout"))?))
}

/// The timeout in seconds; zero and negative values end the process at once, as in the reference.
fn timeout(declared: Option<&Value>) -> Result<Option<Duration>, String> {
    let seconds = match declared {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Bool(flag)) => f64::from(u8::from(*flag)),
        Some(Value::Int(seconds)) => *seconds as f64,
        Some(Value::Float(seconds)) => *seconds,
        Some(_) => return Err("the timeout of a process activity must be a number of seconds".into()),
    };
    // A value too large for a duration counts as no timeout; NaN and negative values count as zero.
    Ok(Duration::try_from_secs_f64(seconds.max(0.0)).ok())
}

fn output(status: i64, stdout: Vec<u8>, stderr: Vec<u8>) -> Value {
    let fields = [("status", status.into()), ("stdout", text(stdout)), ("stderr", text(stderr))];
    Value::Map(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// Decodes UTF-8, or else Latin-1, in which every byte sequence is valid. The reference guesses the encoding, often
/// wrongly.
fn text(bytes: Vec<u8>) -> Value {
    let text = String::from_utf8(bytes);
    Value::Text(text.unwrap_or_else(|error| error.as_bytes().iter().map(|&byte| char::from(byte)).collect()))
}

#[cfg(test)]
mod tests;

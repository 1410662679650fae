//! What a call did to the system, as opposed to its status in the journal: done, refused before any change, or unknown.
//!
//! The reference counts every call that did not raise as a success, including an exit code of 1 and an HTTP 500, and
//! has only one kind of failure. The operator wants to know whether there is a fault.

use crate::{provider::Outcome, session::wording::short_error};
use pyvalue::Value;

/// HTTP statuses that refuse a request before anything was done: malformed, not allowed, or without a target.
const REFUSALS: [i64; 8] = [400, 401, 403, 404, 405, 410, 422, 429];

/// What a call did to the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CallResult {
    /// The call did its work.
    Done,
    /// The call was refused before it changed anything; the text says why.
    Refused(String),
    /// The call failed and may have changed something; the text says how.
    Unknown(String),
}

/// Classifies a call; `refused` is the reason its provider gave if the call did not begin.
pub(super) fn classify(outcome: &Outcome, refused: Option<String>) -> CallResult {
    match outcome {
        Outcome::Done(output) => of_output(output),
        _ if let Some(why) = refused => CallResult::Refused(short_error(&why)),
        Outcome::Failed { message, .. } => of_failure(message),
        Outcome::UnexpectedError { message } => CallResult::Unknown(short_error(message)),
        Outcome::Exit { .. } => CallResult::Unknown("the activity requested an exit".to_owned()),
        Outcome::KeyboardInterrupt => CallResult::Unknown("it was interrupted".to_owned()),
        Outcome::Cancelled => CallResult::Unknown("it was cut short".to_owned()),
    }
}

/// Classifies an output by its exit code or HTTP status.
fn of_output(output: &Value) -> CallResult {
    let Some(Value::Int(status)) = output.get("status") else { return CallResult::Done };
    let text = |key: &str| output.get(key).and_then(Value::as_str).unwrap_or_default();
    if output.get("stdout").is_some() {
        if *status == 0 {
            return CallResult::Done;
        }
        let said = [text("stderr"), text("stdout")].into_iter().find_map(last_line);
        let said = said.map(|line| format!(": {}", short_error(line))).unwrap_or_default();
        return CallResult::Unknown(match *status {
            signal if signal < 0 => format!("ended by signal {}{said}", -signal),
            code => format!("exit code {code}{said}"),
        });
    }
    if output.get("body").is_none() || *status < 400 {
        return CallResult::Done;
    }
    judged(*status, format!("answered with HTTP {status}"))
}

/// Classifies a Python exception or a failure of a native provider.
fn of_failure(message: &str) -> CallResult {
    match api_status(message) {
        Some(status) => judged(status, api_words(status, message)),
        None => CallResult::Unknown(short_error(message)),
    }
}

fn judged(status: i64, words: String) -> CallResult {
    if REFUSALS.contains(&status) { CallResult::Refused(words) } else { CallResult::Unknown(words) }
}

/// Parses the status of an `ApiException` of the Kubernetes client: `(403)`, a line end, and `Reason: Forbidden`.
fn api_status(message: &str) -> Option<i64> {
    let (before, _) = message.split_once(")\nReason:")?;
    before.rsplit('(').next()?.parse().ok().filter(|status| (100..600).contains(status))
}

/// Returns the API server's message: it names the user, the verb and the resource.
fn api_words(status: i64, message: &str) -> String {
    let body = message.split_once("HTTP response body:").map(|(_, body)| body.trim());
    // Python prints the body as text, as bytes, or as a mapping.
    let body = body.map(|body| body.trim_start_matches("b'").trim_end_matches('\''));
    let reply = body.and_then(|body| {
        let mut values = serde_json::Deserializer::from_str(body).into_iter::<serde_json::Value>();
        let body = values.next()?.ok()?;
        body.get("message")?.as_str().map(str::to_owned)
    });
    let reason = message.split_once("Reason:").and_then(|(_, rest)| rest.lines().next()).unwrap_or_default();
    match reply {
        Some(reply) if !reply.is_empty() => format!("{} ({status})", short_error(&reply)),
        _ => format!("the API server answered {status} {}", reason.trim()),
    }
}

fn last_line(text: &str) -> Option<&str> {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyvalue::parse_json;

    fn done(json: &str) -> CallResult {
        classify(&Outcome::Done(parse_json(json).unwrap()), None)
    }

    #[test]
    fn exit_codes_and_statuses_are_told_from_deeds() {
        let unknown = |why: &str| CallResult::Unknown(why.to_owned());
        let refused = |why: &str| CallResult::Refused(why.to_owned());
        let cases = [
            (r#"{"status": 0, "stdout": "", "stderr": "x"}"#, CallResult::Done),
            (r#"{"status": 1, "stdout": "", "stderr": ""}"#, unknown("exit code 1")),
            (
                r#"{"status": 2, "stdout": "a", "stderr": "no such device\n"}"#,
                unknown("exit code 2: no such device"),
            ),
            (r#"{"status": -9, "stdout": "", "stderr": ""}"#, unknown("ended by signal 9")),
            (r#"{"status": 200, "body": ""}"#, CallResult::Done),
            (r#"{"status": 403, "body": ""}"#, refused("answered with HTTP 403")),
            (r#"{"status": 404, "body": {}}"#, refused("answered with HTTP 404")),
            (r#"{"status": 422, "body": {}}"#, refused("answered with HTTP 422")),
            (r#"{"status": 409, "body": {}}"#, unknown("answered with HTTP 409")),
            (r#"{"status": 500, "body": ""}"#, unknown("answered with HTTP 500")),
            (r#"{"status": "Failure"}"#, CallResult::Done),
            ("[1]", CallResult::Done),
        ];
        for (output, wanted) in cases {
            assert_eq!(done(output), wanted, "{output}");
        }
    }

    #[test]
    fn what_the_api_server_refused_is_told_in_its_words_without_a_class() {
        let exception = |status: u16, body: &str| {
            let message = format!(
                "kubernetes.client.exceptions.ApiException: ({status})\nReason: Some Reason\nHTTP response headers: \
                 HTTPHeaderDict({{}})\nHTTP response body: {body}\n"
            );
            classify(&Outcome::failed(message), None)
        };
        let forbidden = r#"{"kind": "Status", "message": "pods is forbidden: User \"viewer\" cannot delete resource \"pods\" in API group \"\" in the namespace \"shop\"", "code": 403}"#;
        let said = "pods is forbidden: User \"viewer\" cannot delete resource \"pods\" in API group \"\" in the namespace \
                    \"shop\" (403)";
        assert_eq!(exception(403, forbidden), CallResult::Refused(said.to_owned()));
        assert_eq!(
            exception(404, "gone"),
            CallResult::Refused("the API server answered 404 Some Reason".to_owned())
        );
        assert_eq!(
            exception(500, "{}"),
            CallResult::Unknown("the API server answered 500 Some Reason".to_owned())
        );
        // A refusal is recognised even inside the message of a function.
        let wrapped = "chaoslib.exceptions.ActivityFailed: failed to scale: (403)\nReason: Forbidden\n";
        assert!(matches!(classify(&Outcome::failed(wrapped), None), CallResult::Refused(_)));
    }

    #[test]
    fn whatever_else_failed_may_have_done_something() {
        let cases = [
            ("RuntimeError: boom", "boom"),
            ("chaoslib.exceptions.ActivityFailed: TypeError: f() got nothing", "f() got nothing"),
            ("process activity took too long to complete", "process activity took too long to complete"),
            (
                "requests.exceptions.ReadTimeout: HTTPConnectionPool(host='a'): slow",
                "HTTPConnectionPool(host='a'): slow",
            ),
            ("ValueError", "it raised an error without a message"),
            ("failed to connect to http://a: refused", "failed to connect to http://a: refused"),
        ];
        for (message, wanted) in cases {
            assert_eq!(
                classify(&Outcome::failed(message), None),
                CallResult::Unknown(wanted.to_owned()),
                "{message}"
            );
        }
        let broke = Outcome::UnexpectedError { message: "the worker died".to_owned() };
        assert_eq!(classify(&broke, None), CallResult::Unknown("the worker died".to_owned()));
        assert_eq!(
            classify(&broke, Some("cannot run 'x'".to_owned())),
            CallResult::Refused("cannot run 'x'".to_owned())
        );
    }
}

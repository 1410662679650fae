//! Runs a command inside pods (kubernetes-catalog 2.1).

use super::{selection::Selection, shell_words};
use crate::provider::kubernetes::{failure::Failure, invocation::Invocation, kind::Kind};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, ResourceExt,
    api::{AttachParams, AttachedProcess},
};
use pyvalue::{Map, Value};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The maximum number of bytes kept of each output.
const LIMIT: u64 = 1 << 20;

/// Deliberate deviations (kubernetes-catalog 5, 9): without `container_name` the pod's first container is used instead
/// of none; `stderr` holds the command's standard error; exit codes are integers.
pub(super) async fn exec_in_pods(call: &Invocation<'_>) -> Result<Value, Failure> {
    let selection = Selection::of(call)?;
    let command = command(call)?;
    let limit = Duration::from_secs(call.whole("request_timeout", 60)?.try_into().unwrap_or(0));
    let wanted = call.text("container_name")?;
    let api = Pod::api(call)?;
    let mut results = Vec::new();
    for pod in selection.pick(selection.candidates(&api).await?) {
        let name = pod.name_any();
        let Some(container) = container(&pod, wanted) else {
            tracing::warn!("pod {name} has no container {}: skipped", wanted.unwrap_or("at all"));
            continue;
        };
        let ended = tokio::time::timeout(limit, run(&api, &name, &container, &command)).await;
        let ended = match ended {
            Ok(ended) => ended?,
            Err(_) => Ended {
                code: 1,
                stdout: String::new(),
                stderr: format!("no end within {} s", limit.as_secs()),
            },
        };
        results.push(Value::from(Map::from_iter([
            ("pod_name".to_owned(), name.into()),
            ("exit_code".to_owned(), ended.code.into()),
            ("cmd".to_owned(), call.given("cmd").cloned().unwrap_or_default()),
            ("stdout".to_owned(), ended.stdout.into()),
            ("stderr".to_owned(), ended.stderr.into()),
        ])));
    }
    Ok(results.into())
}

fn command(call: &Invocation<'_>) -> Result<Vec<String>, Failure> {
    let words = match call.arguments.get("cmd").unwrap_or(&Value::Null) {
        Value::Text(text) => shell_words::split(text).ok_or_else(|| Failure::Python {
            class: "ValueError",
            message: format!("a quotation in the command is not closed: {text}"),
        })?,
        Value::List(list) => list.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect(),
        Value::Null => Vec::new(),
        other => return Err(call.unfit("cmd", "text or a list", other)),
    };
    if words.is_empty() {
        Err(Failure::activity("there is no command to run: give it in the argument 'cmd'"))
    } else {
        Ok(words)
    }
}

fn container(pod: &Pod, wanted: Option<&str>) -> Option<String> {
    let mut containers = pod.spec.as_ref()?.containers.iter().map(|container| &container.name);
    containers.find(|name| wanted.is_none_or(|wanted| *name == wanted)).cloned()
}

struct Ended {
    code: i64,
    stdout: String,
    stderr: String,
}

async fn run(api: &Api<Pod>, pod: &str, container: &str, command: &[String]) -> Result<Ended, Failure> {
    let mut process = api.exec(pod, command, &AttachParams::default().container(container)).await?;
    let (stdout, stderr) = (process.stdout(), process.stderr());
    let (stdout, stderr, (code, reason)) = tokio::join!(read(stdout), read(stderr), end(&mut process));
    let stderr = if stderr.is_empty() { reason } else { stderr };
    Ok(Ended { code, stdout, stderr })
}

async fn read(output: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(output) = output {
        let mut kept = output.take(LIMIT);
        // A broken connection ends the output; the status contains how the command ended.
        let _ = kept.read_to_end(&mut bytes).await;
        let _ = tokio::io::copy(&mut kept.into_inner(), &mut tokio::io::sink()).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The exit code and, for a failure, its reason.
async fn end(process: &mut AttachedProcess) -> (i64, String) {
    let status = match process.take_status() {
        Some(status) => status.await,
        None => None,
    };
    let Some(status) = status else {
        return (1, "the connection ended before the command did".to_owned());
    };
    if status.status.as_deref() == Some("Success") {
        return (0, String::new());
    }
    let causes = status.details.and_then(|details| details.causes).unwrap_or_default();
    let code = causes.iter().find(|cause| cause.reason.as_deref() == Some("ExitCode"));
    let code = code.and_then(|cause| cause.message.as_ref()?.parse().ok()).unwrap_or(1);
    (code, status.message.unwrap_or_default())
}

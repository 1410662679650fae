//! Explains the state of a step or a pod.

use crate::session::{
    event::{PauseSide, Timestamp},
    state::{Identity, PodRow, StepRow, StepState},
    wording,
};

/// Returns what is known of the step, one sentence per fact; the first is its state.
pub fn explain_step(row: &StepRow, now: Timestamp) -> Vec<String> {
    let step = &row.step;
    let mut why = vec![stand(row, now)];
    why.push(format!("it is done by {}", step.label));
    why.extend(step.tolerance.iter().map(|tolerance| format!("its value must be {tolerance}")));
    why.extend(row.summary.iter().map(|summary| format!("the latest call gave: {summary}")));
    why.extend(row.remark.clone());
    why.extend(row.fixed.iter().map(|fix| format!("otherwise than the file says: {fix}")));
    if row.calls > 1 {
        why.push(format!("it was called {} times; the latest counts", row.calls));
    }
    if step.tolerance.is_none() && matches!(row.state, StepState::Succeeded) {
        why.push("it has no tolerance here: whatever it gave, its call was a success".to_owned());
    }
    why
}

fn stand(row: &StepRow, now: Timestamp) -> String {
    let took = row.seconds.map(|seconds| format!(" in {}", wording::wait(seconds * 1000.0)));
    let took = took.unwrap_or_default();
    match &row.state {
        StepState::Waiting => "the run has not reached it".to_owned(),
        StepState::Awaited { .. } if row.step.destructive => {
            "the run waits for you: it changes the system, so only a fire runs it".to_owned()
        }
        StepState::Awaited { .. } => "the run waits for you before it".to_owned(),
        StepState::Paused { side, seconds, .. } => {
            let side = if *side == PauseSide::Before { "before" } else { "after" };
            let left = row.pause_left(now).unwrap_or(0.0);
            format!("it pauses {seconds} s {side} its call, as declared; {left:.0} s are left")
        }
        StepState::Running { progress, .. } => {
            let since = row.running_for(now).unwrap_or(0.0);
            let progress = progress.iter().map(|text| format!(": {text}")).collect::<String>();
            format!("its call has run for {since:.1} s{progress}")
        }
        StepState::Succeeded if row.step.tolerance.is_some() => {
            format!("its call succeeded{took}, and its value was in the tolerance")
        }
        StepState::Succeeded => format!("its call succeeded{took}"),
        StepState::NotMet => format!("its call succeeded{took}, but its value was out of the tolerance"),
        StepState::Failed => format!("its call failed{took}"),
        StepState::Cut => "its call was cut short, or broke: there is no result".to_owned(),
        StepState::Skipped => "you skipped it".to_owned(),
    }
}

/// Returns what is known of the pod, one sentence per fact; the first is its state.
pub fn explain_pod(row: &PodRow, now: Timestamp) -> Vec<String> {
    let seconds = |since: Timestamp| now.duration_since(since).as_secs_f64().max(0.0);
    let (ready, of) = row.ready();
    let mut why = vec![match row.gone {
        Some(gone) => format!("Kubernetes said {:.0} s ago that it is gone", seconds(gone)),
        None => format!(
            "Kubernetes has called it {} for {:.0} s, {ready} of {of} containers ready",
            row.pod.status,
            seconds(row.status_since)
        ),
    }];
    why.extend(row.pod.node.iter().map(|node| format!("it runs on {node}")));
    match row.identity() {
        Identity::Replaces(old) => why.push(format!("it came in the place of {old}")),
        Identity::Restarted(times) => {
            let times = wording::count(u64::from(times), "time");
            why.push(format!("it is the same pod as before the fault, its container started again {times}"));
        }
        Identity::Same | Identity::Gone => {}
    }
    for container in &row.pod.containers {
        why.extend(container.waiting.iter().map(|why| format!("{} waits: {why}", container.name)));
        why.extend(container.last_end.iter().map(|end| {
            format!("{} last ended with {} (exit code {})", container.name, end.reason, end.exit_code)
        }));
    }
    if let Some(ahead) = row.misses_now(now) {
        why.push(format!(
            "it missed {} of {} liveness probes in a row; at the last one it is restarted, in {:.0} s",
            ahead.misses, ahead.threshold, ahead.restart_s
        ));
    }
    why
}

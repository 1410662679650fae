//! The evidence for the verdict about users and for the belief about the breaker; before it, the evidence on the
//! selected step or, while they have the focus, on the pods.

use super::{boxed, scrolled};
use crate::{
    insight::{self, Phase},
    tui::{
        pane::Pane,
        pane_buffer::{PaneBuffer, RoleLine},
        panes::Scene,
        text,
        theme::Role,
    },
};

/// The most pods that are explained: a longer list would not be read.
const PODS: usize = 8;

/// Draws the evidence as a list.
pub(crate) fn why(canvas: &mut PaneBuffer, scene: &Scene) {
    let width = canvas.width().saturating_sub(4).min(110);
    let lines = lines(scene, width.saturating_sub(6));
    let title = match &scene.view.hint {
        // The box may cover the row of hints.
        Some(hint) => format!("WHY  {hint}"),
        None => "WHY".to_owned(),
    };
    let mut inside = boxed(canvas, scene, (width, lines.len() + 2), &title, Role::Focus);
    scrolled(&mut inside, scene, &lines);
}

fn lines(scene: &Scene, width: usize) -> Vec<RoleLine> {
    let mut lines = Vec::new();
    for (head, reasons) in evidence(scene) {
        lines.push(RoleLine::strong(Role::Strong, head));
        for reason in reasons {
            for (i, line) in text::wrap(&reason, width.saturating_sub(2), 4).into_iter().enumerate() {
                lines.push(RoleLine::of(Role::Soft, if i == 0 { "- " } else { "  " }).and(line));
            }
        }
    }
    lines
}

/// The claims, each with its evidence.
pub(crate) fn evidence(scene: &Scene) -> Vec<(String, Vec<String>)> {
    let mut claims = Vec::new();
    let mut list = |head: String, reasons: &[String]| claims.push((head, reasons.to_vec()));
    if scene.view.focus == Pane::Experiment
        && let Some(row) = scene.view.selected_step.and_then(|at| scene.session.steps.row(at))
    {
        list(format!("the step {}", row.step.name), &insight::explain_step(row, scene.now));
    }
    if scene.view.focus == Pane::Pods {
        for row in scene.session.cluster.in_play.iter().take(PODS) {
            list(format!("the pod {}", row.pod.key.name), &insight::explain_pod(row, scene.now));
        }
    }
    if let Some(refusal) = scene.session.refusals.last().filter(|_| scene.session.fault.is_none()) {
        list("the fire changed nothing".to_owned(), std::slice::from_ref(&refusal.reason));
    }
    if let Some(doubt) = insight::why_fault_unconfirmed(scene.session, scene.now) {
        list("the fault is not confirmed".to_owned(), &[doubt]);
    }
    if let Some(gate) =
        insight::failed_hypothesis_text(scene.session).filter(|_| scene.session.fault.is_none())
    {
        list("the method does not begin".to_owned(), &[gate]);
    }
    if let Some(safety) = &scene.session.safety {
        let asked = safety.final_check.as_ref().or(safety.latest.as_ref());
        let wrong = asked.map(|asked| asked.wrong.clone()).filter(|wrong| !wrong.is_empty());
        list(
            "the way back to safety".to_owned(),
            &wrong.unwrap_or_else(|| vec![scene.session.safety_text()]),
        );
    }
    if scene.phase == Phase::Finished {
        for (number, finding) in (1..).zip(insight::findings(scene.session, scene.now)) {
            list(format!("{number} {}", finding.text), &finding.evidence);
        }
        let conclusion = insight::conclusion(scene.session, scene.now);
        let late = insight::late_verdict(scene.session, scene.now);
        let late = late
            .map(|late| format!("observed later, not counted: {}, {}", late.verdict.text(), late.because()));
        let because: Vec<String> = std::iter::once(conclusion.because()).chain(late).collect();
        list(format!("the run is called {}", conclusion.verdict.text()), &because);
    }
    list(
        format!("verdict about users: {}: {}", scene.verdict.word.text(), scene.verdict.short),
        &scene.verdict.why,
    );
    if let Some(belief) = &scene.session.breaker.belief {
        let reasons: Vec<String> = std::iter::once(belief.because.clone())
            .chain(scene.session.breaker.reports.iter().map(|statement| {
                let testimony = &statement.report;
                let origin = testimony.pod.iter().chain(&testimony.place).map(|word| format!(" {word}"));
                let who = format!("{:?}", testimony.witness).to_lowercase();
                format!("{who}{}: {}", origin.collect::<String>(), testimony.ground)
            }))
            .collect();
        let state = crate::session::wording::breaker(belief.state);
        list(
            format!("the breaker is called {state}, {}", crate::tui::panes::breaker_confidence(belief)),
            &reasons,
        );
    }
    let guards: Vec<String> =
        insight::guard_readings(scene.session, scene.now).into_iter().map(|reading| reading.text).collect();
    if !guards.is_empty() {
        list("guards would end the run by themselves".to_owned(), &guards);
    }
    let warnings: Vec<String> =
        insight::warnings(scene.session, scene.now).into_iter().map(|warning| warning.text).collect();
    if !warnings.is_empty() {
        list("warnings".to_owned(), &warnings);
    }
    claims
}

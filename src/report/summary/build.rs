//! Fills in the summary.

use super::{
    BadSeconds, BreakerSummary, CycleSummary, EndpointSummary, FORMAT, FaultSummary, FindingSummary,
    FireSummary, JournalSummary, MadeOf, NoteSummary, PredictionSummary, SourceKind, StepSummary, Summary,
    TimingSummary, VerdictSummary,
};
use crate::{
    insight::{Timing, TimingValue},
    report::{
        evidence::{Evidence, Origin},
        facts::{Facts, section_name, shown, step_result, step_word, targets},
        html::severity,
    },
    session::{
        event::Timestamp,
        state::{CycleEnd, Fault},
        wording,
    },
};

impl Summary {
    /// The figures of the session that this is the evidence of.
    pub(crate) fn of_evidence(evidence: &Evidence) -> Self {
        Self::of(&Facts::of(evidence))
    }

    /// The figures of a session.
    pub(crate) fn of(facts: &Facts) -> Self {
        let texts = |lines: &[String]| lines.iter().map(|line| shown(line)).collect();
        let conclusion = &facts.conclusion;
        Self {
            format: FORMAT,
            tool: concat!("chaos-tui ", env!("CARGO_PKG_VERSION")).to_owned(),
            made_of: made_of(facts),
            title: shown(facts.evidence.title()),
            source: facts.source(),
            cluster: facts.cluster(),
            operator: facts.operator(),
            started_at: facts.started().to_string(),
            known_until: facts.now.to_string(),
            run_seconds: facts.run_lasted().map(micros),
            journal: JournalSummary {
                status: facts.evidence.status().map(str::to_owned),
                deviated: facts.session.run.deviated,
            },
            verdict: VerdictSummary {
                word: conclusion.verdict.key(),
                sentence: shown(&conclusion.sentence),
                details: conclusion.details.as_deref().map(shown),
            },
            fault: facts.session.fault.as_ref().map(|fault| fault_summary(facts, fault)),
            bad_seconds: facts.bad_seconds().map(|(count, allowed)| BadSeconds { count, allowed }),
            endpoints: facts
                .session
                .users
                .endpoints
                .iter()
                .map(|endpoint| EndpointSummary::of(facts, endpoint))
                .collect(),
            timings: facts.timings.iter().map(timing).collect(),
            breaker: breaker(facts),
            findings: findings(facts),
            not_seen: texts(&facts.not_seen),
            undone: texts(&facts.aftermath.undone),
            still_on: texts(&facts.aftermath.still_on),
            predictions: predictions(facts),
            steps: steps(facts),
            notes: notes(facts),
        }
    }
}

fn made_of(facts: &Facts) -> MadeOf {
    let (kind, writer) = match &facts.evidence.origin {
        Origin::Recording(header) => (SourceKind::Recording, header.tool.as_str()),
        Origin::Journal { writer } => (SourceKind::Journal, writer.as_str()),
    };
    MadeOf { kind, name: shown(&facts.evidence.name), writer: shown(writer) }
}

fn fault_summary(facts: &Facts, fault: &Fault) -> FaultSummary {
    let fires = fault.fires.iter().map(|firing| {
        let row = facts.session.steps.row(firing.step);
        FireSummary {
            step: shown(row.map_or(firing.what.as_str(), |row| row.step.name.as_str())),
            label: shown(row.map_or("", |row| row.step.label.as_str())),
            seconds_since_t0: since(facts, firing.at),
            targets: targets(firing),
            unconfirmed: firing.unconfirmed.as_deref().map(shown),
        }
    });
    let watched = facts.fault_is_watched();
    FaultSummary {
        t0: fault.t0().to_string(),
        fires: fires.collect(),
        effect_seen: facts.session.fault_had_effect(),
        lasted_seconds: watched.then(|| micros(fault.lasted(facts.now))),
        over: watched.then(|| !fault.is_on()),
    }
}

fn timing(timing: &Timing) -> TimingSummary {
    let (at_least, at_most) = match timing.value {
        TimingValue::Seconds(seconds) => (Some(seconds), Some(seconds)),
        TimingValue::AtMost(seconds) => (Some(0.0), Some(seconds)),
        TimingValue::AtLeast(seconds) => (Some(seconds), None),
        TimingValue::Between(low, high) => (Some(low), Some(high)),
        TimingValue::Never => (None, None),
    };
    TimingSummary {
        key: timing.key.to_owned(),
        label: timing.label.to_owned(),
        at_least_seconds: at_least.map(micros),
        at_most_seconds: at_most.map(micros),
    }
}

fn breaker(facts: &Facts) -> Option<BreakerSummary> {
    let breaker = &facts.session.breaker;
    let belief = breaker.belief.as_ref()?;
    let measured = breaker.measured(facts.session.t0());
    let cycles = breaker.cycles.iter().map(|cycle| CycleSummary {
        opened_seconds: since(facts, cycle.opened),
        trial_seconds: cycle.trial.map(|at| since(facts, at)),
        ended_seconds: cycle.ended.map(|(at, _)| since(facts, at)),
        closed: cycle.ended.map(|(_, end)| end == CycleEnd::Worked),
    });
    Some(BreakerSummary {
        state: wording::breaker(belief.state).to_owned(),
        confidence: wording::confidence(belief.confidence).to_owned(),
        because: shown(&belief.because),
        openings: measured.openings,
        trials: measured.trials,
        failed_trials: measured.failed_trials,
        cycles: cycles.collect(),
    })
}

fn findings(facts: &Facts) -> Vec<FindingSummary> {
    let one = |finding: &crate::insight::Finding| FindingSummary {
        severity: severity(finding.severity).0.to_owned(),
        text: shown(&finding.text),
        advice: shown(&finding.advice),
        evidence: finding.evidence.iter().map(|line| shown(line)).collect(),
    };
    facts.findings.iter().map(one).collect()
}

fn predictions(facts: &Facts) -> Vec<PredictionSummary> {
    let one = |score: &crate::insight::PredictionScore| PredictionSummary {
        predicted: shown(&score.guess),
        happened: shown(&score.fact),
        right: score.right,
    };
    facts.scores.iter().map(one).collect()
}

fn steps(facts: &Facts) -> Vec<StepSummary> {
    facts
        .steps()
        .map(|row| StepSummary {
            section: section_name(row.step.at.section).to_owned(),
            name: shown(&row.step.name),
            label: shown(&row.step.label),
            outcome: step_word(row).1.to_owned(),
            result: step_result(row),
            seconds: row.seconds.map(micros),
        })
        .collect()
}

fn notes(facts: &Facts) -> Vec<NoteSummary> {
    let notes = facts.session.annotations.notes.iter();
    notes.map(|note| NoteSummary { seconds: since(facts, note.at), text: shown(&note.text) }).collect()
}

fn since(facts: &Facts, at: Timestamp) -> f64 {
    micros(at.duration_since(facts.zero()).as_secs_f64())
}

/// Seconds to the microsecond.
fn micros(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

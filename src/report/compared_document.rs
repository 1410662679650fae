//! The documents of a comparison: a page, Markdown, JSON.

use super::{Evidence, ReportFormat, html, runs::RunsCompared};
use crate::printing::escape_json;
use serde_json::{Value, json};
use std::fmt::Write;

/// Renders a comparison; the evidence is that of two single sessions.
///
/// # Errors
/// If there is no such document of a comparison.
pub(crate) fn compared_document(
    format: ReportFormat,
    compared: &RunsCompared,
    evidence: Option<(&Evidence, &Evidence)>,
) -> Result<String, String> {
    match format {
        ReportFormat::Html => Ok(html::compared_page(compared, evidence)),
        ReportFormat::Md => Ok(markdown(compared)),
        ReportFormat::Json => Ok(json_text(compared)),
        ReportFormat::Xml | ReportFormat::Csv => {
            Err("a comparison is written as .html, .md or .json; JUnit and CSV are of one session: `chaos-tui report`".to_owned())
        }
    }
}

fn markdown(compared: &RunsCompared) -> String {
    let (first, second) = (&compared.first, &compared.second);
    let cell = |text: &str| super::markdown::escaped(text);
    let mut out = String::new();
    let _ = writeln!(out, "### {}: {}", cell(&first.name), first.verdicts());
    let _ = writeln!(out, "### {}: {}\n", cell(&second.name), second.verdicts());
    let _ = writeln!(out, "| | {} | {} | difference (95 %) | |", cell(&first.name), cell(&second.name));
    let _ = writeln!(out, "| --- | ---: | ---: | --- | --- |");
    for row in &compared.rows {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            row.metric.label,
            row.figure(row.first),
            row.figure(row.second),
            row.interval_text(),
            row.judgement.text()
        );
    }
    let _ = writeln!(out, "\n{}. {}", cell(&compared.sample_sizes()), compared.method());
    for difference in &compared.differences {
        let _ = writeln!(out, "\n**Caution**: {}", cell(difference));
    }
    out
}

fn json_text(compared: &RunsCompared) -> String {
    let rows: Vec<Value> = compared
        .rows
        .iter()
        .map(|row| {
            json!({
                "metric": row.metric.key,
                "label": row.metric.label,
                "unit": row.metric.unit.name(),
                "first": row.first,
                "second": row.second,
                "samples": [row.samples.0, row.samples.1],
                "difference_low": row.interval.map(|interval| interval.low),
                "difference_high": row.interval.map(|interval| interval.high),
                "judgement": row.judgement.text(),
            })
        })
        .collect();
    let side =
        |runs: &super::Runs| json!({"name": runs.name, "runs": runs.runs.len(), "verdicts": runs.verdicts()});
    let value = json!({
        "format": 1,
        "kind": "comparison",
        "first": side(&compared.first),
        "second": side(&compared.second),
        "confidence": 0.95,
        "drawn": if compared.by_runs { "runs" } else { "requests in blocks of a second" },
        "metrics": rows,
        "differences": compared.differences,
    });
    escape_json(&format!("{value:#}")).into_owned() + "\n"
}

//! `chaos-tui report`: a finished session as a page, Markdown, JSON, JUnit XML or CSV.

mod as_plugin;
mod at_end;
mod from_screen;
mod outputs;

use super::{
    GlobalArgs, invocation,
    output::print_page,
    prepare::Refusal,
    recorded::{NAMES, RecordedSession},
};
use crate::{
    printing::{self, Printed},
    report::{Evidence, ReportFormat},
};
pub(crate) use at_end::ReportsAtEnd;
use color_eyre::eyre::Result;
pub(super) use from_screen::{of_live as export_of_live, of_recorded as export_of_recorded};
pub(super) use outputs::Output;
use outputs::{step_summary_file, write_all, write_step_summary};
use std::{path::PathBuf, process::ExitCode};

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
#[command(after_help = invocation::as_called(EXAMPLES).into_owned())]
pub(crate) struct Arguments {
    #[arg(value_name = "SESSION|FILE", help = format!("The session: {NAMES}; or a journal of a run [default: last]"))]
    names: Vec<String>,
    /// Write the report to this file; its extension is its format: .html, .md, .json, .xml (JUnit) or .csv. Repeatable;
    /// `-` is standard output [default: Markdown on standard output]
    #[arg(short, long = "output", value_name = "OUT")]
    outputs: Vec<PathBuf>,
    /// Format of standard output, and of files whose extension names none: html, md, json, xml or csv
    #[arg(long, value_name = "FORMAT")]
    format: Option<ReportFormat>,
    /// As `chaos report` of chaostoolkit-reporting takes it: `--export-format=html JOURNAL REPORT`
    #[arg(long, value_name = "FORMAT", hide_short_help = true, conflicts_with_all = ["outputs", "format"])]
    export_format: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  A page of the last session:
    chaos-tui report -o report.html
  Everything that a CI job wants, from a recording:
    chaos-tui report session.ctui -o report.html -o junit.xml -o summary.json
  What a journal of `chaos run` tells:
    chaos-tui report journal.json -o report.html";

/// Makes the reports.
///
/// # Errors
/// If there is no such session, it cannot be read, or a report cannot be written.
pub(crate) fn run(global: &GlobalArgs, arguments: &Arguments) -> Result<ExitCode> {
    global.enter_folder()?;
    let (name, outputs) = requested(arguments)?;
    let evidence = evidence_of(name)?;
    let mut failed = Vec::new();
    for (output, written) in write_all(&evidence, outputs.iter().filter(|output| !output.is_stdout())) {
        match written {
            Ok(()) => printing::err(format!("wrote {}", output.path.display())),
            Err(why) => failed.push(why),
        }
    }
    if let Some(file) = step_summary_file()
        && let Err(why) = write_step_summary(&evidence, &file)
    {
        printing::err(format!("warning: {why}"));
    }
    for output in outputs.iter().filter(|output| output.is_stdout()) {
        let text = output.format.render(&evidence);
        print_page(if output.format == ReportFormat::Json { Printed::json(&text) } else { text.into() })?;
    }
    if failed.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Refusal::invalid(failed.join("; ")).into()) }
}

/// The session and the outputs that the command line names.
fn requested(arguments: &Arguments) -> Result<(Option<&str>, Vec<Output>), Refusal> {
    let names = &arguments.names;
    let plugin = arguments.export_format.is_some() || invocation::called_as() != invocation::OWN;
    if plugin && (arguments.export_format.is_some() || (names.len() > 1 && arguments.outputs.is_empty())) {
        return as_plugin::requested(arguments.export_format.as_deref(), names);
    }
    if let [_, other, ..] = names.as_slice() {
        return Err(Refusal::usage(format!(
            "a report is made of one session, and {other:?} is a second name; write the report with `-o {other}`"
        )));
    }
    let outputs = if arguments.outputs.is_empty() {
        vec![Output::stdout(arguments.format.unwrap_or(ReportFormat::Md))]
    } else {
        Output::all(&arguments.outputs, arguments.format)?
    };
    Ok((names.first().map(String::as_str), outputs))
}

/// Reads the session of a name.
fn evidence_of(name: Option<&str>) -> Result<Evidence, Refusal> {
    RecordedSession::find(name)?.evidence().map_err(Refusal::invalid)
}

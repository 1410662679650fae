//! `chaos-tui compare`: two sessions side by side, and what differs beyond noise.

mod side;

use super::{GlobalArgs, invocation, output::print_page, prepare::Refusal, report::Output};
use crate::{
    printing::{self, Printed},
    report::{Comparison, ReportFormat, RunsCompared, compared_document},
    session::whole_file::replace_file,
};
use color_eyre::eyre::Result;
use side::Side;
use std::{path::PathBuf, process::ExitCode};

/// Arguments of `compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = invocation::as_called(EXAMPLES).into_owned())]
pub(crate) struct Arguments {
    /// The first session: a file, the id of a session or its beginning, `last`, or `last~1` for the one before; or a JSON
    /// report with one run or several
    #[arg(value_name = "A")]
    first: String,
    /// The second session
    #[arg(value_name = "B")]
    second: String,
    /// Write the comparison to this file: .html, .md or .json; repeatable; `-` is standard output [default: text on standard
    /// output]
    #[arg(short, long = "output", value_name = "OUT")]
    outputs: Vec<PathBuf>,
    /// Format of standard output, and of files whose extension names none: html, md or json
    #[arg(long, value_name = "FORMAT")]
    format: Option<ReportFormat>,
    /// Names of the two sides
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    names: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  The last two sessions, and a page of both:
    chaos-tui compare last~1 last -o comparison.html
  Five runs with a committed baseline of five:
    chaos-tui compare baseline.json runs.json
  The same on the screen:
    chaos-tui replay last --ghost last~1 --at end";

/// Compares the sessions.
///
/// # Errors
/// If there is no such session, it cannot be read, or a file cannot be written.
pub(crate) fn run(global: &GlobalArgs, arguments: &Arguments) -> Result<ExitCode> {
    global.enter_folder()?;
    let outputs = outputs(arguments)?;
    let (mut first, mut second) = (Side::read(&arguments.first)?, Side::read(&arguments.second)?);
    if !matches!(arguments.names.len(), 0 | 2) {
        return Err(Refusal::usage("--names takes two names: --names before,after").into());
    }
    if let [one, two] = arguments.names.as_slice() {
        (first.runs.name, second.runs.name) = (one.clone(), two.clone());
    } else if first.runs.name == second.runs.name {
        (first.runs.name, second.runs.name) = ("A".to_owned(), "B".to_owned());
    }
    let compared = RunsCompared::of(first.runs.clone(), second.runs.clone());
    let evidence = first.evidence.as_ref().zip(second.evidence.as_ref());
    if outputs.is_empty() {
        if let Some((one, two)) = evidence {
            let both = Comparison::of((&first.runs.name, &one.session), (&second.runs.name, &two.session));
            return print_page(format!("{both}\nWHAT DIFFERS BEYOND NOISE\n{compared}"));
        }
        return print_page(compared.to_string());
    }
    for output in &outputs {
        let text = compared_document(output.format, &compared, evidence).map_err(Refusal::usage)?;
        if output.is_stdout() {
            print_page(if output.format == ReportFormat::Json { Printed::json(&text) } else { text.into() })?;
            continue;
        }
        replace_file(&output.path, &text).map_err(|error| {
            Refusal::invalid(format!(
                "cannot write the comparison to {}: {error}; choose another place",
                output.path.display()
            ))
        })?;
        printing::err(format!("wrote {}", output.path.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn outputs(arguments: &Arguments) -> Result<Vec<Output>, Refusal> {
    match (arguments.outputs.as_slice(), arguments.format) {
        ([], Some(format)) => Ok(vec![Output::stdout(format)]),
        (paths, format) => Output::all(paths, format),
    }
}

//! `report` as the plug-in chaostoolkit-reporting has it: `report --export-format=html JOURNAL REPORT`.

use super::{Output, Refusal};
use crate::report::ReportFormat;
use std::path::PathBuf;

/// The journal and the report of such a command line. Without a format it is Markdown, as there.
pub(super) fn requested<'a>(
    format: Option<&str>,
    names: &'a [String],
) -> Result<(Option<&'a str>, Vec<Output>), Refusal> {
    let format = self::format(format.unwrap_or("markdown"))?;
    match names {
        [journal, report] => Ok((Some(journal), vec![Output { path: PathBuf::from(report), format }])),
        [] | [_] => Err(Refusal::usage(
            "`report --export-format` takes the journal and the report: `chaos-tui report --export-format=html journal.json report.html`",
        )),
        _ => Err(Refusal::usage(
            "a report is made of one journal; make one of each, or compare runs with `chaos report` of chaostoolkit-reporting",
        )),
    }
}

fn format(name: &str) -> Result<ReportFormat, Refusal> {
    match name.to_ascii_lowercase().as_str() {
        "html" | "html5" => Ok(ReportFormat::Html),
        "markdown" | "md" | "gfm" | "markdown_github" => Ok(ReportFormat::Md),
        "json" => Ok(ReportFormat::Json),
        "pdf" => Err(Refusal::usage(
            "chaos-tui makes no PDF: export html and print the page from a browser, which it is laid out for",
        )),
        other => Err(Refusal::usage(format!(
            "chaos-tui does not export {other:?}; it exports html, markdown and json, and with -o also JUnit (.xml) and .csv"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plug_ins_command_line_is_taken_where_it_is_clear() {
        let names: Vec<String> = ["journal.json", "report.html"].map(str::to_owned).into();
        let (journal, outputs) = requested(Some("html"), &names).unwrap();
        assert_eq!((journal, outputs[0].format), (Some("journal.json"), ReportFormat::Html));
        assert_eq!(requested(None, &names).unwrap().1[0].format, ReportFormat::Md);
        for (format, names, why) in [
            (Some("pdf"), &names[..], "print the page"),
            (Some("docx"), &names[..], "does not export"),
            (Some("html"), &names[..1], "takes the journal and the report"),
            (Some("html"), &[names.clone(), names.clone()].concat()[..], "one journal"),
        ] {
            let refusal = requested(format, names).unwrap_err();
            assert!(refusal.code == 2 && refusal.message.contains(why), "{refusal}");
        }
    }
}

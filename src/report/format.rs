//! The formats of reports, by the extension of the file.

use super::{Evidence, csv, facts::Facts, html, junit, markdown, summary};
use std::{ffi::OsStr, path::Path, str::FromStr};

/// A format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ReportFormat {
    /// One page with everything, for people.
    Html,
    /// Short, for a pull request or an incident page.
    Md,
    /// Figures for programs; docs/summary.schema.json describes it.
    Json,
    /// JUnit XML, for CI systems.
    Xml,
    /// Every request to the users' endpoints.
    Csv,
}

/// A file name whose extension names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the format of the report {0} is not known by its name; end it with .html, .md, .json, .xml (JUnit) or .csv"
)]
pub(crate) struct UnknownFormat(String);

impl ReportFormat {
    /// Returns the format that the extension of a file names.
    pub(crate) fn of(path: &Path) -> Result<Self, UnknownFormat> {
        let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        extension.parse().map_err(|_: String| UnknownFormat(path.display().to_string()))
    }

    /// Renders the report in this format.
    pub(crate) fn render(self, evidence: &Evidence) -> String {
        let facts = Facts::of(evidence);
        match self {
            Self::Html => html::page(&facts),
            Self::Md => markdown::text(&facts),
            Self::Json => summary::Summary::of(&facts).to_json(),
            Self::Xml => junit::text(&facts),
            Self::Csv => csv::text(&facts),
        }
    }
}

impl FromStr for ReportFormat {
    type Err = String;

    /// Parses an extension, or another usual name of the format.
    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "html" | "htm" => Self::Html,
            "md" | "markdown" => Self::Md,
            "json" => Self::Json,
            "xml" | "junit" => Self::Xml,
            "csv" => Self::Csv,
            _ => {
                return Err(format!(
                    "there is no format {name:?}; choose html, md, json, xml (JUnit) or csv"
                ));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ReportFormat;
    use std::path::Path;

    #[test]
    fn the_extension_names_the_format() {
        let of = |name: &str| ReportFormat::of(Path::new(name));
        assert_eq!(of("a/out.html"), Ok(ReportFormat::Html));
        assert_eq!(of("OUT.MD"), Ok(ReportFormat::Md));
        assert_eq!(of("junit.xml"), Ok(ReportFormat::Xml));
        for name in ["report", "report.pdf", ".html", "html"] {
            let said = of(name).unwrap_err().to_string();
            assert!(said.contains(name) && said.contains(".csv"), "{said}");
        }
    }
}

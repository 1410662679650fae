//! `chaos-tui validate SOURCE`: lists all errors, each with its position and a remedy (experiment-format 12.3).

use super::{ConnectionArgs, Connections, GlobalArgs};
use crate::{
    engine::{Notifications, PrintTarget, PythonEvents},
    experiment::{
        Access, Environment, Finding, Findings, Settings, SettingsError, Severity, Signatures,
        ValidationChecks, check, findings, load,
    },
    printing::{self, Printed, clean},
    provider::NativeSignatures,
    session::{clock::Clock, stream::stream},
};
use color_eyre::eyre::{Result, WrapErr};
use std::{
    io::{self, Write},
    process::ExitCode,
};
use tokio::sync::mpsc;

/// Arguments of `validate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Experiment: a file (.json, .yaml, .yml) or a URL
    pub source: String,
    /// Do not verify the server's certificate when the source is a URL
    #[arg(long)]
    pub no_verify_tls: bool,
    /// Output format of the findings
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Which Python.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// The output formats of the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Text on stderr, with the erroneous part underlined
    Text,
    /// One JSON object on stdout, for editors and CI
    Json,
}

/// The resources that validation uses.
#[derive(Clone, Copy)]
pub(crate) struct ValidationContext<'a> {
    /// Environment variables.
    pub environment: &'a Environment,
    /// The settings, with credentials for URLs.
    pub settings: &'a Settings,
    /// Signatures of native and Python functions.
    pub signatures: &'a dyn Signatures,
    /// Notification channels, if any.
    pub notifications: Option<&'a Notifications>,
}

/// Validates an experiment with the native functions, the Python and the environment of this machine. Exits with 0 if
/// the experiment is valid, else 1.
///
/// # Errors
/// If the runtime cannot be started or an output stream cannot be written.
pub(crate) fn command(global: &GlobalArgs, arguments: &Arguments) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let valid = runtime.and_then(|runtime| {
        runtime.block_on(async {
            if let Some(folder) = &global.change_dir {
                let (out, log) = (&mut printing::stdout(), &mut printing::stderr());
                let mut report = Report::new(arguments, out, log);
                report.line("WARNING", &format!("Moving to {}", folder.display()))?;
                if let Err(error) = std::env::set_current_dir(folder) {
                    report.line("ERROR", &format!("cannot move to {}: {error}", folder.display()))?;
                    return Ok(false);
                }
            }
            let environment = Environment::of_process();
            let path = global.settings.clone().unwrap_or_else(|| Settings::default_path(&environment));
            let settings = match Settings::read(&path) {
                Ok(settings) => settings,
                Err(error) => {
                    Report::new(arguments, &mut printing::stdout(), &mut printing::stderr())
                        .line("ERROR", &error.to_string())?;
                    match error {
                        SettingsError::Syntax(_) => Settings::default(),
                        _ => return Ok(false),
                    }
                }
            };
            // The stream has no reader: output of extensions during their inspection is discarded.
            let (emitter, _) = stream(Clock::system());
            let events = PythonEvents::new(emitter.clone(), mpsc::channel(1).0, PrintTarget::Console);
            let Connections { providers, python, .. } =
                arguments.connection.connect(&environment, &settings, &events);
            let signatures = NativeSignatures { providers: &providers, python: &*python };
            let notifications =
                Notifications::new("validate", &settings, python.clone(), providers.clone(), emitter);
            let context = ValidationContext {
                environment: &environment,
                settings: &settings,
                signatures: &signatures,
                notifications: Some(&notifications),
            };
            let valid = run(arguments, context, &mut printing::stdout(), &mut printing::stderr()).await;
            python.shut_down().await;
            valid
        })
    });
    let valid = valid.wrap_err("cannot validate the experiment")?;
    Ok(if valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Validates an experiment and returns whether it is valid. Writes text to `log`, JSON to `out`.
pub(crate) async fn run(
    arguments: &Arguments,
    context: ValidationContext<'_>,
    out: &mut dyn Write,
    log: &mut dyn Write,
) -> io::Result<bool> {
    let ValidationContext { environment, settings, signatures, notifications } = context;
    let access = Access { verify_tls: !arguments.no_verify_tls, environment, settings };
    let mut report = Report::new(arguments, out, log);
    let document = match load(&arguments.source, access).await {
        Ok(document) => document,
        Err(error) => {
            let (finding, line) = error.finding();
            report.line("ERROR", &error.to_string())?;
            report.findings(&[finding], |_| line.clone())?;
            return Ok(false);
        }
    };
    if let (Some(channels), Some(experiment)) = (notifications, document.root().as_map()) {
        channels.started(experiment).await;
    }
    report.line("INFO", "Validating the experiment's syntax")?;
    let findings = check(&document, ValidationChecks { environment, signatures }).await;
    let Findings(found) = &findings;
    let first = findings.errors().next();
    // Warnings of the reference are printed only if there is no error.
    let warned = findings.warnings().filter_map(|finding| finding.reference_message.as_deref());
    for warning in warned.filter(|_| first.is_none()) {
        report.line("WARNING", warning)?;
    }
    if let (Some(channels), Some(experiment)) = (notifications, document.root().as_map()) {
        let reason =
            |finding: &Finding| finding.reference_message.clone().unwrap_or_else(|| finding.message.clone());
        let raised =
            |finding: &Finding| format!("An exception was raised: {}('{}')", finding.class, reason(finding));
        channels.validated(experiment, first.map(raised)).await;
    }
    match first {
        Some(error) => {
            report.line("ERROR", error.reference_message.as_deref().unwrap_or(&error.message))?;
        }
        None => report.line("INFO", "Experiment looks valid")?,
    }
    report.findings(found, |line| Some(document.line(line).to_owned()))?;
    let valid = first.is_none();
    if valid {
        report.line("INFO", "experiment syntax and semantic look valid")?;
    }
    Ok(valid)
}

struct Report<'a> {
    format: Format,
    source: &'a str,
    out: &'a mut dyn Write,
    log: &'a mut dyn Write,
}

impl<'a> Report<'a> {
    fn new(arguments: &'a Arguments, out: &'a mut dyn Write, log: &'a mut dyn Write) -> Self {
        Self { format: arguments.format, source: &arguments.source, out, log }
    }

    /// Writes a line in the format of the reference's console; writes nothing in JSON format.
    fn line(&mut self, level: &str, message: &str) -> io::Result<()> {
        if self.format == Format::Json {
            return Ok(());
        }
        let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string();
        // In a single write, because others write to the same stream.
        self.log.write_all(format!("[{now} {level}] {}\n", clean(message)).as_bytes())
    }

    fn findings(&mut self, found: &[Finding], line: impl Fn(usize) -> Option<String>) -> io::Result<()> {
        let errors = found.iter().filter(|finding| finding.severity == Severity::Error).count();
        let warnings = found.len() - errors;
        if self.format == Format::Json {
            let report = serde_json::json!({
                "source": self.source,
                "valid": errors == 0,
                "errors": errors,
                "warnings": warnings,
                "findings": found,
            });
            return writeln!(self.out, "{}", Printed::json(&format!("{report:#}")));
        }
        for finding in found {
            let rendered = findings::render(finding, self.source, line(finding.position.line).as_deref());
            write!(self.log, "\n{rendered}")?;
        }
        if !found.is_empty() {
            writeln!(self.log, "\n{} in {}\n", counted(errors, warnings), clean(self.source))?;
        }
        Ok(())
    }
}

fn counted(errors: usize, warnings: usize) -> String {
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, warnings) => count(warnings, "warning"),
        (errors, 0) => count(errors, "error"),
        (errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Arguments, ConnectionArgs, Format, ValidationContext, run};
    use crate::{
        experiment::{Environment, Settings},
        test_support::NoPython,
    };

    fn validated(text: &str, format: Format) -> (bool, String, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        std::fs::write(&path, text).unwrap();
        let arguments = Arguments {
            source: path.display().to_string(),
            no_verify_tls: false,
            format,
            connection: ConnectionArgs::default(),
        };
        let (environment, settings) = (Environment::default(), Settings::default());
        let context = ValidationContext {
            environment: &environment,
            settings: &settings,
            signatures: &NoPython,
            notifications: None,
        };
        let (mut out, mut log) = (Vec::new(), Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let valid = runtime.block_on(run(&arguments, context, &mut out, &mut log)).unwrap();
        (valid, String::from_utf8(out).unwrap(), String::from_utf8(log).unwrap())
    }

    #[test]
    fn c109_a_valid_file_gives_three_lines() {
        let (valid, out, log) =
            validated(r#"{"title": "t", "description": "d", "method": []}"#, Format::Text);
        let messages: Vec<&str> = log.lines().map(|line| line.split_once("] ").unwrap().1).collect();
        let expected = [
            "Validating the experiment's syntax",
            "Experiment looks valid",
            "experiment syntax and semantic look valid",
        ];
        assert!(valid && out.is_empty());
        assert_eq!(messages, expected);
    }

    #[test]
    fn errors_are_shown_all_at_once() {
        let (valid, _, log) = validated("{\n  \"title\": \"\",\n  \"method\": [{}]\n}", Format::Text);
        assert!(!valid);
        assert!(log.contains("ERROR] experiment requires a title\n"), "{log}");
        for part in ["x.json:2:12", "E-TITLE", "E-DESC", "x.json:3:14", "E-ACT-EMPTY", "\n3 errors in "] {
            assert!(log.contains(part), "{part}: {log}");
        }
    }

    #[test]
    fn json_is_for_machines() {
        let (valid, out, log) = validated("{\n  \"title\": \"t\", \"description\": \"d\"\n}", Format::Json);
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert!(!valid && log.is_empty());
        assert_eq!(report["findings"][0]["code"], "E-METHOD");
        assert_eq!(report["findings"][0]["position"]["line"], 1);
        let (valid, out, _) = validated("{\n \"a\" 1}", Format::Json);
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert!(!valid);
        assert_eq!((&report["findings"][0]["position"]["line"], &report["errors"]), (&2.into(), &1.into()));
    }
}

//! `chaos-tui info core|settings|extensions`: versions and settings, as `chaos info` prints them (experiment-format 12.5).

use super::{ConnectionArgs, GlobalArgs, output::print_page, prepare::Refusal};
use crate::experiment::{Environment, Settings, read_text_bounded};
use clap::ValueEnum;
use color_eyre::eyre::Result;
use pyvalue::Value;
use std::{
    fmt::Write,
    process::{Command, ExitCode, Stdio},
};

/// Lists the distributions that are extensions of Chaos Toolkit, a line each: name, version, licence, summary.
const LIST: &str = r#"
import importlib.metadata as metadata
for found in sorted(metadata.distributions(), key=lambda it: (it.metadata["Name"] or "").lower()):
    about = found.metadata
    name = about["Name"] or ""
    if name.startswith("chaostoolkit-") or "chaostoolkit" in (about["Keywords"] or ""):
        fields = [name, found.version, about["License"] or about["License-Expression"] or "", about["Summary"] or ""]
        print("\t".join(" ".join(field.split()) for field in fields))
"#;

/// The command line's arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to show
    #[arg(value_enum)]
    pub target: Target,
    /// Which Python.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// What to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Versions of this program and of what it is compatible with
    Core,
    /// The settings file
    Settings,
    /// The extensions that are built in, and those of Python
    Extensions,
}

/// Prints the information.
///
/// # Errors
/// When the settings file cannot be read, or standard output cannot be written.
pub(crate) fn run(global: &GlobalArgs, arguments: &Arguments) -> Result<ExitCode> {
    let environment = Environment::of_process();
    match arguments.target {
        Target::Core => print_page(core()),
        Target::Settings => print_page(settings(global, &environment)?),
        Target::Extensions => print_page(extensions(&arguments.connection, &environment)),
    }
}

fn core() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "NAME                VERSION   \nCLI                 {version} (chaos-tui, as chaostoolkit 1.19.0)\n\
         Core library        {version} (chaos-tui, as chaostoolkit-lib 1.44.0)\n"
    )
}

fn settings(global: &GlobalArgs, environment: &Environment) -> Result<String> {
    let path = global.settings.clone().unwrap_or_else(|| Settings::default_path(environment));
    if !path.exists() {
        return Ok(format!("No settings file found at {}\n", path.display()));
    }
    let loaded = Settings::read(&path).map_err(Refusal::invalid)?.loaded();
    let text = read_text_bounded(&path)?;
    without_credentials(text, &loaded).ok_or_else(|| {
        let why = "a credential in `auths` is not written as it reads, so it cannot be masked";
        Refusal::invalid(format!("{} is not shown: {why}", path.display())).into()
    })
}

/// Replaces the values of `auths`, which are sent to servers as credentials. `None` if one does not stand in the text as it
/// reads, because it is escaped or folded.
fn without_credentials(text: String, settings: &Value) -> Option<String> {
    let auths = settings.as_map().and_then(|settings| settings.get("auths")).and_then(Value::as_map);
    let values = auths.into_iter().flat_map(|auths| auths.values());
    let values = values.filter_map(|auth| auth.as_map()?.get("value")?.as_str());
    let mut values = values.filter(|value| !value.is_empty()).collect::<Vec<&str>>();
    // Longest first, so that a credential within a longer one leaves no part of it.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let shown = values.iter().all(|value| text.contains(value));
    shown.then(|| values.iter().fold(text, |text, value| text.replace(value, "***")))
}

fn extensions(connection: &ConnectionArgs, environment: &Environment) -> String {
    let mut page = String::new();
    let mut row = |name: &str, version: &str, license: &str, about: &str| {
        let _ = writeln!(page, "{name:<40}{version:<10}{license:<30}{about:<50}");
    };
    row("NAME", "VERSION", "LICENSE", "DESCRIPTION");
    row("chaostoolkit-kubernetes", "0.39.0", "Apache-2.0", "Kubernetes, built into chaos-tui");
    row("chaosgremlin", "0.3.0", "Apache-2.0", "Gremlin, built into chaos-tui");
    let interpreter = connection.interpreter(environment.clone());
    let listed = Command::new(interpreter.program()).args(["-c", LIST]).stdin(Stdio::null()).output();
    match listed {
        Ok(output) if output.status.success() => {
            for line in String::from_utf8_lossy(&output.stdout).lines() {
                let fields: Vec<&str> = line.split('\t').collect();
                if let [name, version, license, about] = fields[..] {
                    row(name, version, license, about);
                }
            }
            let _ = writeln!(page, "Python: {}", **interpreter);
        }
        _ => {
            let _ =
                writeln!(page, "Python: {} cannot be run, so its extensions are not listed", **interpreter);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::without_credentials;
    use pyvalue::parse_json;

    #[test]
    fn credentials_of_the_settings_are_not_shown() {
        let text = r#"{"auths": {"host": {"type": "bearer", "value": "XYZ"}}, "vendor": {"x": 1}}"#;
        let shown = without_credentials(text.to_owned(), &parse_json(text).unwrap());
        assert_eq!(shown, Some(text.replace("XYZ", "***")));
        let escaped = r#"{"auths": {"host": {"value": "X\u0059Z"}}}"#;
        assert_eq!(without_credentials(escaped.to_owned(), &parse_json(escaped).unwrap()), None);
    }
}

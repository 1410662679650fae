//! The config file, and the command `chaos-tui config`, which shows it.
//!
//! Only commands with a screen read it. A headless run depends only on its command line and its experiment, so that
//! it is the same on every machine.

mod file;
mod locale;
mod page;
mod preferences;
mod table;

use super::{output::print_page, prepare::Refusal};
use crate::experiment::Environment;
use color_eyre::eyre::Result;
pub(crate) use preferences::{Appearance, Preferences};
use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    process::ExitCode,
};

/// The environment variable that names another config file.
pub(crate) const VARIABLE: &str = "CHAOS_TUI_CONFIG";
/// Maximum size of a config file, in bytes.
const MOST: u64 = 1 << 20;

/// Arguments of `config`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print a config file with every setting at its default
    #[arg(long)]
    pub print_default: bool,
    /// Read this config file instead
    #[arg(long, value_name = "PATH", env = VARIABLE)]
    pub config: Option<PathBuf>,
}

/// The location of the config file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ConfigLocation {
    /// Named on the command line or by the environment variable: must exist.
    Named(PathBuf),
    /// The default path in the XDG config folder: need not exist.
    Default(PathBuf),
    /// Neither `XDG_CONFIG_HOME` nor `HOME` is set.
    Nowhere,
}

impl ConfigLocation {
    fn of(named: Option<PathBuf>, environment: &Environment) -> Self {
        if let Some(path) = named.filter(|path| !path.as_os_str().is_empty()) {
            return ConfigLocation::Named(path);
        }
        let absolute =
            |name: &str| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let folder =
            absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")));
        folder.map_or(ConfigLocation::Nowhere, |folder| {
            ConfigLocation::Default(folder.join("chaos-tui").join("config.yaml"))
        })
    }
}

/// Reads the config file, if there is one. Settings that it leaves out have their defaults.
///
/// # Errors
/// If the file cannot be read or holds invalid settings; the text names each position.
pub(crate) fn preferences(named: Option<PathBuf>) -> Result<Preferences, String> {
    read(&ConfigLocation::of(named, &Environment::of_process())).map(|option| option.unwrap_or_default())
}

/// Reads the config file. Returns `None` if an optional file does not exist.
fn read(place: &ConfigLocation) -> Result<Option<Preferences>, String> {
    let path = match place {
        ConfigLocation::Named(path) | ConfigLocation::Default(path) => path,
        ConfigLocation::Nowhere => return Ok(None),
    };
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MOST + 1).read_to_string(&mut text));
    match (read, place) {
        (Ok(length), _) if length as u64 > MOST => {
            Err(format!("the config file {} is longer than 1 MiB", path.display()))
        }
        (Ok(_), _) => file::parse(&path.display().to_string(), &text).map(Some),
        (Err(error), ConfigLocation::Default(_)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        (Err(error), _) => Err(format!("the config file {} cannot be read: {error}", path.display())),
    }
}

/// Prints the default config file, or the path of the config file and the settings in effect.
///
/// # Errors
/// If the config file cannot be read or is invalid, or standard output cannot be written.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let page = if arguments.print_default {
        default_file()
    } else {
        effective_settings(arguments.config.clone()).map_err(Refusal::usage)?
    };
    print_page(page)
}

fn default_file() -> String {
    let head = "# The config file of chaos-tui, every setting at its default.\n\
        # It belongs into $XDG_CONFIG_HOME/chaos-tui/config.yaml (~/.config/chaos-tui/config.yaml); the command line\n\
        # overrides it. `chaos-tui run` does not read it.\n\n";
    head.to_owned() + &page::page(&Preferences::default())
}

fn effective_settings(named: Option<PathBuf>) -> Result<String, String> {
    let place = ConfigLocation::of(named, &Environment::of_process());
    let found = read(&place)?;
    let state = match (&place, &found) {
        (ConfigLocation::Nowhere, _) => {
            "neither XDG_CONFIG_HOME nor HOME is set: there is no config file to read".to_owned()
        }
        (ConfigLocation::Named(path) | ConfigLocation::Default(path), Some(_)) => {
            format!("read from {}", path.display())
        }
        (ConfigLocation::Named(path) | ConfigLocation::Default(path), None) => {
            format!("{} is not there: these are the defaults", path.display())
        }
    };
    let other = format!("# --config PATH or {VARIABLE} names another file; the command line overrides it");
    Ok(format!("# {state}\n{other}\n\n{}", page::page(&found.unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_looked_for_in_the_xdg_place_unless_named() {
        let of = |named: Option<&str>, variables: [(&str, &str); 2]| {
            ConfigLocation::of(named.map(PathBuf::from), &Environment::of(variables))
        };
        let usual = |path: &str| ConfigLocation::Default(PathBuf::from(path));
        let both = [("XDG_CONFIG_HOME", "/x"), ("HOME", "/home/me")];
        assert_eq!(of(None, both), usual("/x/chaos-tui/config.yaml"));
        let relative = [("XDG_CONFIG_HOME", "x"), ("HOME", "/home/me")];
        assert_eq!(of(None, relative), usual("/home/me/.config/chaos-tui/config.yaml"));
        assert_eq!(of(Some("mine.yaml"), both), ConfigLocation::Named("mine.yaml".into()));
        assert_eq!(of(Some(""), both), usual("/x/chaos-tui/config.yaml"));
        assert_eq!(of(None, [("XDG_CONFIG_HOME", ""), ("HOME", "")]), ConfigLocation::Nowhere);
    }

    #[test]
    fn a_file_that_was_named_must_be_there_and_any_other_need_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        assert!(read(&ConfigLocation::Default(path.clone())).unwrap().is_none());
        let error = read(&ConfigLocation::Named(path.clone())).unwrap_err();
        assert!(error.contains("config.yaml cannot be read"), "{error}");
        std::fs::write(&path, "theme: light\n").unwrap();
        assert_eq!(read(&ConfigLocation::Default(path.clone())).unwrap().unwrap().theme, "light");
        std::fs::write(&path, vec![b'#'; (MOST + 1) as usize]).unwrap();
        assert!(read(&ConfigLocation::Default(path)).unwrap_err().contains("longer than"));
    }

    #[test]
    fn the_default_file_parses() {
        assert!(file::parse("config.yaml", &default_file()).is_ok());
    }
}

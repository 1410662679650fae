//! The settings of a session's record, from the command line and the environment.

use super::{GlobalArgs, NativeFunctions, RunArgs};
use crate::{
    cluster::ClusterSettings,
    engine::RecordSettings,
    session::{
        event::Timestamp,
        record::{RecordHeader, ReplayOptions, SessionsFolder},
    },
};
use std::path::{Path, PathBuf};

/// Returns the folder of this user's sessions.
///
/// # Errors
/// If there is none; the text says what to set.
pub(crate) fn sessions_folder() -> Result<SessionsFolder, String> {
    SessionsFolder::of_user(|name| std::env::var(name).ok()).map_err(|error| error.to_string())
}

/// Returns the settings of the record of a session of this experiment.
pub(crate) fn settings(global: &GlobalArgs, source: &str, arguments: &RunArgs) -> RecordSettings {
    let options = ReplayOptions {
        vars: arguments.variables.vars.clone(),
        var_files: arguments.variables.var_files.iter().map(absolute).collect(),
        settings: global.settings.as_ref().map(absolute),
        context: arguments.connection.context.clone(),
        context_variable: std::env::var("KUBERNETES_CONTEXT").ok(),
        kubeconfig: kubeconfig_files(arguments),
        python: arguments.connection.python.clone(),
        python_only: arguments.connection.python_native == NativeFunctions::Off,
    };
    let header = RecordHeader {
        sandbox: arguments.sandbox.is_some(),
        options,
        ..RecordHeader::begun(source, Timestamp::now())
    };
    RecordSettings {
        folder: (!arguments.no_record).then(sessions_folder),
        header,
        kit_file: !arguments.no_kit_file,
    }
}

/// The kubeconfig files that the session reads, of which the environment of a later recovery may know nothing.
fn kubeconfig_files(arguments: &RunArgs) -> Vec<PathBuf> {
    let mut settings = ClusterSettings::new(|name| std::env::var(name).ok());
    settings.kubeconfig.clone_from(&arguments.connection.kubeconfig);
    settings.kubeconfig_files().iter().map(absolute).collect()
}

fn absolute(path: impl AsRef<Path>) -> PathBuf {
    let path = path.as_ref();
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

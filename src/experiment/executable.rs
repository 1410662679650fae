//! Finds an executable as a shell does (experiment-format 3.1).

use super::Environment;
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// The search path if `PATH` is not set.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// The file that `path` names: as given if it contains a slash, else the first match in `PATH`.
pub fn find(path: &str, environment: &Environment) -> Option<PathBuf> {
    if path.contains('/') {
        return is_executable(Path::new(path)).then(|| PathBuf::from(path));
    }
    find_all(path, environment).into_iter().next()
}

/// All files of that name in `PATH`.
pub fn find_all(name: &str, environment: &Environment) -> Vec<PathBuf> {
    let directories = environment.get("PATH").unwrap_or_else(|| DEFAULT_PATH.to_owned());
    let candidates = std::env::split_paths(&directories).map(|directory| directory.join(name));
    candidates.filter(|candidate| is_executable(candidate)).collect()
}

/// The names of all files in `PATH`, for a suggestion; read only if a program was not found.
pub(super) fn names(environment: &Environment) -> Vec<String> {
    let directories = environment.get("PATH").unwrap_or_else(|| DEFAULT_PATH.to_owned());
    let entries =
        std::env::split_paths(&directories).filter_map(|directory| std::fs::read_dir(directory).ok());
    entries.flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn is_executable(path: &Path) -> bool {
    let metadata = std::fs::metadata(path);
    // Root may access every file; but a file without any execute bit is not executable for root either.
    metadata.is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::experiment::Environment;

    #[test]
    fn executables_are_found_as_a_shell_does() {
        let environment = Environment::of([("PATH", "/nowhere:/bin:/usr/bin")]);
        assert!(find("sh", &environment).is_some_and(|path| path.ends_with("sh")));
        assert!(find("/bin/sh", &environment).is_some());
        for missing in ["no-such-program", "/bin", "~/sh", "/etc/passwd", ""] {
            assert_eq!(find(missing, &environment), None, "{missing}");
        }
        assert!(find("sh", &Environment::default()).is_some(), "without PATH");
    }
}

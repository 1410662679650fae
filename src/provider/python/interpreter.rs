//! The choice of the Python interpreter that runs the extensions.

use std::{
    ffi::OsStr,
    fmt,
    path::{Path, PathBuf},
};

/// The program to start, and the source of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    program: PathBuf,
    named_by: NamedBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NamedBy {
    Option,
    VirtualEnvironment,
    Nobody,
}

impl Interpreter {
    /// The operator's choice (`--python`), else the active virtual environment's (`VIRTUAL_ENV`), else `python3` of
    /// the `PATH`.
    pub fn choose(option: Option<&Path>, virtual_env: Option<&OsStr>) -> Self {
        match (option, virtual_env.filter(|folder| !folder.is_empty())) {
            (Some(program), _) => Self { program: program.to_owned(), named_by: NamedBy::Option },
            (None, Some(folder)) => {
                let program = Path::new(folder).join("bin").join("python");
                Self { program, named_by: NamedBy::VirtualEnvironment }
            }
            (None, None) => Self { program: PathBuf::from("python3"), named_by: NamedBy::Nobody },
        }
    }

    /// The program: a path, or a name to look up in `PATH`.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

/// Shows the program and the source of its name, for messages.
impl fmt::Display for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match self.named_by {
            NamedBy::Option => "given by --python",
            NamedBy::VirtualEnvironment => "of the active virtual environment, VIRTUAL_ENV",
            NamedBy::Nobody => "found through PATH; --python PATH names another one",
        };
        write!(f, "'{}' ({source})", self.program.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_wins_over_the_virtual_environment_and_that_over_the_path() {
        let choose = |option: Option<&str>, env: Option<&str>| {
            Interpreter::choose(option.map(Path::new), env.map(OsStr::new))
        };
        let cases = [
            (Some("/opt/py"), Some("/venv"), "/opt/py"),
            (Some("python3.12"), None, "python3.12"),
            (None, Some("/venv"), "/venv/bin/python"),
            (None, Some(""), "python3"),
            (None, None, "python3"),
        ];
        for (option, env, program) in cases {
            assert_eq!(choose(option, env).program(), Path::new(program), "{option:?} {env:?}");
        }
    }
}

//! The choice of the Python interpreter that runs the extensions.

use std::{
    ffi::OsStr,
    fmt,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

/// The interpreter, chosen when it is first needed: a run without Python looks for none.
pub type LazyInterpreter = Arc<LazyLock<Interpreter, Box<dyn FnOnce() -> Interpreter + Send>>>;

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
    /// The script `chaos` on the `PATH`, as pipx and uv install it, each in an environment of its own.
    ChaosScript,
    Nobody,
}

impl Interpreter {
    /// The operator's choice (`--python`), else the active virtual environment's (`VIRTUAL_ENV`), else that of the first
    /// `chaos` of the `PATH` that is a script of Python, whose extensions the experiments were written for, else `python3`
    /// of the `PATH`.
    pub fn choose(
        option: Option<&Path>,
        virtual_env: Option<&OsStr>,
        chaos: impl IntoIterator<Item = PathBuf>,
    ) -> Self {
        if let Some(program) = option {
            return Self { program: program.to_owned(), named_by: NamedBy::Option };
        }
        if let Some(folder) = virtual_env.filter(|folder| !folder.is_empty()) {
            let program = Path::new(folder).join("bin").join("python");
            return Self { program, named_by: NamedBy::VirtualEnvironment };
        }
        match chaos.into_iter().find_map(|path| of_script(&path)) {
            Some(program) => Self { program, named_by: NamedBy::ChaosScript },
            None => Self { program: PathBuf::from("python3"), named_by: NamedBy::Nobody },
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
            NamedBy::VirtualEnvironment => {
                "of the active virtual environment, VIRTUAL_ENV; --python PATH names another one"
            }
            NamedBy::ChaosScript => "of the `chaos` on the PATH; --python PATH names another one",
            NamedBy::Nobody => "found through PATH; --python PATH names another one",
        };
        write!(f, "'{}' ({source})", self.program.display())
    }
}

/// The most of a script that is read: its first two lines.
const HEAD: u64 = 1024;

/// Returns the interpreter that a script names in its first line, if it is a Python with an absolute path that exists, else
/// that of the virtual environment whose script it is.
///
/// Where that path is too long for the kernel or has blanks, pip writes `#!/bin/sh` and names it in the second line:
/// `'''exec' "/a path/python" "$0" "$@"`. Scripts of environments that can be moved look for it beside themselves.
fn of_script(path: &Path) -> Option<PathBuf> {
    let mut head = Vec::new();
    File::open(path).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    let text = String::from_utf8_lossy(&head);
    let mut lines = text.lines();
    let first = lines.next()?.strip_prefix("#!")?.trim();
    named_in(first, lines.next()).or_else(|| beside(path))
}

fn named_in(first: &str, second: Option<&str>) -> Option<PathBuf> {
    let program = match second.and_then(|line| line.strip_prefix("'''exec' ")) {
        Some(rest) if first == "/bin/sh" => match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next()?,
            None => rest.split_whitespace().next()?,
        },
        _ => first.split_whitespace().next()?,
    };
    let program = Path::new(program);
    let is_python = program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python"));
    (is_python && program.is_absolute() && program.exists()).then(|| program.to_owned())
}

/// The interpreter of the virtual environment that a script is installed in, whatever links lead there.
fn beside(script: &Path) -> Option<PathBuf> {
    let script = script.canonicalize().ok()?;
    let folder = script.parent()?;
    let python = folder.join("python");
    (folder.parent()?.join("pyvenv.cfg").exists() && python.exists()).then_some(python)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installed_chaos_names_its_interpreter() {
        let folder = tempfile::tempdir().unwrap();
        let python = folder.path().join("with blank/python3.12");
        std::fs::create_dir(folder.path().join("with blank")).unwrap();
        std::fs::write(&python, "").unwrap();
        let python = python.display().to_string();
        let cases = [
            (format!("#!{}\nimport sys\n", python.replace("with blank/", "")), None),
            (format!("#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n"), Some(python.as_str())),
            ("#!/bin/sh\nexec docker run chaos\n".to_owned(), None),
            ("#!/usr/bin/env python3\n".to_owned(), None),
            ("\u{7f}ELF".to_owned(), None),
        ];
        let chaos = folder.path().join("chaos");
        for (script, wanted) in cases {
            std::fs::write(&chaos, &script).unwrap();
            let chosen = Interpreter::choose(None, None, [chaos.clone()]);
            assert_eq!(chosen.program(), Path::new(wanted.unwrap_or("python3")), "{script}");
        }
        // The first that is a script of Python counts, and one may look for its interpreter beside itself.
        let movable = folder.path().join("venv/bin/chaos");
        std::fs::create_dir_all(movable.parent().unwrap()).unwrap();
        std::fs::write(&movable, "#!/bin/sh\n'''exec' \"$(dirname -- \"$0\")\"/'python' \"$0\"\n").unwrap();
        assert_eq!(Interpreter::choose(None, None, [movable.clone()]).program(), Path::new("python3"));
        std::fs::write(folder.path().join("venv/pyvenv.cfg"), "").unwrap();
        let beside = folder.path().canonicalize().unwrap().join("venv/bin/python");
        std::fs::write(&beside, "").unwrap();
        assert_eq!(Interpreter::choose(None, None, [chaos.clone(), movable]).program(), beside);
        std::fs::write(folder.path().join("python3"), "").unwrap();
        let plain = folder.path().join("python3");
        std::fs::write(&chaos, format!("#!{}\n", plain.display())).unwrap();
        assert_eq!(Interpreter::choose(None, None, [chaos.clone()]).program(), plain);
        assert_eq!(
            Interpreter::choose(None, Some(OsStr::new("/venv")), [chaos]).program(),
            Path::new("/venv/bin/python")
        );
    }

    #[test]
    fn the_option_wins_over_the_virtual_environment_and_that_over_the_path() {
        let choose = |option: Option<&str>, env: Option<&str>| {
            Interpreter::choose(option.map(Path::new), env.map(OsStr::new), None::<PathBuf>)
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

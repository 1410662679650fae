//! Runs one case with both programs, each in a fresh folder.

use crate::{
    case::Case,
    normal::{Raw, Seen},
    reference::{Reference, Start},
};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::SocketAddr,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// Python modules that every case may use.
const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fidelity/modules");

/// The timeout of a case. It exceeds the duration of every case; a process that takes longer hangs and is killed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs cases with one warm reference process and with chaos-tui.
pub(crate) struct Player {
    reference: Reference,
    chaos: PathBuf,
    python: PathBuf,
    server: SocketAddr,
}

/// The outcomes of both programs.
pub(crate) struct Both {
    pub theirs: Seen,
    pub ours: Seen,
}

impl Player {
    pub(crate) fn new(chaos: &Path, python: &Path, server: SocketAddr) -> Self {
        let reference = Reference::start(chaos, python);
        Self { reference, chaos: chaos.to_owned(), python: python.to_owned(), server }
    }

    pub(crate) fn play(&mut self, case: &Case) -> Both {
        let (theirs, ours) = (Stage::set(case, self), Stage::set(case, self));
        Both { theirs: self.theirs(&theirs), ours: self.ours(&ours) }
    }

    fn theirs(&mut self, stage: &Stage) -> Seen {
        let start = Start {
            folder: &stage.folder(),
            arguments: &stage.arguments,
            environment: &stage.environment,
            console: &stage.console(),
            printed: &stage.printed(),
        };
        let pid = self.reference.spawn(&start);
        let watch = Watch::over(pid);
        let exit = self.reference.wait();
        watch.end();
        stage.seen(exit).of_theirs()
    }

    fn ours(&self, stage: &Stage) -> Seen {
        let [console, printed] = [stage.console(), stage.printed()].map(|path| File::create(path).unwrap());
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("chaos-tui"));
        command.args(&stage.arguments).current_dir(stage.folder()).env_clear();
        command.envs(stage.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(printed).stderr(console);
        let mut child = command.spawn().expect("the program starts");
        let watch = Watch::over(i32::try_from(child.id()).unwrap());
        let status = child.wait().unwrap();
        watch.end();
        let exit = status.code().unwrap_or_else(|| -status.signal().unwrap());
        stage.seen(exit.into()).of_ours()
    }
}

/// A folder with the files of a case, and the arguments and environment of the program.
struct Stage {
    root: TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    port: u16,
    /// The files of the folder before the run.
    given: BTreeMap<String, Vec<u8>>,
}

impl Stage {
    fn set(case: &Case, player: &Player) -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("folder");
        fs::create_dir(&folder).unwrap();
        let server = player.server.to_string();
        let filled =
            |text: &str| text.replace("{server}", &server).replace("{folder}", &folder.display().to_string());
        for (name, content) in &case.files {
            let path = folder.join(name);
            if name.ends_with('/') {
                fs::create_dir_all(&path).unwrap();
                continue;
            }
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match std::str::from_utf8(content) {
                Ok(text) => fs::write(&path, filled(text)).unwrap(),
                Err(_) => fs::write(&path, content).unwrap(),
            }
            if std::path::Path::new(name).extension().is_some_and(|ext| ext.eq_ignore_ascii_case("sh")) {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        let quiet = ["--no-version-check", "--no-log-file"].map(str::to_owned);
        let given = case.global.iter().chain([&case.command]).chain(&case.options).chain([&case.source]);
        let arguments = quiet.into_iter().chain(given.map(|text| filled(text))).collect();
        let bin = player.python.parent().unwrap().display();
        let common = [
            ("PATH", format!("{bin}:/usr/local/bin:/usr/bin:/bin")),
            ("HOME", folder.display().to_string()),
            ("PYTHONPATH", format!("{}:{MODULES}", folder.display())),
            ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("NO_PROXY", "127.0.0.1".to_owned()),
        ];
        let mut environment: Vec<(String, String)> =
            common.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        environment.extend(case.environment.iter().map(|(name, value)| (name.clone(), filled(value))));
        debug_assert!(player.chaos.is_absolute() || player.chaos.exists());
        let given = files_under(&folder);
        Self { root, arguments, environment, port: player.server.port(), given }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("folder")
    }

    /// The path is outside the folder, so that the program does not find the file.
    fn console(&self) -> PathBuf {
        self.root.path().join("console")
    }

    fn printed(&self) -> PathBuf {
        self.root.path().join("printed")
    }

    /// Returns the files in the folder that are new or changed after the run.
    fn left(&self) -> Vec<(String, String)> {
        let mut files = files_under(&self.folder());
        files.retain(|name, content| name != "journal.json" && self.given.get(name) != Some(content));
        files.into_iter().map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned())).collect()
    }

    fn seen(&self, exit: i64) -> Raw {
        let read =
            |path: PathBuf| fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Raw {
            exit,
            console: read(self.console()).unwrap_or_default(),
            printed: read(self.printed()).unwrap_or_default(),
            left: self.left(),
            journal: read(self.folder().join("journal.json")),
            folder: self.folder().display().to_string(),
            port: self.port,
            validates: self.arguments.iter().any(|argument| argument == "validate"),
        }
    }
}

/// Returns every file below a folder, by its relative path.
fn files_under(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().flatten() {
            let path = entry.path();
            if path.ends_with(".local/state") {
                // Session records, which the reference does not have.
            } else if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                files.insert(name, fs::read(&path).unwrap_or_default());
            }
        }
    }
    files
}

/// Kills a process that exceeds the timeout.
struct Watch {
    done: mpsc::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Watch {
    fn over(pid: i32) -> Self {
        let (done, ended) = mpsc::channel();
        let thread = thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                // SAFETY: `kill` takes two integers. The thread that waits for the process stops this watch before the
                // id is reused.
                unsafe { libc::kill(pid, libc::SIGKILL) };
            }
        });
        Self { done, thread }
    }

    fn end(self) {
        drop(self.done);
        self.thread.join().unwrap();
    }
}

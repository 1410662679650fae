//! Writes the experiments of the demo to files and builds the arguments of its sessions.

use super::{Arguments, Lesson};
use crate::{cluster::PrivateFolder, commands::live};
use clap::Parser;
use std::{io, path::Path};

/// A folder for the experiments and journals of the demo, deleted when it is dropped unless it is kept.
#[derive(Debug)]
pub(super) struct DemoFolder(pub PrivateFolder);

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: live::Arguments,
}

impl DemoFolder {
    /// Writes the experiments into a new temporary folder.
    pub(super) fn write() -> io::Result<Self> {
        let folder = PrivateFolder::create_for("demo-").map_err(|(_, error)| error)?;
        for (name, text) in Lesson::ALL.map(Lesson::experiment) {
            // Two lessons may share an experiment.
            folder.replace(name, text)?;
        }
        Ok(Self(folder))
    }

    /// Keeps the folder after the end of this process, until the next one that needs a temporary folder.
    pub(super) fn keep(&mut self) {
        self.0.keep();
    }

    /// Returns the folder of the experiments and journals.
    pub(super) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Returns the arguments of the live session of a lesson, as if given on the command line.
    pub(super) fn session(&self, lesson: Lesson, demo: &Arguments) -> live::Arguments {
        let path = |name: &str| self.folder().join(name).display().to_string();
        let line = [
            "demo".to_owned(),
            path(lesson.experiment().0),
            format!("--sandbox={}", lesson.variant()),
            "--journal-path".to_owned(),
            path(&format!("{}.journal.json", lesson.variant())),
            "--rate".to_owned(),
            demo.rate.to_string(),
        ];
        let mut arguments = Line::parse_from(line).arguments;
        arguments.screen_args = demo.looks.clone();
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_told_its_variant_and_where_its_journal_goes() {
        let looks = Line::parse_from(["x", "file", "--ascii"]).arguments.screen_args;
        let demo = Arguments { headless: true, rate: 8.0, looks };
        let script = DemoFolder::write().unwrap();
        for lesson in Lesson::ALL {
            let arguments = script.session(lesson, &demo);
            assert!(std::path::Path::new(&arguments.source).exists(), "{lesson}");
            let (_, text) = lesson.experiment();
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{lesson}");
        }
        let arguments = script.session(Lesson::After, &demo);
        assert_eq!(arguments.run_args.sandbox.as_deref(), Some("after"));
        assert!(arguments.run_args.journal_path.ends_with("after.journal.json"));
        assert_eq!((arguments.screen_args.look.ascii, arguments.watch_args.rate), (Some(true), Some(8.0)));
    }
}

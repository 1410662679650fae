//! The output of a session without a screen: lines on the console, and in a log file if one is named.

use super::line_writer::LineWriter;
use crate::session::{
    Event, EventKind,
    clock::local_zone,
    console::{ConsoleLine, Layout, lines},
    event::Level,
};
use jiff::tz::TimeZone;
use std::{fs::OpenOptions, io, path::PathBuf, time::Duration};
use tokio::sync::oneshot;

/// The log target of the reference's own lines.
pub(super) const TARGET: &str = "chaostoolkit";

/// What is written, and where.
#[derive(Clone, Debug)]
pub(crate) struct ConsoleSettings {
    /// The layout of lines on the console.
    pub layout: Layout,
    /// The least severe level printed on the console.
    pub level: Level,
    /// The log file, and the least severe level written to it.
    pub log_file: Option<(PathBuf, Level)>,
}

/// Writes events as lines.
pub(crate) struct Console {
    layout: Layout,
    level: Level,
    stderr: LineWriter,
    file: Option<(LineWriter, Level)>,
    zone: &'static TimeZone,
}

impl Console {
    /// Opens the log file, if one is named. Needs a runtime.
    ///
    /// # Errors
    /// When the log file or standard error cannot be opened.
    pub(crate) fn open(settings: ConsoleSettings) -> io::Result<Self> {
        let ConsoleSettings { layout, level, log_file } = settings;
        let open = |(path, level)| {
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            io::Result::Ok((LineWriter::start(tokio::fs::File::from_std(file)), level))
        };
        let file = log_file.map(open).transpose()?;
        Ok(Self { layout, level, stderr: LineWriter::stderr()?, file, zone: local_zone() })
    }

    /// Writes the lines of an event.
    pub(super) fn show(&mut self, event: &Event) {
        let target = match &event.what {
            EventKind::Logged { target, .. } => target,
            _ => TARGET,
        };
        for (level, message) in lines(&event.what) {
            self.write(ConsoleLine { at: event.at, level, target, message: &message });
        }
    }

    fn write(&mut self, line: ConsoleLine<'_>) {
        if line.level >= self.level {
            self.stderr.line(self.layout.show(line, self.zone));
        }
        if let Some((file, _)) = self.file.as_mut().filter(|(_, level)| line.level >= *level) {
            let layout = Layout::Text { with_target: true, colour: false };
            file.line(layout.show(line, self.zone));
        }
    }

    pub(super) fn flush(&mut self, written: oneshot::Sender<()>) {
        self.stderr.flush(written);
    }

    /// Waits until everything is written; for `patience` at most, if there is a limit.
    pub(crate) async fn finish(self, patience: Option<Duration>) {
        self.stderr.finish(patience).await;
        if let Some((file, _)) = self.file {
            file.finish(patience).await;
        }
    }
}

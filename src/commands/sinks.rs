//! Where a headless command's lines go: the console, and a log file if one is named.

use super::{Global, LogFormat, live::Audience};
use crate::runner::Compat;
use crate::session::{
    Event, What,
    clock::local_zone,
    console::{Layout, Line, lines},
    event::Level,
    journal::{Journal, Machine},
    stream::Stream,
};
use jiff::tz::TimeZone;
use std::{
    fs::{File, OpenOptions},
    future::Future,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    pin::pin,
};

/// The target of lines that are no room's but the reference's own.
const TARGET: &str = "chaostoolkit";

/// Reads the stream of a headless command to its end.
pub struct Sinks {
    console: Layout,
    level: Level,
    file: Option<(File, Level)>,
    zone: &'static TimeZone,
    /// What the run comes to.
    pub journal: Journal,
    /// Who listens besides, if anybody.
    pub audience: Option<Audience>,
}

impl Sinks {
    /// Opens the log file, if one is wanted.
    pub fn open(global: &Global, compat: Compat) -> io::Result<Self> {
        let named = global.log_file.clone().or_else(|| compat.log_file().map(PathBuf::from));
        let path = named.filter(|_| !global.no_log_file);
        let file = path.map(|path| OpenOptions::new().create(true).append(true).open(path)).transpose()?;
        let coloured =
            io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
        let console = match global.log_format {
            LogFormat::String => Layout::Text { places: global.verbose, colour: coloured },
            LogFormat::Json => Layout::Json { context_id: uuid::Uuid::new_v4().to_string() },
        };
        Ok(Self {
            console,
            level: if global.verbose { Level::Debug } else { Level::Info },
            file: file.map(|file| (file, global.log_file_level.into())),
            zone: local_zone(),
            journal: Journal::new(Machine::this()),
            audience: None,
        })
    }

    /// Does `work` while what it tells is written down; everything told is written when this returns.
    pub async fn follow<T>(&mut self, stream: &mut Stream, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let result = loop {
            tokio::select! {
                biased;
                Some(event) = stream.next() => self.take(&event),
                result = &mut work => break result,
            }
        };
        while let Some(event) = stream.try_next() {
            self.take(&event);
        }
        result
    }

    fn take(&mut self, event: &Event) {
        self.journal.apply(event);
        if let Some(audience) = &self.audience {
            audience.hear(event);
        }
        let target = match &event.what {
            What::Logged { target, .. } => target,
            _ => TARGET,
        };
        for (level, message) in lines(&event.what) {
            self.write(Line { at: event.at, level, target, message: &message });
        }
    }

    fn write(&mut self, line: Line<'_>) {
        if line.level >= self.level {
            // A console that is gone, or a full disk, is no reason to stop halfway through an experiment.
            let _ = write_line(&mut io::stderr(), self.console.show(line, self.zone));
        }
        if let Some((file, level)) = self.file.as_mut().filter(|(_, level)| line.level >= *level) {
            let _ = level;
            let layout = Layout::Text { places: true, colour: false };
            let _ = write_line(file, layout.show(line, self.zone));
        }
    }
}

/// Writes `line` and its end at once: others write to the same place (Python's prints, children, a second run with
/// the same log file), and none of them may come between.
pub(super) fn write_line(to: &mut impl Write, mut line: String) -> io::Result<()> {
    line.push('\n');
    to.write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::write_line;
    use std::io::{self, Write};

    /// Keeps what each single write brought.
    #[derive(Default)]
    struct Writes(Vec<String>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_can_write_between_a_line_and_its_end() {
        let mut writes = Writes::default();
        write_line(&mut writes, "one".to_owned()).unwrap();
        assert_eq!(writes.0, ["one\n"]);
    }
}

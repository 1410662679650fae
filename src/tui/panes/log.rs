//! The log pane: lines of the session and of libraries, stored and drawn by tui-logger.

use super::{Scene, frame};
use crate::{
    session::{Session, clock::local_zone, event::Level},
    tui::{
        pane::Pane,
        pane_buffer::{PaneBuffer, RoleLine},
        text,
        theme::{Role, Theme},
    },
};
use log::LevelFilter;
use ratatui::{style::Style, text::Line, widgets::Widget};
use tui_logger::{Drain, ExtLogRecord, LogFormatter, TuiLoggerWidget, TuiWidgetEvent, TuiWidgetState};

/// The target prefix of lines that carry their own timestamp.
const OF_SESSION: &str = "session/";

/// Lines that the widget keeps, as it does by default.
const BUFFER: usize = 10_000;

/// The position up to which lines were passed to the widget, and the widget's scroll state.
#[derive(Default)]
pub struct LogFeed {
    passed_lines: u64,
    detailed: bool,
    state: TuiWidgetState,
}

impl LogFeed {
    /// A feed of the levels from INFO up; with `detailed`, of all levels.
    pub fn new(detailed: bool) -> Self {
        Self { detailed, ..Self::default() }
    }

    /// Passes the session's new lines, with their timestamps, to the widget, and collects the records of libraries.
    pub fn follow(&mut self, session: &Session) {
        let log = &session.log;
        let end = log.forgotten + log.lines.len() as u64;
        if end < self.passed_lines {
            // A replay went back: the widget deletes what it has.
            tui_logger::set_buffer_depth(BUFFER);
            self.passed_lines = 0;
        }
        let skip = self.passed_lines.saturating_sub(log.forgotten);
        let drain = Drain::new();
        let least = if self.detailed { Level::Debug } else { Level::Info };
        let new = log.lines.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX));
        for line in new.filter(|line| line.level >= least) {
            let stamp = line.at.to_zoned(local_zone().clone()).strftime("%H:%M:%S").to_string();
            drain.log(
                &log::Record::builder()
                    .level(level(line.level))
                    .target(&format!("{OF_SESSION}{}", line.target))
                    .args(format_args!("{stamp} {}", line.text))
                    .build(),
            );
        }
        self.passed_lines = end;
        tui_logger::move_events();
    }

    /// Scrolls one page towards older lines (negative) or newer ones (positive), or back to the latest (0).
    pub fn scroll(&mut self, by: isize) {
        self.state.transition(match by {
            ..0 => TuiWidgetEvent::PrevPageKey,
            0 => TuiWidgetEvent::EscapeKey,
            _ => TuiWidgetEvent::NextPageKey,
        });
    }
}

fn level(level: Level) -> log::Level {
    match level {
        Level::Debug => log::Level::Debug,
        Level::Info => log::Level::Info,
        Level::Warning => log::Level::Warn,
        Level::Error | Level::Critical => log::Level::Error,
    }
}

/// Makes tui-logger accept every record that its subscriber passes on. Its collecting thread is never started: records
/// are moved when a frame is drawn.
pub(crate) fn accept_everything() {
    tui_logger::set_default_level(LevelFilter::Trace);
}

/// Draws the pane.
pub(crate) fn log(canvas: &mut PaneBuffer, scene: &Scene, feed: &LogFeed) {
    let mut inside = frame(canvas, scene, Pane::Log, "LOG", RoleLine::new());
    lines(&mut inside, feed);
}

/// Draws the lines without a frame.
pub(crate) fn lines(canvas: &mut PaneBuffer, feed: &LogFeed) {
    let theme = *canvas.theme;
    let widget = TuiLoggerWidget::default().formatter(Box::new(Formatter { theme })).state(&feed.state);
    canvas.widget(|area, buffer| widget.render(area, buffer));
}

/// `12:01:31 WARN fault  text`, with control characters removed and cut to the width.
struct Formatter {
    theme: Theme,
}

impl LogFormatter for Formatter {
    fn min_width(&self) -> u16 {
        4
    }

    fn format(&self, width: usize, record: &ExtLogRecord) -> Vec<Line<'_>> {
        let (word, role) = match record.level {
            log::Level::Error => ("ERROR", Role::Failing),
            log::Level::Warn => ("WARN ", Role::Waiting),
            log::Level::Info => ("INFO ", Role::Text),
            log::Level::Debug => ("DEBUG", Role::Soft),
            log::Level::Trace => ("TRACE", Role::Soft),
        };
        let message = text::clean(record.msg());
        let (stamp, target, said) = if let Some(target) = record.target().strip_prefix(OF_SESSION) {
            let (stamp, said) = message.split_once(' ').unwrap_or(("", &message));
            (stamp.to_owned(), target.to_owned(), said.to_owned())
        } else {
            let stamp = record.timestamp.strftime("%H:%M:%S").to_string();
            (stamp, record.target().to_owned(), message.trim_start().to_owned())
        };
        let target = text::fit(&target, 12).into_owned();
        let line = format!("{stamp} {word} {target:<12} {said}");
        let line = text::fit(&line, width).into_owned();
        vec![Line::styled(line, self.style(role))]
    }
}

impl Formatter {
    fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }
}

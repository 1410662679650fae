//! What was read from container logs: the latest lines of the latest logs, including those of pods that are gone.

use crate::session::event::{LogSource, PodLine, Timestamp};
use std::collections::VecDeque;

/// The maximum number of logs kept; the one that was opened first is dropped first.
const LOGS: usize = 16;
/// The maximum number of lines kept per log.
const LINES: usize = 400;

/// The log of one container.
#[derive(Clone, Debug, PartialEq)]
pub struct PodLog {
    pub source: LogSource,
    /// Its latest lines, oldest first.
    pub lines: VecDeque<PodLine>,
    /// Whether it is still being read.
    pub state: LogState,
    pub since: Timestamp,
    /// Whether the next lines replace the present ones.
    anew: bool,
}

/// Whether a log is still being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogState {
    /// Lines arrive as they are written.
    Followed,
    /// No more lines will arrive.
    Ended,
    /// It could not be read.
    Failed(String),
}

/// Logs by container.
#[derive(Clone, Debug, Default)]
pub struct PodLogs(VecDeque<PodLog>);

impl PodLogs {
    /// Returns the logs of a pod, by container, the previous instance of each container first.
    pub fn of_pod<'a>(&'a self, uid: &'a str) -> impl Iterator<Item = &'a PodLog> {
        let mut logs: Vec<_> = self.0.iter().filter(|log| log.source.pod.uid == uid).collect();
        logs.sort_by_key(|log| (&log.source.container, !log.source.previous));
        logs.into_iter()
    }

    /// Starts or restarts reading a log. Present lines are kept until new ones arrive: if the log cannot be read again
    /// because its pod is gone, the pod's last lines must not be lost.
    pub(super) fn opened(&mut self, at: Timestamp, source: &LogSource) {
        let Some(log) = self.0.iter_mut().find(|log| log.source == *source) else {
            if self.0.len() == LOGS {
                self.0.pop_front();
            }
            let (lines, state) = (VecDeque::new(), LogState::Followed);
            self.0.push_back(PodLog { source: source.clone(), lines, state, since: at, anew: false });
            return;
        };
        (log.anew, log.state, log.since) = (true, LogState::Followed, at);
    }

    pub(super) fn line_received(&mut self, source: &LogSource, lines: &[PodLine]) {
        let Some(log) = self.0.iter_mut().find(|log| log.source == *source) else { return };
        if std::mem::take(&mut log.anew) {
            log.lines.clear();
        }
        log.lines.extend(lines.iter().cloned());
        log.lines.drain(..log.lines.len().saturating_sub(LINES));
    }

    pub(super) fn closed(&mut self, at: Timestamp, source: &LogSource, failed: Option<&str>) {
        if let Some(log) = self.0.iter_mut().find(|log| log.source == *source) {
            log.state = failed.map_or(LogState::Ended, |reason| LogState::Failed(reason.to_owned()));
            log.since = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::event::PodKey;

    fn source(uid: &str, previous: bool) -> LogSource {
        let pod = PodKey { namespace: "default".into(), name: format!("pod-{uid}"), uid: uid.to_owned() };
        LogSource { pod, container: "app".to_owned(), previous }
    }

    fn lines(texts: &[&str]) -> Vec<PodLine> {
        texts.iter().map(|text| PodLine { at: None, text: (*text).to_owned() }).collect()
    }

    #[test]
    fn the_last_words_of_a_pod_stay_when_its_log_cannot_be_read_again() {
        let at = Timestamp::UNIX_EPOCH;
        let mut logs = PodLogs::default();
        let source = source("u", false);
        logs.opened(at, &source);
        logs.line_received(&source, &lines(&["started", "stopping"]));
        logs.closed(at, &source, None);
        logs.opened(at, &source);
        logs.closed(at, &source, Some("not found"));
        let log = logs.of_pod("u").next().unwrap();
        assert_eq!(log.lines, lines(&["started", "stopping"]));
        assert_eq!(log.state, LogState::Failed("not found".to_owned()));
        logs.opened(at, &source);
        logs.line_received(&source, &lines(&["started again"]));
        assert_eq!(logs.of_pod("u").next().unwrap().lines, lines(&["started again"]));
    }

    #[test]
    fn nothing_grows_without_end() {
        let at = Timestamp::UNIX_EPOCH;
        let mut logs = PodLogs::default();
        for uid in 0..50 {
            let source = source(&uid.to_string(), uid % 2 == 0);
            logs.opened(at, &source);
            for _ in 0..10 {
                logs.line_received(&source, &lines(&["x"; 100]));
            }
        }
        assert_eq!(logs.0.len(), LOGS);
        assert!(logs.0.iter().all(|log| log.lines.len() == LINES));
        assert_eq!(logs.of_pod("1").count(), 0, "the oldest went first");
    }
}

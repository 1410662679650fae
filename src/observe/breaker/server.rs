//! One server, a pod's port or the users' address, whose usual pages are tried.

use super::{
    reading::SourceId,
    sources::{
        page_poller::{Page, PageKind, PollEnd, ReaderOutput, STREAM, read},
        page_route::PageRoute,
        prometheus::Rule,
        usual_pages::without_query_values,
    },
};
use crate::session::event::{EventKind, Source, SourceKind, SourceState};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// The factor by which a page is polled less often if it only confirms a more direct source.
const CONFIRMS: u32 = 4;

/// One server whose pages are tried.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) route: PageRoute,
    pub(super) pod: Option<String>,
    /// The prefix of the path in the source's name: a pod's port.
    pub(super) before: String,
    pub(super) named: bool,
    /// Distinguishes it from a named source that is shown alike.
    pub(super) mark: String,
    /// Whether the pages are beside the users' URL; only their state is emitted as `SourceChanged`.
    pub(super) at_users_url: bool,
    pub(super) period: Duration,
    pub(super) rules: Vec<Rule>,
    pub(super) out: ReaderOutput,
    /// Whether a page was found that states breaker states itself.
    pub(super) direct: Arc<AtomicBool>,
    pub(super) stop: CancellationToken,
}

impl Server {
    /// Tries groups of paths. All groups but the first wait until any page of the first has answered.
    pub(super) async fn read_groups(self, groups: Vec<(PageKind, Vec<String>)>) -> Option<String> {
        let (answers, answered) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let stop = self.stop.clone();
        for (number, group) in groups.into_iter().enumerate() {
            let (server, mut answered, answers) = (self.clone(), answered.clone(), answers.clone());
            tasks.spawn(async move {
                if number == 0 {
                    return server.read_group(group, Some(answers)).await;
                }
                // This very task holds a sender, so the channel cannot be closed.
                let _ = answered.wait_for(|answered| *answered).await;
                server.read_group(group, None).await
            });
        }
        loop {
            tokio::select! {
                () = stop.cancelled() => return None,
                ended = tasks.join_next() => match ended {
                    Some(Ok(Some(denied))) => return Some(denied),
                    Some(_) => {}
                    None => return None,
                },
            }
        }
    }

    /// Reads the first of these paths that exists. Returns the refusal of the API server, if it meets one.
    pub(super) async fn read_group(
        self,
        (kind, paths): (PageKind, Vec<String>),
        answers: Option<watch::Sender<bool>>,
    ) -> Option<String> {
        let answer = || {
            if let Some(answers) = &answers {
                answers.send_replace(true);
            }
        };
        let source = match kind {
            PageKind::Health if self.at_users_url => Some(Source::Health),
            PageKind::Metrics if self.at_users_url => Some(Source::Metrics),
            _ => None,
        };
        for path in &paths {
            let mut kind = kind;
            loop {
                let page = self.page(kind, path, source);
                let direct =
                    matches!(kind, PageKind::Breakers | PageKind::Stream).then(|| self.direct.clone());
                let first = || {
                    if let Some(direct) = direct {
                        direct.store(true, Ordering::Relaxed);
                    }
                    answer();
                };
                match read(page, self.out.clone(), self.stop.clone(), first).await {
                    PollEnd::Stopped => return None,
                    PollEnd::Denied(why) => return Some(why),
                    PollEnd::Gone(why) if why == STREAM && kind == PageKind::Any => kind = PageKind::Stream,
                    PollEnd::Gone(_) => break,
                }
            }
            answer();
        }
        if let Some(source) = source {
            let state = SourceState::Absent { reason: format!("none of {} is there", paths.join(", ")) };
            self.out.emitter.emit(EventKind::SourceChanged { source, state }).await;
        }
        None
    }

    fn page(&self, kind: PageKind, path: &str, tells: Option<Source>) -> Page {
        let witness = match kind {
            PageKind::Breakers => SourceKind::Actuator,
            PageKind::Stream => SourceKind::Hystrix,
            PageKind::Metrics | PageKind::Any => SourceKind::Metrics,
            PageKind::Mesh => SourceKind::Mesh,
            PageKind::Health => SourceKind::Health,
        };
        let confirms =
            matches!(kind, PageKind::Metrics | PageKind::Health) && self.direct.load(Ordering::Relaxed);
        let period = match kind {
            _ if self.named => self.period,
            _ if confirms => self.period * CONFIRMS,
            PageKind::Mesh => self.period * 2,
            _ => self.period,
        };
        let place = format!("{}{}{}", self.before, without_query_values(path), self.mark);
        Page {
            route: self.route.clone(),
            id: SourceId { kind: witness, pod: self.pod.clone(), place },
            path: path.to_owned(),
            kind,
            period,
            rules: self.rules.clone(),
            tells,
            named: self.named,
        }
    }
}

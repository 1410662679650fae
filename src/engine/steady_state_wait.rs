//! Lets a run that is judged by its users fire only once their steady state is known.

use crate::session::{EventKind, Session, event::Level, stream::Emitter};
use std::time::Duration;
use tokio::{sync::watch, time::timeout};

/// The longest wait: twice what the first twenty answers take at the usual four a second.
const LONGEST: Duration = Duration::from_secs(10);

/// Waits until it is known what a real answer of each watched endpoint looks like; not for long, and not once something was
/// fired. Without that knowledge a fallback cannot be told from a real answer, so that the verdict would be NOT OBSERVABLE.
#[derive(Clone)]
pub(super) struct SteadyStateWait {
    pub session: watch::Receiver<Session>,
    pub emitter: Emitter,
}

impl SteadyStateWait {
    pub(super) async fn known(&self) {
        let mut session = self.session.clone();
        if is_known(&session.borrow()) {
            return;
        }
        let message = format!(
            "Waiting up to {} s until enough answers of the steady state were seen, which the verdict about users needs",
            LONGEST.as_secs()
        );
        let (level, target) = (Level::Info, super::console::TARGET.to_owned());
        self.emitter.emit(EventKind::Logged { level, target, message }).await;
        // The answers may never come: the run goes on, and its verdict says what is not known.
        let _ = timeout(LONGEST, session.wait_for(is_known)).await;
    }
}

/// Whether nothing has to be waited for.
fn is_known(session: &Session) -> bool {
    let users = &session.users;
    session.fault.is_some()
        || session.run.interrupted.is_some()
        || users.passive
        || users.endpoints.iter().filter(|endpoint| endpoint.watched).all(|endpoint| endpoint.shape.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{
        Event,
        clock::Clock,
        event::EndpointId,
        fixtures::{at, watched},
        stream::stream,
    };
    use tokio::time::Instant;

    async fn waited(learned_after: Option<u64>, first: Vec<EventKind>) -> (Duration, usize) {
        let (emitter, mut events) = stream(Clock::starting_at(at(0.0)));
        let (sender, session) = watch::channel(Session::new());
        let tell = |what| sender.send_modify(|session| session.apply(&Event { seq: 0, at: at(0.0), what }));
        first.into_iter().for_each(tell);
        let wait = SteadyStateWait { session, emitter };
        let begun = Instant::now();
        let learned = async {
            let Some(seconds) = learned_after else { return std::future::pending().await };
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            let (endpoint, description) = (EndpointId(0), "JSON".to_owned());
            tell(EventKind::ShapeLearned { endpoint, description, answers: 20, unseen: None });
            std::future::pending().await
        };
        tokio::select! {
            () = wait.known() => {}
            () = learned => {}
        }
        (begun.elapsed(), std::iter::from_fn(|| events.try_next()).count())
    }

    #[tokio::test(start_paused = true)]
    async fn the_fire_waits_for_the_steady_state_but_not_for_ever() {
        let users = || vec![watched(EndpointId(0))];
        assert_eq!(waited(Some(3), users()).await, (Duration::from_secs(3), 1), "it is said once");
        assert_eq!(waited(None, users()).await, (LONGEST, 1));
        assert_eq!(waited(None, Vec::new()).await, (Duration::ZERO, 0), "nobody is asked");
        let passive = [users(), vec![EventKind::PassiveSet { on: true }]].concat();
        assert_eq!(waited(None, passive).await, (Duration::ZERO, 0));
    }
}

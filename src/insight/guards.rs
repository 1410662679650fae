//! Guards: the conditions that end a session automatically, and how close the session is to each limit.
//!
//! A guard is active only while a fault is on. Missing data counts as bad: in a second without a request a user may
//! have been let down, and a cluster that does not answer may be in any state.

#[cfg(test)]
mod tests;

use super::verdict::bad_seconds;
use crate::session::{
    event::{Guard, GuardTrip, Source, SourceState, Timestamp},
    state::{Endpoint, PodRow, Session, SourceRow},
    wording,
};

/// Bad seconds left before the limit from which on the users guard counts as near.
const NEAR_S: u32 = 10;
/// Seconds before the end of the hold from which on it counts as near.
const LETTING_GO_S: u32 = 10;
/// Sources that fall silent when the cluster does.
const CLUSTER: [Source; 5] =
    [Source::Api, Source::Pods, Source::Endpoints, Source::Workloads, Source::ClusterEvents];

/// The reading of one guard at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardReading {
    pub guard: Guard,
    pub figure: u32,
    pub limit: u32,
    /// How close the figure is to the limit.
    pub level: GuardLevel,
    /// Figure and limit as a sentence.
    pub text: String,
    /// The same in a few words, for the verdict bar.
    pub short: String,
}

impl GuardReading {
    /// Whether this fraction of the limit is used up.
    pub fn has_used(&self, part: u32, whole: u32) -> bool {
        u64::from(self.figure) * u64::from(whole) >= u64::from(self.limit) * u64::from(part)
    }
}

/// How close a guard is to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GuardLevel {
    Calm,
    /// About to trip.
    Near,
    /// Tripped: the run must end.
    Over,
}

/// Returns the readings of all guards with a limit. Empty unless a fault is on and the run has neither ended nor been
/// interrupted or aborted.
pub fn guard_readings(session: &Session, now: Timestamp) -> Vec<GuardReading> {
    let armed = session.fault.as_ref().is_some_and(|fault| fault.is_on())
        && session.run.ended.is_none()
        && session.run.interrupted.is_none()
        && session.run.aborted.is_none();
    if !armed {
        return Vec::new();
    }
    let limited = |guard| session.guards.limits.limit(guard).map(|limit| (guard, limit));
    let readings = Guard::ALL.into_iter().filter_map(limited);
    readings
        .map(|(guard, limit)| match guard {
            Guard::Users => users_reading(session, limit, now),
            Guard::Restarts => restarts_reading(session, limit, now),
            Guard::Silence => silence_reading(session, limit, now),
            Guard::Hold => hold_reading(session, limit, now),
        })
        .collect()
}

/// Returns the trip of the first guard that is over its limit.
pub fn tripped_guard(session: &Session, now: Timestamp) -> Option<GuardTrip> {
    let over = guard_readings(session, now).into_iter().find(|reading| reading.level == GuardLevel::Over)?;
    let GuardReading { guard, figure, limit, text: because, .. } = over;
    Some(GuardTrip { guard, figure, limit, because })
}

/// Returns the guard closest to tripping, if one is near its limit or over it.
pub fn nearest_guard(session: &Session, now: Timestamp) -> Option<GuardReading> {
    let near = guard_readings(session, now).into_iter().filter(|reading| reading.level > GuardLevel::Calm);
    near.max_by_key(|reading| reading.level)
}

fn users_reading(session: &Session, limit: u32, now: Timestamp) -> GuardReading {
    let worst = session
        .users
        .endpoints
        .iter()
        .map(|endpoint| (bad_seconds(session, endpoint, now), unasked_seconds(session, endpoint, now)));
    let whole = |(bad, unasked): &(u32, u32)| bad.saturating_add(*unasked);
    let (bad, unasked) = worst.max_by_key(whole).unwrap_or((0, 0));
    let figure = whole(&(bad, unasked));
    let mut text = format!("users were let down in {bad} s since T0");
    if unasked > 0 {
        text = format!("{text}, and {unasked} s without any request count as bad");
    }
    let strain = match figure {
        figure if figure > limit => GuardLevel::Over,
        figure if figure >= limit - figure && limit - figure < NEAR_S => GuardLevel::Near,
        _ => GuardLevel::Calm,
    };
    let text = format!("{text}; the guard allows {limit} s");
    GuardReading {
        guard: Guard::Users,
        figure,
        limit,
        level: strain,
        text,
        short: format!("bad {figure} of {limit} s"),
    }
}

/// Returns the seconds since T0, without the current one, in which no request was due although users were watched. Gaps
/// that a rate below one request a second leaves are not counted, nor is what is older than the seconds kept.
fn unasked_seconds(session: &Session, endpoint: &Endpoint, now: Timestamp) -> u32 {
    let gap = if endpoint.rate > 0.0 { (1.0 / endpoint.rate).ceil() as i64 } else { 1 };
    let (axis, end) = (&session.axis, session.axis.slot(now));
    let first = axis.slot_of_second(0).max(axis.slot(endpoint.since) + 1);
    let first = endpoint.dropped_before().map_or(first, |kept| first.max(kept));
    let asked =
        endpoint.seconds_from(first).filter(|(_, second)| second.due > 0).map(|(slot, _)| (slot, slot));
    // What was not observed for a reason of our own tells nothing of the service, which is no reason to end the run.
    let unseen = session.gaps.iter().map(|gap| {
        let last = axis.slot(gap.to);
        let whole = axis.start_of(last).is_some_and(|start| start < gap.to);
        (axis.slot(gap.from), if whole { last } else { last - 1 })
    });
    let mut known: Vec<(i64, i64)> = asked.chain(unseen).collect();
    known.sort_unstable();
    known.push((end, end));
    let (mut last, mut unasked) = (first - 1, 0);
    for (from, to) in known {
        unasked += (from.min(end) - 1 - last.saturating_add(gap)).max(0);
        last = last.max(to);
    }
    u32::try_from(unasked).unwrap_or(u32::MAX)
}

fn restarts_reading(session: &Session, limit: u32, now: Timestamp) -> GuardReading {
    let since_t0 = |pod: &PodRow| pod.restarts().saturating_sub(pod.restarts_at_t0.unwrap_or(pod.restarts()));
    let figure = session.bystanders().map(since_t0).fold(0, u32::saturating_add);
    let last =
        session.bystanders().filter(|pod| since_t0(pod) > 0).map(|pod| pod.pod.key.name.as_str()).last();
    // At one more liveness probe failure the kubelet restarts the container.
    let ahead = session.bystanders().filter_map(|pod| pod.misses_now(now));
    let ahead = ahead.filter(|miss| miss.misses + 1 >= miss.threshold).map(|miss| miss.restart_s);
    let ahead = ahead.reduce(f64::min).filter(|_| figure.saturating_add(1) >= limit);
    let strain = match (figure >= limit, ahead) {
        (true, _) => GuardLevel::Over,
        (false, Some(_)) => GuardLevel::Near,
        (false, None) => GuardLevel::Calm,
    };
    let times = wording::count(u64::from(figure), "time");
    let text = match last {
        Some(pod) => format!(
            "Kubernetes restarted {pod} {times} since T0, though the fault does not target it; the guard aborts at {limit}"
        ),
        None => format!("no restart of pods outside the fault; the guard aborts at {limit}"),
    };
    let short = match ahead {
        Some(seconds) => format!("restart in {seconds:.0} s"),
        None => format!("{figure} of {limit} restarts"),
    };
    GuardReading { guard: Guard::Restarts, figure, limit, level: strain, text, short }
}

fn silence_reading(session: &Session, limit: u32, now: Timestamp) -> GuardReading {
    let rows = session.cluster.sources.iter().filter(|row| CLUSTER.contains(&row.source));
    let silent = rows.filter_map(|row| Some((silent_for(session, row, now)?, row)));
    let longest = silent.max_by(|(one, _), (other, _)| one.total_cmp(other));
    let seconds = longest.map_or(0.0, |(seconds, _)| seconds);
    let strain = match seconds {
        seconds if seconds > f64::from(limit) => GuardLevel::Over,
        seconds if seconds * 2.0 > f64::from(limit) => GuardLevel::Near,
        _ => GuardLevel::Calm,
    };
    let figure = seconds as u32;
    let text = match longest {
        Some((_, row)) => format!(
            "{} gave no data for {figure} s ({}); the guard allows {limit} s",
            wording::source(row.source),
            reason(row)
        ),
        None => format!("the cluster answers; the guard allows {limit} s of silence"),
    };
    GuardReading {
        guard: Guard::Silence,
        figure,
        limit,
        level: strain,
        text,
        short: format!("API silent {figure} of {limit} s"),
    }
}

/// Unlike the other guards, this one also counts seconds in which this program did not run: nobody held the fault.
fn hold_reading(session: &Session, limit: u32, now: Timestamp) -> GuardReading {
    let since = session.guards.held.max(session.t0());
    let seconds = since.map_or(0.0, |since| now.duration_since(since).as_secs_f64().max(0.0));
    let figure = seconds as u32;
    let level = match limit.saturating_sub(figure) {
        0 => GuardLevel::Over,
        left if left <= LETTING_GO_S && figure >= left => GuardLevel::Near,
        _ => GuardLevel::Calm,
    };
    GuardReading {
        guard: Guard::Hold,
        figure,
        limit,
        level,
        text: format!(
            "no key was pressed for {figure} s; the fault stays on only while there is one every {limit} s"
        ),
        short: format!("no key for {figure} of {limit} s"),
    }
}

/// Returns the seconds since a source fell silent; `None` if it is live, or was absent before T0 already.
fn silent_for(session: &Session, row: &SourceRow, now: Timestamp) -> Option<f64> {
    let lost = match row.state {
        SourceState::Live => return None,
        SourceState::Reconnecting { .. } => true,
        SourceState::Absent { .. } => session.t0().is_some_and(|t0| row.since >= t0),
    };
    // Seconds in which this program did not run are not silence of the source.
    lost.then(|| {
        now.duration_since(row.since).as_secs_f64() - session.gaps.total_seconds_between(row.since, now)
    })
    .map(|seconds| seconds.max(0.0))
}

fn reason(row: &SourceRow) -> &str {
    match &row.state {
        SourceState::Live => "",
        SourceState::Reconnecting { reason } | SourceState::Absent { reason } => reason,
    }
}

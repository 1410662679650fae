//! The verdict about users at the current moment.
//!
//! *Lately* means the last three seconds (the time of four requests at low rates). Errors count when they *arrive*,
//! since that is when a user sees the failure; service counts by when requests were *due*, since stragglers do not
//! describe the present.
//! Once the system has recovered, answers to users who asked before that do not describe the present either: they no
//! longer count, and the verdict is about users who have asked since.
//! The rules, in this order:
//!
//! 1. UNKNOWN - users are not watched, or nothing was answered yet.
//! 2. WAITING - a user has waited longer than the limit and no answer came for 1.5 seconds (the time of three requests
//!    at low rates).
//! 3. FAILING - of the answers that came lately, one in twenty or more was an error; if there were errors before
//!    already (but for fewer than one in five answers), more than usual.
//! 4. WAITING - the breaker lets trial calls through, and users who have asked since wait longer than usual.
//! 5. WAITING - of the requests due lately, more were late than in time.
//! 6. UNKNOWN - answers begin and do not end.
//! 7. PROTECTED - of the requests due lately, one in twenty or more got a fallback, and three fallbacks that look alike
//!    were seen.
//! 8. UNKNOWN - fewer than three look alike: a success of an unknown look is not yet a fallback. The same if the look
//!    of a real answer was not learned.
//! 9. WAITING - the system has recovered, and users who asked before that have waited longer than the limit.
//! 10. OK.

use super::{
    basis::{Share, ShareChange, compare, is_usual},
    ready,
    statement::Statement,
};
use crate::session::{
    clock::shifted,
    event::{EndpointId, Source, SourceState, Timestamp},
    state::{AnswerGroup, Endpoint, Outcome, Recent, Sample, Session, Tally},
};

/// Seconds that count as lately.
const LATELY_S: f64 = 3.0;
/// Number of requests whose time counts as lately in any case.
const LATELY: f64 = 4.0;
/// Seconds without any answer after which waiting users decide the verdict.
const SILENCE_S: f64 = 1.5;
/// Number of successes that look alike from which on they are believed to be the fallback.
const ALIKE: u64 = 3;

/// The verdict about users in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UserWord {
    /// Real answers, in time.
    Ok,
    /// Not known.
    Unknown,
    /// Fallback answers, in time: users get less.
    Protected,
    /// Users wait.
    Waiting,
    /// Users get errors.
    Failing,
}

impl UserWord {
    /// Returns the first letter, for a list of endpoints.
    pub fn letter(self) -> char {
        match self {
            UserWord::Ok => 'O',
            UserWord::Unknown => 'U',
            UserWord::Protected => 'P',
            UserWord::Waiting => 'W',
            UserWord::Failing => 'F',
        }
    }

    /// Returns the text in the banner.
    pub fn text(self) -> &'static str {
        match self {
            UserWord::Ok => "OK",
            UserWord::Unknown => "UNKNOWN",
            UserWord::Protected => "PROTECTED",
            UserWord::Waiting => "WAITING",
            UserWord::Failing => "FAILING",
        }
    }
}

/// The verdict about users, with its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct UserVerdict {
    pub word: UserWord,
    /// What users get, in a sentence of about 60 columns, with the endpoint's name if several are probed.
    pub sentence: String,
    /// The cost to users, the state of the breaker, or the outcome: one or two sentences more.
    pub details: Option<String>,
    /// What users get, in at most [`MEDIUM`](super::MEDIUM) columns.
    pub medium: String,
    /// The same in at most [`SHORT`](super::SHORT) columns.
    pub short: String,
    /// Seconds since T0 in which a user was let down, and how many are allowed; `None` before T0 or without an
    /// endpoint.
    pub bad: Option<(u32, u32)>,
    /// The evidence, one sentence each.
    pub why: Vec<String>,
    /// The endpoint that the verdict is about, if there are several.
    pub endpoint: Option<EndpointId>,
}

/// Returns the current verdict about users; with several endpoints, about the one that fares worst.
pub fn verdict(session: &Session, now: Timestamp) -> UserVerdict {
    let several = session.users.endpoints.len() > 1;
    let of = |endpoint: &Endpoint| {
        let view = EndpointAt { session, endpoint, now };
        let (lately, name) = (view.lately(), session.users.name(endpoint));
        let (word, statement) = view.classify(&lately);
        let statement = if several { statement.of(&name) } else { statement };
        let verdict = view.verdict(word, statement, &lately);
        UserVerdict { endpoint: several.then_some(endpoint.id), ..verdict }
    };
    // On a tie the first endpoint counts, since the panes show it.
    let worst = session.users.endpoints.iter().map(of);
    let worst = worst.reduce(|worst, other| if other.word > worst.word { other } else { worst });
    worst.unwrap_or_else(|| nobody(session))
}

/// Returns the verdict about the users of one endpoint.
pub fn verdict_of(session: &Session, endpoint: &Endpoint, now: Timestamp) -> UserVerdict {
    let view = EndpointAt { session, endpoint, now };
    let lately = view.lately();
    let (word, statement) = view.classify(&lately);
    view.verdict(word, statement, &lately)
}

/// Whether users wait no longer than before the fault, if their waits were over the limit already: they have recovered,
/// though the verdict is not OK.
pub(crate) fn users_wait_as_before(session: &Session, now: Timestamp) -> bool {
    let as_before = |endpoint: &Endpoint| {
        let view = EndpointAt { session, endpoint, now };
        let lately = view.lately();
        let accepted = endpoint.accepted_ms();
        endpoint.baseline_at_t0.as_ref().is_some_and(|usual| usual.is_slow(endpoint.limit_ms))
            && lately.served.median_ms.is_some_and(|ms| ms <= accepted)
            && (!is_significant(lately.came.errors, &lately.came) || view.errors_are_usual(&lately.came))
            && endpoint.waiting_over(now, accepted).next().is_none()
    };
    let mut watched = session.users.endpoints.iter().filter(|endpoint| endpoint.watched);
    watched.all(|endpoint| verdict_of(session, endpoint, now).word == UserWord::Ok || as_before(endpoint))
}

/// Returns the seconds since T0 in which a user of this endpoint was let down: an error, a wait over the limit, or a
/// request that could not be sent. If steady state had such seconds already, only those beyond the usual number count.
pub fn bad_seconds(session: &Session, endpoint: &Endpoint, now: Timestamp) -> u32 {
    let (bad, usual) = bad_seconds_and_usual(session, endpoint, now);
    bad.saturating_sub(usual)
}

/// Returns all seconds since T0 in which a user of this endpoint was let down, and how many of them are usual.
pub(super) fn bad_seconds_and_usual(session: &Session, endpoint: &Endpoint, now: Timestamp) -> (u32, u32) {
    if session.fault.is_none() {
        return (0, 0);
    }
    let from = session.axis.slot_of_second(0);
    let bad = endpoint.bad_slots(from, now).len() as u32;
    let Some(usual) = endpoint.baseline_at_t0.as_ref().filter(|usual| usual.bad > 0) else { return (bad, 0) };
    let asked = endpoint.asked_seconds(from);
    let before = Share { part: usual.bad, of: usual.seconds };
    let expected = (f64::from(asked) * usual.bad as f64 / usual.seconds.max(1) as f64).round() as u32;
    match compare(before, Share { part: bad.into(), of: asked.max(bad).into() }, 0) {
        ShareChange::Worse => (bad, expected.min(bad)),
        _ => (bad, bad),
    }
}

fn nobody(session: &Session) -> UserVerdict {
    let Statement { sentence, details: price, medium, short } = ready::no_requests_statement(session);
    let why = vec![ready::why_requests_impossible(session).unwrap_or("no endpoint is probed").to_owned()];
    UserVerdict {
        word: UserWord::Unknown,
        sentence,
        details: price,
        medium,
        short,
        bad: None,
        why,
        endpoint: None,
    }
}

/// One endpoint at one moment.
pub(super) struct EndpointAt<'a> {
    pub(super) session: &'a Session,
    pub(super) endpoint: &'a Endpoint,
    pub(super) now: Timestamp,
}

/// How users fared lately.
pub(super) struct RecentUsers {
    /// Answers that came lately.
    pub(super) came: Recent,
    /// Answers to requests that were due lately.
    pub(super) served: Recent,
    /// Requests that were due lately and answered over the limit, or have waited longer than that.
    pub(super) late: usize,
    /// Requests that were due lately and answered within the limit.
    pub(super) in_time: usize,
}

/// Users who still wait.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StillWaiting {
    pub(super) count: u64,
    pub(super) longest_ms: f64,
}

impl StillWaiting {
    /// Counts waits, each in milliseconds.
    pub(super) fn of(waits: impl Iterator<Item = f64>) -> Self {
        waits.fold(StillWaiting::default(), |left, waited| StillWaiting {
            count: left.count + 1,
            longest_ms: left.longest_ms.max(waited),
        })
    }
}

impl EndpointAt<'_> {
    fn verdict(&self, word: UserWord, statement: Statement, lately: &RecentUsers) -> UserVerdict {
        let Statement { sentence, details: price, medium, short } = statement;
        let bad = self.session.fault.is_some();
        let bad =
            bad.then(|| (bad_seconds(self.session, self.endpoint, self.now), self.session.users.budget_s));
        UserVerdict {
            word,
            sentence,
            details: price,
            medium,
            short,
            bad,
            why: self.why(word, lately, bad),
            endpoint: None,
        }
    }

    fn classify(&self, lately: &RecentUsers) -> (UserWord, Statement) {
        let limit = self.endpoint.limit_ms as f64;
        let (came, served) = (&lately.came, &lately.served);
        if !self.endpoint.watched {
            return self.not_watched();
        }
        if let Some(SourceState::Reconnecting { reason }) = self.way() {
            return self.way_broken(reason);
        }
        if self.endpoint.waiting_over(self.now, limit).next().is_some()
            && self.silent_for() > self.silence_limit_s()
        {
            return self.waiting();
        }
        let left = self.left_waiting();
        if came.answers + served.answers == 0 {
            if left.count > 0 {
                return self.recovering(&left);
            }
            return self.first_answers();
        }
        if is_significant(came.errors, came) && !self.errors_are_usual(came) {
            return self.failing(came);
        }
        if let Some(trials) = self.trials() {
            return self.trying(&trials);
        }
        if lately.late > lately.in_time {
            return self.slow(came);
        }
        if self.endpoint.endless {
            return self.endless(came);
        }
        if self.endpoint.shape.is_none() && came.unjudged + served.unjudged > 0 {
            return self.unlearned();
        }
        if is_significant(served.fallback, served) && !self.fallbacks_are_usual(served) {
            let alike = |look: &&AnswerGroup| look.outcome == Outcome::Fallback;
            let most = self.endpoint.answer_groups.iter().filter(alike).map(|look| look.count).max();
            return if most.unwrap_or(0) >= ALIKE { self.protected(served) } else { self.unfamiliar(served) };
        }
        if left.count > 0 {
            return self.recovering(&left);
        }
        self.ok(served)
    }

    /// The state of our own way to the service, if it is one that can break.
    fn way(&self) -> Option<&SourceState> {
        self.endpoint.via.as_ref()?;
        self.session.cluster.source(Source::Users).map(|row| &row.state)
    }

    /// When the system recovered, if it has.
    pub(super) fn healed(&self) -> Option<Timestamp> {
        self.session.fault.as_ref().filter(|fault| !fault.is_on())?.healed
    }

    /// Users who asked before the system recovered and have waited longer than the limit.
    fn left_waiting(&self) -> StillWaiting {
        let Some(healed) = self.healed() else { return StillWaiting::default() };
        let over = self.endpoint.waiting_over(self.now, self.endpoint.limit_ms as f64);
        StillWaiting::of(over.filter(|(flight, _)| flight.start < healed).map(|(_, waited)| waited))
    }

    fn lately(&self) -> RecentUsers {
        let from = shifted(self.now, -LATELY_S.max(self.requests_time(LATELY)));
        let limit = self.endpoint.limit_ms as f64;
        // A request that was due lately and is answered was also answered lately.
        let mut came: Vec<&Sample> =
            self.endpoint.samples().rev().take_while(|dot| dot.ended() >= from).collect();
        let healed = self
            .healed()
            .filter(|healed| self.left_waiting().count > 0 || came.iter().any(|dot| dot.start >= *healed));
        let from = healed.map_or(from, |healed| healed.max(from));
        if let Some(healed) = healed {
            came.retain(|dot| dot.start >= healed);
        }
        let due = || came.iter().copied().filter(|dot| dot.start >= from);
        let late = |dot: &&Sample| f64::from(dot.waited_ms) > limit;
        let waiting = self.endpoint.waiting_over(self.now, limit).filter(|(flight, _)| flight.start >= from);
        RecentUsers {
            came: Recent::of(came.iter().copied()),
            served: Recent::of(due()),
            late: due().filter(late).count() + waiting.count(),
            in_time: due().filter(|dot| !late(dot)).count(),
        }
    }

    /// Whether as many errors came in steady state already.
    fn errors_are_usual(&self, came: &Recent) -> bool {
        let usual = self.usual(|tally| tally.error, came.errors as u64, came.answers as u64);
        // A service that fails for one in five was never well.
        usual.part > 0
            && usual.part * 5 < usual.of
            && is_usual(usual, came.errors as u64, came.answers as u64)
    }

    /// The same for fallbacks.
    fn fallbacks_are_usual(&self, served: &Recent) -> bool {
        let usual = self.usual(|tally| tally.fallback, served.fallback as u64, served.answers as u64);
        usual.part > 0 && is_usual(usual, served.fallback as u64, served.answers as u64)
    }

    /// The usual share of answers: of those before the fault; without a fault, of those before the latest ones.
    fn usual(&self, part: impl Fn(&Tally) -> u64, lately: u64, of: u64) -> Share {
        match (&self.session.fault, &self.endpoint.baseline_at_t0) {
            (Some(_), Some(usual)) => Share { part: part(&usual.tally), of: usual.tally.answered() },
            (Some(_), None) => Share { part: 0, of: 0 },
            (None, _) => {
                let tally = self.endpoint.baseline(self.now);
                Share { part: part(&tally).saturating_sub(lately), of: tally.answered().saturating_sub(of) }
            }
        }
    }

    /// Seconds since the latest answer, or since the probe began; an observation gap resets them.
    pub(super) fn silent_for(&self) -> f64 {
        let last_answer = self.endpoint.last_answer.unwrap_or(self.endpoint.since);
        let last_answer = self.session.gaps.last().map_or(last_answer, |gap| last_answer.max(gap.to));
        self.now.duration_since(last_answer).as_secs_f64()
    }

    /// Seconds in which so many requests are due.
    fn requests_time(&self, requests: f64) -> f64 {
        if self.endpoint.rate > 0.0 { requests / self.endpoint.rate } else { 0.0 }
    }

    fn silence_limit_s(&self) -> f64 {
        SILENCE_S.max(self.requests_time(3.0))
    }
}

/// Whether a part of the latest answers is more than noise: at least one in twenty.
fn is_significant(part: usize, lately: &Recent) -> bool {
    part > 0 && part * 20 >= lately.answers
}

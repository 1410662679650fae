//! Plays a recorded session: moves in time, at any speed.

#[cfg(test)]
mod tests;

use crate::session::{
    Session,
    event::Timestamp,
    recording::{Landmark, LandmarkKind, Position, RecordingError, Timeline},
};
use jiff::SignedDuration;
use std::time::Duration;
use tokio::{sync::watch, time::Instant};

/// The speeds at which a recording can be played.
const SPEEDS: [f64; 10] = [0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
/// How often a replay that plays is drawn.
pub(super) const FRAME: Duration = Duration::from_millis(50);
/// The index in [`SPEEDS`] of the speed of the session itself.
const LIVE: usize = 3;

/// A move in a replay, as a key asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayMove {
    /// Plays, or stops; at the end plays from the beginning.
    PlayOrStop,
    /// By whole seconds of the time axis, back if negative.
    Seconds(i64),
    /// To the next landmark, or to the one before.
    Landmark(Direction),
    /// To the next higher or lower speed.
    Speed(Direction),
    Begin,
    End,
    /// To the first fire.
    T0,
    /// To a moment.
    To(Timestamp),
    /// To the next landmark whose text contains this, from here on around the end; remembered for `FindAgain`.
    Find(String),
    /// To the next match of the text that was looked for last, or to the one before.
    FindAgain(Direction),
}

/// Where a move goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Back,
    Forward,
}

/// The state of a replay, for the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayStatus {
    /// The moment that is shown.
    pub moment: Timestamp,
    pub begin: Timestamp,
    pub end: Timestamp,
    pub playing: bool,
    /// 1.0 is the speed of the session itself.
    pub speed: f64,
    /// Landmarks up to the moment, and in all.
    pub landmarks: (usize, usize),
}

/// A recorded session and the moment in it that is shown.
pub struct Player {
    timeline: Timeline,
    shown: watch::Sender<Session>,
    moment: Timestamp,
    /// When the moment was moved last, while it plays.
    playing: Option<Instant>,
    speed: usize,
    sought: String,
}

impl Player {
    /// Starts at the beginning of a recording, not playing. Returns the session that is moved as well.
    pub fn new(timeline: Timeline) -> (Self, watch::Receiver<Session>) {
        let (shown, session) = watch::channel(Session::new());
        let moment = timeline.begin();
        let player = Self { timeline, shown, moment, playing: None, speed: LIVE, sought: String::new() };
        (player, session)
    }

    /// The moment that is shown.
    pub fn moment(&self) -> Timestamp {
        self.moment
    }

    pub fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    pub fn status(&self) -> ReplayStatus {
        let events = self.timeline.position().events;
        let landmarks = self.timeline.landmarks();
        ReplayStatus {
            moment: self.moment,
            begin: self.timeline.begin(),
            end: self.timeline.end().at,
            playing: self.is_playing(),
            speed: SPEEDS.get(self.speed).copied().unwrap_or(1.0),
            landmarks: (landmarks.partition_point(|landmark| landmark.events <= events), landmarks.len()),
        }
    }

    /// Moves the moment on by the time that has passed, if it plays. Stops at the end.
    ///
    /// # Errors
    /// If the recording cannot be read any more; the replay stops.
    pub fn advance(&mut self, now: Instant) -> Result<(), RecordingError> {
        let Some(since) = self.playing else { return Ok(()) };
        let speed = SPEEDS.get(self.speed).copied().unwrap_or(1.0);
        let passed = now.saturating_duration_since(since).mul_f64(speed);
        let end = self.timeline.end().at;
        let moment = self.moment.checked_add(passed).unwrap_or(end).min(end);
        self.playing = (moment < end).then_some(now);
        self.go_to(moment)
    }

    /// Makes a move. Returns what to tell the operator: what the event is that it led to, or why it led nowhere.
    pub fn make(&mut self, asked: &ReplayMove, now: Instant) -> Option<String> {
        // What has passed until now was played at the speed until now.
        let moved = self.advance(now).and_then(|()| self.moved(asked, now));
        moved.unwrap_or_else(|error| {
            self.playing = None;
            Some(error.to_string())
        })
    }

    fn moved(&mut self, asked: &ReplayMove, now: Instant) -> Result<Option<String>, RecordingError> {
        let end = self.timeline.end().at;
        match asked {
            ReplayMove::PlayOrStop => {
                let stops = self.playing.take().is_some();
                if !stops {
                    if self.moment >= end {
                        self.go_to(self.timeline.begin())?;
                    }
                    self.playing = Some(now);
                }
            }
            ReplayMove::Speed(direction) => {
                let by = if *direction == Direction::Forward { 1 } else { -1 };
                self.speed = self.speed.saturating_add_signed(by).min(SPEEDS.len() - 1);
            }
            ReplayMove::Seconds(by) => self.go_to(self.seconds_on(*by))?,
            ReplayMove::Begin => self.go_to(self.timeline.begin())?,
            ReplayMove::End => self.go_to(end)?,
            ReplayMove::To(moment) => self.go_to(*moment)?,
            ReplayMove::T0 => match self.timeline.t0() {
                Some(t0) => self.go_to(t0)?,
                None => return Ok(Some("nothing was fired in this session".to_owned())),
            },
            ReplayMove::Landmark(direction) => match self.nearest(*direction, |_| true).cloned() {
                Some(landmark) => return self.show(&landmark, None).map(Some),
                None if *direction == Direction::Back => self.go_to(self.timeline.begin())?,
                None => self.go_to(end)?,
            },
            ReplayMove::Find(text) => {
                self.sought = text.to_lowercase();
                return self.find(Direction::Forward).map(Some);
            }
            ReplayMove::FindAgain(direction) => return self.find(*direction).map(Some),
        }
        Ok(None)
    }

    /// Goes to the next landmark with the text that is looked for, around the end if there is none before it.
    fn find(&mut self, direction: Direction) -> Result<String, RecordingError> {
        if self.sought.is_empty() {
            return Ok("nothing was looked for yet: / finds a step, a note or a pod".to_owned());
        }
        let contains = |landmark: &Landmark| landmark.text.to_lowercase().contains(&self.sought);
        // A path or a message that contains the word is found only if no step and no note does.
        let named = |landmark: &Landmark| landmark.kind != LandmarkKind::Other && contains(landmark);
        let any_named = self.timeline.landmarks().iter().any(named);
        let matches = |landmark: &Landmark| if any_named { named(landmark) } else { contains(landmark) };
        let here = self.nearest(direction, matches).cloned();
        let mut all = self.timeline.landmarks().iter().filter(|landmark| matches(landmark));
        let around = match direction {
            Direction::Forward => all.next(),
            Direction::Back => all.next_back(),
        };
        self.playing = None;
        match (here, around.cloned(), direction) {
            (Some(landmark), ..) => self.show(&landmark, None),
            (None, Some(landmark), Direction::Forward) => {
                self.show(&landmark, Some("found from the beginning on"))
            }
            (None, Some(landmark), Direction::Back) => self.show(&landmark, Some("found from the end back")),
            (None, None, _) => Ok(format!("no step and no note contains {:?}", self.sought)),
        }
    }

    /// Goes to a landmark. Returns what it is, and how it was found.
    fn show(&mut self, landmark: &Landmark, how: Option<&str>) -> Result<String, RecordingError> {
        self.go_to_event(landmark.events)?;
        let how = how.map_or_else(String::new, |how| format!(" ({how})"));
        Ok(format!("{}{how}", landmark.text))
    }

    /// The nearest landmark that is not reached yet, or the nearest before the last one that is.
    fn nearest(&self, direction: Direction, wanted: impl Fn(&Landmark) -> bool) -> Option<&Landmark> {
        let Position { events, .. } = self.timeline.position();
        let landmarks = self.timeline.landmarks();
        let reached = landmarks.partition_point(|landmark| landmark.events <= events);
        let (before, after) = landmarks.split_at(reached);
        match direction {
            Direction::Forward => after.iter().find(|landmark| wanted(landmark)),
            Direction::Back => {
                before.iter().rev().find(|landmark| landmark.events < events && wanted(landmark))
            }
        }
    }

    /// The whole second of the time axis that lies so many seconds on.
    fn seconds_on(&self, by: i64) -> Timestamp {
        let zero = self.timeline.t0().unwrap_or(self.timeline.begin());
        let since = self.moment.duration_since(zero).as_millis_f64() / 1000.0;
        let second = if by < 0 { since.ceil() } else { since.floor() };
        let wanted = SignedDuration::from_secs(second as i64 + by);
        zero.checked_add(wanted).unwrap_or(self.moment)
    }

    /// Goes to a moment within the recording.
    fn go_to(&mut self, moment: Timestamp) -> Result<(), RecordingError> {
        let moment = moment.clamp(self.timeline.begin(), self.timeline.end().at.max(self.timeline.begin()));
        self.moment = moment;
        self.move_session(|timeline, session| timeline.go_to(moment, session))
    }

    fn go_to_event(&mut self, events: u64) -> Result<(), RecordingError> {
        self.move_session(|timeline, session| timeline.go_to_event(events, session))?;
        self.moment = self.timeline.position().at;
        Ok(())
    }

    fn move_session(
        &mut self,
        go: impl FnOnce(&mut Timeline, &mut Session) -> Result<(), RecordingError>,
    ) -> Result<(), RecordingError> {
        let (timeline, mut moved) = (&mut self.timeline, Ok(()));
        self.shown.send_if_modified(|session| {
            let before = session.events;
            moved = go(timeline, session);
            session.events != before
        });
        moved
    }
}

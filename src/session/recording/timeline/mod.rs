//! A recording to move in: the session as it was at any of its moments.
//!
//! The recording is read once from its beginning to its end, and states are kept on the way: to go to a moment is to take the
//! last state before it and to apply the events from there on. The file stays on the disk.

mod landmarks;
#[cfg(test)]
mod tests;

use super::{Events, Header, RecordingError, open, reader::Place};
use crate::session::{Event, Session, event::Timestamp};
use landmarks::Landmarks;
pub use landmarks::{Landmark, LandmarkKind};
use std::path::Path;

/// The maximum number of states kept: a state of an hour is about a megabyte.
const STATES: usize = 32;
/// Events between two states at first; doubled whenever there are too many states.
const APART: u64 = 512;

/// A recorded session.
#[derive(Debug)]
pub struct Timeline {
    header: Header,
    events: Events,
    /// The next event, already read.
    next: Option<Event>,
    /// The position of `next`, and that of the session that is moved.
    position: Position,
    states: Vec<SavedState>,
    /// The state before the first event is empty, and at this moment.
    begin: Timestamp,
    end: Position,
    t0: Option<Timestamp>,
    landmarks: Vec<Landmark>,
    flaws: Vec<String>,
}

/// How far a session has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Events applied.
    pub events: u64,
    /// The latest moment of these events; events that were observed late do not move it back.
    pub at: Timestamp,
}

#[derive(Debug)]
struct SavedState {
    position: Position,
    place: Place,
    session: Session,
}

impl Timeline {
    /// Reads a recording.
    ///
    /// # Errors
    /// If the file cannot be read, is no recording, was written by a newer version, or holds no event. Damaged lines are
    /// passed over: see [`Self::flaws`].
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let (header, mut events) = open(path)?;
        let first_place = events.place().cloned().unwrap_or_default();
        let first = match events.next() {
            Some(Ok(first)) => first,
            Some(Err(error)) => return Err(error),
            None => return Err(RecordingError::Empty { path: path.to_owned() }),
        };
        let begin = first.at;
        let start = Position { events: 0, at: begin };
        let mut timeline = Self {
            header,
            events,
            next: Some(first),
            position: start,
            states: vec![SavedState { position: start, place: first_place, session: Session::new() }],
            begin,
            end: start,
            t0: None,
            landmarks: Vec::new(),
            flaws: Vec::new(),
        };
        timeline.read_all();
        timeline.restart(0, &mut Session::new())?;
        Ok(timeline)
    }

    fn read_all(&mut self) {
        let (mut session, mut landmarks, mut apart) = (Session::new(), Landmarks::default(), APART);
        while let Some(event) = self.next.take() {
            session.apply(&event);
            self.position = self.position.after(&event);
            landmarks.note(self.position, &event, &session);
            let saved = self.states.last().map_or(0, |state| state.position.events);
            if self.position.events >= saved + apart && self.save(&session) {
                apart *= 2;
            }
            self.next = match self.events.next() {
                Some(Ok(event)) => Some(event),
                Some(Err(error)) => {
                    self.flaws.push(error.to_string());
                    None
                }
                None => None,
            };
        }
        self.save(&session);
        self.flaws.extend(self.events.flaws());
        (self.end, self.t0, self.landmarks) = (self.position, session.t0(), landmarks.found);
    }

    /// Keeps the state, if the reader is between two lines. Returns whether there were too many states, so that every second
    /// one was dropped.
    fn save(&mut self, session: &Session) -> bool {
        let Some(place) = self.events.place().cloned() else { return false };
        self.states.push(SavedState { position: self.position, place, session: session.clone() });
        let full = self.states.len() > STATES;
        if full {
            let mut number = 0;
            self.states.retain(|_| {
                number += 1;
                number % 2 == 1
            });
        }
        full
    }

    /// The header of the recording.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The moment of the first event.
    pub fn begin(&self) -> Timestamp {
        self.begin
    }

    /// The last moment, and the number of events.
    pub fn end(&self) -> Position {
        self.end
    }

    /// The moment of the first fire, as known at the end.
    pub fn t0(&self) -> Option<Timestamp> {
        self.t0
    }

    /// What happened besides requests, polls and log lines, in order.
    pub fn landmarks(&self) -> &[Landmark] {
        &self.landmarks
    }

    /// What of the recording could not be read, one sentence each.
    pub fn flaws(&self) -> &[String] {
        &self.flaws
    }

    /// How far the session has gone that was moved last.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Moves a session to a moment: all events that had happened by then are applied. `session` must be new, or the one
    /// that was moved before.
    ///
    /// # Errors
    /// If the file cannot be read any more.
    pub fn go_to(&mut self, at: Timestamp, session: &mut Session) -> Result<(), RecordingError> {
        self.start_from(|position| position.at <= at, session)?;
        self.apply_while(|position| position.at <= at, session)
    }

    /// Moves a session to the state after a number of events: see [`Self::go_to`].
    ///
    /// # Errors
    /// If the file cannot be read any more.
    pub fn go_to_event(&mut self, events: u64, session: &mut Session) -> Result<(), RecordingError> {
        self.start_from(|position| position.events <= events, session)?;
        self.apply_while(|position| position.events <= events, session)
    }

    /// Takes the last kept state that is not beyond the goal, unless the session is between that state and the goal.
    fn start_from(
        &mut self,
        reached: impl Fn(Position) -> bool,
        session: &mut Session,
    ) -> Result<(), RecordingError> {
        let kept = self.states.partition_point(|state| reached(state.position)).saturating_sub(1);
        let from = self.states.get(kept).map_or(0, |state| state.position.events);
        let between = reached(self.position) && self.position.events >= from;
        if between && session.events == self.position.events {
            return Ok(());
        }
        self.restart(kept, session)
    }

    /// Takes a kept state.
    fn restart(&mut self, kept: usize, session: &mut Session) -> Result<(), RecordingError> {
        let Some(state) = self.states.get(kept) else { return Ok(()) };
        self.events.go_to(&state.place)?;
        session.clone_from(&state.session);
        self.position = state.position;
        self.next = self.events.next().transpose()?;
        Ok(())
    }

    fn apply_while(
        &mut self,
        reached: impl Fn(Position) -> bool,
        session: &mut Session,
    ) -> Result<(), RecordingError> {
        // A recording that is still being written ends where it was read to at first.
        while self.position.events < self.end.events {
            let Some(event) = self.next.take_if(|event| reached(self.position.after(event))) else { break };
            session.apply(&event);
            self.position = self.position.after(&event);
            if self.position.events < self.end.events {
                self.next = self.events.next().transpose()?;
            }
        }
        Ok(())
    }
}

impl Position {
    fn after(self, event: &Event) -> Self {
        Self { events: self.events + 1, at: self.at.max(event.at) }
    }
}

//! A lane of the picture: consecutive states, each from its first to its last column, with its label in it.
//!
//! Every state is at least one column wide, even one of 50 ms: it takes the column from the state after it.

use crate::{
    session::event::Timestamp,
    tui::{axis::TimeAxis, pane_buffer::PaneBuffer, text, theme::Role},
};
use ratatui::style::{Modifier, Style};

/// How much a segment stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SegmentKind {
    /// Filled: an abnormal state.
    Abnormal,
    /// Tinted: a normal state.
    Normal,
    /// Dotted: a due event, right of the present.
    Due,
}

/// One state of a lane.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Segment {
    pub(super) from: Timestamp,
    /// The end; `None` means up to the present, or for a due segment up to the end of the track.
    pub(super) to: Option<Timestamp>,
    pub(super) kind: SegmentKind,
    pub(super) role: Role,
    /// The label in several forms, the longest first: the longest that fits is drawn. The text may come from outside.
    pub(super) words: Vec<String>,
    /// Characters at moments within the segment.
    pub(super) marks: Vec<(Timestamp, char)>,
    /// Whether the segment keeps the column in which it ends, instead of leaving it to the state after it.
    pub(super) keeps_last_column: bool,
}

impl Segment {
    pub(super) fn new(from: Timestamp, to: Option<Timestamp>, kind: SegmentKind, role: Role) -> Self {
        Self { from, to, kind, role, words: Vec::new(), marks: Vec::new(), keeps_last_column: false }
    }

    /// The segment with its labels, the longest first.
    pub(super) fn with_words<W: Into<String>>(self, words: impl IntoIterator<Item = W>) -> Self {
        Self { words: words.into_iter().map(Into::into).collect(), ..self }
    }
}

/// A segment with its columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlacedSegment<'a> {
    pub(super) segment: &'a Segment,
    /// The first column on the track, and the column after the last one.
    pub(super) from: usize,
    pub(super) to: usize,
}

/// Columns by which short states may push others to the right before quiet ones are left out.
const PUSHED: i64 = 2;

/// The columns of each segment that is on the track, in order.
pub(super) fn place<'a>(axis: &TimeAxis, segments: &'a [Segment]) -> Vec<PlacedSegment<'a>> {
    let end = axis.first() + axis.columns as i64;
    let present = axis.now() + 1;
    let mut placed = Vec::new();
    let mut free = i64::MIN;
    for segment in segments {
        let due = segment.kind == SegmentKind::Due;
        let from = axis.index(segment.from).max(if due { present } else { i64::MIN });
        let last = if due { end } else { present };
        let to =
            segment.to.map_or(last, |to| axis.index(to) + i64::from(segment.keeps_last_column)).min(last);
        let start = from.max(free);
        if start - from > PUSHED && to <= start && segment.kind != SegmentKind::Abnormal {
            continue;
        }
        // A segment that begins in a column already taken is drawn right of it.
        let stop = to.max(start + 1).min(end);
        if stop <= start || (start >= last && due) {
            continue;
        }
        free = stop;
        let column = |index: i64| usize::try_from(index - axis.first()).unwrap_or(0).min(axis.columns);
        let (from, to) = (column(start), column(stop));
        if from < to {
            placed.push(PlacedSegment { segment, from, to });
        }
    }
    placed
}

/// Draws a lane over the whole track; a lane of two rows has its labels in the lower one.
pub(super) fn draw(canvas: &mut PaneBuffer, axis: &TimeAxis, segments: &[Segment]) {
    let placed = place(axis, segments);
    let row = canvas.height().saturating_sub(1);
    let mut before: Option<&PlacedSegment> = None;
    for current in &placed {
        let loud = |placed: &PlacedSegment| placed.segment.kind == SegmentKind::Abnormal;
        let meets = before.is_some_and(|other| other.to == current.from && loud(other)) && loud(current);
        // Without tints two fills may look alike.
        let parted = meets && canvas.theme.is_flat() && current.to - current.from > 1;
        for y in 0..canvas.height() {
            ground(canvas, current, y, parted);
        }
        words(canvas, axis, current, row, parted);
        before = Some(current);
    }
}

fn ground(canvas: &mut PaneBuffer, placed: &PlacedSegment, y: usize, parted: bool) {
    let (theme, width) = (canvas.theme, placed.to - placed.from);
    let role = placed.segment.role;
    match placed.segment.kind {
        SegmentKind::Abnormal => {
            canvas.put(placed.from, y, &" ".repeat(width), theme.fill(role));
            if parted {
                canvas.put(placed.from, y, "│", theme.fill(role));
            }
        }
        SegmentKind::Normal => match theme.tint(role) {
            Some(tint) => canvas.put(placed.from, y, &" ".repeat(width), tint),
            None => canvas.letters(placed.from, y, &"─".repeat(width), role),
        },
        SegmentKind::Due => canvas.letters(placed.from, y, &"┄".repeat(width), role),
    }
}

/// The style of a segment's label.
fn style(canvas: &PaneBuffer, segment: &Segment) -> Style {
    let theme = canvas.theme;
    match segment.kind {
        SegmentKind::Abnormal => theme.fill(segment.role).add_modifier(Modifier::BOLD),
        SegmentKind::Normal => theme.tint(segment.role).unwrap_or_else(|| theme.style(segment.role)),
        SegmentKind::Due => theme.style(segment.role),
    }
}

fn words(canvas: &mut PaneBuffer, axis: &TimeAxis, placed: &PlacedSegment, y: usize, parted: bool) {
    let segment = placed.segment;
    let style = style(canvas, segment);
    let begin = placed.from + usize::from(parted);
    let mut from = begin;
    for (at, mark) in &segment.marks {
        let Some(column) = axis.column(*at).filter(|column| (placed.from..placed.to).contains(column)) else {
            continue;
        };
        canvas.dot(column, y, *mark, style);
        // The label moves to the right of a mark in its way.
        if column < from + 3 {
            from = column + 2;
        }
    }
    let room = placed.to.saturating_sub(from);
    let Some((word, wide)) = segment
        .words
        .iter()
        .map(|word| text::clean(word))
        .map(|word| (text::width(&word), word))
        .find(|(wide, _)| *wide > 0 && *wide <= room)
        .map(|(wide, word)| (word, wide))
    else {
        return;
    };
    let both = if segment.kind == SegmentKind::Due { 1 } else { 2 };
    let margin = usize::from(from == begin && wide + both <= room);
    canvas.put(from + margin, y, &word, style);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        session::fixtures::{Variant, at, session_at},
        tui::{
            keymap::Keymap,
            theme::Theme,
            view::{ControlMode, View},
        },
    };
    use proptest::prelude::*;
    use ratatui::{buffer::Buffer, layout::Rect};

    fn axis(columns: usize, zoom: usize) -> TimeAxis {
        let (session, now) = session_at(Variant::After, 20.0);
        let view = View { zoom: Some(zoom), ..View::new(Keymap::default(), ControlMode::Live) };
        TimeAxis::new(&session, &view, now, columns)
    }

    fn segment(from: f64, to: f64, word: &str) -> Segment {
        Segment::new(at(from), Some(at(to)), SegmentKind::Abnormal, Role::Protected).with_words([word])
    }

    fn drawn(axis: &TimeAxis, segments: &[Segment], theme: &Theme) -> String {
        let area = Rect::new(0, 0, axis.columns as u16, 1);
        let mut buffer = Buffer::empty(area);
        draw(&mut PaneBuffer::new(&mut buffer, area, theme), axis, segments);
        (0..area.width).map(|x| buffer[(x, 0)].symbol().to_owned()).collect()
    }

    #[test]
    fn a_state_of_50_ms_keeps_a_column_at_every_step() {
        for zoom in 0..crate::tui::axis::steps() {
            let axis = axis(80, zoom);
            let lane =
                [segment(2.0, 12.0, "OPEN"), segment(12.0, 12.05, "H"), segment(12.05, 20.0, "CLOSED")];
            let placed = place(&axis, &lane);
            let half = placed.iter().find(|placed| placed.segment.words == ["H"]).unwrap();
            assert!(half.to > half.from, "step {zoom}");
            assert!(placed.windows(2).all(|pair| pair[0].to <= pair[1].from));
        }
    }

    #[test]
    fn words_have_a_column_on_both_sides_where_there_is_room() {
        let axis = axis(80, 1);
        let lane = |to| {
            [Segment::new(at(0.0), Some(at(to)), SegmentKind::Abnormal, Role::Ok)
                .with_words(["OPEN 2 s", "OPEN", "O"])]
        };
        let shown = |to: f64| drawn(&axis, &lane(to), &Theme::default())[16..].trim_end().to_owned();
        assert_eq!(shown(5.0), " OPEN 2 s");
        assert_eq!(shown(4.0), "OPEN 2 s");
        assert_eq!(shown(3.0), " OPEN");
        assert_eq!(shown(0.5), "O");
    }

    #[test]
    fn the_word_moves_aside_for_a_mark() {
        let axis = axis(80, 1);
        let mut lane = segment(0.0, 10.0, "503 unhealthy");
        lane.marks = vec![(at(0.6), '▼'), (at(9.1), '▼')];
        assert_eq!(drawn(&axis, &[lane], &Theme::default())[16..].trim_end(), " ▼ 503 unhealthy  ▼");
    }

    #[test]
    fn without_colours_two_fills_are_parted() {
        let lane = [segment(0.0, 3.0, "OPEN"), segment(3.0, 4.0, "H"), segment(4.0, 8.0, "OPEN")];
        let shown = drawn(&axis(80, 1), &lane, &Theme::named("mono").unwrap());
        assert_eq!(shown[16..].trim_end(), " OPEN │H│ OPEN");
    }

    proptest! {
        #[test]
        fn segments_never_overlap(ends in proptest::collection::vec(0.01..9.0_f64, 1..40), zoom in 0..8_usize) {
            let axis = axis(80, zoom);
            let mut from = 0.0;
            let lane: Vec<Segment> = ends.iter().map(|length| {
                let made = segment(from, from + length, "X");
                from += length;
                made
            }).collect();
            let placed = place(&axis, &lane);
            for pair in placed.windows(2) {
                prop_assert!(pair[0].to <= pair[1].from);
            }
            prop_assert!(placed.iter().all(|one| one.to <= axis.columns && one.from < one.to));
        }
    }
}

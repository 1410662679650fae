//! Where everything stands, by the size of the terminal. Panels keep their place through all phases.
//!
//! Wide, from 100x32 (this is 120x36; more rows make panes taller and show the log):
//!
//! ```text
//!  header
//! ▌verdict
//! ┌─ 1 EXPERIMENT ──┐┌─ 2 USERS ──────────────────────┐
//! └─────────────────┘└────────────────────────────────┘
//! ┌─ 3 PODS ────────┐┌─ 4 BREAKER ────────────────────┐
//! └─────────────────┘└────────────────────────────────┘
//! ┌─ 5 TIMELINE ──────────────────────────────────────┐
//! └───────────────────────────────────────────────────┘
//! ┌─ 6 LOG ───────────────────────────────────────────┐
//! └───────────────────────────────────────────────────┘
//!  notice
//!  next
//!  keys
//! ```
//!
//! Compact, from 80x24: the chart without a frame, steps beside breaker and pods, four lanes. Slim, below that:
//! verdict, lanes, the target card or breaker and pods, what comes next and keys. Below 40x12 one line says that it is too small.

use ratatui::layout::{Constraint, Layout, Rect};

/// The smallest size with panes.
const COMPACT: (u16, u16) = (80, 24);
/// The smallest size with all panes side by side.
const WIDE: (u16, u16) = (100, 32);
/// The smallest size with anything at all.
const SLIM: (u16, u16) = (40, 12);

/// The arrangement for a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrangement {
    Wide(Wide),
    /// Steps, chart, lanes, and one pane for breaker and pods.
    Compact(Compact),
    /// What cannot be left out.
    Slim(Slim),
    /// Nothing fits.
    TooSmall,
}

/// The lines above and below the panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rim {
    /// Program, title, cluster, phase, clock.
    pub header: Rect,
    /// The verdict about users.
    pub verdict: Rect,
    pub notice: Rect,
    pub next: Rect,
    /// Keys.
    pub footer: Rect,
    /// What is left for the panes.
    pub middle: Rect,
}

/// All panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wide {
    /// The lines around them.
    pub rim: Rim,
    /// Upper left.
    pub experiment: Rect,
    /// Upper right.
    pub users: Rect,
    /// Lower left.
    pub pods: Rect,
    /// Lower right.
    pub breaker: Rect,
    /// Below, all columns.
    pub timeline: Rect,
    /// At the bottom, where there is room.
    pub log: Option<Rect>,
}

/// The small screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Compact {
    /// The lines around it.
    pub rim: Rim,
    pub chart: Rect,
    /// Steps, on the left.
    pub steps: Rect,
    /// Breaker and pods, on the right.
    pub status: Rect,
    /// Four lanes and the axis.
    pub lanes: Rect,
}

/// The smallest screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slim {
    pub verdict: Rect,
    pub lanes: Rect,
    /// What a fire would do, breaker and pods, where there is room.
    pub status: Rect,
    /// What to watch for and what comes next.
    pub next: Rect,
    /// Keys.
    pub footer: Rect,
}

/// The arrangement for an area; the presenter's verdict is twice as high.
pub(super) fn arrange(area: Rect, presenter: bool) -> Arrangement {
    let fits = |(width, height): (u16, u16)| area.width >= width && area.height >= height;
    if !fits(SLIM) {
        Arrangement::TooSmall
    } else if !fits(COMPACT) {
        Arrangement::Slim(slim(area))
    } else if fits(WIDE) {
        Arrangement::Wide(wide(rim(area, presenter)))
    } else {
        Arrangement::Compact(compact(rim(area, presenter)))
    }
}

fn rim(area: Rect, presenter: bool) -> Rim {
    let lines = |n| Constraint::Length(n);
    let [header, verdict, middle, notice, next, footer] = area.layout(&Layout::vertical([
        lines(1),
        lines(if presenter { 3 } else { 1 }),
        Constraint::Fill(1),
        lines(1),
        lines(1),
        lines(1),
    ]));
    Rim { header, verdict, notice, next, footer, middle }
}

/// Heights of the three rows of panes at 120x36, and how they share what is missing or left over.
fn wide(rim: Rim) -> Wide {
    const UPPER: u16 = 13;
    const LOWER: u16 = 8;
    const TIMELINE: u16 = 10;
    let height = rim.middle.height;
    let base = UPPER + LOWER + TIMELINE;
    let missing = base.saturating_sub(height);
    let spare = height.saturating_sub(base);
    let log = if spare >= 6 { (spare * 2 / 5).clamp(5, 20) } else { 0 };
    let timeline = TIMELINE - missing.min(1);
    let lower = LOWER - missing.saturating_sub(1).min(1) + (spare - log) * 2 / 5;
    let [upper_row, lower_row, timeline, log_row] = rim.middle.layout(&Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(lower),
        Constraint::Length(timeline),
        Constraint::Length(log),
    ]));
    let left = (rim.middle.width * 3 / 8).clamp(40, 80);
    let columns = Layout::horizontal([Constraint::Length(left), Constraint::Fill(1)]);
    let [experiment, users] = upper_row.layout(&columns);
    let [pods, breaker] = lower_row.layout(&columns);
    Wide { rim, experiment, users, pods, breaker, timeline, log: (log > 0).then_some(log_row) }
}

fn compact(rim: Rim) -> Compact {
    const CHART: u16 = 7;
    const BOXES: u16 = 7;
    const LANES: u16 = 5;
    let spare = rim.middle.height.saturating_sub(CHART + BOXES + LANES);
    let lanes = LANES + spare.min(2);
    let boxes = BOXES + (spare - spare.min(2)) / 2;
    let [chart, row, lanes] = rim.middle.layout(&Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(boxes),
        Constraint::Length(lanes),
    ]));
    let [steps, status] = row.layout(&Layout::horizontal([Constraint::Fill(1); 2]));
    Compact { rim, chart, steps, status, lanes }
}

fn slim(area: Rect) -> Slim {
    const LANES: u16 = 5;
    let [verdict, lanes, status, next, footer] = area.layout(&Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(LANES),
        Constraint::Fill(1),
        Constraint::Length(2),
        Constraint::Length(1),
    ]));
    Slim { verdict, lanes, status, next, footer }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(width: u16, height: u16) -> Arrangement {
        arrange(Rect::new(0, 0, width, height), false)
    }

    #[test]
    fn the_mock_ups_sizes_are_met() {
        let Arrangement::Wide(wide) = at(120, 36) else { panic!("120x36 is wide") };
        let size = |rect: Rect| (rect.width, rect.height);
        assert_eq!(size(wide.experiment), (45, 13));
        assert_eq!(size(wide.users), (75, 13));
        assert_eq!(size(wide.pods), (45, 8));
        assert_eq!(size(wide.timeline), (120, 10));
        assert_eq!(wide.log, None);
        let Arrangement::Compact(compact) = at(80, 24) else { panic!("80x24 is compact") };
        assert_eq!(size(compact.chart), (80, 7));
        assert_eq!(size(compact.steps), (40, 7));
        assert_eq!(size(compact.lanes), (80, 5));
    }

    #[test]
    fn room_is_used_and_want_of_it_is_told() {
        assert!(matches!(at(200, 50), Arrangement::Wide(Wide { log: Some(_), .. })));
        assert!(matches!(at(100, 32), Arrangement::Wide(_)));
        assert!(matches!(at(99, 60), Arrangement::Compact(_)));
        assert!(matches!(at(79, 24), Arrangement::Slim(_)));
        assert!(matches!(at(80, 23), Arrangement::Slim(_)));
        assert_eq!(at(39, 30), Arrangement::TooSmall);
        assert_eq!(at(80, 11), Arrangement::TooSmall);
    }

    proptest! {
        #[test]
        fn every_part_lies_inside(width in 0_u16..320, height in 0_u16..100, presenter: bool) {
            let area = Rect::new(0, 0, width, height);
            let inside = |rects: &[Rect]| rects.iter().all(|rect| rect.intersection(area) == *rect);
            let held = match arrange(area, presenter) {
                Arrangement::Wide(w) => {
                    w.timeline.height >= 9 && w.experiment.height >= 9
                        && inside(&[w.experiment, w.users, w.pods, w.breaker, w.timeline, w.rim.footer])
                }
                Arrangement::Compact(c) => {
                    c.chart.height >= 4 && inside(&[c.chart, c.steps, c.status, c.lanes, c.rim.footer])
                }
                Arrangement::Slim(s) => inside(&[s.verdict, s.lanes, s.status, s.next, s.footer]),
                Arrangement::TooSmall => width < 40 || height < 12,
            };
            prop_assert!(held);
        }
    }
}

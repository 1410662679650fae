//! The screen layout, by the size of the terminal. Panes keep their place through all phases.
//!
//! Standard, from 100x32 (this is 120x36): header, banner, chain, the picture in one frame, three panes below it, then
//! note, next and keys. Wide, from 180x46: the same with the chain in boxes and the story beside the picture. Compact,
//! from 80x24: no chain, no frame, two panes below. Slim, from 40x12: verdict, users, two lanes, axis, next, keys. A
//! smaller terminal gets one line that says that it is too small.
//!
//! Spare rows go to the plot in steps of four, since only then decades fall on rows at even distances, then to the
//! users' strip, then to the lower panes. Missing rows are taken from the lower panes, then from the plot.

use ratatui::layout::{Constraint, Layout, Rect};

/// The smallest size with panes.
const COMPACT: (u16, u16) = (80, 24);
/// The smallest size with three panes below the picture.
const STANDARD: (u16, u16) = (100, 32);
/// The smallest size with the story.
const WIDE: (u16, u16) = (180, 46);
/// The smallest supported size.
const SLIM: (u16, u16) = (40, 12);

/// The width of the story in columns.
const STORY: u16 = 52;
/// The minimum and maximum number of rows of the plot.
const PLOT: (u16, u16) = (5, 21);
/// The maximum number of rows of the users' strip.
const STRIP: u16 = 4;

/// The layout for a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrangement {
    Panes(PaneAreas),
    /// Only the essential parts.
    Slim(SmallAreas),
    /// The terminal is too small.
    TooSmall,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Size {
    Compact,
    Standard,
    Wide,
}

/// The areas of the larger layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PaneAreas {
    pub(super) size: Size,
    pub(super) header: Rect,
    pub(super) banner: Rect,
    /// Users, consumer, provider; empty if they are not known.
    pub(super) chain: Rect,
    pub(super) picture: PictureAreas,
    /// Empty without room for it.
    pub(super) story: Rect,
    /// The panes below the picture; empty in the presenter's view.
    pub(super) lower: Rect,
    pub(super) note: Rect,
    pub(super) next: Rect,
    pub(super) keys: Rect,
    /// The area between banner and note: for a zoomed pane, and for the comparison.
    pub(super) middle: Rect,
}

/// The areas of the picture: everything on the time axis, and the current values at its right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PictureAreas {
    /// The whole picture, including its frame if it has one.
    pub(super) area: Rect,
    pub(super) framed: bool,
    /// The row of the fault's bar: the upper border, or a row of its own.
    pub(super) fault: Rect,
    pub(super) plot: Rect,
    pub(super) strip: Rect,
    /// The lanes, one below the other.
    pub(super) lanes: Rect,
    pub(super) axis: Rect,
    /// The current values, in the rows of plot, strip and lanes; empty without room for them.
    pub(super) side: Rect,
}

/// The areas of the smallest layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SmallAreas {
    pub(super) verdict: Rect,
    pub(super) strip: Rect,
    pub(super) lanes: Rect,
    pub(super) axis: Rect,
    /// The expected effect of a fire, breaker and pods, where there is room.
    pub(super) status: Rect,
    pub(super) note: Rect,
    pub(super) next: Rect,
    pub(super) keys: Rect,
}

/// The inputs of the layout besides the size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LayoutRequest {
    pub(super) presenter: bool,
    /// Whether consumer and provider are known, or at least one of them.
    pub(super) chain: bool,
    /// The number of lanes beyond the usual ones: further endpoints, further replicas.
    pub(super) more_lanes: u16,
}

/// The numbers of rows of plot, strip and lower panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RowCounts {
    plot: u16,
    strip: u16,
    lower: u16,
}

impl RowCounts {
    /// Distributes `all` rows, starting from the row counts at the reference size.
    fn share(self, all: u16, least_lower: u16) -> Self {
        let mut rows = self;
        let mut missing = (rows.plot + rows.strip + rows.lower).saturating_sub(all);
        let from_lower = missing.min(rows.lower - least_lower);
        rows.lower -= from_lower;
        missing -= from_lower;
        while missing > 0 && rows.plot > PLOT.0 {
            rows.plot -= 4;
            missing = missing.saturating_sub(4);
        }
        let mut spare = all.saturating_sub(rows.plot + rows.strip + rows.lower);
        while spare >= 4 && rows.plot < PLOT.1 {
            rows.plot += 4;
            spare -= 4;
        }
        let to_strip = spare.min(STRIP - rows.strip);
        rows.strip += to_strip;
        rows.lower += spare - to_strip;
        rows
    }
}

/// Returns the layout for an area.
pub(super) fn arrange(area: Rect, wish: LayoutRequest) -> Arrangement {
    let fits = |(width, height): (u16, u16)| area.width >= width && area.height >= height;
    if !fits(SLIM) {
        Arrangement::TooSmall
    } else if !fits(COMPACT) {
        Arrangement::Slim(slim(area))
    } else if !fits(STANDARD) {
        Arrangement::Panes(compact(area, wish))
    } else {
        Arrangement::Panes(framed(area, wish, if fits(WIDE) { Size::Wide } else { Size::Standard }))
    }
}

/// The numbers of rows of the banner, of the chain and of the lanes at a size.
fn fixed(size: Size, wish: LayoutRequest) -> (u16, u16, u16) {
    let banner = match (wish.presenter, size) {
        (false, _) => 4,
        (true, Size::Wide) => 12,
        (true, _) => 9,
    };
    let chain = match (wish.presenter, size) {
        _ if !wish.chain => 0,
        (false, Size::Standard) => 1,
        _ => 3,
    };
    let lanes = match (wish.presenter, size) {
        (true, Size::Wide) => 4,
        (true, _) => 2,
        (false, Size::Wide) => 5,
        (false, _) => 4,
    };
    (banner, chain, lanes)
}

fn framed(area: Rect, wish: LayoutRequest, size: Size) -> PaneAreas {
    let (banner, chain, lanes) = fixed(size, wish);
    // Further lanes take the rows that the plot, the strip and the lower panes can spare.
    let least = PLOT.0 + 2 + if size == Size::Wide { 11 } else { 7 };
    let more = area.height.saturating_sub(1 + banner + chain + 2 + lanes + 1 + 3 + least);
    let lanes = lanes + if wish.presenter { 0 } else { wish.more_lanes.min(more) };
    let left = area.height.saturating_sub(1 + banner + chain + 2 + lanes + 1 + 3);
    let rows = match (wish.presenter, size) {
        (true, _) => RowCounts { plot: PLOT.0, strip: 2, lower: 0 }.share(left, 0),
        (false, Size::Wide) => RowCounts { plot: 13, strip: 3, lower: 15 }.share(left, 11),
        (false, _) => RowCounts { plot: 9, strip: 2, lower: 9 }.share(left, 7),
    };
    let [header, banner, middle, note, next, keys] = area.layout(&vertical([1, banner, 0, 1, 1, 1]));
    let [chain, upper, lower] = middle.layout(&Layout::vertical([
        Constraint::Length(chain),
        Constraint::Fill(1),
        Constraint::Length(if wish.presenter { 0 } else { rows.lower }),
    ]));
    let story = if size == Size::Wide && !wish.presenter { STORY } else { 0 };
    let [left, story] = upper.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(story)]));
    let side = match (wish.presenter, size) {
        (true, Size::Wide) => SideColumn { columns: 34, around: 0 },
        (true, _) => SideColumn { columns: 24, around: 0 },
        (false, _) => SideColumn { columns: 25, around: 1 },
    };
    let picture = in_frame(left, rows, lanes, side);
    PaneAreas { size, header, banner, chain, picture, story, lower, note, next, keys, middle }
}

/// The column of current values, with the columns left free on both sides of it.
struct SideColumn {
    columns: u16,
    around: u16,
}

/// The areas of a picture with a frame.
fn in_frame(area: Rect, rows: RowCounts, lanes: u16, side: SideColumn) -> PictureAreas {
    const LABELS: u16 = 11;
    // Without the frame's right side and the rule left of the side column.
    let track = area.width.saturating_sub(LABELS + side.columns + 2 * side.around + 2);
    let at = |y: u16, height: u16| {
        let whole = Rect { x: area.x + LABELS, y: area.y.saturating_add(y), width: track, height };
        whole.intersection(area)
    };
    let (plot, strip) = (rows.plot, rows.strip);
    let beside = Rect {
        x: area.x + LABELS + track + 1 + side.around,
        y: area.y + 1,
        width: side.columns,
        height: plot + strip + lanes,
    };
    PictureAreas {
        area,
        framed: true,
        fault: at(0, 1),
        plot: at(1, plot),
        strip: at(1 + plot, strip),
        lanes: at(1 + plot + strip, lanes),
        axis: at(1 + plot + strip + lanes, 1),
        side: beside.intersection(area),
    }
}

/// The picture when it fills a whole area.
pub(super) fn full(area: Rect) -> PictureAreas {
    let lanes = if area.width >= WIDE.0 { 5 } else { 4 };
    let left = area.height.saturating_sub(2 + lanes + 1);
    let rows = RowCounts { plot: PLOT.0, strip: 2, lower: 0 }.share(left, 0);
    in_frame(area, rows, lanes, SideColumn { columns: 25, around: 1 })
}

fn compact(area: Rect, wish: LayoutRequest) -> PaneAreas {
    const LABELS: u16 = 9;
    // At the smallest size, one more lane takes a row of the lower panes.
    let lane_rows = 3 + wish.more_lanes.min(area.height - COMPACT.1 + 1);
    let rows =
        RowCounts { plot: 5, strip: 2, lower: 7 }.share(area.height.saturating_sub(3 + lane_rows + 1 + 3), 6);
    let [header, banner, middle, note, next, keys] = area.layout(&vertical([1, 1, 0, 1, 1, 1]));
    let [fault, plot, strip, lanes, axis, lower] =
        middle.layout(&vertical([1, rows.plot, rows.strip, lane_rows, 1, 0]));
    let track = |row: Rect| Rect { x: row.x + LABELS, width: row.width.saturating_sub(LABELS + 1), ..row };
    let empty = Rect { height: 0, ..header };
    let height = 1 + rows.plot + rows.strip + lane_rows + 1;
    let picture = PictureAreas {
        area: Rect { height, ..middle },
        framed: false,
        fault: track(fault),
        plot: track(plot),
        strip: track(strip),
        lanes: track(lanes),
        axis: track(axis),
        side: empty,
    };
    let size = Size::Compact;
    PaneAreas { size, header, banner, chain: empty, picture, story: empty, lower, note, next, keys, middle }
}

fn slim(area: Rect) -> SmallAreas {
    const LABELS: u16 = 9;
    let [verdict, strip, lanes, axis, status, note, next, keys] =
        area.layout(&vertical([1, 2, 2, 1, 0, 1, 1, 1]));
    let track = |row: Rect| Rect { x: row.x + LABELS, width: row.width.saturating_sub(LABELS + 1), ..row };
    SmallAreas {
        verdict,
        strip: track(strip),
        lanes: track(lanes),
        axis: track(axis),
        status,
        note,
        next,
        keys,
    }
}

/// Rows of these heights; a height of 0 takes the remaining rows.
fn vertical<const N: usize>(heights: [u16; N]) -> Layout {
    Layout::vertical(heights.map(|height| match height {
        0 => Constraint::Fill(1),
        rows => Constraint::Length(rows),
    }))
}

/// Splits a row into parts in proportion to `shares`; each part includes its frame.
pub(super) fn columns<const N: usize>(row: Rect, shares: [u16; N]) -> [Rect; N] {
    let all: u32 = shares.iter().map(|share| u32::from(*share)).sum();
    let mut from = 0_u32;
    shares.map(|share| {
        let start = from * u32::from(row.width) / all;
        from += u32::from(share);
        let end = from * u32::from(row.width) / all;
        Rect { x: row.x + start as u16, width: (end - start) as u16, ..row }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn panes(width: u16, height: u16, wish: LayoutRequest) -> PaneAreas {
        match arrange(Rect::new(0, 0, width, height), wish) {
            Arrangement::Panes(panes) => panes,
            other => panic!("{other:?}"),
        }
    }

    const CHAIN: LayoutRequest = LayoutRequest { presenter: false, chain: true, more_lanes: 0 };
    const STAGE: LayoutRequest = LayoutRequest { presenter: true, chain: true, more_lanes: 0 };

    #[test]
    fn the_standard_grid_is_that_of_the_design() {
        let all = panes(120, 36, CHAIN);
        let picture = all.picture;
        assert_eq!((all.banner.y, all.chain.y, picture.area.y, all.lower.y, all.note.y), (1, 5, 6, 24, 33));
        assert_eq!((picture.plot, picture.strip), (Rect::new(11, 7, 80, 9), Rect::new(11, 16, 80, 2)));
        assert_eq!((picture.lanes, picture.axis), (Rect::new(11, 18, 80, 4), Rect::new(11, 22, 80, 1)));
        assert_eq!((picture.side, picture.fault), (Rect::new(93, 7, 25, 15), Rect::new(11, 6, 80, 1)));
        let lower = columns(all.lower, [38, 45, 37]).map(|pane| (pane.x, pane.width));
        assert_eq!(lower, [(0, 38), (38, 45), (83, 37)]);
    }

    #[test]
    fn the_wide_grid_is_that_of_the_design() {
        let all = panes(200, 50, CHAIN);
        let picture = all.picture;
        assert_eq!((all.chain, all.story), (Rect::new(0, 5, 200, 3), Rect::new(148, 8, 52, 24)));
        assert_eq!((picture.plot, picture.strip), (Rect::new(11, 9, 108, 13), Rect::new(11, 22, 108, 3)));
        assert_eq!((picture.lanes, picture.axis), (Rect::new(11, 25, 108, 5), Rect::new(11, 30, 108, 1)));
        assert_eq!((all.lower, all.note.y), (Rect::new(0, 32, 200, 15), 47));
    }

    #[test]
    fn the_small_grid_is_that_of_the_design() {
        let all = panes(80, 24, CHAIN);
        let picture = all.picture;
        assert_eq!((picture.fault, picture.plot), (Rect::new(9, 2, 70, 1), Rect::new(9, 3, 70, 5)));
        assert_eq!((picture.strip, picture.lanes), (Rect::new(9, 8, 70, 2), Rect::new(9, 10, 70, 3)));
        assert_eq!((picture.axis.y, all.lower, all.note.y), (13, Rect::new(0, 14, 80, 7), 21));
    }

    #[test]
    fn the_presenters_grids_are_those_of_the_design() {
        let all = panes(120, 36, STAGE);
        assert_eq!((all.banner, all.chain.y), (Rect::new(0, 1, 120, 9), 10));
        assert_eq!((all.picture.plot, all.picture.strip.y), (Rect::new(11, 14, 83, 13), 27));
        assert_eq!((all.picture.lanes.y, all.picture.axis.y, all.note.y), (29, 31, 33));
        let all = panes(200, 50, STAGE);
        assert_eq!((all.banner.height, all.chain.y), (12, 13));
        assert_eq!((all.picture.plot, all.picture.strip.height), (Rect::new(11, 17, 153, 21), 3));
        assert_eq!((all.picture.lanes.height, all.picture.axis.y, all.note.y), (4, 45, 47));
    }

    #[test]
    fn the_plot_grows_in_steps_of_four() {
        for (height, wanted) in [
            (32, (5, 4, 7)),
            (36, (9, 2, 9)),
            (38, (9, 4, 9)),
            (40, (13, 2, 9)),
            (45, (17, 3, 9)),
            (60, (21, 4, 19)),
        ] {
            let all = panes(120, height, CHAIN);
            let found = (all.picture.plot.height, all.picture.strip.height, all.lower.height);
            assert_eq!(found, wanted, "{height}");
        }
    }

    proptest! {
        #[test]
        fn nothing_overlaps_and_nothing_is_outside(
            width in 40_u16..260, height in 12_u16..90, presenter: bool, chain: bool, more_lanes in 0_u16..5
        ) {
            let area = Rect::new(0, 0, width, height);
            let parts = match arrange(area, LayoutRequest { presenter, chain, more_lanes }) {
                Arrangement::Panes(p) => {
                    let pic = p.picture;
                    for part in [pic.plot, pic.strip, pic.lanes, pic.axis] {
                        prop_assert!(part.width > 20 && part.height > 0, "{part:?}");
                        prop_assert_eq!(part.intersection(pic.area), part);
                    }
                    vec![p.header, p.banner, p.chain, pic.area, p.story, p.lower, p.note, p.next, p.keys]
                }
                Arrangement::Slim(s) => {
                    vec![s.verdict, s.strip, s.lanes, s.axis, s.status, s.note, s.next, s.keys]
                }
                Arrangement::TooSmall => vec![],
            };
            for (i, one) in parts.iter().enumerate() {
                prop_assert_eq!(one.intersection(area), *one);
                for other in parts.iter().skip(i + 1) {
                    prop_assert!(one.intersection(*other).is_empty(), "{one:?} {other:?}");
                }
            }
        }
    }
}

//! Two runs below each other on one time axis and one scale of waiting times, aligned at T0.

use super::{
    columns::{Columns, Scale},
    lanes::LaneKind,
    plot,
    segments::{self, Segment, SegmentKind},
    strip,
};
use crate::{
    session::{Session, event::Timestamp},
    tui::{
        axis::TimeAxis,
        figures,
        pane_buffer::{PaneBuffer, RoleLine},
        panes::{Scene, faults},
        theme::Role,
    },
};
use ratatui::style::Style;

/// Columns left of the track, with the side of the frame.
const LABELS: usize = 11;
/// The least milliseconds shown of a run after its users had recovered.
const AFTERWARDS_MS: i64 = 5000;
/// The least rows of a plot.
const PLOT: usize = 5;
/// The most rows of the users' strip.
const STRIP: usize = 4;

/// One of the two runs.
pub(crate) struct ComparedRun<'a> {
    pub(crate) session: &'a Session,
    /// The name of the run.
    pub(crate) name: &'a str,
    /// The colour of its verdict.
    pub(crate) role: Role,
}

impl ComparedRun<'_> {
    fn last(&self) -> Timestamp {
        self.session.last.or(self.session.run.ended).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Milliseconds from T0 to a moment; 0 before T0.
    fn since(&self, at: Timestamp) -> i64 {
        (self.session.since_t0(at).unwrap_or(0.0).max(0.0) * 1000.0) as i64
    }

    /// Milliseconds from T0 to show at least: until [`AFTERWARDS_MS`] after its users recovered, or all of the run if
    /// that is unknown.
    fn least_shown_ms(&self) -> i64 {
        let healed = self.session.fault.as_ref().and_then(|fault| fault.healed);
        let recovered = self.session.users.main().and_then(|endpoint| endpoint.recovered);
        let end = healed.zip(recovered).map(|(healed, recovered)| healed.max(recovered));
        end.map_or_else(|| self.since(self.last()), |end| self.since(end) + AFTERWARDS_MS)
    }
}

/// Two runs on their common axis.
pub(crate) struct ComparedRuns<'a> {
    before: ComparedRun<'a>,
    after: ComparedRun<'a>,
    axis: TimeAxis,
    /// The time shown of both runs, in milliseconds from T0.
    shown_ms: i64,
}

/// The rows of each plot and of each strip within `height` rows, two of which are for breaker and axis.
fn rows(height: usize) -> (usize, usize) {
    let left = height.saturating_sub(2);
    let (mut plot, mut strips) = (PLOT, 2);
    if 2 * (plot + strips) > left {
        strips = 1;
        plot = (left / 2).saturating_sub(strips).min(PLOT);
    }
    // Only plots that grow by four rows have their decades at even distances; taller plots have taller strips.
    while plot >= PLOT && 2 * (plot + 4 + (strips + 1).min(STRIP)) <= left {
        plot += 4;
        strips = (strips + 1).min(STRIP);
    }
    (plot, strips)
}

impl<'a> ComparedRuns<'a> {
    /// Aligns two runs on a track of `columns` columns.
    fn aligned(before: ComparedRun<'a>, after: ComparedRun<'a>, columns: usize) -> Self {
        let (one, two) = (before.since(before.last()), after.since(after.last()));
        // Both end at the same moment: that of the shorter run, or later if the longer run's recovery needs it.
        let shown_ms =
            one.min(two).max(before.least_shown_ms()).max(after.least_shown_ms()).min(one.max(two));
        let axis = TimeAxis::around_t0(after.session, shown_ms, columns);
        Self { before, after, axis, shown_ms }
    }

    /// The moment up to which a run is shown.
    fn until(&self, run: &ComparedRun) -> Timestamp {
        let shown = std::time::Duration::from_millis(self.shown_ms.max(0).unsigned_abs());
        run.session.t0().map_or_else(|| run.last(), |t0| run.last().min(t0 + shown))
    }

    /// Aligns two runs in a frame of `width` columns.
    pub(crate) fn in_frame(before: ComparedRun<'a>, after: ComparedRun<'a>, width: usize) -> Self {
        Self::aligned(before, after, width.saturating_sub(LABELS + 2))
    }

    /// The time that one column covers.
    pub(crate) fn step(&self) -> String {
        self.axis.step()
    }

    /// Draws into an existing frame: both plots with their strips, the breaker of the second run, the axis, and the
    /// fault's bar on the upper border.
    pub(crate) fn draw(&self, canvas: &mut PaneBuffer, scene: &Scene) {
        let (plot, strip) = rows(canvas.height().saturating_sub(2));
        let scale = self.scale(plot);
        let mut y = 1;
        for run in [&self.before, &self.after] {
            self.run(canvas, run, scale, (y, plot, strip));
            y += plot + strip;
        }
        self.band(canvas, &self.after, y, 1);
        canvas.at(2, y, &RoleLine::text(LaneKind::Breaker.name(self.after.session)));
        let width = self.axis.columns;
        segments::draw(&mut canvas.part(LABELS, y, width, 1), &self.axis, &LaneKind::Breaker.segments(scene));
        super::labels(&mut canvas.part(LABELS, y + 1, width, 1), &self.axis);
        self.fault(&mut canvas.part(LABELS, 0, width, 1));
    }

    fn run(
        &self,
        canvas: &mut PaneBuffer,
        run: &ComparedRun,
        scale: Scale,
        (y, plot, strip): (usize, usize, usize),
    ) {
        let (width, ends) = (self.axis.columns, LABELS - 1);
        for (row, label) in scale.decades() {
            canvas.letters(ends.saturating_sub(label.len()), y + row, &label, Role::Soft);
        }
        canvas.at(2, y + plot + strip - 1, &"users".into());
        self.band(canvas, run, y, plot + strip);
        let endpoint = run.session.users.main();
        {
            let mut track = canvas.part(LABELS, y, width, plot);
            plot::grid(&mut track, &self.axis, scale);
            if let Some(endpoint) = endpoint {
                plot::limit(&mut track, scale, endpoint.limit_ms);
            }
        }
        if let Some(columns) = self.columns(run, scale) {
            plot::answers(&mut canvas.part(LABELS, y, width, plot), &columns);
            strip::draw(&mut canvas.part(LABELS, y + plot, width, strip), columns.counts());
        }
        let tag = RoleLine::new().fill(run.role, format!(" {} ", run.name.to_uppercase()));
        canvas.at((LABELS + width).saturating_sub(tag.width() + 1), y, &tag);
    }

    /// What the users of a run got, on the common axis.
    fn columns(&self, run: &ComparedRun, scale: Scale) -> Option<Columns> {
        let axis = self.axis.relative_to(run.session)?;
        let endpoint = run.session.users.main()?;
        Some(Columns::of(run.session, endpoint, &axis, scale, self.until(run)))
    }

    /// The scale up to the longer of both deadlines.
    fn scale(&self, rows: usize) -> Scale {
        let endpoints = [&self.before, &self.after].into_iter().filter_map(|run| run.session.users.main());
        let longest = endpoints.max_by_key(|endpoint| endpoint.deadline_ms);
        longest.map_or_else(|| Scale::unknown(rows), |endpoint| Scale::new(endpoint, rows))
    }

    /// Colours the background of the columns in which a run's fault was on.
    fn band(&self, canvas: &mut PaneBuffer, run: &ComparedRun, y: usize, height: usize) {
        let Some((band, axis)) = canvas.theme.band().zip(self.axis.relative_to(run.session)) else { return };
        for (from, to) in faults(run.session, self.until(run)) {
            let fault = [Segment {
                keeps_last_column: true,
                ..Segment::new(from, to, SegmentKind::Abnormal, Role::Fault)
            }];
            for placed in segments::place(&axis, &fault) {
                let mut area = canvas.part(LABELS + placed.from, y, placed.to - placed.from, height);
                area.restyle(Style::new().bg(band));
            }
        }
    }

    /// Draws the fault's bar: that of the second run if it had a fault, else that of the first.
    fn fault(&self, canvas: &mut PaneBuffer) {
        let run = if self.after.session.fault.is_some() { &self.after } else { &self.before };
        let Some(axis) = self.axis.relative_to(run.session) else { return };
        let bars: Vec<Segment> = faults(run.session, self.until(run))
            .into_iter()
            .map(|(from, to)| {
                let lasted = figures::length(figures::between(from, to.unwrap_or(self.until(run))));
                let bar = Segment {
                    keeps_last_column: true,
                    ..Segment::new(from, to, SegmentKind::Abnormal, Role::Fault)
                };
                bar.with_words([format!("FAULT {lasted}"), "FAULT".to_owned(), "F".to_owned()])
            })
            .collect();
        segments::draw(canvas, &axis, &bars);
    }
}

/// Draws what users of both runs got, for a screen without room for plots: each run in half of the rows, and the axis
/// in the last one. The track begins at column `x` and has `columns` columns.
pub(crate) fn strips(
    canvas: &mut PaneBuffer,
    before: ComparedRun,
    after: ComparedRun,
    (x, columns): (usize, usize),
) {
    let compared = ComparedRuns::aligned(before, after, columns);
    let each = canvas.height().saturating_sub(1) / 2;
    let scale = compared.scale(1);
    for (run, y) in [&compared.before, &compared.after].into_iter().zip([0, each]) {
        let foot = y + each.saturating_sub(1);
        canvas.part(0, foot, x.saturating_sub(1), 1).row(0, &RoleLine::strong(run.role, run.name));
        if let Some(columns) = compared.columns(run, scale) {
            strip::draw(&mut canvas.part(x, y, compared.axis.columns, each), columns.counts());
        }
    }
    super::labels(&mut canvas.part(x, 2 * each, compared.axis.columns, 1), &compared.axis);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_are_shared_as_the_design_has_them() {
        assert_eq!((rows(16), rows(26), rows(30)), ((5, 2), (9, 3), (9, 3)));
        assert_eq!((rows(14), rows(12), rows(36)), ((5, 1), (4, 1), (13, 4)));
    }

    proptest! {
        #[test]
        fn both_runs_fit_with_breaker_and_axis(height in 6_usize..80) {
            let (plot, strip) = rows(height);
            prop_assert!(plot > 0 && strip > 0);
            prop_assert!(2 * (plot + strip) + 2 <= height, "{:?}", (plot, strip));
        }
    }
}

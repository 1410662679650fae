//! The picture: what users waited for and got, the breaker, the pods and the steps on one time axis.

mod lanes;
mod scale;
mod strip;
mod waits;

use crate::{
    report::{
        evidence::AskedSample,
        facts::{Facts, shown},
    },
    session::{state::Endpoint, wording},
};
use lanes::Lane;
use maud::{Markup, html};
use scale::{NARROW, PathData, Size, TimeScale, WIDE, WaitScale, Window, n};
use waits::{Mark, Percentiles};

/// The seconds since T0 that the pictures of two sessions share; `None` if one has nothing to draw.
pub(super) fn common_window(first: &Facts, second: &Facts) -> Option<(f64, f64)> {
    let (one, two) = (Window::of(first)?, Window::of(second)?);
    Some((one.from.min(two.from), one.to.max(two.to)))
}

/// Lines of a lane that its description repeats.
const DESCRIBED: usize = 12;

/// The users of one endpoint, or the lanes alone if no user was watched.
pub(super) struct Chart<'a> {
    facts: &'a Facts<'a>,
    /// Distinguishes the ids of several charts on a page.
    number: usize,
    endpoint: Option<&'a Endpoint>,
    samples: Vec<&'a AskedSample>,
    window: Window,
    lanes: Vec<Lane>,
}

impl<'a> Chart<'a> {
    /// `None` if nothing would be in it. The lanes are drawn below the first endpoint only.
    pub(super) fn of(facts: &'a Facts<'a>, number: usize, endpoint: Option<&'a Endpoint>) -> Option<Self> {
        let window = Window::of(facts)?;
        let samples: Vec<&AskedSample> =
            endpoint.map(|endpoint| facts.evidence.samples.of(endpoint.id).collect()).unwrap_or_default();
        let lanes = if number == 0 { lanes::lanes(facts, &window) } else { Vec::new() };
        let empty = samples.is_empty() && lanes.is_empty();
        (!empty).then_some(Self { facts, number, endpoint, samples, window, lanes })
    }

    /// The users of the main endpoint of one of several sessions on a page, with all lanes, in a given window.
    pub(super) fn beside(facts: &'a Facts<'a>, number: usize, window: Option<(f64, f64)>) -> Option<Self> {
        let chart = Self::of(facts, 0, facts.session.users.main())?;
        let (from, to) = window.unwrap_or((chart.window.from, chart.window.to));
        let window = Window { from, to, left_out: 0.0, ..chart.window };
        let lanes = lanes::lanes(facts, &window);
        Some(Self { number, window, lanes, ..chart })
    }

    /// The figure: its key, one drawing for wide pages and one for phones, and what to know about them.
    pub(super) fn figure(&self) -> Markup {
        html! {
            figure class="chart" {
                (self.key())
                (self.drawing(&WIDE))
                (self.drawing(&NARROW))
                figcaption { (self.caption()) }
            }
        }
    }

    /// What the marks mean, of those that occur.
    fn key(&self) -> Markup {
        let occurs = |mark: &Mark| self.samples.iter().any(|sample| Mark::of(sample.outcome) == Some(*mark));
        let drawn = |mark: Mark| {
            let mut path = PathData::default();
            mark.draw(&mut path, 8.0, 8.0);
            path
        };
        html! {
            ul class="key" {
                @for mark in Mark::ALL.into_iter().filter(occurs) {
                    li {
                        svg viewBox="2 2 12 12" aria-hidden="true" {
                            path class={ "d-" (mark.role()) } d=(drawn(mark).text()) {}
                        }
                        (mark.meaning())
                    }
                }
            }
        }
    }

    fn caption(&self) -> Markup {
        let time = TimeScale::new(self.window, &WIDE);
        let axis = if self.facts.session.fault.is_some() {
            "Seconds from T0, the moment of the fire."
        } else {
            "Seconds from the first event; nothing was fired."
        };
        let Some(endpoint) = self.endpoint.filter(|_| !self.samples.is_empty()) else {
            return html! { (axis) };
        };
        let scale = WaitScale::new(0.0, 1.0, endpoint.deadline_ms as f64, 0.0);
        let stretch = Percentiles::of(&self.samples, endpoint.rate, &time, &scale);
        let seconds = wording::limit((stretch.stretch_s * 1000.0) as u64);
        let has = |class: &str| stretch.lines.iter().any(|(other, ..)| *other == class);
        html! {
            "Each mark is one request at the moment it was due and the time its user waited (logarithmic). p50 and p95 are of "
            (seconds) " each"
            @if has("p99") { ", p99 where " (seconds) " hold 100 answers or more" }
            @else { "; p99 is in the table, because no " (seconds) " hold the 100 answers that it needs" }
            ". " (axis)
            @if self.window.left_out > 1.0 {
                " The first " (wording::seconds(self.window.left_out)) " of steady state are in the table only."
            }
        }
    }

    fn drawing(&self, size: &Size) -> Markup {
        let time = TimeScale::new(self.window, size);
        let users = !self.samples.is_empty();
        let top = size.font * 1.7;
        let strip_top = top + if users { size.plot + 8.0 } else { 0.0 };
        let lanes_top = strip_top + if users { size.strip + 6.0 } else { 0.0 };
        let bottom = lanes_top + self.lanes.len() as f64 * size.lane;
        let height = bottom + size.font * 1.7;
        let id = format!("{}-{}", size.name, self.number);
        html! {
            svg class=(size.name) role="img" viewBox={ "0 0 " (n(size.width)) " " (n(height)) }
                aria-labelledby={ (id) "-title " (id) "-desc" } {
                title id={ (id) "-title" } { (self.title()) }
                desc id={ (id) "-desc" } { (self.description(&time)) }
                (self.fault_band(&time, size, top, bottom))
                (self.axis(&time, size, top, bottom))
                @if users {
                    (self.plot(&time, size, top))
                    (lanes::label("users", size, strip_top + size.strip / 2.0 + size.font * 0.34))
                    (strip::strip(&self.samples, &time, size, strip_top))
                }
                @for (place, lane) in self.lanes.iter().enumerate() {
                    (lanes::lane(lane, &time, size, lanes_top + place as f64 * size.lane))
                }
                (self.gaps(&time, size, lanes_top, bottom))
            }
        }
    }

    /// The time in which the fault was on, and T0; without a watch of the targets only T0 is known.
    fn fault_band(&self, time: &TimeScale, size: &Size, top: f64, bottom: f64) -> Markup {
        let Some(fault) = &self.facts.session.fault else { return html! {} };
        let known = self.facts.fault_is_watched();
        let mut bands = Vec::new();
        let mut since = None;
        let changes = fault.on.changes().map(|(at, on)| (self.window.seconds(at), on));
        for (at, on) in changes.chain([(self.window.to, false)]) {
            match (since, on) {
                (None, true) => since = Some(at),
                (Some(from), false) => {
                    bands.push((time.x(from), time.x(at)));
                    since = None;
                }
                _ => {}
            }
        }
        let t0 = time.x(0.0);
        let lasted = wording::seconds(fault.lasted(self.window.end()));
        let word = match (known, fault.is_on()) {
            (true, false) => format!("▼ fault {lasted}"),
            (true, true) => "▼ fault, not over".to_owned(),
            (false, _) => "▼ fired".to_owned(),
        };
        html! {
            @if known {
                @for (from, to) in &bands {
                    rect class="band" x=(n(*from)) y=(n(top)) width=(n(to - from)) height=(n(bottom - top)) {}
                }
            }
            path class="s-fault" d={ "M" (n(t0)) " " (n(top - 3.0)) "V" (n(bottom)) } {}
            text class="w-fault" x=(n((t0 - 4.0).min(size.width - scale::word_width(&word, size.font) - 2.0)))
                y=(n(top - 7.0)) font-size=(n(size.font)) { (word) }
        }
    }

    fn axis(&self, time: &TimeScale, size: &Size, top: f64, bottom: f64) -> Markup {
        let ticks = time.ticks(self.facts.session.fault.is_some());
        let mut lines = PathData::default();
        for (seconds, _) in &ticks {
            lines.push('M', &[time.x(*seconds), top]).push('V', &[bottom + 3.0]);
        }
        let label_y = bottom + size.font * 1.25;
        html! {
            path class="s-grid" d=(lines.text()) {}
            path class="s-line" d={ "M" (n(time.left)) " " (n(bottom)) "h" (n(time.width)) } {}
            @for (seconds, label) in &ticks {
                text class=(if label == "T0" { "w-fault" } else { "t-soft" }) text-anchor="middle"
                    x=(n(time.x(*seconds))) y=(n(label_y)) font-size=(n(size.font)) { (label) }
            }
        }
    }

    fn plot(&self, time: &TimeScale, size: &Size, top: f64) -> Markup {
        let Some(endpoint) = self.endpoint else { return html! {} };
        let longest = self.samples.iter().map(|sample| f64::from(sample.waited_ms)).fold(0.0, f64::max);
        let scale = WaitScale::new(top, size.plot, endpoint.deadline_ms as f64, longest);
        let lines = Percentiles::of(&self.samples, endpoint.rate, time, &scale);
        let limit = scale.y(endpoint.limit_ms as f64);
        let limit_word = format!("limit {}", wording::limit(endpoint.limit_ms));
        let mut grid = PathData::default();
        for (ms, _) in scale.labels() {
            grid.push('M', &[time.left, scale.y(ms)]).push('h', &[time.width]);
        }
        html! {
            path class="s-grid" d=(grid.text()) {}
            @for (ms, label) in scale.labels() {
                text class="t-soft" text-anchor="end" x=(n(size.left - 8.0)) y=(n(scale.y(ms) + size.font * 0.34))
                    font-size=(n(size.font)) { (label) }
            }
            path class="s-limit" d={ "M" (n(time.left)) " " (n(limit)) "h" (n(time.width)) } {}
            text class="t-soft" x=(n(time.left + 4.0)) y=(n(limit - 5.0)) font-size=(n(size.font)) { (limit_word) }
            (waits::marks(&self.samples, time, &scale))
            @for (class, path, _) in &lines.lines { path class=(class) d=(path.text()) {} }
            @for (class, y) in apart(&lines, size.font) {
                text class="t-strong" x=(n(size.width - size.right + 3.0)) y=(n(y + size.font * 0.34))
                    font-size=(n(size.font)) { (class) }
            }
        }
    }

    /// Times in which this program did not run: nothing is known of them.
    fn gaps(&self, time: &TimeScale, size: &Size, top: f64, bottom: f64) -> Markup {
        let gaps = self.facts.session.gaps.iter().filter(|gap| gap.is_total());
        html! {
            @for gap in gaps {
                @let (from, to) = (time.x(self.window.seconds(gap.from)), time.x(self.window.seconds(gap.to)));
                rect class="gap" x=(n(from)) y=(n(top)) width=(n(to - from)) height=(n((bottom - top - 3.0).max(0.0))) {}
                @if scale::word_width("not observed", size.font) < to - from {
                    text class="t-soft" x=(n(from + 4.0)) y=(n(top + size.font * 1.15)) font-size=(n(size.font)) { "not observed" }
                }
            }
        }
    }

    fn title(&self) -> String {
        match self.endpoint.filter(|_| !self.samples.is_empty()) {
            Some(endpoint) => format!("What users of {} waited for and got over time", shown(&endpoint.url)),
            None => "What happened over time".to_owned(),
        }
    }

    /// The picture in words, for those who do not see it.
    fn description(&self, time: &TimeScale) -> String {
        let mut sentences = vec![format!("From {:+.0} to {:+.0} seconds.", self.window.from, self.window.to)];
        let users = strip::described(&self.samples, time);
        let users = Lane { label: "users, the worst of each column".to_owned(), segments: users };
        for lane in std::iter::once(&users).chain(&self.lanes).filter(|lane| !lane.segments.is_empty()) {
            let states = lane.segments.iter().take(DESCRIBED).map(|segment| {
                let word = segment.words.first().map_or("", String::as_str);
                format!("{word} from {:+.1} s", segment.from.max(self.window.from))
            });
            let states: Vec<String> = states.collect();
            let more = lane.segments.len().saturating_sub(DESCRIBED);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            sentences.push(format!("{}: {}{more}.", lane.label, states.join(", ")));
        }
        sentences.join(" ")
    }
}

/// The labels of the percentiles at the right end, moved apart where they would lie on each other.
fn apart(lines: &Percentiles, font: f64) -> Vec<(&'static str, f64)> {
    let mut labels: Vec<(&'static str, f64)> =
        lines.lines.iter().map(|(class, _, (_, y))| (*class, *y)).collect();
    labels.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(other.0)));
    let mut free = f64::INFINITY;
    for (_, y) in &mut labels {
        *y = y.min(free);
        free = *y - font;
    }
    labels
}

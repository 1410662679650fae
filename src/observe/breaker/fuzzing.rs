//! The entry of the fuzz target `exposition`: pages as a server wrote them, read as the loop reads them.

use super::{
    estimate::BreakerEstimator,
    reading::{SourceId, SourceMessage},
    sources::{
        actuator::ActuatorReader,
        health,
        hystrix::HystrixStream,
        prometheus::{PageReader, mesh},
    },
};
use crate::session::event::{EndpointId, EventKind, SourceKind, Timestamp};
use jiff::SignedDuration;

/// The parser that reads the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFormat {
    Prometheus,
    Mesh,
    Breakers,
    BreakerEvents,
    Hystrix,
    Health,
}

/// Reads `pages` one after the other, each half a second after the last, as one source that changes. Returns the events
/// that the session would get: reports, and what the estimator believes after each.
pub fn read_pages<'a>(
    format: PageFormat,
    pages: impl Iterator<Item = &'a [u8]>,
    began: Timestamp,
) -> Vec<EventKind> {
    let (mut page_reader, mut actuator, mut hystrix) = (
        PageReader::with(Vec::new(), "/invoke".to_owned()),
        ActuatorReader::default(),
        HystrixStream::default(),
    );
    let mut estimator = BreakerEstimator::new(EndpointId(0), None);
    let mut events = Vec::new();
    let mut now = began;
    for page in pages {
        let kind = match format {
            PageFormat::Prometheus | PageFormat::Mesh => SourceKind::Metrics,
            PageFormat::Health => SourceKind::Health,
            PageFormat::Breakers | PageFormat::BreakerEvents | PageFormat::Hystrix => SourceKind::Actuator,
        };
        let source = SourceId::at_users_url(kind, "/page");
        // Chunks end anywhere.
        let chunks = page.chunks(100);
        let reading = match format {
            PageFormat::Prometheus => {
                let mut text = page_reader.page();
                chunks.for_each(|piece| text.feed(piece));
                Some(page_reader.read(source, text))
            }
            PageFormat::Mesh => {
                let mut text = mesh::page();
                chunks.for_each(|piece| text.feed(piece));
                Some(mesh::read(source, text))
            }
            PageFormat::Breakers => actuator.read(source, page, now).map(|page| {
                let mut reading = page.reading;
                actuator.attach(&mut reading);
                reading
            }),
            PageFormat::BreakerEvents => {
                actuator.events(page, true, now, SignedDuration::ZERO).then(|| actuator.by_events(source))
            }
            PageFormat::Hystrix => {
                chunks.for_each(|piece| hystrix.feed(piece, now, SignedDuration::ZERO));
                Some(hystrix.reading(source, now))
            }
            PageFormat::Health => Some(health::read(source, 503, &String::from_utf8_lossy(page), false)),
        };
        if let Some(reading) = reading {
            events.push(EventKind::Testified(estimator.answers_report(&reading)));
            estimator.handle(now, &SourceMessage::Reading(reading));
        }
        let (report, belief) = estimator.judge(now);
        events.extend([EventKind::Testified(report), EventKind::Believed(belief)]);
        now += SignedDuration::from_millis(500);
    }
    events
}

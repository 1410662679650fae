//! Names and texts that come from outside, and secrets.

use super::{of_events, pages::page};
use crate::{
    report::{Evidence, ReportFormat},
    session::{Command, Event, EventKind, command::Annotation, event::Prediction, fixtures::recorded},
};

/// A name that is a script, closes what it stands in, hides in Unicode and carries a password.
const NAME: &str = "</title></style></text><script>alert(1)</script>\u{1b}[31m\u{202e}|`x`\" onload=\"y\" ]]> <!-- http://u:canary-pw@h/\n# h";

fn hostile() -> Evidence {
    let events = recorded("after-kill").into_iter().map(|mut event| {
        match &mut event.what {
            EventKind::Planned(plan) => {
                NAME.clone_into(&mut plan.title);
                plan.steps.iter_mut().for_each(|step| NAME.clone_into(&mut step.name));
                plan.steps.iter_mut().for_each(|step| NAME.clone_into(&mut step.label));
            }
            EventKind::RunStarted { title, .. } => NAME.clone_into(title),
            EventKind::SessionOpened { source, context, namespace, .. } => {
                (*source, *context, *namespace) = (NAME.to_owned(), Some(NAME.to_owned()), NAME.to_owned());
            }
            EventKind::FaultFired { what, targets, .. } => {
                NAME.clone_into(what);
                targets.push(NAME.to_owned());
            }
            EventKind::EndpointWatched { url, via, .. } => {
                (*url, *via) = (format!("GET http://h/{NAME}"), Some(NAME.to_owned()));
            }
            EventKind::ActivityEnded { outcome, .. } => NAME.clone_into(&mut outcome.summary),
            EventKind::ShapeLearned { description, .. } => NAME.clone_into(description),
            EventKind::Believed(belief) => NAME.clone_into(&mut belief.because),
            EventKind::Testified(report) => NAME.clone_into(&mut report.ground),
            EventKind::FaultHealed { what } => NAME.clone_into(what),
            EventKind::MethodEnded => {
                event.what = EventKind::Commanded(Command::Annotate(Annotation::Note(NAME.to_owned())));
            }
            _ => {}
        }
        event
    });
    let mut events: Vec<Event> = events.collect();
    let predicted = Prediction { errors: Some(0), recovery_s: Some(1.0), ..Prediction::default() };
    for annotation in [Annotation::Predict(predicted), Annotation::Mark] {
        let at = events[0].at;
        events.insert(1, Event { seq: 0, at, what: EventKind::Commanded(Command::Annotate(annotation)) });
    }
    of_events(NAME, events)
}

#[test]
fn nothing_from_outside_becomes_markup_or_steers_a_reader() {
    let evidence = hostile();
    let html = page(&evidence);
    assert!(html.contains("Prediction and fact") && html.contains("back within 1 s"));
    assert!(!html.contains("<script") && !html.contains("onload=\"y\"") && html.contains("&lt;script&gt;"));
    for format in
        [ReportFormat::Html, ReportFormat::Md, ReportFormat::Json, ReportFormat::Xml, ReportFormat::Csv]
    {
        let text = format.render(&evidence);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{format:?}");
        assert!(!text.contains("canary"), "{format:?}: {text}");
    }
    let markdown = ReportFormat::Md.render(&evidence);
    assert!(!markdown.contains("<script") && !markdown.contains("\n# h"), "{markdown}");
    let table = markdown.lines().filter(|line| line.starts_with('|'));
    assert!(
        table.clone().count() >= 4 && table.clone().all(|line| line.matches(" | ").count() == 9),
        "{markdown}"
    );
}

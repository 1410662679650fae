use super::{
    super::{PageReader, SourceId},
    *,
};
use crate::session::event::{
    BreakerState::{Closed, HalfOpen, Open},
    SourceKind,
};

fn read(reader: &mut PageReader, page: &str) -> Vec<NamedBreaker> {
    let mut text = reader.page();
    text.feed(page.as_bytes());
    reader.read(SourceId::at_users_url(SourceKind::Metrics, "/metrics"), text).breakers
}

fn says(reader: &mut PageReader, page: &str) -> Vec<(String, SourceClaim)> {
    read(reader, page).into_iter().map(|one| (one.name, one.says)).collect()
}

#[test]
fn three_lines_of_the_operator_explain_a_series() {
    let states =
        |pairs: &[(&str, _)]| pairs.iter().map(|(word, state)| ((*word).to_owned(), *state)).collect();
    let by_label = Rule::new(
        "shop_gate".to_owned(),
        Some("phase".to_owned()),
        states(&[("ok", Closed), ("tripped", Open), ("testing", HalfOpen)]),
    );
    let by_number = Rule::new("gate_level".to_owned(), None, states(&[("0", Closed), ("7", Open)]));
    let mut reader = PageReader::with(vec![by_label, by_number], String::new());
    let page = "shop_gate{name=\"p\",phase=\"ok\"} 0\nshop_gate{name=\"p\",phase=\"tripped\"} 1\ngate_level{name=\"q\"} 7\n";
    let named = |name: &str, says| (name.to_owned(), says);
    let expected = [named("p", SourceClaim::State(Open)), named("q", SourceClaim::State(Open))];
    assert_eq!(says(&mut reader, page), expected);
    let unknown = "gate_level{name=\"q\"} 3\n";
    assert_eq!(says(&mut reader, unknown), [named("q", SourceClaim::Nothing)]);
    assert!(says(&mut PageReader::default(), page).is_empty(), "without the rule nobody knows");
}

#[test]
fn counters_that_jump_up_and_down_are_of_several_processes() {
    let mut reader = PageReader::default();
    let page = |open: u32, fire: u32| {
        format!(
            "circuit{{name=\"p\",event=\"fire\"}} {fire}\ncircuit{{name=\"p\",event=\"open\"}} {open}\ncircuit{{name=\"p\",event=\"close\"}} 1\n"
        )
    };
    let mut last = SourceClaim::Nothing;
    for turn in 0..10 {
        let page = if turn % 2 == 0 { page(2, 90 + turn) } else { page(1, 20 + turn) };
        last = read(&mut reader, &page)[0].says;
    }
    assert_eq!(last, SourceClaim::Nothing);
}

#[test]
fn what_appears_on_a_page_that_was_read_was_nothing_before() {
    let polly = |name: &str, count: u32| {
        format!(
            "resilience_polly_strategy_events_total{{event_name=\"{name}\",pipeline_name=\"p\"}} {count}\n"
        )
    };
    let mut reader = PageReader::default();
    assert!(says(&mut reader, "").is_empty());
    assert_eq!(read(&mut reader, &polly("OnCircuitOpened", 1))[0].says, SourceClaim::State(Open));
    // A reader without an earlier reading cannot know.
    assert_eq!(read(&mut PageReader::default(), &polly("OnCircuitOpened", 1))[0].says, SourceClaim::Nothing);
}

#[test]
fn opossum_that_is_switched_off_is_not_called_closed() {
    let page = "circuit{name=\"p\",event=\"fire\"} 9\n";
    assert_eq!(read(&mut PageReader::default(), page)[0].says, SourceClaim::Nothing);
}

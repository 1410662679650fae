//! Tests of learning and of the judgements based on it.

use super::*;

fn json(body: &str) -> (ResponseShape, usize) {
    (ResponseShape::of(200, Some("application/json"), body.as_bytes(), body.len()), body.len())
}

fn kind(learning: &mut Learning, body: &str) -> AnswerKind {
    let (look, length) = json(body);
    learning.observe(&look, length, false).kind
}

fn learned(rate: f64, bodies: impl Iterator<Item = String>) -> (Learning, Vec<Learned>) {
    let mut learning = Learning::new(rate);
    let hear = |body: String| learning.observe(&json(&body).0, json(&body).1, false).learned;
    let said = bodies.filter_map(hear).collect();
    (learning, said)
}

/// The same, with the fault on.
fn faulty(bodies: impl Iterator<Item = String>) -> (Learning, Vec<Learned>) {
    let (mut learning, said) = learned(2.0, bodies);
    assert_eq!(learning.finish(), None);
    (learning, said)
}

#[test]
fn twenty_answers_teach_what_is_real() {
    let uuid = |n: usize| format!("\"5b0c5a9e-6a3f-4a57-9d3b-0a2d7d0e4c{n:02}\"");
    let (mut learning, said) = faulty((0..25).map(uuid));
    let wanted = Learned {
        description: "JSON string, 38 bytes, application/json".to_owned(),
        answers: 20,
        unseen: None,
    };
    assert_eq!(said, [wanted]);
    assert_eq!(kind(&mut learning, &uuid(77)), AnswerKind::Real);
    assert_eq!(kind(&mut learning, "\"failed talking to the producer\""), AnswerKind::Fallback);
}

#[test]
fn at_a_low_rate_fewer_will_do() {
    for (rate, answers) in [(500.0, 20), (2.0, 20), (1.0, 15), (0.2, 5), (0.01, 5)] {
        assert_eq!(Learning::new(rate).wanted, answers, "{rate}");
    }
}

#[test]
fn some_keys_less_or_more_are_the_same_answer() {
    let both = |n: usize| match n % 3 {
        0 => r#"{"id": 1, "name": "Ann"}"#.to_owned(),
        _ => r#"{"id": 1, "name": "Ann", "note": "left at the door", "tags": [{"tag": "x"}]}"#.to_owned(),
    };
    let (mut learning, said) = faulty((0..20).map(both));
    assert_eq!(said[0].description, "JSON object, 24 bytes, application/json");
    for real in [
        r#"{"id": 5}"#,
        r#"{"id": 5, "name": "Bob2"}"#,
        r#"{"id": 5, "name": "Ann", "note": null, "tags": []}"#,
        r#"{"id": 5, "name": "Ann", "price": 7, "currency": "EUR", "more": {"of": "it"}}"#,
        r#"{"id": 5, "note": "x"}"#,
    ] {
        assert_eq!(kind(&mut learning, real), AnswerKind::Real, "{real}");
    }
    for fallback in [
        r#"{"error": "the producer is gone"}"#,
        r#"{"id": "unknown", "name": "Ann"}"#,
        r#"{"id": 5, "error": "half of it"}"#,
        r#"{"id": null, "tags": []}"#,
        "{}",
        "[]",
    ] {
        assert_eq!(kind(&mut learning, fallback), AnswerKind::Fallback, "{fallback}");
    }
}

#[test]
fn a_body_that_has_more_in_it_is_the_same_answer_however_long_it_is() {
    let short = |_| r#"{"id": 1}"#.to_owned();
    let (mut learning, _) = faulty((0..20).map(short));
    let long = format!(r#"{{"id": 1, "description": "{}"}}"#, "long ".repeat(500));
    assert_eq!(kind(&mut learning, &long), AnswerKind::Real);
    let many = |_| r#"[{"id": 1}, {"id": 2}]"#.to_owned();
    let (mut learning, _) = faulty((0..20).map(many));
    assert_eq!(kind(&mut learning, &format!("[{}]", [r#"{"id": 3}"#; 400].join(","))), AnswerKind::Real);
    assert_eq!(kind(&mut learning, "[]"), AnswerKind::Fallback);
}

#[test]
fn a_single_odd_answer_of_steady_state_is_no_fallback() {
    let usual = |_| r#"{"id": 1}"#.to_owned();
    let (mut learning, _) = learned(2.0, (0..20).map(usual));
    assert_eq!(kind(&mut learning, r#"{"maintenance": true}"#), AnswerKind::Real);
    for n in 0..25 {
        assert_eq!(kind(&mut learning, &usual(n)), AnswerKind::Real);
    }
    learning.finish();
    assert_eq!(kind(&mut learning, r#"{"maintenance": true}"#), AnswerKind::Real, "it was real before");
    assert_eq!(kind(&mut learning, r#"{"error": "gone"}"#), AnswerKind::Fallback);
}

#[test]
fn several_alike_one_soon_after_the_other_are_one_without_any_fault() {
    let (mut learning, _) = learned(2.0, (0..20).map(|_| r#"{"id": 1}"#.to_owned()));
    let kinds: Vec<_> = (0..5).map(|_| kind(&mut learning, r#"{"sorry": "later"}"#)).collect();
    let real = AnswerKind::Real;
    let fallback = AnswerKind::Fallback;
    assert_eq!(kinds, [real, real, fallback, fallback, fallback]);
    learning.finish();
    assert_eq!(kind(&mut learning, r#"{"sorry": "later"}"#), fallback);
}

#[test]
fn bodies_that_vary_too_much_are_compared_coarsely_and_that_is_said() {
    let different =
        |n: usize| format!("{{\"key-{}\": 1}}", "abcdefghijklmnopqrstuvwxyz".chars().nth(n).unwrap());
    let (mut learning, said) = faulty((0..20).map(different));
    assert!(said[0].description.contains("differ in every answer"), "{said:?}");
    assert!(
        said[0].unseen.as_ref().unwrap().contains("cannot be distinguished from a real answer"),
        "{said:?}"
    );
    assert_eq!(kind(&mut learning, "{\"key-zz\": 1}"), AnswerKind::Real);
    let other = ResponseShape::of(200, Some("text/plain"), b"sorry", 5);
    assert_eq!(learning.observe(&other, 5, false).kind, AnswerKind::Fallback);
}

#[test]
fn where_a_fallback_would_look_the_same_that_is_said() {
    let (_, said) = learned(2.0, (0..20).map(|n| n.to_string()));
    assert!(said[0].unseen.as_ref().unwrap().contains("bare value"), "{said:?}");
}

#[test]
fn a_body_of_quite_another_length_is_not_the_real_one() {
    let (mut learning, _) =
        faulty((0..20).map(|_| "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]".to_owned()));
    assert_eq!(kind(&mut learning, "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"), AnswerKind::Real);
    assert_eq!(kind(&mut learning, "[1]"), AnswerKind::Fallback);
}

#[test]
fn errors_are_errors_and_teach_nothing() {
    let mut learning = Learning::new(2.0);
    let cases = [(404, ErrorKind::Client), (500, ErrorKind::Server), (503, ErrorKind::Server)];
    for (status, kind) in cases {
        let look = ResponseShape::of(status, None, b"", 0);
        let judged = learning.observe(&look, 0, false);
        assert_eq!((judged.kind, judged.learned), (AnswerKind::Error(kind), None));
    }
    assert_eq!(learning.seen, 0);
}

#[test]
fn what_the_experiment_wants_is_no_error_whatever_its_status() {
    let mut learning = Learning::new(2.0);
    let (gone, found) = (ResponseShape::of(404, None, b"no", 2), ResponseShape::of(200, None, b"yes", 3));
    for _ in 0..20 {
        assert_eq!(learning.observe(&gone, 2, true).kind, AnswerKind::Unjudged, "nothing is learned yet");
    }
    learning.finish();
    assert_eq!(learning.observe(&gone, 2, true).kind, AnswerKind::Real);
    assert_eq!(learning.observe(&gone, 2, false).kind, AnswerKind::Error(ErrorKind::Client));
    assert_eq!(learning.observe(&found, 3, false).kind, AnswerKind::Fallback, "it is there all at once");
}

#[test]
fn a_redirect_that_leads_nowhere_is_real_only_where_steady_state_has_it() {
    let redirect = ResponseShape::of(304, None, b"", 0);
    let (mut learning, _) = learned(2.0, (0..20).map(|_| "1".to_owned()));
    assert_eq!(learning.observe(&redirect, 0, false).kind, AnswerKind::Error(ErrorKind::Astray));
    let mut learning = Learning::new(2.0);
    for _ in 0..20 {
        assert_eq!(learning.observe(&redirect, 0, false).kind, AnswerKind::Unjudged);
    }
    assert_eq!(learning.observe(&redirect, 0, false).kind, AnswerKind::Real);
}

#[test]
fn the_fault_ends_learning_early_if_enough_was_seen() {
    let (look, length) = json("\"one\"");
    let mut learning = Learning::new(2.0);
    assert_eq!(learning.finish(), None);
    let mut learning = Learning::new(2.0);
    for _ in 0..6 {
        learning.observe(&look, length, false);
    }
    let said = learning.finish().unwrap();
    assert_eq!((said.description.as_str(), said.answers), ("JSON string, 5 bytes, application/json", 6));
    assert_eq!(learning.finish(), None);
}

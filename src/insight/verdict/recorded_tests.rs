//! Statements about recorded sessions, moment by moment.

use super::{MEDIUM, SHORT, conclusion, verdict};
use crate::{
    insight::{Phase, phase},
    session::{
        Session,
        event::Timestamp,
        fixtures::{self, RECORDED, Variant, recorded_until, recorded_whole},
        wording,
    },
};
use std::fmt::Write;

/// Seconds after T0 at which the sessions are examined, besides their end.
const MOMENTS: [f64; 11] = [-0.3, 1.0, 3.5, 7.4, 10.5, 12.8, 18.6, 21.6, 23.7, 30.0, 45.0];

fn said(session: &Session, now: Timestamp) -> String {
    let mut text = String::new();
    let users = verdict(session, now);
    let since = session.since_t0(now).map_or_else(|| "before T0".to_owned(), wording::moment);
    let mut say = |word: &str, [sentence, medium, short]: [&str; 3], price: Option<&str>| {
        writeln!(text, "{since}  {word}  {sentence}").unwrap();
        if let Some(price) = price {
            writeln!(text, "        | {price}").unwrap();
        }
        writeln!(text, "        60 {medium}").unwrap();
        writeln!(text, "        40 {short}").unwrap();
    };
    say(users.word.text(), [&users.sentence, &users.medium, &users.short], users.details.as_deref());
    if session.finished() {
        let run = conclusion(session, now);
        say(run.verdict.text(), [&run.sentence, &run.medium, &run.short], run.details.as_deref());
    }
    text
}

#[test]
fn recorded_sessions_are_told_moment_by_moment() {
    for name in RECORDED {
        let (whole, end) = recorded_whole(name);
        let until = whole.since_t0(end).unwrap();
        let mut told: String = MOMENTS
            .into_iter()
            .filter(|seconds| *seconds < until)
            .map(|seconds| {
                let (session, now) = recorded_until(name, seconds);
                said(&session, now)
            })
            .collect();
        told += &said(&whole, end);
        insta::assert_snapshot!(name, told);
    }
}

/// The middle and the short form keep their widths, and the text fits into three rows of a banner.
#[test]
fn nothing_is_too_long_at_any_moment() {
    let mut told: Vec<(String, Session, Timestamp)> = Vec::new();
    for name in RECORDED {
        let (_, end) = recorded_whole(name);
        let (whole, _) = recorded_until(name, 0.0);
        let until = whole.since_t0(end).unwrap() as i64;
        for second in -20..until {
            let (session, now) = recorded_until(name, second as f64 + 0.3);
            told.push((format!("{name} T{second:+}.3"), session, now));
        }
    }
    for variant in [Variant::Before, Variant::After] {
        for second in -27..63 {
            let (session, now) = fixtures::session_at(variant, f64::from(second));
            told.push((format!("{variant:?} T{second:+}"), session, now));
        }
    }
    for (when, session, now) in told {
        let users = verdict(&session, now);
        let run = conclusion(&session, now);
        let word = if phase(&session, now) == Phase::Ready { "READY" } else { users.word.text() };
        for (word, long, price, medium, short) in [
            (word, &users.sentence, &users.details, &users.medium, &users.short),
            (run.verdict.big_text(), &run.medium, &run.details, &run.medium, &run.short),
        ] {
            let length = |text: &str| text.chars().count();
            assert!(length(medium) <= MEDIUM && length(short) <= SHORT, "{when}: {medium} / {short}");
            assert!(!medium.contains('…') && !short.contains('…'), "{when}: {medium} / {short}");
            // Big letters are five columns wide with their gaps, the score takes twenty columns.
            let room = 120 - 5 * word.len() - if word == "READY" { 4 } else { 22 };
            let rows = |text: &str| length(text).div_ceil(room);
            let rows = rows(long) + price.as_deref().map_or(0, rows);
            assert!(rows <= 3, "{when}: {word} {long} | {price:?}");
        }
    }
}

//! Parses durations as people write them: `60s`, `10 minutes`, `1h 30m`, `2 days ago`.

/// The duration in whole seconds; `None` if the text is not a duration.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let text = text.trim().to_lowercase();
    let mut rest = text.strip_suffix("ago").unwrap_or(&text).trim();
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(number_end);
        let tail = tail.trim_start();
        let unit_end = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let number: f64 = match number {
            "" => return None,
            number => number.parse().ok()?,
        };
        total += number * unit_seconds(unit)?;
        rest = tail.trim_start_matches([',', ' ']).trim_start_matches("and ");
    }
    Some(total as i64)
}

fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn spans() {
        let table = [
            ("60s", Some(60)),
            ("10 minutes", Some(600)),
            ("1 minute ago", Some(60)),
            ("1h 30m", Some(5_400)),
            ("1 hour, 5 min", Some(3_900)),
            ("1 hour and 5 minutes", Some(3_900)),
            ("1.5 hours", Some(5_400)),
            ("2 days", Some(172_800)),
            ("1w", Some(604_800)),
            ("", None),
            ("60", None),
            ("soon", None),
            ("s", None),
            ("1.2.3s", None),
        ];
        for (text, wanted) in table {
            assert_eq!(seconds(text), wanted, "{text}");
        }
    }
}

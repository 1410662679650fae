//! Resolution of scalars in YAML 1.1.

use crate::value::{Value, integer};

/// A resolved scalar.
#[derive(Debug, PartialEq)]
pub(super) enum Scalar {
    Value(Value),
    /// The merge key `<<`.
    Merge,
}

/// Resolves a plain scalar without a tag. Returns an error for an invalid number or date.
pub(super) fn resolve(text: &str) -> Result<Scalar, String> {
    let value = match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "<<" => return Ok(Scalar::Merge),
        "=" => {
            return Err("could not determine a constructor for the tag 'tag:yaml.org,2002:value'".to_owned());
        }
        _ => match boolean(text) {
            Some(boolean) => Value::Bool(boolean),
            None => number_or_text(text)?,
        },
    };
    Ok(Scalar::Value(value))
}

/// Constructs a scalar with an explicit standard tag.
pub(super) fn construct(tag: &str, text: &str) -> Result<Scalar, String> {
    let lower = text.to_lowercase();
    let value = match tag {
        "str" => Value::from(text),
        "null" => Value::Null,
        "bool" => match boolean(&lower) {
            Some(boolean) => Value::Bool(boolean),
            None => return Err(format!("'{text}' is not a boolean")),
        },
        "int" => whole(text).ok_or_else(|| format!("'{text}' is not an integer"))?,
        "float" => Value::Float(fraction(text).ok_or_else(|| format!("'{text}' is not a number"))?),
        "timestamp" => timestamp(text)?,
        _ => return Err(format!("could not determine a constructor for the tag 'tag:yaml.org,2002:{tag}'")),
    };
    Ok(Scalar::Value(value))
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn number_or_text(text: &str) -> Result<Value, String> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return Ok(Value::from(text));
    }
    if looks_float(text) {
        return fraction(text).map(Value::Float).ok_or_else(|| format!("'{text}' is not a number"));
    }
    if looks_integer(text) {
        return whole(text).ok_or_else(|| format!("'{text}' is not an integer"));
    }
    if looks_timestamp(text) { timestamp(text) } else { Ok(Value::from(text)) }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn all(text: &str, allowed: fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(|c| c == '_' || allowed(c))
}

fn decimal(c: char) -> bool {
    c.is_ascii_digit()
}

/// Returns whether the text consists of digits and underscores and begins with a digit.
fn digits(text: &str) -> bool {
    text.starts_with(decimal) && all(text, decimal)
}

/// Returns whether the text consists of base-60 parts such as `30:45`: at least one, each below 60.
fn sexagesimal(text: &str) -> bool {
    text.split(':').all(|part| match part.as_bytes() {
        [unit] => unit.is_ascii_digit(),
        [ten, unit] => (b'0'..=b'5').contains(ten) && unit.is_ascii_digit(),
        _ => false,
    })
}

fn looks_integer(text: &str) -> bool {
    let text = unsigned(text);
    if let Some(binary) = text.strip_prefix("0b") {
        return all(binary, |c| matches!(c, '0' | '1'));
    }
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return all(hexadecimal, |c| c.is_ascii_hexdigit());
    }
    if let Some(octal) = text.strip_prefix('0') {
        return octal.is_empty() || all(octal, |c| matches!(c, '0'..='7'));
    }
    match text.split_once(':') {
        Some((first, rest)) => digits(first) && sexagesimal(rest),
        None => digits(text),
    }
}

fn looks_float(text: &str) -> bool {
    let bare = unsigned(text);
    if matches!(bare, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let Some((whole, fraction)) = bare.split_once('.') else { return false };
    let (fraction, exponent) = match fraction.split_once(['e', 'E']) {
        Some((fraction, exponent)) => (fraction, Some(exponent)),
        None => (fraction, None),
    };
    let fraction_fits = fraction.chars().all(|c| c == '_' || decimal(c));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or_default();
        !digits.is_empty() && digits.chars().all(decimal)
    });
    if let Some((first, rest)) = whole.split_once(':') {
        return digits(first) && sexagesimal(rest) && fraction_fits && exponent.is_none();
    }
    if whole.is_empty() {
        bare.len() == text.len() && fraction.starts_with(decimal) && fraction_fits && exponent_fits
    } else {
        digits(whole) && fraction_fits && exponent_fits
    }
}

fn whole(text: &str) -> Option<Value> {
    let bare: String = text.chars().filter(|c| *c != '_').collect();
    let negative = bare.starts_with('-');
    let magnitude = unsigned(&bare);
    let (radix, magnitude) = match magnitude {
        "0" => (10, "0"),
        _ if magnitude.starts_with("0b") => (2, &magnitude[2..]),
        _ if magnitude.starts_with("0x") => (16, &magnitude[2..]),
        _ if magnitude.starts_with('0') => (8, &magnitude[1..]),
        _ => (10, magnitude),
    };
    if radix == 10 && magnitude.contains(':') {
        let mut total: i64 = 0;
        for part in magnitude.split(':') {
            total = total.checked_mul(60)?.checked_add(part.parse().ok()?)?;
        }
        return Some(Value::Int(if negative { -total } else { total }));
    }
    if radix == 10 {
        let fits = !magnitude.is_empty() && magnitude.len() <= 4300 && magnitude.chars().all(decimal);
        return fits.then(|| integer(&format!("{}{magnitude}", if negative { "-" } else { "" })));
    }
    let value = i128::from_str_radix(magnitude, radix).ok()?;
    Some(integer(&(if negative { -value } else { value }).to_string()))
}

fn fraction(text: &str) -> Option<f64> {
    let bare: String = text.chars().filter(|c| *c != '_').collect::<String>().to_lowercase();
    let sign = if bare.starts_with('-') { -1.0 } else { 1.0 };
    let magnitude = unsigned(&bare);
    match magnitude {
        ".inf" => Some(sign * f64::INFINITY),
        ".nan" => Some(f64::NAN),
        _ if magnitude.contains(':') => {
            let mut total = 0.0;
            for part in magnitude.split(':') {
                total = total * 60.0 + part.parse::<f64>().ok()?;
            }
            Some(sign * total)
        }
        _ => magnitude.parse::<f64>().ok().map(|value| sign * value),
    }
}

/// Returns whether the text is a date such as `2020-01-02`, or a date and time with optional fraction and zone.
fn looks_timestamp(text: &str) -> bool {
    DateTime::read(text).is_some()
}

/// Returns a date or time in the form of the journal: ISO 8601.
fn timestamp(text: &str) -> Result<Value, String> {
    let wrong = || format!("'{text}' is not a valid date");
    let moment = DateTime::read(text).ok_or_else(wrong)?;
    let date = jiff::civil::Date::new(moment.year, moment.month, moment.day).map_err(|_| wrong())?;
    let Some(time) = moment.time else { return Ok(Value::Time(date.to_string().into())) };
    if time.hour > 23 || time.minute > 59 || time.second > 59 {
        return Err(wrong());
    }
    let fraction = if time.micros == 0 { String::new() } else { format!(".{:06}", time.micros) };
    let zone = time.offset_minutes.map_or_else(String::new, |minutes| {
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    });
    let clock = format!("{:02}:{:02}:{:02}", time.hour, time.minute, time.second);
    Ok(Value::Time(format!("{date}T{clock}{fraction}{zone}").into()))
}

struct DateTime {
    year: i16,
    month: i8,
    day: i8,
    time: Option<Time>,
}

struct Time {
    hour: u8,
    minute: u8,
    second: u8,
    micros: u32,
    offset_minutes: Option<i32>,
}

impl DateTime {
    fn read(text: &str) -> Option<Self> {
        let (year, rest) = number(text, 4, 4)?;
        let (month, rest) = number(rest.strip_prefix('-')?, 1, 2)?;
        let (day, rest) = number(rest.strip_prefix('-')?, 1, 2)?;
        let date = DateTime { year: year as i16, month: month as i8, day: day as i8, time: None };
        if rest.is_empty() {
            return (text.len() == "2020-01-02".len()).then_some(date);
        }
        let rest = match rest.strip_prefix(['T', 't']) {
            Some(rest) => rest,
            None if rest.starts_with([' ', '\t']) => rest.trim_start_matches([' ', '\t']),
            None => return None,
        };
        Some(DateTime { time: Some(Time::read(rest)?), ..date })
    }
}

impl Time {
    fn read(text: &str) -> Option<Self> {
        let (hour, rest) = number(text, 1, 2)?;
        let (minute, rest) = number(rest.strip_prefix(':')?, 2, 2)?;
        let (second, rest) = number(rest.strip_prefix(':')?, 2, 2)?;
        let (micros, rest) = match rest.strip_prefix('.') {
            Some(rest) => {
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                let six: String = rest[..end].chars().chain("000000".chars()).take(6).collect();
                (six.parse().ok()?, &rest[end..])
            }
            None => (0, rest),
        };
        let zone = rest.trim_start_matches([' ', '\t']);
        let offset_minutes = match zone {
            "" if rest.is_empty() => None,
            "Z" => Some(0),
            _ => Some(offset(zone)?),
        };
        let small = |number: u32| u8::try_from(number).ok();
        Some(Time {
            hour: small(hour)?,
            minute: small(minute)?,
            second: small(second)?,
            micros,
            offset_minutes,
        })
    }
}

fn offset(zone: &str) -> Option<i32> {
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, rest) = number(zone.strip_prefix(['-', '+'])?, 1, 2)?;
    let minutes = match rest.strip_prefix(':') {
        Some(rest) => number(rest, 2, 2).filter(|(_, rest)| rest.is_empty())?.0,
        None if rest.is_empty() => 0,
        None => return None,
    };
    i32::try_from(hours * 60 + minutes).ok().map(|minutes| sign * minutes)
}

/// Parses `least..=most` digits at the start; returns the number and the rest of the text.
fn number(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if length < least {
        return None;
    }
    Some((text[..length].parse().ok()?, &text[length..]))
}

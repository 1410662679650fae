//! Exact decimal numbers, for comparison only.

use crate::value::Value;
use std::cmp::Ordering;

/// An exact decimal number, infinity or NaN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decimal {
    /// Not a number; not comparable with any number.
    Nan,
    /// Positive or negative infinity.
    Infinite {
        /// Whether it is negative infinity.
        negative: bool,
    },
    /// `0.digits * 10^scale`, without leading or trailing zeros; zero has no digits.
    Finite {
        /// Whether the number has a minus sign.
        negative: bool,
        /// The digits, each from 0 to 9.
        digits: Vec<u8>,
        /// The position of the decimal point.
        scale: i64,
    },
}

/// The zeros of the scripts whose decimal digits Python accepts.
const ZEROS: [u32; 66] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50,
    0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40,
    0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066,
    0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950,
    0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6,
    0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

impl Decimal {
    /// Converts a number or a boolean; `None` for other values.
    pub fn of_number(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(b) => Self::of_text(if *b { "1" } else { "0" }),
            Value::Int(int) => Self::of_text(&int.to_string()),
            Value::Big(digits) => Self::of_text(digits),
            Value::Float(float) if float.is_nan() => Some(Self::Nan),
            Value::Float(float) if float.is_infinite() => Some(Self::Infinite { negative: *float < 0.0 }),
            // Every binary float is an exact decimal number with at most 1074 fractional digits.
            Value::Float(float) => Self::of_text(&format!("{float:.1074}")),
            _ => None,
        }
    }

    /// Parses a text as Python's `Decimal` does: surrounding white space and `_` are ignored.
    pub fn of_text(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().filter(|c| *c != '_').collect();
        let (negative, magnitude) = match text.strip_prefix('-') {
            Some(magnitude) => (true, magnitude),
            None => (false, text.strip_prefix('+').unwrap_or(&text)),
        };
        let lower = magnitude.to_ascii_lowercase();
        if lower == "inf" || lower == "infinity" {
            return Some(Self::Infinite { negative });
        }
        if let Some(payload) = lower.strip_prefix("snan").or_else(|| lower.strip_prefix("nan")) {
            return payload.chars().all(|c| digit(c).is_some()).then_some(Self::Nan);
        }
        Self::of_magnitude(negative, magnitude)
    }

    fn of_magnitude(negative: bool, magnitude: &str) -> Option<Self> {
        let (mantissa, exponent) = match magnitude.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (magnitude, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = Vec::with_capacity(mantissa.len());
        for c in whole.chars().chain(fraction.chars()) {
            digits.push(digit(c)?);
        }
        if digits.is_empty() {
            return None;
        }
        let leading = digits.iter().take_while(|digit| **digit == 0).count();
        let point = i64::try_from(whole.chars().count()).ok()?;
        let scale = point.saturating_sub(i64::try_from(leading).ok()?).saturating_add(exponent);
        digits.drain(..leading);
        digits.truncate(digits.iter().rposition(|digit| *digit != 0).map_or(0, |last| last + 1));
        Some(Self::Finite { negative, digits, scale })
    }

    /// Returns the sign (-1, 0 or 1), doubled for infinities.
    fn weight(&self) -> i8 {
        match self {
            Self::Nan => 0,
            Self::Infinite { negative } => {
                if *negative {
                    -2
                } else {
                    2
                }
            }
            Self::Finite { digits, .. } if digits.is_empty() => 0,
            Self::Finite { negative, .. } => {
                if *negative {
                    -1
                } else {
                    1
                }
            }
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if matches!(self, Self::Nan) || matches!(other, Self::Nan) {
            return None;
        }
        let by_weight = self.weight().cmp(&other.weight());
        match (self, other) {
            (
                Self::Finite { negative, digits, scale },
                Self::Finite { digits: digits_b, scale: scale_b, .. },
            ) if by_weight.is_eq() && !digits.is_empty() => {
                let magnitude = scale.cmp(scale_b).then_with(|| digits.cmp(digits_b));
                Some(if *negative { magnitude.reverse() } else { magnitude })
            }
            _ => Some(by_weight),
        }
    }
}

fn read_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() {
        return None;
    }
    let mut exponent: i64 = 0;
    for c in digits.chars() {
        exponent = exponent.saturating_mul(10).saturating_add(i64::from(digit(c)?));
    }
    Some(if negative { -exponent } else { exponent })
}

pub(crate) fn digit(c: char) -> Option<u8> {
    let code = u32::from(c);
    if c.is_ascii() {
        return c.to_digit(10).and_then(|digit| u8::try_from(digit).ok());
    }
    let zero = ZEROS[..ZEROS.partition_point(|zero| *zero <= code)].last()?;
    u8::try_from(code - zero).ok().filter(|digit| *digit < 10)
}

#[cfg(test)]
mod tests {
    use super::Decimal;
    use crate::Value;
    use std::cmp::Ordering;

    fn text(text: &str) -> Decimal {
        Decimal::of_text(text).unwrap_or_else(|| panic!("{text:?} is a number"))
    }

    #[test]
    fn texts_are_compared_exactly() {
        let table = [
            ("8\n", "8", Ordering::Equal),
            ("1_000", "1e3", Ordering::Equal),
            ("0.10", ".1", Ordering::Equal),
            ("-2", "-1", Ordering::Less),
            ("-0", "0.000", Ordering::Equal),
            ("٣", "3", Ordering::Equal),
            ("1e999999999999999999999", "1", Ordering::Greater),
            ("inf", "1e999999999", Ordering::Greater),
            ("-Infinity", "-1", Ordering::Less),
            ("1e-5", "0.00002", Ordering::Less),
        ];
        for (a, b, order) in table {
            assert_eq!(text(a).partial_cmp(&text(b)), Some(order), "{a:?} {b:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for not in ["", "a", "1.2.3", "1e", ".", "e5", "0x10", "1 2", "--1", "nanx"] {
            assert_eq!(Decimal::of_text(not), None, "{not:?}");
        }
    }

    #[test]
    fn the_float_one_tenth_is_a_hair_above_the_text() {
        let float = Decimal::of_number(&Value::Float(0.1)).unwrap();
        assert_eq!(text("0.1").partial_cmp(&float), Some(Ordering::Less));
        let float = Decimal::of_number(&Value::Float(0.3)).unwrap();
        assert_eq!(text("0.3").partial_cmp(&float), Some(Ordering::Greater));
    }

    #[test]
    fn nothing_compares_with_nan() {
        assert_eq!(text("nan").partial_cmp(&text("1")), None);
    }
}

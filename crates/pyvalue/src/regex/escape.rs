//! Escapes: the characters after a backslash.

/// The remaining characters of the pattern.
pub(super) type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// An escape, outside or inside a class.
#[derive(Debug, PartialEq)]
pub(super) enum Escape {
    /// A single character.
    Literal(char),
    /// A category: `d D s S w W`.
    Category(char),
    /// An anchor: `A Z b B`, only outside a class.
    Anchor(char),
    /// A group number, only outside a class.
    Group(u32),
}

/// Parses an escape after its backslash.
pub(super) fn read(rest: &mut Rest<'_>, in_class: bool) -> Result<Escape, String> {
    let c = rest.next().ok_or("bad escape (end of pattern)")?;
    Ok(match c {
        'd' | 'D' | 's' | 'S' | 'w' | 'W' => Escape::Category(c),
        'b' if in_class => Escape::Literal('\u{8}'),
        'A' | 'Z' | 'b' | 'B' if !in_class => Escape::Anchor(c),
        'a' => Escape::Literal('\u{7}'),
        'f' => Escape::Literal('\u{c}'),
        'n' => Escape::Literal('\n'),
        'r' => Escape::Literal('\r'),
        't' => Escape::Literal('\t'),
        'v' => Escape::Literal('\u{b}'),
        'x' => Escape::Literal(hexadecimal(rest, 'x', 2)?),
        'u' => Escape::Literal(hexadecimal(rest, 'u', 4)?),
        'U' => Escape::Literal(hexadecimal(rest, 'U', 8)?),
        '0' => Escape::Literal(octal(rest, 0, 2)?),
        '1'..='9' => digits(rest, c, in_class)?,
        c if c.is_ascii_alphabetic() => return Err(format!("bad escape \\{c}")),
        c => Escape::Literal(c),
    })
}

/// Parses `\12`: a group, or a character if it has three octal digits.
fn digits(rest: &mut Rest<'_>, first: char, in_class: bool) -> Result<Escape, String> {
    let octal_digit = |c: &char| ('0'..='7').contains(c);
    let mut ahead = rest.clone();
    let three_octal =
        octal_digit(&first) && ahead.next_if(octal_digit).is_some() && ahead.next_if(octal_digit).is_some();
    if three_octal || in_class {
        let value = first.to_digit(8).ok_or_else(|| format!("bad escape \\{first}"))?;
        return octal(rest, value, 2).map(Escape::Literal);
    }
    let mut group = first.to_digit(10).unwrap_or_default();
    if let Some(second) = rest.next_if(char::is_ascii_digit) {
        group = group * 10 + second.to_digit(10).unwrap_or_default();
    }
    Ok(Escape::Group(group))
}

fn octal(rest: &mut Rest<'_>, mut value: u32, most: usize) -> Result<char, String> {
    for _ in 0..most {
        let Some(digit) = rest.next_if(|c| ('0'..='7').contains(c)) else { break };
        value = value * 8 + digit.to_digit(8).unwrap_or_default();
    }
    match value {
        0..=0o377 => char::from_u32(value).ok_or_else(|| "bad octal escape".to_owned()),
        _ => Err(format!("octal escape value \\{value:o} outside of range 0-0o377")),
    }
}

fn hexadecimal(rest: &mut Rest<'_>, kind: char, length: usize) -> Result<char, String> {
    let mut digits = String::new();
    while digits.len() < length
        && let Some(digit) = rest.next_if(char::is_ascii_hexdigit)
    {
        digits.push(digit);
    }
    if digits.len() < length {
        return Err(format!("incomplete escape \\{kind}{digits}"));
    }
    let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
    code.ok_or_else(|| format!("bad escape \\{kind}{digits}"))
}

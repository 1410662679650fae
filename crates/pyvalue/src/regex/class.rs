//! Character classes: `[...]`.

use super::{
    escape::{self, Escape, Rest},
    translate::{category, literal},
};

/// Parses a class after its `[` and writes the translation.
pub(super) fn read(rest: &mut Rest<'_>, out: &mut String, ascii: bool) -> Result<(), String> {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut first = true;
    loop {
        let c = rest.next().ok_or("unterminated character set")?;
        if c == ']' && !first {
            out.push(']');
            return Ok(());
        }
        first = false;
        let item = item(c, rest)?;
        let range = rest.peek() == Some(&'-') && rest.clone().nth(1).is_some_and(|after| after != ']');
        if !range {
            write(&item, out, ascii);
            continue;
        }
        rest.next();
        let end = rest.next().ok_or("unterminated character set")?;
        match (item, self::item(end, rest)?) {
            (Escape::Literal(low), Escape::Literal(high)) if low <= high => {
                literal(low, out);
                out.push('-');
                literal(high, out);
            }
            (Escape::Literal(low), Escape::Literal(high)) => {
                return Err(format!("bad character range {low}-{high}"));
            }
            _ => return Err("bad character range".to_owned()),
        }
    }
}

fn item(c: char, rest: &mut Rest<'_>) -> Result<Escape, String> {
    match c {
        '\\' => escape::read(rest, true),
        c => Ok(Escape::Literal(c)),
    }
}

fn write(item: &Escape, out: &mut String, ascii: bool) {
    match item {
        Escape::Literal(c) => literal(*c, out),
        Escape::Category(c) => category(*c, out, ascii),
        // Parsing inside a class never returns these variants.
        Escape::Anchor(_) | Escape::Group(_) => {}
    }
}

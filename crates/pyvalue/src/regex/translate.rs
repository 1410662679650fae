//! From one dialect to the other.

mod flags;
mod groups;
mod references;
mod repetition;

use super::{
    class,
    escape::{self, Escape, Rest},
    width::Width,
};
use flags::Flags;
use repetition::Counts;

/// Groups inside groups.
const MAX_DEPTH: usize = 100;

/// A Python pattern in our engine's dialect.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator {
        rest: pattern.chars().peekable(),
        out: String::new(),
        names: Vec::new(),
        groups: 0,
        widths: Vec::new(),
        open: Vec::new(),
        behind: None,
        condition: 0,
    };
    let mut flags = Flags::default();
    translator.global_flags(&mut flags)?;
    translator.alternatives(flags, 0, ANY_NUMBER)?;
    match translator.rest.next() {
        None if translator.condition > translator.groups => {
            Err(format!("invalid group reference {}", translator.condition))
        }
        None => Ok(translator.out),
        Some(_) => Err("unbalanced parenthesis".to_owned()),
    }
}

struct Translator<'a> {
    rest: Rest<'a>,
    out: String,
    names: Vec<(u32, String)>,
    /// Capturing groups begun so far.
    groups: u32,
    /// How wide those closed are, by number.
    widths: Vec<Option<Width>>,
    /// Those not closed yet: they cannot be referred to.
    open: Vec<u32>,
    /// In a look-behind, the groups begun before it: those within cannot be referred to from there.
    behind: Option<u32>,
    /// The highest group that a condition asks about; it may come later.
    condition: u32,
}

/// What was written last, for a quantifier.
#[derive(Clone, Copy, PartialEq)]
enum LastWritten {
    Nothing,
    Anchor,
    Item(Width),
    /// A look-around, which begins at this byte of what is written.
    LookAround(usize),
    Repeated(Width),
}

impl LastWritten {
    fn width(self) -> Width {
        match self {
            LastWritten::Item(width) | LastWritten::Repeated(width) => width,
            LastWritten::Nothing | LastWritten::Anchor | LastWritten::LookAround(_) => Width::NONE,
        }
    }
}

/// Branches of an alternative are not limited, but for those of a condition.
const ANY_NUMBER: usize = usize::MAX;

impl Translator<'_> {
    /// Up to the end or an unread `)`; tells how wide a match can be.
    fn alternatives(&mut self, flags: Flags, depth: usize, most: usize) -> Result<Width, String> {
        if depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} groups inside each other"));
        }
        let (mut whole, mut branch, mut branches) = (None::<Width>, Width::NONE, 1);
        let mut last = LastWritten::Nothing;
        while let Some(c) = self.rest.next_if(|c| *c != ')') {
            if flags.verbose && (c.is_whitespace() || c == '#') {
                while c == '#' && self.rest.next_if(|c| *c != '\n').is_some() {}
                continue;
            }
            // What follows may repeat what was last: only then its width is known.
            let (before, next) = (last, self.item(c, last, flags, depth)?);
            if !matches!(next, LastWritten::Repeated(_)) {
                branch = branch.then(before.width());
            }
            last = next;
            if c == '|' {
                branches += 1;
                if branches > most {
                    return Err("conditional backref with more than two branches".to_owned());
                }
                whole = Some(whole.map_or(branch, |whole| whole.or(branch)));
                branch = Width::NONE;
            }
        }
        branch = branch.then(last.width());
        // A condition without a second branch matches nothing there.
        let branch = if most != ANY_NUMBER && branches == 1 { branch.or(Width::NONE) } else { branch };
        Ok(whole.map_or(branch, |whole| whole.or(branch)))
    }

    /// What begins with a character that was read already.
    fn item(
        &mut self,
        c: char,
        last: LastWritten,
        flags: Flags,
        depth: usize,
    ) -> Result<LastWritten, String> {
        Ok(match c {
            '|' => {
                self.out.push('|');
                LastWritten::Nothing
            }
            '*' => self.quantifier(last, Counts { least: 0, most: None, written: "*".to_owned() })?,
            '+' => self.quantifier(last, Counts { least: 1, most: None, written: "+".to_owned() })?,
            '?' => self.quantifier(last, Counts { least: 0, most: Some(1), written: "?".to_owned() })?,
            '{' => match self.counted() {
                Some(counts) => self.quantifier(last, counts?)?,
                None => {
                    literal('{', &mut self.out);
                    LastWritten::Item(Width::ONE)
                }
            },
            '^' => {
                self.out.push('^');
                LastWritten::Anchor
            }
            '$' => {
                // Python's `$` is also before one final line end; of many lines, before each.
                self.out.push_str(if flags.multi_line { r"(?=\n|\z)" } else { r"(?=\n?\z)" });
                LastWritten::Anchor
            }
            '.' => {
                self.out.push('.');
                LastWritten::Item(Width::ONE)
            }
            '[' => {
                class::read(&mut self.rest, &mut self.out, flags.ascii)?;
                LastWritten::Item(Width::ONE)
            }
            '\\' => self.escaped(flags)?,
            '(' => self.group(last, flags, depth)?,
            c => {
                literal(c, &mut self.out);
                LastWritten::Item(Width::ONE)
            }
        })
    }

    fn escaped(&mut self, flags: Flags) -> Result<LastWritten, String> {
        match escape::read(&mut self.rest, false)? {
            Escape::Literal(c) => literal(c, &mut self.out),
            Escape::Category(c) => category(c, &mut self.out, flags.ascii),
            Escape::Anchor('Z') => {
                self.out.push_str(r"\z");
                return Ok(LastWritten::Anchor);
            }
            Escape::Anchor('B') => {
                // Not even an empty text has such a place in Python.
                self.out.push_str(r"(?!\A\z)\B");
                return Ok(LastWritten::Anchor);
            }
            Escape::Anchor(c) => {
                self.out.extend(['\\', c]);
                return Ok(LastWritten::Anchor);
            }
            Escape::Group(number) => return self.refer(number).map(LastWritten::Item),
        }
        Ok(LastWritten::Item(Width::ONE))
    }
}

/// A character that means itself.
pub(super) fn literal(c: char, out: &mut String) {
    // `\<` and `\>` are places in our engine.
    if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
        out.push('\\');
        out.push(c);
    } else if c.is_control() || c.is_whitespace() {
        out.push_str(&format!("\\x{{{:x}}}", u32::from(c)));
    } else {
        out.push(c);
    }
}

/// `\d` and its like; with the flag `a`, of ASCII only.
pub(super) fn category(c: char, out: &mut String, ascii: bool) {
    let set = match (c.to_ascii_lowercase(), ascii) {
        ('d', true) => "0-9",
        ('s', true) => r"\t-\r\x20",
        ('w', true) => "0-9A-Za-z_",
        // Python counts the information separators as white space, too.
        ('s', false) => r"\s\x1c-\x1f",
        ('d', false) => r"\p{Nd}",
        (_, _) => r"\p{L}\p{N}_",
    };
    let negated = if c.is_ascii_uppercase() { "^" } else { "" };
    out.push_str(&format!("[{negated}{set}]"));
}

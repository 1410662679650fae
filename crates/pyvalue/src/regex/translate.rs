//! Translation of Python patterns to the engine's dialect.

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

/// The maximum nesting depth of groups.
const MAX_DEPTH: usize = 100;

/// Translates a Python pattern to the engine's dialect.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator {
        rest: pattern.chars().peekable(),
        out: String::new(),
        names: Vec::new(),
        groups: 0,
        widths: Vec::new(),
        open: Vec::new(),
        look_behind_groups: None,
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
    /// The number of capturing groups begun so far.
    groups: u32,
    /// The match widths of the closed groups, by number.
    widths: Vec<Option<Width>>,
    /// The groups that are not closed yet, which cannot be referenced.
    open: Vec<u32>,
    /// Inside a look-behind, the number of groups begun before it: groups inside it cannot be referenced from there.
    look_behind_groups: Option<u32>,
    /// The highest group number in a condition; the group may be defined later.
    condition: u32,
}

/// The last translated item, to which a quantifier applies.
#[derive(Clone, Copy, PartialEq)]
enum LastWritten {
    Nothing,
    Anchor,
    Item(Width),
    /// A look-around that begins at this byte of the output.
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

/// No limit on the number of branches; only conditions have one.
const ANY_NUMBER: usize = usize::MAX;

impl Translator<'_> {
    /// Translates alternatives up to the end or an unread `)`. Returns the width of a match.
    fn alternatives(&mut self, flags: Flags, depth: usize, most: usize) -> Result<Width, String> {
        if depth > MAX_DEPTH {
            return Err(format!("groups are nested deeper than {MAX_DEPTH} levels"));
        }
        let (mut whole, mut branch, mut branches) = (None::<Width>, Width::NONE, 1);
        let mut last = LastWritten::Nothing;
        while let Some(c) = self.rest.next_if(|c| *c != ')') {
            if flags.verbose && (c.is_whitespace() || c == '#') {
                while c == '#' && self.rest.next_if(|c| *c != '\n').is_some() {}
                continue;
            }
            // The width of an item is added only after the next one is parsed, which may be its quantifier.
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
        // A condition without a second branch matches the empty string if the condition is false.
        let branch = if most != ANY_NUMBER && branches == 1 { branch.or(Width::NONE) } else { branch };
        Ok(whole.map_or(branch, |whole| whole.or(branch)))
    }

    /// Translates the item that begins with the character `c`, which is already consumed.
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
            '{' => {
                if let Some(counts) = self.counted() {
                    self.quantifier(last, counts?)?
                } else {
                    literal('{', &mut self.out);
                    LastWritten::Item(Width::ONE)
                }
            }
            '^' => {
                self.out.push('^');
                LastWritten::Anchor
            }
            '$' => {
                // Python's `$` also matches before one final line ending, and in multi-line mode before each line
                // ending.
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
                // In Python `\B` does not match in an empty string.
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

/// Writes a literal character.
pub(super) fn literal(c: char, out: &mut String) {
    // The engine treats `\<` and `\>` as anchors.
    if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
        out.push('\\');
        out.push(c);
    } else if c.is_control() || c.is_whitespace() {
        out.push_str(&format!("\\x{{{:x}}}", u32::from(c)));
    } else {
        out.push(c);
    }
}

/// Writes `\d` and the other categories; with the flag `a` for ASCII only.
pub(super) fn category(c: char, out: &mut String, ascii: bool) {
    let set = match (c.to_ascii_lowercase(), ascii) {
        ('d', true) => "0-9",
        ('s', true) => r"\t-\r\x20",
        ('w', true) => "0-9A-Za-z_",
        // Python also treats the information separators as white space.
        ('s', false) => r"\s\x1c-\x1f",
        ('d', false) => r"\p{Nd}",
        (_, _) => r"\p{L}\p{N}_",
    };
    let negated = if c.is_ascii_uppercase() { "^" } else { "" };
    out.push_str(&format!("[{negated}{set}]"));
}

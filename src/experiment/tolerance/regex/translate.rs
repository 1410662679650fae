//! From one dialect to the other.

use super::{
    class,
    escape::{self, Escape, Rest},
};

/// Groups inside groups.
const MAX_DEPTH: usize = 100;

/// The flags in force, as far as they change what is written.
#[derive(Clone, Copy, Default)]
struct Flags {
    ascii: bool,
    multi_line: bool,
    verbose: bool,
}

/// A Python pattern in our engine's dialect.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator {
        rest: pattern.chars().peekable(),
        out: String::new(),
        names: Vec::new(),
        groups: 0,
        open: Vec::new(),
        condition: 0,
    };
    let mut flags = Flags::default();
    translator.global_flags(&mut flags)?;
    translator.alternatives(flags, 0)?;
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
    names: Vec<String>,
    /// Capturing groups begun so far.
    groups: u32,
    /// Those not closed yet: they cannot be referred to.
    open: Vec<u32>,
    /// The highest group that a condition asks about; it may come later.
    condition: u32,
}

/// What was written last, for a quantifier.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Nothing,
    Anchor,
    Item,
    Repeated,
}

impl Translator<'_> {
    /// `(?i)` and the like, which Python accepts at the very beginning only.
    fn global_flags(&mut self, flags: &mut Flags) -> Result<(), String> {
        loop {
            let ahead: String = self.rest.clone().take(24).collect();
            let Some(letters) =
                ahead.strip_prefix("(?").and_then(|ahead| ahead.split_once(')')).map(|(letters, _)| letters)
            else {
                return Ok(());
            };
            if letters.is_empty() || !letters.chars().all(|c| "aiLmsux".contains(c)) {
                return Ok(());
            }
            self.rest.nth(letters.len() + 2);
            let kept = turn(letters, true, flags)?;
            if !kept.is_empty() {
                self.out.push_str(&format!("(?{kept})"));
            }
        }
    }

    /// Up to the end or an unread `)`.
    fn alternatives(&mut self, flags: Flags, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} groups inside each other"));
        }
        let mut last = Last::Nothing;
        while let Some(c) = self.rest.next_if(|c| *c != ')') {
            last = match c {
                _ if flags.verbose && c.is_whitespace() => last,
                '#' if flags.verbose => {
                    while self.rest.next_if(|c| *c != '\n').is_some() {}
                    last
                }
                '|' => {
                    self.out.push('|');
                    Last::Nothing
                }
                '*' | '+' | '?' => self.quantifier(last, &c.to_string())?,
                '{' => match self.counted() {
                    Some(counts) => self.quantifier(last, &counts?)?,
                    None => {
                        literal('{', &mut self.out);
                        Last::Item
                    }
                },
                '^' => {
                    self.out.push('^');
                    Last::Anchor
                }
                '$' => {
                    // Python's `$` is also before one final line end; of many lines, before each.
                    self.out.push_str(if flags.multi_line { r"(?=\n|\z)" } else { r"(?=\n?\z)" });
                    Last::Anchor
                }
                '.' => {
                    self.out.push('.');
                    Last::Item
                }
                '[' => {
                    class::read(&mut self.rest, &mut self.out, flags.ascii)?;
                    Last::Item
                }
                '\\' => self.escaped(flags)?,
                '(' => self.group(last, flags, depth)?,
                c => {
                    literal(c, &mut self.out);
                    Last::Item
                }
            };
        }
        Ok(())
    }

    fn quantifier(&mut self, last: Last, written: &str) -> Result<Last, String> {
        match last {
            Last::Nothing | Last::Anchor => Err("nothing to repeat".to_owned()),
            Last::Repeated => Err("multiple repeat".to_owned()),
            Last::Item => {
                self.out.push_str(written);
                // Lazy and possessive.
                if let Some(manner) = self.rest.next_if(|c| matches!(c, '?' | '+')) {
                    self.out.push(manner);
                }
                Ok(Last::Repeated)
            }
        }
    }

    /// `{n}`, `{n,}`, `{,m}`, `{n,m}` after its brace; anything else is text.
    fn counted(&mut self) -> Option<Result<String, String>> {
        let ahead: String =
            self.rest.clone().take_while(|c| c.is_ascii_digit() || matches!(c, ',' | '}')).collect();
        let (counts, _) = ahead.split_once('}')?;
        let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
        if counts.is_empty() || most.contains(',') {
            return None;
        }
        self.rest.nth(counts.len());
        let number =
            |digits: &str| digits.parse::<u32>().map_err(|_| "the repetition number is too large".to_owned());
        Some((|| {
            let low = if least.is_empty() { 0 } else { number(least)? };
            if most.is_empty() {
                return Ok(format!("{{{low},}}"));
            }
            let high = number(most)?;
            if high < low {
                return Err("min repeat greater than max repeat".to_owned());
            }
            Ok(format!("{{{low},{high}}}"))
        })())
    }

    fn escaped(&mut self, flags: Flags) -> Result<Last, String> {
        match escape::read(&mut self.rest, false)? {
            Escape::Literal(c) => literal(c, &mut self.out),
            Escape::Category(c) => category(c, &mut self.out, flags.ascii),
            Escape::Anchor('Z') => {
                self.out.push_str(r"\z");
                return Ok(Last::Anchor);
            }
            Escape::Anchor('B') => {
                // Not even an empty text has such a place in Python.
                self.out.push_str(r"(?!\A\z)\B");
                return Ok(Last::Anchor);
            }
            Escape::Anchor(c) => {
                self.out.extend(['\\', c]);
                return Ok(Last::Anchor);
            }
            Escape::Group(number) => self.refer(number)?,
        }
        Ok(Last::Item)
    }

    fn refer(&mut self, number: u32) -> Result<(), String> {
        if number > self.groups {
            return Err(format!("invalid group reference {number}"));
        }
        if self.open.contains(&number) {
            return Err("cannot refer to an open group".to_owned());
        }
        // A group of its own keeps a digit after it from being read as part of the number.
        self.out.push_str(&format!("(?:\\{number})"));
        Ok(())
    }

    /// What stands in parentheses, after the first one.
    fn group(&mut self, before: Last, flags: Flags, depth: usize) -> Result<Last, String> {
        let mut inner = flags;
        let mut capturing = true;
        if self.rest.next_if_eq(&'?').is_none() {
            self.out.push('(');
        } else {
            capturing = false;
            match self.rest.next().ok_or("unexpected end of pattern")? {
                'P' => match self.rest.next().ok_or("unexpected end of pattern")? {
                    '<' => {
                        let name = self.name('>')?;
                        if self.names.contains(&name) {
                            return Err(format!("redefinition of group name '{name}'"));
                        }
                        self.out.push_str(&format!("(?P<{name}>"));
                        self.names.push(name);
                        capturing = true;
                    }
                    '=' => {
                        let name = self.name(')')?;
                        if !self.names.contains(&name) {
                            return Err(format!("unknown group name '{name}'"));
                        }
                        self.out.push_str(&format!("(?:\\k<{name}>)"));
                        return Ok(Last::Item);
                    }
                    other => return Err(format!("unknown extension ?P{other}")),
                },
                ':' => self.out.push_str("(?:"),
                '>' => self.out.push_str("(?>"),
                '#' => {
                    while self.rest.next().ok_or("missing ), unterminated comment")? != ')' {}
                    return Ok(before);
                }
                // Our engine refuses to repeat a look-around, which Python allows although it means nothing.
                '=' => self.out.push_str("(?="),
                '!' => self.out.push_str("(?!"),
                '<' => match self.rest.next().ok_or("unexpected end of pattern")? {
                    '=' => self.out.push_str("(?<="),
                    '!' => self.out.push_str("(?<!"),
                    other => return Err(format!("unknown extension ?<{other}")),
                },
                '(' => {
                    let condition = self.name_or_number()?;
                    self.out.push_str(&format!("(?({condition})"));
                }
                letter => self.flag_group(letter, &mut inner)?,
            }
        }
        let number = self.groups + 1;
        if capturing {
            self.groups = number;
            self.open.push(number);
        }
        self.rest_of_group(inner, depth)?;
        if capturing {
            self.open.pop();
        }
        Ok(Last::Item)
    }

    fn rest_of_group(&mut self, flags: Flags, depth: usize) -> Result<(), String> {
        self.alternatives(flags, depth + 1)?;
        self.out.push(')');
        self.rest.next().map(drop).ok_or_else(|| "missing ), unterminated subpattern".to_owned())
    }

    /// `(?i-m:...)` from its first letter on; flags without a group belong to the beginning.
    fn flag_group(&mut self, first: char, flags: &mut Flags) -> Result<(), String> {
        let (mut on, mut off) = (String::new(), String::new());
        let mut negative = false;
        let mut c = first;
        loop {
            match c {
                '-' if !negative => negative = true,
                ':' => break,
                ')' => return Err("global flags not at the start of the expression".to_owned()),
                'i' | 'm' | 's' | 'x' if negative => off.push(c),
                'a' | 'i' | 'L' | 'm' | 's' | 'u' | 'x' if !negative => on.push(c),
                _ => return Err(format!("unknown extension ?{c}")),
            }
            c = self.rest.next().ok_or("missing -, : or )")?;
        }
        if negative && off.is_empty() {
            return Err("missing flag".to_owned());
        }
        let (kept_on, kept_off) = (turn(&on, true, flags)?, turn(&off, false, flags)?);
        let minus = if kept_off.is_empty() { "" } else { "-" };
        self.out.push_str(&format!("(?{kept_on}{minus}{kept_off}:"));
        Ok(())
    }

    fn name(&mut self, end: char) -> Result<String, String> {
        let mut name = String::new();
        loop {
            match self.rest.next() {
                Some(c) if c == end => break,
                Some(c) => name.push(c),
                None => return Err(format!("missing {end}, unterminated name")),
            }
        }
        let fits = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if fits { Ok(name) } else { Err(format!("bad character in group name '{name}'")) }
    }

    /// The condition of `(?(1)yes|no)` in our engine's words.
    fn name_or_number(&mut self) -> Result<String, String> {
        let mut ahead = self.rest.clone();
        if !ahead.next().is_some_and(|c| c.is_ascii_digit()) {
            let name = self.name(')')?;
            if !self.names.contains(&name) {
                return Err(format!("unknown group name '{name}'"));
            }
            return Ok(format!("<{name}>"));
        }
        let mut digits = String::new();
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        let number: u32 = digits.parse().map_err(|_| "invalid group reference".to_owned())?;
        if self.rest.next() != Some(')') || number == 0 {
            return Err(format!("bad group number {digits}"));
        }
        self.condition = self.condition.max(number);
        Ok(number.to_string())
    }
}

/// Applies flag letters and gives back those our engine knows under the same letter.
fn turn(letters: &str, on: bool, flags: &mut Flags) -> Result<String, String> {
    let mut kept = String::new();
    for letter in letters.chars() {
        match letter {
            'a' => flags.ascii = on,
            'u' => flags.ascii = !on,
            'm' => {
                flags.multi_line = on;
                kept.push('m');
            }
            'x' => flags.verbose = on,
            'L' => return Err("bad inline flags: cannot use 'L' flag with a str pattern".to_owned()),
            'i' | 's' => kept.push(letter),
            _ => return Err(format!("unknown flag {letter}")),
        }
    }
    Ok(kept)
}

/// A character that means itself.
pub(super) fn literal(c: char, out: &mut String) {
    if c.is_ascii_punctuation() {
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

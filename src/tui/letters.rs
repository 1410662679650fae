//! Big letters: five dots high. A dot is as many columns wide as it is pixels high; a cell holds two pixels, one above
//! the other.

use super::pane_buffer::PaneBuffer;
use ratatui::style::Style;

/// The height of a letter in dots.
const HIGH: usize = 5;

/// The size of a dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LetterSize {
    /// One column, one pixel: letters of three rows.
    Small,
    /// Two columns, two pixels: letters of five rows.
    Middle,
    /// Three columns, three pixels: letters of eight rows.
    Large,
}

impl LetterSize {
    /// The width of a dot in columns, and its height in pixels.
    fn size(self) -> usize {
        match self {
            LetterSize::Small => 1,
            LetterSize::Middle => 2,
            LetterSize::Large => 3,
        }
    }

    /// The height of a letter in rows.
    pub(super) fn rows(self) -> usize {
        (HIGH * self.size()).div_ceil(2)
    }

    /// The next smaller size.
    pub(super) fn smaller(self) -> Option<Self> {
        match self {
            LetterSize::Small => None,
            LetterSize::Middle => Some(LetterSize::Small),
            LetterSize::Large => Some(LetterSize::Middle),
        }
    }

    /// The width of a text in columns; letters are one dot apart.
    pub(super) fn columns(self, text: &str) -> usize {
        let dots: usize = text.chars().map(|letter| width(glyph(letter)) + 1).sum();
        dots.saturating_sub(1) * self.size()
    }

    /// Draws a text with its upper left corner in cell (`x`, `y`). Cells without a dot are left as they are.
    pub(super) fn draw(self, canvas: &mut PaneBuffer, x: usize, y: usize, text: &str, style: Style) {
        let size = self.size();
        let mut left = x;
        for letter in text.chars() {
            let glyph = glyph(letter);
            for row in 0..self.rows() {
                for dot in 0..width(glyph) {
                    let lit = |pixel: usize| is_lit(glyph, dot, pixel / size);
                    let block = match (lit(2 * row), lit(2 * row + 1)) {
                        (false, false) => continue,
                        (true, true) => "█",
                        (true, false) => "▀",
                        (false, true) => "▄",
                    };
                    canvas.put(left + dot * size, y + row, &block.repeat(size), style);
                }
            }
            left += (width(glyph) + 1) * size;
        }
    }
}

/// The dots of a letter, row by row: `#` is a dot, a space is a gap.
type Glyph = [&'static str; HIGH];

fn width(glyph: &Glyph) -> usize {
    glyph.first().map_or(0, |row| row.len())
}

fn is_lit(glyph: &Glyph, dot: usize, row: usize) -> bool {
    glyph.get(row).and_then(|row| row.as_bytes().get(dot)) == Some(&b'#')
}

const GAP: Glyph = ["  "; HIGH];

fn glyph(letter: char) -> &'static Glyph {
    let letter = letter.to_ascii_uppercase();
    GLYPHS.iter().find(|(drawn, _)| *drawn == letter).map_or(&GAP, |(_, glyph)| glyph)
}

/// The letters that verdicts, phases and figures need.
const GLYPHS: &[(char, Glyph)] = &[
    ('A', [" ## ", "#  #", "####", "#  #", "#  #"]),
    ('B', ["### ", "#  #", "### ", "#  #", "### "]),
    ('C', [" ###", "#   ", "#   ", "#   ", " ###"]),
    ('D', ["### ", "#  #", "#  #", "#  #", "### "]),
    ('E', ["####", "#   ", "### ", "#   ", "####"]),
    ('F', ["####", "#   ", "### ", "#   ", "#   "]),
    ('G', [" ###", "#   ", "# ##", "#  #", " ###"]),
    ('H', ["#  #", "#  #", "####", "#  #", "#  #"]),
    ('I', ["#", "#", "#", "#", "#"]),
    ('K', ["#  #", "# # ", "##  ", "# # ", "#  #"]),
    ('L', ["#   ", "#   ", "#   ", "#   ", "####"]),
    ('M', ["#   #", "## ##", "# # #", "#   #", "#   #"]),
    ('N', ["#   #", "##  #", "# # #", "#  ##", "#   #"]),
    ('O', [" ## ", "#  #", "#  #", "#  #", " ## "]),
    ('P', ["### ", "#  #", "### ", "#   ", "#   "]),
    ('R', ["### ", "#  #", "### ", "# # ", "#  #"]),
    ('S', [" ###", "#   ", " ## ", "   #", "### "]),
    ('T', ["#####", "  #  ", "  #  ", "  #  ", "  #  "]),
    ('U', ["#  #", "#  #", "#  #", "#  #", " ## "]),
    ('V', ["#   #", "#   #", "#   #", " # # ", "  #  "]),
    ('W', ["#   #", "#   #", "# # #", "## ##", "#   #"]),
    ('Y', ["#   #", " # # ", "  #  ", "  #  ", "  #  "]),
    ('0', [" ## ", "#  #", "#  #", "#  #", " ## "]),
    ('1', [" # ", "## ", " # ", " # ", "###"]),
    ('2', ["### ", "   #", " ## ", "#   ", "####"]),
    ('3', ["### ", "   #", " ## ", "   #", "### "]),
    ('4', ["#  #", "#  #", "####", "   #", "   #"]),
    ('5', ["####", "#   ", "### ", "   #", "### "]),
    ('6', [" ###", "#   ", "### ", "#  #", " ## "]),
    ('7', ["####", "   #", "  # ", " #  ", " #  "]),
    ('8', [" ## ", "#  #", " ## ", "#  #", " ## "]),
    ('9', [" ## ", "#  #", " ###", "   #", "### "]),
    ('<', ["  #", " # ", "#  ", " # ", "  #"]),
    ('-', ["   ", "   ", "###", "   ", "   "]),
    ('.', [" ", " ", " ", " ", "#"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::Theme;
    use ratatui::{buffer::Buffer, layout::Rect};

    fn drawn(text: &str, dots: LetterSize) -> Vec<String> {
        let area = Rect::new(0, 0, dots.columns(text) as u16, dots.rows() as u16);
        let mut buffer = Buffer::empty(area);
        dots.draw(&mut PaneBuffer::new(&mut buffer, area, &Theme::default()), 0, 0, text, Style::new());
        let row = |y| (0..area.width).map(|x| buffer.cell((x, y)).unwrap().symbol()).collect::<String>();
        (0..area.height).map(|y| row(y).trim_end().to_owned()).collect()
    }

    #[test]
    fn the_words_look_as_designed() {
        for (word, wanted) in [
            (
                "PROTECTED",
                [
                    "█▀▀▄ █▀▀▄ ▄▀▀▄ ▀▀█▀▀ █▀▀▀ ▄▀▀▀ ▀▀█▀▀ █▀▀▀ █▀▀▄",
                    "█▀▀  █▀█  █  █   █   █▀▀  █      █   █▀▀  █  █",
                    "▀    ▀  ▀  ▀▀    ▀   ▀▀▀▀  ▀▀▀   ▀   ▀▀▀▀ ▀▀▀",
                ],
            ),
            (
                "WAITING",
                [
                    "█   █ ▄▀▀▄ █ ▀▀█▀▀ █ █▄  █ ▄▀▀▀",
                    "█▄▀▄█ █▀▀█ █   █   █ █ ▀▄█ █ ▀█",
                    "▀   ▀ ▀  ▀ ▀   ▀   ▀ ▀   ▀  ▀▀▀",
                ],
            ),
            ("FAIL", ["█▀▀▀ ▄▀▀▄ █ █", "█▀▀  █▀▀█ █ █", "▀    ▀  ▀ ▀ ▀▀▀▀"]),
            ("READY", ["█▀▀▄ █▀▀▀ ▄▀▀▄ █▀▀▄ ▀▄ ▄▀", "█▀█  █▀▀  █▀▀█ █  █   █", "▀  ▀ ▀▀▀▀ ▀  ▀ ▀▀▀    ▀"]),
            ("OK", ["▄▀▀▄ █ ▄▀", "█  █ █▀▄", " ▀▀  ▀  ▀"]),
            ("<1", [" ▄▀ ▄█", "▀▄   █", "  ▀ ▀▀▀"]),
            ("86", ["▄▀▀▄ ▄▀▀▀", "▄▀▀▄ █▀▀▄", " ▀▀   ▀▀"]),
            ("24", ["▀▀▀▄ █  █", "▄▀▀  ▀▀▀█", "▀▀▀▀    ▀"]),
            ("39", ["▀▀▀▄ ▄▀▀▄", " ▀▀▄  ▀▀█", "▀▀▀  ▀▀▀"]),
        ] {
            assert_eq!(drawn(word, LetterSize::Small), wanted, "{word}");
        }
    }

    #[test]
    fn larger_dots_are_as_many_pixels_high_as_columns_wide() {
        assert_eq!(
            drawn("4", LetterSize::Middle),
            ["██    ██", "██    ██", "████████", "      ██", "      ██"]
        );
        assert_eq!(
            drawn("C", LetterSize::Large),
            ["   █████████", "▄▄▄▀▀▀▀▀▀▀▀▀", "███", "███", "███", "███", "   █████████", "   ▀▀▀▀▀▀▀▀▀"]
        );
    }

    #[test]
    fn a_text_takes_the_columns_that_it_says() {
        for (text, small) in [("PROTECTED", 46), ("I", 1), ("", 0), ("NOT RESILIENT", 60), ("no", 10)] {
            assert_eq!(LetterSize::Small.columns(text), small, "{text}");
            assert_eq!(LetterSize::Large.columns(text), 3 * small, "{text}");
        }
        assert_eq!(
            [LetterSize::Small, LetterSize::Middle, LetterSize::Large].map(LetterSize::rows),
            [3, 5, 8]
        );
    }

    #[test]
    fn every_glyph_is_a_rectangle_of_dots() {
        for (letter, glyph) in GLYPHS {
            assert!(glyph.iter().all(|row| row.len() == width(glyph) && !row.is_empty()), "{letter}");
            assert!(glyph.concat().chars().all(|dot| matches!(dot, '#' | ' ')), "{letter}");
            assert!(GLYPHS.iter().filter(|(other, _)| other == letter).count() == 1, "{letter}");
        }
    }
}

//! Parses Prometheus text as a stream: a page may be of any length, but the data kept of it is bounded.

use std::collections::BTreeMap;

/// The maximum length of a line; the rest of a longer one is skipped.
const LINE: usize = 16 * 1024;
/// The maximum number of samples kept of a page, for each use.
const SAMPLES: usize = 4096;
/// The maximum number of families kept of a page.
const FAMILIES: usize = 512;
/// The maximum number of bytes kept of a page: labels may be as long as lines.
const KEPT: usize = 2 * 1024 * 1024;

/// The use of a series. A page may have thousands of series of one use, so each use has its own limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SeriesUse {
    /// May show the state of a breaker.
    Breaker,
    /// Counts requests.
    Requests,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) labels: Vec<(String, String)>,
    pub(super) value: f64,
}

impl Sample {
    pub(super) fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
    }
}

/// The type from a `# TYPE` line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum MetricType {
    /// Not given, or unknown.
    #[default]
    Untyped,
    Gauge,
    Counter,
    /// A histogram, a summary, a description: never a state.
    Other,
}

/// The samples of one metric name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Family {
    pub(super) kind: MetricType,
    pub(super) help: String,
    pub(super) samples: Vec<Sample>,
}

/// Families by the metric name of their samples.
pub(super) type Families = BTreeMap<String, Family>;

/// Parses a page chunk by chunk and keeps the wanted families.
pub(in crate::observe::breaker) struct PageText {
    wanted: fn(&str) -> Option<SeriesUse>,
    /// Additional names that are wanted.
    also: Vec<String>,
    line: Vec<u8>,
    /// Whether the rest of the line is skipped.
    skips: bool,
    /// The latest unwanted name.
    unwanted: Vec<u8>,
    samples: [usize; 2],
    /// The length in bytes of the lines that are kept.
    kept: usize,
    families: Families,
    /// Whether any line was in this format, wanted or not.
    speaks: bool,
}

impl PageText {
    pub(super) fn new(wanted: fn(&str) -> Option<SeriesUse>) -> Self {
        Self {
            wanted,
            also: Vec::new(),
            line: Vec::new(),
            skips: false,
            unwanted: Vec::new(),
            samples: [0; 2],
            kept: 0,
            families: BTreeMap::new(),
            speaks: false,
        }
    }

    /// Keeps the families of these names too.
    pub(super) fn and<'a>(mut self, names: impl Iterator<Item = &'a str>) -> Self {
        self.also.extend(names.map(str::to_owned));
        self
    }

    fn wants(&self, name: &str) -> Option<SeriesUse> {
        let named = || self.also.iter().any(|also| also == name).then_some(SeriesUse::Breaker);
        (self.wanted)(name).or_else(named)
    }

    /// Whether the text so far is in this format at all: many services answer every path with something.
    pub(in crate::observe::breaker) fn is_prometheus_text(&self) -> bool {
        self.speaks
    }

    /// Takes the next chunk of the page.
    pub(in crate::observe::breaker) fn feed(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let ends = part.last() == Some(&b'\n');
            if ends && !self.skips && self.line.is_empty() && part.len() <= LINE {
                // The line is complete within this chunk, so nothing is copied.
                self.whole(part);
                continue;
            }
            if !self.skips {
                self.line.extend_from_slice(part);
            }
            if self.line.len() > LINE {
                self.line.clear();
                self.skips = true;
            }
            if ends {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        self.skips = false;
        let line = std::mem::take(&mut self.line);
        self.whole(&line);
        // The buffer is reused for the next line.
        self.line = line;
        self.line.clear();
    }

    /// Parses a complete line. Most lines are unwanted by their name alone, and most have the same name as the line
    /// before.
    fn whole(&mut self, line: &[u8]) {
        let line = line.trim_ascii();
        if self.speaks && !line.starts_with(b"#") && !line.starts_with(b"{") {
            let ends = |byte: &u8| matches!(byte, b'{' | b' ' | b'\t');
            let name = line.split(ends).next().unwrap_or_default();
            if name == self.unwanted {
                return;
            }
            if self.wants(&String::from_utf8_lossy(name)).is_none() {
                self.unwanted.clear();
                self.unwanted.extend_from_slice(name);
                return;
            }
        }
        self.read(&String::from_utf8_lossy(line));
    }

    /// Invalid lines are skipped, because the page is written by others.
    fn read(&mut self, line: &str) {
        self.speaks = self.speaks || is_of_this_format(line);
        let described = |rest: &str| {
            let (name, text) = rest.trim_start().split_once([' ', '\t']).unwrap_or((rest.trim(), ""));
            (name.trim_matches('"').to_owned(), text.chars().take(512).collect::<String>())
        };
        if let Some((name, text)) = line.strip_prefix("# HELP").map(described) {
            self.describe(&name, |family| family.help.clone_from(&text));
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE").map(described) {
            let kind = match kind.trim() {
                "gauge" | "stateset" => MetricType::Gauge,
                "counter" => MetricType::Counter,
                "untyped" | "unknown" | "" => MetricType::Untyped,
                _ => MetricType::Other,
            };
            self.describe(&name, |family| family.kind = kind);
        } else if !line.starts_with('#') && !line.is_empty() {
            self.sample(line);
        }
    }

    fn describe(&mut self, name: &str, tell: impl Fn(&mut Family)) {
        // OpenMetrics describes a counter by its name without the suffix.
        for name in [name.to_owned(), format!("{name}_total")] {
            if self.wants(&name).is_some()
                && (self.families.len() < FAMILIES || self.families.contains_key(&name))
            {
                tell(self.families.entry(name).or_default());
            }
        }
    }

    fn sample(&mut self, line: &str) {
        // A name with arbitrary characters is quoted within the braces.
        let quoted = line.strip_prefix("{\"").and_then(|rest| rest.split_once('"'));
        let (name, rest) = if let Some((name, rest)) = quoted {
            (name, format!("{{{rest}"))
        } else {
            let name = line.split(['{', ' ', '\t']).next().unwrap_or_default();
            (name, line.get(name.len()..).unwrap_or_default().to_owned())
        };
        let Some(sort) = self.wants(name) else { return };
        let kept = match sort {
            SeriesUse::Breaker => 0,
            SeriesUse::Requests => 1,
        };
        if self.samples.get(kept).is_none_or(|samples| *samples == SAMPLES) {
            return;
        }
        if self.families.len() == FAMILIES && !self.families.contains_key(name) {
            return;
        }
        if self.kept + line.len() > KEPT {
            return;
        }
        if let Some(sample) = sample(&rest) {
            self.kept += line.len();
            self.samples.iter_mut().skip(kept).take(1).for_each(|samples| *samples += 1);
            self.families.entry(name.to_owned()).or_default().samples.push(sample);
        }
    }

    /// The families found; those without samples are dropped.
    pub(super) fn finish(mut self) -> Families {
        // An incomplete last line is skipped, because its number may be cut.
        self.families.retain(|_, family| !family.samples.is_empty());
        self.families
    }
}

/// Whether a line is a description, or a sample: a name, optional labels, a number.
fn is_of_this_format(line: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    let rest = line.trim_start_matches(name);
    let named = rest.len() < line.len() && !line.starts_with(|c: char| c.is_ascii_digit());
    line.starts_with("# HELP ") || line.starts_with("# TYPE ") || named && sample(rest).is_some()
}

/// Parses the rest of a sample after its name: labels, the value, an optional timestamp.
fn sample(rest: &str) -> Option<Sample> {
    let (labels, rest) = match rest.trim_start().strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some(Sample { labels, value })
}

/// Parses the labels up to the closing brace; also returns the text after it.
fn labels(mut rest: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (key, after) = rest.split_once('=')?;
        let (value, after) = quoted(after.trim_start().strip_prefix('"')?)?;
        labels.push((key.trim().trim_matches('"').to_owned(), value));
        rest = after;
    }
}

/// Parses a quoted value with backslash escapes; also returns the text after the closing quote.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return text.get(at + 1..).map(|rest| (value, rest)),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(page: &str) -> Families {
        let mut text = PageText::new(|name| name.starts_with("circuit").then_some(SeriesUse::Breaker));
        // Chunks may end anywhere.
        page.as_bytes().chunks(7).for_each(|piece| text.feed(piece));
        text.finish()
    }

    #[test]
    fn reads_samples_with_their_type_and_help_and_passes_over_the_rest() {
        let page = r#"
# HELP circuit_state 0=closed, 1=open
# TYPE circuit_state gauge
circuit_state{name="a \"b\"\\",zone="x,y}",} 1 1763816700000
circuit_state 0
circuit_state{broken="
circuit_state{a="b"} word
other_thing 5
circuit_state{a="b"} 1"#;
        let families = read(page);
        let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let family = &families["circuit_state"];
        assert_eq!((family.kind, family.help.as_str()), (MetricType::Gauge, "0=closed, 1=open"));
        assert_eq!(
            family.samples,
            [
                Sample { labels: vec![label("name", "a \"b\"\\"), label("zone", "x,y}")], value: 1.0 },
                Sample { labels: vec![], value: 0.0 },
            ]
        );
        assert_eq!(families.len(), 1);
    }

    #[test]
    fn a_page_of_any_length_is_read_to_its_end_in_bounded_memory() {
        let mut text = PageText::new(|name| name.starts_with("circuit").then_some(SeriesUse::Breaker));
        for n in 0..20_000 {
            text.feed(format!("circuit_{n}{{a=\"b\"}} 1\n").as_bytes());
        }
        text.feed(&vec![b'x'; 10 * LINE]);
        assert!(text.line.len() <= LINE);
        text.feed(b"\ncircuit_1 2\n");
        let families = text.finish();
        assert!(families.len() <= FAMILIES);
        assert_eq!(families["circuit_1"].samples.len(), 2, "what follows a line too long is read");
        let mut text = PageText::new(|_| Some(SeriesUse::Breaker));
        let long = "x".repeat(LINE - 100);
        for _ in 0..1000 {
            text.feed(format!("circuit{{a=\"{long}\"}} 1\n").as_bytes());
        }
        let lengths =
            text.finish()["circuit"].samples.iter().map(|sample| sample.labels[0].1.len()).sum::<usize>();
        assert!(lengths <= KEPT, "{lengths}");
    }

    #[test]
    fn lines_of_no_interest_hide_no_others() {
        let page = "other 1\nother{a=\"b\"} 2\ncircuit_a 1\nother 3\n\n  circuit_b 2\nother 4\n# TYPE circuit_c counter\ncircuit_c 5\n";
        for length in [1, 7, 1000] {
            let mut text = PageText::new(|name| name.starts_with("circuit").then_some(SeriesUse::Breaker));
            page.as_bytes().chunks(length).for_each(|piece| text.feed(piece));
            assert!(text.is_prometheus_text());
            let families = text.finish();
            let names: Vec<&str> = families.keys().map(String::as_str).collect();
            assert_eq!(names, ["circuit_a", "circuit_b", "circuit_c"], "{length}");
            assert_eq!(families["circuit_c"].kind, MetricType::Counter);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_page_makes_it_stumble(page in ".*") {
            let mut text = PageText::new(|_| Some(SeriesUse::Breaker));
            text.feed(page.as_bytes());
            text.finish();
        }
    }
}

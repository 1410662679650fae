//! Prometheus text, as far as a breaker's series need it.

/// One sample.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: Vec<(String, String)>,
    pub(super) value: f64,
}

impl Sample {
    pub(super) fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
    }
}

/// What a page tells of series whose name is `wanted`: their samples and their help texts by name. Lines that cannot be
/// read are passed over: the page is not ours.
pub(super) fn read(page: &str, wanted: impl Fn(&str) -> bool) -> (Vec<Sample>, Vec<(String, String)>) {
    let (mut samples, mut helps) = (Vec::new(), Vec::new());
    for line in page.lines() {
        let line = line.trim();
        if let Some(help) = line.strip_prefix("# HELP ") {
            if let Some((name, text)) = help.split_once(' ').filter(|(name, _)| wanted(name)) {
                helps.push((name.to_owned(), text.to_owned()));
            }
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ', '\t']).next().unwrap_or_default();
            if wanted(name) {
                samples.extend(sample(line));
            }
        }
    }
    (samples, helps)
}

fn sample(line: &str) -> Option<Sample> {
    let (name, labels, rest) = match line.split_once('{') {
        Some((name, rest)) => {
            let (labels, rest) = labels(rest)?;
            (name, labels, rest)
        }
        None => {
            let (name, rest) = line.split_once([' ', '\t'])?;
            (name, Vec::new(), rest)
        }
    };
    // A timestamp may follow the value.
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some(Sample { name: name.trim().to_owned(), labels, value })
}

/// The labels up to the closing brace, and what follows it.
fn labels(mut rest: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (key, after) = rest.split_once('=')?;
        let (value, after) = quoted(after.trim_start().strip_prefix('"')?)?;
        labels.push((key.trim().to_owned(), value));
        rest = after;
    }
}

/// A quoted value, its backslashes resolved, and what follows its closing quote.
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

    #[test]
    fn reads_samples_and_helps_and_passes_over_the_rest() {
        let page = r#"
# HELP circuit_state 0=closed, 1=open
# TYPE circuit_state gauge
circuit_state{name="a \"b\"\\",zone="x,y}"} 1 1763816700000
circuit_state 0
circuit_state{broken="
circuit_state{a="b"} word
other_thing 5
"#;
        let (samples, helps) = read(page, |name| name.starts_with("circuit"));
        let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let state = "circuit_state".to_owned();
        assert_eq!(
            samples,
            [
                Sample {
                    name: state.clone(),
                    labels: vec![label("name", "a \"b\"\\"), label("zone", "x,y}")],
                    value: 1.0
                },
                Sample { name: state.clone(), labels: vec![], value: 0.0 },
            ]
        );
        assert_eq!(helps, [(state, "0=closed, 1=open".to_owned())]);
    }

    proptest::proptest! {
        #[test]
        fn no_page_makes_it_stumble(page in ".*") {
            read(&page, |_| true);
        }
    }
}

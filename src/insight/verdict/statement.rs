//! Statements about a session in the four lengths that banners have room for.

/// Maximum columns of a statement's middle form.
pub const MEDIUM: usize = 60;
/// Maximum columns of a statement's short form.
pub const SHORT: usize = 40;

/// One statement in four lengths. The two short ones are complete in themselves, not cut off from the long ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statement {
    /// The statement as a sentence.
    pub(super) sentence: String,
    /// The cost to users, the state of the breaker, or the outcome: one or two sentences more.
    pub(super) details: Option<String>,
    /// The statement in at most [`MEDIUM`] columns.
    pub(super) medium: String,
    /// The same in at most [`SHORT`] columns.
    pub(super) short: String,
}

impl Statement {
    /// Creates a statement from a sentence and shorter forms. Each length takes the first form that fits; the sentence
    /// is the longest.
    pub(super) fn new(sentence: impl Into<String>, shorter: &[&str]) -> Self {
        let sentence = sentence.into();
        let forms = || std::iter::once(sentence.as_str()).chain(shorter.iter().copied());
        let (medium, short) = (fitting(forms(), MEDIUM), fitting(forms(), SHORT));
        Self { sentence, details: None, medium, short }
    }

    /// Creates a statement whose middle and short lengths are taken from the shorter forms, even where the sentence
    /// would fit.
    pub(super) fn brief(sentence: impl Into<String>, shorter: &[&str]) -> Self {
        let forms = || shorter.iter().copied();
        let (medium, short) = (fitting(forms(), MEDIUM), fitting(forms(), SHORT));
        Self { sentence: sentence.into(), details: None, medium, short }
    }

    pub(super) fn with_details(self, price: Option<String>) -> Self {
        Self { details: price, ..self }
    }

    /// Puts a name before each form, as far as there is room for it.
    pub(super) fn of(self, name: &str) -> Self {
        Self {
            sentence: format!("{name}: {}", self.sentence),
            medium: named(name, &self.medium, MEDIUM),
            short: named(name, &self.short, SHORT),
            ..self
        }
    }
}

/// Returns the first form that fits; if none does, the last one, truncated.
pub(super) fn fitting<'a>(forms: impl Iterator<Item = &'a str>, most: usize) -> String {
    let mut last = "";
    for form in forms {
        if form.chars().count() <= most {
            return form.to_owned();
        }
        last = form;
    }
    last.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Puts the end of a name before a form: the end distinguishes it from other names.
fn named(name: &str, form: &str, most: usize) -> String {
    /// Columns below which the end of a name is useless.
    const LEAST: usize = 6;
    let room = most.saturating_sub(form.chars().count() + 2);
    let length = name.chars().count();
    match () {
        () if length <= room => format!("{name}: {form}"),
        () if room >= LEAST => {
            let end: String = name.chars().skip(length - room + 1).collect();
            format!("…{end}: {form}")
        }
        () => form.to_owned(),
    }
}

/// Adds a capital letter and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    first.into_iter().flatten().chain(letters).collect::<String>() + end
}

/// Joins sentences; `None` if there is none.
pub(in crate::insight) fn joined(sentences: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let all: Vec<String> = sentences.into_iter().flatten().map(|text| sentence(&text)).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_form_that_fits_is_taken_and_names_lose_their_beginning() {
        let said =
            Statement::new("x".repeat(61), &["a form of some thirty columns, more or less", "a short one"]);
        assert_eq!(said.medium, "a form of some thirty columns, more or less");
        assert_eq!(said.short, "a short one");
        let said = said.of("/a/path/that/is/longer/than/there/is/room/for");
        assert_eq!(said.short, "…ger/than/there/is/room/for: a short one");
        assert_eq!(said.medium, "…re/is/room/for: a form of some thirty columns, more or less");
        assert!(said.sentence.starts_with("/a/path/that"));
        assert_eq!(
            named("/path", &"x".repeat(36), SHORT),
            "x".repeat(36),
            "the end of it would tell nothing"
        );
        assert_eq!(fitting(["1234567"].into_iter(), 5), "1234…");
    }

    #[test]
    fn sentences_are_joined_with_full_stops() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(joined([some("one is"), None, some("Two are.")]), some("One is. Two are."));
        assert_eq!(joined([None, None]), None);
    }
}

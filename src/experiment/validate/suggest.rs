//! "Did you mean" suggestions: the most similar of the known names.

/// The candidate most similar to `word`, if it is similar enough to be a misspelling.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    // One mistake in a short word, one more for every four letters.
    let most = (length / 4).clamp(1, 4);
    let most = most.min(length.saturating_sub(1));
    let word_letters = lower(word);
    let near = candidates.into_iter().filter(|candidate| *candidate != word).filter_map(|candidate| {
        // A character has at most four bytes: a quick check before the expensive one, as there may be many names.
        if candidate.len() > (length + most) * 4 {
            return None;
        }
        distance(&word_letters, &lower(candidate), most).map(|distance| (distance, candidate))
    });
    near.min().map(|(_, candidate)| candidate)
}

/// The suggestion if there is one, else the other remedy.
pub(super) fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    otherwise: impl Into<String>,
) -> String {
    nearest(word, candidates).map_or_else(|| otherwise.into(), |near| format!("did you mean '{near}'?"))
}

fn lower(word: &str) -> Vec<char> {
    word.chars().flat_map(char::to_lowercase).collect()
}

/// The edit distance: characters inserted, removed, changed or swapped with their neighbour; `None` if more than
/// `most`.
fn distance(a: &[char], b: &[char], most: usize) -> Option<usize> {
    // Longer names are not compared.
    const LONGEST: usize = 64;
    if a.len() > LONGEST || b.len() > LONGEST || a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let changed = last[j] + usize::from(x != y);
            row[j + 1] = changed.min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && a[i - 1] == *y && b[j - 1] == *x;
            if swapped {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        // The distance cannot decrease any more, except by a swap with the previous row.
        if row.iter().min() > Some(&most) && last.iter().min() > Some(&most) {
            return None;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    Some(last[b.len()]).filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let functions = ["terminate_pods", "count_pods", "delete_pods"];
        assert_eq!(nearest("terminate_pod", functions), Some("terminate_pods"));
        assert_eq!(nearest("temrinate_pods", functions), Some("terminate_pods"));
        assert_eq!(nearest("scale", functions), None);
        assert_eq!(nearest("rollback", ["rollbacks", "method"]), Some("rollbacks"));
        assert_eq!(nearest("a", ["b"]), None);
        assert_eq!(nearest(&"x".repeat(100_000), ["b"]), None);
    }
}

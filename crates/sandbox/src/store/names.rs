//! Syntax rules for names, label keys and label values.

const NAME_RULE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                         alphanumeric character";

/// Checks a label or annotation key: a name with an optional domain prefix. The error describes the problem.
pub fn check_key(key: &str) -> Result<(), String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    match prefix {
        Some("") => return Err("prefix part must be non-empty".into()),
        Some(prefix) => check_subdomain(prefix).map_err(|why| format!("prefix part {why}"))?,
        None => {}
    }
    if name.is_empty() {
        return Err("name part must be non-empty".into());
    }
    if !is_name(name, 63) {
        return Err(format!("name part {NAME_RULE} (e.g. 'MyName',  or 'my.name',  or '123-abc')"));
    }
    Ok(())
}

/// Checks a label value, which may be empty. The error describes the problem.
pub fn check_value(value: &str) -> Result<(), String> {
    if value.is_empty() || is_name(value, 63) {
        return Ok(());
    }
    Err(format!("a valid label must be an empty string or {}", NAME_RULE.trim_start_matches("must ")))
}

/// Checks the name of most kinds of objects. The error describes the problem.
pub fn check_subdomain(name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let part = |part: &str| part.starts_with(allowed) && part.ends_with(allowed);
    let inside = name.chars().all(|c| allowed(c) || c == '-' || c == '.');
    if name.len() <= 253 && inside && name.split('.').all(part) {
        return Ok(());
    }
    Err("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
         start and end with an alphanumeric character (e.g. 'example.com')"
        .into())
}

/// Checks the name of a namespace or container. The error describes the problem.
pub fn check_label(name: &str) -> Result<(), String> {
    if name.len() <= 63 && !name.contains('.') && check_subdomain(name).is_ok() {
        return Ok(());
    }
    Err("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and \
         end with an alphanumeric character (e.g. 'my-name',  or '123-abc')"
        .into())
}

/// Checks the name of a Service. The error describes the problem.
pub fn check_service_name(name: &str) -> Result<(), String> {
    if check_label(name).is_ok() && name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Ok(());
    }
    Err("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
         character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123')"
        .into())
}

/// Returns whether the text has valid characters, is alphanumeric at both ends, and has at most `limit` bytes.
fn is_name(text: &str, limit: usize) -> bool {
    let end = |c: char| c.is_ascii_alphanumeric();
    text.len() <= limit
        && text.starts_with(end)
        && text.ends_with(end)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_their_rules() {
        type Check = fn(&str) -> Result<(), String>;
        let long = "a".repeat(64);
        let table: [(Check, &[&str], &[&str]); 5] = [
            (check_key, &["a", "A.b_c", "example.com/a"], &["", "a/b/c", "/a", "a/", "-a", "{a}", "A.com/a"]),
            (check_value, &["", "a", "A-1.x"], &["-", "a b", &long]),
            (check_subdomain, &["a", "a.b-c.d", "1"], &["", "A", "a..b", "a.", "-a", "a_b"]),
            (check_label, &["a", "a-1"], &["a.b", "", "A", &long]),
            (check_service_name, &["a1"], &["1a", "a.b"]),
        ];
        for (check, good, bad) in table {
            for name in good {
                assert!(check(name).is_ok(), "{name}");
            }
            for name in bad {
                assert!(check(name).is_err(), "{name}");
            }
        }
    }
}

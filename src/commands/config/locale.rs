//! Detects locales without UTF-8, in which a terminal shows wrong characters for anything beyond ASCII.

/// Returns the setting that makes the locale lack UTF-8, such as `LC_ALL=C`, or `None` if UTF-8 is supported.
///
/// The C library uses the first of three variables that is set, and `C` if none is. But containers and many logins set
/// none, in terminals that support UTF-8. If no variable is set, only the Linux console, whose font has few symbols, is
/// therefore treated as lacking UTF-8.
pub(super) fn without_utf8(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let named =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| set(name).map(|value| (name, value)));
    match named {
        Some((_, value)) if is_utf8(&value) => None,
        Some((name, value)) => Some(format!("{name}={value}")),
        None => set("TERM").filter(|term| term == "linux").map(|term| format!("TERM={term}, without LANG")),
    }
}

/// Returns whether a locale, `language_TERRITORY.charset@modifier`, names UTF-8. Without a charset it means a legacy
/// one.
fn is_utf8(locale: &str) -> bool {
    let charset = locale.split_once('.').map_or("", |(_, charset)| charset);
    let charset = charset.split('@').next().unwrap_or_default();
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

#[cfg(test)]
mod tests {
    use super::without_utf8;

    #[test]
    fn the_first_variable_that_is_set_says_it() {
        for (variables, wanted) in [
            (&[("LANG", "en_US.UTF-8")][..], None),
            (&[("LANG", "de_DE.utf8@euro")], None),
            (&[("LANG", "C.UTF-8")], None),
            (&[("LANG", "C")], Some("LANG=C")),
            (&[("LANG", "POSIX")], Some("LANG=POSIX")),
            (&[("LANG", "en_US")], Some("LANG=en_US")),
            (&[("LANG", "ja_JP.eucJP")], Some("LANG=ja_JP.eucJP")),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], Some("LC_ALL=C")),
            (&[("LANG", "C"), ("LC_CTYPE", "C.UTF-8")], None),
            (&[("LANG", "C.UTF-8"), ("LC_ALL", "")], None),
            (&[], None),
            (&[("TERM", "xterm-256color")], None),
            (&[("TERM", "linux")], Some("TERM=linux, without LANG")),
            (&[("TERM", "linux"), ("LANG", "C.UTF-8")], None),
        ] {
            let find = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            assert_eq!(without_utf8(find).as_deref(), wanted, "{variables:?}");
        }
    }
}

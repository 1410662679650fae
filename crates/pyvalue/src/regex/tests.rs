//! Table tests for patterns.

use super::compile;

#[test]
fn patterns_match_as_in_python() {
    let table = [
        (r"^8$", "8\n", true),
        (r"^8$", "8\n\n", false),
        (r"^8\Z", "8\n", false),
        (r"8", "abc 8", true),
        (r".", "\n", false),
        (r"(?s).", "\n", true),
        (r"^b", "a\nb", false),
        (r"(?m)^b$", "a\nb\nc", true),
        (r"(?i)ABC", "abc", true),
        (r"(?i:A)B", "aB", true),
        (r"(?i:A)B", "ab", false),
        (r"\d", "٣", true),
        (r"(?a)\d", "٣", false),
        (r"\w+$", "é_1", true),
        (r"\bfoo\b", "a foo b", true),
        (r"(a)\1", "aa", true),
        (r"(?P<x>a)(?P=x)", "aa", true),
        (r"(?<!a)b", "ab", false),
        (r"(?=a)a", "a", true),
        (r"a{,2}b", "b", true),
        (r"a{x}", "a{x}", true),
        (r"{", "{", true),
        (r"a{2}", "aa", true),
        (r"[]a]", "]", true),
        (r"[^]a]", "b", true),
        (r"[[]", "[", true),
        (r"[a&&b]", "&", true),
        (r"[a-]", "-", true),
        (r"[\w-]", "-", true),
        (r"[\]]", "]", true),
        (r"[^\d\s]", "5", false),
        (r"\x41\u00e9\U0001F600", "Aé😀", true),
        (r"\012", "\n", true),
        (r"\/\-\#\ ", "/-# ", true),
        (r"(?x) a b # comment", "ab", true),
        (r"a(?#comment)b", "ab", true),
        (r"(a)?(?(1)b|c)", "ab", true),
        (r"^(a)?(?(1)b|c)$", "c", true),
        (r"a++b", "aab", true),
        (r"(?>a+)b", "aab", true),
        (r"a*?b", "aab", true),
        (r"\S", "\u{1c}", false),
        (r"", "", true),
        (r"a|", "x", true),
        (r"é+", "éé", true),
        (r"$", "", true),
        (r"\<b\>", "<b>", true),
        (r"\<", "word", false),
        (r"<a>", "<a>", true),
        (r"^(?=a)*b", "b", true),
        (r"^(?=a)+a", "a", true),
        (r"^(?!a){0}a", "a", true),
        (r"(?<=ab|cd)x", "cdx", true),
        (r"(?<=a{2})x", "aax", true),
        (r"(a)(?<=\1)x", "ax", true),
        (r"(?<=(a))(b)\2", "abb", true),
    ];
    for (pattern, text, expected) in table {
        let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        assert_eq!(regex.is_match(text).ok(), Some(expected), "{pattern} on {text:?}");
    }
}

#[test]
fn c019_what_python_does_not_compile_is_refused() {
    let bad = [
        r"(a",
        r"a)",
        r"[a",
        r"*a",
        r"a**",
        r"a{2}{3}",
        r"\p{L}",
        r"\z",
        r"\",
        r"\1",
        r"(?P<1>a)",
        r"(?P=x)",
        r"a(?i)b",
        r"[z-a]",
        r"(?<a>b)",
        r"\x4",
        r"\8",
        r"(?P<x>a)(?P<x>b)",
        r"a{3,2}",
        r"(?z)",
        r"(a\1)",
        r"^*",
        r"[\d-z]",
        r"\Q",
        r"\k<x>",
        r"(?<=a+)b",
        r"(?<=(a)\1)b",
        r"(?<=(?P<n>a)(?P=n))b",
        r"(?<=(a)(?(1)b|c))d",
        r"(?P<n>a(?P=n))",
        r"(?<=a|bc)d",
        r"(?<!a?)b",
        r"(a)?(?(1)b|c|d)",
        r"(?au)a",
    ];
    for pattern in bad {
        assert!(compile(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn a_search_ends() {
    let regex = compile(r"^(a+)+(?=b)$").unwrap();
    assert_ne!(regex.is_match(&"a".repeat(100)).ok(), Some(true));
    assert!(compile(&"(".repeat(100_000)).is_err());
    assert!(compile("(a{1000}){1000}").is_err(), "the program of this pattern would fill the memory");
}

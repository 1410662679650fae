//! Basic credentials for a server: from the user's netrc file, or else from the URL.

use super::encode;
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Url, header::HeaderValue};
use std::{
    fs::File,
    io::{Read, read_to_string},
    path::{Path, PathBuf},
};

/// The maximum number of bytes read of the file.
const MOST: u64 = 1 << 20;

/// The content of the user's netrc file.
#[derive(Clone, Default)]
pub(super) struct Netrc(String);

impl Netrc {
    /// Reads the file that `NETRC` names, or else the one in the home directory. An unreadable file counts as empty.
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let text = |path| read_to_string(File::open(path).ok()?.take(MOST)).ok();
        Self(file(variable).and_then(text).unwrap_or_default())
    }

    /// The `Authorization` header of a request; removes the credentials from the URL. The header replaces an explicit
    /// one, as in the reference.
    pub(super) fn authorization(&self, url: &mut Url) -> Option<HeaderValue> {
        let in_url = of_url(url);
        let (user, password) = url.host_str().and_then(|host| lookup(&self.0, host)).or(in_url)?;
        let plain = encode::latin1(&format!("{user}:{password}"))?;
        let mut value = HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(plain))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Never shows the content of the file.
impl std::fmt::Debug for Netrc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Netrc")
    }
}

fn of_url(url: &mut Url) -> Option<(String, String)> {
    let decoded = |text: &str| percent_decoded(text);
    let found = url.password().map(|password| (decoded(url.username()), decoded(password)));
    // The setters fail only for URLs that cannot hold credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    found.filter(|(user, password)| !user.is_empty() || !password.is_empty())
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        if let (b'%', Some(byte)) = (first, code.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The path that `NETRC` names, or else the file in the home directory.
fn file(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let home = variable("HOME");
    if let Some(named) = variable("NETRC") {
        return Some(match (named.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => Path::new(&home).join(rest),
            _ => named.into(),
        });
    }
    let home = home?;
    [".netrc", "_netrc"].into_iter().map(|name| Path::new(&home).join(name)).find(|file| file.exists())
}

/// The login and password for a host; the `default` entry matches every host.
fn lookup(netrc: &str, host: &str) -> Option<(String, String)> {
    let lines = netrc.lines().map(|line| line.split_once('#').map_or(line, |(before, _)| before));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    let (mut exact, mut default) = (None, None);
    let mut rest = words.as_slice();
    while let [word, after @ ..] = rest {
        rest = after;
        let (slot, fields) = match (*word, after) {
            ("machine", [name, fields @ ..]) => ((*name == host).then_some(&mut exact), fields),
            ("default", fields) => (Some(&mut default), fields),
            _ => continue,
        };
        let (entry, remaining) = entry(fields);
        rest = remaining;
        if let Some(slot) = slot {
            *slot = Some(entry);
        }
    }
    exact.or(default)
}

/// Parses the fields of one entry; returns them and the remaining words.
fn entry<'a, 'w>(mut words: &'w [&'a str]) -> ((String, String), &'w [&'a str]) {
    let (mut login, mut account, mut password) = ("", "", "");
    while let [field, value, after @ ..] = words {
        match *field {
            "login" | "user" => login = value,
            "account" => account = value,
            "password" => password = value,
            _ => break,
        }
        words = after;
    }
    let user = if login.is_empty() { account } else { login };
    ((user.to_owned(), password.to_owned()), words)
}

#[cfg(test)]
mod tests {
    use super::{Netrc, lookup};
    use reqwest::Url;

    #[test]
    fn netrc_entries_are_found_by_host() {
        let netrc = "machine a.test login ann password p1\n# machine b.test login x\ndefault\n  login dan password p2";
        let named = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(lookup(netrc, "a.test"), named("ann", "p1"));
        assert_eq!(lookup(netrc, "b.test"), named("dan", "p2"));
        assert_eq!(lookup("machine a.test login ann", "b.test"), None);
    }

    #[test]
    fn credentials_leave_the_url() {
        let mut url = Url::parse("http://us%40er:pa%3Ass@host/x").unwrap();
        let value = Netrc::default().authorization(&mut url).unwrap();
        assert_eq!(value, "Basic dXNAZXI6cGE6c3M=");
        assert_eq!(url.as_str(), "http://host/x");
    }

    #[test]
    fn netrc_wins_over_the_url() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "machine host login ann password secret").unwrap();
        let home = file.path().parent().unwrap().to_str().unwrap();
        let name = file.path().file_name().unwrap().to_str().unwrap();
        let variables = [("HOME", home.to_owned()), ("NETRC", format!("~/{name}"))];
        let variable =
            |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone());
        let mut url = Url::parse("http://bob:other@host/").unwrap();
        assert_eq!(Netrc::read(variable).authorization(&mut url).unwrap(), "Basic YW5uOnNlY3JldA==");
    }
}

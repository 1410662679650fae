//! Query strings (kubernetes-wire 2).

use super::served::Served;
use crate::store::{Cause, FieldSelector, LabelSelector, Selectors, Status};
use axum::http::Uri;

/// The parameters of a request, in order; a parameter can occur more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Parses the query string of a URI. Empty parts (`?&a=b`, a bare `?`) are ignored.
    pub(super) fn of(uri: &Uri) -> Result<Query, Status> {
        let parsed = axum::extract::Query::try_from_uri(uri);
        parsed.map(|query| Query(query.0)).map_err(|error| Status::bad_request(error.body_text()))
    }

    /// Returns the first non-empty value of a parameter.
    pub(super) fn text<'a>(&'a self, key: &str) -> Option<&'a str> {
        let values = self.0.iter().filter(|(known, _)| known == key);
        values.map(|(_, value)| value.as_str()).find(|value| !value.is_empty())
    }

    /// Returns all values of a parameter.
    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// Returns whether a flag is set: every non-empty value except `0`, `false` and `False` sets it.
    pub(super) fn flag(&self, key: &str) -> bool {
        self.text(key).is_some_and(|value| !matches!(value, "0" | "false" | "False"))
    }

    /// Parses a non-negative integer. Error: 400.
    pub(super) fn number(&self, key: &str) -> Result<Option<u64>, Status> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let refuse = |_| {
            Status::bad_request(format!("strconv.ParseInt: parsing {text:?}: {key} must be a whole number"))
        };
        text.parse().map(Some).map_err(refuse)
    }

    /// Returns whether the request is a dry run. Error: 422 for a value other than `All`.
    pub(super) fn dry_run(&self) -> Result<bool, Status> {
        match self.text("dryRun") {
            None => Ok(false),
            Some("All") => Ok(true),
            Some(other) => {
                let cause = Cause::not_supported("dryRun", &other.into(), &["All"]);
                Err(Status::invalid_kind("meta.k8s.io", "CreateOptions", "", vec![cause]))
            }
        }
    }

    /// Parses the label and field selectors. Errors: 400.
    pub(super) fn selectors(&self, served: &Served) -> Result<Selectors, Status> {
        let labels = LabelSelector::parse(self.text("labelSelector").unwrap_or_default())?;
        let fields = self.text("fieldSelector").unwrap_or_default();
        let fields = FieldSelector::parse(fields, served.resource, |key| served.view.stored_field(key))?;
        Ok(Selectors { labels, fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::of(&format!("/x?{text}").parse().unwrap()).unwrap()
    }

    #[test]
    fn every_client_is_understood() {
        let q = query("&labelSelector=name+in+%28x%29&limit=500&command=a&command=b&container=");
        assert_eq!(q.text("labelSelector"), Some("name in (x)"));
        assert_eq!(q.number("limit"), Ok(Some(500)));
        assert_eq!(q.all("command").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(q.text("container"), None);
        for (text, set) in [
            ("w=true", true),
            ("w=True", true),
            ("w=1", true),
            ("w=0", false),
            ("w=false", false),
            ("w=", false),
        ] {
            assert_eq!(query(text).flag("w"), set, "{text}");
        }
        assert_eq!(query("").0, []);
        assert_eq!(query("limit=abc").number("limit").unwrap_err().code, 400);
        assert_eq!(query("dryRun=All").dry_run(), Ok(true));
        assert_eq!(query("dryRun=some").dry_run().unwrap_err().code, 422);
    }
}

//! `GET` requests: one object, or a list with paging (kubernetes-wire 5, 7).

use super::{
    answer::{self, HandlerResult},
    query::Query,
    rendering::Rendering,
    served::Served,
};
use crate::store::{Key, Page, Status, Store};
use axum::http::StatusCode;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub(super) fn get(
    store: &Store,
    served: &Served,
    namespace: &str,
    name: &str,
    rendering: &Rendering,
) -> HandlerResult {
    let object = store.get(served.resource, namespace, name);
    let object = object.ok_or_else(|| Status::not_found(served.resource, name))?;
    Ok(answer::raw(StatusCode::OK, "application/json", rendering.object(&object)))
}

/// Returns all selected objects, or one page of them.
pub(super) fn list(
    store: &Store,
    served: &Served,
    namespace: Option<&str>,
    query: &Query,
    rendering: &Rendering,
) -> HandlerResult {
    let selectors = query.selectors(served)?;
    version(query)?;
    let limit = usize::try_from(query.number("limit")?.unwrap_or(0)).unwrap_or(usize::MAX);
    let token = query.text("continue").map(Token::read).transpose()?;
    if let Some(token) = &token
        && store.changes_of(served.resource, token.version, 1).is_err()
    {
        return Err(Status::expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new \
             list without the continue parameter.",
        ));
    }
    let page = Page { after: token.as_ref().map(|token| token.after.clone()), limit };
    let listing = store.page(served.resource, namespace, &selectors, &page);
    // Every page has the first page's version: a watch from that version replays the changes made between the pages.
    let version = token.map_or(listing.version, |token| token.version);
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if let Some(last) = listing.objects.last().filter(|_| listing.remaining > 0) {
        metadata["continue"] = Token { version, after: last.key() }.write().into();
        if selectors.is_empty() {
            metadata["remainingItemCount"] = listing.remaining.into();
        }
    }
    Ok(answer::raw(StatusCode::OK, "application/json", rendering.list(&listing, &metadata)))
}

/// Returns the `resourceVersion` of a request; `None` when it is omitted. Error: 400 when it is not a number.
pub(super) fn version(query: &Query) -> Result<Option<u64>, Status> {
    let Some(text) = query.text("resourceVersion") else { return Ok(None) };
    let refuse =
        |_| Status::bad_request(format!("resourceVersion: Invalid value: {text:?}: must be a whole number"));
    text.parse().map(Some).map_err(refuse)
}

/// The decoded `continue` token of a paged list.
#[derive(Debug, PartialEq)]
struct Token {
    version: u64,
    after: Key,
}

impl Token {
    fn write(&self) -> String {
        let (namespace, name) = &self.after;
        BASE64_URL_SAFE_NO_PAD.encode(json!([self.version, namespace, name]).to_string())
    }

    fn read(text: &str) -> Result<Token, Status> {
        let refuse = || Status::bad_request("continue key is not valid");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| refuse())?;
        let parts: Value = serde_json::from_slice(&bytes).map_err(|_| refuse())?;
        let part = |at: usize| parts[at].as_str().map(str::to_owned).ok_or_else(refuse);
        Ok(Token { version: parts[0].as_u64().ok_or_else(refuse)?, after: (part(1)?, part(2)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_as_they_went() {
        let token = Token { version: 7, after: ("a".into(), "b".into()) };
        assert_eq!(Token::read(&token.write()), Ok(token));
        assert_eq!(Token::read("nonsense").unwrap_err().code, 400);
    }
}

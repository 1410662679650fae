//! Builds the first request of an activity from its provider mapping.

use crate::{
    experiment::{Environment, Secrets, substitute},
    http_client::{self, HttpClient, HttpSettings, Limits, Request, default_headers, latin1, parse_url},
    provider::Call,
};
use pyvalue::{Map, Value, python_text};
use reqwest::{
    Method, Url,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use std::time::Duration;

/// The request of an http activity with its settings.
#[derive(Debug)]
pub(super) struct RequestPlan {
    /// The first request; redirects derive others from it.
    pub first: Request,
    /// The URL as declared, variables replaced, for error messages.
    pub shown_url: String,
    pub client: HttpClient,
}

impl RequestPlan {
    /// Substitutes and checks the provider mapping; an error is unexpected for the run.
    pub(super) fn new(call: &Call<'_>, environment: &Environment) -> Result<Self, String> {
        let provider = &call.activity.provider.raw;
        let field = |name: &str| provider.get(name).cloned().unwrap_or_default();
        let substituted = |name: &str| substitute(&field(name), call.configuration, call.secrets);

        let shown_url = python_text(&substituted("url"));
        let mut url = parse_url(&shown_url)?;
        let method = method(provider.get("method"))?;
        let declared = headers_of(&substituted("headers"))?;
        let arguments = arguments(provider, call.configuration, call.secrets);

        let body = match method {
            Method::GET => {
                add_query(&mut url, query(&arguments)?);
                Body::default()
            }
            _ => Body::new(&arguments, &declared)?,
        };
        let mut headers = body.headers(&method)?;
        apply(&mut headers, &declared)?;
        let client = HttpClient {
            settings: HttpSettings::read(provider.get("verify_tls"), |name| environment.get(name)),
            limits: limits(&substituted("timeout"))?,
            retries: retries(provider.get("max_retries")),
        };
        Ok(Self { first: Request { method, url, headers, body: body.bytes }, shown_url, client })
    }
}

fn method(declared: Option<&Value>) -> Result<Method, String> {
    let name = match declared {
        None => return Ok(Method::GET),
        Some(Value::Text(name)) => name.to_uppercase(),
        Some(_) => return Err("the method of an http activity must be text".into()),
    };
    Method::from_bytes(name.as_bytes()).map_err(|_| format!("'{name}' is no HTTP method"))
}

pub(super) fn headers_of(declared: &Value) -> Result<Map, String> {
    match declared {
        Value::Map(headers) => Ok(headers.clone()),
        declared if !declared.truthy() => Ok(Map::default()),
        _ => Err("the headers of an http activity must be a mapping".into()),
    }
}

/// The arguments of an activity; returned as declared if there are no variables.
pub(super) fn arguments(provider: &Map, configuration: &Map, secrets: &Secrets) -> Value {
    let declared = provider.get("arguments").cloned().unwrap_or_default();
    if configuration.is_empty() && secrets.is_empty() {
        declared
    } else {
        substitute(&declared, configuration, secrets)
    }
}

/// The query that the arguments make; a text is used as it is.
pub(super) fn query(arguments: &Value) -> Result<String, String> {
    match arguments {
        falsy if !falsy.truthy() => Ok(String::new()),
        Value::Text(text) => Ok(text.clone()),
        pairs => http_client::form(pairs),
    }
}

/// Appends to the URL's query.
pub(super) fn add_query(url: &mut Url, added: String) {
    if !added.is_empty() {
        let query = match url.query().filter(|query| !query.is_empty()) {
            Some(query) => format!("{query}&{added}"),
            None => added,
        };
        url.set_query(Some(&query));
    }
}

/// The body of a request other than GET.
#[derive(Default)]
struct Body {
    bytes: Option<Vec<u8>>,
    kind: Option<&'static str>,
}

impl Body {
    /// JSON if there is a header spelled exactly `Content-Type` with exactly the value `application/json`; else a form,
    /// or text.
    fn new(arguments: &Value, headers: &Map) -> Result<Self, String> {
        let json = headers.get("Content-Type").and_then(Value::as_str) == Some("application/json");
        match arguments {
            Value::Null => Ok(Self::default()),
            arguments if json => Ok(Self { bytes: Some(arguments.to_json().into_bytes()), kind: None }),
            falsy if !falsy.truthy() => Ok(Self::default()),
            Value::Text(text) => Ok(Self { bytes: Some(text.clone().into_bytes()), kind: None }),
            pairs => Ok(Self {
                bytes: Some(http_client::form(pairs)?.into_bytes()),
                kind: Some("application/x-www-form-urlencoded"),
            }),
        }
    }

    /// The default headers of a request; the activity's own headers override them.
    fn headers(&self, method: &Method) -> Result<HeaderMap, String> {
        let mut headers = default_headers();
        if let Some(kind) = self.kind {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        if self.bytes.is_none() && !matches!(*method, Method::GET | Method::HEAD) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Ok(headers)
    }
}

/// Applies the activity's headers over the defaults; null removes a default header.
pub(super) fn apply(headers: &mut HeaderMap, declared: &Map) -> Result<(), String> {
    for (name, value) in declared {
        let wrong = |why: &str| format!("the header '{name}' cannot be sent: {why}");
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("that is no header name"))?;
        match value {
            Value::Null => drop(headers.remove(key)),
            Value::Text(text) if text.starts_with(char::is_whitespace) => {
                return Err(wrong("its value begins with a space"));
            }
            Value::Text(text) => {
                let value = latin1(text).and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
                headers
                    .insert(key, value.ok_or_else(|| wrong("its value has characters no header may have"))?);
            }
            other => {
                let shown = python_text(other);
                return Err(wrong(&format!("its value {shown} is not text; write it in quotes")));
            }
        }
    }
    Ok(())
}

pub(super) fn limits(declared: &Value) -> Result<Limits, String> {
    match declared {
        Value::List(pair) => match pair.as_slice() {
            [connect, read] => Ok(Limits { connect: seconds(connect)?, read: seconds(read)? }),
            _ => Err("the timeout list of an http activity must be [connect, read]".into()),
        },
        single => seconds(single).map(|limit| Limits { connect: limit, read: limit }),
    }
}

fn seconds(declared: &Value) -> Result<Option<Duration>, String> {
    let seconds = match declared {
        Value::Null => return Ok(None),
        Value::Int(seconds) => *seconds as f64,
        Value::Float(seconds) => *seconds,
        _ => return Err("the timeout of an http activity must be a number of seconds, or two".into()),
    };
    if seconds <= 0.0 || seconds.is_nan() {
        return Err("the timeout of an http activity must be more than zero".into());
    }
    // A value too large for a duration counts as no limit.
    Ok(Duration::try_from_secs_f64(seconds).ok())
}

fn retries(declared: Option<&Value>) -> u32 {
    match declared {
        None => 0,
        // The default of the reference's HTTP library.
        Some(Value::Null) => 3,
        Some(Value::Bool(flag)) => (*flag).into(),
        Some(Value::Int(retries)) => u32::try_from((*retries).max(0)).unwrap_or(u32::MAX),
        // The reference would raise an error, but only when it has to retry.
        Some(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::apply;
    use pyvalue::{Map, Value};
    use reqwest::header::HeaderMap;

    #[test]
    fn a_header_that_cannot_be_sent_says_why() {
        let cases = [
            ("a b", "1".into(), "the header 'a b' cannot be sent: that is no header name"),
            ("a", " 1".into(), "the header 'a' cannot be sent: its value begins with a space"),
            (
                "a",
                "1\n2".into(),
                "the header 'a' cannot be sent: its value has characters no header may have",
            ),
            (
                "a",
                Value::Int(1),
                "the header 'a' cannot be sent: its value 1 is not text; write it in quotes",
            ),
        ];
        for (name, value, expected) in cases {
            let declared = Map::from_iter([(name.to_owned(), value)]);
            assert_eq!(apply(&mut HeaderMap::new(), &declared), Err(expected.to_owned()));
        }
    }
}

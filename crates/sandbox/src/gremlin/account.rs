//! The only account of the simulated Gremlin.

use serde_json::{Value, json};

/// The credentials of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The email address for the login.
    pub email: String,
    /// The password for the login.
    pub password: String,
    /// The account's organisation.
    pub organisation: String,
    /// The account's only team.
    pub team: String,
    /// The API key, for the newer authentication (`Authorization: Key …`).
    pub api_key: String,
    token: String,
}

/// The kind of credential that a request was authenticated with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    /// The bearer token of a login.
    Token,
    /// The API key; requests with it must name their team.
    Key,
}

impl Account {
    /// Creates an account with random secrets, which are valid only in this sandbox.
    pub fn new() -> Self {
        let secret = || uuid::Uuid::new_v4().simple().to_string();
        Self {
            email: "you@sandbox.example".to_owned(),
            password: secret(),
            organisation: "sandbox".to_owned(),
            team: uuid::Uuid::new_v4().to_string(),
            api_key: secret(),
            token: secret(),
        }
    }

    /// Returns the response to a login; `None` when the email address or password is wrong.
    pub(super) fn login(&self, email: &str, password: &str) -> Option<Value> {
        (email == self.email && password == self.password).then(|| {
            json!({
                "email": self.email,
                "org_name": self.organisation,
                "org_id": self.team,
                "header": format!("Bearer {}", self.token),
                "token": self.token,
                "token_type": "Bearer",
                "teams": [{"identifier": self.team, "name": self.organisation}],
            })
        })
    }

    /// Returns the kind of credential in an `Authorization` header; `None` when it is invalid.
    pub(super) fn check(&self, authorization: &str) -> Option<Credential> {
        let (scheme, secret) = authorization.split_once(' ')?;
        match scheme {
            "Bearer" if secret == self.token => Some(Credential::Token),
            "Key" if secret == self.api_key => Some(Credential::Key),
            _ => None,
        }
    }
}

impl Default for Account {
    fn default() -> Self {
        Self::new()
    }
}

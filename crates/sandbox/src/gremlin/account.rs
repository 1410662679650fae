//! The one account of the simulated Gremlin.

use serde_json::{Value, json};

/// Who may attack, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The login's address.
    pub email: String,
    /// The login's password.
    pub password: String,
    /// The organisation the login belongs to.
    pub organisation: String,
    /// Its only team.
    pub team: String,
    /// The key of the newer way in (`Authorization: Key …`).
    pub api_key: String,
    token: String,
}

/// How a request proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    /// With the token that a login gave.
    Token,
    /// With the API key; such requests have to name their team.
    Key,
}

impl Account {
    /// An account with secrets of its own: they are worth nothing outside this sandbox.
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

    /// What a login answers; none when address or password are wrong.
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

    /// What an `Authorization` header proves.
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

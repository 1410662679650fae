//! A consumer on loopback whose calls to a provider go through a real circuit breaker of one of three libraries.
//!
//! Its log of transitions comes from the library's own callbacks and is the ground truth for scoring the program's
//! beliefs. All three libraries become half-open with the next call, never by themselves.

mod breakers;
mod http;
mod log;
mod page;

use breakers::{Breaker, Call};
use http::Answer;
use log::{Log, State};
use page::Page;
use std::{collections::HashMap, path::Path, process::ExitCode, sync::Arc, time::Duration};

/// The body of the fallback answer.
const FALLBACK: &str =
    r#"{"status": "degraded", "message": "the catalogue is not to be had now", "retry": true}"#;
const FAILED: &str = r#"{"error": "upstream unavailable"}"#;

/// The kind of the `/health` page.
enum Health {
    Absent,
    Constant,
    Dependency,
    WhileOpen,
}

struct Consumer {
    breaker: Breaker,
    log: Arc<Log>,
    page: Page,
    health: Health,
    provider: String,
    timeout: Duration,
    fallback: bool,
}

impl Consumer {
    async fn answer(self: Arc<Self>, path: String) -> Answer {
        match path.as_str() {
            "/invoke" => self.invoke().await,
            "/health" => self.health().await,
            "/metrics" => match self.page.text(self.log.state()) {
                Some(body) => Answer { status: 200, kind: "text/plain; version=0.0.4", body },
                None => Answer::json(404, r#"{"error": "not found"}"#),
            },
            _ => Answer::json(404, r#"{"error": "not found"}"#),
        }
    }

    async fn invoke(&self) -> Answer {
        let (provider, timeout) = (self.provider.clone(), self.timeout);
        let call = async move {
            tokio::time::timeout(timeout, http::get(&provider, "/offer")).await.unwrap_or(Err(()))
        };
        match self.breaker.call(Call::new(call)).await {
            Ok(body) => Answer::json(200, body),
            Err(()) if self.fallback => Answer::json(200, FALLBACK),
            Err(()) => Answer::json(503, FAILED),
        }
    }

    async fn health(&self) -> Answer {
        let well = match self.health {
            Health::Absent => return Answer::json(404, r#"{"error": "not found"}"#),
            Health::Constant => true,
            Health::WhileOpen => self.log.state() != State::Open,
            Health::Dependency => tokio::time::timeout(self.timeout, http::get(&self.provider, "/offer"))
                .await
                .is_ok_and(|found| found.is_ok()),
        };
        if well {
            Answer::json(200, r#"{"status": "UP"}"#)
        } else {
            Answer::json(503, r#"{"status": "DOWN"}"#)
        }
    }
}

/// Parses `--name value` pairs.
fn arguments() -> HashMap<String, String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    words.chunks_exact(2).map(|pair| (pair[0].trim_start_matches('-').to_owned(), pair[1].clone())).collect()
}

async fn run() -> Result<(), String> {
    let given = arguments();
    let word = |name: &str| given.get(name).map(String::as_str).ok_or(format!("--{name} is missing"));
    let number = |name: &str| word(name)?.parse::<f64>().map_err(|error| format!("--{name}: {error}"));
    let seconds = |name: &str| number(name).map(Duration::from_secs_f64);
    let log = Arc::new(Log::new(Path::new(word("log")?)).map_err(|error| format!("--log: {error}"))?);
    // Created before the breaker, so that a recorder for the breaker's own series is installed.
    let page = Page::new(word("page")?)?;
    let slow = if given.contains_key("slow") { Some(seconds("slow")?) } else { None };
    let consumer = Consumer {
        breaker: Breaker::new(word("library")?, seconds("reset")?, slow, &log)?,
        log,
        page,
        health: match word("health")? {
            "absent" => Health::Absent,
            "constant" => Health::Constant,
            "dependency" => Health::Dependency,
            "while-open" => Health::WhileOpen,
            other => return Err(format!("the health page {other:?} is not here")),
        },
        provider: word("provider")?.to_owned(),
        timeout: seconds("timeout")?,
        fallback: word("fallback")? == "yes",
    };
    let address = format!("127.0.0.1:{}", word("port")?);
    let listener =
        tokio::net::TcpListener::bind(&address).await.map_err(|error| format!("{address}: {error}"))?;
    http::serve(listener, Arc::new(consumer), Consumer::answer).await.map_err(|error| error.to_string())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("breaker-consumer: {error}");
            ExitCode::FAILURE
        }
    }
}

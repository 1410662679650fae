//! The endpoint probe at 500 requests a second: what it measures and what it costs, beside `oha` if that is installed.
//!
//! `cargo bench --bench probe`. Server, probe and `oha` are processes of their own; both clients ask the same server at
//! the same rate, one after the other.

use axum::{Router, routing::get};
use chaos_tui::{
    observe::endpoint::{EndpointSettings, watch},
    session::{Session, clock::Clock, event::EndpointId, stream::stream},
};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

const RATE: f64 = 500.0;
const SECONDS: u64 = 10;
/// Milliseconds the server takes: none, and about what a small service takes.
const DELAYS: [u64; 2] = [0, 10];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts");
    match words.as_slice() {
        [_, "serve", delay] => runtime.block_on(serve(delay.parse().expect("milliseconds"))),
        [_, "ask", url] => runtime.block_on(ask(url)),
        _ => DELAYS.iter().for_each(|delay| side_by_side(*delay)),
    }
}

/// A child that ends with us.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn side_by_side(delay: u64) {
    let program = std::env::current_exe().expect("this program has a path");
    let mut child = Command::new(&program)
        .args(["serve", &delay.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts again");
    let mut url = String::new();
    let stdout = child.stdout.take().expect("it was piped");
    let server = Server(child);
    BufReader::new(stdout).read_line(&mut url).expect("the server says its URL");
    let url = url.trim();
    println!("server takes {delay} ms, {RATE} requests a second for {SECONDS} s");
    for _ in 0..2 {
        let _ = Command::new(&program).args(["ask", url]).status();
        oha(url);
    }
    drop(server);
}

async fn serve(delay: u64) {
    let answer = move || async move {
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        axum::Json("5b0c5a9e-6a3f-4a57-9d3b-0a2d7d0e4c11")
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    println!("http://{}/invoke", listener.local_addr().expect("it is bound"));
    let _ = axum::serve(listener, Router::new().route("/invoke", get(answer))).await;
}

async fn ask(url: &str) {
    rustls::crypto::ring::default_provider().install_default().expect("nobody was before us");
    let (emitter, mut events) = stream(Clock::system());
    let stop = CancellationToken::new();
    let mut settings = EndpointSettings::new(EndpointId(0), url);
    settings.rate = RATE;
    let probe = tokio::spawn(watch(settings, emitter, stop.clone()));
    tokio::spawn({
        let stop = stop.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(SECONDS)).await;
            stop.cancel();
        }
    });
    let mut session = Session::new();
    while let Some(event) = events.next().await {
        session.apply(&event);
    }
    probe.await.expect("the probe does not panic");
    let tally = session.users.main().expect("it was watched").baseline();
    let ms = |wait: Option<f64>| wait.unwrap_or(f64::NAN);
    println!(
        "  probe  {} answers, {} errors   p50 {:.2} ms  p99 {:.2} ms   CPU {:.1}% of a core, reducer included",
        tally.answered(),
        tally.error,
        ms(tally.all.p50),
        ms(tally.all.p99),
        cpu_seconds().unwrap_or(f64::NAN) * 100.0 / SECONDS as f64
    );
}

/// CPU time of this process, where the system tells it in /proc.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let ticks: u64 =
        stat.rsplit_once(") ")?.1.split(' ').skip(11).take(2).map(|n| n.parse::<u64>().unwrap_or(0)).sum();
    Some(ticks as f64 / 100.0)
}

fn oha(url: &str) {
    let (rate, time) = (RATE.to_string(), format!("{SECONDS}s"));
    let arguments =
        ["-q", &rate, "-z", &time, "--no-tui", "--disable-compression", "--output-format", "json", url];
    let Ok(output) = Command::new("oha").args(arguments).output() else {
        return println!("  oha    is not installed: cargo install oha --locked");
    };
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let ms =
        |name: &str| report["latencyPercentiles"][name].as_f64().map_or(f64::NAN, |seconds| seconds * 1000.0);
    println!("  oha    p50 {:.2} ms  p99 {:.2} ms", ms("p50"), ms("p99"));
}

//! The endpoint probe at 500 requests a second: its latencies and its CPU cost, compared with `oha` if that is
//! installed.
//!
//! `cargo bench --bench probe [-- ROUNDS]`. Server, probe and `oha` are separate processes. In each round both clients
//! send requests to the same server at the same rate and the same time, so that other load on the machine affects both.
//! The server's response time is log-normal around 8 ms, and five times as long for one request in fifty.

use axum::{Router, routing::get};
use chaos_tui::{
    observe::endpoint::{EndpointSettings, watch},
    session::{Session, clock::Clock, event::EndpointId, stream::stream},
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

const RATE: f64 = 500.0;
const SECONDS: u64 = 20;
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().filter(|word| word != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts");
    match words.as_slice() {
        [_, "serve"] => runtime.block_on(serve()),
        [_, "ask", url] => runtime.block_on(ask(url)),
        [_, rounds] => side_by_side(rounds.parse().expect("a number of rounds")),
        _ => side_by_side(ROUNDS),
    }
}

/// A child process that is killed on drop.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Percentiles in milliseconds, and CPU in percent of a core if measured.
struct Figures {
    p50: f64,
    p99: f64,
    cpu: f64,
}

fn side_by_side(rounds: usize) {
    let program = std::env::current_exe().expect("this program has a path");
    let mut child =
        Command::new(&program).arg("serve").stdout(Stdio::piped()).spawn().expect("it starts again");
    let mut url = String::new();
    let stdout = child.stdout.take().expect("it was piped");
    let server = Server(child);
    BufReader::new(stdout).read_line(&mut url).expect("the server says its URL");
    let url = url.trim();
    println!("{RATE} requests a second for {SECONDS} s; probe and oha at the same time");
    let mut pairs = Vec::new();
    for round in 1..=rounds {
        let probe = Command::new(&program).args(["ask", url]).stdout(Stdio::piped()).spawn();
        let theirs = oha(url);
        let output = probe.and_then(Child::wait_with_output).expect("it starts again");
        let said: Value = serde_json::from_slice(&output.stdout).expect("the probe says its figures");
        let figure = |name: &str| said[name].as_f64().unwrap_or(f64::NAN);
        let ours = Figures { p50: figure("p50"), p99: figure("p99"), cpu: figure("cpu") };
        print!("round {round}: probe p50 {:.2} p99 {:.2} ms, CPU {:.1}%", ours.p50, ours.p99, ours.cpu);
        match theirs {
            Some(theirs) => {
                println!("   oha p50 {:.2} p99 {:.2} ms", theirs.p50, theirs.p99);
                pairs.push((ours, theirs));
            }
            None => println!("   oha is not installed: cargo install oha --locked"),
        }
    }
    drop(server);
    if !pairs.is_empty() {
        let p50 = median(pairs.iter().map(|(ours, theirs)| ours.p50 / theirs.p50).collect());
        let p99 = median(pairs.iter().map(|(ours, theirs)| ours.p99 / theirs.p99).collect());
        let cpu = median(pairs.iter().map(|(ours, _)| ours.cpu).collect());
        println!(
            "median of {} rounds: p50 {p50:.3} and p99 {p99:.3} of oha's, CPU {cpu:.1}% of a core",
            pairs.len()
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

async fn serve() {
    let answer = async || {
        tokio::time::sleep(service_time()).await;
        axum::Json("5b0c5a9e-6a3f-4a57-9d3b-0a2d7d0e4c11")
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    println!("http://{}/invoke", listener.local_addr().expect("it is bound"));
    let _ = axum::serve(listener, Router::new().route("/invoke", get(answer))).await;
}

/// Returns a log-normal time around 8 ms (Box-Muller transform), with a tail.
fn service_time() -> Duration {
    let (radius, angle): (f64, f64) = (1.0 - rand::random::<f64>(), rand::random());
    let normal = (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos();
    let tail = if rand::random_ratio(1, 50) { 5.0 } else { 1.0 };
    Duration::from_secs_f64(0.008 * (0.5 * normal).exp() * tail)
}

async fn ask(url: &str) {
    rustls::crypto::ring::default_provider().install_default().expect("nobody was before us");
    let clock = Clock::system();
    let (emitter, mut events) = stream(clock);
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
    let tally = session.users.main().expect("it was watched").baseline(clock.now());
    let cpu = cpu_seconds().unwrap_or(f64::NAN) * 100.0 / SECONDS as f64;
    assert_eq!(tally.error, 0, "the server answers");
    println!("{}", json!({"p50": tally.all.p50, "p99": tally.all.p99, "cpu": cpu}));
}

/// Returns the CPU time of this process, where /proc provides it.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let ticks: u64 =
        stat.rsplit_once(") ")?.1.split(' ').skip(11).take(2).map(|n| n.parse::<u64>().unwrap_or(0)).sum();
    Some(ticks as f64 / 100.0)
}

/// Runs `oha` with latencies measured from the intended start of each request, as the probe's are.
fn oha(url: &str) -> Option<Figures> {
    let (rate, time) = (RATE.to_string(), format!("{SECONDS}s"));
    let arguments = ["-q", &rate, "-z", &time, "--latency-correction", "--no-tui", "--disable-compression"];
    let output = Command::new("oha").args(arguments).args(["--output-format", "json", url]).output().ok()?;
    let report: Value = serde_json::from_slice(&output.stdout).ok()?;
    let ms = |name: &str| report["latencyPercentiles"][name].as_f64().map(|seconds| seconds * 1000.0);
    Some(Figures { p50: ms("p50")?, p99: ms("p99")?, cpu: f64::NAN })
}

//! The nodes as processes, beside the shortest loop that could be written by hand: `cargo bench --bench pipes`.
//!
//! Every pair is measured in turn, and what counts is the ratio: the machine's mood is in both. The loop is this
//! program again, with the argument `loop`. With `loop-call` it is a loop that asks a service first, and with `caller` a node that does.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement, not part of the product"
)]

mod baseline;
mod baseline_call;
#[path = "../caller/mod.rs"]
mod caller;
mod one_core;
mod process;

use process::Node;
use std::{fmt::Display, io::Write, path::Path, time::Duration};

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("loop") => return baseline::run().unwrap(),
        Some("loop-call") => return baseline_call::run().unwrap(),
        Some("caller") => return glomers_protocol::run::<caller::Caller>().unwrap(),
        _ => {}
    }
    // `cargo bench -- --test` only wants to know whether all of it works.
    let quick = std::env::args().any(|argument| argument == "--test");
    let size = if quick { Size { messages: 1000, runs: 1 } } else { Size { messages: 500_000, runs: 7 } };
    let echo = flood("echo", size.messages, |number| format!(r#""echo":"Please echo {number:>9}""#));
    let baseline = Node::baseline();
    println!("{:<42} {:>12} {:>12} {:>7}", "", "node", "loop", "ratio");
    throughput("echo", &echo, &echo, size);
    let messages = flood("broadcast", size.messages, |number| format!(r#""message":{number}"#));
    throughput("broadcast", &messages, &echo, size);
    let sends = flood("send", size.messages, |number| format!(r#""key":"{}","msg":{number}"#, number % 8));
    throughput("kafka", &sends, &echo, size);
    let txn = |number| format!(r#""txn":[["r",{0},null],["w",{0},{number}]]"#, number % 8);
    throughput("txn-rw-register", &flood("txn", size.messages, txn), &echo, size);
    one_core::hold(|| ping_pong(size));
    let start_up = |node: &Node| median((0..3 * size.runs).map(|_| node.start_up()));
    let (ours, theirs) = (start_up(&Node::named("echo")), start_up(&baseline));
    row("start-up to `init_ok`, ms", millis(ours), millis(theirs), ours.div_duration_f64(theirs));
    for (name, delay) in [("flooded", Duration::ZERO), ("flooded, nobody reads for 0.5 s", Duration::from_millis(500))]
    {
        let (ours, theirs) = (Node::named("echo").peak_memory(&echo, delay), baseline.peak_memory(&echo, delay));
        #[expect(clippy::cast_precision_loss, reason = "kilobytes")]
        row(&format!("most memory, kB, {name}"), ours, theirs, ours as f64 / theirs as f64);
    }
}

#[derive(Clone, Copy)]
struct Size {
    messages: usize,
    runs: usize,
}

/// A file with `init` and then this many requests, about 100 bytes each.
fn flood(kind: &str, count: usize, fields: impl Fn(usize) -> String) -> tempfile::NamedTempFile {
    let mut text = process::INIT.to_owned();
    for number in 0..count {
        let body = format!(r#"{{"type":"{kind}","msg_id":{},{}}}"#, number + 2, fields(number));
        text.push_str(&format!("{{\"id\":{number},\"src\":\"c2\",\"dest\":\"n1\",\"body\":{body}}}\n"));
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// Requests a second from a file, beside the echoes of the loop.
fn throughput(name: &str, requests: &impl AsRef<Path>, echo: &impl AsRef<Path>, size: Size) {
    let (node, baseline) = (Node::named(name), Node::baseline());
    let mut pairs = Vec::new();
    for _ in 0..=size.runs {
        pairs.push((node.time(requests.as_ref()), baseline.time(echo.as_ref())));
    }
    // The first pair warms up.
    pairs.drain(..pairs.len().min(size.runs.min(1)));
    #[expect(clippy::cast_precision_loss, reason = "half a million")]
    let rate = |time: Duration| format!("{:.0}", size.messages as f64 / time.as_secs_f64() / 1000.0);
    let ours = median(pairs.iter().map(|(ours, _)| *ours));
    let theirs = median(pairs.iter().map(|(_, theirs)| *theirs));
    let ratio = median_ratio(pairs.iter().map(|(ours, theirs)| theirs.div_duration_f64(*ours)));
    row(&format!("{name}, thousand requests a second"), rate(ours), rate(theirs), ratio);
}

/// One message at a time, there and back; and a handler's call to a service beside a handler that has its answer.
fn ping_pong(size: Size) {
    let (mut echo, mut baseline) = (Node::named("echo").open(), Node::baseline().open());
    let times = in_turns(size, [&mut || echo.round_trip(), &mut || baseline.round_trip()]);
    micros("ping-pong, median, us", times);
    let (mut caller, mut by_hand) = (Node::caller().open(), Node::baseline_call().open());
    caller.first_call();
    by_hand.first_call();
    let times = in_turns(size, [&mut || caller.round_trip_with_call(), &mut || echo.round_trip()]);
    micros("with a call, beside `echo`, median, us", times);
    let times = in_turns(size, [&mut || caller.round_trip_with_call(), &mut || by_hand.round_trip_with_call()]);
    micros("with a call, beside the loop's, median, us", times);
    let times = in_turns(size, [&mut || by_hand.round_trip_with_call(), &mut || baseline.round_trip()]);
    micros("the loop's call, beside its echo, median, us", times);
}

/// The medians of two things that are done in turns.
fn in_turns(size: Size, mut both: [&mut dyn FnMut() -> Duration; 2]) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..10 {
        // Whoever is measured first has the cold caches.
        for turn in [round % 2, 1 - round % 2] {
            times[turn].extend((0..size.messages / 250).map(|_| both[turn]()));
        }
    }
    times.map(|times| median(times.into_iter()))
}

fn micros(what: &str, [ours, theirs]: [Duration; 2]) {
    let micros = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1e6);
    row(what, micros(ours), micros(theirs), ours.div_duration_f64(theirs));
}

fn row(what: &str, ours: impl Display, theirs: impl Display, ratio: f64) {
    println!("{what:<42} {ours:>12} {theirs:>12} {ratio:>7.2}");
}

fn median(values: impl Iterator<Item = Duration>) -> Duration {
    let mut values: Vec<Duration> = values.collect();
    values.sort_unstable();
    values[values.len() / 2]
}

fn median_ratio(ratios: impl Iterator<Item = f64>) -> f64 {
    let mut ratios: Vec<f64> = ratios.collect();
    ratios.sort_unstable_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

fn millis(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

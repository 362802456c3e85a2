//! The speed of the simulation: `cargo bench --bench simulation`. An item is a message, or a simulated second for
//! challenges.

#![expect(clippy::unwrap_used, reason = "a measurement, not part of the product")]

use divan::{Bencher, counter::ItemsCount};
use glomers_handlers::{GCounter, LastWriterWins, Parrot, StarBroadcast};
use glomers_protocol::{
    Context, Handler, NodeId,
    echo::{Echo, EchoOk},
    handler,
};
use glomers_workbench::{
    Options,
    challenge::challenges,
    options::{Concurrency, Latency},
    simulate, workload,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

fn main() {
    divan::main();
}

fn measure<H: Handler>(bencher: Bencher, name: &str, options: &Options) {
    let messages = simulate::<H>(workload::named(name).unwrap(), options).unwrap().net.all.send_count;
    bencher
        .counter(ItemsCount::new(messages))
        .bench_local(|| simulate::<H>(workload::named(name).unwrap(), options).unwrap());
}

/// Passes a token on to the next node, again and again.
struct Relay {
    next: NodeId,
}

#[derive(Serialize, Deserialize)]
struct Token {
    number: u64,
}

#[handler(echo)]
impl Relay {
    #[init]
    fn new(cx: &Context) -> Self {
        let place = cx.ids().iter().position(|id| id == cx.id()).unwrap();
        let next = cx.ids()[(place + 1) % cx.ids().len()].clone();
        (0..10).for_each(|number| cx.send(&next, &Token { number }));
        Self { next }
    }

    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }

    #[message]
    fn token(&self, cx: &Context, token: Token) {
        cx.send(&self.next, &token);
    }
}

/// 50 tokens among five nodes, each passed on once a millisecond for two seconds: what a message alone costs.
#[divan::bench(sample_count = 10)]
fn tokens(bencher: Bencher) {
    let options = Options::default()
        .rate(1.0)
        .time_limit(Duration::from_secs(2))
        .latency(Latency { mean: Duration::from_millis(1), ..Latency::default() });
    measure::<Relay>(bencher, "echo", &options);
}

/// 20,000 echoes: two messages each, a client's operation and its two entries in the history included.
#[divan::bench(sample_count = 10)]
fn echoes(bencher: Bencher) {
    let options = Options::default()
        .node_count(1)
        .rate(10_000.0)
        .time_limit(Duration::from_secs(2))
        .concurrency(Concurrency::Total(10));
    measure::<Parrot>(bencher, "echo", &options);
}

/// Next to no operations; 50 nodes tell each other their counts.
#[divan::bench(sample_count = 10)]
fn gossip(bencher: Bencher) {
    let options = Options::default()
        .node_count(50)
        .rate(200.0)
        .time_limit(Duration::from_secs(2))
        .concurrency(Concurrency::Total(50));
    measure::<GCounter>(bencher, "g-counter", &options);
}

/// Judging included.
#[divan::bench(sample_count = 10)]
fn transactions(bencher: Bencher) {
    let options = Options::default()
        .node_count(2)
        .rate(1000.0)
        .time_limit(Duration::from_secs(5))
        .concurrency(Concurrency::Total(10))
        .consistency_models(vec!["read-uncommitted".to_owned()]);
    measure::<LastWriterWins>(bencher, "txn-rw-register", &options);
}

/// Challenge 3d whole: 25 nodes, 100 ms, 100 operations a second. Items are simulated seconds.
#[divan::bench(sample_count = 10)]
fn challenge_3d(bencher: Bencher) {
    let challenge = challenges().into_iter().find(|challenge| challenge.name == "3d").unwrap();
    assert_eq!(challenge.options.latency.mean, Latency { mean: Duration::from_millis(100), ..Latency::default() }.mean);
    let seconds = usize::try_from(challenge.options.time_limit.as_secs()).unwrap();
    bencher
        .counter(ItemsCount::new(seconds))
        .bench_local(|| simulate::<StarBroadcast>(workload::named("broadcast").unwrap(), &challenge.options).unwrap());
}

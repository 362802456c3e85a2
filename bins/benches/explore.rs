//! The speed of an exploration on one core: `cargo bench --bench explore`. An item is a schedule that was judged.

#![expect(clippy::unwrap_used, reason = "a measurement, not part of the product")]

use divan::{Bencher, counter::ItemsCount};
use glomers_handlers::{Parrot, StarBroadcast};
use glomers_protocol::{
    Context, Handler, Json,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
};
use glomers_workbench::{
    explore::{Exploration, Mode, explore},
    workload,
};
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, collections::BTreeSet};

fn main() {
    divan::main();
}

/// Sends each value to all others once.
#[derive(Default)]
struct Gossip {
    values: RefCell<BTreeSet<Json>>,
}

#[derive(Serialize, Deserialize)]
struct Rumour {
    value: Json,
}

#[handler(broadcast)]
impl Gossip {
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, cx: &Context, request: Broadcast) -> BroadcastOk {
        let rumour = Rumour { value: request.message };
        cx.peers().for_each(|peer| cx.send(peer, &rumour));
        self.values.borrow_mut().insert(rumour.value);
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: self.values.borrow().iter().cloned().collect() }
    }

    #[message]
    fn rumour(&self, rumour: Rumour) {
        self.values.borrow_mut().insert(rumour.value);
    }
}

fn measure<H: Handler>(bencher: Bencher, name: &str, bounds: &Exploration) {
    let make = workload::maker(name).unwrap();
    let schedules = explore::<H>(make, bounds).unwrap().tally.schedules;
    bencher.counter(ItemsCount::new(schedules)).bench_local(|| explore::<H>(make, bounds).unwrap());
}

fn bounds(nodes: usize, operations: usize) -> Exploration {
    Exploration::default().node_count(nodes).operations(operations)
}

/// Two nodes without timers that answer at once: what a schedule alone costs.
#[divan::bench(sample_count = 10)]
fn two_echo_nodes(bencher: Bencher) {
    measure::<Parrot>(bencher, "echo", &bounds(2, 4).max_schedules(Some(5000)));
}

/// The same in random order, many times.
#[divan::bench(sample_count = 5)]
fn two_echo_nodes_at_random(bencher: Bencher) {
    measure::<Parrot>(bencher, "echo", &bounds(2, 3).mode(Mode::Random).max_schedules(Some(30_000)));
}

/// Three nodes that send each value to all others, and the last reads.
#[divan::bench(sample_count = 10)]
fn three_gossips(bencher: Bencher) {
    measure::<Gossip>(bencher, "broadcast", &bounds(3, 4).max_schedules(Some(5000)));
}

/// The same in random order, many times.
#[divan::bench(sample_count = 5)]
fn three_gossips_at_random(bencher: Bencher) {
    measure::<Gossip>(bencher, "broadcast", &bounds(3, 4).mode(Mode::Random).max_schedules(Some(10_000)));
}

/// Three built-in nodes, whose timers run while the cluster rests.
#[divan::bench(sample_count = 10)]
fn three_star_broadcasts(bencher: Bencher) {
    measure::<StarBroadcast>(bencher, "broadcast", &bounds(3, 4).max_schedules(Some(1000)));
}

//! The algorithms of this crate in their smallest form, which is correct, and with common mistakes, which the workbench
//! finds. Instead of a feed, these handlers send everything to every node ten times per second.

use crate::{
    explored,
    judge::{found, right, stormy, torn_reads},
};
use Mistake::*;
use glomers_protocol::{
    Context, ErrorCode, Handler, Json, NodeId, RpcError, broadcast, echo, g_set, handler, kafka, pn_counter,
    txn_rw_register, unique_ids,
};
use glomers_workbench::{
    Options,
    explore::Exploration,
    options::{Concurrency, Latency},
    simulate_with, workload,
};
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// A mistake of a handler.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Mistake {
    #[default]
    Nothing,
    /// Answers with the previous request.
    LagsBehind,
    /// Answers with the beginning of the request.
    CutsOff,
    /// Ids do not name their node.
    NamesNoNode,
    /// Ids have the time where they should have a counter.
    ReadsClock,
    /// Counts a sent message as received.
    TrustsNetwork,
    /// One acknowledgement stands for all values on the way.
    ForgivesTooMuch,
    /// Sends only the newest value.
    SendsNewest,
    /// Replaces its own state by the state that it receives.
    Replaces,
    /// Adds a total to the one before it.
    AddsTotals,
    /// Takes the greater of two totals for the later.
    KeepsGreater,
    /// Polls show more than is final.
    ShowsAll,
    /// Two nodes give the same offsets.
    SharesOffsets,
    /// Others are told what a transaction wrote first, and not what it wrote last.
    TellsFirst,
    /// Gives up transactions after it has done them.
    GivesUp,
    /// Others are told of a transaction's writes one after the other.
    TearsApart,
}

/// The handler is valid without a mistake, and found with each of these.
fn check<H: Handler>(
    name: &str,
    seeds: u64,
    options: fn(u64) -> Options,
    make: fn(Mistake) -> H,
    mistakes: &[Mistake],
) {
    right(name, seeds, options, move |_| make(Nothing));
    for mistake in mistakes.iter().copied() {
        found(name, &format!("{mistake:?}"), seeds, options, move |_| make(mistake));
    }
}

/// Three nodes with a latency of 20 ms, and partitions.
fn usual(seed: u64) -> Options {
    let latency = Latency { mean: Duration::from_millis(20), ..Latency::default() };
    stormy(2).seed(seed).latency(latency)
}

/// Much traffic on few keys, between two nodes.
fn busy(seed: u64) -> Options {
    usual(seed)
        .node_count(2)
        .rate(60.0)
        .concurrency(Concurrency::PerNode(2))
        .key_count(Some(2))
        .max_writes_per_key(1000)
        .consistency_models(vec!["read-committed".to_owned()])
}

#[derive(Default)]
struct Parrot {
    mistake: Mistake,
    before: RefCell<Option<Json>>,
}

#[handler(echo)]
impl Parrot {
    fn echo(&self, request: echo::Echo) -> echo::EchoOk {
        let before = self.before.replace(Some(request.echo.clone()));
        let cut = || request.echo.decode().map(|text: String| Json::from(text.chars().take(12).collect::<String>()));
        let echo = match self.mistake {
            LagsBehind => before.unwrap_or(request.echo),
            CutsOff => cut().unwrap_or(request.echo),
            _ => request.echo,
        };
        echo::EchoOk { echo }
    }
}

fn echoes(seeds: u64) {
    check("echo", seeds, usual, |mistake| Parrot { mistake, ..Parrot::default() }, &[LagsBehind, CutsOff]);
}

#[derive(Default)]
struct PrefixedIds {
    mistake: Mistake,
    next: Cell<u64>,
}

#[handler(unique_ids)]
impl PrefixedIds {
    fn generate(&self, cx: &Context, _: unique_ids::Generate) -> unique_ids::GenerateOk {
        self.next.update(|next| next + 1);
        let id = match self.mistake {
            NamesNoNode => format!("n-{}", self.next.get()),
            ReadsClock => format!("{}-{}", cx.id(), cx.now().as_secs()),
            _ => format!("{}-{}", cx.id(), self.next.get()),
        };
        unique_ids::GenerateOk { id: Json::from(id) }
    }
}

fn ids(seeds: u64) {
    check(
        "unique-ids",
        seeds,
        usual,
        |mistake| PrefixedIds { mistake, ..PrefixedIds::default() },
        &[NamesNoNode, ReadsClock],
    );
}

#[derive(Default)]
struct Gossip {
    mistake: Mistake,
    values: RefCell<BTreeSet<Json>>,
    unacknowledged: RefCell<BTreeMap<NodeId, BTreeSet<Json>>>,
}

#[derive(Serialize, Deserialize)]
struct Rumour {
    values: BTreeSet<Json>,
}

#[derive(Serialize, Deserialize)]
struct Heard {
    values: BTreeSet<Json>,
}

#[handler(broadcast)]
impl Gossip {
    fn topology(&self, _: broadcast::Topology) -> broadcast::TopologyOk {
        broadcast::TopologyOk {}
    }

    fn broadcast(&self, cx: &Context, request: broadcast::Broadcast) -> broadcast::BroadcastOk {
        self.values.borrow_mut().insert(request.message.clone());
        let mut unacknowledged = self.unacknowledged.borrow_mut();
        for peer in cx.peers() {
            unacknowledged.entry(peer.clone()).or_default().insert(request.message.clone());
        }
        broadcast::BroadcastOk {}
    }

    fn read(&self, _: broadcast::Read) -> broadcast::ReadOk {
        broadcast::ReadOk { messages: self.values.borrow().iter().cloned().collect() }
    }

    #[message]
    fn rumour(&self, cx: &Context, from: &NodeId, Rumour { values }: Rumour) {
        self.values.borrow_mut().extend(values.iter().cloned());
        cx.send(from, &Heard { values });
    }

    #[message]
    fn heard(&self, from: &NodeId, Heard { values }: Heard) {
        let mut unacknowledged = self.unacknowledged.borrow_mut();
        let backlog = unacknowledged.entry(from.clone()).or_default();
        backlog.retain(|value| self.mistake != ForgivesTooMuch && !values.contains(value));
    }

    #[every(millis = 100)]
    fn tick(&self, cx: &Context) {
        for (peer, backlog) in self.unacknowledged.borrow_mut().iter_mut().filter(|(_, backlog)| !backlog.is_empty()) {
            cx.send(peer, &Rumour { values: backlog.clone() });
            if self.mistake == TrustsNetwork {
                backlog.clear();
            }
        }
    }
}

fn broadcasts(seeds: u64) {
    // Often enough for values to come while an acknowledgement is on its way.
    let options = |seed| usual(seed).rate(50.0);
    let make = |mistake| Gossip { mistake, ..Gossip::default() };
    check("broadcast", seeds, options, make, &[TrustsNetwork, ForgivesTooMuch]);
}

#[derive(Default)]
struct SetUnion {
    mistake: Mistake,
    elements: RefCell<BTreeSet<Json>>,
    newest: RefCell<Option<Json>>,
}

#[derive(Serialize, Deserialize)]
struct Elements {
    elements: BTreeSet<Json>,
}

#[handler(g_set)]
impl SetUnion {
    fn add(&self, request: g_set::Add) -> g_set::AddOk {
        self.newest.replace(Some(request.element.clone()));
        self.elements.borrow_mut().insert(request.element);
        g_set::AddOk {}
    }

    fn read(&self, _: g_set::Read) -> g_set::ReadOk {
        g_set::ReadOk { value: self.elements.borrow().iter().cloned().collect() }
    }

    #[message]
    fn elements(&self, mut received: Elements) {
        let mut elements = self.elements.borrow_mut();
        match self.mistake {
            Replaces => *elements = received.elements,
            _ => elements.append(&mut received.elements),
        }
    }

    #[every(millis = 100)]
    fn tick(&self, cx: &Context) {
        let newest = || self.newest.borrow().iter().cloned().collect();
        let elements = if self.mistake == SendsNewest { newest() } else { self.elements.borrow().clone() };
        cx.peers().for_each(|peer| cx.send(peer, &Elements { elements: elements.clone() }));
    }
}

fn sets(seeds: u64) {
    check("g-set", seeds, usual, |mistake| SetUnion { mistake, ..SetUnion::default() }, &[SendsNewest, Replaces]);
}

/// A counter of either kind.
#[derive(Default)]
struct RunningTotals {
    mistake: Mistake,
    totals: RefCell<BTreeMap<NodeId, i64>>,
    newest: Cell<i64>,
}

#[derive(Serialize, Deserialize)]
struct Total {
    total: i64,
}

#[handler(pn_counter)]
impl RunningTotals {
    fn add(&self, cx: &Context, request: pn_counter::Add) -> pn_counter::AddOk {
        *self.totals.borrow_mut().entry(cx.id().clone()).or_default() += request.delta;
        self.newest.set(request.delta);
        pn_counter::AddOk {}
    }

    fn read(&self, _: pn_counter::Read) -> pn_counter::ReadOk {
        pn_counter::ReadOk { value: self.totals.borrow().values().sum() }
    }

    #[message]
    fn total(&self, from: &NodeId, Total { total }: Total) {
        let mut totals = self.totals.borrow_mut();
        let known = totals.entry(from.clone()).or_default();
        *known = match self.mistake {
            AddsTotals => *known + total,
            KeepsGreater => total.max(*known),
            _ => total,
        };
    }

    #[every(millis = 100)]
    fn tick(&self, cx: &Context) {
        let own = self.totals.borrow().get(cx.id()).copied().unwrap_or(0);
        let total = if self.mistake == SendsNewest { self.newest.get() } else { own };
        cx.peers().for_each(|peer| cx.send(peer, &Total { total }));
    }
}

fn counters(seeds: u64) {
    let make = |mistake| RunningTotals { mistake, ..RunningTotals::default() };
    check("g-counter", seeds, usual, make, &[AddsTotals, SendsNewest]);
    check("pn-counter", seeds, usual, make, &[AddsTotals, KeepsGreater]);
}

/// Offsets are those of [`glomers_handlers::WatermarkLogs`]: a Lamport clock's number, then the node's place.
#[derive(Default)]
struct WatermarkLogs {
    mistake: Mistake,
    clock: Cell<i64>,
    sent: RefCell<Vec<(i64, String, Json)>>,
    logs: RefCell<BTreeMap<String, BTreeMap<i64, Json>>>,
    /// Up to which number each peer has told everything.
    heard: RefCell<BTreeMap<NodeId, i64>>,
}

#[derive(Serialize, Deserialize)]
struct Sent {
    upto: i64,
    sent: Vec<(i64, String, Json)>,
}

#[handler(kafka)]
impl WatermarkLogs {
    fn send(&self, cx: &Context, request: kafka::Send) -> kafka::SendOk {
        self.clock.update(|clock| clock + 1);
        let place = cx.ids().iter().take_while(|id| *id != cx.id()).count();
        let offset = match self.mistake {
            SharesOffsets => self.clock.get(),
            _ => self.clock.get() * cx.ids().len() as i64 + place as i64,
        };
        self.sent.borrow_mut().push((offset, request.key.clone(), request.msg.clone()));
        self.logs.borrow_mut().entry(request.key).or_default().insert(offset, request.msg);
        kafka::SendOk { offset }
    }

    fn poll(&self, cx: &Context, request: kafka::Poll) -> kafka::PollOk {
        let heard = self.heard.borrow();
        let horizon = cx.peers().map(|peer| heard.get(peer).copied().unwrap_or(0)).fold(self.clock.get(), i64::min);
        let beyond = match self.mistake {
            ShowsAll => i64::MAX,
            SharesOffsets => horizon + 1,
            _ => (horizon + 1) * cx.ids().len() as i64,
        };
        let logs = self.logs.borrow();
        let shown = |(key, from): (String, i64)| {
            let log = logs.get(&key)?.iter().filter(|(offset, _)| (from..beyond).contains(*offset));
            let log: Vec<_> = log.map(|(offset, msg)| kafka::OffsetMessage((*offset, msg.clone()))).collect();
            (!log.is_empty()).then_some((key, log))
        };
        kafka::PollOk { msgs: request.offsets.into_iter().filter_map(shown).collect() }
    }

    fn commit_offsets(&self, _: kafka::CommitOffsets) -> kafka::CommitOffsetsOk {
        kafka::CommitOffsetsOk {}
    }

    fn list_committed_offsets(&self, _: kafka::ListCommittedOffsets) -> kafka::ListCommittedOffsetsOk {
        kafka::ListCommittedOffsetsOk { offsets: BTreeMap::new() }
    }

    #[message]
    fn sent(&self, from: &NodeId, Sent { upto, sent }: Sent) {
        self.clock.update(|clock| clock.max(upto));
        let mut logs = self.logs.borrow_mut();
        for (offset, key, msg) in sent {
            logs.entry(key).or_default().insert(offset, msg);
        }
        self.heard.borrow_mut().insert(from.clone(), upto);
    }

    #[every(millis = 100)]
    fn tick(&self, cx: &Context) {
        let told = Sent { upto: self.clock.get(), sent: self.sent.borrow().clone() };
        cx.peers().for_each(|peer| cx.send(peer, &told));
    }
}

fn logs(seeds: u64) {
    check(
        "kafka",
        seeds,
        busy,
        |mistake| WatermarkLogs { mistake, ..WatermarkLogs::default() },
        &[ShowsAll, SharesOffsets],
    );
}

#[derive(Default)]
struct LastWriterWins {
    mistake: Mistake,
    clock: Cell<u64>,
    registers: RefCell<BTreeMap<Json, Stamped>>,
}

/// A value, and the number and node of the transaction that wrote it.
type Stamped = ((u64, NodeId), Json);

#[derive(Serialize, Deserialize)]
struct Writes {
    writes: Vec<(Json, Stamped)>,
}

impl LastWriterWins {
    fn apply(&self, writes: Vec<(Json, Stamped)>) {
        let mut registers = self.registers.borrow_mut();
        for (key, (stamp, value)) in writes {
            self.clock.update(|clock| clock.max(stamp.0));
            if registers.get(&key).is_none_or(|(newest, _)| *newest < stamp) {
                registers.insert(key, (stamp, value));
            }
        }
    }
}

#[handler(txn_rw_register)]
impl LastWriterWins {
    fn txn(&self, cx: &Context, request: txn_rw_register::Txn) -> Result<txn_rw_register::TxnOk, RpcError> {
        use txn_rw_register::{CompletedMicroOp as Completed, MicroOp, TxnOk};
        let stamp = (self.clock.get() + 1, cx.id().clone());
        let (mut first, mut last) = (BTreeMap::new(), BTreeMap::new());
        let known = |key: &Json| self.registers.borrow().get(key).map_or_else(Json::null, |(_, value)| value.clone());
        let complete = |step| match step {
            MicroOp::Read { key } => {
                let own: Option<&Stamped> = last.get(&key);
                Completed::Read { value: own.map_or_else(|| known(&key), |(_, value)| value.clone()), key }
            }
            MicroOp::Write { key, value } => {
                first.entry(key.clone()).or_insert_with(|| (stamp.clone(), value.clone()));
                last.insert(key.clone(), (stamp.clone(), value.clone()));
                Completed::Write { key, value }
            }
        };
        let txn: Vec<_> = request.txn.into_iter().map(complete).collect();
        let early: Vec<_> = match self.mistake {
            TellsFirst => first.into_iter().collect(),
            TearsApart => last.clone().into_iter().take(1).collect(),
            _ => Vec::new(),
        };
        cx.peers().for_each(|peer| cx.send(peer, &Writes { writes: early.clone() }));
        self.apply(last.into_iter().collect());
        if self.mistake == GivesUp && txn.len() > 3 {
            return Err(RpcError::from(ErrorCode::TxnConflict));
        }
        Ok(TxnOk { txn })
    }

    #[message]
    fn writes(&self, Writes { writes }: Writes) {
        self.apply(writes);
    }

    #[every(millis = 100)]
    fn tick(&self, cx: &Context) {
        let writes: Vec<_> = self.registers.borrow().clone().into_iter().collect();
        cx.peers().for_each(|peer| cx.send(peer, &Writes { writes: writes.clone() }));
    }
}

fn registers(seeds: u64) {
    let make = |mistake| LastWriterWins { mistake, ..LastWriterWins::default() };
    check("txn-rw-register", seeds, busy, make, &[TellsFirst, GivesUp]);
}

#[test]
fn torn_transactions() {
    let count_on = |mistake, seed| {
        let options = busy(seed).max_writes_per_key(4).key_count(None);
        let make = move |_: &Context| LastWriterWins { mistake, ..LastWriterWins::default() };
        torn_reads(&simulate_with(workload::named("txn-rw-register").unwrap(), &options, make).unwrap())
    };
    let count = |mistake| (0..5).map(|seed| count_on(mistake, seed)).sum::<usize>();
    assert_eq!(count(Nothing), 0);
    assert!(count(TearsApart) > 0);
}

/// As [`check`], by exploration of a small cluster.
fn explore<H: Handler>(name: &str, bounds: &Exploration, make: fn(Mistake) -> H, mistakes: &[Mistake]) {
    explored::right(name, bounds, move |_| make(Nothing));
    for mistake in mistakes.iter().copied() {
        explored::found(name, &format!("{mistake:?}"), bounds, move |_| make(mistake));
    }
}

#[test]
fn exploration_finds_mistakes() {
    let small = explored::small().drops(1).timers(2);
    explore("echo", &explored::small(), |mistake| Parrot { mistake, ..Parrot::default() }, &[LagsBehind, CutsOff]);
    let make = |mistake| PrefixedIds { mistake, ..PrefixedIds::default() };
    explore("unique-ids", &explored::small(), make, &[NamesNoNode, ReadsClock]);
    let make = |mistake| Gossip { mistake, ..Gossip::default() };
    explore("broadcast", &small, make, &[TrustsNetwork, ForgivesTooMuch]);
    explore("g-set", &small, |mistake| SetUnion { mistake, ..SetUnion::default() }, &[SendsNewest, Replaces]);
    let make = |mistake| RunningTotals { mistake, ..RunningTotals::default() };
    explore("g-counter", &small, make, &[AddsTotals]);
    explore("pn-counter", &small, make, &[AddsTotals, KeepsGreater]);
}

#[test]
#[ignore = "takes half a minute"]
fn exploration_finds_rare_mistakes() {
    let small = explored::small().drops(1).timers(2);
    explore("g-counter", &small, |mistake| RunningTotals { mistake, ..RunningTotals::default() }, &[SendsNewest]);
    let make = |mistake| WatermarkLogs { mistake, ..WatermarkLogs::default() };
    explore("kafka", &explored::small().operations(4).timers(2), make, &[SharesOffsets]);
    // A client polls twice, and two entries are sent at each node. The second poll shows the last one of its own node, and
    // passes over one of the other node that is before it.
    let mut one_log = explored::small().operations(8);
    one_log.options = one_log.options.key_count(Some(1)).concurrency(Concurrency::PerNode(2));
    explore("kafka", &one_log, make, &[ShowsAll]);
    let make = |mistake| LastWriterWins { mistake, ..LastWriterWins::default() };
    let mut committed = explored::small().timers(1);
    committed.options = committed.options.consistency_models(vec!["read-committed".to_owned()]).max_txn_length(4);
    explore("txn-rw-register", &committed, make, &[TellsFirst, GivesUp]);
}

over_seeds! {
    echoes: 3, 10;
    ids: 3, 10;
    broadcasts: 3, 10;
    sets: 3, 10;
    counters: 3, 10;
    logs: 3, 10;
    registers: 3, 10;
}

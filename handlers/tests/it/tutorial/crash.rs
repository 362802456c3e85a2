//! A counter that forgets, four that survive a crash only sometimes, and one that always does.

use super::Chapter;
use glomers_protocol::{
    Context, Disk, DiskError, Failure, Handler, Log, NodeId,
    g_counter::{Add, AddOk, Read, ReadOk},
    handler,
};
use glomers_workbench::{Options, Report, Validity, options::Fault, simulate, workload};
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io,
    time::Duration,
};

/// Keeps the sum in memory.
#[derive(Default)]
struct Forgetful {
    sum: Cell<i64>,
}

#[handler(g_counter)]
impl Forgetful {
    fn add(&self, request: Add) -> AddOk {
        self.sum.update(|sum| sum + request.delta);
        AddOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { value: self.sum.get() }
    }
}

fn disk(cx: &Context) -> Result<Disk, Failure> {
    Ok(cx.disk()?.ok_or_else(|| io::Error::other("this counter needs a disk"))?)
}

/// Keeps additions in a log.
struct Logged {
    sum: Cell<i64>,
    log: Log<i64>,
}

#[handler(g_counter)]
impl Logged {
    #[init]
    fn new(cx: &Context) -> Result<Self, Failure> {
        let (log, additions) = Log::<i64>::open(&disk(cx)?, "additions")?;
        Ok(Self { sum: Cell::new(additions.iter().sum()), log })
    }

    async fn add(&self, request: Add) -> AddOk {
        self.sum.update(|sum| sum + request.delta);
        self.log.append(&request.delta);
        self.log.sync().await;
        AddOk {}
    }

    async fn read(&self, _: Read) -> ReadOk {
        let value = self.sum.get();
        self.log.sync().await;
        ReadOk { value }
    }
}

/// Answers before the sync.
struct Hasty {
    sum: Cell<i64>,
    log: Log<i64>,
}

#[handler(g_counter)]
impl Hasty {
    #[init]
    fn new(cx: &Context) -> Result<Self, Failure> {
        let (log, additions) = Log::<i64>::open(&disk(cx)?, "additions")?;
        Ok(Self { sum: Cell::new(additions.iter().sum()), log })
    }

    fn add(&self, request: Add) -> AddOk {
        self.sum.update(|sum| sum + request.delta);
        self.log.append(&request.delta);
        AddOk {}
    }

    #[every(millis = 200)]
    async fn save(&self) {
        self.log.sync().await;
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { value: self.sum.get() }
    }
}

/// Never reads what it has written.
struct WriteOnly {
    sum: Cell<i64>,
    log: Log<i64>,
}

#[handler(g_counter)]
impl WriteOnly {
    #[init]
    fn new(cx: &Context) -> Result<Self, Failure> {
        let (log, _) = Log::<i64>::open(&disk(cx)?, "additions")?;
        Ok(Self { sum: Cell::new(0), log })
    }

    async fn add(&self, request: Add) -> AddOk {
        self.sum.update(|sum| sum + request.delta);
        self.log.append(&request.delta);
        self.log.sync().await;
        AddOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { value: self.sum.get() }
    }
}

/// Keeps additions in a file of lines.
struct Lines {
    sum: Cell<i64>,
    disk: Disk,
}

#[handler(g_counter)]
impl Lines {
    #[init]
    fn new(cx: &Context) -> Result<Self, Failure> {
        let disk = disk(cx)?;
        let bytes = disk.read("additions.txt")?.unwrap_or_default();
        let lines = String::from_utf8_lossy(&bytes);
        let sum = lines.lines().filter_map(|line| line.parse::<i64>().ok()).sum();
        Ok(Self { sum: Cell::new(sum), disk })
    }

    async fn add(&self, request: Add) -> Result<AddOk, DiskError> {
        self.sum.update(|sum| sum + request.delta);
        self.disk.append("additions.txt", format!("{}\n", request.delta).as_bytes())?;
        self.disk.sync().await;
        Ok(AddOk {})
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { value: self.sum.get() }
    }
}

/// Keeps a total for each node, its own in a log.
struct Totals {
    totals: RefCell<BTreeMap<NodeId, i64>>,
    log: Log<i64>,
}

#[derive(Serialize, Deserialize)]
struct Total {
    total: i64,
}

#[handler(g_counter)]
impl Totals {
    #[init]
    fn new(cx: &Context) -> Result<Self, Failure> {
        let (log, additions) = Log::<i64>::open(&disk(cx)?, "additions")?;
        let own = (cx.id().clone(), additions.iter().sum());
        Ok(Self { totals: RefCell::new(BTreeMap::from([own])), log })
    }

    async fn add(&self, cx: &Context, request: Add) -> AddOk {
        *self.totals.borrow_mut().entry(cx.id().clone()).or_default() += request.delta;
        self.log.append(&request.delta);
        self.log.sync().await;
        AddOk {}
    }

    async fn read(&self, _: Read) -> ReadOk {
        let value = self.totals.borrow().values().sum();
        self.log.sync().await;
        ReadOk { value }
    }

    #[message]
    fn total(&self, from: &NodeId, Total { total }: Total) {
        let mut totals = self.totals.borrow_mut();
        let known = totals.entry(from.clone()).or_default();
        *known = total.max(*known);
    }

    #[every(millis = 500)]
    async fn tell(&self, cx: &Context) {
        let total = self.totals.borrow()[cx.id()];
        if self.log.wants_compaction() {
            self.log.compact([&total]);
        }
        self.log.sync().await;
        cx.peers().for_each(|peer| cx.send(peer, &Total { total }));
    }
}

fn options(nodes: usize) -> Options {
    Options::default()
        .node_count(nodes)
        .rate(100.0)
        .time_limit(Duration::from_secs(20))
        .disk_latency(Duration::from_millis(20))
        .nemesis(vec![Fault::Kill])
        .nemesis_interval(Duration::from_secs(2))
}

fn judge<H: Handler>(nodes: usize, seed: u64) -> Report {
    simulate::<H>(workload::named("g-counter").unwrap(), &options(nodes).seed(seed)).unwrap()
}

fn is_wrong(report: &Report) -> bool {
    report.judgement.verdict.valid == Validity::Invalid
}

#[test]
fn memory_does_not_survive() {
    let report = judge::<Forgetful>(1, 0);
    assert!(is_wrong(&report));
    Chapter::crash.shows(&report);
}

#[test]
fn what_is_answered_before_the_sync_is_lost() {
    let report = judge::<Hasty>(1, 0);
    assert!(is_wrong(&report));
    Chapter::crash.shows(&report);
}

#[test]
fn what_is_never_read_might_as_well_not_be_written() {
    let report = judge::<WriteOnly>(1, 0);
    assert!(is_wrong(&report));
    Chapter::crash.shows(&report);
}

#[test]
fn a_torn_line_is_taken_for_a_number() {
    let report = judge::<Lines>(1, 32);
    assert!(is_wrong(&report));
    Chapter::crash.shows(&report);
}

#[test]
fn a_log_with_a_sync_survives() {
    for seed in 0..5 {
        let report = judge::<Logged>(1, seed);
        assert_eq!(report.valid(), Validity::Valid, "seed {seed}: {report}");
    }
}

#[test]
fn three_nodes_survive() {
    for seed in 0..5 {
        let report = judge::<Totals>(3, seed);
        assert_eq!(report.valid(), Validity::Valid, "seed {seed}: {report}");
    }
}

//! The log under crashes and damage: what was synced comes back, what was not comes back from its beginning, and a byte
//! that changed in what was synced is noticed.
//!
//! Entries are numbered, and a compaction writes their count instead of them, so whatever comes back has to be a count
//! followed by the next numbers.

use crate::{crashing::CrashingStorage, mutations::mutated, parrot::Parrot};
use futures_util::FutureExt;
use glomers_protocol::{
    DiskError, Log, MemoryStorage, Node, Storage,
    rand::{RngExt, SeedableRng},
};
use proptest::{collection::vec, prelude::*};
use rand_pcg::Pcg64Mcg;
use serde::{Deserialize, Serialize};
use std::{cell::Cell, io, rc::Rc, sync::LazyLock, time::Duration};

#[derive(Debug, Serialize, Deserialize)]
enum Entry {
    /// The entry of this number, with a text of any length.
    Numbered(u64, String),
    /// All entries below this number.
    Below(u64),
}

/// A node on a disk. Its methods are the steps of a history.
struct Life {
    node: Node,
    log: Log<Entry>,
    /// The number of entries in the log.
    count: u64,
    /// The number of entries that are known to be durable.
    durable: Rc<Cell<u64>>,
    now: Duration,
}

fn node(storage: impl Storage + Clone + 'static) -> Node {
    let node = Node::serving(0, "n1".into(), Vec::new(), Parrot);
    node.with_disk(move |_| Ok(Box::new(storage.clone())))
}

fn open(node: &Node, name: &str) -> Result<(Log<Entry>, Vec<Entry>), DiskError> {
    Log::open(&node.context().disk()?.unwrap(), name)
}

/// The number of entries, if they are in order.
fn count(entries: &[Entry]) -> u64 {
    entries.iter().enumerate().fold(0, |count, (at, entry)| match entry {
        Entry::Below(below) if at == 0 => *below,
        Entry::Numbered(number, _) if *number == count => count + 1,
        entry => panic!("{entry:?} follows {count} entries"),
    })
}

impl Life {
    fn open(storage: &CrashingStorage, name: &str) -> Result<Self, DiskError> {
        let node = node(storage.clone());
        let (log, entries) = open(&node, name)?;
        Ok(Self { node, log, count: count(&entries), durable: Rc::default(), now: Duration::ZERO })
    }

    fn append(&mut self, length: usize) {
        self.log.append(&Entry::Numbered(self.count, "x".repeat(length)));
        self.count += 1;
    }

    fn compact(&self) {
        self.log.compact(&[Entry::Below(self.count)]);
    }

    /// Notes when the entries so far are durable.
    fn wait(&self) {
        let (sync, count, durable) = (self.log.sync(), self.count, Rc::clone(&self.durable));
        self.node.context().spawn(async move {
            sync.await;
            durable.set(count.max(durable.get()));
        });
    }

    /// Runs timers, and begins a sync if one is wanted.
    fn begin(&mut self) {
        self.now += Duration::from_millis(200);
        self.node.advance(self.now);
        if self.node.wants_sync() {
            self.node.begin_sync();
        }
    }

    fn end(&mut self) {
        let result = self.node.sync_storage();
        self.node.synced(result, self.now);
    }

    /// Syncs until no task waits for a sync.
    fn settle(&mut self) {
        for _ in 0..10 {
            self.begin();
            self.end();
        }
        assert_eq!(self.durable.get(), self.count);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    Compact,
    Wait,
    Begin,
    End,
    Full(bool),
    Crash(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..300usize).prop_map(Step::Append),
        2 => Just(Step::Compact),
        4 => Just(Step::Wait),
        4 => Just(Step::Begin),
        3 => Just(Step::End),
        1 => any::<bool>().prop_map(Step::Full),
        2 => any::<u64>().prop_map(Step::Crash),
    ];
    vec(step, 0..80)
}

/// Lives through a history, and checks after every crash what came back.
fn live(storage: &CrashingStorage, steps: &[Step]) -> Result<Life, TestCaseError> {
    let mut life = Life::open(storage, "log").unwrap();
    for step in steps {
        match step {
            Step::Append(length) => life.append(*length),
            Step::Compact => life.compact(),
            Step::Wait => life.wait(),
            Step::Begin => life.begin(),
            Step::End => life.end(),
            Step::Full(is_full) => storage.set_full(*is_full),
            Step::Crash(seed) => {
                let (durable, count) = (life.durable.get(), life.count);
                drop(life);
                storage.crash(&mut Pcg64Mcg::seed_from_u64(*seed));
                life = Life::open(storage, "log").unwrap();
                prop_assert!((durable..=count).contains(&life.count), "{durable}, {}, {count}", life.count);
                life.durable.set(durable);
            }
        }
        prop_assert!(life.node.failure().is_none());
    }
    Ok(life)
}

proptest! {
    #[test]
    fn what_was_synced_comes_back_and_the_rest_from_its_beginning(steps in steps(), seed in any::<u64>()) {
        let storage = CrashingStorage::default();
        let mut life = live(&storage, &steps)?;
        // Whatever came before, the log can be written again.
        storage.set_full(false);
        life.append(1);
        life.wait();
        life.settle();
        storage.crash(&mut Pcg64Mcg::seed_from_u64(seed));
        prop_assert_eq!(Life::open(&storage, "log").unwrap().count, life.count);
    }

    #[test]
    fn a_changed_byte_is_noticed(steps in steps(), seed in any::<u64>(), mask in 1u8..) {
        let storage = CrashingStorage::default();
        let mut life = live(&storage, &steps)?;
        storage.set_full(false);
        life.append(1);
        life.wait();
        life.settle();
        let synced = storage.synced_length("log.log");
        // An unfinished write behind it does not hide it.
        life.append(100);
        life.wait();
        life.begin();
        let mut rng = Pcg64Mcg::seed_from_u64(seed);
        storage.crash(&mut rng);
        let at = rng.random_range(0..synced);
        storage.flip("log.log", at, mask);
        match Life::open(&storage, "log").map(|life| life.count) {
            Err(DiskError::Corrupt { file, offset, .. }) => prop_assert!(file == "log.log" && offset <= at as u64),
            other => prop_assert!(false, "byte {at} of {synced}: {other:?}"),
        }
    }

    #[test]
    fn a_file_of_any_bytes_is_read_or_refused(bytes in mutated(&CORPUS)) {
        let mut storage = MemoryStorage::default();
        storage.append("log.log", &bytes).unwrap();
        let node = node(storage.clone());
        match Log::<Entry>::open(&node.context().disk().unwrap().unwrap(), "log") {
            // Nothing is lost that was whole: the file is as before, but for a tail without a frame.
            Ok(_) => prop_assert!(bytes.starts_with(&storage.read("log.log").unwrap().unwrap_or_default())),
            Err(error) => {
                prop_assert!(!error.to_string().contains(char::is_control));
                prop_assert_eq!(storage.read("log.log").unwrap().unwrap(), bytes.to_vec());
            }
        }
    }
}

/// A crash between any two steps of a compaction, with anything kept, leaves a log with all entries.
#[test]
fn a_compaction_that_is_interrupted_leaves_one_whole_log() {
    for (steps, seed) in (0..6).flat_map(|steps| (0..100).map(move |seed| (steps, seed))) {
        let storage = CrashingStorage::default();
        let mut life = Life::open(&storage, "log").unwrap();
        (0..5).for_each(|_| life.append(10));
        life.wait();
        life.settle();
        life.compact();
        life.wait();
        for step in 0..steps {
            if step % 2 == 0 { life.begin() } else { life.end() }
        }
        drop(life);
        storage.crash(&mut Pcg64Mcg::seed_from_u64(seed));
        let mut next = Life::open(&storage, "log").unwrap();
        assert_eq!(next.count, 5, "{steps} steps, seed {seed}");
        assert_eq!(storage.files().unwrap(), ["log.log"]);
        next.append(1);
        next.wait();
        next.settle();
    }
}

/// A cut that a second crash undoes does not bring the torn bytes back behind newer entries.
#[test]
fn a_cut_is_durable_before_anything_follows_it() {
    for seed in 0..200 {
        let (storage, mut rng) = (CrashingStorage::default(), Pcg64Mcg::seed_from_u64(seed));
        let mut life = Life::open(&storage, "log").unwrap();
        for length in [10, 200, 1] {
            life.append(length);
            life.wait();
            if length == 10 {
                life.settle();
                continue;
            }
            life.begin();
            drop(life);
            storage.crash(&mut rng);
            life = Life::open(&storage, "log").unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert!(life.count > 0, "seed {seed}");
        }
    }
}

/// Files of logs.
static CORPUS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let lengths = [&[][..], &[0], &[1, 2, 3], &[300, 0, 5000]];
    let file = |lengths: &&[usize]| {
        let storage = CrashingStorage::default();
        let mut life = Life::open(&storage, "log").unwrap();
        lengths.iter().for_each(|length| life.append(*length));
        life.wait();
        life.settle();
        storage.read("log.log").unwrap().unwrap_or_default()
    };
    lengths.iter().map(file).collect()
});

/// Every change of one bit, in a small file.
#[test]
fn no_changed_bit_escapes() {
    let file = &CORPUS[2];
    let frames = file.windows(3).filter(|window| window == b"{\"N").count();
    assert_eq!(frames, 3);
    for (at, mask) in (0..file.len()).flat_map(|at| (0..8).map(move |bit| (at, 1u8 << bit))) {
        let mut damaged = file.clone();
        damaged[at] ^= mask;
        let mut storage = MemoryStorage::default();
        storage.append("log.log", &damaged).unwrap();
        let error = open(&node(storage), "log").map(drop).unwrap_err();
        let DiskError::Corrupt { offset, .. } = error else { panic!("byte {at}: {error}") };
        assert!(offset as usize <= at, "byte {at}: {error}");
    }
}

/// Every length to which a crash can cut a small file.
#[test]
fn every_torn_tail_is_cut() {
    let file = &CORPUS[2];
    let mut counts = Vec::new();
    for length in 0..=file.len() {
        for zeros in [0, 1, 100] {
            let mut storage = MemoryStorage::default();
            storage.append("log.log", &[&file[..length], &vec![0; zeros]].concat()).unwrap();
            let node = node(storage.clone());
            let (log, entries) = match open(&node, "log") {
                Ok(opened) => opened,
                // Zeros in the place of bytes that are not: a file system that lengthens a file first does not mix them.
                Err(DiskError::Corrupt { .. }) if zeros > 0 => continue,
                Err(error) => panic!("{length} bytes and {zeros} zeros: {error}"),
            };
            counts.push(entries.len());
            drop(log);
            assert_eq!(open(&node, "log").unwrap().1.len(), entries.len());
        }
    }
    assert!(counts.is_sorted());
    assert_eq!(counts.last(), Some(&3));
}

#[test]
fn a_newer_file_is_left_alone() {
    let mut file = CORPUS[1].clone();
    file[8] = 2;
    let sum = crc32c::crc32c(&file[..12]);
    file[12..16].copy_from_slice(&sum.to_le_bytes());
    let mut storage = MemoryStorage::default();
    storage.append("log.log", &file).unwrap();
    let error = open(&node(storage.clone()), "log").map(drop).unwrap_err();
    let text = "`log.log` has format 2, but this program reads formats up to 1: use the newer program that wrote it, or \
                another data folder";
    assert_eq!(error.to_string(), text);
    assert_eq!(storage.read("log.log").unwrap().unwrap(), file);
}

#[test]
fn two_logs_share_a_disk_and_a_sync() {
    let storage = CrashingStorage::default();
    let mut node = node(storage.clone());
    let ((left, _), (right, _)) = (open(&node, "left").unwrap(), open(&node, "right").unwrap());
    assert!(matches!(open(&node, "left"), Err(DiskError::OpenTwice { .. })));
    left.append(&Entry::Below(1));
    right.append(&Entry::Below(2));
    let done = Rc::new(Cell::new(0));
    for sync in [left.sync().boxed_local(), right.sync().boxed_local()] {
        let done = Rc::clone(&done);
        node.context().spawn(async move {
            sync.await;
            done.update(|done| done + 1);
        });
    }
    node.begin_sync();
    let result = node.sync_storage();
    node.synced(result, Duration::ZERO);
    assert_eq!(done.get(), 2);
    storage.crash(&mut Pcg64Mcg::seed_from_u64(0));
    let next = self::node(storage);
    assert_eq!(["left", "right"].map(|name| count(&open(&next, name).unwrap().1)), [1, 2]);
}

#[test]
fn a_log_of_another_type_is_not_read() {
    let storage = MemoryStorage::default();
    let mut node = node(storage);
    let disk = node.context().disk().unwrap().unwrap();
    let (log, _) = Log::<u64>::open(&disk, "log").unwrap();
    log.append(&7);
    drop(log.sync());
    node.begin_sync();
    node.synced(Ok(()), Duration::ZERO);
    drop(log);
    let error = Log::<Entry>::open(&disk, "log").map(drop).unwrap_err();
    let DiskError::Entry { file, offset: 16, .. } = &error else { panic!("{error}") };
    assert_eq!(file, "log.log");
}

#[test]
fn a_log_that_has_grown_wants_a_compaction() {
    let storage = CrashingStorage::default();
    let mut life = Life::open(&storage, "log").unwrap();
    while !life.log.wants_compaction() {
        life.append(1000);
        assert!(life.count < 1000);
    }
    life.compact();
    assert!(!life.log.wants_compaction());
    life.wait();
    life.settle();
    assert!(storage.read("log.log").unwrap().unwrap().len() < 100);
    assert_eq!(storage.files().unwrap(), ["log.log"]);
}

#[test]
fn a_file_name_is_checked() {
    let node = node(MemoryStorage::default());
    for name in ["", "../x", "a/b", ".hidden", "a b", "é"] {
        assert!(matches!(open(&node, name).map(drop), Err(DiskError::Name { .. })), "{name}");
    }
}

#[test]
fn an_error_of_the_storage_other_than_a_full_disk_stops_the_node() {
    let storage = CrashingStorage::default();
    let mut life = Life::open(&storage, "log").unwrap();
    life.append(1);
    life.wait();
    life.begin();
    life.node.synced(Err(DiskError::Sync { source: io::Error::other("gone") }), life.now);
    assert_eq!(life.durable.get(), 0);
    assert!(life.node.failure().unwrap().to_string().ends_with(": gone"));
}

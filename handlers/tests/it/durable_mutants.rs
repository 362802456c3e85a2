//! The set of this crate with mistakes in its use of the disk, which a soak finds within fifty seeds.

use crate::explored;
use Mistake::*;
use glomers_handlers::{
    durable::{Durable, Journaled, OpenError},
    replication_feed::{Batch, ReplicationFeed},
};
use glomers_protocol::{
    Context, Json, NodeId,
    g_set::{Add, AddOk, Read, ReadOk},
    handler,
};
use glomers_workbench::{
    Options, Report, Validity,
    options::{Concurrency, Fault},
    simulate_with, soak, workload,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The number of seeds on which a mistake must show.
const SEEDS: u64 = 50;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mistake {
    Nothing,
    /// Answers an addition before the sync.
    AnswersFirst,
    /// Shows elements before the sync.
    ShowsFirst,
    /// Sends entries and acknowledgements before the sync.
    SendsFirst,
    /// Does not write additions to the log.
    ForgetsAdditions,
    /// Does not write the batches of other nodes to the log, though it acknowledges them.
    ForgetsBatches,
}

struct Set {
    mistake: Mistake,
    replica: Durable<Replica>,
}

#[derive(Serialize, Deserialize)]
struct Replica {
    elements: BTreeSet<Json>,
    feed: ReplicationFeed,
}

#[derive(Serialize, Deserialize)]
enum Input {
    Add(Json),
    Batch(NodeId, Batch),
}

// A type is the message of one handler only, so this one has a name of its own.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct SetBatch(Batch);

impl Journaled for Replica {
    type Input = Input;
    type Output = ();

    fn apply(&mut self, input: Input) {
        match input {
            Input::Add(element) => {
                if self.elements.insert(element.clone()) {
                    self.feed.push(|| element);
                }
            }
            Input::Batch(from, batch) => {
                let elements = &self.elements;
                let news = self.feed.receive(&from, batch, &|| elements.iter().cloned().collect());
                self.elements.extend(news.into_iter().map(|(_, element)| element));
            }
        }
    }
}

impl Set {
    fn with(mistake: Mistake) -> impl Fn(&Context) -> Result<Self, OpenError> + Clone {
        move |cx| {
            let new = || Replica { elements: BTreeSet::new(), feed: ReplicationFeed::new(cx) };
            Ok(Self { mistake, replica: Durable::open(cx, new)? })
        }
    }

    /// Applies an input, without the log if that is the mistake.
    fn apply(&self, input: Input, forgets: Mistake) {
        if self.mistake == forgets {
            self.replica.change(|replica| replica.apply(input));
        } else {
            self.replica.apply(input);
        }
    }

    /// Waits for the disk, unless that is the mistake.
    async fn synced(&self, skips: Mistake) {
        if self.mistake != skips {
            self.replica.synced().await;
        }
    }
}

#[handler(g_set)]
impl Set {
    #[init]
    fn new(cx: &Context) -> Result<Self, OpenError> {
        Self::with(Nothing)(cx)
    }

    async fn add(&self, request: Add) -> AddOk {
        self.apply(Input::Add(request.element), ForgetsAdditions);
        self.synced(AnswersFirst).await;
        AddOk {}
    }

    async fn read(&self, _: Read) -> ReadOk {
        let value = self.replica.state().elements.iter().cloned().collect();
        self.synced(ShowsFirst).await;
        ReadOk { value }
    }

    #[message]
    fn batch(&self, from: &NodeId, SetBatch(batch): SetBatch) {
        self.apply(Input::Batch(from.clone(), batch), ForgetsBatches);
    }

    #[every(millis = 200)]
    async fn flush(&self, cx: &Context) {
        let batches = self.replica.change(|replica| replica.feed.batches(cx.now()));
        self.synced(SendsFirst).await;
        batches.into_iter().for_each(|(peer, batch)| cx.send(&peer, &SetBatch(batch)));
    }
}

fn report(mistake: Mistake, seed: u64) -> Report {
    let faults = [Fault::Kill, Fault::KillMinority, Fault::DiskSlow, Fault::DiskFull, Fault::DiskError];
    let base = Options::default().concurrency(Concurrency::PerNode(2)).liveness(true);
    let options = soak::draw(&base, &faults, seed);
    simulate_with(workload::named("g-set").unwrap(), &options, Set::with(mistake)).unwrap()
}

fn a_set_without_a_mistake_is_never_found(seeds: u64) {
    for seed in 0..seeds {
        let report = report(Nothing, seed);
        // Statistics would also say that too little succeeded, which is no fault of the nodes.
        let verdicts = [report.judgement.verdict.valid, report.judgement.liveness()];
        assert!(!verdicts.contains(&Validity::Invalid), "seed {seed}: {report}");
    }
}

#[test]
fn mistakes_are_found_within_fifty_seeds() {
    for mistake in [AnswersFirst, ShowsFirst, SendsFirst, ForgetsAdditions, ForgetsBatches] {
        let found = (0..SEEDS).find(|seed| report(mistake, *seed).judgement.verdict.valid == Validity::Invalid);
        assert!(found.is_some(), "{mistake:?}");
    }
}

/// Explores a small cluster, in which one node crashes.
fn explore(mistakes: &[Mistake]) {
    let bounds = explored::small().crashes(1).timers(2);
    explored::right("g-set", &bounds, Set::with(Nothing));
    for mistake in mistakes {
        explored::found("g-set", &format!("{mistake:?}"), &bounds, Set::with(*mistake));
    }
}

#[test]
fn exploration_finds_mistakes() {
    explore(&[AnswersFirst, ForgetsAdditions]);
}

#[test]
#[ignore = "takes half a minute"]
fn exploration_finds_rare_mistakes() {
    explore(&[SendsFirst, ForgetsBatches]);
}

/// One client adds what another client reads at the same node, so each node has two clients.
#[test]
fn exploration_finds_elements_that_show_too_early() {
    let mut bounds = explored::small().crashes(1);
    bounds.options = bounds.options.concurrency(Concurrency::PerNode(2));
    explored::right("g-set", &bounds, Set::with(Nothing));
    explored::found("g-set", "ShowsFirst", &bounds, Set::with(ShowsFirst));
}

over_seeds! {
    a_set_without_a_mistake_is_never_found: 2, 200;
}

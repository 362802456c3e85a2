//! Exploration: the reduced search reaches what a brute force search reaches, and finds what a mistake needs.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::{
    deltas::{Deltas, Trust},
    durable::{LineSet, Mistake, NumberedStarts, Quitter},
    kafka::Logs,
    nodes::{Counter, Fault, Flood, Lagging, SameCounter},
};
use glomers_protocol::{
    Context, Handler, IntoHandler, Json, NodeId,
    echo::{Echo, EchoOk},
    handler,
};
use glomers_workbench::{
    explore::{Exploration, Explored, Explorer, Mode, Order, Schedule, explore, explore_with},
    workload,
};
use serde::{Deserialize, Serialize};
use std::{
    cell::RefCell,
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// Tells all others of every echo, and keeps what came, timers included, in the order in which it came.
#[derive(Default)]
struct Recorder(RefCell<Vec<String>>);

#[derive(Serialize, Deserialize)]
struct Told {
    echo: Json,
}

#[handler(echo)]
impl Recorder {
    fn echo(&self, cx: &Context, request: Echo) -> EchoOk {
        cx.peers().for_each(|peer| cx.send(peer, &Told { echo: request.echo.clone() }));
        self.0.borrow_mut().push(request.echo.to_string());
        EchoOk { echo: request.echo }
    }

    #[message]
    fn told(&self, from: &NodeId, Told { echo }: Told) {
        self.0.borrow_mut().push(format!("{echo} of {from}"));
    }

    #[every(millis = 100)]
    fn tick(&self) {
        self.0.borrow_mut().push("tick".to_owned());
    }
}

/// The number of schedules of a search, and the final states that it reaches.
fn reached(bounds: &Exploration) -> (u64, BTreeSet<String>) {
    let states = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&states);
    let explored = Explorer::new(workload::maker("echo").unwrap(), bounds)
        .final_condition("recorded", move |cluster| {
            let state: Vec<_> = cluster
                .nodes()
                .iter()
                .map(|node| cluster.handler::<Recorder>(node).map(|handler| handler.0.borrow().clone()))
                .collect();
            seen.lock().unwrap().insert(format!("{state:?}"));
            Ok(())
        })
        .run::<Recorder>()
        .unwrap();
    assert!(explored.is_complete, "{explored}");
    let states = states.lock().unwrap().clone();
    (explored.tally.schedules, states)
}

/// Every fault and timer in small systems: a reduced search completes fewer schedules and reaches the same final states.
#[test]
fn a_reduced_search_reaches_the_states_of_brute_force() {
    let bounds = |nodes, operations| Exploration::default().node_count(nodes).operations(operations);
    for (name, bounds, reduced, brute_force) in [
        ("two operations", bounds(2, 2), 7, 280),
        ("one operation, three nodes", bounds(3, 1), 1, 6),
        ("one timer", bounds(2, 1).timers(1), 4, 20),
        ("two timers, drift", bounds(2, 1).timers(2).drift(Duration::from_millis(100)), 10, 120),
        ("a loss", bounds(2, 2).drops(1), 17, 420),
        ("a second copy", bounds(2, 2).duplicates(1), 25, 1792),
        ("any order", bounds(2, 2).order(Order::Any).duplicates(1), 25, 1792),
        ("a crash", bounds(2, 1).crashes(1), 13, 35),
        ("a partition", bounds(2, 1).partitions(1), 13, 17),
    ] {
        let (schedules, states) = reached(&bounds);
        let (all, all_states) = reached(&bounds.reduction(false));
        assert_eq!(states, all_states, "{name}");
        assert_eq!((schedules, all), (reduced, brute_force), "{name}");
    }
}

fn bounds(operations: usize) -> Exploration {
    Exploration::default().operations(operations)
}

/// Explores nodes that are wrong, and returns the counterexample.
#[track_caller]
fn found<H: Handler, M: IntoHandler<H>>(
    name: &str,
    bounds: &Exploration,
    make: impl Fn(&Context) -> M + Clone + Send + Sync + 'static,
) -> Explored {
    let explored = explore_with(workload::maker(name).unwrap(), bounds, make.clone()).unwrap();
    let found = explored.counterexample.as_ref().unwrap_or_else(|| panic!("{explored}"));
    let again = bounds.clone().schedule(Some(found.schedule.to_string().parse::<Schedule>().unwrap()));
    let repeated = explore_with(workload::maker(name).unwrap(), &again, make).unwrap();
    let repeated = repeated.counterexample.unwrap_or_else(|| panic!("the schedule repeats it: {explored}"));
    assert_eq!((&repeated.kind, &repeated.steps), (&found.kind, &found.steps));
    assert_eq!(repeated.report.history.ops().len(), found.report.history.ops().len());
    explored
}

#[test]
fn mistakes_are_found_by_every_mode_and_repeated_by_their_schedule() {
    for mode in [Mode::All, Mode::Pct { depth: 3 }, Mode::Random] {
        let with = |bounds: Exploration| bounds.mode(mode);
        found("broadcast", &with(bounds(3).drops(1)), Flood::with(Fault::NeverRepeats));
        found("broadcast", &with(bounds(3)), Flood::with(Fault::KeepsToItself));
        found("pn-counter", &with(bounds(2).timers(1)), Counter::with(Fault::CountsTwice));
        found("echo", &with(bounds(3)), Lagging::init);
        found("unique-ids", &with(bounds(2)), SameCounter::init);
        found("pn-counter", &with(bounds(3).drops(1)), Deltas::with(Trust::Arrival));
        found("pn-counter", &with(bounds(3).duplicates(1)), Deltas::with(Trust::Uniqueness));
    }
}

#[test]
fn a_right_node_is_never_blamed() {
    let bounds = bounds(3).drops(1).duplicates(1).max_schedules(Some(300));
    for mode in [Mode::All, Mode::Pct { depth: 3 }, Mode::Random] {
        let bounds = bounds.clone().mode(mode).timers(1);
        let explored =
            explore_with(workload::maker("pn-counter").unwrap(), &bounds, Deltas::with(Trust::Nothing)).unwrap();
        assert!(explored.is_valid(), "{explored}");
    }
}

/// Answers of nodes are remembered, unless a condition looks into the nodes. Nothing else may differ.
#[test]
fn remembered_answers_are_those_of_the_nodes() {
    fn check<H: Handler, M: IntoHandler<H>>(
        name: &str,
        bounds: &Exploration,
        make: impl Fn(&Context) -> M + Clone + Send + Sync + 'static,
    ) {
        let result = |explorer: Explorer<'_>| {
            let explored = explorer.run_with(make.clone()).unwrap();
            let found = explored.counterexample.map(|found| (found.after, found.kind, found.schedule.to_string()));
            (explored.tally, found)
        };
        for mode in [Mode::All, Mode::Pct { depth: 3 }, Mode::Random] {
            let bounds = bounds.clone().mode(mode).max_schedules(Some(100)).liveness(true);
            let explorer = || Explorer::new(workload::maker(name).unwrap(), &bounds);
            let done = result(explorer().invariant("nothing", |_| Ok(())));
            assert_eq!(result(explorer()), done, "{name}, {mode}");
        }
    }
    check("pn-counter", &bounds(3).drops(1).duplicates(1).timers(2), Deltas::with(Trust::Nothing));
    check("pn-counter", &bounds(3).duplicates(1).order(Order::Any), Deltas::with(Trust::Uniqueness));
    check("broadcast", &bounds(3).node_count(3).partitions(1), Flood::with(Fault::NeverRepeats));
    check("g-set", &bounds(3).crashes(1).timers(1), LineSet::with(Mistake::ShowsTooEarly));
    check("unique-ids", &bounds(3).crashes(2), NumberedStarts::init);
    check("echo", &bounds(5), Quitter::init);
}

/// Tells others a number that no other start of it tells.
#[derive(Default)]
struct Unrepeatable;

#[derive(Serialize, Deserialize)]
struct Number {
    number: i64,
}

#[handler(echo)]
impl Unrepeatable {
    fn echo(&self, cx: &Context, request: Echo) -> EchoOk {
        static TOLD: AtomicI64 = AtomicI64::new(0);
        let number = TOLD.fetch_add(1, Ordering::Relaxed);
        cx.peers().for_each(|peer| cx.send(peer, &Number { number }));
        EchoOk { echo: request.echo }
    }

    #[message]
    fn number(&self, _: Number) {}
}

#[test]
fn a_node_that_cannot_be_repeated_is_an_error() {
    for threads in [1, 2] {
        let bounds = bounds(4).threads(threads);
        let error = explore::<Unrepeatable>(workload::maker("echo").unwrap(), &bounds).unwrap_err().to_string();
        assert!(error.contains(" was told the same twice, and answered differently at {"), "{error}");
    }
}

/// The last polls read what was sent before, as far as they know of it. Otherwise right logs would be blamed.
#[test]
fn a_right_log_is_never_blamed() {
    for seed in 0..4 {
        let bounds = bounds(4).node_count(1).seed(seed);
        let explored = explore::<Logs>(workload::maker("kafka").unwrap(), &bounds).unwrap();
        assert!(explored.is_valid() && explored.is_complete, "{explored}");
    }
}

#[test]
fn a_counterexample_is_small() {
    let explored = found("broadcast", &bounds(3).drops(1), Flood::with(Fault::NeverRepeats));
    let found = explored.counterexample.unwrap();
    assert_eq!(found.schedule.to_string(), "skip:op0,op2,c0/n0,drop:n0/n1");
    let steps = [
        "c0 begins op2 at n0: broadcast 1",
        r#"n0 receives from c0: {"type":"broadcast","msg_id":1,"message":1}"#,
        r#"lost, from n0 to n1: {"type":"values","values":[1]}"#,
    ];
    assert_eq!((&*found.kind, found.steps), ("lost", steps.map(str::to_owned).to_vec()));
    // It arrives at the time of the last step.
    assert_eq!(found.rest[0], r#"c0 receives from n0: {"type":"broadcast_ok","in_reply_to":1}"#);
}

#[test]
fn threads_share_the_schedules() {
    let count = |threads| {
        let bounds = Exploration::default().node_count(3).operations(2).threads(threads);
        let explored = explore::<Recorder>(workload::maker("echo").unwrap(), &bounds).unwrap();
        assert!(explored.is_complete, "{explored}");
        (explored.tally.schedules, explored.tally.repetitions)
    };
    assert_eq!(count(3), count(1));
}

#[test]
fn a_limit_ends_the_exploration() {
    let bounds = bounds(3).max_schedules(Some(5));
    let explored = explore::<Recorder>(workload::maker("echo").unwrap(), &bounds).unwrap();
    assert_eq!((explored.tally.schedules, explored.is_complete, explored.is_valid()), (5, false, true));
}

/// An exploration without a fault ends when all operations have; one with a final condition goes on until nothing is in flight.
#[test]
fn an_invariant_sees_every_step() {
    let explored = Explorer::new(workload::maker("echo").unwrap(), &bounds(2))
        .invariant("tells", |cluster| {
            let told = cluster.handlers::<Recorder>().map(|recorder| recorder.0.borrow().len()).sum::<usize>();
            if told < 4 { Ok(()) } else { Err(format!("{told} records")) }
        })
        .run::<Recorder>()
        .unwrap();
    let found = explored.counterexample.unwrap();
    assert_eq!((&*found.kind, &*found.explanation), ("tells", "4 records"));
    assert_eq!(found.steps.len(), 6, "{found}");
}

//! A test from the first `init` to the verdict, in Maelstrom's phases (Maelstrom: `core.clj`, `db.clj`): nodes are told
//! their ids, clients prepare the system, clients and nemesis work until the time is up, the network heals and rests,
//! the clients do their last operations, and the checkers judge the history.

use crate::{
    engine::{
        failure::{NodeFailure, NotReady},
        host::Host,
        journal::Recorder,
        violation::Violations,
    },
    options::{Options, Unsuitable},
    run::{
        error::RunError,
        interpreter::Interpreter,
        load::Load,
        nemesis::{INIT_TIMEOUT, Nemesis, Spawn, elsewhere},
        pace::{Interval, Pace},
        probe::{self, Probe},
        progress::{Observer, Stage},
        report::{Report, TestConfig},
        session::Session,
    },
    workload::{
        Workload,
        client::{Client, ClientError},
        generator::Generator,
    },
};
use futures_util::future::{FutureExt, LocalBoxFuture};
use glomers_checkers::judgement::Judgement;
use glomers_protocol::{NodeId, init::Init};
use std::{cell::RefCell, rc::Rc, time::Duration};

/// The time for which the healed network rests before the last operations (Maelstrom: `core.clj`).
pub(crate) const RECOVERY: Duration = Duration::from_secs(10);

/// The same for a network that no fault has disturbed, if the test ends early.
const SHORT_RECOVERY: Duration = Duration::from_secs(2);

/// A test that has not begun.
pub(crate) struct Test<'a> {
    pub(crate) workload: Box<dyn Workload>,
    pub(crate) options: Options,
    pub(crate) spawn: Spawn,
    pub(crate) host: Option<Rc<Host>>,
    pub(crate) observer: Option<Observer<'a>>,
    pub(crate) recorder: Option<Recorder>,
}

impl Test<'_> {
    /// Runs it.
    pub(crate) fn run(self) -> Result<Report, RunError> {
        let Self { workload, options, spawn, host, observer, recorder } = self;
        elsewhere::accept(&options, host.is_some())?;
        let mut nemesis = Nemesis::new(&options, spawn);
        let mut session = Session::new(workload, options, host, observer)?;
        recorder.into_iter().for_each(|recorder| session.world.record(recorder));
        nemesis.processes().start_all(&mut session)?;
        let not_ready = prepare(&mut session)?;
        let mut load = None;
        if not_ready.is_none() {
            let (generator, begun) = work(&mut session, &mut nemesis);
            load = Some(begun);
            conclude(&mut session, &mut nemesis, generator);
        }
        if session.watch.is_aborted() {
            return Err(RunError::Stopped);
        }
        let failure = not_ready.or_else(|| session.world.find_crash().map(NodeFailure::Crash));
        let report = judge(session, &mut nemesis, load, failure);
        if report.failure.is_some() { Err(RunError::Node(Box::new(report))) } else { Ok(report) }
    }
}

/// Tells every node its id, then lets the workload speak to each. Returns the first failure of a node.
pub(crate) fn prepare(session: &mut Session<'_>) -> Result<Option<NodeFailure>, RunError> {
    let ids = session.nodes();
    let stand_ins = Rc::new(RefCell::new(Vec::new()));
    let tell = |_: &Session<'_>, client: Client, id: &NodeId| {
        let (init, id) = (Init { node_id: id.clone(), node_ids: ids.clone() }, id.clone());
        let stand_ins = Rc::clone(&stand_ins);
        let told = async move {
            if client.init(init, INIT_TIMEOUT).await?.is_elsewhere {
                stand_ins.borrow_mut().push(id);
            }
            Ok(())
        };
        told.boxed_local()
    };
    if let Some(failure) = set_up(session, &ids, &tell)? {
        return Ok(Some(failure));
    }
    refuse_stand_ins(&session.options, &stand_ins.borrow())?;
    let failure = set_up(session, &ids, &|session, client, _| session.workload.setup(client, &session.options))?;
    session.origin = session.world.now();
    Ok(failure)
}

/// Refuses faults that would strike a program which only stands in for a node elsewhere.
fn refuse_stand_ins(options: &Options, stand_ins: &[NodeId]) -> Result<(), Unsuitable> {
    let (Some(id), [fault, ..], None) = (stand_ins.first(), &options.nemesis[..], &options.nemesis_command) else {
        return Ok(());
    };
    let reason = format!(
        "{fault} would not reach {id}, which says in its `init_ok` that it stands in for a node elsewhere; name the program \
         that injects faults there with `--nemesis-command`, or leave the fault out"
    );
    Err(Unsuitable::new("nemesis_command", reason))
}

/// A function that has a client speak to a node.
type Speak<'a> = dyn Fn(&Session<'_>, Client, &NodeId) -> LocalBoxFuture<'static, Result<(), ClientError>> + 'a;

/// Lets one client speak to each node, waits for them, and takes them off the network. Each speaks before the next one is
/// made, because in a large cluster what they say is large.
fn set_up(session: &mut Session<'_>, ids: &[NodeId], speak: &Speak<'_>) -> Result<Option<NodeFailure>, RunError> {
    let results = Rc::new(RefCell::new(Vec::new()));
    let mut clients = Vec::new();
    for (number, node) in ids.iter().enumerate() {
        let joined = session.join_client();
        let call = speak(session, Client::new(joined.endpoint.clone(), node.clone()), node);
        let (results, node) = (Rc::clone(&results), node.clone());
        joined.endpoint.spawn(async move {
            let result = call.await;
            results.borrow_mut().push((number, node, result));
        });
        session.world.wake(joined.id);
        clients.push(joined);
    }
    while results.borrow().len() < ids.len() && !session.watch.is_halted() && session.step_before(None) {}
    if let Some(crash) = session.world.crash() {
        return Ok(Some(NodeFailure::Crash(crash.clone())));
    }
    if session.watch.is_halted() {
        return Err(RunError::Stopped);
    }
    clients.iter().for_each(|client| session.world.leave(client.id));
    let results = results.take();
    let failed = results.into_iter().find_map(|(number, node, result)| Some((number, node, result.err()?)));
    Ok(failed.map(|(number, node, error)| {
        let (request, expected) = clients[number].endpoint.last_request();
        let output = session.world.output(&node);
        NodeFailure::NotReady(NotReady { node, reason: error.to_string(), request, expected, output })
    }))
}

/// Has clients and nemesis work until the time is up and every client is done. Returns the source of the operations.
fn work(session: &mut Session<'_>, nemesis: &mut Nemesis) -> (Box<dyn Generator>, Load) {
    let rate = session.options.rate;
    let mean = || Interval::Mean(Duration::from_secs_f64(rate.recip().min(1e9)));
    let interval = if rate > 0.0 { mean() } else { Interval::Sleep };
    let now = session.now();
    let end = Some(now + session.options.time_limit);
    session.enter(Stage::Work, end);
    let generator = session.workload.generator(&session.options);
    Interpreter::new(generator, Pace::new(interval, now, end), end).with(nemesis).run(session)
}

/// Heals the network, rests, and has the clients do their last operations.
fn conclude(session: &mut Session<'_>, nemesis: &mut Nemesis, generator: Box<dyn Generator>) {
    if !has_final_operations(session) {
        nemesis.release(session);
        return;
    }
    nemesis.end_all(session);
    let healed = session.now();
    session.enter(Stage::Recovery, Some(healed + rest(session)));
    while session.step_before(Some(healed + rest(session))) {}
    let now = session.now();
    let Some((generator, interval)) = final_generator(session, nemesis, generator) else { return };
    // Those of a test that was stopped are done, too, but nobody waits for them longer than for the network.
    let end = session.watch.stopped().map(|_| now + RECOVERY);
    session.enter(Stage::FinalOperations, end);
    Interpreter::new(generator, Pace::new(interval, now, end), end).run(session);
}

/// The time for which the healed network rests. A hosted test that is stopped early does not wait for a network that
/// was never disturbed; virtual time costs nothing.
fn rest(session: &Session<'_>) -> Duration {
    match session.watch.stopped() {
        _ if session.watch.is_aborted() => Duration::ZERO,
        Some(_) if session.world.is_hosted() && session.options.nemesis.is_empty() => SHORT_RECOVERY,
        _ => RECOVERY,
    }
}

fn has_final_operations(session: &Session<'_>) -> bool {
    session.options.liveness || session.workload.final_generator(&session.options).is_some()
}

/// The operations after the faults, if there are any, and the times between them.
fn final_generator(
    session: &Session<'_>,
    nemesis: &Nemesis,
    generator: Box<dyn Generator>,
) -> Option<(Box<dyn Generator>, Interval)> {
    let options = &session.options;
    let excused = nemesis.given_up(session);
    match (session.workload.final_generator(options), options.liveness) {
        (Some(last), true) => Some((Box::new(Probe::whole(last, &options.nodes).without(&excused)), Interval::None)),
        (None, true) => {
            let probe = Probe::until_served(generator, &options.nodes, options.clients());
            Some((Box::new(probe.without(&excused)), Interval::Mean(probe::PACE)))
        }
        (last, false) => Some((last?, Interval::None)),
    }
}

fn judge(mut session: Session<'_>, nemesis: &mut Nemesis, load: Option<Load>, failure: Option<NodeFailure>) -> Report {
    let mut violations = session.world.take_violations();
    nemesis.processes().unready(&session).into_iter().for_each(|violation| violations.add("", violation));
    nemesis.take_failures().into_iter().for_each(|violation| violations.add("", violation));
    // A stop from here on comes too late.
    let stopped = session.watch.stopped();
    session.world.clear();
    session.enter(Stage::Checking, None);
    let checker = session.workload.checker();
    let report = Report {
        workload: session.workload.name(),
        judgement: Judgement::of(&*checker, &session.history, &session.options.expectations()),
        net: session.world.network.counts(),
        journal: session.world.take_journal(),
        violations: Violations::default(),
        failure,
        load,
        nemesis: nemesis.effects(&session),
        history: session.history,
        config: Some(TestConfig { options: Rc::unwrap_or_clone(session.options), origin: session.origin, stopped }),
    };
    report.with_violations(violations)
}

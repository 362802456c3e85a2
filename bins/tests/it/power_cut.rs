//! All nodes are killed at one moment, again and again, and lose nothing that they have acknowledged. The files are
//! real. The operating system stays, so what a node has written but not synced survives; the simulated disk loses that.

use crate::cluster::{Cluster, Setup};
use counter::Counter;
use logs::Logs;
use registers::Registers;
use serde_json::{Value, json};
use std::{path::Path, thread, time::Duration};

mod counter;
mod logs;
mod registers;

const NODES: usize = 3;

/// Two clients per node.
const CLIENTS: usize = 6;

/// The most operations that are acknowledged before a kill.
const LONGEST_ROUND: usize = 61;

/// The number of times that a check asks before it gives up, and the pause between.
const ATTEMPTS: usize = 1000;
const PAUSE: Duration = Duration::from_millis(10);

/// A system that is asked to keep things.
trait Workload: Default {
    const PROGRAM: &str;

    /// The next request of a client, without `msg_id`.
    fn request(&mut self, client: usize) -> Value;

    /// Notes a reply to a client's last request; false if it is an error.
    fn note(&mut self, client: usize, reply: &Value) -> bool;

    /// Looks for everything that was acknowledged, right after all nodes have been started again.
    fn check(&mut self, cluster: &Cluster) -> Result<(), String>;

    /// Looks for what has to be exchanged between the nodes first.
    fn check_at_the_end(&mut self, _: &Cluster) -> Result<(), String> {
        Ok(())
    }
}

#[test]
fn a_few_rounds() {
    assert_eq!(rounds::<Registers>(3), Ok(()));
    assert_eq!(rounds::<Counter>(3), Ok(()));
    assert_eq!(rounds::<Logs>(3), Ok(()));
}

#[test]
#[ignore = "takes half a minute"]
fn a_hundred_rounds() {
    // A cluster that elects a leader mostly waits, so that several take no longer than one.
    thread::scope(|scope| {
        (0..4).for_each(|_| _ = scope.spawn(|| assert_eq!(rounds::<Registers>(25), Ok(()))));
        scope.spawn(|| assert_eq!(rounds::<Counter>(100), Ok(())));
        scope.spawn(|| assert_eq!(rounds::<Logs>(100), Ok(())));
    });
}

#[test]
fn without_a_disk_the_loss_is_found() {
    assert!(run::<Registers>(None, 3).is_err());
    assert!(run::<Counter>(None, 3).is_err());
}

fn rounds<W: Workload>(count: usize) -> Result<(), String> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    run::<W>(Some(folder.path()), count)
}

/// Loads and kills all nodes this many times, and checks after each.
fn run<W: Workload>(data: Option<&Path>, rounds: usize) -> Result<(), String> {
    let setup = Setup { program: W::PROGRAM, nodes: NODES, data, log: None };
    let (mut workload, mut acknowledged) = (W::default(), 0);
    for round in 0..rounds {
        let cluster = Cluster::start(setup);
        workload.check(&cluster).map_err(|error| format!("after {round} kills: {error}"))?;
        acknowledged += load(&mut workload, cluster, 1 + round * 37 % LONGEST_ROUND);
    }
    let cluster = Cluster::start(setup);
    workload.check(&cluster).and_then(|()| workload.check_at_the_end(&cluster))?;
    assert!(acknowledged >= rounds, "only {acknowledged} operations in {rounds} rounds");
    Ok(())
}

/// Keeps all clients busy until so many operations were acknowledged, and kills all nodes while requests are under way.
/// A client that is told an error has no turn any more: nobody knows whether its request is still to take effect.
/// Returns the number of acknowledged operations.
fn load(workload: &mut impl Workload, cluster: Cluster, count: usize) -> usize {
    let (mut busy, mut acknowledged) = (CLIENTS, 0);
    (0..CLIENTS).for_each(|client| send(workload, &cluster, client));
    while busy > 0 && acknowledged < count {
        for reply in cluster.replies() {
            if workload.note(reply.client(), &reply.body) {
                acknowledged += 1;
                send(workload, &cluster, reply.client());
            } else {
                busy -= 1;
            }
        }
    }
    let late = cluster.kill();
    acknowledged + late.iter().filter(|reply| workload.note(reply.client(), &reply.body)).count()
}

fn send(workload: &mut impl Workload, cluster: &Cluster, client: usize) {
    let mut body = workload.request(client);
    body["msg_id"] = json!(1);
    cluster.send(client % NODES, client, &body);
}

/// Asks a node until its answer is fit.
fn ask<T>(
    cluster: &Cluster,
    node: usize,
    body: &Value,
    mut fit: impl FnMut(&Value) -> Result<T, String>,
) -> Result<T, String> {
    let mut body = body.clone();
    body["msg_id"] = json!(1);
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        cluster.send(node, CLIENTS, &body);
        match fit(&cluster.reply().body) {
            Ok(answer) => return Ok(answer),
            Err(unfit) => last = unfit,
        }
        #[expect(clippy::disallowed_methods, reason = "the processes live in real time")]
        thread::sleep(PAUSE);
    }
    Err(last)
}

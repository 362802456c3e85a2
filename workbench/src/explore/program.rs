//! The program of an exploration: the operations of each client, which the workload's generator draws beforehand. Otherwise an
//! operation would depend on the order of steps that do not concern its client.

use crate::{
    options::Options,
    workload::{
        Workload,
        generator::{Invocation, Moment, Next},
    },
};
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use std::time::Duration;

/// The number of programs that are drawn. The most varied one is taken.
const DRAWS: u64 = 64;

/// The number of times that the generator is asked for each operation, at most.
const REQUESTS: usize = 64;

/// An operation, and the worker that begins it.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) worker: usize,
    pub(crate) invocation: Invocation,
}

/// Draws the operations of an exploration: of several programs the one with the most kinds of operations, at the most
/// nodes. Many a random program of three operations only reads.
pub(crate) fn draw(make: &dyn Fn() -> Box<dyn Workload>, options: &Options, count: usize) -> Vec<Planned> {
    let programs = (0..DRAWS).map(|draw| {
        let mut rng = Pcg64Mcg::seed_from_u64(options.seed.wrapping_mul(DRAWS).wrapping_add(draw));
        draw_one(&*make(), options, count, &mut rng)
    });
    let mut best: Option<((usize, usize), Vec<Planned>)> = None;
    for program in programs {
        let variety = variety(&program, options.nodes.len());
        if best.as_ref().is_none_or(|(best, _)| variety > *best) {
            best = Some((variety, program));
        }
    }
    best.map(|(_, program)| program).unwrap_or_default()
}

/// The number of kinds of operations, and of nodes that are asked.
fn variety(program: &[Planned], nodes: usize) -> (usize, usize) {
    let (mut kinds, mut asked) = (Vec::new(), Vec::new());
    for planned in program {
        let (kind, node) = (planned.invocation.f, planned.worker % nodes.max(1));
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
        if !asked.contains(&node) {
            asked.push(node);
        }
    }
    (kinds.len(), asked.len())
}

fn draw_one(workload: &dyn Workload, options: &Options, count: usize, rng: &mut Pcg64Mcg) -> Vec<Planned> {
    let mut generator = workload.generator(options);
    let clients = options.clients();
    let processes: Vec<u64> = (0..clients as u64).collect();
    let mut free: Vec<usize> = (0..clients).collect();
    let (mut now, mut program) = (Duration::ZERO, Vec::new());
    for _ in 0..count.saturating_mul(REQUESTS) {
        if program.len() >= count {
            break;
        }
        match generator.next(&mut Moment { now, processes: &processes, free: &free, rng }) {
            // The end of a client is not an operation on the cluster.
            Next::Invoke(_, invocation) if invocation.f == "crash" => {}
            Next::Invoke(worker, invocation) => {
                free.rotate_left(1);
                program.push(Planned { worker, invocation });
            }
            Next::Wait(Some(time)) if time > now => now = time,
            Next::Wait(_) | Next::Done => break,
        }
    }
    program
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{options::Concurrency, workload};
    use std::collections::BTreeSet;

    /// The operations, each as its worker, name and argument.
    fn program(name: &str, count: usize) -> Vec<String> {
        let make = workload::maker(name).unwrap();
        let options = Options::default().node_count(2).concurrency(Concurrency::PerNode(2)).key_count(Some(1));
        let program = draw(&|| make(), &options, count);
        program.iter().map(|planned| format!("{} {}", planned.worker, planned.invocation.f)).collect()
    }

    #[test]
    fn a_program_has_every_kind_of_operation_at_every_node() {
        for (name, kinds) in [("broadcast", 2), ("lin-kv", 3), ("kafka", 2), ("echo", 1), ("pn-counter", 2)] {
            let program = program(name, 4);
            assert_eq!(program.len(), 4, "{name}");
            let found: BTreeSet<&str> = program.iter().filter_map(|line| line.split(' ').nth(1)).collect();
            assert!(found.len() >= kinds, "{name}: {program:?}");
            let workers: BTreeSet<&str> = program.iter().filter_map(|line| line.split(' ').next()).collect();
            assert!(workers.len() > 1, "{name}: {program:?}");
        }
    }
}

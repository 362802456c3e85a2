//! Linearizable key-value store: reads, writes and compare-and-sets of small integers under a few keys at a time
//! (Maelstrom: `workload/lin_kv.clj`; jepsen: `tests/linearizable_register.clj`, `independent.clj`).

use crate::workload::interface::{Connection, Workload, stateless};
use crate::{
    options::{Options, Unsuitable},
    workload::{
        client::{Client, ClientError, Outcome},
        generator::{Generator, Invocation, Moment, Next},
    },
};
use glomers_checkers::{checker::lin_kv::LinKvChecker, verdict::Checker};
use glomers_json::SortedSet;
use glomers_protocol::{
    Json,
    lin_kv::{Cas, Read, Write},
};
use rand::{RngExt, seq::IndexedRandom};
use rand_pcg::Pcg64Mcg;
use serde_json::json;
use std::time::Duration;

/// The lin-kv workload.
#[derive(Debug)]
pub struct LinKvWorkload;

/// The number of clients that may use a key before it is replaced by a new one.
const CLIENTS_PER_KEY: usize = 20;

impl Workload for LinKvWorkload {
    fn name(&self) -> &'static str {
        "lin-kv"
    }

    fn operations(&self) -> &'static [&'static str] {
        &["cas", "read", "write"]
    }

    /// Twice as many clients as there are nodes share a key (jepsen: `independent.clj`).
    fn accept(&self, options: &Options) -> Result<(), Unsuitable> {
        let (clients, group) = (options.clients(), 2 * options.nodes.len());
        if clients.is_multiple_of(group) {
            return Ok(());
        }
        let reason = format!(
            "the concurrency is {clients}, but in a lin-kv test two clients of each node share a key, so it must be a \
             multiple of {group}, such as 2n"
        );
        Err(Unsuitable::new("concurrency", reason))
    }

    fn generator(&self, options: &Options) -> Box<dyn Generator> {
        Box::new(Keys {
            nodes: options.nodes.len(),
            is_even: options.even_lin_kv,
            groups: Vec::new(),
            next_key: 0,
            begun: 0,
        })
    }

    fn connect(&self, client: Client, options: &Options) -> Connection {
        let timeout = (options.latency.mean * 10).max(Duration::from_secs(1));
        stateless(client, move |client, invocation| async move {
            match invoke(&client, &invocation, timeout).await {
                Ok(value) => Outcome::Ok(value),
                Err(error) => Outcome::failed(&error, invocation.f == "read"),
            }
        })
    }

    fn is_reusable(&self) -> bool {
        true
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(LinKvChecker)
    }
}

/// Performs an operation on `[key, argument]`; the result has the same form.
async fn invoke(client: &Client, invocation: &Invocation, timeout: Duration) -> Result<Json, ClientError> {
    let (key, argument): (Json, Json) = invocation.value.decode().unwrap_or_else(|_| (Json::null(), Json::null()));
    match invocation.f {
        "read" => {
            let response = client.call_within(&Read { key: key.clone() }, timeout).await?;
            return Ok(Json::new(&(key, response.value)));
        }
        "write" => {
            client.call_within(&Write { key, value: argument }, timeout).await?;
        }
        _ => {
            let (from, to) = argument.decode().unwrap_or_else(|_| (Json::null(), Json::null()));
            client.call_within(&Cas { key, from, to }, timeout).await?;
        }
    }
    Ok(invocation.value.clone())
}

/// Threads in groups of twice the number of nodes, each group at a key of its own: one half reads, the other writes and
/// compares. A key to which enough clients have come is left for a new one.
struct Keys {
    nodes: usize,
    is_even: bool,
    groups: Vec<Group>,
    next_key: u64,
    /// The number of operations so far.
    begun: usize,
}

struct Group {
    key: u64,
    clients: SortedSet<u64>,
}

impl Keys {
    fn fresh(&mut self) -> Group {
        self.next_key += 1;
        Group { key: self.next_key - 1, clients: SortedSet::new() }
    }

    /// The key at which a group works.
    fn key(&mut self, group: usize, processes: &[u64]) -> u64 {
        let members = &processes[group * 2 * self.nodes..(group + 1) * 2 * self.nodes];
        self.groups[group].clients.extend(members.iter().copied());
        if self.groups[group].clients.len() > CLIENTS_PER_KEY.max(members.len()) {
            self.groups[group] = self.fresh();
            self.groups[group].clients.extend(members.iter().copied());
        }
        self.groups[group].key
    }
}

impl Generator for Keys {
    fn next(&mut self, moment: &mut Moment<'_>) -> Next {
        let size = 2 * self.nodes;
        while self.groups.len() < moment.processes.len() / size {
            let group = self.fresh();
            self.groups.push(group);
        }
        let Some(thread) = self.draw(moment) else { return Next::Wait(None) };
        self.begun += 1;
        let group = thread / size;
        let is_reader = thread % size < self.nodes && (self.is_even || group == 0);
        Next::Invoke(thread, operation(self.key(group, moment.processes), is_reader, moment.rng))
    }
}

impl Keys {
    /// Draws a free thread: evenly, or as Jepsen does.
    ///
    /// There, first a group with a free thread is drawn, then one of its two roles, and then comes the first free
    /// thread of that role at or behind a place that moves on by one with each operation. From most places that is the
    /// role's first thread, which belongs to the first node. The roles are ranges of all threads, so they split the
    /// first group only; in the others all threads write (jepsen: `generator.clj`, `soonest-op-map` and `Reserve`,
    /// `generator/context.clj`, `some-free-process`).
    fn draw(&self, moment: &mut Moment<'_>) -> Option<usize> {
        if self.is_even {
            return moment.free.choose(moment.rng).copied();
        }
        let (size, threads) = (2 * self.nodes, moment.processes.len());
        let mut free = moment.free.to_vec();
        free.sort_unstable();
        let mut groups: Vec<usize> = free.iter().map(|thread| thread / size).collect();
        groups.dedup();
        let group = *groups.choose(moment.rng)?;
        let (first, middle, end) = (group * size, group * size + self.nodes, (group + 1) * size);
        // Readers, then writers.
        let roles = if group == 0 { [first..middle, middle..end] } else { [first..first, first..end] };
        let first_free = |from: usize, end: usize| {
            let at = free.partition_point(|thread| *thread < from);
            free.get(at).copied().filter(|thread| *thread < end)
        };
        let free_roles: Vec<_> = roles.into_iter().filter(|role| first_free(role.start, role.end).is_some()).collect();
        let role = free_roles.choose(moment.rng)?;
        // The nemesis has a place as well.
        let place = (self.begun % (threads + 1)).clamp(role.start, role.end);
        first_free(place, role.end).or_else(|| first_free(role.start, role.end))
    }
}

fn operation(key: u64, reads: bool, rng: &mut Pcg64Mcg) -> Invocation {
    if reads {
        return Invocation::new("read", json!([key, null]));
    }
    let mut value = || rng.random_range(0..5);
    let (first, second) = (value(), value());
    if rng.random_ratio(1, 3) {
        Invocation::new("write", json!([key, first]))
    } else {
        Invocation::new("cas", json!([key, [first, second]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// Counts of operations by thread, of threads that are always free, and of the reads among them.
    fn counts(groups: usize, is_even: bool) -> (Vec<usize>, Vec<usize>) {
        let nodes = 7;
        let options = Options { even_lin_kv: is_even, ..Options::default().node_count(nodes) };
        let mut keys = LinKvWorkload.generator(&options);
        let threads = 2 * nodes * groups;
        let (processes, free): (Vec<u64>, Vec<usize>) = ((0..threads as u64).collect(), (0..threads).collect());
        let mut rng = Pcg64Mcg::seed_from_u64(0);
        let (mut all, mut reads) = (vec![0; threads], vec![0; threads]);
        for _ in 0..15_000 {
            let moment = &mut Moment { now: Duration::ZERO, processes: &processes, free: &free, rng: &mut rng };
            let Next::Invoke(thread, invocation) = keys.next(moment) else { panic!("threads are free") };
            all[thread] += 1;
            reads[thread] += usize::from(invocation.f == "read");
        }
        (all, reads)
    }

    /// From 9 of the 15 places, each role comes to its first thread, which belongs to the first node.
    #[test]
    fn clients_prefer_the_first_node_as_jepsen_does() {
        let (all, reads) = counts(1, false);
        for first in [0, 7] {
            assert!((4200..4800).contains(&all[first]), "{all:?}");
            assert!(all[first + 1..first + 7].iter().all(|count| (400..600).contains(count)), "{all:?}");
        }
        assert_eq!((&reads[..7], &reads[7..]), (&all[..7], &[0; 7][..]));
    }

    #[test]
    fn only_the_first_group_reads_as_in_jepsen() {
        let (all, reads) = counts(2, false);
        assert!((7000..8000).contains(&all[..14].iter().sum::<usize>()), "{all:?}");
        assert_eq!((&reads[..7], &reads[7..]), (&all[..7], &[0; 21][..]));
    }

    #[test]
    fn clients_use_all_nodes_if_told() {
        let (all, reads) = counts(2, true);
        assert!(all.iter().all(|count| (450..650).contains(count)), "{all:?}");
        assert!(reads[14..21].iter().zip(&all[14..21]).all(|(reads, all)| reads == all), "{reads:?}");
    }
}

//! Operations that show whether every node serves again when the faults are over. They are a workload's own: those at
//! the very end if it has any, and else as many more of the others as it takes until each node has served one.

use crate::workload::generator::{Generator, Moment, Next};
use glomers_checkers::{
    checker::liveness::{MARK, is_served},
    history::{Op, Process},
};
use glomers_json::SortedSet;
use std::time::Duration;

/// The time in which each node must serve a client, after the recovery time that Maelstrom gives it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The average time between two operations that ask whether nodes serve.
pub(crate) const PACE: Duration = Duration::from_millis(50);

/// Operations of another generator, each marked with the node that is asked.
pub(crate) struct Probe {
    inner: Box<dyn Generator>,
    nodes: Vec<String>,
    /// The nodes that need not serve.
    excused: SortedSet<usize>,
    /// The number of threads; each asks the node with its own index.
    threads: usize,
    /// The nodes that have not served yet, if the probe ends when all have.
    silent: Option<SortedSet<usize>>,
    deadline: Option<Duration>,
}

impl Probe {
    /// All operations of `inner`.
    pub(crate) fn whole(inner: Box<dyn Generator>, nodes: &[String]) -> Self {
        Self { inner, nodes: nodes.to_vec(), excused: SortedSet::new(), threads: 0, silent: None, deadline: None }
    }

    /// The operations of `inner`, until each node that clients ask has served one or its time is up.
    pub(crate) fn until_served(inner: Box<dyn Generator>, nodes: &[String], threads: usize) -> Self {
        Self { threads, silent: Some((0..nodes.len().min(threads)).collect()), ..Self::whole(inner, nodes) }
    }

    /// The same, but these nodes need not serve.
    pub(crate) fn without(mut self, nodes: &[String]) -> Self {
        self.excused = (0..self.nodes.len()).filter(|index| nodes.contains(&self.nodes[*index])).collect();
        if let Some(silent) = &mut self.silent {
            silent.retain(|index| !self.excused.contains(index));
        }
        self
    }
}

impl Generator for Probe {
    fn next(&mut self, moment: &mut Moment<'_>) -> Next {
        let deadline = *self.deadline.get_or_insert(moment.now + TIMEOUT);
        let is_asked =
            |thread: &&usize| self.silent.as_ref().is_none_or(|silent| silent.contains(&(*thread % self.nodes.len())));
        let free: Vec<usize> = moment.free.iter().filter(is_asked).copied().collect();
        if let Some(silent) = &self.silent {
            if silent.is_empty() || moment.now >= deadline {
                return Next::Done;
            }
            if free.is_empty() {
                return Next::Wait(Some(deadline));
            }
        }
        let (now, processes, rng) = (moment.now, moment.processes, &mut *moment.rng);
        match self.inner.next(&mut Moment { now, processes, free: &free, rng }) {
            Next::Invoke(thread, invocation) => {
                let node = thread % self.nodes.len();
                let is_asked = !self.excused.contains(&node);
                Next::Invoke(thread, if is_asked { invocation.with(MARK, &*self.nodes[node]) } else { invocation })
            }
            other => other,
        }
    }

    fn observe(&mut self, op: &Op) {
        if let (Some(silent), Process::Client(client), true) = (&mut self.silent, op.process, is_served(op)) {
            let thread = usize::try_from(client % self.threads as u64).unwrap_or(0);
            silent.remove(&(thread % self.nodes.len()));
        }
        self.inner.observe(op);
    }
}

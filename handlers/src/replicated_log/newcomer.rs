//! A node that has started and is not a member yet: how it finds a configuration, and how the first one is made.
//!
//! A newcomer sends a hello to all others, because without a disk it cannot know if it has run before. Members of a
//! configuration answer with its name. The newcomer shows that it has *seen* this configuration, and is included in the
//! next one (see `member.rs`).
//!
//! If there is no configuration, the first of all nodes makes one from the current incarnations of all nodes. It needs
//! a promise from each: a newcomer that has *promised* itself to an incarnation of the first node enters no
//! configuration of another era. A later incarnation of the first node takes over the promise. It shows that it is
//! later by naming the earlier one, which it knows from the newcomer. The promise holds until that incarnation says
//! that it has seen a configuration, because then it will never make one.
//!
//! So when a configuration is made, each of its incarnations has been without memory since its promise, and enters no
//! other. Anything agreed on before can have been known only to incarnations that had ended by then. In other words:
//! the log starts empty only if all nodes were without memory at the same time.
//!
//! With a disk, a newcomer stays the same incarnation when its process ends: what it has promised and seen is in the
//! journal before it tells it. The promises to the first node are collected again. A node whose journal was damaged may
//! have been a member once. So a first configuration needs a majority of nodes that have lost nothing: none of them was
//! ever a member, so nothing was decided before. Damage on half of the nodes never looks like a first start.

use super::{
    configuration::{Configuration, ConfigurationId, Incarnation, Pid},
    packet::Hello,
};
use glomers_json::SortedMap;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The node that makes the first configuration.
const FIRST: Pid = 1;

/// The time after which all nodes are asked again.
const RETRY: Duration = Duration::from_millis(500);

pub(super) struct Newcomer {
    pid: Pid,
    incarnation: Incarnation,
    /// The number of nodes.
    count: usize,
    /// Set if it has lost what an earlier incarnation knew.
    has_lost: bool,
    memory: Memory,
    /// On the first node: the incarnations that have promised, each with a flag if it has lost something.
    promised: SortedMap<Pid, (Incarnation, bool)>,
    asked: Option<Duration>,
}

/// The knowledge that a newcomer must keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// The incarnation of the first node to which this one has made its promise. It holds unless a configuration was
    /// seen.
    promise: Option<Incarnation>,
    seen: Option<ConfigurationId>,
}

/// A newcomer's reaction to a hello.
#[derive(Debug)]
pub(super) enum Reaction {
    Nothing,
    Answer(Hello),
    /// A question to all nodes.
    Ask(Hello),
    Begin(Configuration),
}

impl Newcomer {
    pub(super) fn new(pid: Pid, incarnation: Incarnation, count: usize, memory: Memory) -> Self {
        Self { pid, incarnation, count, has_lost: false, memory, promised: SortedMap::new(), asked: None }
    }

    /// The same, after an earlier incarnation has lost its memory to damage, or not.
    pub(super) fn with_loss(self, has_lost: bool) -> Self {
        Self { has_lost, ..self }
    }

    pub(super) fn memory(&self) -> Memory {
        self.memory
    }

    /// The hello to all nodes, if it is due.
    pub(super) fn tick(&mut self, now: Duration) -> Option<Hello> {
        let is_due = self.asked.is_none_or(|asked| now >= asked + RETRY);
        is_due.then(|| self.ask(now))
    }

    /// Handles the hello of another node.
    pub(super) fn hear(&mut self, from: Pid, hello: &Hello, now: Duration) -> Reaction {
        if from == FIRST && self.memory.promise == hello.replaces {
            self.memory.promise = Some(hello.incarnation);
        }
        let is_free = self.is_free() || from == FIRST && self.memory.promise == Some(hello.incarnation);
        if let Some(seen) = hello.seen.filter(|_| is_free)
            && self.memory.seen.is_none_or(|before| before != seen && !seen.is_before(before))
        {
            self.memory.seen = Some(seen);
            return Reaction::Ask(self.ask(now));
        }
        if self.pid == FIRST && hello.promised == Some(self.incarnation) {
            self.promised.insert(from, (hello.incarnation, hello.has_lost));
        }
        if let Some(configuration) = self.first_configuration() {
            return Reaction::Begin(configuration);
        }
        let lacks_promise = self.is_founder() && hello.promised != Some(self.incarnation);
        let is_wanted = hello.asks && (self.pid == FIRST || from == FIRST);
        if is_wanted || lacks_promise && hello.promised.is_some() {
            return Reaction::Answer(Hello { replaces: hello.promised, ..self.hello(lacks_promise) });
        }
        Reaction::Nothing
    }

    /// Tells if it may enter a configuration that includes its incarnation.
    pub(super) fn may_begin(&self, id: ConfigurationId) -> bool {
        self.is_free() || self.memory.promise == Some(id.era)
    }

    /// The first configuration, once all nodes have promised.
    fn first_configuration(&self) -> Option<Configuration> {
        let lost = self.promised.iter().filter(|(_, (_, has_lost))| *has_lost).count() + usize::from(self.has_lost);
        let is_agreed =
            self.is_founder() && self.promised.len() + 1 == self.count && (self.count - lost) * 2 > self.count;
        let incarnations =
            std::iter::once(self.incarnation).chain(self.promised.iter().map(|(_, (incarnation, _))| *incarnation));
        is_agreed.then(|| Configuration::first(self.incarnation, incarnations.collect()))
    }

    /// Tells if it may make the first configuration.
    fn is_founder(&self) -> bool {
        self.pid == FIRST && self.memory.seen.is_none()
    }

    fn is_free(&self) -> bool {
        self.memory.seen.is_some() || self.memory.promise.is_none()
    }

    fn ask(&mut self, now: Duration) -> Hello {
        self.asked = Some(now);
        self.hello(true)
    }

    fn hello(&self, asks: bool) -> Hello {
        let Memory { promise, seen } = self.memory;
        let promised = promise.filter(|_| seen.is_none());
        Hello { incarnation: self.incarnation, has_lost: self.has_lost, asks, seen, promised, replaces: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;
    const ID: u64 = 7;

    fn hello(incarnation: Incarnation, replaces: Option<Incarnation>, seen: Option<ConfigurationId>) -> Hello {
        Hello { incarnation, has_lost: false, asks: true, seen, promised: None, replaces }
    }

    /// The promise of the second of three nodes after these hellos of the first node.
    fn promise(said: &[Hello]) -> Option<Incarnation> {
        let mut node = Newcomer::new(2, 20, 3, Memory::default());
        said.iter().for_each(|hello| drop(node.hear(FIRST, hello, NOW)));
        node.hello(true).promised
    }

    fn id(era: Incarnation) -> ConfigurationId {
        Configuration::first(era, Vec::new()).id
    }

    #[test]
    fn a_promise_goes_to_a_later_life_only() {
        let [early, late] = [hello(10, None, None), hello(11, None, None)];
        assert_eq!(promise(&[late.clone(), early.clone()]), Some(11));
        assert_eq!(promise(&[early.clone(), late]), Some(10), "it may be late as well");
        let later = hello(11, Some(10), None);
        assert_eq!(promise(&[early.clone(), later.clone()]), Some(11));
        assert_eq!(promise(&[early.clone(), later, early]), Some(11));
    }

    #[test]
    fn a_promise_holds_until_its_life_has_seen_a_configuration() {
        let mut node = Newcomer::new(2, 20, 3, Memory::default());
        node.hear(FIRST, &hello(10, None, None), NOW);
        node.hear(3, &hello(30, None, Some(id(ID))), NOW);
        assert!(node.may_begin(id(10)) && !node.may_begin(id(ID)));
        node.hear(FIRST, &hello(11, None, Some(id(ID))), NOW);
        assert!(!node.may_begin(id(ID)));
        node.hear(FIRST, &hello(10, None, Some(id(ID))), NOW);
        assert!(node.may_begin(id(ID)));
    }

    #[test]
    fn the_first_node_begins_with_everybody_or_not_at_all() {
        let promises = |incarnation| Hello { promised: Some(10), ..hello(incarnation, None, None) };
        let mut node = Newcomer::new(FIRST, 10, 3, Memory::default());
        assert!(!matches!(node.hear(2, &promises(20), NOW), Reaction::Begin(_)));
        assert!(matches!(node.hear(3, &promises(30), NOW), Reaction::Begin(all) if all.incarnations == [10, 20, 30]));

        let mut node = Newcomer::new(FIRST, 10, 3, Memory::default());
        node.hear(2, &hello(20, None, Some(id(ID))), NOW);
        for (from, incarnation) in [(2, 21), (3, 30)] {
            assert!(!matches!(node.hear(from, &promises(incarnation), NOW), Reaction::Begin(_)));
        }
    }
}

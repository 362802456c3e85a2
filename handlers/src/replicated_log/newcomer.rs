//! A node that has started and takes no part yet: how it finds a configuration, or how the first one comes about.
//!
//! It cannot know whether it lives for the first time, so it says hello to all others. Members of a configuration name
//! that in return; the newcomer shows that it has *seen* this one, and is taken into the next (see `member.rs`).
//!
//! If there is none, the first of all nodes makes one of the lives that all nodes have now. It needs a promise from each:
//! a newcomer that has *promised* a life of the first node enters no configuration of another era. Later lives of the
//! first node get the promise in its place, and show that they are later by naming the earlier one, which they know from
//! the newcomer. The promise holds until the life that has it says that it has seen a configuration, for then it will
//! never make one.
//!
//! So when a configuration is made, each of its lives has been without memory since it promised, and enters no other.
//! What was agreed on before can have been known only to lives that had ended by then. In other words: the log begins
//! from nothing only if all nodes were without memory at once.

use super::{
    Pid,
    configuration::{Configuration, Id, Life},
    packet::Hello,
};
use std::{collections::BTreeMap, time::Duration};

/// The node that makes the first configuration.
const FIRST: Pid = 1;

/// How long to wait for answers before everybody is asked again.
const RETRY: Duration = Duration::from_millis(500);

pub(super) struct Newcomer {
    pid: Pid,
    life: Life,
    /// How many nodes there are.
    count: usize,
    /// The life of the first node that has this one's promise. It holds unless a configuration was seen.
    promise: Option<Life>,
    seen: Option<Id>,
    /// On the first node: the lives that have promised.
    promised: BTreeMap<Pid, Life>,
    asked: Option<Duration>,
}

/// What a newcomer does about a hello.
#[derive(Debug)]
pub(super) enum Reaction {
    Nothing,
    Answer(Hello),
    /// To everybody.
    Ask(Hello),
    Begin(Configuration),
}

impl Newcomer {
    pub(super) fn new(pid: Pid, life: Life, count: usize) -> Self {
        Self { pid, life, count, promise: None, seen: None, promised: BTreeMap::new(), asked: None }
    }

    /// What it says to everybody, now and then.
    pub(super) fn tick(&mut self, now: Duration) -> Option<Hello> {
        let is_due = self.asked.is_none_or(|asked| now >= asked + RETRY);
        is_due.then(|| self.ask(now))
    }

    /// Takes in what another node says.
    pub(super) fn hear(&mut self, from: Pid, hello: &Hello, now: Duration) -> Reaction {
        if from == FIRST && self.promise == hello.instead {
            self.promise = Some(hello.life);
        }
        let is_free = self.is_free() || from == FIRST && self.promise == Some(hello.life);
        if let Some(seen) = hello.seen.filter(|_| is_free)
            && self.seen.is_none_or(|before| before != seen && !seen.is_before(before))
        {
            self.seen = Some(seen);
            return Reaction::Ask(self.ask(now));
        }
        if self.pid == FIRST && hello.promised == Some(self.life) {
            self.promised.insert(from, hello.life);
        }
        if let Some(configuration) = self.first_configuration() {
            return Reaction::Begin(configuration);
        }
        let lacks_promise = self.pid == FIRST && self.seen.is_none() && hello.promised != Some(self.life);
        let is_wanted = hello.asks && (self.pid == FIRST || from == FIRST);
        if is_wanted || lacks_promise && hello.promised.is_some() {
            return Reaction::Answer(Hello { instead: hello.promised, ..self.hello(lacks_promise) });
        }
        Reaction::Nothing
    }

    /// Whether it may enter a configuration that has its life.
    pub(super) fn may_begin(&self, id: Id) -> bool {
        self.is_free() || self.promise == Some(id.era)
    }

    /// What all nodes promise this one, if they have.
    fn first_configuration(&self) -> Option<Configuration> {
        let is_agreed = self.seen.is_none() && self.promised.len() + 1 == self.count;
        let lives = std::iter::once(self.life).chain(self.promised.values().copied());
        is_agreed.then(|| Configuration::first(self.life, lives.collect()))
    }

    fn is_free(&self) -> bool {
        self.seen.is_some() || self.promise.is_none()
    }

    fn ask(&mut self, now: Duration) -> Hello {
        self.asked = Some(now);
        self.hello(true)
    }

    fn hello(&self, asks: bool) -> Hello {
        let promised = self.promise.filter(|_| self.seen.is_none());
        Hello { life: self.life, asks, seen: self.seen, promised, instead: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;
    const ID: u64 = 7;

    fn hello(life: Life, instead: Option<Life>, seen: Option<Id>) -> Hello {
        Hello { life, asks: true, seen, promised: None, instead }
    }

    /// Whom the second of three nodes promises, after the first node has said this.
    fn promise(said: &[Hello]) -> Option<Life> {
        let mut node = Newcomer::new(2, 20, 3);
        said.iter().for_each(|hello| drop(node.hear(FIRST, hello, NOW)));
        node.hello(true).promised
    }

    fn id(era: Life) -> Id {
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
        let mut node = Newcomer::new(2, 20, 3);
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
        let promises = |life| Hello { promised: Some(10), ..hello(life, None, None) };
        let mut node = Newcomer::new(FIRST, 10, 3);
        assert!(!matches!(node.hear(2, &promises(20), NOW), Reaction::Begin(_)));
        assert!(matches!(node.hear(3, &promises(30), NOW), Reaction::Begin(all) if all.lives == [10, 20, 30]));

        let mut node = Newcomer::new(FIRST, 10, 3);
        node.hear(2, &hello(20, None, Some(id(ID))), NOW);
        for (from, life) in [(2, 21), (3, 30)] {
            assert!(!matches!(node.hear(from, &promises(life), NOW), Reaction::Begin(_)));
        }
    }
}

//! The storage of OmniPaxos: what a node has promised and accepted. It is kept in memory, and with a disk also in the
//! journal, from which the next incarnation of the process reads it.
//!
//! OmniPaxos reads what it has just written, and writes before it sends. So each write goes to both places at once, and
//! the messages wait until it is durable (`journal.rs`). Promises and accepted entries must be durable before a message
//! that follows from them leaves. The decided index and what is cut off the log need not be: after a crash the leader
//! tells them again. They become durable with the next write.

use super::{
    acceptor::{Acceptor, Write},
    entry::Entry,
    journal::Journal,
    past::Record,
};
use omnipaxos::{
    OmniPaxos,
    ballot_leader_election::Ballot,
    storage::{NoSnapshot, StopSign, Storage, StorageOp, StorageResult},
};
use std::{cell::RefCell, rc::Rc};

/// OmniPaxos over the entries of one configuration's log.
pub(super) type Paxos = OmniPaxos<Entry, PaxosStorage>;

/// An [`Acceptor`] whose changes are recorded.
pub(super) struct PaxosStorage {
    acceptor: Rc<RefCell<Acceptor>>,
    journal: Journal,
}

impl PaxosStorage {
    pub(super) fn new(acceptor: &Rc<RefCell<Acceptor>>, journal: &Journal) -> Self {
        Self { acceptor: Rc::clone(acceptor), journal: journal.clone() }
    }

    /// Makes changes as one: after a crash there are all of them or none.
    fn write(&mut self, mut writes: Vec<Write>) -> StorageResult<()> {
        let mut acceptor = self.acceptor.borrow_mut();
        writes.retain(|write| !acceptor.has(write));
        if writes.is_empty() {
            return Ok(());
        }
        let is_vital = writes.iter().any(Write::is_vital);
        let record = Record::Paxos(writes);
        if is_vital {
            self.journal.append(&record)
        } else {
            self.journal.append_later(&record)
        }
        if let Record::Paxos(writes) = record {
            writes.into_iter().for_each(|write| acceptor.apply(write));
        }
        Ok(())
    }
}

/// The error for what the log never uses.
fn unused<T>(what: &str) -> StorageResult<T> {
    Err(format!("the log uses no {what} of OmniPaxos").into())
}

impl Storage<Entry> for PaxosStorage {
    fn write_atomically(&mut self, ops: Vec<StorageOp<Entry>>) -> StorageResult<()> {
        let write = |op| {
            Ok(match op {
                StorageOp::AppendEntry(entry) => Write::Append(vec![entry]),
                StorageOp::AppendEntries(entries) => Write::Append(entries),
                StorageOp::AppendOnPrefix(index, entries) => Write::Replace(index, entries),
                StorageOp::SetPromise(ballot) => Write::Promise(ballot),
                StorageOp::SetDecidedIndex(index) => Write::Decided(index),
                StorageOp::SetAcceptedRound(ballot) => Write::Round(ballot),
                StorageOp::SetCompactedIdx(index) | StorageOp::Trim(index) => Write::Trim(index),
                StorageOp::SetStopsign(_) => return unused("stop sign"),
                StorageOp::SetSnapshot(_) => return unused("snapshot"),
            })
        };
        self.write(ops.into_iter().map(write).collect::<StorageResult<_>>()?)
    }

    fn append_entry(&mut self, entry: Entry) -> StorageResult<()> {
        self.write(vec![Write::Append(vec![entry])])
    }

    fn append_entries(&mut self, entries: Vec<Entry>) -> StorageResult<()> {
        self.write(vec![Write::Append(entries)])
    }

    fn append_on_prefix(&mut self, from_idx: usize, entries: Vec<Entry>) -> StorageResult<()> {
        self.write(vec![Write::Replace(from_idx, entries)])
    }

    fn set_promise(&mut self, n_prom: Ballot) -> StorageResult<()> {
        self.write(vec![Write::Promise(n_prom)])
    }

    fn set_decided_idx(&mut self, ld: usize) -> StorageResult<()> {
        self.write(vec![Write::Decided(ld)])
    }

    fn get_decided_idx(&self) -> StorageResult<usize> {
        Ok(self.acceptor.borrow().decided)
    }

    fn set_accepted_round(&mut self, na: Ballot) -> StorageResult<()> {
        self.write(vec![Write::Round(na)])
    }

    fn get_accepted_round(&self) -> StorageResult<Option<Ballot>> {
        Ok(self.acceptor.borrow().round)
    }

    fn get_entries(&self, from: usize, to: usize) -> StorageResult<Vec<Entry>> {
        let acceptor = self.acceptor.borrow();
        let (from, to) = (from.checked_sub(acceptor.trimmed), to.checked_sub(acceptor.trimmed));
        let entries = from.zip(to).and_then(|(from, to)| acceptor.entries.get(from..to));
        Ok(entries.unwrap_or_default().to_vec())
    }

    fn get_log_len(&self) -> StorageResult<usize> {
        Ok(self.acceptor.borrow().entries.len())
    }

    fn get_suffix(&self, from: usize) -> StorageResult<Vec<Entry>> {
        let acceptor = self.acceptor.borrow();
        let Some(from) = from.checked_sub(acceptor.trimmed) else {
            return Err(format!("entry {from} was asked for, but those before {} are cut off", acceptor.trimmed).into());
        };
        Ok(acceptor.entries.get(from..).unwrap_or_default().to_vec())
    }

    fn get_promise(&self) -> StorageResult<Option<Ballot>> {
        Ok(self.acceptor.borrow().promise)
    }

    fn set_stopsign(&mut self, _: Option<StopSign>) -> StorageResult<()> {
        unused("stop sign")
    }

    fn get_stopsign(&self) -> StorageResult<Option<StopSign>> {
        Ok(None)
    }

    fn trim(&mut self, idx: usize) -> StorageResult<()> {
        self.write(vec![Write::Trim(idx)])
    }

    fn set_compacted_idx(&mut self, idx: usize) -> StorageResult<()> {
        self.write(vec![Write::Trim(idx)])
    }

    fn get_compacted_idx(&self) -> StorageResult<usize> {
        Ok(self.acceptor.borrow().trimmed)
    }

    fn set_snapshot(&mut self, _: Option<NoSnapshot>) -> StorageResult<()> {
        unused("snapshot")
    }

    fn get_snapshot(&self) -> StorageResult<Option<NoSnapshot>> {
        Ok(None)
    }
}

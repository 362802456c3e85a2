//! The table of calls that await their reply. A reply counts only if it comes from the node that was asked, so a late or
//! foreign one finds no call and is ignored.

use crate::{message::Message, node_id::NodeId};
use std::{collections::VecDeque, rc::Rc};

#[derive(Default)]
pub(crate) struct PendingCalls {
    /// The calls by their numbers, which only grow.
    calls: VecDeque<(i64, Pending)>,
}

struct Pending {
    /// The sender whose reply counts; `None`: any sender's.
    dest: Option<NodeId>,
    call: Rc<dyn Complete>,
}

/// A call that waits.
pub(crate) trait Complete {
    /// Ends it with its reply, or with `None` if no reply can come any more.
    fn complete(&self, reply: Option<&Message<'_>>);
}

impl PendingCalls {
    /// Adds a call, whose number is higher than all before.
    pub(crate) fn push(&mut self, msg_id: i64, dest: NodeId, call: Rc<dyn Complete>) {
        self.calls.push_back((msg_id, Pending { dest: Some(dest), call }));
    }

    /// Accepts the reply to `msg_id` from any sender.
    pub(crate) fn accept_any_sender(&mut self, msg_id: i64) {
        if let Some(place) = self.place(msg_id) {
            self.calls[place].1.dest = None;
        }
    }

    pub(crate) fn forget(&mut self, msg_id: i64) {
        self.place(msg_id).and_then(|place| self.calls.remove(place));
    }

    /// Removes and returns the call that `reply` completes, if there is one.
    pub(crate) fn take(&mut self, reply: &Message<'_>, in_reply_to: i64) -> Option<Rc<dyn Complete>> {
        let place = self.place(in_reply_to)?;
        let dest = self.calls[place].1.dest.as_ref();
        if dest.is_some_and(|dest| dest != reply.src()) {
            return None;
        }
        self.calls.remove(place).map(|(_, pending)| pending.call)
    }

    /// Removes and returns all calls, oldest first.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Rc<dyn Complete>> + use<> {
        std::mem::take(&mut self.calls).into_iter().map(|(_, pending)| pending.call)
    }

    fn place(&self, msg_id: i64) -> Option<usize> {
        self.calls.binary_search_by_key(&msg_id, |(number, _)| *number).ok()
    }
}

//! The table of calls that await their reply. A reply counts only if it comes from the node that was asked, so a late or
//! foreign one finds no call and is ignored.

use crate::{message::Message, node_id::NodeId};
use std::collections::BTreeMap;

#[derive(Default)]
pub(crate) struct PendingCalls {
    calls: BTreeMap<i64, Pending>,
}

struct Pending {
    /// The sender whose reply counts; `None`: any sender's.
    dest: Option<NodeId>,
    complete: Complete,
}

/// Completes a call with its reply, or with `None` if no reply can come any more.
pub(crate) type Complete = Box<dyn FnOnce(Option<&Message<'_>>)>;

impl PendingCalls {
    pub(crate) fn insert(&mut self, msg_id: i64, dest: NodeId, complete: Complete) {
        self.calls.insert(msg_id, Pending { dest: Some(dest), complete });
    }

    /// Accepts the reply to `msg_id` from any sender.
    pub(crate) fn accept_any_sender(&mut self, msg_id: i64) {
        if let Some(pending) = self.calls.get_mut(&msg_id) {
            pending.dest = None;
        }
    }

    pub(crate) fn forget(&mut self, msg_id: i64) {
        self.calls.remove(&msg_id);
    }

    /// Removes and returns the call that `reply` completes, if there is one.
    pub(crate) fn take(&mut self, reply: &Message<'_>, in_reply_to: i64) -> Option<Complete> {
        let pending = self.calls.get(&in_reply_to)?;
        if pending.dest.as_ref().is_some_and(|dest| dest != reply.src()) {
            return None;
        }
        self.calls.remove(&in_reply_to).map(|pending| pending.complete)
    }

    /// Removes and returns all calls, oldest first.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Complete> + use<> {
        std::mem::take(&mut self.calls).into_values().map(|pending| pending.complete)
    }
}

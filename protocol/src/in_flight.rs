//! Requests whose handlers are still waiting for something. A node that stops before they finish answers each with an
//! error.

use crate::node_id::NodeId;

#[derive(Default)]
pub(crate) struct InFlight {
    /// Each request with the number of those that came before it; the places of earlier requests are used again.
    requests: Vec<Option<(u64, Unanswered)>>,
    /// The places that are free.
    free: Vec<usize>,
    begun: u64,
}

/// The parts of a request that a reply needs.
#[derive(Clone)]
pub(crate) struct Unanswered {
    pub(crate) from: NodeId,
    pub(crate) msg_id: i64,
    pub(crate) wire_type: &'static str,
}

impl InFlight {
    /// Records a request and returns its place.
    pub(crate) fn begin(&mut self, request: Unanswered) -> usize {
        let entry = Some((self.begun, request));
        self.begun += 1;
        if let Some(place) = self.free.pop() {
            self.requests[place] = entry;
            return place;
        }
        self.requests.push(entry);
        self.requests.len() - 1
    }

    /// Forgets a request that has its reply.
    pub(crate) fn end(&mut self, place: usize) {
        if self.requests.get_mut(place).and_then(Option::take).is_some() {
            self.free.push(place);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.requests.len() - self.free.len()
    }

    /// Removes and returns all requests, oldest first.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Unanswered> + use<> {
        self.free.clear();
        let mut all: Vec<_> = std::mem::take(&mut self.requests).into_iter().flatten().collect();
        all.sort_unstable_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, request)| request)
    }
}

//! The state of the exchange of [batches](Batch) with one other node: its version vector, and the times of the last
//! messages in both directions.

use super::{
    origin_logs::{Delta, OriginLogs},
    version_vector::VersionVector,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{cell::Cell, time::Duration};

/// The time that an acknowledgement waits for a batch to travel with.
const ACKNOWLEDGE: Duration = Duration::from_secs(1);

/// The time after which an unacknowledged batch is sent again.
const RETRY: Duration = Duration::from_secs(2);

/// The time after which a peer that was never heard is asked for a first message.
const GREETING: Duration = Duration::from_secs(1);

/// The time, besides the round trip, that the other side may leave a batch unacknowledged until it counts as silent.
const SILENCE: Duration = Duration::from_secs(2);

/// New values and acknowledgements. Times are in milliseconds.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Batch {
    /// The sender's version vector.
    pub(crate) has: VersionVector,
    /// The values that the receiver lacks.
    pub(crate) news: Vec<Delta>,
    /// The sending time by the sender's clock.
    pub(crate) sent: u64,
    pub(crate) exchange: Exchange,
    /// From the coordinator: the length of its cycle, if values travel through it.
    pub(crate) cycle: Option<u64>,
    /// From the coordinator: the round trip, once it has been measured.
    pub(crate) round_trip: Option<u64>,
}

impl Batch {
    /// Tells if the sender sent this in its turn, because it had new values, rather than in between.
    pub(crate) fn is_turn(&self) -> bool {
        !self.exchange.ask && !self.exchange.reply && !self.news.is_empty()
    }
}

/// The relation of a batch to the batches of the other side.
#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Exchange {
    /// The sender asks for the values that it lacks.
    pub(crate) ask: bool,
    /// The receiver had asked for the values that it lacks.
    pub(crate) reply: bool,
    /// The sending time of the batch that this one answers, by its sender's clock, plus the time that the answer was
    /// held back.
    pub(crate) answers: Option<u64>,
}

/// One node's state about another.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// The other side's version vector, as it last said.
    pub(crate) has: VersionVector,
    /// The number of values that this node had when the other side was last found to have them all.
    level: Cell<Option<usize>>,
    /// The number of values that this node had when it last sent a batch.
    total_when_sent: usize,
    last_sent: Option<Duration>,
    /// Set once anything has arrived.
    heard: bool,
    /// The arrival of the last batch that the other side sent in its turn.
    last_turn: Option<Duration>,
    /// The time since which the other side waits for an acknowledgement.
    ack_due: Option<Duration>,
    /// The time since which this node waits for the other side to have this many of its own values.
    pending: Option<(Duration, usize)>,
    /// The time at which this node last asked for what it lacks.
    asked: Option<Duration>,
    /// The round trip, once it has been measured.
    pub(crate) round_trip: Option<Duration>,
}

impl Link {
    /// A link over which nothing has been sent. Until the other side is heard, it counts as having what this node had at
    /// its start: a restarted node asks before it sends all its values.
    pub(crate) fn new(has: VersionVector) -> Self {
        Self { has, ..Self::default() }
    }

    /// Tells if it is time to send a batch. New values are a reason only `through_coordinator`.
    pub(crate) fn is_due(&self, logs: &OriginLogs, now: Duration, through_coordinator: bool) -> bool {
        let is_over = |since: Option<Duration>, timeout| since.is_none_or(|since| now >= since + timeout);
        let at_once = through_coordinator && !self.is_silent(now);
        let news =
            (at_once && logs.total() > self.total_when_sent || is_over(self.last_sent, RETRY)) && self.has_news(logs);
        news || self.ack_due.is_some() && is_over(self.ack_due, ACKNOWLEDGE) || self.is_unheard(now)
    }

    /// Tells if this node has values that the other side is not known to have. Every tick asks this for every link, so the
    /// vectors are compared again only after a change.
    fn has_news(&self, logs: &OriginLogs) -> bool {
        if self.level.get() == Some(logs.total()) {
            return false;
        }
        let has_news = logs.vector().exceeds(&self.has);
        if !has_news {
            self.level.set(Some(logs.total()));
        }
        has_news
    }

    /// Tells if the other side must be asked for a first message.
    pub(crate) fn is_unheard(&self, now: Duration) -> bool {
        !self.heard && now >= self.last_sent.map_or(GREETING, |sent| sent + RETRY)
    }

    /// Tells if the other side's last turn is so long ago that no further one can be expected.
    pub(crate) fn is_idle(&self, now: Duration, cycle: Duration) -> bool {
        self.last_turn.is_none_or(|turn| now > turn + cycle * 3 / 2)
    }

    /// Tells if the other side has left a batch unacknowledged for too long.
    pub(crate) fn is_silent(&self, now: Duration) -> bool {
        self.pending.is_some_and(|(since, _)| now > since + SILENCE + self.round_trip.unwrap_or_default())
    }

    /// A batch with the values that the other side is not known to have, as many as fit.
    pub(crate) fn batch(&mut self, logs: &OriginLogs, now: Duration, mut exchange: Exchange) -> Batch {
        exchange.ask |= self.is_unheard(now);
        let news = logs.beyond(&self.has);
        if !news.is_empty() || exchange.ask {
            self.pending.get_or_insert((now, logs.own_length(logs.vector())));
        }
        if exchange.ask {
            self.asked = Some(now);
        }
        self.total_when_sent = logs.total();
        self.last_sent = Some(now);
        self.ack_due = None;
        Batch { has: logs.vector().clone(), news, sent: millis(now), exchange, cycle: None, round_trip: None }
    }

    /// Takes the times and the vector of a batch that has arrived.
    pub(crate) fn hear(&mut self, now: Duration, batch: &mut Batch) {
        // An answer to an earlier incarnation of this node has times of another clock.
        let answers = batch.exchange.answers.map(Duration::from_millis);
        let measured = answers.and_then(|answers| now.checked_sub(answers));
        let average = |measured| self.round_trip.map_or(measured, |average| (average * 7 + measured) / 8);
        self.round_trip = batch.round_trip.map(Duration::from_millis).or(measured.map(average)).or(self.round_trip);
        self.heard = true;
        self.last_turn = if batch.is_turn() { Some(now) } else { self.last_turn };
        if !batch.news.is_empty() {
            self.ack_due.get_or_insert(now);
        }
        self.has = std::mem::take(&mut batch.has);
        self.level.set(None);
    }

    /// The answer to a batch whose values have been applied: one to send at once, if the other side asked or has still
    /// more values.
    pub(crate) fn answer(&mut self, logs: &OriginLogs, now: Duration, batch: &Batch) -> Option<Exchange> {
        self.pending = self.pending.filter(|(_, own)| logs.own_length(&self.has) < *own);
        self.asked = self.asked.filter(|asked| !batch.exchange.reply && now < *asked + RETRY);
        let ask = self.has.exceeds(logs.vector()) && self.asked.is_none();
        let reply = batch.exchange.ask;
        (ask || reply).then_some(Exchange { ask, reply, answers: Some(batch.sent) })
    }
}

/// A duration in whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

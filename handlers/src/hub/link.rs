//! What a node knows of another one that it exchanges [`Batch`]es with: what that has, and when who has spoken last.

use super::knowledge::{Excerpt, Knowledge, Vector};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a confirmation waits for a batch to ride on.
const CONFIRM: Duration = Duration::from_secs(1);

/// How long to wait for a confirmation before the same is sent again.
const RETRY: Duration = Duration::from_secs(2);

/// How long to wait for the first word of a peer before it is asked for one.
const GREETING: Duration = Duration::from_secs(1);

/// How long the other side may leave unconfirmed what it was sent, besides the round trip, until it counts as silent.
const PATIENCE: Duration = Duration::from_secs(2);

/// News and confirmations. Times are in milliseconds.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Batch {
    /// What the sender has.
    pub(crate) has: Vector,
    /// What the receiver lacks.
    pub(crate) news: Vec<Excerpt>,
    /// When it was sent, by the sender's clock.
    pub(crate) sent: u64,
    pub(crate) exchange: Exchange,
    /// From the hub: how long its cycle is, if values travel through it.
    pub(crate) cycle: Option<u64>,
    /// From the hub: the round trip, once it has been measured.
    pub(crate) round_trip: Option<u64>,
}

impl Batch {
    /// Whether it was sent because it was its sender's turn with news, not in between.
    pub(crate) fn is_turn(&self) -> bool {
        !self.exchange.ask && !self.exchange.reply && !self.news.is_empty()
    }
}

/// What a batch is to the other side's batches.
#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Exchange {
    /// Whether the sender asks for what it lacks.
    pub(crate) ask: bool,
    /// Whether the receiver has asked for what it lacks.
    pub(crate) reply: bool,
    /// When the batch that this answers was sent, by its sender's clock; later by as long as the answer was held back.
    pub(crate) answers: Option<u64>,
}

/// What a node knows of another one.
#[derive(Default)]
pub(crate) struct Link {
    /// What the other side has said it has.
    pub(crate) has: Vector,
    /// How many values we had when we last told what is new.
    told: usize,
    last_sent: Option<Duration>,
    /// Whether anything has come from it.
    heard: bool,
    /// When something came last because it was the other side's turn.
    last_turn: Option<Duration>,
    /// Since when the other side has waited for a confirmation.
    owed: Option<Duration>,
    /// Since when we have waited for it to have so many of our own values.
    pending: Option<(Duration, usize)>,
    /// When we last asked for what we lack.
    asked: Option<Duration>,
    /// The round trip, once it has been measured.
    pub(crate) round_trip: Option<Duration>,
}

impl Link {
    /// Whether it is time to send a batch; news are a reason only `through_hub`.
    pub(crate) fn is_due(&self, knowledge: &Knowledge, now: Duration, through_hub: bool) -> bool {
        let is_over = |since: Option<Duration>, patience| since.is_none_or(|since| now >= since + patience);
        let at_once = through_hub && !self.is_silent(now);
        let news = (at_once && knowledge.total() > self.told || is_over(self.last_sent, RETRY))
            && knowledge.exceeds(&self.has);
        news || self.owed.is_some() && is_over(self.owed, CONFIRM) || self.is_unheard(now)
    }

    /// Whether the other side must be asked for a first word.
    pub(crate) fn is_unheard(&self, now: Duration) -> bool {
        !self.heard && now >= self.last_sent.map_or(GREETING, |sent| sent + RETRY)
    }

    /// Whether the other side's last turn was so long ago that there is none to wait for.
    pub(crate) fn is_idle(&self, now: Duration, cycle: Duration) -> bool {
        self.last_turn.is_none_or(|turn| now > turn + cycle * 3 / 2)
    }

    /// Whether the other side leaves unconfirmed what it was sent.
    pub(crate) fn is_silent(&self, now: Duration) -> bool {
        self.pending.is_some_and(|(since, _)| now > since + PATIENCE + self.round_trip.unwrap_or_default())
    }

    /// A batch with all that the other side is not known to have, as far as there is room.
    pub(crate) fn batch(&mut self, knowledge: &Knowledge, now: Duration, mut exchange: Exchange) -> Batch {
        exchange.ask |= self.is_unheard(now);
        let news = knowledge.beyond(&self.has);
        if !news.is_empty() || exchange.ask {
            self.pending.get_or_insert((now, knowledge.own_part(knowledge.vector())));
        }
        if exchange.ask {
            self.asked = Some(now);
        }
        self.told = knowledge.total();
        self.last_sent = Some(now);
        self.owed = None;
        Batch { has: knowledge.vector().clone(), news, sent: millis(now), exchange, cycle: None, round_trip: None }
    }

    /// Takes in a batch, and says how to react at once: to a question, or because the other side has still more.
    pub(crate) fn receive(&mut self, knowledge: &mut Knowledge, now: Duration, batch: Batch) -> Option<Exchange> {
        // What an earlier life of ours sent has times of another clock.
        let answers = batch.exchange.answers.map(Duration::from_millis);
        let measured = answers.and_then(|answers| now.checked_sub(answers));
        let average = |measured| self.round_trip.map_or(measured, |average| (average * 7 + measured) / 8);
        self.round_trip = batch.round_trip.map(Duration::from_millis).or(measured.map(average)).or(self.round_trip);
        self.heard = true;
        self.last_turn = if batch.is_turn() { Some(now) } else { self.last_turn };
        if !batch.news.is_empty() {
            self.owed.get_or_insert(now);
        }
        knowledge.learn(now, batch.news);
        self.has = batch.has;
        self.pending = self.pending.filter(|(_, own)| knowledge.own_part(&self.has) < *own);
        self.asked = self.asked.filter(|asked| !batch.exchange.reply && now < *asked + RETRY);
        let ask = knowledge.lacks(&self.has) && self.asked.is_none();
        let reply = batch.exchange.ask;
        (ask || reply).then_some(Exchange { ask, reply, answers: Some(batch.sent) })
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

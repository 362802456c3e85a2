//! The node. It keeps the best scores that it knows and sends all of them to the other nodes now and then. Taking the
//! better of two scores is idempotent and independent of order, so all nodes converge.

use crate::leaderboard::{Entry, Standings, StandingsOk, Submit, SubmitOk};
use glomers_protocol::{Context, handler};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, collections::BTreeMap};

/// The best score of every player.
#[derive(Default)]
pub struct Board {
    best: RefCell<BTreeMap<String, i64>>,
}

/// All scores that the sender knows.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Gossip {
    best: BTreeMap<String, i64>,
}

#[handler(crate::leaderboard, schema)]
impl Board {
    fn submit(&self, request: Submit) -> SubmitOk {
        SubmitOk { best: self.improve(request.player, request.score) }
    }

    fn standings(&self, _: Standings) -> StandingsOk {
        let entry = |(player, score): (&String, &i64)| Entry { player: player.clone(), score: *score };
        StandingsOk { standings: self.best.borrow().iter().map(entry).collect() }
    }

    #[message]
    fn gossip(&self, gossip: Gossip) {
        for (player, score) in gossip.best {
            self.improve(player, score);
        }
    }

    #[every(millis = 500)]
    fn tell(&self, cx: &Context) {
        let gossip = Gossip { best: self.best.borrow().clone() };
        cx.peers().for_each(|peer| cx.send(peer, &gossip));
    }
}

impl Board {
    /// Stores the score if it is the player's best one. Returns the best one.
    fn improve(&self, player: String, score: i64) -> i64 {
        let mut best = self.best.borrow_mut();
        let best = best.entry(player).or_insert(score);
        *best = score.max(*best);
        *best
    }
}

//! Tests the node under partitions, and tests that the checker finds nodes that are wrong on purpose.

use glomers_protocol::{Context, Handler, handler};
use glomers_workbench::{Options, Report, Validity, options::Fault, simulate};
use own_workload::{
    Board, Leaderboard,
    leaderboard::{Entry, Standings, StandingsOk, Submit, SubmitOk},
};
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, collections::BTreeMap, time::Duration};

fn judge<H: Handler>(seed: u64, seconds: u64) -> Report {
    let options = Options::default()
        .seed(seed)
        .rate(20.0)
        .time_limit(Duration::from_secs(seconds))
        .nemesis(vec![Fault::Partition])
        .nemesis_interval(Duration::from_secs(1));
    simulate::<H>(Box::new(Leaderboard), &options).unwrap()
}

#[test]
fn the_board_is_never_blamed() {
    for seed in 0..20 {
        let report = judge::<Board>(seed, 10);
        assert_eq!(report.valid(), Validity::Valid, "seed {seed}: {report}");
    }
}

/// Sends each score to all other nodes, but only once.
#[derive(Default)]
struct ToldOnce {
    best: RefCell<BTreeMap<String, i64>>,
}

#[derive(Serialize, Deserialize)]
struct Heard {
    player: String,
    score: i64,
}

#[handler(own_workload::leaderboard)]
impl ToldOnce {
    fn submit(&self, cx: &Context, Submit { player, score }: Submit) -> SubmitOk {
        let heard = Heard { player, score };
        cx.peers().for_each(|peer| cx.send(peer, &heard));
        self.heard(heard);
        SubmitOk { best: score }
    }

    fn standings(&self, _: Standings) -> StandingsOk {
        let entry = |(player, score): (&String, &i64)| Entry { player: player.clone(), score: *score };
        StandingsOk { standings: self.best.borrow().iter().map(entry).collect() }
    }

    #[message]
    fn heard(&self, Heard { player, score }: Heard) {
        let mut best = self.best.borrow_mut();
        let best = best.entry(player).or_insert(score);
        *best = score.max(*best);
    }
}

#[test]
fn scores_that_a_partition_keeps_back_are_found() {
    for seed in 0..20 {
        let report = judge::<ToldOnce>(seed, 10);
        assert_eq!(report.valid(), Validity::Invalid, "seed {seed}: {report}");
    }
}

/// Shows the sum of a player's scores instead of the best one.
#[derive(Default)]
struct Adder {
    sums: RefCell<BTreeMap<String, i64>>,
}

#[handler(own_workload::leaderboard)]
impl Adder {
    fn submit(&self, Submit { player, score }: Submit) -> SubmitOk {
        *self.sums.borrow_mut().entry(player).or_default() += score;
        SubmitOk { best: score }
    }

    fn standings(&self, _: Standings) -> StandingsOk {
        let entry = |(player, score): (&String, &i64)| Entry { player: player.clone(), score: *score };
        StandingsOk { standings: self.sums.borrow().iter().map(entry).collect() }
    }
}

#[test]
fn scores_that_nobody_submitted_are_found() {
    let report = judge::<Adder>(0, 10).to_string();
    assert!(report.contains("which nobody submitted"), "{report}");
}

#[test]
fn the_walk_through_shows_a_report() {
    let report = judge::<ToldOnce>(9, 4).to_string();
    // The figures of the run come after the verdict.
    let (verdict, _) = report.split_once("\n\n  begun ").unwrap();
    assert!(include_str!("../../../docs/own-workload.md").contains(verdict), "{report}");
}

//! The nodes that a fault strikes (jepsen: `nemesis/combined.clj`, `db-nodes`).

use crate::options::Fault;
use glomers_protocol::{Json, NodeId};
use rand::{
    RngExt,
    seq::{IndexedRandom, SliceRandom},
};
use rand_pcg::Pcg64Mcg;

/// A choice of nodes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Targets {
    /// Any of them, at least one.
    Some,
    One,
    MinorityThird,
    Minority,
    Majority,
    All,
    /// Some of them, but fewer than half.
    FewerThanHalf,
}

impl Targets {
    /// The choices that may be drawn.
    const ALL: [Self; 6] = [Self::Some, Self::One, Self::MinorityThird, Self::Minority, Self::Majority, Self::All];

    pub(super) fn of(fault: Fault, rng: &mut Pcg64Mcg) -> Self {
        match fault {
            Fault::KillMinority | Fault::DiskCorrupt => Self::FewerThanHalf,
            _ => *Self::ALL.choose(rng).expect("there are targets"),
        }
    }

    /// The name in Jepsen's histories.
    pub(super) fn name(self) -> Json {
        Json::from(match self {
            Self::Some => return Json::null(),
            Self::One => "one",
            Self::MinorityThird => "minority-third",
            Self::Minority => "minority",
            Self::Majority => "majority",
            Self::All => "all",
            Self::FewerThanHalf => "fewer-than-half",
        })
    }

    pub(super) fn draw(self, nodes: &[String], rng: &mut Pcg64Mcg) -> Vec<NodeId> {
        let mut shuffled: Vec<NodeId> = nodes.iter().map(|id| NodeId::from(id.as_str())).collect();
        shuffled.shuffle(rng);
        let count = nodes.len();
        let fewer = (count - 1) / 2;
        shuffled.truncate(match self {
            Self::Some => rng.random_range(1..=count),
            Self::One => 1,
            Self::MinorityThird => (count - 1) / 3,
            Self::Minority => count / 2,
            Self::Majority => count / 2 + 1,
            Self::All => count,
            Self::FewerThanHalf => rng.random_range(fewer.min(1)..=fewer),
        });
        shuffled
    }
}

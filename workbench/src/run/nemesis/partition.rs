//! The nodes that do not hear each other in a partition (jepsen: `nemesis.clj`, `nemesis/combined.clj`).

use crate::{engine::network::Grudge, options::Fault};
use glomers_json::SortedSet;
use rand::{
    RngExt,
    seq::{IndexedRandom, SliceRandom},
};
use rand_pcg::Pcg64Mcg;

/// The number of partitions drawn, at most, until one isolates somebody.
const DRAWS: usize = 32;

/// A family of partitions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Partition {
    /// One node alone.
    One,
    /// Fewer than a third of the nodes apart from the others.
    MinorityThird,
    /// A smaller and a larger half.
    Majority,
    /// Every node hears a majority, and no two the same one.
    MajoritiesRing,
    /// Two halves, and one node of the larger that hears and is heard by all.
    Bridge,
    /// Some nodes, fewer than all, do not hear the others; the others hear them.
    OneWay,
}

impl Partition {
    /// Maelstrom's.
    const ALL: [Self; 4] = [Self::One, Self::MinorityThird, Self::Majority, Self::MajoritiesRing];

    /// The family that a fault asks for; one of Maelstrom's if it asks for any.
    pub(crate) fn of(fault: Fault, rng: &mut Pcg64Mcg) -> Self {
        match fault {
            Fault::PartitionOneWay => Self::OneWay,
            Fault::PartitionBridge => Self::Bridge,
            Fault::PartitionRing => Self::MajoritiesRing,
            _ => *Self::ALL.choose(rng).expect("there are families"),
        }
    }

    /// The name in Jepsen's histories.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::MinorityThird => "minority-third",
            Self::Majority => "majority",
            Self::MajoritiesRing => "majorities-ring",
            Self::Bridge => "bridge",
            Self::OneWay => "one-way",
        }
    }

    /// A partition of this family.
    pub(crate) fn grudge(self, nodes: &[String], rng: &mut Pcg64Mcg) -> Grudge {
        let mut shuffled = nodes.to_vec();
        shuffled.shuffle(rng);
        let count = nodes.len();
        match self {
            Self::One => split(&shuffled, 1),
            Self::MinorityThird => split(&shuffled, count.saturating_sub(1) / 3),
            Self::Majority => split(&shuffled, count / 2),
            Self::MajoritiesRing if count <= 5 => ring(&shuffled),
            Self::MajoritiesRing => random_ring(nodes, rng),
            Self::Bridge => bridge(&shuffled),
            Self::OneWay => {
                let deaf = if count > 1 { rng.random_range(1..count) } else { 0 };
                let mut grudge = Grudge::new();
                snub(&mut grudge, &shuffled[..deaf], &shuffled[deaf..]);
                grudge
            }
        }
    }
}

/// A partition that isolates somebody, if one can be drawn. Of two nodes, a ring of majorities isolates nobody, nor do
/// fewer than a third of them; a single node cannot be cut off from others.
pub(super) fn draw(fault: Fault, nodes: &[String], rng: &mut Pcg64Mcg) -> (Partition, Grudge) {
    for _ in 1..DRAWS {
        let partition = Partition::of(fault, rng);
        let grudge = partition.grudge(nodes, rng);
        if nodes.len() < 2 || grudge.values().any(|dropped| !dropped.is_empty()) {
            return (partition, grudge);
        }
    }
    let partition = Partition::of(fault, rng);
    (partition, partition.grudge(nodes, rng))
}

/// The first `count` nodes and the others do not hear each other.
fn split(nodes: &[String], count: usize) -> Grudge {
    let (left, right) = nodes.split_at(count.min(nodes.len()));
    mutual(left, right)
}

/// These nodes do not hear those.
fn snub(grudge: &mut Grudge, these: &[String], those: &[String]) {
    let those: SortedSet<String> = those.iter().cloned().collect();
    these.iter().for_each(|node| grudge.insert(node.clone(), those.clone()));
}

/// These nodes do not hear those, nor those these.
fn mutual(these: &[String], those: &[String]) -> Grudge {
    let mut grudge = Grudge::new();
    snub(&mut grudge, these, those);
    snub(&mut grudge, those, these);
    grudge
}

/// A smaller and a larger half, and the first node of the larger one between them.
fn bridge(nodes: &[String]) -> Grudge {
    let (left, right) = nodes.split_at(nodes.len() / 2);
    let right = right.get(1..).unwrap_or_default();
    mutual(left, right)
}

/// Each node hears the majority around it in a ring.
fn ring(nodes: &[String]) -> Grudge {
    let count = nodes.len();
    let majority = count / 2 + 1;
    let mut grudge = Grudge::new();
    for start in 0..count {
        let beyond = (majority..count).map(|offset| nodes[(start + offset) % count].clone());
        grudge.insert(nodes[(start + majority / 2) % count].clone(), beyond.collect());
    }
    grudge
}

/// Links the least connected nodes until each hears a majority.
fn random_ring(nodes: &[String], rng: &mut Pcg64Mcg) -> Grudge {
    let majority = nodes.len() / 2 + 1;
    // Of each node the indices of those that it hears.
    let mut heard: Vec<SortedSet<usize>> = (0..nodes.len()).map(|index| SortedSet::from_iter([index])).collect();
    loop {
        let degree = |index: usize| heard[index].len();
        let drawn = |(index, node)| (degree(index), rng.random::<u32>(), node, index);
        let order: Vec<(usize, u32, &String, usize)> = nodes.iter().enumerate().map(drawn).collect();
        let (degree, _, _, poorest) = *order.iter().min().expect("there are nodes");
        if degree >= majority {
            break;
        }
        let partner = order.iter().filter(|(_, _, _, node)| !heard[poorest].contains(node)).min();
        let (_, _, _, partner) = *partner.expect("a node without a majority has a node to link to");
        heard[poorest].insert(partner);
        heard[partner].insert(poorest);
    }
    let mut grudge = Grudge::new();
    for (node, heard) in nodes.iter().zip(&heard) {
        let unheard = nodes.iter().enumerate().filter(|(index, _)| !heard.contains(index));
        grudge.insert(node.clone(), unheard.map(|(_, other)| other.clone()).collect());
    }
    grudge
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::collections::BTreeSet;

    fn nodes(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("n{number}")).collect()
    }

    /// The number of nodes that each node hears, itself included, sorted.
    fn heard(partition: Partition, count: usize, seed: u64) -> Vec<usize> {
        let nodes = nodes(count);
        let grudge = partition.grudge(&nodes, &mut Pcg64Mcg::seed_from_u64(seed));
        let mut heard: Vec<_> =
            nodes.iter().map(|node| count - grudge.get(node).map_or(0, |dropped| dropped.len())).collect();
        heard.sort_unstable();
        heard
    }

    #[test]
    fn families_have_their_sizes() {
        for seed in 0..20 {
            assert_eq!(heard(Partition::One, 5, seed), [1, 4, 4, 4, 4]);
            assert_eq!(heard(Partition::MinorityThird, 5, seed), [1, 4, 4, 4, 4]);
            assert_eq!(heard(Partition::MinorityThird, 3, seed), [3, 3, 3]);
            assert_eq!(heard(Partition::Majority, 5, seed), [2, 2, 3, 3, 3]);
            assert_eq!(heard(Partition::MajoritiesRing, 5, seed), [3; 5]);
            assert!(heard(Partition::MajoritiesRing, 7, seed).iter().all(|heard| *heard >= 4));
            assert_eq!(heard(Partition::One, 1, seed), [1]);
            assert_eq!(heard(Partition::MajoritiesRing, 2, seed), [2, 2]);
            assert_eq!(heard(Partition::Bridge, 5, seed), [3, 3, 3, 3, 5]);
            assert_eq!(heard(Partition::Bridge, 2, seed), [2, 2]);
            assert_eq!(heard(Partition::OneWay, 2, seed), [1, 2]);
            assert_eq!(heard(Partition::OneWay, 1, seed), [1]);
        }
    }

    #[test]
    fn one_way_partitions_leave_the_other_way_open() {
        for seed in 0..20 {
            let grudge = Partition::OneWay.grudge(&nodes(5), &mut Pcg64Mcg::seed_from_u64(seed));
            assert!((1..5).contains(&grudge.len()));
            assert!(grudge.values().flat_map(|set| set.iter()).all(|heard| !grudge.contains_key(heard)));
        }
    }

    #[test]
    fn no_two_nodes_of_a_ring_hear_the_same_majority() {
        let grudge = Partition::MajoritiesRing.grudge(&nodes(5), &mut Pcg64Mcg::seed_from_u64(7));
        assert_eq!(grudge.values().collect::<BTreeSet<_>>().len(), 5);
    }
}

//! The neighbours that a topology proposes to each node (Maelstrom: `workload/broadcast.clj`).

use crate::options::Topology;
use glomers_protocol::NodeId;
use std::collections::BTreeMap;

/// The neighbours of each node.
pub(crate) fn neighbours(topology: Topology, nodes: &[String]) -> BTreeMap<NodeId, Vec<NodeId>> {
    let count = nodes.len();
    // In Maelstrom, a line of one node is empty.
    if topology == Topology::Line && count < 2 {
        return BTreeMap::new();
    }
    let of = |index: usize| -> Vec<usize> {
        match topology {
            Topology::Line => [index.checked_sub(1), Some(index + 1)].into_iter().flatten().collect(),
            Topology::Grid => grid(index, count),
            Topology::Tree(branches) => {
                let parent = index.checked_sub(1).map(|index| index / branches);
                parent.into_iter().chain((1..=branches).map(|child| index * branches + child)).collect()
            }
            Topology::Total => (0..count).filter(|other| *other != index).collect(),
        }
    };
    let id = |index: usize| NodeId::from(nodes[index].as_str());
    let named = |index: usize| of(index).into_iter().filter(|other| *other < count).map(id).collect();
    // One by one: collecting them would sort them first, and that code would be there for this map only.
    let mut neighbours = BTreeMap::new();
    for index in 0..count {
        neighbours.insert(id(index), named(index));
    }
    neighbours
}

/// The neighbours below, above, right and left in a square that is filled row by row.
fn grid(index: usize, count: usize) -> Vec<usize> {
    let side = (1..).find(|side| side * side >= count).unwrap_or(1);
    let column = index % side;
    let right = (column + 1 < side).then_some(index + 1);
    let left = (column > 0).then(|| index - 1);
    [Some(index + side), index.checked_sub(side), right, left].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(topology: Topology, count: usize, expected: &[&str]) {
        let nodes: Vec<_> = (0..count).map(|number| format!("n{number}")).collect();
        let lists = neighbours(topology, &nodes);
        let shown: Vec<_> = lists
            .iter()
            .map(|(node, others)| {
                format!("{node}: {}", others.iter().map(NodeId::as_str).collect::<Vec<_>>().join(" "))
            })
            .collect();
        assert_eq!(shown, expected, "{topology:?} of {count}");
    }

    #[test]
    fn neighbours_are_those_of_maelstrom() {
        check(Topology::Grid, 5, &["n0: n3 n1", "n1: n4 n2 n0", "n2: n1", "n3: n0 n4", "n4: n1 n3"]);
        check(Topology::Line, 3, &["n0: n1", "n1: n0 n2", "n2: n1"]);
        check(Topology::Line, 1, &[]);
        check(Topology::Tree(2), 6, &["n0: n1 n2", "n1: n0 n3 n4", "n2: n0 n5", "n3: n1", "n4: n1", "n5: n2"]);
        check(Topology::Total, 3, &["n0: n1 n2", "n1: n0 n2", "n2: n0 n1"]);
        check(Topology::Grid, 1, &["n0: "]);
    }
}

//! The sides of partitions, which the message diagram shows: the nodes that could still reach each other.

use glomers_checkers::history::{History, Process, faults::step};
use indexmap::IndexMap;
use std::time::Duration;

/// The nodes whose messages each node drops.
type Grudge = IndexMap<String, Vec<String>>;

/// A partition while it was in force.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Sides {
    pub(super) begin: Duration,
    /// `None` if the history ends before.
    pub(super) end: Option<Duration>,
    /// The side of each node, by its place among the nodes. In a ring of majorities all nodes are on one side, because
    /// each can reach another one.
    pub(super) of: Vec<usize>,
}

/// The partitions of a history, by the nemesis's record of the messages that each node drops.
pub(super) fn sides(history: &History, nodes: &[String]) -> Vec<Sides> {
    let mut all: Vec<Sides> = Vec::new();
    let mut open: IndexMap<&str, usize> = IndexMap::new();
    for op in history.ops().iter().filter(|op| op.process == Process::Nemesis) {
        let (fault, begins) = step(&op.f);
        if !begins {
            if let Some(place) = open.swap_remove(fault) {
                all[place].end = Some(op.time);
            }
        } else if let Ok((_, grudge)) = op.value.decode::<(String, Grudge)>() {
            open.insert(fault, all.len());
            all.push(Sides { begin: op.time, end: None, of: components(nodes, &grudge) });
        }
    }
    all
}

/// The number of each node's component in the graph of nodes that can reach each other in both directions.
fn components(nodes: &[String], grudge: &Grudge) -> Vec<usize> {
    let drops = |node: &String, other: &String| grudge.get(node).is_some_and(|dropped| dropped.contains(other));
    let is_linked = |one: usize, other: usize| !drops(&nodes[one], &nodes[other]) && !drops(&nodes[other], &nodes[one]);
    let mut of: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut count = 0;
    for first in 0..nodes.len() {
        if of[first].is_some() {
            continue;
        }
        let mut waiting = vec![first];
        while let Some(node) = waiting.pop() {
            if of[node].replace(count).is_none() {
                waiting.extend((0..nodes.len()).filter(|other| of[*other].is_none() && is_linked(node, *other)));
            }
        }
        count += 1;
    }
    of.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use glomers_checkers::history::{Kind, Op};
    use glomers_json::Json;

    fn nodes() -> Vec<String> {
        ["n0", "n1", "n2", "n3", "n4"].map(str::to_owned).to_vec()
    }

    fn op(seconds: u64, f: &'static str, value: &str) -> Op {
        let value: Json = serde_json::from_str(value).unwrap();
        Op::new(Duration::from_secs(seconds), Process::Nemesis, Kind::Info, f, value)
    }

    #[test]
    fn a_partition_has_sides_while_it_is_in_force() {
        let grudge = r#"["isolated",{"n0":["n1","n3"],"n1":["n0","n2","n4"],"n2":["n1","n3"],"n3":["n0","n2","n4"],"n4":["n1","n3"]}]"#;
        let history: History = [
            op(1, "start-partition", "\"majority\""),
            op(1, "start-partition", grudge),
            op(3, "stop-partition", "null"),
            op(3, "stop-partition", "\"network-healed\""),
            op(5, "start-partition", grudge),
        ]
        .into_iter()
        .collect();
        let second = Duration::from_secs(1);
        let of = vec![0, 1, 0, 1, 0];
        let expected = [
            Sides { begin: second, end: Some(3 * second), of: of.clone() },
            Sides { begin: 5 * second, end: None, of },
        ];
        assert_eq!(sides(&history, &nodes()), expected);
    }

    #[test]
    fn a_ring_has_one_side() {
        let grudge = r#"["isolated",{"n0":["n2"],"n1":["n3"],"n2":["n4"],"n3":["n0"],"n4":["n1"]}]"#;
        let history: History = [op(1, "start-partition", grudge)].into_iter().collect();
        assert_eq!(sides(&history, &nodes())[0].of, [0; 5]);
    }
}

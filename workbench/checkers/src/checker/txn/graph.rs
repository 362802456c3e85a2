//! Graphs of dependencies among transactions, which are known by their places in the history.

use crate::order::sort_by_number;
use std::ops::BitOr;

/// A set of kinds of dependencies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rels(u8);

impl Rels {
    pub(super) const NONE: Self = Self(0);
    /// The second transaction overwrites what the first one wrote.
    pub(super) const WW: Self = Self(1);
    /// The second transaction reads what the first one wrote.
    pub(super) const WR: Self = Self(2);
    /// The second transaction overwrites what the first one read.
    pub(super) const RW: Self = Self(4);
    /// The same client executes the second transaction after the first.
    pub(super) const PROCESS: Self = Self(8);
    /// The second transaction begins after the first has ended.
    pub(super) const REALTIME: Self = Self(16);

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds, each alone.
    pub(super) fn each(self) -> impl Iterator<Item = Self> {
        [Self::WW, Self::WR, Self::RW, Self::PROCESS, Self::REALTIME].into_iter().filter(move |rel| self.meets(*rel))
    }

    /// Elle's name of a kind.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::WW => "ww",
            Self::WR => "wr",
            Self::RW => "rw",
            Self::PROCESS => "process",
            _ => "realtime",
        }
    }
}

impl BitOr for Rels {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The bits of an edge that say what kinds it has; those above are its end and then its beginning.
const RELS_BITS: u32 = 6;
/// The bits of a vertex.
const VERTEX_BITS: u32 = 29;

/// A graph under construction.
#[derive(Default)]
pub(super) struct Builder {
    /// The edges as numbers, so that sorting them brings those between the same vertices together.
    edges: Vec<u64>,
    /// True if it has any vertex. As in Elle, a vertex that is linked only to itself counts.
    is_used: bool,
}

impl Builder {
    pub(super) fn link(&mut self, from: usize, to: usize, rel: Rels) {
        self.is_used = true;
        let (from, to) = ((from as u64) << (VERTEX_BITS + RELS_BITS), (to as u64) << RELS_BITS);
        self.edges.push(from | to | u64::from(rel.0));
    }

    /// Links two transactions unless they are one, which becomes a vertex all the same.
    pub(super) fn link_others(&mut self, from: usize, to: usize, rel: Rels) {
        self.is_used = true;
        if from != to {
            self.link(from, to, rel);
        }
    }

    pub(super) fn is_used(&self) -> bool {
        self.is_used
    }

    /// Sorts the edges, first by their beginning: there are few edges from each vertex, but millions of all.
    fn sort(&mut self, vertex_count: usize) {
        let from = |edge: u64| usize::try_from(edge >> (VERTEX_BITS + RELS_BITS)).expect("it was a place in a list");
        let mut starts = vec![0_usize; vertex_count + 1];
        self.edges.iter().for_each(|edge| starts[from(*edge) + 1] += 1);
        for vertex in 0..vertex_count {
            starts[vertex + 1] += starts[vertex];
        }
        let mut sorted = vec![0; self.edges.len()];
        for edge in &self.edges {
            let next = &mut starts[from(*edge)];
            sorted[*next] = *edge;
            *next += 1;
        }
        // By now each vertex has its end where it had its start.
        let mut start = 0;
        for end in &starts[..vertex_count] {
            sorted[start..*end].sort_unstable();
            start = *end;
        }
        self.edges = sorted;
    }

    /// The graph with these vertices, in which two edges between the same vertices are one.
    pub(super) fn finish(mut self, vertex_count: usize) -> Graph {
        assert!(vertex_count <= 1 << VERTEX_BITS, "a history has fewer than 2^{VERTEX_BITS} transactions");
        self.sort(vertex_count);
        let mut graph = Graph::default();
        let mut last = None;
        for edge in self.edges {
            let rels = Rels((edge & ((1 << RELS_BITS) - 1)).to_le_bytes()[0]);
            let pair = edge >> RELS_BITS;
            match graph.edges.last_mut() {
                Some((_, known)) if last == Some(pair) => *known = *known | rels,
                _ => {
                    graph.end_until(usize::try_from(pair >> VERTEX_BITS).expect("it was a place in a list"));
                    let to = pair & ((1 << VERTEX_BITS) - 1);
                    graph.edges.push((u32::try_from(to).expect("it has 29 bits"), rels));
                }
            }
            last = Some(pair);
        }
        graph.end_until(vertex_count);
        graph
    }
}

/// A graph: for each vertex the vertices that depend on it, sorted.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    /// The edges of all vertices, one vertex after the other.
    edges: Vec<(u32, Rels)>,
    /// For each vertex the end of its edges.
    ends: Vec<usize>,
}

impl Graph {
    /// The number of vertices.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The edges from a vertex.
    pub(super) fn out(&self, vertex: usize) -> impl Iterator<Item = (usize, Rels)> {
        self.edges_of(vertex).iter().map(|(to, rels)| (*to as usize, *rels))
    }

    fn edges_of(&self, vertex: usize) -> &[(u32, Rels)] {
        let start = vertex.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.edges[start..self.ends[vertex]]
    }

    /// Ends the edges of all vertices before this one.
    fn end_until(&mut self, vertex: usize) {
        self.ends.resize(vertex, self.edges.len());
    }

    /// The edges of some kinds, without them.
    pub(super) fn project(&self, rels: Rels) -> Vec<Vec<usize>> {
        let of_kind = |vertex| self.out(vertex).filter(|(_, edge)| edge.meets(rels)).map(|(to, _)| to).collect();
        (0..self.len()).map(of_kind).collect()
    }

    /// The part between these vertices, which get new numbers in their order.
    pub(super) fn select(&self, vertices: &[usize]) -> Self {
        let mut part = Self::default();
        for (number, vertex) in vertices.iter().enumerate() {
            for (to, rels) in self.out(*vertex) {
                if let Ok(place) = vertices.binary_search(&to) {
                    part.edges.push((u32::try_from(place).expect("a part has no more vertices"), rels));
                }
            }
            part.end_until(number + 1);
        }
        part
    }

    /// The kinds of an edge.
    pub(super) fn rels(&self, from: usize, to: usize) -> Rels {
        let edges = self.edges_of(from);
        let place = edges.partition_point(|(other, _)| (*other as usize) < to);
        edges.get(place).filter(|(other, _)| *other as usize == to).map_or(Rels::NONE, |(_, rels)| *rels)
    }

    /// Its strongly connected components, as those of [`components`].
    pub(super) fn components(&self) -> Vec<Vec<usize>> {
        find_components(self.len(), &|vertex, number| self.edges_of(vertex).get(number).map(|(to, _)| *to as usize))
    }
}

/// The strongly connected components with more than one vertex, each sorted, by their first vertex.
pub(super) fn components(out: &[Vec<usize>]) -> Vec<Vec<usize>> {
    find_components(out.len(), &|vertex, number| out[vertex].get(number).copied())
}

/// The vertex to which an edge of a vertex leads, by the number of the edge.
type Edges<'a> = dyn Fn(usize, usize) -> Option<usize> + 'a;

/// Finds the components (Tarjan).
fn find_components(count: usize, out: &Edges<'_>) -> Vec<Vec<usize>> {
    let mut search = Tarjan {
        out,
        index: vec![None; count],
        low: vec![0; count],
        is_open: vec![false; count],
        open: Vec::new(),
        count: 0,
        found: Vec::new(),
    };
    for root in 0..count {
        if search.index[root].is_none() {
            search.visit(root);
        }
    }
    sort_by_number(&mut search.found, |component| component[0] as u64);
    search.found
}

struct Tarjan<'a> {
    out: &'a Edges<'a>,
    index: Vec<Option<usize>>,
    low: Vec<usize>,
    is_open: Vec<bool>,
    open: Vec<usize>,
    count: usize,
    found: Vec<Vec<usize>>,
}

impl Tarjan<'_> {
    /// Explores everything behind `root`, with a stack of its own: a history may be a path of any length.
    fn visit(&mut self, root: usize) {
        let mut calls = vec![(root, 0)];
        self.enter(root);
        while let Some((vertex, next)) = calls.last_mut() {
            let vertex = *vertex;
            if let Some(to) = (self.out)(vertex, *next) {
                *next += 1;
                match self.index[to] {
                    None => {
                        self.enter(to);
                        calls.push((to, 0));
                    }
                    Some(index) if self.is_open[to] => self.low[vertex] = self.low[vertex].min(index),
                    Some(_) => {}
                }
                continue;
            }
            calls.pop();
            if let Some((parent, _)) = calls.last() {
                self.low[*parent] = self.low[*parent].min(self.low[vertex]);
            }
            if self.index[vertex] == Some(self.low[vertex]) {
                self.close(vertex);
            }
        }
    }

    fn enter(&mut self, vertex: usize) {
        self.index[vertex] = Some(self.count);
        self.low[vertex] = self.count;
        self.count += 1;
        self.open.push(vertex);
        self.is_open[vertex] = true;
    }

    fn close(&mut self, root: usize) {
        let start = self.open.iter().rposition(|vertex| *vertex == root).unwrap_or(0);
        let mut component = self.open.split_off(start);
        component.iter().for_each(|vertex| self.is_open[*vertex] = false);
        if component.len() > 1 {
            component.sort_unstable();
            self.found.push(component);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_circles() {
        let out = [vec![1], vec![2], vec![0, 3], vec![4], vec![], vec![5]];
        assert_eq!(components(&out), [vec![0, 1, 2]]);
    }

    #[test]
    fn edges_between_the_same_vertices_are_one() {
        let mut builder = Builder::default();
        builder.link(0, 1, Rels::WW);
        builder.link(0, 1, Rels::RW);
        builder.link_others(1, 1, Rels::WW);
        let graph = builder.finish(2);
        assert_eq!(graph.rels(0, 1), Rels::WW | Rels::RW);
        assert_eq!(graph.project(Rels::WR), vec![Vec::<usize>::new(); 2]);
        assert_eq!(graph.rels(1, 1), Rels::NONE);
    }
}

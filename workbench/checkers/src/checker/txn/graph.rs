//! Graphs of dependencies among transactions, which are known by their places in the history.

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

/// A graph under construction.
#[derive(Default)]
pub(super) struct Builder {
    edges: Vec<(usize, usize, Rels)>,
    /// True if it has any vertex. As in Elle, a vertex that is linked only to itself counts.
    is_used: bool,
}

impl Builder {
    pub(super) fn link(&mut self, from: usize, to: usize, rel: Rels) {
        self.is_used = true;
        self.edges.push((from, to, rel));
    }

    /// Links two transactions unless they are one, which becomes a vertex all the same.
    pub(super) fn link_others(&mut self, from: usize, to: usize, rel: Rels) {
        self.is_used = true;
        if from != to {
            self.edges.push((from, to, rel));
        }
    }

    pub(super) fn is_used(&self) -> bool {
        self.is_used
    }

    /// The graph with these vertices, in which two edges between the same vertices are one.
    pub(super) fn finish(mut self, vertex_count: usize) -> Graph {
        self.edges.sort_unstable_by_key(|(from, to, _)| (*from, *to));
        let mut out = vec![Vec::new(); vertex_count];
        for (from, to, rel) in self.edges {
            let edges: &mut Vec<(usize, Rels)> = &mut out[from];
            match edges.last_mut() {
                Some((last, rels)) if *last == to => *rels = *rels | rel,
                _ => edges.push((to, rel)),
            }
        }
        Graph { out }
    }
}

/// A graph: for each vertex the vertices that depend on it, sorted.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub(super) out: Vec<Vec<(usize, Rels)>>,
}

impl Graph {
    /// The edges of some kinds, without them.
    pub(super) fn project(&self, rels: Rels) -> Vec<Vec<usize>> {
        let project = |edges: &Vec<(usize, Rels)>| -> Vec<usize> {
            edges.iter().filter(|(_, edge)| edge.meets(rels)).map(|(to, _)| *to).collect()
        };
        self.out.iter().map(project).collect()
    }

    /// The part between these vertices, which get new numbers in their order.
    pub(super) fn select(&self, vertices: &[usize]) -> Self {
        let part = |vertex: &usize| {
            let number = |(to, rels): &(usize, Rels)| Some((vertices.binary_search(to).ok()?, *rels));
            self.out[*vertex].iter().filter_map(number).collect()
        };
        Self { out: vertices.iter().map(part).collect() }
    }

    /// The kinds of an edge.
    pub(super) fn rels(&self, from: usize, to: usize) -> Rels {
        let edges = &self.out[from];
        edges.binary_search_by_key(&to, |(to, _)| *to).map_or(Rels::NONE, |place| edges[place].1)
    }
}

/// The strongly connected components with more than one vertex, each sorted, by their first vertex (Tarjan).
pub(super) fn components(out: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut search = Tarjan {
        out,
        index: vec![None; out.len()],
        low: vec![0; out.len()],
        is_open: vec![false; out.len()],
        open: Vec::new(),
        count: 0,
        found: Vec::new(),
    };
    for root in 0..out.len() {
        if search.index[root].is_none() {
            search.visit(root);
        }
    }
    search.found.sort_unstable();
    search.found
}

struct Tarjan<'a> {
    out: &'a [Vec<usize>],
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
            if let Some(to) = self.out[vertex].get(*next).copied() {
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

//! Cycles of dependencies: which models they rule out, and one of each kind (elle: `txn.clj`, `bfs.clj`).
//!
//! A kind is a set of dependencies that a cycle may use, together with a count of `rw`. Elle searches for a path that
//! meets the description, names the dependency that explains each step best, and keeps the cycle if that makes it the
//! kind it was looking for. So does this module. Elle's order of search is a matter of hashing; here it is that of the
//! history.

use super::{
    graph::{Graph, Rels, components},
    models,
    names::Names,
};
use std::collections::VecDeque;

/// A part of the graph that must have no cycle if a model holds.
struct Existence {
    anomaly: &'static str,
    model: &'static str,
    rels: Rels,
    /// True if an `rw` may follow each of them.
    is_extended: bool,
}

const WW: Rels = Rels::WW;
const WR: Rels = Rels::WR;
const RW: Rels = Rels::RW;

/// The parts of the graph, the weakest model first.
fn existences() -> Vec<Existence> {
    let all = [
        ("PL-1-cycle-exists", "read-uncommitted", WW, false),
        ("PL-2-cycle-exists", "read-committed", WW | WR, false),
        ("PL-SI-cycle-exists", "snapshot-isolation", WW | WR, true),
        ("PL-2.99-cycle-exists", "repeatable-read", WW | WR | RW, false),
        ("PL-3-cycle-exists", "serializable", WW | WR | RW, false),
        ("strong-session-PL-1-cycle-exists", "strong-session-read-uncommitted", WW | Rels::PROCESS, false),
        ("strong-session-PL-2-cycle-exists", "strong-session-read-committed", WW | WR | Rels::PROCESS, false),
        (
            "strong-session-snapshot-isolation-cycle-exists",
            "strong-session-snapshot-isolation",
            WW | WR | Rels::PROCESS,
            true,
        ),
        (
            "strong-session-serializable-cycle-exists",
            "strong-session-serializable",
            WW | WR | RW | Rels::PROCESS,
            false,
        ),
        ("strong-PL-1-cycle-exists", "strong-read-uncommitted", WW | Rels::REALTIME, false),
        ("strong-PL-2-cycle-exists", "strong-read-committed", WW | WR | Rels::REALTIME, false),
        ("strong-snapshot-isolation-cycle-exists", "strong-snapshot-isolation", WW | WR | Rels::REALTIME, true),
        ("PL-SS-cycle-exists", "strong-serializable", WW | WR | RW | Rels::REALTIME, false),
    ];
    all.map(|(anomaly, model, rels, is_extended)| Existence { anomaly, model, rels, is_extended }).into()
}

/// The model that a proof of existence rules out; `None` for other anomalies.
pub(super) fn model(anomaly: &str) -> Option<&'static str> {
    existences().iter().find(|existence| existence.anomaly == anomaly).map(|existence| existence.model)
}

/// The `rw` dependencies of a cycle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Antidependencies {
    None,
    /// Exactly one.
    Single,
    /// At least two, never two in a row.
    Nonadjacent,
    /// At least two.
    Multiple,
}

/// A kind of cycle.
#[derive(Clone, Copy, Debug)]
struct Kind {
    name: &'static str,
    /// The dependencies that may be used, apart from counted `rw`.
    legal: Rels,
    /// Dependencies of which at least one must be used.
    wanted: [Rels; 2],
    rw: Antidependencies,
    /// True if the explained cycle must be of this kind.
    is_exact: bool,
}

/// The kinds in Elle's order of search.
fn kinds() -> Vec<Kind> {
    use Antidependencies::{Multiple, Nonadjacent, None, Single};
    let (plain, process, realtime) = (Rels::NONE, Rels::PROCESS, Rels::REALTIME);
    let kind = |name, order: Rels, legal: Rels, wanted: Rels, rw| {
        let is_exact = rw != None;
        Kind { name, legal: legal | order, wanted: [wanted, order], rw, is_exact }
    };
    let single = |name, order| kind(name, order, WW | WR, plain, Single);
    let nonadjacent = |name, order| kind(name, order, WW | WR, plain, Nonadjacent);
    let item = |name, order| kind(name, order, WW | WR | RW, plain, Multiple);
    let writes = |name, order| kind(name, order, WW, plain, None);
    let flow = |name, order| kind(name, order, WW | WR, WR, None);
    vec![
        single("G-single-item", plain),
        writes("G0", plain),
        nonadjacent("G-nonadjacent-item", plain),
        single("G-single-item-process", process),
        flow("G1c", plain),
        nonadjacent("G-nonadjacent-item-process", process),
        single("G-single-item-realtime", realtime),
        item("G2-item", plain),
        nonadjacent("G-nonadjacent-item-realtime", realtime),
        writes("G0-process", process),
        flow("G1c-process", process),
        item("G2-item-process", process),
        writes("G0-realtime", realtime),
        flow("G1c-realtime", realtime),
        item("G2-item-realtime", realtime),
    ]
}

/// A cycle, or the proof that there is one.
#[derive(Clone, Debug)]
pub(super) struct Cycle {
    /// The anomaly.
    pub(super) kind: &'static str,
    /// The transactions, each with the dependency that leads to the next one and from the last to the first. Only the
    /// transactions, if no single cycle was looked for.
    pub(super) steps: Vec<(usize, Rels)>,
}

/// The cycles of a graph, and the order in which the dependencies of one step are named.
pub(super) fn cycles(graph: &Graph, priority: [Rels; 5]) -> Vec<Cycle> {
    let mut all = Vec::new();
    for component in graph.components() {
        let part = graph.select(&component);
        for mut cycle in (Component { graph: &part, priority }).cycles() {
            cycle.steps.iter_mut().for_each(|(vertex, _)| *vertex = component[*vertex]);
            all.push(cycle);
        }
    }
    all
}

/// A strongly connected part of the graph.
struct Component<'a> {
    graph: &'a Graph,
    priority: [Rels; 5],
}

impl Component<'_> {
    fn cycles(&self) -> Vec<Cycle> {
        let (mut cycles, ruled_out) = self.existing();
        let possible: Names =
            existences().iter().map(|existence| existence.model).filter(|model| !ruled_out.contains(model)).collect();
        let mut redundant = models::forbidden_by(&possible);
        for kind in kinds() {
            if redundant.contains(kind.name) {
                continue;
            }
            if let Some(cycle) = self.find(&kind) {
                redundant.extend(&models::implied_by(vec![kind.name]));
                cycles.push(cycle);
            }
        }
        cycles
    }

    /// Proofs that cycles exist, and the models that they rule out.
    fn existing(&self) -> (Vec<Cycle>, Names) {
        let mut cycles = Vec::new();
        let mut ruled_out = Names::default();
        for existence in existences() {
            if ruled_out.contains(existence.model) {
                continue;
            }
            let out = self.part(&existence);
            let alone = (0..out.len()).find(|vertex| out[*vertex].contains(vertex)).map(|vertex| vec![vertex]);
            let smallest = components(&out).into_iter().min_by_key(Vec::len);
            if let Some(vertices) = alone.or(smallest) {
                let steps = vertices.into_iter().map(|vertex| (vertex, Rels::NONE)).collect();
                cycles.push(Cycle { kind: existence.anomaly, steps });
                ruled_out.extend(&models::stronger_than(vec![existence.model]));
            }
        }
        (cycles, ruled_out)
    }

    fn part(&self, existence: &Existence) -> Vec<Vec<usize>> {
        let mut out = self.graph.project(existence.rels);
        if existence.is_extended {
            let rw = self.graph.project(RW);
            for to in &mut out {
                let further: Vec<usize> = to.iter().flat_map(|middle| &rw[*middle]).copied().collect();
                to.extend(further);
                to.sort_unstable();
                to.dedup();
            }
        }
        out
    }

    /// A cycle of a kind, found by way of the parts of the graph that can hold one.
    fn find(&self, kind: &Kind) -> Option<Cycle> {
        let rels = kind.legal | if kind.rw == Antidependencies::None { Rels::NONE } else { RW };
        let out = self.graph.project(rels);
        let alone = (0..out.len()).filter(|vertex| out[*vertex].contains(vertex)).map(|vertex| vec![vertex]);
        let mut parts = components(&out);
        let alone: Vec<_> = alone.filter(|one| !parts.iter().any(|part| part.contains(&one[0]))).collect();
        parts.extend(alone);
        parts.iter().find_map(|part| {
            let graph = self.graph.select(part);
            let search = Search { graph: &graph, kind, priority: self.priority };
            let mut cycle = search.find()?;
            cycle.steps.iter_mut().for_each(|(vertex, _)| *vertex = part[*vertex]);
            Some(cycle)
        })
    }
}

/// The number of edges that a search follows at most. Whether a model holds does not depend on it, only how closely the
/// reason is named.
const MAX_STEPS: usize = 50_000_000;

/// The number of edges followed from one transaction to find a cycle that visits none twice.
const MAX_DETOURS: usize = 20_000;

/// A search for a cycle of one kind.
struct Search<'a> {
    graph: &'a Graph,
    kind: &'a Kind,
    priority: [Rels; 5],
}

/// The part of the description that a path has met.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct State {
    /// True for each of the wanted dependencies that is still to come.
    wants: [bool; 2],
    /// The number of `rw` that are still to come.
    wants_rw: u8,
    /// True if one more `rw` may be taken although it is not legal.
    may_take_rw: bool,
}

impl State {
    fn start(kind: &Kind) -> Self {
        let (wants_rw, may_take_rw) = match kind.rw {
            Antidependencies::None => (0, false),
            Antidependencies::Single => (1, true),
            Antidependencies::Nonadjacent => (2, true),
            Antidependencies::Multiple => (2, false),
        };
        Self { wants: kind.wanted.map(|wanted| !wanted.is_empty()), wants_rw, may_take_rw }
    }

    /// The state after a dependency, unless it cannot be used.
    fn step(self, kind: &Kind, rel: Rels) -> Option<Self> {
        let mut next = self;
        if let Some(place) = (0..2).find(|place| self.wants[*place] && kind.wanted[*place].meets(rel)) {
            next.wants[place] = false;
        }
        if rel == RW {
            next.wants_rw = self.wants_rw.saturating_sub(1);
        }
        if rel.meets(kind.legal) {
            // Another `rw` may follow this step.
            next.may_take_rw |= kind.rw == Antidependencies::Nonadjacent;
        } else if self.may_take_rw {
            next.may_take_rw = false;
        } else {
            return None;
        }
        Some(next)
    }

    /// Tells whether a path that ends here is a cycle of the kind, once it is closed.
    fn is_done(self, kind: &Kind) -> bool {
        let is_open = kind.rw == Antidependencies::Nonadjacent && !self.may_take_rw;
        self.wants == [false; 2] && self.wants_rw == 0 && !is_open
    }

    /// A number below [`STATES`].
    fn number(self) -> usize {
        let flags = [self.wants[0], self.wants[1], self.may_take_rw];
        flags.iter().fold(usize::from(self.wants_rw), |number, flag| 2 * number + usize::from(*flag))
    }
}

const STATES: usize = 24;

impl Search<'_> {
    fn find(&self) -> Option<Cycle> {
        let mut budget = MAX_STEPS;
        let mut reached = Reached::new(self.graph.len() * STATES);
        (0..self.graph.len()).find_map(|start| {
            let path = self.shortest(start, &mut reached, &mut budget)?;
            let path = if is_simple(&path) { path } else { self.simple(start)? };
            let cycle = self.explain(path);
            (!self.kind.is_exact || cycle.kind == self.kind.name).then_some(cycle)
        })
    }

    /// The first step is a wanted one, if any is: every cycle can begin there.
    fn is_first(&self, state: State, rel: Rels) -> bool {
        if state.wants_rw > 0 {
            return rel == RW;
        }
        state.wants == [false; 2] || (0..2).any(|place| state.wants[place] && self.kind.wanted[place].meets(rel))
    }

    /// A shortest closed path from a transaction, which may visit others twice.
    fn shortest(&self, start: usize, reached: &mut Reached, budget: &mut usize) -> Option<Vec<usize>> {
        let initial = State::start(self.kind);
        reached.clear();
        let mut queue = VecDeque::from([(start, initial, None)]);
        while let Some((vertex, state, from)) = queue.pop_front() {
            for (to, rels) in self.graph.out(vertex) {
                *budget = budget.checked_sub(1)?;
                for rel in rels.each().filter(|rel| from.is_some() || self.is_first(initial, *rel)) {
                    let Some(next) = state.step(self.kind, rel) else { continue };
                    if to == start {
                        if next.is_done(self.kind) {
                            return Some(reached.path(start, from));
                        }
                        continue;
                    }
                    let place = to * STATES + next.number();
                    if reached.insert(place, from) {
                        queue.push_back((to, next, Some(place)));
                    }
                }
            }
        }
        None
    }

    /// A closed path from a transaction that visits no other one twice, if it is found soon.
    fn simple(&self, start: usize) -> Option<Vec<usize>> {
        let mut budget = MAX_DETOURS;
        let initial = State::start(self.kind);
        let mut paths = VecDeque::from([(vec![start], initial)]);
        while let Some((path, state)) = paths.pop_front() {
            let last = path[path.len() - 1];
            for (to, rels) in self.graph.out(last) {
                budget = budget.checked_sub(1)?;
                for rel in rels.each().filter(|rel| path.len() > 1 || self.is_first(initial, *rel)) {
                    let Some(next) = state.step(self.kind, rel) else { continue };
                    if to == start && next.is_done(self.kind) {
                        return Some(path);
                    }
                    if !path.contains(&to) {
                        paths.push_back(([&path[..], &[to]].concat(), next));
                    }
                }
            }
        }
        None
    }

    /// The cycle with the dependency of each step that comes first in the order of explanation.
    fn explain(&self, path: Vec<usize>) -> Cycle {
        let step = |place: usize| {
            let (from, to) = (path[place], path[(place + 1) % path.len()]);
            let rels = self.graph.rels(from, to);
            let rel = self.priority.into_iter().find(|rel| rels.meets(*rel)).unwrap_or(Rels::NONE);
            (from, rel)
        };
        let steps: Vec<_> = (0..path.len()).map(step).collect();
        Cycle { kind: classify(&steps), steps }
    }
}

/// The places, a transaction in a state, that a search has reached. It is cleared by counting rounds.
struct Reached {
    round: usize,
    /// For each place the round in which it was reached, and the place before it.
    places: Vec<(usize, Option<usize>)>,
}

impl Reached {
    fn new(size: usize) -> Self {
        Self { round: 0, places: vec![(0, None); size] }
    }

    fn clear(&mut self) {
        self.round += 1;
    }

    /// Marks a place as reached, and tells whether it was not yet.
    fn insert(&mut self, place: usize, from: Option<usize>) -> bool {
        let is_new = self.places[place].0 != self.round;
        if is_new {
            self.places[place] = (self.round, from);
        }
        is_new
    }

    /// The transactions from the start to a place.
    fn path(&self, start: usize, last: Option<usize>) -> Vec<usize> {
        let mut path = Vec::new();
        let mut place = last;
        while let Some(at) = place {
            path.push(at / STATES);
            place = self.places[at].1;
        }
        path.push(start);
        path.reverse();
        path
    }
}

fn is_simple(path: &[usize]) -> bool {
    let mut sorted = path.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

/// The kind of a cycle by its dependencies.
fn classify(steps: &[(usize, Rels)]) -> &'static str {
    let count = |rel: Rels| steps.iter().filter(|(_, step)| *step == rel).count();
    let is_rw = |place: usize| steps[place % steps.len()].1 == RW;
    let is_adjacent = (0..steps.len()).any(|place| is_rw(place) && is_rw(place + 1));
    let names = match (count(RW), is_adjacent) {
        (1, _) => ["G-single-item", "G-single-item-process", "G-single-item-realtime"],
        (0, _) if count(WR) > 0 => ["G1c", "G1c-process", "G1c-realtime"],
        (0, _) => ["G0", "G0-process", "G0-realtime"],
        (_, true) => ["G2-item", "G2-item-process", "G2-item-realtime"],
        (_, false) => ["G-nonadjacent-item", "G-nonadjacent-item-process", "G-nonadjacent-item-realtime"],
    };
    match (count(Rels::REALTIME), count(Rels::PROCESS)) {
        (0, 0) => names[0],
        (0, _) => names[1],
        _ => names[2],
    }
}

//! Random schedules: with priorities, as in PCT, or with each step drawn evenly. Faults come at random moments in both.
//!
//! PCT orders sequences of steps by random priorities, and lowers the priority of the running one at `depth - 1` random
//! moments. A sequence is a client, a link or the timers of a participant: of each, one step is possible at a time if links
//! keep the order of messages. With `n` sequences and `k` steps, a mistake that shows whenever `depth` certain steps come in a
//! certain order is found by a schedule with a probability of at least `1 / (n k^(depth - 1))`.

use crate::{
    explore::{
        crew::Crew,
        ending::Ending,
        execution::{Execution, beginning::Beginning},
        exploration::{Mode, Order},
        result::Tally,
        search::schedule_of,
        step::Step,
        subject::Subject,
        verdicts::Verdicts,
    },
    run::error::RunError,
};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_pcg::Pcg64Mcg;
use std::ops::ControlFlow;

/// The number of steps that the first schedule is thought to have.
const FIRST_LENGTH: usize = 16;

/// A sequence of steps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sequence {
    Client(u16),
    Link(u16, u16, u32),
    Timers(u16),
    Other,
}

/// The chance of one schedule.
struct Chance {
    rng: Pcg64Mcg,
    /// The moments at which a priority is lowered; `None` without priorities.
    changes: Option<Vec<usize>>,
    /// The moments from which a fault is wanted.
    faults: Vec<usize>,
    priorities: Vec<(Sequence, u64)>,
    order: Order,
    /// The faults that are possible, and the other steps.
    possible: (Vec<Step>, Vec<Step>),
}

/// Executes random schedules until the exploration ends.
pub(crate) fn run(
    subject: &Subject<'_>,
    crew: &Crew,
    observer: &mut dyn FnMut(Tally) -> ControlFlow<()>,
) -> Result<(), RunError> {
    let (beginning, mut verdicts) = (Beginning::new(subject), Verdicts::default());
    while let Some(number) = crew.claim_number() {
        let length = if crew.longest() == 0 { FIRST_LENGTH } else { crew.longest() };
        let mut chance = Chance::new(subject, number, length);
        let (execution, path) = chance.execute(&beginning)?;
        crew.count_schedule(execution.steps);
        crew.count_processes(chance.priorities.len());
        let mut ending = execution.finish(false, &mut verdicts);
        if ending == Ending::Doubtful {
            let mut execution = beginning.execution()?;
            for step in &path {
                execution.take(*step);
            }
            ending = execution.finish(true, &mut verdicts);
        }
        if ending == Ending::Invalid {
            crew.find(schedule_of(&beginning, &path)?);
        }
        if observer(crew.tally()).is_break() {
            crew.stop();
        }
    }
    Ok(())
}

impl Chance {
    fn new(subject: &Subject<'_>, number: u64, length: usize) -> Self {
        let bounds = &subject.bounds;
        let mut rng = Pcg64Mcg::seed_from_u64(bounds.options.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut moment = |_| rng.random_range(0..length);
        let changes = match bounds.mode {
            Mode::Pct { depth } => Some((1..depth).map(&mut moment).collect()),
            Mode::All | Mode::Random => None,
        };
        let most = bounds.drops + bounds.duplicates + bounds.crashes + bounds.partitions;
        let mut faults: Vec<usize> = (0..most).map(&mut moment).collect();
        faults.truncate(rng.random_range(0..=most));
        faults.sort_unstable();
        faults.reverse();
        Self { rng, changes, faults, priorities: Vec::new(), order: bounds.order, possible: Default::default() }
    }

    fn execute<'s>(&mut self, beginning: &Beginning<'s>) -> Result<(Execution<'s>, Vec<Step>), RunError> {
        let mut execution = beginning.execution()?;
        let (mut path, mut possible) = (Vec::new(), Vec::new());
        loop {
            execution.possible(&mut possible);
            let Some(step) = self.choose(&possible, path.len()) else { return Ok((execution, path)) };
            execution.take(step);
            path.push(step);
        }
    }

    fn choose(&mut self, possible: &[Step], moment: usize) -> Option<Step> {
        let (mut faults, mut others) = std::mem::take(&mut self.possible);
        faults.clear();
        others.clear();
        for step in possible {
            if step.is_fault() { faults.push(*step) } else { others.push(*step) }
        }
        let chosen = self.choose_among(&faults, &others, moment);
        self.possible = (faults, others);
        chosen
    }

    fn choose_among(&mut self, faults: &[Step], others: &[Step], moment: usize) -> Option<Step> {
        if self.faults.last().is_some_and(|wanted| *wanted <= moment)
            && let Some(fault) = faults.choose(&mut self.rng)
        {
            self.faults.pop();
            return Some(*fault);
        }
        if self.changes.is_none() {
            return others.choose(&mut self.rng).copied();
        }
        let mut best = self.first(others)?;
        let changes = self.changes.iter().flatten().enumerate();
        let change = changes.filter(|(_, change)| **change == moment).map(|(number, _)| number as u64).last();
        if let Some(number) = change {
            let sequence = self.sequence(best);
            self.priorities.iter_mut().filter(|(known, _)| *known == sequence).for_each(|(_, rank)| *rank = number);
            best = self.first(others)?;
        }
        Some(best)
    }

    /// The step of the sequence with the highest priority.
    fn first(&mut self, steps: &[Step]) -> Option<Step> {
        let mut best: Option<(u64, Step)> = None;
        for step in steps {
            let priority = self.priority(*step);
            if best.is_none_or(|(highest, _)| priority >= highest) {
                best = Some((priority, *step));
            }
        }
        best.map(|(_, step)| step)
    }

    fn priority(&mut self, step: Step) -> u64 {
        let sequence = self.sequence(step);
        if let Some((_, priority)) = self.priorities.iter().find(|(known, _)| *known == sequence) {
            return *priority;
        }
        // Lowered priorities are below all others.
        let priority = self.rng.random_range(u64::from(u32::MAX)..u64::MAX);
        self.priorities.push((sequence, priority));
        priority
    }

    fn sequence(&self, step: Step) -> Sequence {
        match step {
            Step::Begin { client, .. } => Sequence::Client(client),
            Step::Deliver(key) if self.order == Order::Any => Sequence::Link(key.src, key.dest, key.number),
            Step::Deliver(key) => Sequence::Link(key.src, key.dest, 0),
            Step::Fire(place) => Sequence::Timers(place),
            _ => Sequence::Other,
        }
    }
}

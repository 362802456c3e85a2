//! A value for each process of a history.
//!
//! Processes are looked up for each entry of a history, several times in a check, and nearly all have small numbers. So
//! the number is the place in a table, and only great numbers are hashed.

use crate::history::process::Process;
use foldhash::fast::FixedState;
use indexmap::IndexMap;

/// The number from which a process has no place in the table.
const GREAT: u64 = 1 << 16;

/// A value for each process that was asked for, at first the default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients<T> {
    places: Places,
    values: Vec<T>,
}

impl<T: Default> Clients<T> {
    /// The value of a process.
    pub(crate) fn of(&mut self, process: Process) -> &mut T {
        let place = self.places.add(process);
        if place == self.values.len() {
            self.values.push(T::default());
        }
        &mut self.values[place]
    }
}

impl<T> Clients<T> {
    /// The value of a process that was asked for before.
    pub(crate) fn get(&self, process: Process) -> Option<&T> {
        self.places.get(process).map(|place| &self.values[place])
    }
}

/// The numbers of processes in the order in which they were asked for.
#[derive(Clone, Debug, Default)]
struct Places {
    count: usize,
    /// For each small number its place, plus one; zero if it has none.
    small: Vec<usize>,
    great: IndexMap<Process, usize, FixedState>,
}

impl Places {
    fn add(&mut self, process: Process) -> usize {
        let place = match small(process) {
            Some(number) => {
                if number >= self.small.len() {
                    self.small.resize(number + 1, 0);
                }
                &mut self.small[number]
            }
            None => self.great.entry(process).or_default(),
        };
        if *place == 0 {
            self.count += 1;
            *place = self.count;
        }
        *place - 1
    }

    fn get(&self, process: Process) -> Option<usize> {
        let place = match small(process) {
            Some(number) => self.small.get(number),
            None => self.great.get(&process),
        };
        place?.checked_sub(1)
    }
}

fn small(process: Process) -> Option<usize> {
    match process {
        Process::Client(number @ ..GREAT) => usize::try_from(number).ok(),
        Process::Client(_) | Process::Nemesis => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_has_its_value() {
        let processes = [3, 0, u64::MAX, GREAT, GREAT - 1].map(Process::Client);
        let mut clients = Clients::<Vec<usize>>::default();
        for (number, process) in processes.into_iter().chain([Process::Nemesis]).enumerate() {
            assert_eq!(clients.get(process), None);
            clients.of(process).push(number);
        }
        for (number, process) in processes.into_iter().enumerate() {
            clients.of(process).push(number);
            assert_eq!(clients.get(process), Some(&vec![number; 2]));
        }
        assert_eq!((clients.get(Process::Nemesis), clients.get(Process::Client(1))), (Some(&vec![5]), None));
    }
}

//! Random transactions over a moving pool of keys (elle: `txn.clj`, `wr-txns`), for the workloads that run
//! transactions.
//!
//! Each key in the pool is twice as likely as the one before it. The values written to a key count up from 1, so no two
//! writes are alike. A key that has reached its number of writes is replaced by a new one.

use crate::{
    options::Options,
    workload::generator::{Generator, Invocation, each},
};
use glomers_json::SortedMap;
use glomers_protocol::Json;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use serde::Serialize;

/// One step of a transaction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Reads a key.
    Read {
        /// The key.
        key: u64,
    },
    /// Writes a key, or appends to it.
    Write {
        /// The key.
        key: u64,
        /// The value.
        value: u64,
    },
}

/// A source of transactions.
#[derive(Debug)]
pub struct Transactions {
    pool: Vec<u64>,
    written: SortedMap<u64, u64>,
    max_length: usize,
    max_writes_per_key: u64,
}

impl Transactions {
    /// Transactions of up to `max_length` steps, by the options.
    pub fn new(options: &Options, max_length: usize) -> Self {
        Self {
            pool: (0..options.key_count.unwrap_or(10) as u64).collect(),
            written: SortedMap::new(),
            max_length,
            max_writes_per_key: options.max_writes_per_key,
        }
    }

    /// The next transaction.
    pub fn draw(&mut self, rng: &mut Pcg64Mcg) -> Vec<Step> {
        let length = rng.random_range(1..=self.max_length);
        (0..length).map(|_| self.step(rng)).collect()
    }

    fn step(&mut self, rng: &mut Pcg64Mcg) -> Step {
        loop {
            let writes: bool = rng.random();
            let place = self.place(rng);
            let key = self.pool[place];
            if !writes {
                return Step::Read { key };
            }
            let written = self.written.or_insert(key, 0);
            if *written < self.max_writes_per_key {
                *written += 1;
                return Step::Write { key, value: *written };
            }
            self.written.remove(&key);
            self.pool[place] = self.pool.iter().max().expect("the pool is not empty") + 1;
        }
    }

    /// A place in the pool; each is twice as likely as the one before.
    fn place(&self, rng: &mut Pcg64Mcg) -> usize {
        // From the last place down, each is taken with a chance of a little more than one half.
        let last = self.pool.len() - 1;
        (1..=last).rev().find(|place| rng.random_bool(chance(*place))).unwrap_or(0)
    }
}

/// Operations named `txn`: transactions whose steps `micro_op` converts to the workload's form.
pub(super) fn generator<M: Serialize + 'static>(options: &Options, micro_op: fn(Step) -> M) -> Box<dyn Generator> {
    let mut transactions = Transactions::new(options, options.max_txn_length);
    Box::new(each(move |rng| {
        let steps: Vec<_> = transactions.draw(rng).into_iter().map(micro_op).collect();
        Invocation::new("txn", Json::new(&steps))
    }))
}

/// The share of `2^place` in `2^0 + .. + 2^place`.
fn chance(place: usize) -> f64 {
    1.0 / (2.0 - 0.5_f64.powi(i32::try_from(place).unwrap_or(i32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::collections::BTreeMap;

    #[test]
    fn writes_count_up_and_keys_make_way() {
        let options = Options { key_count: Some(3), max_writes_per_key: 4, ..Options::default() };
        let mut transactions = Transactions::new(&options, 4);
        let mut rng = Pcg64Mcg::seed_from_u64(1);
        let steps: Vec<_> = (0..500).flat_map(|_| transactions.draw(&mut rng)).collect();
        let mut last = BTreeMap::new();
        for step in &steps {
            if let Step::Write { key, value } = step {
                let before = last.insert(*key, *value).unwrap_or(0);
                assert_eq!(*value, before + 1, "key {key}");
                assert!(*value <= 4);
            }
        }
        assert!(last.len() > 50, "{} keys", last.len());
    }

    #[test]
    fn a_key_is_twice_as_likely_as_the_one_before() {
        let transactions = Transactions::new(&Options { key_count: Some(4), ..Options::default() }, 4);
        let mut rng = Pcg64Mcg::seed_from_u64(2);
        let mut counts = [0_u32; 4];
        for _ in 0..15_000 {
            counts[transactions.place(&mut rng)] += 1;
        }
        for (count, expected) in counts.iter().zip([1000_u32, 2000, 4000, 8000]) {
            assert!(count.abs_diff(expected) < expected / 5, "{counts:?}");
        }
    }
}

//! The integration tests of the handlers, in one program, because each program is linked anew after every change.
//!
//! A claim about random networks holds for every seed. `cargo test` tries a few seeds of each; `.ci/run` tries many.
//! They are the ignored tests named `many_seeds`, and run in an optimized build, as do other long tests that are
//! ignored here.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

/// Two tests per claim: `few_seeds` for `cargo test`, and `many_seeds`, which is ignored and run by `.ci/run`. A claim
/// is a function of the number of seeds. With `-` for the few it has only the second test, because one seed takes too
/// long without optimization.
macro_rules! over_seeds {
    ($($claim:ident: $few:tt, $many:literal;)*) => {
        $(mod $claim {
            over_seeds!(@few $claim $few);

            #[test]
            #[ignore = "many seeds: `.ci/run` runs them in an optimized build"]
            fn many_seeds() {
                super::$claim($many);
            }
        })*
    };
    (@few $claim:ident -) => {};
    (@few $claim:ident $few:literal) => {
        #[test]
        fn few_seeds() {
            super::$claim($few);
        }
    };
}

mod broadcast_cost;
mod broadcasts;
mod clients;
mod cluster;
mod consensus;
mod consensus_on_disk;
mod counters;
mod durable;
mod durable_mutants;
mod explored;
mod fuzz;
mod judge;
mod kills;
mod logs;
mod messages_per_operation;
mod mutants;
mod nemesis;
mod registers;
mod replication_feed;
mod restarts;
mod sets;
mod survival;
mod tutorial;
mod via_services;
mod wrong;

//! Challenge 2: ids from node names, without agreement.

use super::Chapter;
use glomers_protocol::{
    Context, Json, handler,
    unique_ids::{Generate, GenerateOk},
};
use glomers_workbench::{
    Options, Validity,
    options::{Availability, Fault},
    simulate, workload,
};
use std::{cell::Cell, time::Duration};

#[derive(Default)]
struct Counter {
    last: Cell<u64>,
}

#[handler(unique_ids)]
impl Counter {
    fn generate(&self, _: Generate) -> GenerateOk {
        self.last.update(|last| last + 1);
        GenerateOk { id: Json::new(&self.last.get()) }
    }
}

#[derive(Default)]
struct Named {
    last: Cell<u64>,
}

#[handler(unique_ids)]
impl Named {
    fn generate(&self, cx: &Context, _: Generate) -> GenerateOk {
        self.last.update(|last| last + 1);
        GenerateOk { id: Json::new(&format!("{}-{}", cx.id(), self.last.get())) }
    }
}

fn options() -> Options {
    Options::default()
        .node_count(3)
        .rate(1000.0)
        .time_limit(Duration::from_secs(5))
        .availability(Some(Availability::Total))
        .nemesis(vec![Fault::Partition])
}

#[test]
fn challenge_2() {
    let report = simulate::<Named>(workload::named("unique-ids").unwrap(), &options()).unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
}

#[test]
fn numbers_alone_are_not_unique() {
    let options = options().rate(2.0);
    let report = simulate::<Counter>(workload::named("unique-ids").unwrap(), &options).unwrap();
    assert_eq!(report.valid(), Validity::Invalid);
    Chapter::unique_ids.shows(&report);
}

//! A test of programs begins as many operations as Jepsen's interpreter would, as a simulated one does.

use crate::operations_begun::compare;
use glomers_workbench::{
    Options, Program,
    options::{Concurrency, Fault},
    test_program, workload,
};
use std::{path::Path, thread, time::Duration};

#[test]
fn hosted_operations_begin_as_in_the_model() {
    let mut program = Program::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/any_workload.sh"));
    let faults = [vec![], vec![Fault::Partition], vec![Fault::Pause]];
    thread::scope(|scope| {
        for ((name, make), nemesis) in workload::WORKLOADS.iter().zip(faults.iter().cycle()) {
            program.arguments = vec![(*name).to_owned()];
            let program = program.clone();
            scope.spawn(move || {
                let options = Options::default()
                    .node_count(1)
                    .time_limit(Duration::from_secs(3))
                    .rate(50.0)
                    .concurrency(Concurrency::Total(4))
                    .nemesis(nemesis.clone())
                    .nemesis_interval(Duration::from_millis(500));
                let report = test_program(make(), &options, &program).unwrap();
                assert!(report.judgement.stats.all.ok_count > 0, "{name}: {report}");
                compare(name, &options, &report);
            });
        }
    });
}

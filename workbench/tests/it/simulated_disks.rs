//! Disks of a [`Simulation`]: a test looks at them, tears writes, fails syncs and flips bits.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::durable::{Copies, LoggedSet};
use glomers_protocol::{
    CallError, ErrorCode, Json,
    g_set::{Add, Read},
};
use glomers_workbench::{
    Options,
    options::{DiskUse, Fault},
    simulation::Simulation,
};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// One node with a set in the log `set.log`.
fn simulation() -> Simulation {
    let options = Options::default().node_count(1).disk(DiskUse::Always).disk_latency(SECOND / 100);
    Simulation::with(&options, LoggedSet::with(Copies::One)).unwrap()
}

fn add(simulation: &mut Simulation, element: i64) -> Result<(), CallError> {
    simulation.call("n0", &Add { element: Json::from(element) }).map(|_| ())
}

/// Begins to add an element, until its bytes are in the disk's cache.
fn begin_to_add(simulation: &mut Simulation, element: i64) {
    let reply = simulation.send("n0", &Add { element: Json::from(element) });
    while simulation.disk("n0").unsynced().is_empty() && simulation.step() {}
    assert!(reply.take().is_none(), "{element} was confirmed before the end of the sync");
}

#[track_caller]
fn elements(simulation: &mut Simulation) -> Vec<i64> {
    simulation.call("n0", &Read {}).unwrap().value.iter().map(|element| element.decode().unwrap()).collect()
}

fn crash_and_restart(simulation: &mut Simulation) {
    simulation.crash("n0");
    simulation.restart("n0").unwrap();
}

#[test]
fn a_restarted_node_has_what_it_confirmed() {
    let mut simulation = simulation();
    assert_eq!(simulation.disk("n0").files(), Vec::<String>::new());
    let before = simulation.now();
    add(&mut simulation, 1).unwrap();
    assert!(simulation.now() > before, "a sync takes time");
    assert_eq!(simulation.disk("n0").files(), ["set.log"]);
    simulation.disk("n0").keep(0, 0);
    crash_and_restart(&mut simulation);
    assert_eq!(elements(&mut simulation), [1]);
}

#[test]
fn a_crash_at_each_byte_of_a_write_leaves_the_old_set_or_the_new_one() {
    let sizes = {
        let mut simulation = simulation();
        add(&mut simulation, 1).unwrap();
        begin_to_add(&mut simulation, 2);
        simulation.disk("n0").unsynced()
    };
    let [size] = sizes[..] else { panic!("an element is one write: {sizes:?}") };
    for bytes in 0..=size {
        let mut simulation = simulation();
        add(&mut simulation, 1).unwrap();
        begin_to_add(&mut simulation, 2);
        simulation.disk("n0").keep(0, bytes);
        crash_and_restart(&mut simulation);
        let expected = if bytes < size { vec![1] } else { vec![1, 2] };
        assert_eq!(elements(&mut simulation), expected, "{bytes} of {size} bytes");
        // It goes on, and finds all again.
        add(&mut simulation, 3).unwrap();
        crash_and_restart(&mut simulation);
        assert_eq!(elements(&mut simulation), [expected, vec![3]].concat(), "{bytes} of {size} bytes");
    }
}

#[test]
fn a_node_stops_when_a_sync_fails_and_goes_on_from_what_is_durable() {
    let mut simulation = simulation();
    add(&mut simulation, 1).unwrap();
    simulation.disk("n0").fail_next_sync();
    let error = add(&mut simulation, 2).unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Crash), "{error}");
    assert!(!simulation.is_running("n0"));
    let reason = simulation.stop_reason("n0").unwrap();
    assert!(reason.contains("a sync failed") && reason.contains("simulated"), "{reason}");
    simulation.restart("n0").unwrap();
    assert_eq!(simulation.stop_reason("n0"), None);
    let left = elements(&mut simulation);
    assert!(left == [1] || left == [1, 2], "{left:?}");
}

#[test]
fn a_node_waits_while_its_disk_is_full() {
    let mut simulation = simulation();
    add(&mut simulation, 1).unwrap();
    let disk = simulation.disk("n0");
    disk.begin(Fault::DiskFull);
    for element in 2..100 {
        let _ = simulation.send("n0", &Add { element: Json::from(element) });
    }
    simulation.run_for(SECOND);
    assert!(elements(&mut simulation).len() < 99);
    disk.end(Fault::DiskFull);
    simulation.run_for(SECOND);
    assert_eq!(elements(&mut simulation), (1..100).collect::<Vec<_>>());
}

#[test]
fn a_node_does_not_start_from_damaged_data() {
    let mut simulation = simulation();
    add(&mut simulation, 1).unwrap();
    add(&mut simulation, 2).unwrap();
    let length = simulation.disk("n0").durable("set.log").unwrap().len();
    for offset in 0..length {
        simulation.crash("n0");
        let disk = simulation.disk("n0");
        disk.flip("set.log", offset, 0x10);
        let error = simulation.restart("n0").unwrap_err();
        assert!(error.to_string().contains("`set.log` is damaged at byte"), "byte {offset}: {error}");
        assert!(!simulation.is_running("n0"));
        disk.flip("set.log", offset, 0x10);
    }
    simulation.restart("n0").unwrap();
    assert_eq!(elements(&mut simulation), [1, 2]);
}

//! The alarms of participants: each has one that counts, however often its deadline comes nearer.

use super::World;
use crate::{engine::participant::Participant, options::Options};
use glomers_protocol::{NodeId, Rejected};
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use std::{cell::Cell, rc::Rc, time::Duration};

const MILLI: Duration = Duration::from_millis(1);

/// A participant with a tick every 20 ms and, in between, a short wait after each time that it is woken, as for a disk.
struct Restless {
    now: Duration,
    is_waiting: bool,
    woken: Rc<Cell<usize>>,
}

impl Participant for Restless {
    fn deliver(&mut self, _: u64, _: &str, _: Duration) -> Result<(), Rejected> {
        Ok(())
    }

    fn advance(&mut self, now: Duration) {
        self.now = now;
        self.is_waiting = !self.is_waiting;
        self.woken.update(|count| count + 1);
    }

    fn deadline(&self) -> Option<Duration> {
        let ticks = self.now.as_millis() / 20 + 1;
        let tick = MILLI * 20 * u32::try_from(ticks).unwrap();
        Some(if self.is_waiting { self.now + MILLI } else { tick })
    }

    fn drain(&mut self, _: &mut dyn FnMut(&NodeId, Rc<str>)) {}
}

#[test]
fn a_participant_is_woken_once_for_each_deadline() {
    let options = Options::default();
    let mut world = World::new(&options, Pcg64Mcg::seed_from_u64(0), None);
    let woken = Rc::new(Cell::new(0));
    let participant = Restless { now: Duration::ZERO, is_waiting: false, woken: Rc::clone(&woken) };
    let id = world.join(NodeId::from("n0"), Box::new(participant));
    world.wake(id);
    while world.step_before(Some(Duration::from_secs(2))) {}
    // At the start, and for a wait and a tick in each of 100 periods.
    assert_eq!(woken.get(), 1 + 2 * 100, "an alarm that was overtaken woke the participant too");
}

//! A cluster driven step by step. Each node counts the words that it hears from its peers, so each verb of the
//! [`Simulation`] shows in a count.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_protocol::{
    CallError, Context, Json,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
};
use glomers_workbench::{
    Options,
    options::Latency,
    simulation::{Fate, Message, Simulation},
};
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, time::Duration};

/// Passes each value on once, to everybody.
#[derive(Default)]
struct Told(RefCell<Vec<Json>>);

#[derive(Serialize, Deserialize)]
struct Tell {
    value: Json,
}

#[handler(broadcast)]
impl Told {
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, cx: &Context, request: Broadcast) -> BroadcastOk {
        cx.peers().for_each(|peer| cx.send(peer, &Tell { value: request.message.clone() }));
        self.0.borrow_mut().push(request.message);
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: self.0.borrow().clone() }
    }

    #[message]
    fn tell(&self, told: Tell) {
        self.0.borrow_mut().push(told.value);
    }
}

const SECOND: Duration = Duration::from_secs(1);

/// Three nodes, 100 ms apart.
fn cluster() -> Simulation {
    let latency = Latency { mean: SECOND / 10, ..Latency::default() };
    Simulation::new::<Told>(&Options::default().node_count(3).latency(latency)).unwrap()
}

/// Tells n0 a value, lets a second pass, and counts what each node has heard.
fn tell(simulation: &mut Simulation) -> [usize; 3] {
    simulation.call("n0", &Broadcast { message: Json::from(1) }).unwrap();
    simulation.run_for(SECOND);
    heard(simulation)
}

fn heard(simulation: &Simulation) -> [usize; 3] {
    ["n0", "n1", "n2"].map(|node| simulation.handler::<Told>(node).0.borrow().len())
}

#[test]
fn messages_take_their_time() {
    let mut simulation = cluster();
    simulation.call("n0", &Broadcast { message: Json::from(1) }).unwrap();
    simulation.run_for(SECOND / 20);
    assert_eq!(heard(&simulation), [1, 0, 0]);
    simulation.run_for(SECOND / 20);
    assert_eq!(heard(&simulation), [1, 1, 1]);
    assert!(simulation.run_until_quiet(SECOND, 2 * SECOND));
}

#[test]
fn links_are_cut_and_mended() {
    let mut simulation = cluster();
    simulation.partition(&[&["n0", "n1"], &["n2"]]);
    assert_eq!(tell(&mut simulation), [1, 1, 0]);
    simulation.heal();
    assert_eq!(tell(&mut simulation), [2, 2, 1]);
    simulation.cut("n0", "n1");
    assert_eq!(tell(&mut simulation), [3, 2, 2]);
    simulation.isolate("n0");
    assert_eq!(tell(&mut simulation), [4, 2, 2]);
}

#[test]
fn a_crash_forgets_and_a_pause_does_not() {
    let mut simulation = cluster();
    simulation.crash("n1");
    simulation.pause("n2");
    simulation.call("n0", &Broadcast { message: Json::from(1) }).unwrap();
    simulation.run_for(SECOND);
    assert!(matches!(simulation.call("n1", &Read {}), Err(CallError::Timeout { .. })));
    simulation.restart("n1").unwrap();
    simulation.resume("n2");
    simulation.run_for(SECOND);
    assert_eq!(heard(&simulation), [1, 0, 1]);
}

#[test]
fn messages_are_tampered_with() {
    let mut simulation = cluster();
    simulation.drop_next("n0", "n1");
    assert_eq!(tell(&mut simulation), [1, 0, 1]);
    simulation.delay_next("n0", "n1", 5 * SECOND);
    assert_eq!(tell(&mut simulation), [2, 0, 2]);
    simulation.run_for(5 * SECOND);
    assert_eq!(heard(&simulation), [2, 1, 2]);
    simulation.tamper(|message| match message.dest {
        "n1" => Fate::Repeat(SECOND / 2),
        _ => Fate::Deliver,
    });
    assert_eq!(tell(&mut simulation), [3, 3, 3]);
    simulation.untamper();
    assert_eq!(tell(&mut simulation), [4, 4, 4]);
}

#[test]
fn the_first_messages_are_tampered_with_as_well() {
    let options = Options::default().node_count(3);
    let lost = |message: &Message<'_>| if message.dest == "n2" { Fate::Drop } else { Fate::Deliver };
    let error = Simulation::with_tamper(&options, |_| Told::default(), lost).unwrap_err();
    assert!(matches!(error, CallError::Timeout { .. }), "{error}");
    let late = |message: &Message<'_>| if message.dest == "n2" { Fate::Delay(SECOND) } else { Fate::Deliver };
    assert_eq!(Simulation::with_tamper(&options, |_| Told::default(), late).unwrap().now(), SECOND);
}

#[test]
fn messages_are_rewritten_as_they_arrive() {
    let mut simulation = cluster();
    let mut arrivals = 0;
    simulation.rewrite(move |message| {
        arrivals += i64::from(message.dest == "n1");
        (message.dest == "n1").then(|| message.line.replace(r#""value":1"#, &format!(r#""value":{arrivals}"#)).into())
    });
    // The second of three messages is lost, so two arrive.
    assert_eq!(tell(&mut simulation), [1, 1, 1]);
    simulation.isolate("n1");
    assert_eq!(tell(&mut simulation), [2, 1, 2]);
    simulation.heal();
    assert_eq!(tell(&mut simulation), [3, 2, 3]);
    let values = ["n1", "n2"].map(|node| simulation.handler::<Told>(node).0.borrow().clone());
    assert_eq!(values, [vec![Json::from(1), Json::from(2)], vec![Json::from(1); 3]]);
    simulation.untamper();
    tell(&mut simulation);
    assert_eq!(simulation.handler::<Told>("n1").0.borrow().last(), Some(&Json::from(1)));
}

#[test]
fn an_injected_message_arrives_at_once_at_a_running_node() {
    let mut simulation = cluster();
    let forged = r#"{"src":"n0","dest":"n1","body":{"type":"tell","value":5}}"#;
    simulation.tamper(|_| Fate::Drop);
    simulation.isolate("n1");
    simulation.inject(forged);
    assert_eq!(heard(&simulation), [0, 1, 0]);
    simulation.pause("n1");
    assert!(!simulation.is_running("n1") && simulation.is_running("n0"));
    simulation.inject(forged);
    simulation.resume("n1");
    simulation.run_for(SECOND);
    assert_eq!(heard(&simulation), [0, 1, 0]);
}

#[test]
fn a_reply_is_taken_when_it_has_come() {
    let mut simulation = cluster();
    let reply = simulation.send("n0", &Read {});
    assert!(reply.take().is_none());
    while simulation.step() && format!("{reply:?}").contains("false") {}
    assert!(reply.take().unwrap().unwrap().messages.is_empty());
}

#[test]
fn a_request_has_five_seconds_after_any_silence() {
    let mut simulation = cluster();
    simulation.run_for(20 * SECOND);
    simulation.call("n0", &Read {}).unwrap();
    simulation.run_for(20 * SECOND);
    simulation.drop_next("n0", "c1");
    let sent = simulation.now();
    simulation.call("n0", &Read {}).unwrap_err();
    assert_eq!(simulation.now() - sent, 5 * SECOND);
}

#[test]
fn the_seed_fixes_every_message() {
    let run = |seed| {
        let latency =
            Latency { mean: SECOND / 10, distribution: glomers_workbench::options::Distribution::Exponential };
        let options = Options::default().node_count(3).latency(latency).seed(seed);
        let mut simulation = Simulation::new::<Told>(&options).unwrap();
        simulation.call("n0", &Broadcast { message: Json::from(1) }).unwrap();
        let mut times = Vec::new();
        while simulation.step() {
            times.push((simulation.now(), heard(&simulation)));
        }
        times
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

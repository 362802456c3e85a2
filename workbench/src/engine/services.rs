//! The services that Maelstrom runs beside the nodes (Maelstrom: `service.clj`).
//!
//! They are not nodes of the node library, which is strict: a service takes everything that Maelstrom's takes. In one thing
//! they are kinder. A request of an unknown type gets error 10 if it has a `msg_id`; Maelstrom answers nothing.

mod kv;
mod lin_kv;
mod lww_kv;
mod request;
mod seq_kv;
mod value;

use crate::{
    engine::{
        participant::Participant,
        services::{
            kv::{Operation, Store},
            lin_kv::LinKv,
            lww_kv::LwwKv,
            request::{Answer, Reply, Request},
            seq_kv::SeqKv,
        },
    },
    options::Options,
};
use glomers_protocol::{
    NodeId, Rejected,
    services::{
        kv::{LIN_KV, LWW_KV, SEQ_KV},
        tso::LIN_TSO,
    },
};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{rc::Rc, time::Duration};

/// The names of the services.
pub(crate) const IDS: [&str; 4] = [LWW_KV, SEQ_KV, LIN_KV, LIN_TSO];

/// Services by their names.
pub(crate) type Services = Vec<(NodeId, Box<dyn Participant>)>;

/// Every service and its name.
pub(crate) fn all(options: &Options, rng: &mut Pcg64Mcg) -> Services {
    let merges = options.merge_lww_kv;
    let behaviour = |id: &str| match id {
        LWW_KV => Behaviour::Kv(Box::new(LwwKv::new(merges))),
        SEQ_KV => Behaviour::Kv(Box::new(SeqKv::default())),
        LIN_KV => Behaviour::Kv(Box::new(LinKv::default())),
        _ => Behaviour::Tso(0),
    };
    let mut service = |id: &str| {
        let (id, rng) = (NodeId::from(id), Pcg64Mcg::seed_from_u64(rng.next_u64()));
        let service = Service { id: id.clone(), behaviour: behaviour(id.as_str()), rng, answers: Vec::new() };
        (id, Box::new(service) as Box<dyn Participant>)
    };
    IDS.map(&mut service).into()
}

struct Service {
    id: NodeId,
    behaviour: Behaviour,
    rng: Pcg64Mcg,
    /// The answers that wait to be sent.
    answers: Vec<(NodeId, Rc<str>)>,
}

enum Behaviour {
    /// A key-value store.
    Kv(Box<dyn Store>),
    /// A timestamp oracle, which counts requests from 0.
    Tso(i64),
}

impl Service {
    /// Serves a request; `None` without an answer.
    fn serve(&mut self, request: &Request<'_>) -> Option<Reply> {
        let known: &[&str] = match &mut self.behaviour {
            Behaviour::Kv(store) => match Operation::of(request) {
                Some(operation) => return Some(store.serve(&request.client, operation, &mut self.rng)),
                None => &kv::TYPES,
            },
            Behaviour::Tso(next) if request.kind == "ts" => {
                *next += 1;
                return Some(Ok(Answer::Timestamp(*next - 1)));
            }
            Behaviour::Tso(_) => &["ts"],
        };
        request.wants_answer().then(|| Err(request.unknown(&self.id, known)))
    }
}

impl Participant for Service {
    fn deliver(&mut self, _: u64, line: &str, _: Duration) -> Result<(), Rejected> {
        if let Some(request) = Request::read(line)
            && let Some(reply) = self.serve(&request)
        {
            self.answers.push((request.client.clone(), request.answer(&self.id, &reply).into()));
        }
        Ok(())
    }

    fn advance(&mut self, _: Duration) {}

    fn deadline(&self) -> Option<Duration> {
        None
    }

    fn drain(&mut self, send: &mut dyn FnMut(&NodeId, Rc<str>)) {
        self.answers.drain(..).for_each(|(client, answer)| send(&client, answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends bodies to a service, and returns those of its answers.
    fn answers(id: &str, bodies: &[&str]) -> Vec<String> {
        let mut all = all(&Options::default(), &mut Pcg64Mcg::seed_from_u64(0));
        let (_, service) = all.iter_mut().find(|(name, _)| name.as_str() == id).unwrap();
        let mut answer = |body: &&str| {
            service.deliver(0, &format!(r#"{{"src":"n1","dest":"{id}","body":{body}}}"#), Duration::ZERO).unwrap();
            let mut answer = String::new();
            service.drain(&mut |dest, line| {
                assert_eq!(dest.as_str(), "n1");
                let head = format!(r#"{{"src":"{id}","dest":"n1","body":"#);
                answer = line.strip_prefix(&*head).unwrap().strip_suffix('}').unwrap().to_owned();
            });
            answer
        };
        bodies.iter().map(&mut answer).collect()
    }

    #[track_caller]
    fn check(id: &str, rows: &[(&str, &str)]) {
        let (bodies, expected): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
        assert_eq!(answers(id, &bodies), expected);
    }

    const MISSING: &str = r#"{"type":"error","in_reply_to":1,"code":20,"text":"key does not exist"}"#;
    const WRITTEN: &str = r#"{"type":"write_ok","in_reply_to":1}"#;
    const SWAPPED: &str = r#"{"type":"cas_ok","in_reply_to":1}"#;

    #[test]
    fn missing_fields_are_null() {
        check(
            "lin-kv",
            &[
                (r#"{"type":"read","msg_id":1}"#, MISSING),
                (r#"{"type":"write","msg_id":1,"value":5}"#, WRITTEN),
                (r#"{"type":"read","msg_id":1,"key":null}"#, r#"{"type":"read_ok","in_reply_to":1,"value":5}"#),
                (r#"{"type":"write","msg_id":1,"key":"a"}"#, WRITTEN),
                (r#"{"type":"read","msg_id":1,"key":"a"}"#, r#"{"type":"read_ok","in_reply_to":1,"value":null}"#),
                (r#"{"type":"cas","msg_id":1,"key":"a","to":2}"#, SWAPPED),
                (r#"{"type":"cas","msg_id":1,"key":"b","to":3,"create_if_not_exists":"yes"}"#, SWAPPED),
                (r#"{"type":"cas","msg_id":1,"key":"c","to":3,"create_if_not_exists":0}"#, SWAPPED),
                (r#"{"type":"cas","msg_id":1,"key":"d","to":3,"create_if_not_exists":null}"#, MISSING),
                (r#"{"type":"read","msg_id":1,"key":"b"}"#, r#"{"type":"read_ok","in_reply_to":1,"value":3}"#),
            ],
        );
    }

    #[test]
    fn any_msg_id_is_answered_alike() {
        let write = |msg_id: &str| format!(r#"{{"type":"write","key":"x","value":1{msg_id}}}"#);
        let rows = [
            (r#","msg_id":"abc""#, r#""abc""#),
            (r#","msg_id":1.5"#, "1.5"),
            (r#","msg_id":null"#, "null"),
            ("", "null"),
            (r#","msg_id":7,"in_reply_to":5"#, "7"),
            (r#","msg_id":7,"in_reply_to":null"#, "7"),
        ];
        for (msg_id, in_reply_to) in rows {
            let answer = answers("seq-kv", &[&write(msg_id)]);
            assert_eq!(answer, [format!(r#"{{"type":"write_ok","in_reply_to":{in_reply_to}}}"#)]);
        }
    }

    #[test]
    fn numbers_compare_by_value_and_kind() {
        let cas = |from: &str, to: &str| format!(r#"{{"type":"cas","msg_id":1,"key":"f","from":{from},"to":{to}}}"#);
        let bodies = [
            r#"{"type":"write","msg_id":1,"key":"f","value":1.10}"#.to_owned(),
            cas("1.1", "12345678901234567890123"),
            cas("12345678901234567890123", "1E3"),
            cas("1000", "1"),
            cas("1000.0", "-0.0"),
            cas("0.0", "1"),
        ];
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        let text = "current value 1E3 is not 1000";
        let refused = format!(r#"{{"type":"error","in_reply_to":1,"code":22,"text":"{text}"}}"#);
        assert_eq!(answers("lin-kv", &bodies), [WRITTEN, SWAPPED, SWAPPED, &refused, SWAPPED, SWAPPED]);
    }

    #[test]
    fn an_unknown_type_is_refused_if_it_asks() {
        let text = "unknown type `init`; lin-tso serves ts";
        let refused = format!(r#"{{"type":"error","in_reply_to":1,"code":10,"text":"{text}"}}"#);
        check(
            "lin-tso",
            &[
                (r#"{"type":"ts","msg_id":1}"#, r#"{"type":"ts_ok","in_reply_to":1,"ts":0}"#),
                (r#"{"type":"init","msg_id":1}"#, &refused),
                (r#"{"type":"read_ok","in_reply_to":5}"#, ""),
                (r#"{"type":7}"#, ""),
                ("{}", ""),
                (r#"{"type":"ts"}"#, r#"{"type":"ts_ok","in_reply_to":null,"ts":1}"#),
            ],
        );
    }

    /// A value that one replica got is found by about half of the reads: the replicas never merge.
    #[test]
    fn replicas_of_lww_kv_never_merge_unless_told() {
        let found = |merge_lww_kv| {
            let options = Options { merge_lww_kv, ..Options::default() };
            let mut all = all(&options, &mut Pcg64Mcg::seed_from_u64(0));
            let (id, service) = &mut all[0];
            assert_eq!(id.as_str(), "lww-kv");
            service.deliver(0, r#"{"src":"n1","body":{"type":"write","key":1,"value":2}}"#, Duration::ZERO).unwrap();
            service.drain(&mut |_, _| {});
            let mut found = 0;
            for _ in 0..100 {
                service.deliver(0, r#"{"src":"n1","body":{"type":"read","key":1}}"#, Duration::ZERO).unwrap();
                service.drain(&mut |_, line| found += usize::from(line.contains("read_ok")));
            }
            found
        };
        assert!((30..70).contains(&found(false)), "{}", found(false));
        assert!(found(true) > 90, "{}", found(true));
    }
}

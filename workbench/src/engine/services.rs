//! The services that Maelstrom runs beside the nodes (Maelstrom: `service.clj`), as nodes of our own: their handlers are
//! written with the same macro as everybody else's.

mod kv;
mod lin_kv;
mod lin_tso;
mod lww_kv;
mod seq_kv;

use crate::engine::participant::Process;
use glomers_protocol::{
    Handler, Node, NodeId,
    services::{
        kv::{LIN_KV, LWW_KV, SEQ_KV},
        tso::LIN_TSO,
    },
};
use rand::Rng;
use rand_pcg::Pcg64Mcg;

/// The ids at which services answer.
pub(crate) const IDS: [&str; 4] = [LWW_KV, SEQ_KV, LIN_KV, LIN_TSO];

/// Every service and the id at which it answers.
pub(crate) fn all(rng: &mut Pcg64Mcg) -> [(NodeId, Box<dyn Process>); 4] {
    [
        service(LWW_KV, rng, lww_kv::LwwKv::default()),
        service(SEQ_KV, rng, seq_kv::SeqKv::default()),
        service(LIN_KV, rng, lin_kv::LinKv::default()),
        service(LIN_TSO, rng, lin_tso::LinTso::default()),
    ]
}

fn service<H: Handler>(id: &str, rng: &mut Pcg64Mcg, handler: H) -> (NodeId, Box<dyn Process>) {
    let id = NodeId::from(id);
    (id.clone(), Box::new(Node::serving(rng.next_u64(), id, Vec::new(), handler)))
}

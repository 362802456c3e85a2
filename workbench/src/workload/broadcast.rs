//! Broadcast: what any node is told, every node must come to know (Maelstrom: `workload/broadcast.clj`).

use crate::workload::{
    g_set::adds_and_reads,
    interface::{Connection, Workload, stateless},
};
use crate::{
    options::Options,
    workload::{
        client::{Client, ClientError, Outcome},
        generator::{Generator, Invocation, OncePerThread},
        topology,
    },
};
use futures_util::future::LocalBoxFuture;
use glomers_checkers::{checker::set_full::SetChecker, verdict::Checker};
use glomers_protocol::{
    Json, Payload,
    broadcast::{Broadcast, Read, Topology},
};
use std::{cell::OnceCell, rc::Rc};

/// The broadcast workload.
#[derive(Debug, Default)]
pub struct BroadcastWorkload {
    /// The fields of the request `topology`, which is the same for all nodes.
    topology: OnceCell<Rc<[u8]>>,
}

impl Workload for BroadcastWorkload {
    fn name(&self) -> &'static str {
        "broadcast"
    }

    fn operations(&self) -> &'static [&'static str] {
        &["broadcast", "read"]
    }

    fn setup(&self, client: Client, options: &Options) -> LocalBoxFuture<'static, Result<(), ClientError>> {
        let fields = self.topology.get_or_init(|| {
            let request = Topology { topology: topology::neighbours(options.topology, &options.nodes) };
            let mut fields = Vec::new();
            request.encode(&mut fields).expect("a topology has a JSON form");
            fields.into()
        });
        let fields = Rc::clone(fields);
        Box::pin(async move { client.call_written::<Topology>(&fields).await.map(|_| ()) })
    }

    fn generator(&self, _: &Options) -> Box<dyn Generator> {
        adds_and_reads("broadcast")
    }

    fn final_generator(&self, _: &Options) -> Option<Box<dyn Generator>> {
        Some(Box::new(OncePerThread::new(Invocation::bare("read").with("final?", true))))
    }

    fn connect(&self, client: Client, _: &Options) -> Connection {
        stateless(client, |client, invocation| async move {
            if invocation.f == "read" {
                return match client.call(&Read {}).await {
                    Ok(response) => Outcome::Ok(Json::new(&response.messages)),
                    Err(error) => Outcome::failed(&error, true),
                };
            }
            match client.call(&Broadcast { message: invocation.value.clone() }).await {
                Ok(_) => Outcome::Ok(invocation.value),
                Err(error) => Outcome::failed(&error, false),
            }
        })
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(SetChecker { add: "broadcast" })
    }
}

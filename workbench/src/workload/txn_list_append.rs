//! Transactions over lists: reads and appends (Maelstrom: `workload/txn_list_append.clj`).

use crate::workload::{
    interface::{Connection, Workload, stateless},
    transactions::{self, Step},
};
use crate::{
    options::Options,
    workload::{
        client::{Client, Outcome},
        generator::Generator,
    },
};
use glomers_checkers::{
    checker::txn::{Objects, TxnChecker},
    verdict::Checker,
};
use glomers_protocol::{
    Json,
    txn_list_append::{MicroOp, Txn},
};

/// The txn-list-append workload.
#[derive(Debug)]
pub struct TxnListAppendWorkload;

impl Workload for TxnListAppendWorkload {
    fn name(&self) -> &'static str {
        "txn-list-append"
    }

    fn operations(&self) -> &'static [&'static str] {
        &["txn"]
    }

    fn generator(&self, options: &Options) -> Box<dyn Generator> {
        transactions::generator(options, micro_op)
    }

    fn connect(&self, client: Client, _: &Options) -> Connection {
        stateless(client, |client, invocation| async move {
            let txn = invocation.value.decode().unwrap_or_default();
            match client.call(&Txn { txn }).await {
                Ok(response) => Outcome::Ok(Json::new(&response.txn)),
                Err(error) => Outcome::failed(&error, false),
            }
        })
    }

    fn is_reusable(&self) -> bool {
        true
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(TxnChecker { objects: Objects::Lists })
    }
}

fn micro_op(step: Step) -> MicroOp {
    match step {
        Step::Read { key } => MicroOp::Read { key: Json::from(key) },
        Step::Write { key, value } => MicroOp::Append { key: Json::from(key), value: Json::from(value) },
    }
}

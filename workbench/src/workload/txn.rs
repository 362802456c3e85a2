//! Transactions over lists and over registers (Maelstrom: `workload/txn_list_append.clj`,
//! `workload/txn_rw_register.clj`). They are drawn alike; a write appends to a list or replaces a register.

use crate::{
    options::Options,
    workload::{
        client::{Client, ClientError, Outcome},
        generator::Generator,
        interface::{Connection, Workload, stateless},
        transactions::{self, Step},
    },
};
use glomers_checkers::{
    checker::txn::{Objects, TxnChecker},
    verdict::Checker,
};
use glomers_protocol::{Json, txn_list_append, txn_rw_register};

/// The workloads txn-list-append and txn-rw-register.
#[derive(Debug)]
pub struct TxnWorkload {
    /// The objects that the keys stand for.
    pub objects: Objects,
}

impl Workload for TxnWorkload {
    fn name(&self) -> &'static str {
        match self.objects {
            Objects::Lists => "txn-list-append",
            Objects::Registers => "txn-rw-register",
        }
    }

    fn operations(&self) -> &'static [&'static str] {
        &["txn"]
    }

    fn generator(&self, options: &Options) -> Box<dyn Generator> {
        match self.objects {
            Objects::Lists => transactions::generator(options, append),
            Objects::Registers => transactions::generator(options, write),
        }
    }

    fn connect(&self, client: Client, _: &Options) -> Connection {
        match self.objects {
            Objects::Lists => stateless(client, |client, invocation| async move {
                let txn = invocation.value.decode().unwrap_or_default();
                let answer = client.call(&txn_list_append::Txn { txn }).await;
                outcome(answer.map(|answer| Json::new(&answer.txn)))
            }),
            Objects::Registers => stateless(client, |client, invocation| async move {
                let txn = invocation.value.decode().unwrap_or_default();
                let answer = client.call(&txn_rw_register::Txn { txn }).await;
                outcome(answer.map(|answer| Json::new(&answer.txn)))
            }),
        }
    }

    fn is_reusable(&self) -> bool {
        true
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(TxnChecker { objects: self.objects })
    }
}

fn append(step: Step) -> txn_list_append::MicroOp {
    use txn_list_append::MicroOp;
    match step {
        Step::Read { key } => MicroOp::Read { key: Json::from(key) },
        Step::Write { key, value } => MicroOp::Append { key: Json::from(key), value: Json::from(value) },
    }
}

fn write(step: Step) -> txn_rw_register::MicroOp {
    use txn_rw_register::MicroOp;
    match step {
        Step::Read { key } => MicroOp::Read { key: Json::from(key) },
        Step::Write { key, value } => MicroOp::Write { key: Json::from(key), value: Json::from(value) },
    }
}

fn outcome(answer: Result<Json, ClientError>) -> Outcome {
    answer.map_or_else(|error| Outcome::failed(&error, false), Outcome::Ok)
}

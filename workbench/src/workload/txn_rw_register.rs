//! Transactions over registers: reads and writes (Maelstrom: `workload/txn_rw_register.clj`).

use super::{
    Connection, Verdict, Workload, stateless,
    transactions::{self, Step},
};
use crate::{
    checker::{
        suspicion::Suspicion,
        txn::{self, Objects},
    },
    client::{Client, Outcome},
    generator::Generator,
    history::History,
    options::Options,
};
use glomers_protocol::{
    Json,
    txn_rw_register::{MicroOp, Txn},
};

/// The txn-rw-register workload.
#[derive(Debug)]
pub struct TxnRwRegisterWorkload;

impl Workload for TxnRwRegisterWorkload {
    fn name(&self) -> &'static str {
        "txn-rw-register"
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

    fn check(&self, history: &History, options: &Options) -> Verdict {
        txn::check(history, Objects::Registers, &options.consistency_models)
    }

    fn suspect(&self, history: &History, options: &Options) -> Vec<Suspicion> {
        txn::suspect(history, Objects::Registers, &options.consistency_models, options.strict)
    }
}

fn micro_op(step: Step) -> MicroOp {
    match step {
        Step::Read { key } => MicroOp::Read { key: Json::from(key) },
        Step::Write { key, value } => MicroOp::Write { key: Json::from(key), value: Json::from(value) },
    }
}

//! Transactions over lists: reads and appends (Maelstrom: `workload/txn_list_append.clj`).

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
    Any,
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
            let txn = invocation.value.to().unwrap_or_default();
            match client.call(&Txn { txn }).await {
                Ok(response) => Outcome::Ok(Any::new(&response.txn)),
                Err(error) => Outcome::failed(&error, false),
            }
        })
    }

    fn is_reusable(&self) -> bool {
        true
    }

    fn check(&self, history: &History, options: &Options) -> Verdict {
        txn::check(history, Objects::Lists, &options.consistency_models)
    }

    fn suspect(&self, history: &History, options: &Options) -> Vec<Suspicion> {
        txn::suspect(history, Objects::Lists, &options.consistency_models, options.strict)
    }
}

fn micro_op(step: Step) -> MicroOp {
    match step {
        Step::Read { key } => MicroOp::Read { key: Any::from(key) },
        Step::Write { key, value } => MicroOp::Append { key: Any::from(key), value: Any::from(value) },
    }
}

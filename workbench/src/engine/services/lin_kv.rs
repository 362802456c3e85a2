//! `lin-kv`: one copy, one request at a time.

use crate::engine::services::{
    kv::{Action, Operation, Store, compare, read},
    request::{Answer, Reply},
    value::{Value, Values},
};
use glomers_protocol::NodeId;
use rand_pcg::Pcg64Mcg;

#[derive(Default)]
pub(super) struct LinKv(Values<Value>);

impl Store for LinKv {
    fn serve(&mut self, _: &NodeId, Operation { key, action }: Operation, _: &mut Pcg64Mcg) -> Reply {
        match action {
            Action::Read => read(self.0.get(&key)),
            Action::Write { value } => {
                self.0.insert(key, value);
                Ok(Answer::Write)
            }
            Action::Cas { from, to, creates } => {
                let answer = compare(self.0.get(&key), &from, creates)?;
                self.0.insert(key, to);
                Ok(answer)
            }
        }
    }
}

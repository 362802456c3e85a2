//! A handler for the jar as it is before any change. Whatever a change asks of it, the compiler says.

use crate::{errors::Code, jar::*};
use glomers_protocol::{Json, RpcError, handler};
use std::{cell::RefCell, collections::BTreeMap};

#[derive(Default)]
pub struct Jar {
    sweets: RefCell<BTreeMap<String, i64>>,
}

#[handler(crate::jar)]
impl Jar {
    fn put(&self, request: Put) -> PutOk {
        let count: i64 = request.count;
        *self.sweets.borrow_mut().entry(request.sweet.to_string()).or_default() += count;
        PutOk {}
    }

    fn look(&self, _: Look) -> LookOk {
        let counts = self.sweets.borrow().clone();
        let sweets: Vec<Json> = counts.keys().map(|sweet| Json::from(sweet.as_str())).collect();
        LookOk { sweets: Some(sweets), counts }
    }

    fn barter(&self, request: Barter) -> Result<BarterOk, RpcError> {
        let mut sweets = self.sweets.borrow_mut();
        let (mut taken, mut given) = (Vec::new(), Vec::new());
        for step in request.steps {
            match step {
                Step::Take { sweet } => taken.extend(sweets.remove_entry(&sweet).map(Portion)),
                Step::Give { sweet, count } => {
                    given.push(Portion((sweet.clone(), count)));
                    *sweets.entry(sweet).or_default() += count;
                }
            }
        }
        Ok(BarterOk { taken, given })
    }
}

pub fn explain(code: Code) -> &'static str {
    match code {
        Code::Timeout => "nobody knows",
        Code::OutOfSweets => "there are too few",
        Code::Other(_) => "something else",
    }
}

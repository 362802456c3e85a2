//! Echo: every answer is the value that was sent (Maelstrom: `workload/echo.clj`; knossos: `history.clj`, `pairs`).
//!
//! Maelstrom judges only operations that ended `ok` or `fail`. An operation that never ended is in no pair, and one
//! that ended `info` stands alone, without a value to compare. Whether nodes answer at all is the business of
//! availability.

use crate::{
    expectations::Expectations,
    finding::{Finding, SHOWN},
    history::{Clients, History, Kind, Op, Process},
    validity::Validity,
    verdict::{Checker, Verdict},
};
use glomers_json::Json;
use serde::{Deserialize, Serialize};

/// The wrong answers of a history.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Echo {
    /// Each with the value that was sent and the body that came, among words of Maelstrom.
    pub errors: Vec<(&'static str, Json, &'static str, Json)>,
    /// The reason why there is no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The part of an answer that counts.
#[derive(Deserialize)]
struct Answer {
    echo: Json,
}

/// Compares every answer to its request.
pub fn check(history: &History) -> (Echo, Vec<Finding>) {
    let (mut echo, mut findings) = (Echo::default(), Vec::new());
    let mut open = Clients::<Option<&Op>>::default();
    for op in history.ops().iter().filter(|op| op.process != Process::Nemesis) {
        match op.kind {
            Kind::Invoke => {
                if let Some(earlier) = open.of(op.process).replace(op) {
                    echo.error.get_or_insert_with(|| reused(earlier, op));
                }
            }
            // Knossos does not pair it with its invocation, which stays open.
            Kind::Info => {}
            Kind::Ok | Kind::Fail => {
                let Some(invocation) = open.of(op.process).take() else { continue };
                if let Some(finding) = compare(invocation, op) {
                    echo.errors.push((EXPECTED, invocation.value.clone(), RECEIVED, op.value.clone()));
                    if !findings.contains(&finding) && findings.len() < SHOWN {
                        findings.push(finding);
                    }
                }
            }
        }
    }
    (echo, findings)
}

/// The kind of a wrong answer.
const WRONG: &str = "wrong echo";

const EXPECTED: &str = "Expected a message with :echo";
const RECEIVED: &str = "But received";

fn compare(invocation: &Op, completion: &Op) -> Option<Finding> {
    let (sent, received) = (&invocation.value, &completion.value);
    let echo = received.decode::<Answer>().map_or_else(|_| Json::null(), |answer| answer.echo);
    (echo != *sent).then(|| {
        let sent = sent.decode::<String>().unwrap_or_else(|_| sent.to_string());
        let explanation = format!("{EXPECTED} {sent} {RECEIVED} {received}");
        Finding::fault(WRONG, [completion.index], explanation).about([received.as_str()])
    })
}

fn reused(earlier: &Op, later: &Op) -> String {
    format!(
        "process {} begins an operation in entry {} after that of entry {} ended `info`; a process that does not know its \
         end is replaced by a new one, so Maelstrom's checker gives up here",
        later.process, later.index, earlier.index
    )
}

/// The checker of `echo`.
#[derive(Debug)]
pub struct EchoChecker;

impl Checker for EchoChecker {
    fn check(&self, history: &History, _: &Expectations) -> Verdict {
        let (echo, findings) = check(history);
        let (error, wrong) = (echo.error.clone(), echo.errors.len());
        let valid = Validity::from_valid(echo.errors.is_empty());
        Verdict::new(valid, findings, echo).counting(WRONG, wrong).unless_thrown(error)
    }
}

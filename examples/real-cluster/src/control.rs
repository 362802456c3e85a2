//! Requests to a bridge itself: they begin a test, and inject faults. So faults need neither root nor a firewall: a bridge
//! that is told to drop the messages of some nodes does so, and kills or stops its own child.

use crate::subject::Subjects;
use anyhow::{Context, Result, bail};
use async_nats::{Client, Request, client::RequestErrorKind};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};

/// The time in which a bridge must answer; a start includes the node's answer to `init`. The bench waits ten seconds, and is to
/// get the reason.
const TIMEOUT: Duration = Duration::from_secs(8);

/// A request.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "control", rename_all = "kebab-case")]
pub(crate) enum Control {
    /// Asks for another bridge with this node's id. Only another one answers.
    Hello {
        instance: String,
    },
    /// Asks for the epoch.
    Status,
    /// End the child, and be a member of this epoch from now on. Messages wait until the start.
    Join {
        epoch: String,
        ids: Vec<String>,
    },
    /// Start the child, unless it runs.
    Start,
    Kill,
    Pause,
    Resume,
    /// Drop messages of these nodes from now on, and of no others.
    Drop {
        from: BTreeSet<String>,
    },
}

/// An answer.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Answer {
    /// The effect, in Jepsen's words; or the reason why there is none.
    pub(crate) outcome: String,
    pub(crate) is_error: bool,
    pub(crate) epoch: String,
    /// The bridge that answers.
    pub(crate) instance: String,
}

/// Asks the bridge of a node.
///
/// # Errors
///
/// There is none, or it does not answer in time, or could not do it.
pub(crate) async fn ask(client: &Client, subjects: &Subjects, node: &str, control: &Control) -> Result<Answer> {
    let payload = serde_json::to_vec(control)?;
    let request = Request::new().payload(payload.into()).timeout(Some(TIMEOUT));
    let reply = match client.send_request(subjects.control(node), request).await {
        Ok(reply) => reply,
        Err(error) if error.kind() == RequestErrorKind::NoResponders => {
            bail!("no bridge runs the node {node}; start one with `bridge node --id {node}`")
        }
        Err(error) if error.kind() == RequestErrorKind::TimedOut => {
            bail!("the bridge of {node} did not answer within {TIMEOUT:?}")
        }
        Err(error) => return Err(error).context("cannot ask a bridge over NATS"),
    };
    let answer: Answer =
        serde_json::from_slice(&reply.payload).with_context(|| format!("the bridge of {node} answers nonsense"))?;
    if answer.is_error {
        bail!("{node}: {}", answer.outcome)
    }
    Ok(answer)
}

//! `bridge fault`: reads a step of the bench's nemesis from stdin, has the bridges do it, and prints what each did.
//!
//! | step | each bridge |
//! |---|---|
//! | `{"fault":"partition","grudge":{"n1":["n2"]}}` | drops messages of the nodes that its own is not to hear |
//! | `{"fault":"heal"}` | drops none |
//! | `{"fault":"kill","nodes":["n1"]}`, `start`, `pause`, `resume` | does it to its node's process |

use crate::{
    control::{self, Control},
    options::{NatsOptions, read_id},
};
use anyhow::{Context, Result};
use futures::future::try_join_all;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{read_to_string, stdin},
};

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    nats: NatsOptions,
    /// The ids of all nodes
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = read_id)]
    ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case")]
enum Step {
    Partition { grudge: BTreeMap<String, BTreeSet<String>> },
    Heal,
    Kill { nodes: Vec<String> },
    Start { nodes: Vec<String> },
    Pause { nodes: Vec<String> },
    Resume { nodes: Vec<String> },
}

impl Step {
    /// The requests to bridges.
    fn requests(self, ids: &[String]) -> Vec<(String, Control)> {
        let each = |nodes: Vec<String>, control: fn() -> Control| nodes.into_iter().map(|id| (id, control())).collect();
        match self {
            Self::Partition { mut grudge } => ids
                .iter()
                .map(|id| (id.clone(), Control::Drop { from: grudge.remove(id).unwrap_or_default() }))
                .collect(),
            Self::Heal => each(ids.to_vec(), || Control::Drop { from: BTreeSet::new() }),
            Self::Kill { nodes } => each(nodes, || Control::Kill),
            Self::Start { nodes } => each(nodes, || Control::Start),
            Self::Pause { nodes } => each(nodes, || Control::Pause),
            Self::Resume { nodes } => each(nodes, || Control::Resume),
        }
    }
}

/// Injects the fault on stdin.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let text = read_to_string(stdin())?;
    let step: Step = serde_json::from_str(&text)
        .with_context(|| format!("got `{}`, expected a step such as {{\"fault\":\"heal\"}}", text.trim()))?;
    let (subjects, client) = (arguments.nats.subjects()?, arguments.nats.connect_once().await?);
    let (client, subjects) = (&client, &subjects);
    let asked = step.requests(&arguments.ids).into_iter().map(|(id, request)| async move {
        let answer = control::ask(client, subjects, &id, &request).await?;
        anyhow::Ok((id, answer.outcome))
    });
    let outcomes: BTreeMap<String, String> = try_join_all(asked).await?.into_iter().collect();
    println!("{}", serde_json::to_string(&outcomes)?);
    Ok(())
}

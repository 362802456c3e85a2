//! State that survives crashes: its inputs are written to a log on the node's disk before anything depends on them.
//!
//! # Write, wait, answer
//!
//! The state changes only by [inputs](Journaled): a client's request, or a message of another node. The log has every
//! input in order, so a node that restarts replays them and gets the same state. An input is applied at once, in
//! memory, and written to the log at the same time. Before an answer or a message that depends on it leaves the node,
//! the node waits ([`Durable::answer`], [`Durable::synced`]). So a crash takes back only inputs whose effects nobody has
//! seen, and these are the last ones. To the others, a node that restarts is a node that was paused.
//!
//! Reads wait too. Otherwise a client could be shown a value that a crash then takes back. A read waits only if
//! something is not durable yet, and one sync serves all that wait.
//!
//! Some changes need not survive, such as the time of the last message to a peer. [`Durable::change`] makes them
//! without the log.
//!
//! The log begins with a state and goes on with inputs. [`Durable::compact`] replaces all of it by the present state
//! once it has grown to several times its size, so its length is bounded by the size of the state.
//!
//! Without a disk there is no log, and nothing waits.
//!
//! # Damage
//!
//! A node whose log is damaged stops, and says where the damage is. It could start empty and ask the others for their
//! data. But it would then show less than it had confirmed, and nobody would notice that its last inputs, which no
//! other node has, are gone. So the decision is left to whoever runs it: restore the file, or remove the node's data
//! folder.

use futures_util::FutureExt;
use glomers_protocol::{Context, DiskError, IntoResult, Json, Log, NodeId, Reply};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned},
};
use std::{
    cell::{Ref, RefCell},
    fmt,
};

/// A state that is a function of its first value and its inputs.
pub trait Journaled: Serialize + DeserializeOwned + 'static {
    /// A change to the state.
    type Input: Serialize + DeserializeOwned;

    /// The result of a change.
    type Output;

    /// Applies an input. It depends on the state and the input only, because it is repeated after a restart.
    fn apply(&mut self, input: Self::Input) -> Self::Output;
}

/// A state in memory and, if the node has a disk, in a log.
pub struct Durable<S: Journaled> {
    state: RefCell<S>,
    /// The log, and the node that it belongs to; `None` without a disk.
    log: Option<(Log<Record<S>>, Owner)>,
}

/// An entry of the log.
enum Record<S: Journaled> {
    /// The whole state, with the node that it belongs to. This is the first entry.
    State(Owner, S),
    Input(S::Input),
}

/// An entry as it is written, without a copy of the state or of the input.
#[derive(Serialize)]
#[serde(bound = "")]
enum Written<'a, S: Journaled> {
    State(&'a Owner, &'a S),
    Input(&'a S::Input),
}

/// An entry as it is read, whose part of another type is still encoded: its reader is compiled once.
#[derive(Deserialize)]
enum Read {
    State(Owner, Json),
    Input(Json),
}

impl<'de, S: Journaled> Deserialize<'de> for Record<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Read::deserialize(deserializer)? {
            Read::State(owner, state) => decode(&state).map(|state| Self::State(owner, state)),
            Read::Input(input) => decode(&input).map(Self::Input),
        }
    }
}

/// Decodes a part of what a deserializer reads.
pub(crate) fn decode<T: DeserializeOwned, E: de::Error>(part: &Json) -> Result<T, E> {
    part.decode().map_err(E::custom)
}

/// A node and its cluster.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct Owner {
    node: NodeId,
    cluster: Vec<NodeId>,
}

/// The reason why a node cannot have its state back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The disk cannot be used, or the log is damaged.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The data belong to another node.
    #[error(
        "the data folder has the data of {found}, but this is {expected}: what it means depends on the nodes of the \
         cluster, so use another data folder"
    )]
    OtherNode {
        /// The node that wrote the data.
        found: String,
        /// This node.
        expected: String,
    },
    /// The log does not begin with a state.
    #[error("`{LOG}.log` does not begin with a state: another program wrote it, so use another data folder")]
    NoState,
}

/// The name of the log.
const LOG: &str = "state";

impl<S: Journaled> Durable<S> {
    /// The state that the disk has, or `new` if it has none.
    ///
    /// # Errors
    ///
    /// If the disk cannot be used, its data are damaged, or they belong to another node.
    pub fn open(cx: &Context, new: impl FnOnce() -> S) -> Result<Self, OpenError> {
        let Some(disk) = cx.disk()? else { return Ok(Self { state: RefCell::new(new()), log: None }) };
        let (owner, (log, records)) = (Owner::of(cx), Log::open(&disk, LOG)?);
        let state = match replay(records, &owner)? {
            Some(state) => state,
            None => {
                let state = new();
                log.append_as(&Written::State(&owner, &state));
                state
            }
        };
        Ok(Self { state: RefCell::new(state), log: Some((log, owner)) })
    }

    /// The state, of which something may not be durable. Show none of it but with [`Self::answer`] or after [`Self::synced`].
    pub fn state(&self) -> Ref<'_, S> {
        self.state.borrow()
    }

    /// Applies an input and writes it to the log.
    pub fn apply(&self, input: S::Input) -> S::Output {
        if let Some((log, _)) = &self.log {
            log.append_as(&Written::<S>::Input(&input));
        }
        self.state.borrow_mut().apply(input)
    }

    /// Makes a change that a crash may undo.
    pub fn change<T>(&self, change: impl FnOnce(&mut S) -> T) -> T {
        change(&mut self.state.borrow_mut())
    }

    /// Answers when every input before this call is durable, and without a disk at once.
    pub fn answer<T: 'static>(&self, handled: impl IntoResult<T>) -> Reply<T> {
        let result = handled.into_result();
        match &self.log {
            Some((log, _)) => Reply::later(log.sync().map(|()| result)),
            None => Reply::Ready(result),
        }
    }

    /// Waits until every input before this call is durable.
    pub async fn synced(&self) {
        if let Some((log, _)) = &self.log {
            log.sync().await;
        }
    }

    /// Replaces the log by the present state, if the log has become much longer.
    pub fn compact(&self) {
        if let Some((log, owner)) = self.log.as_ref().filter(|(log, _)| log.wants_compaction()) {
            log.compact_as([&Written::State(owner, &*self.state())]);
        }
    }
}

/// The state after all records; `None` if there are none.
fn replay<S: Journaled>(records: Vec<Record<S>>, owner: &Owner) -> Result<Option<S>, OpenError> {
    let mut records = records.into_iter();
    let mut state = match records.next() {
        None => return Ok(None),
        Some(Record::Input(_)) => return Err(OpenError::NoState),
        Some(Record::State(found, state)) => {
            owner.check(&found)?;
            state
        }
    };
    for record in records {
        match record {
            Record::State(_, later) => state = later,
            Record::Input(input) => _ = state.apply(input),
        }
    }
    Ok(Some(state))
}

impl Owner {
    /// This node.
    pub(crate) fn of(cx: &Context) -> Self {
        Self { node: cx.id().clone(), cluster: cx.ids().to_vec() }
    }

    /// Refuses the data of another node.
    pub(crate) fn check(&self, found: &Self) -> Result<(), OpenError> {
        if self == found {
            return Ok(());
        }
        Err(OpenError::OtherNode { found: found.to_string(), expected: self.to_string() })
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cluster: Vec<_> = self.cluster.iter().map(NodeId::as_str).collect();
        write!(f, "node {} of the cluster {}", self.node, cluster.join(", "))
    }
}

impl<S: Journaled + fmt::Debug> fmt::Debug for Durable<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Durable")
            .field("state", &self.state)
            .field("has_log", &self.log.is_some())
            .finish_non_exhaustive()
    }
}

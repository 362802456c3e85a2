//! The setup before the first operation: the nodes start, are told their ids, and the workload prepares them.
//!
//! It is the same in every execution. So what clients say is noted once, and said again without clients: they would cost more
//! than a short schedule.

use super::{Execution, seed};
use crate::{
    explore::{
        memo::cast::Cast,
        subject::{SetupLine, Subject},
    },
    run::{error::RunError, lifecycle::prepare, report::Report, session::Session},
};
use glomers_protocol::{Message, NodeId, Payload, init::Init};

impl<'s> Execution<'s> {
    /// A session whose nodes have started and know nothing. Nodes and services are those of the cast, if there is one.
    pub(super) fn session(
        subject: &'s Subject<'s>,
        records: bool,
        mut cast: Option<&mut Cast>,
    ) -> Result<Session<'static>, RunError> {
        let options = subject.bounds.options.clone().journal(records);
        let mut session = Session::new((subject.make)(), options, None, None)?;
        session.world.allow_late_answers();
        for (name, service) in cast.iter().flat_map(|cast| cast.services()) {
            session.world.replace(&name, service);
        }
        for (number, id) in subject.nodes.iter().enumerate() {
            let seed = seed(subject.bounds.options.seed, number, 0);
            let process = match &mut cast {
                Some(cast) => cast.node(subject, id, seed),
                None => (subject.spawn)(seed, session.world.disks.of(id)),
            };
            session.world.join(id.clone(), process);
        }
        Ok(session)
    }

    /// Has clients prepare the nodes.
    pub(super) fn prepare(session: &mut Session<'static>) -> Result<(), RunError> {
        let Some(failure) = prepare(session)? else { return Ok(()) };
        let report = Report::of(&*session.workload, std::mem::take(&mut session.history), &session.options);
        Err(RunError::Node(Box::new(Report { failure: Some(failure), ..report })))
    }

    /// The lines that clients say, if all of them are said at once and each only needs the answers to those before it.
    pub(super) fn setup_lines(subject: &'s Subject<'s>) -> Result<Option<&'s [SetupLine]>, RunError> {
        if let Some(known) = subject.setup.get() {
            return Ok(known.as_deref());
        }
        let mut session = Self::session(subject, true, None)?;
        Self::prepare(&mut session)?;
        let takes_time = !session.world.now().is_zero();
        let said = session.world.take_journal().into_iter().filter(|event| !event.received);
        let lines = said.filter_map(|event| {
            let message = Message::parse(&event.message).ok()?;
            let (client, node) = (NodeId::from(message.src()), NodeId::from(message.dest()));
            let is_init = message.wire_type() == Init::TYPE;
            client.is_client().then(|| SetupLine { client, node, line: event.message.clone(), is_init })
        });
        let lines = (!takes_time).then(|| lines.collect());
        Ok(subject.setup.get_or_init(|| lines).as_deref())
    }

    /// Says the lines. Every node knows its id before it hears from another one.
    pub(super) fn say(session: &mut Session<'static>, lines: &[SetupLine]) {
        let now = session.world.now();
        let (inits, others): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.is_init);
        for SetupLine { client, node, line, .. } in inits {
            session.world.expect_late(client);
            session.world.inject(client.clone(), node, (**line).into());
        }
        while session.world.step_before(Some(now)) {}
        for SetupLine { client, node, line, .. } in others {
            session.world.expect_late(client);
            session.world.inject(client.clone(), node, (**line).into());
            while session.world.step_before(Some(now)) {}
        }
        session.origin = session.world.now();
    }
}

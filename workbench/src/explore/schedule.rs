//! Schedules as texts: a list of choices that repeats an execution.
//!
//! A choice names a message by its link and, unless it is the oldest one on it, by its position among those in flight there.
//! So the rest of a schedule keeps its meaning when choices are removed from it.

use std::{fmt, str::FromStr};

/// A message in flight: the oldest one from `src` to `dest`, or the one behind `position` others.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link {
    /// The sender.
    pub src: String,
    /// The receiver.
    pub dest: String,
    /// The number of messages on the link that are older.
    pub position: usize,
}

/// One choice of a schedule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Choice {
    /// `skip:op2`: the operation of this number is left out.
    Skip(usize),
    /// `op2`: a client begins the operation of this number.
    Begin(usize),
    /// `n0/n1`, or `n0/n1.2` if it is behind two others: a message arrives.
    Deliver(Link),
    /// `timer:n1`: a timer fires.
    Fire(String),
    /// `drop:n0/n1`: a message is lost.
    Drop(Link),
    /// `double:n0/n1`: a message will come twice.
    Double(Link),
    /// `crash:n1`: a node crashes.
    Crash(String),
    /// `restart:n1`: a node that crashed starts again.
    Restart(String),
    /// `cut:n1`: a node is cut off from all others.
    Cut(String),
    /// `heal`: the cut ends.
    Heal,
}

/// A schedule: choices, after which everything happens by time. As a text, they are separated by commas:
/// `op0,c0/n0,timer:n1`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Schedule(pub Vec<Choice>);

/// The error for a text that is not a schedule.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "got `{0}`, expected a step of a schedule: op2, c0/n1, n0/n1.2, timer:n1, drop:n0/n1, double:n0/n1, crash:n1, restart:n1, \
     cut:n1, heal or skip:op2"
)]
pub struct ParseScheduleError(String);

impl Choice {
    /// Tells whether it is a fault.
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::Drop(_) | Self::Double(_) | Self::Crash(_) | Self::Cut(_))
    }
}

impl FromStr for Schedule {
    type Err = ParseScheduleError;

    fn from_str(text: &str) -> Result<Self, ParseScheduleError> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Choice {
    type Err = ParseScheduleError;

    fn from_str(text: &str) -> Result<Self, ParseScheduleError> {
        read(text).ok_or_else(|| ParseScheduleError(text.to_owned()))
    }
}

fn read(text: &str) -> Option<Choice> {
    let number = |word: &str| word.strip_prefix("op")?.parse().ok();
    let name = |name: &str| (!name.is_empty() && !name.contains('/')).then(|| name.to_owned());
    Some(match text.split_once(':') {
        Some(("skip", word)) => Choice::Skip(number(word)?),
        Some(("timer", id)) => Choice::Fire(name(id)?),
        Some(("crash", id)) => Choice::Crash(name(id)?),
        Some(("restart", id)) => Choice::Restart(name(id)?),
        Some(("cut", id)) => Choice::Cut(name(id)?),
        Some(("drop", word)) => Choice::Drop(link(word)?),
        Some(("double", word)) => Choice::Double(link(word)?),
        Some(_) => return None,
        None if text == "heal" => Choice::Heal,
        None if text.contains('/') => Choice::Deliver(link(text)?),
        None => Choice::Begin(number(text)?),
    })
}

fn link(text: &str) -> Option<Link> {
    let (src, rest) = text.split_once('/')?;
    let (dest, position) = match rest.split_once('.') {
        Some((dest, position)) => (dest, position.parse().ok()?),
        None => (rest, 0),
    };
    let is_name = |name: &str| !name.is_empty() && !name.contains('/');
    (is_name(src) && is_name(dest)).then(|| Link { src: src.to_owned(), dest: dest.to_owned(), position })
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, choice) in self.0.iter().enumerate() {
            write!(f, "{}{choice}", if number > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skip(operation) => write!(f, "skip:op{operation}"),
            Self::Begin(operation) => write!(f, "op{operation}"),
            Self::Deliver(link) => write!(f, "{link}"),
            Self::Fire(id) => write!(f, "timer:{id}"),
            Self::Drop(link) => write!(f, "drop:{link}"),
            Self::Double(link) => write!(f, "double:{link}"),
            Self::Crash(id) => write!(f, "crash:{id}"),
            Self::Restart(id) => write!(f, "restart:{id}"),
            Self::Cut(id) => write!(f, "cut:{id}"),
            Self::Heal => f.write_str("heal"),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { src, dest, position } = self;
        write!(f, "{src}/{dest}")?;
        if *position > 0 { write!(f, ".{position}") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_read_as_it_is_written() {
        let text = "skip:op1,op2,c0/n0,n0/lin-kv.2,timer:n1,drop:n0/n1,double:n1/n0.3,crash:n1,restart:n1,cut:n0,heal";
        let schedule: Schedule = text.parse().unwrap();
        assert_eq!(schedule.0.len(), 11);
        assert_eq!(schedule.to_string(), text);
        assert_eq!("".parse(), Ok(Schedule::default()));
    }

    #[test]
    fn other_texts_are_refused() {
        for wrong in ["op", "opx", "n0/", "/n1", "n0/n1.x", "timer:", "sleep:n1", "crash:n0/n1", "n0"] {
            assert_eq!(wrong.parse::<Schedule>(), Err(ParseScheduleError(wrong.to_owned())), "{wrong}");
        }
    }
}

//! The flags of a test, one row each. The command line's parser and help, the command that repeats a run, the arguments
//! for the real Maelstrom and the manifest of a run are made from this table, so none of them can forget a flag.
//!
//! A value is read as Maelstrom reads it (Maelstrom: `core.clj`, `opt-spec`; jepsen: `cli.clj`, `test-opt-spec`), which
//! includes Clojure's ratios, such as `1/2`, where it uses Clojure's reader.

use crate::options::{
    Availability, DiskUse, Distribution, Fault, Options, Topology,
    value::{
        ValueError, at_least_one, chosen, fraction, join, known_models, listed, not_negative, plain, positive, seconds,
        whole,
    },
};
use glomers_checkers::checker::txn::models;
use std::time::Duration;

/// A flag of a test.
#[derive(Debug)]
pub struct Flag {
    /// Its name without the dashes.
    pub name: &'static str,
    /// One sentence about it.
    pub help: &'static str,
    /// The name of its value in a help text; `None` if it takes no value.
    pub value_name: Option<&'static str>,
    /// The value that counts if the flag is not given, as it would be given.
    pub default: Option<&'static str>,
    /// The values that it takes, each with a description, if they are a fixed set.
    pub choices: fn() -> Vec<(&'static str, &'static str)>,
    /// Tells if `maelstrom test` has it, too.
    pub is_of_maelstrom: bool,
    /// Tells if checkers read it, so that it also applies to a recorded history.
    pub is_expectation: bool,
    read: fn(&mut Options, &str) -> Result<(), ValueError>,
    write: fn(&Options) -> Option<String>,
}

impl Flag {
    /// Sets the option from a flag's value; from `""` if the flag takes no value.
    ///
    /// # Errors
    ///
    /// The value is not one that the flag takes; the error says what it expected.
    pub fn read(&self, options: &mut Options, value: &str) -> Result<(), ValueError> {
        (self.read)(options, value)
    }

    /// The words that set the option, none if it has its default.
    pub fn words(&self, options: &Options) -> Vec<String> {
        let Some(value) = (self.write)(options).filter(|value| Some(&**value) != self.default) else {
            return Vec::new();
        };
        let name = format!("--{}", self.name);
        if self.value_name.is_some() { vec![name, value] } else { vec![name] }
    }
}

/// The values that most rows share.
const ROW: Flag = Flag {
    name: "",
    help: "",
    value_name: None,
    default: None,
    choices: Vec::new,
    is_of_maelstrom: true,
    is_expectation: false,
    read: |_, _| Ok(()),
    write: |_| None,
};

/// Every flag that sets an option of a test.
pub const FLAGS: &[Flag] = &[
    Flag {
        name: "nodes",
        help: "The nodes' names, separated by commas [default: n1,n2,n3,n4,n5]",
        value_name: Some("NAMES"),
        read: |options, text| {
            options.nodes = listed(text);
            if options.nodes.is_empty() { Err(ValueError::Expected("at least one name")) } else { Ok(()) }
        },
        write: |options| (!is_counted(options) && !has_default_nodes(options)).then(|| options.nodes.join(",")),
        ..ROW
    },
    Flag {
        name: "node-count",
        help: "The number of nodes, which are then named n0, n1, ...; overrides --nodes",
        value_name: Some("NUMBER"),
        read: |options, text| {
            let count = usize::from(at_least_one::<u16>(text)?);
            *options = std::mem::take(options).node_count(count);
            Ok(())
        },
        write: |options| is_counted(options).then(|| options.nodes.len().to_string()),
        ..ROW
    },
    Flag {
        name: "concurrency",
        help: "The number of clients: a number, or a multiple of the nodes such as 2n",
        value_name: Some("CLIENTS"),
        default: Some("1n"),
        read: |options, text| {
            options.concurrency = text.parse()?;
            Ok(())
        },
        write: |options| Some(options.concurrency.to_string()),
        ..ROW
    },
    Flag {
        name: "time-limit",
        help: "The seconds during which clients start operations",
        value_name: Some("SECONDS"),
        default: Some("60"),
        read: |options, text| at_least_one(text).map(|limit| options.time_limit = Duration::from_secs(limit)),
        write: |options| Some(options.time_limit.as_secs().to_string()),
        ..ROW
    },
    Flag {
        name: "rate",
        help: "The operations per second of all clients together",
        value_name: Some("RATE"),
        default: Some("5"),
        read: |options, text| not_negative(text).map(|rate| options.rate = rate),
        write: |options| Some(options.rate.to_string()),
        ..ROW
    },
    Flag {
        name: "latency",
        help: "The mean latency of messages between nodes in milliseconds",
        value_name: Some("MILLIS"),
        default: Some("0"),
        read: |options, text| whole(text).map(|millis| options.latency.mean = Duration::from_millis(millis)),
        write: |options| Some(options.latency.mean.as_millis().to_string()),
        ..ROW
    },
    Flag {
        name: "latency-dist",
        help: "The distribution of latencies",
        value_name: Some("TYPE"),
        default: Some("constant"),
        choices: || plain(Distribution::ALL.map(Distribution::name)),
        read: |options, text| {
            let named = Distribution::ALL.map(|distribution| (distribution.name(), distribution));
            chosen(&named, text).map(|distribution| options.latency.distribution = distribution)
        },
        write: |options| Some(options.latency.distribution.to_string()),
        ..ROW
    },
    Flag {
        name: "disk",
        help: "The tests in which nodes have a disk, which keeps what they sync when they are killed",
        value_name: Some("WHEN"),
        default: Some("auto"),
        choices: || DiskUse::ALL.map(|disk| (disk.name(), disk.help())).to_vec(),
        is_of_maelstrom: false,
        read: |options, text| {
            let named = DiskUse::ALL.map(|disk| (disk.name(), disk));
            chosen(&named, text).map(|disk| options.disk = disk)
        },
        write: |options| Some(options.disk.to_string()),
        ..ROW
    },
    Flag {
        name: "disk-latency",
        help: "The mean time that a simulated disk takes for a sync, in milliseconds",
        value_name: Some("MILLIS"),
        default: Some("1"),
        is_of_maelstrom: false,
        read: |options, text| {
            let latency = not_negative(text).and_then(|millis| seconds(millis / 1000.0));
            latency.map(|latency| options.disk_latency = latency)
        },
        write: |options| Some((options.disk_latency.as_secs_f64() * 1000.0).to_string()),
        ..ROW
    },
    Flag {
        name: "nemesis",
        help: "The faults to inject, separated by commas; each starts and ends independently of the others",
        value_name: Some("FAULTS"),
        choices: || Fault::ALL.map(|fault| (fault.name(), fault.help())).to_vec(),
        read: |options, text| {
            options.nemesis = listed(text).iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
            Ok(())
        },
        write: |options| (!options.nemesis.is_empty()).then(|| join(&options.nemesis)),
        ..ROW
    },
    Flag {
        name: "nemesis-interval",
        help: "The mean duration of a fault, and of the pause before the next one of its kind, in seconds",
        value_name: Some("SECONDS"),
        default: Some("10"),
        read: |options, text| positive(text).and_then(seconds).map(|interval| options.nemesis_interval = interval),
        write: |options| Some(options.nemesis_interval.as_secs_f64().to_string()),
        ..ROW
    },
    Flag {
        name: "nemesis-command",
        help: "Have this command inject the faults, for nodes that are not hosted here; `sh` runs it with a step as JSON on \
               stdin",
        value_name: Some("COMMAND"),
        is_of_maelstrom: false,
        read: |options, text| {
            if text.trim().is_empty() {
                return Err(ValueError::Expected("a command"));
            }
            options.nemesis_command = Some(text.to_owned());
            Ok(())
        },
        write: |options| options.nemesis_command.clone(),
        ..ROW
    },
    Flag {
        name: "topology",
        help: "The neighbours that a broadcast test proposes to each node",
        value_name: Some("SHAPE"),
        default: Some("grid"),
        choices: || plain(Topology::ALL.map(|(name, _)| name)),
        read: |options, text| chosen(&Topology::ALL, text).map(|topology| options.topology = topology),
        write: |options| Some(options.topology.to_string()),
        ..ROW
    },
    Flag {
        name: "availability",
        help: "The fraction of the operations that must succeed: a number from 0 to 1, or `total`",
        value_name: Some("EXPECTED"),
        is_expectation: true,
        read: |options, text| {
            options.availability = match text {
                "total" => Some(Availability::Total),
                // Clojure's nothing: any availability will do.
                "nil" => None,
                _ => Some(Availability::AtLeast(fraction(text)?)),
            };
            Ok(())
        },
        write: |options| options.availability.map(|availability| availability.to_string()),
        ..ROW
    },
    Flag {
        name: "consistency-models",
        help: "The consistency models that transactions are held to, separated by commas",
        value_name: Some("MODELS"),
        default: Some("strict-serializable"),
        choices: || plain(models::names()),
        is_expectation: true,
        read: |options, text| {
            options.consistency_models = known_models(text)?;
            Ok(())
        },
        write: |options| Some(options.consistency_models.join(",")),
        ..ROW
    },
    Flag {
        name: "key-count",
        help: "The number of keys that are in use at a time [default: the workload's own]",
        value_name: Some("NUMBER"),
        read: |options, text| at_least_one::<u16>(text).map(|count| options.key_count = Some(usize::from(count))),
        write: |options| options.key_count.map(|count| count.to_string()),
        ..ROW
    },
    Flag {
        name: "max-txn-length",
        help: "The largest number of steps in a transaction",
        value_name: Some("NUMBER"),
        default: Some("4"),
        read: |options, text| at_least_one::<u16>(text).map(|length| options.max_txn_length = usize::from(length)),
        write: |options| Some(options.max_txn_length.to_string()),
        ..ROW
    },
    Flag {
        name: "max-writes-per-key",
        help: "The number of writes to a key before a new key replaces it",
        value_name: Some("NUMBER"),
        default: Some("16"),
        read: |options, text| at_least_one(text).map(|writes| options.max_writes_per_key = writes),
        write: |options| Some(options.max_writes_per_key.to_string()),
        ..ROW
    },
    Flag {
        name: "even-lin-kv",
        help: "In a lin-kv test, use all nodes alike and read every key; Maelstrom prefers the first node",
        is_of_maelstrom: false,
        read: |options, _| {
            options.even_lin_kv = true;
            Ok(())
        },
        write: |options| options.even_lin_kv.then(String::new),
        ..ROW
    },
    Flag {
        name: "merge-lww-kv",
        help: "Let the replicas of lww-kv learn of each other's writes; in Maelstrom they never do",
        is_of_maelstrom: false,
        read: |options, _| {
            options.merge_lww_kv = true;
            Ok(())
        },
        write: |options| options.merge_lww_kv.then(String::new),
        ..ROW
    },
    Flag {
        name: "liveness",
        help: "Also require that each node serves its clients again when the faults are over",
        is_of_maelstrom: false,
        read: |options, _| {
            options.liveness = true;
            Ok(())
        },
        write: |options| options.liveness.then(String::new),
        ..ROW
    },
    Flag {
        name: "strict",
        help: "Also fail on anomalies that Maelstrom does not check",
        is_of_maelstrom: false,
        is_expectation: true,
        read: |options, _| {
            options.strict = true;
            Ok(())
        },
        write: |options| options.strict.then(String::new),
        ..ROW
    },
    Flag {
        name: "budget",
        help: "The time and memory of a linearizability check; 1s counts as 2.5 million steps, 1MB as 2,000 entries",
        value_name: Some("TIME,MEMORY"),
        default: Some("20s,500MB"),
        is_of_maelstrom: false,
        is_expectation: true,
        read: |options, text| {
            options.budget = text.parse()?;
            Ok(())
        },
        write: |options| Some(options.budget.to_string()),
        ..ROW
    },
    Flag {
        name: "log-net-send",
        help: "Print each message on stderr when it is sent",
        read: |options, _| {
            options.log_send = true;
            Ok(())
        },
        write: |options| options.log_send.then(String::new),
        ..ROW
    },
    Flag {
        name: "log-net-recv",
        help: "Print each message on stderr when it is received",
        read: |options, _| {
            options.log_receive = true;
            Ok(())
        },
        write: |options| options.log_receive.then(String::new),
        ..ROW
    },
    Flag {
        name: "seed",
        help: "The seed of everything random; in a simulation it determines every byte of the run. With --bin, a seed is \
               drawn and printed if none is given",
        value_name: Some("NUMBER"),
        default: Some("0"),
        is_of_maelstrom: false,
        read: |options, text| whole(text).map(|seed| options.seed = seed),
        write: |options| Some(options.seed.to_string()),
        ..ROW
    },
];

/// The words that set these options, without those that have their defaults.
pub fn words(options: &Options) -> Vec<String> {
    FLAGS.iter().flat_map(|flag| flag.words(options)).collect()
}

impl Options {
    /// The arguments with which `maelstrom test` runs the same test, without those that have their defaults. Loss,
    /// strictness, liveness and the faults that Maelstrom does not have ([`Fault::is_of_maelstrom`]) are left out.
    pub fn arguments(&self) -> Vec<String> {
        let nemesis = self.nemesis.iter().copied().filter(|fault| fault.is_of_maelstrom()).collect();
        let known = Options { nemesis, log_send: false, log_receive: false, ..self.clone() };
        FLAGS.iter().filter(|flag| flag.is_of_maelstrom).flat_map(|flag| flag.words(&known)).collect()
    }
}

fn is_counted(options: &Options) -> bool {
    !options.nodes.is_empty() && (0..).zip(&options.nodes).all(|(number, name)| *name == format!("n{number}"))
}

fn has_default_nodes(options: &Options) -> bool {
    options.nodes == Options::default().nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, value: &str, expected: Result<&str, &str>) {
        let flag = FLAGS.iter().find(|flag| flag.name == name).unwrap();
        let mut options = Options::default();
        let read = flag.read(&mut options, value).map(|()| flag.words(&options).join(" "));
        match expected {
            Ok(words) => assert_eq!(read.as_deref(), Ok(words), "--{name} {value}"),
            Err(part) => assert!(
                read.as_ref().is_err_and(|error| error.to_string().contains(part)),
                "--{name} {value}: {read:?}"
            ),
        }
    }

    #[test]
    fn values_are_read_as_maelstrom_reads_them() {
        check("availability", "1/2", Ok("--availability 0.5"));
        check("availability", "total", Ok("--availability total"));
        check("availability", "nil", Ok(""));
        check("availability", "3/2", Err("from 0 to 1"));
        check("availability", "1/0", Err("from 0 to 1"));
        check("nemesis-interval", "1/2", Ok("--nemesis-interval 0.5"));
        check("nemesis-interval", "0", Err("greater than 0"));
        check("nemesis-interval", "1e300", Err("at most 1000000000 seconds"));
        check("nemesis", "partition , kill", Ok("--nemesis partition,kill"));
        check("nemesis", "partition,frost", Err("`frost`"));
        check("rate", "1e2", Ok("--rate 100"));
        check("rate", "-1", Err("not negative"));
        check("rate", "NaN", Err("not negative"));
        check("time-limit", "0", Err("greater than 0"));
        check("time-limit", "1.5", Err("a whole number"));
        check("latency", "-1", Err("a whole number"));
        check("disk-latency", "2.5", Ok("--disk-latency 2.5"));
        check("disk-latency", "1", Ok(""));
        check("disk-latency", "-1", Err("not negative"));
        check("disk", "never", Ok("--disk never"));
        check("disk", "auto", Ok(""));
        check("disk", "yes", Err("auto, always, never"));
        check("nemesis-command", "./faults -v", Ok("--nemesis-command ./faults -v"));
        check("nemesis-command", " ", Err("a command"));
        check("topology", "tree", Ok("--topology tree2"));
        check("topology", "star", Err("tree4"));
        check("latency-dist", "normal", Err("constant, uniform, exponential"));
        check("concurrency", "0n", Err("a multiple of the nodes"));
        check("node-count", "3", Ok("--node-count 3"));
        check("nodes", "a, b", Ok("--nodes a,b"));
        check("nodes", "n0,n1", Ok(""));
        check("nodes", ",", Err("at least one"));
    }

    #[test]
    fn a_misspelt_model_is_refused_with_similar_ones() {
        check("consistency-models", "read-committed,PL-SI", Ok("--consistency-models read-committed,PL-SI"));
        check("consistency-models", "read-comitted", Err("similar: read-committed"));
        check("consistency-models", "READ-COMMITTED", Err("similar: read-committed"));
        check("consistency-models", "acid", Err("no consistency model acid"));
    }

    #[test]
    fn defaults_are_those_of_options() {
        for flag in FLAGS.iter().filter(|flag| flag.default.is_some()) {
            let mut options = Options { seed: 1, ..Options::default() };
            flag.read(&mut options, flag.default.unwrap()).unwrap();
            let expected = Options { seed: if flag.name == "seed" { 0 } else { 1 }, ..Options::default() };
            assert_eq!(options, expected, "--{}", flag.name);
        }
        assert!(words(&Options::default()).is_empty());
    }
}

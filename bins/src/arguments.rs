//! The command line: the options of `maelstrom test` by the same names, with the same defaults (Maelstrom: `core.clj`;
//! jepsen: `cli.clj`).

use crate::{challenge::Selection, check, completions, explain, new, serve, soak};
use anyhow::{Context, bail};
use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use glomers::catalogue::{NODES, Node};
use glomers_workbench::{
    Options,
    options::{Availability, Concurrency, Distribution, Fault, Latency, Topology},
    workload::WORKLOADS,
};
use std::{borrow::Cow, path::PathBuf, time::Duration};

/// Judges Maelstrom nodes without a JVM.
///
/// Without a command, runs every Gossip Glomers challenge in a deterministic simulation.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  glomers                                  all challenges\n  glomers challenge 3a 3c --seed 7         two of them\n  glomers test -w broadcast --rate 100     the built-in node, simulated\n  glomers test -w echo --bin ./my-node     your node, in real time\n  glomers explain                          what went wrong in the last run\n  glomers serve                            all runs, as web pages\n  glomers check -w kafka store/latest      a run from before, judged again\n\nExit code: 0 valid, 1 invalid, 2 unknown, 130 ended at once by Ctrl-C, 143 by SIGTERM, 254 bad arguments, 255 no verdict."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Fixes latencies, partitions, operations and the nodes' own chance.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run challenges with their official arguments and pass criteria.
    Challenge(Selection),
    /// Run one test, as `maelstrom test` does.
    Test(Box<TestOptions>),
    /// Run many tests that seeds draw, and repeat and shrink what fails.
    Soak(soak::Arguments),
    /// Judge a history that was recorded before, by Maelstrom or by glomers.
    Check(check::Arguments),
    /// Show what went wrong in a run: the operations and messages around it.
    Explain(explain::Arguments),
    /// Show all runs as web pages, on this machine.
    Serve(serve::Arguments),
    /// Make a crate for a node of your own.
    New(new::Arguments),
    /// Print a script that has a shell complete command lines.
    Completions(completions::Arguments),
}

/// What a history is held to, and how the findings are shown.
#[derive(Args)]
pub(crate) struct Expectations {
    /// The part of the operations that must succeed: a number from 0 to 1, or `total`.
    #[arg(long, value_name = "EXPECTED", value_parser = availability)]
    availability: Option<Availability>,
    /// The consistency models that transactions are held to, separated by commas.
    #[arg(long, value_name = "MODELS", value_delimiter = ',', default_value = "strict-serializable")]
    consistency_models: Vec<String>,
    /// Let the faults count for which Maelstrom does not look.
    #[arg(long)]
    strict: bool,
    /// Print the results as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Expectations {
    /// The options that matter to checkers.
    pub(crate) fn options(&self) -> Options {
        Options {
            availability: self.availability,
            consistency_models: self.consistency_models.clone(),
            strict: self.strict,
            ..Options::default()
        }
    }
}

/// The options of a test.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  glomers test -w broadcast --rate 100                            the built-in node, simulated\n  glomers test -w broadcast --nemesis partition --seed 7          the same with faults, and another seed\n  glomers test --node kafka-lin-kv                                another built-in node\n  glomers test -w echo --bin ./my-node                            your node, in real time\n  glomers test -w lin-kv --bin ./my-node --concurrency 2n -- -v   with an argument of its own\n\nCtrl-C or SIGTERM ends a test early: no operation begins any more, those going on have a second to end, the network\nheals, the last operations are done (with --bin after a rest of 2 s, or of 10 s if there were faults to be), and what\nthere is is judged and kept. A second one ends it at once."
)]
pub(crate) struct TestOptions {
    /// What clients do and expect. [default: lin-kv, or what the --node serves]
    #[arg(short, long, value_parser = workload_names())]
    workload: Option<String>,
    /// A program to run as each node, in real time; without it, a built-in node is simulated.
    #[arg(long, value_name = "PATH")]
    pub(crate) bin: Option<PathBuf>,
    /// The built-in node to simulate. [default: the one with the workload's name]
    #[arg(long, value_name = "NAME", conflicts_with = "bin", value_parser = node_names())]
    node: Option<String>,
    /// How many nodes: n0, n1, ... Without it, n1 to n5.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    node_count: Option<u16>,
    /// How many clients: a number, or a multiple of the nodes such as 2n.
    #[arg(long, default_value = "1n")]
    concurrency: Concurrency,
    /// Operations a second, all clients together.
    #[arg(long, default_value_t = 5.0, value_parser = not_negative)]
    rate: f64,
    /// Seconds during which clients begin operations.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    time_limit: u64,
    /// Mean milliseconds that a message between nodes takes.
    #[arg(long, value_name = "MILLIS", default_value_t = 0)]
    latency: u64,
    /// How latencies spread.
    #[arg(long, value_name = "TYPE", value_enum, default_value_t = DistributionName::Constant)]
    latency_dist: DistributionName,
    /// Faults to inject, separated by commas; each comes and goes by itself.
    #[arg(long, value_name = "FAULTS", value_delimiter = ',', value_parser = fault_names())]
    nemesis: Vec<Fault>,
    /// Mean seconds that a fault lasts, and that there are between two of a kind.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = positive)]
    nemesis_interval: f64,
    /// Ask each node to serve again when the faults are over; whoever does not makes the test invalid.
    #[arg(long)]
    liveness: bool,
    /// Which neighbours nodes are proposed.
    #[arg(long, value_name = "SHAPE", value_enum, default_value_t = TopologyName::Grid)]
    topology: TopologyName,
    #[command(flatten)]
    pub(crate) expectations: Expectations,
    /// How many keys are worked on at a time.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    key_count: Option<u16>,
    /// Steps of the longest transaction.
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    max_txn_length: u16,
    /// Writes to a key before it makes way for a new one.
    #[arg(long, value_name = "NUMBER", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..))]
    max_writes_per_key: u64,
    /// Show each message on stderr as it is sent.
    #[arg(long)]
    pub(crate) log_net_send: bool,
    /// Show each message on stderr as it is received.
    #[arg(long)]
    pub(crate) log_net_recv: bool,
    /// Show the nodes' stderr.
    #[arg(long)]
    pub(crate) log_stderr: bool,
    /// Fixes every byte of a simulated run.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where runs are kept: history, results, messages and logs.
    #[arg(long, value_name = "DIR", default_value = "store")]
    pub(crate) store: PathBuf,
    /// Arguments for the node.
    #[arg(last = true)]
    pub(crate) arguments: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum DistributionName {
    Constant,
    Uniform,
    Exponential,
}

#[derive(Clone, Copy, ValueEnum)]
enum TopologyName {
    Line,
    Grid,
    Tree,
    Tree2,
    Tree3,
    Tree4,
    Total,
}

impl TestOptions {
    /// Reads a line as a shell would: a program, `glomers` or `maelstrom`, then `test` and its options.
    ///
    /// # Errors
    ///
    /// The line is not understood.
    pub(crate) fn read(line: &str) -> anyhow::Result<Box<Self>> {
        let words = shlex::split(line).unwrap_or_default();
        match Arguments::try_parse_from(words).with_context(|| line.to_owned())?.command {
            Some(Command::Test(options)) => Ok(options),
            _ => bail!("`{line}` is no test"),
        }
    }

    /// The workload's name.
    pub(crate) fn workload(&self) -> &str {
        let served = || Some(Node::find(self.node.as_ref()?)?.workload);
        self.workload.as_deref().or_else(served).unwrap_or("lin-kv")
    }

    /// The name of the built-in node.
    ///
    /// # Errors
    ///
    /// It serves another workload than the one that is asked for.
    pub(crate) fn node(&self) -> anyhow::Result<&str> {
        let Some(name) = &self.node else { return Ok(self.workload()) };
        match Node::find(name) {
            Some(node) if node.workload != self.workload() => {
                bail!("node {name} serves {}, not {}", node.workload, self.workload())
            }
            _ => Ok(name),
        }
    }

    /// Whether stderr or the reader of stdout has no room for anything else.
    pub(crate) fn is_quiet(&self) -> bool {
        self.expectations.json || self.log_net_send || self.log_net_recv || self.log_stderr
    }

    /// The workbench's form of the options.
    pub(crate) fn options(&self) -> Options {
        let options = Options {
            concurrency: self.concurrency,
            rate: self.rate,
            time_limit: Duration::from_secs(self.time_limit),
            latency: Latency {
                mean: Duration::from_millis(self.latency),
                distribution: match self.latency_dist {
                    DistributionName::Constant => Distribution::Constant,
                    DistributionName::Uniform => Distribution::Uniform,
                    DistributionName::Exponential => Distribution::Exponential,
                },
            },
            liveness: self.liveness,
            nemesis: self.nemesis.clone(),
            nemesis_interval: Duration::from_secs_f64(self.nemesis_interval),
            topology: match self.topology {
                TopologyName::Line => Topology::Line,
                TopologyName::Grid => Topology::Grid,
                TopologyName::Tree | TopologyName::Tree2 => Topology::Tree(2),
                TopologyName::Tree3 => Topology::Tree(3),
                TopologyName::Tree4 => Topology::Tree(4),
                TopologyName::Total => Topology::Total,
            },
            key_count: self.key_count.map(usize::from),
            max_txn_length: usize::from(self.max_txn_length),
            max_writes_per_key: self.max_writes_per_key,
            seed: self.seed,
            log_send: self.log_net_send,
            log_receive: self.log_net_recv,
            ..self.expectations.options()
        };
        match self.node_count {
            Some(count) => options.with_node_count(usize::from(count)),
            None => options,
        }
    }
}

/// What was typed, to be pasted into a shell. The seed is among the words, or it is the default.
pub(crate) fn command() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    quoted(["glomers".to_owned()].into_iter().chain(words))
}

/// What repeats a simulated test.
pub(crate) fn command_for(node: &str, options: &Options, arguments: &[String]) -> String {
    let mut words: Vec<_> = ["glomers", "test", "--node", node].map(str::to_owned).to_vec();
    // Maelstrom does not know all faults.
    let known = options.arguments();
    words.extend(known.chunks(2).filter(|pair| pair[0] != "--nemesis").flatten().cloned());
    if !options.nemesis.is_empty() {
        let names: Vec<_> = options.nemesis.iter().map(Fault::to_string).collect();
        words.extend(["--nemesis".to_owned(), names.join(",")]);
    }
    let flags = [(options.liveness, "--liveness"), (options.strict, "--strict")];
    words.extend(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| (*flag).to_owned()));
    words.extend(["--seed".to_owned(), options.seed.to_string()]);
    if !arguments.is_empty() {
        words.push("--".to_owned());
        words.extend_from_slice(arguments);
    }
    quoted(words.into_iter())
}

/// Words as a shell takes them.
fn quoted(words: impl Iterator<Item = String>) -> String {
    // No argument of a process has the one character that cannot be quoted.
    words.map(|word| shlex::try_quote(&word).map(Cow::into_owned).unwrap_or(word)).collect::<Vec<_>>().join(" ")
}

pub(crate) fn workload_names() -> PossibleValuesParser {
    PossibleValuesParser::new(WORKLOADS.iter().map(|(name, _)| *name))
}

pub(crate) fn fault_names() -> impl TypedValueParser<Value = Fault> {
    let names = Fault::ALL.map(|fault| PossibleValue::new(fault.name()).help(fault.help()));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Fault>())
}

fn node_names() -> PossibleValuesParser {
    PossibleValuesParser::new(NODES.iter().map(|node| node.name))
}

fn number(text: &str, accepts: impl Fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && accepts(*number));
    number.ok_or_else(|| format!("expected {expected}"))
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(text, |number| number >= 0.0, "a number, not negative")
}

fn positive(text: &str) -> Result<f64, String> {
    number(text, |number| number > 0.0, "a positive number")
}

fn availability(text: &str) -> Result<Availability, String> {
    if text == "total" {
        return Ok(Availability::Total);
    }
    number(text, |number| (0.0..=1.0).contains(&number), "a number from 0 to 1, or `total`").map(Availability::AtLeast)
}

#[cfg(test)]
mod tests {
    use super::*;
    use glomers_workbench::challenge::challenges;

    /// `maelstrom test`'s words as `glomers test` takes them.
    fn parse(line: &str) -> Box<TestOptions> {
        TestOptions::read(line).unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// What Maelstrom is told for a challenge, `glomers test` understands, and the same by it.
    #[test]
    fn the_arguments_of_challenges_are_understood() {
        for challenge in challenges() {
            let line = format!("maelstrom test -w {} {}", challenge.workload, challenge.options.arguments().join(" "));
            assert_eq!(parse(&line).options(), challenge.options, "{line}");
        }
    }

    #[test]
    fn arguments_that_no_challenge_has() {
        let words = "--concurrency 7 --latency 5 --latency-dist uniform --nemesis-interval 2.5 --topology tree3 \
                     --nemesis partition,kill,pause --availability 0.5 --key-count 3 --max-txn-length 2 --max-writes-per-key 9 --rate 0.5 --time-limit 3";
        let mut given: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
        let mut back = parse(&format!("maelstrom test {words}")).options().arguments();
        given.sort();
        back.sort();
        assert_eq!(back, given);
    }

    #[test]
    fn faults_that_maelstrom_has_not() {
        let options = parse("glomers test --nemesis partition-ring,loss --nemesis slow").options();
        assert_eq!(options.nemesis, [Fault::PartitionRing, Fault::Loss, Fault::Slow]);
        assert!(options.arguments().is_empty());
    }

    #[test]
    fn the_catalogue_names_the_challenges_own_arguments() {
        for node in NODES {
            for (line, (challenge, _)) in node.lines().zip(node.tests) {
                let parsed = parse(&line);
                assert_eq!(parsed.workload(), node.workload);
                assert!(parsed.bin.as_ref().unwrap().ends_with(node.name), "{line}");
                let asks = challenges().into_iter().find(|known| known.name == *challenge);
                assert_eq!(asks.is_none(), challenge.is_empty(), "{line}");
                if let Some(asks) = asks {
                    assert_eq!((asks.workload, asks.options), (node.workload, parsed.options()), "{line}");
                }
            }
        }
    }

    #[test]
    fn a_shell_takes_words_as_they_were() {
        let words = ["glomers", "--bin", "./my node", "--", "it's", "a\"b", "$HOME", "", "--rate=5", "é"];
        let line = quoted(words.map(str::to_owned).into_iter());
        assert!(line.starts_with("glomers --bin './my node' -- "), "{line}");
        assert_eq!(shlex::split(&line).unwrap(), words);
    }

    #[test]
    fn a_node_stands_for_its_workload() {
        assert_eq!(parse("glomers test --node kafka-lin-kv").workload(), "kafka");
        assert_eq!(parse("glomers test --node kafka-lin-kv").node().unwrap(), "kafka-lin-kv");
        assert_eq!(parse("glomers test -w kafka").node().unwrap(), "kafka");
        assert!(parse("glomers test -w g-counter --node kafka-lin-kv").node().is_err());
        assert_eq!(parse("glomers test").workload(), "lin-kv");
    }
}

//! The arguments of `glomers test`: every line that `maelstrom test` takes, with the same meaning, and our own flags.
//!
//! Maelstrom reads its command line with Clojure's tools.cli (jepsen: `cli.clj`), and so do these: of a repeated option
//! the last counts, except `--node`, which accumulates; options and other words come in any order; a word that belongs
//! to no option is an argument of the node.

use crate::{
    flags::TestFlags,
    junit::JunitArgument,
    names::workload_names,
    shell,
    usage::{read_file, usage},
};
use anyhow::{Context, bail};
use clap::{ArgMatches, Args, Command, FromArgMatches, builder::PossibleValuesParser};
use glomers::catalogue::{NODES, Node};
use glomers_workbench::{
    Options,
    options::{Concurrency, flags},
};
use std::path::PathBuf;

/// The default workload.
const LIN_KV: &str = "lin-kv";

/// The arguments.
#[derive(Args, Debug)]
#[command(after_help = include_str!("../help/test.txt"))]
pub(crate) struct TestOptions {
    /// The workload: the operations that clients send and the properties that are checked
    /// [default: that of --builtin, or lin-kv]
    #[arg(short, long, value_parser = workload_names(), overrides_with = "workload")]
    workload: Option<String>,
    /// A program to run as each node, in real time; without it, a built-in node is simulated
    #[arg(long, value_name = "PATH", overrides_with = "bin")]
    pub(crate) bin: Option<PathBuf>,
    /// The built-in node to simulate [default: the one with the workload's name]
    #[arg(long, value_name = "NAME", conflicts_with = "bin", value_parser = builtin_names(), overrides_with = "builtin")]
    builtin: Option<String>,
    /// The name of a node; may be given several times
    #[arg(short, long = "node", value_name = "NAME", action = clap::ArgAction::Append)]
    node: Vec<String>,
    /// A file with the nodes' names, one per line
    #[arg(long, value_name = "FILE", overrides_with = "nodes_file")]
    nodes_file: Option<PathBuf>,
    #[command(flatten)]
    flags: TestFlags,
    /// The number of tests to run, until one is not valid; each has the next seed
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..), overrides_with = "test_count")]
    pub(crate) test_count: u64,
    /// Print the nodes' stderr on stderr
    #[arg(long, overrides_with = "log_stderr")]
    pub(crate) log_stderr: bool,
    /// Print the results as JSON, and nothing else
    #[arg(long, overrides_with = "json")]
    pub(crate) json: bool,
    /// Print the results as JSON before the summary
    #[arg(long, overrides_with = "verbose")]
    pub(crate) verbose: bool,
    /// The folder in which runs are kept: history, results, messages and logs
    #[arg(long, value_name = "DIR", default_value = "store", overrides_with = "store")]
    pub(crate) store: PathBuf,
    #[command(flatten)]
    pub(crate) junit: JunitArgument,
    #[command(flatten)]
    remote: RemoteOptions,
    /// Arguments of the node
    pub(crate) arguments: Vec<String>,
}

/// Options of Jepsen that are about remote machines and its own logs. Nodes run on this machine, so they have no
/// effect.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of Maelstrom without effect here")]
struct RemoteOptions {
    #[arg(long, value_name = "USER", overrides_with = "username")]
    username: Option<String>,
    #[arg(long, value_name = "PASS", overrides_with = "password")]
    password: Option<String>,
    #[arg(long, value_name = "FILE", overrides_with = "ssh_private_key")]
    ssh_private_key: Option<PathBuf>,
    #[arg(long, overrides_with = "strict_host_key_checking")]
    strict_host_key_checking: bool,
    #[arg(long, overrides_with = "no_ssh")]
    no_ssh: bool,
    #[arg(long, overrides_with = "leave_db_running")]
    leave_db_running: bool,
    #[arg(long, overrides_with = "logging_json")]
    logging_json: bool,
}

impl RemoteOptions {
    /// The names of those that were given.
    fn given(&self) -> Vec<&'static str> {
        let given = [
            (self.username.is_some(), "--username"),
            (self.password.is_some(), "--password"),
            (self.ssh_private_key.is_some(), "--ssh-private-key"),
            (self.strict_host_key_checking, "--strict-host-key-checking"),
            (self.no_ssh, "--no-ssh"),
            (self.leave_db_running, "--leave-db-running"),
            (self.logging_json, "--logging-json"),
        ];
        given.into_iter().filter(|(is_given, _)| *is_given).map(|(_, name)| name).collect()
    }
}

impl TestOptions {
    /// Reads a line as a shell would: a program, `glomers` or `maelstrom`, then `test` and its options.
    ///
    /// # Errors
    ///
    /// The line has another form.
    pub(crate) fn read(line: &str) -> anyhow::Result<Self> {
        let words = shlex::split(line).unwrap_or_default();
        let Some((_, words)) =
            words.split_first().filter(|(_, words)| words.first().is_some_and(|word| word == "test"))
        else {
            bail!("expected a line that begins with `glomers test`, got `{line}`")
        };
        let matches = Self::augment_args(Command::new("test")).try_get_matches_from(words);
        let read = |matches: ArgMatches| Self::from_arg_matches(&matches);
        matches.and_then(read).with_context(|| line.to_owned())
    }

    /// The workload's name.
    pub(crate) fn workload(&self) -> &str {
        let served = || Some(Node::find(self.builtin.as_ref()?)?.workload);
        self.workload.as_deref().or_else(served).unwrap_or(LIN_KV)
    }

    /// The built-in node to simulate.
    ///
    /// # Errors
    ///
    /// It serves another workload than the one that is asked for.
    pub(crate) fn builtin(&self) -> anyhow::Result<&'static Node> {
        let name = self.builtin.as_deref().unwrap_or(self.workload());
        let node = Node::find(name).with_context(|| format!("there is no built-in node for the workload {name}"))?;
        if node.workload != self.workload() {
            let (serves, wanted) = (node.workload, self.workload());
            return Err(usage(format!("the built-in node {name} serves {serves}, not {wanted}")));
        }
        Ok(node)
    }

    /// Tells if the seed was given.
    pub(crate) fn has_seed(&self) -> bool {
        self.flags.has_seed
    }

    /// Tells if stderr or the reader of stdout has no room for anything else.
    pub(crate) fn is_quiet(&self) -> bool {
        self.json || self.flags.options.log_send || self.flags.options.log_receive || self.log_stderr
    }

    /// The workbench's form of the options.
    ///
    /// # Errors
    ///
    /// The file with the nodes' names cannot be read, or a name is given twice.
    pub(crate) fn options(&self) -> anyhow::Result<Options> {
        let mut options = self.flags.options.clone();
        if !self.flags.has_concurrency && self.workload() == LIN_KV {
            // As few as this workload takes; Maelstrom's default, 1n, is refused.
            options.concurrency = Concurrency::PerNode(2);
        }
        let mut nodes = Vec::new();
        if let Some(path) = &self.nodes_file {
            let text = read_file(path)?;
            nodes.extend(text.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned));
        }
        if self.flags.has_nodes {
            nodes.append(&mut options.nodes);
        }
        nodes.extend_from_slice(&self.node);
        if !nodes.is_empty() {
            options.nodes = nodes;
        }
        let twice = |(index, name): (usize, &String)| options.nodes[..index].contains(name).then(|| name.clone());
        match options.nodes.iter().enumerate().find_map(twice) {
            Some(name) => Err(usage(format!("the node {name} is named twice, and each node needs a name of its own"))),
            None => Ok(options),
        }
    }

    /// Remarks about words whose meaning may surprise: options without effect, and arguments of the node before `--`.
    pub(crate) fn remarks(&self, words: &[String]) -> Vec<String> {
        let mut remarks = Vec::new();
        let given = self.remote.given().join(", ");
        if !given.is_empty() {
            remarks.push(format!("{given}: no effect here, because all nodes run on this machine"));
        }
        let explicit = words.iter().position(|word| word == "--").map_or(0, |at| words.len() - at - 1);
        let implicit = &self.arguments[..self.arguments.len().saturating_sub(explicit)];
        if !implicit.is_empty() {
            let implicit = shell::quote(implicit.iter().cloned());
            remarks.push(format!(
                "`{implicit}` belongs to no option, so it is passed to each node, as Maelstrom does; write `-- {implicit}` at the end if that is meant"
            ));
        }
        remarks
    }
}

/// The command that repeats a simulated test.
pub(crate) fn repeat_command(node: &str, options: &Options, arguments: &[String]) -> String {
    let mut words = ["glomers", "test", "--builtin", node].map(str::to_owned).to_vec();
    words.extend(flags::words(options));
    if !arguments.is_empty() {
        words.push("--".to_owned());
        words.extend_from_slice(arguments);
    }
    shell::quote(words)
}

pub(crate) fn builtin_names() -> PossibleValuesParser {
    PossibleValuesParser::new(NODES.iter().map(|node| node.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use glomers_workbench::{challenge::challenges, options::Fault};

    fn parse(line: &str) -> TestOptions {
        TestOptions::read(line).unwrap_or_else(|error| panic!("{error:#}"))
    }

    fn options(line: &str) -> Options {
        parse(line).options().unwrap()
    }

    #[test]
    fn the_arguments_of_challenges_are_understood() {
        for challenge in challenges() {
            let line = format!("maelstrom test -w {} {}", challenge.workload, challenge.options.arguments().join(" "));
            assert_eq!(options(&line), challenge.options, "{line}");
        }
    }

    #[test]
    fn arguments_that_no_challenge_has() {
        let words = "--concurrency 7 --latency 5 --latency-dist uniform --nemesis-interval 2.5 --topology tree3 \
                     --nemesis partition,kill,pause --availability 0.5 --key-count 3 --max-txn-length 2 --max-writes-per-key 9 --rate 0.5 --time-limit 3";
        let mut given: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
        let mut back = options(&format!("maelstrom test {words}")).arguments();
        given.sort();
        back.sort();
        assert_eq!(back, given);
    }

    #[test]
    fn faults_that_maelstrom_does_not_have() {
        let options = options("glomers test -w echo --nemesis partition-ring,loss");
        assert_eq!(options.nemesis, [Fault::PartitionRing, Fault::Loss]);
        assert!(options.arguments().is_empty());
    }

    #[test]
    fn the_last_of_repeated_options_counts() {
        let options = options(
            "maelstrom test --rate 1 --rate=20 --nemesis kill --nemesis partition --log-net-send --log-net-send",
        );
        assert_eq!((options.rate, &*options.nemesis), (20.0, &[Fault::Partition][..]));
        assert_eq!(parse("maelstrom test -w echo -wkafka").workload(), "kafka");
    }

    #[test]
    fn nodes_are_named_in_four_ways() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a\n\n  b \n").unwrap();
        let path = file.path().display();
        let check = |words: &str, expected: &str| {
            assert_eq!(options(&format!("maelstrom test {words}")).nodes.join(" "), expected, "{words}");
        };
        check("", "n1 n2 n3 n4 n5");
        check("--node-count 2", "n0 n1");
        check("--nodes x,y", "x y");
        check("--nodes x,y --node-count 2", "n0 n1");
        check("--node-count 2 --nodes x,y", "n0 n1");
        check("-n x --node y", "x y");
        check(&format!("-n z --nodes x,y --nodes-file {path}"), "a b x y z");
        let twice = parse("maelstrom test -n x -n x").options().unwrap_err().to_string();
        assert!(twice.contains("x is named twice"), "{twice}");
    }

    #[test]
    fn words_without_an_option_are_arguments_of_the_node() {
        let check = |line: &str, expected: &str, remark: &str| {
            let words = shlex::split(line).unwrap();
            let test = parse(line);
            assert_eq!(test.arguments.join(" "), expected, "{line}");
            assert_eq!(test.remarks(&words).concat().split_once(" belongs").map_or("", |(words, _)| words), remark);
        };
        check("maelstrom test -w echo -- -v now", "-v now", "");
        check("maelstrom test serve -w echo now", "serve now", "`serve now`");
        check("maelstrom test serve -w echo -- -v", "serve -v", "`serve`");
    }

    #[test]
    fn options_about_remote_machines_are_taken_and_remarked() {
        let line = "maelstrom test --username u --password=p --ssh-private-key k --strict-host-key-checking --no-ssh \
                    --leave-db-running --logging-json";
        let remarks = parse(line).remarks(&[]);
        assert_eq!(remarks.len(), 1);
        assert!(remarks[0].starts_with("--username, --password, ") && remarks[0].contains("no effect"), "{remarks:?}");
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
                    assert_eq!((asks.workload, asks.options), (node.workload, parsed.options().unwrap()), "{line}");
                }
            }
        }
    }

    #[test]
    fn a_built_in_node_implies_its_workload() {
        assert_eq!(parse("glomers test --builtin kafka-lin-kv").workload(), "kafka");
        assert_eq!(parse("glomers test --builtin kafka-lin-kv").builtin().unwrap().name, "kafka-lin-kv");
        assert_eq!(parse("glomers test -w kafka").builtin().unwrap().name, "kafka");
        assert!(parse("glomers test -w g-counter --builtin kafka-lin-kv").builtin().is_err());
        assert_eq!(parse("glomers test").workload(), "lin-kv");
    }
}

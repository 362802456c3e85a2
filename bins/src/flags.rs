//! The workbench's table of flags as arguments of clap: parser, help and completions are made from it.

use clap::{
    Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches,
    builder::{PossibleValue, StringValueParser, TypedValueParser},
    error::ErrorKind,
};
use glomers_workbench::options::{
    Options,
    flags::{FLAGS, Flag},
};
use std::ffi::OsStr;

/// All options that flags set.
#[derive(Debug)]
pub(crate) struct TestFlags {
    pub(crate) options: Options,
    /// Set if a flag names the nodes or their number.
    pub(crate) has_nodes: bool,
    /// Set if a flag sets the seed.
    pub(crate) has_seed: bool,
    /// Set if a flag sets the number of clients.
    pub(crate) has_concurrency: bool,
}

/// The options that checkers read.
#[derive(Debug)]
pub(crate) struct ExpectationFlags {
    /// The flags that were given, with their values.
    given: Vec<(&'static Flag, String)>,
}

impl ExpectationFlags {
    /// The options, with those that were given replaced.
    pub(crate) fn apply(&self, options: Options) -> anyhow::Result<Options> {
        let mut options = options;
        for (flag, value) in &self.given {
            flag.read(&mut options, value)?;
        }
        Ok(options)
    }
}

/// Checks a flag's value while the command line is parsed, and lists the possible ones.
#[derive(Clone)]
struct ValueParser(&'static Flag);

impl TypedValueParser for ValueParser {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        let text = StringValueParser::new().parse_ref(command, arg, value)?;
        let Err(error) = self.0.read(&mut Options::default(), &text) else { return Ok(text) };
        let message = format!("invalid value '{text}' for '--{}': {error}\n", self.0.name);
        Err(clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let choices = (self.0.choices)();
        let value = |(name, help): (&'static str, &'static str)| {
            let value = PossibleValue::new(name);
            if help.is_empty() { value } else { value.help(help) }
        };
        (!choices.is_empty()).then(|| Box::new(choices.into_iter().map(value)) as Box<dyn Iterator<Item = _>>)
    }
}

/// Elle has so many models that the help names only where they are listed.
const UNLISTED: &str = "consistency-models";

fn augment(command: Command, is_wanted: impl Fn(&Flag) -> bool) -> Command {
    FLAGS.iter().filter(|flag| is_wanted(flag)).fold(command, |command, flag| {
        let arg = Arg::new(flag.name).long(flag.name).help(flag.help).overrides_with(flag.name);
        command.arg(match flag.value_name {
            Some(name) => {
                let shown = flag.default.map_or_else(String::new, |value| format!(" [default: {value}]"));
                arg.value_name(name)
                    .value_parser(ValueParser(flag))
                    .help(format!("{}{shown}", flag.help))
                    .hide_possible_values(flag.name == UNLISTED)
            }
            None => arg.action(ArgAction::SetTrue),
        })
    })
}

/// The flags that were given, with their values, in the order of the table.
fn given(matches: &ArgMatches, is_wanted: impl Fn(&Flag) -> bool) -> Vec<(&'static Flag, String)> {
    let value = |flag: &Flag| match flag.value_name {
        Some(_) => matches.get_one::<String>(flag.name).cloned(),
        None => matches.get_flag(flag.name).then(String::new),
    };
    FLAGS.iter().filter(|flag| is_wanted(flag)).filter_map(|flag| Some((flag, value(flag)?))).collect()
}

impl Args for TestFlags {
    fn augment_args(command: Command) -> Command {
        augment(command, |_| true)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for TestFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let has_nodes = matches.contains_id("nodes") || matches.contains_id("node-count");
        let [has_seed, has_concurrency] = ["seed", "concurrency"].map(|name| matches.contains_id(name));
        let mut options = Options::default();
        for (flag, value) in given(matches, |_| true) {
            let read = flag.read(&mut options, &value);
            read.map_err(|error| clap::Error::raw(ErrorKind::ValueValidation, error))?;
        }
        Ok(Self { options, has_nodes, has_seed, has_concurrency })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for ExpectationFlags {
    fn augment_args(command: Command) -> Command {
        augment(command, |flag| flag.is_expectation)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ExpectationFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self { given: given(matches, |flag| flag.is_expectation) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

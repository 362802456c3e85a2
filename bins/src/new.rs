//! `glomers new`: a crate for a user's own node, with a function for every message and the tests of the challenges, with their
//! official arguments and thresholds. The messages come from the workload's schema, the files from the templates in `new/`.

use crate::{names::workload_names, out, test::options::TestOptions, usage::usage};
use anyhow::Context;
use glomers::catalogue::Node;
use glomers_workbench::{challenge::challenges, options::Concurrency};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The source of the crates that the new one needs, if this program is not where it was built.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// The arguments.
#[derive(clap::Args)]
#[command(after_help = include_str!("help/new.txt"))]
pub(crate) struct Arguments {
    /// The name of the crate and of its folder
    #[arg(value_parser = name)]
    name: String,
    /// The workload that the node serves
    #[arg(short, long, value_parser = workload_names())]
    workload: String,
    /// The folder in which to make the crate
    #[arg(long, value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

/// Names that cargo refuses, or that would hide a crate or a folder that the new one needs.
const TAKEN: [&str; 16] = [
    "alloc",
    "build",
    "core",
    "crate",
    "deps",
    "examples",
    "fn",
    "glomers-protocol",
    "glomers-workbench",
    "glomers_protocol",
    "glomers_workbench",
    "impl",
    "self",
    "serde",
    "std",
    "test",
];

fn name(text: &str) -> Result<String, String> {
    let is_name = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    match is_name && !TAKEN.contains(&text) {
        true => Ok(text.to_owned()),
        false if is_name => Err("the name is taken: choose another one, such as my-node".to_owned()),
        false => Err("expected a crate's name in lower case, such as my-node".to_owned()),
    }
}

/// Makes the crate, and prints the next step.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { name, workload, .. } = arguments;
    let folder = arguments.folder.join(name);
    if folder.exists() {
        return Err(usage(format!(
            "{} exists already, and nothing is overwritten; choose another name or --folder",
            folder.display()
        )));
    }
    let node = Node::find(workload).context("every workload has a built-in node")?;
    let requests = requests(&serde_json::from_str(node.schema)?);
    fs::create_dir_all(folder.join("src")).with_context(|| format!("cannot make {}", folder.display()))?;
    let program_path = folder.join("src/main.rs");
    write(&folder.join("Cargo.toml"), &manifest(name, &folder.canonicalize()?))?;
    write(&folder.join("README.md"), &readme(name, node))?;
    write(&folder.join(".gitignore"), include_str!("new/gitignore.txt"))?;
    write(&program_path, &program(node, &requests)?)?;
    // Lines are longer in some workloads than in others. A toolchain without rustfmt leaves them long.
    let _ = Command::new("rustfmt").args(["--edition", "2024"]).arg(&program_path).status();
    let shown = folder.display();
    out::line(format!(
        "made {shown}; next: cd {shown} && cargo test, which names the functions that are still to write"
    ))?;
    if let Some(checkout) = checkout() {
        let target = checkout.join("target");
        out::line(format!("with CARGO_TARGET_DIR={} it reuses what was built there", target.display()))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// A message that a node must answer.
struct Request {
    wire_name: String,
    name: String,
    response: String,
    description: String,
}

fn requests(schema: &Value) -> Vec<Request> {
    let referred =
        |reference: &Value| reference["$ref"].as_str().and_then(|path| path.rsplit('/').next()).map(str::to_owned);
    let messages = schema["oneOf"].as_array().into_iter().flatten().filter_map(referred);
    let request = |name: String| {
        let definition = &schema["definitions"][&name];
        let response = referred(&definition["x-response"])?;
        let wire_name = definition["properties"]["type"]["const"].as_str()?.to_owned();
        let description = definition["description"].as_str()?.lines().next()?.to_owned();
        Some(Request { wire_name, name, response, description })
    };
    messages.filter_map(request).collect()
}

/// The checkout in which this program was built, if it is still there.
fn checkout() -> Option<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().filter(|checkout| checkout.join("protocol").is_dir())
}

/// The manifest of a crate in this folder. Inside a checkout its paths are relative, so both can be moved together.
fn manifest(name: &str, folder: &Path) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let source = |part: &str| match checkout().and_then(|checkout| checkout.canonicalize().ok()) {
        Some(checkout) => {
            let inside = folder.strip_prefix(&checkout).ok();
            let path = match inside {
                Some(inside) => inside.components().map(|_| "..").collect::<PathBuf>().join(part),
                None => checkout.join(part),
            };
            format!("version = {version:?}, path = {path:?}")
        }
        None => format!("version = {version:?}, git = {REPOSITORY:?}"),
    };
    let values = [("NAME", name), ("PROTOCOL", &source("protocol")), ("WORKBENCH", &source("workbench"))];
    fill(include_str!("new/manifest.toml"), &values)
}

/// The commands that test the program of this name under Maelstrom.
fn lines(name: &str, node: &Node) -> Vec<String> {
    let built_in = format!("target/release/{} ", node.name);
    let mut lines: Vec<_> =
        node.lines().map(|line| line.replace(&built_in, &format!("target/release/{name} "))).collect();
    // The arguments behind `--` are those of the built-in node.
    lines.iter_mut().for_each(|line| line.truncate(line.find(" -- ").unwrap_or(line.len())));
    lines.dedup();
    lines
}

fn readme(name: &str, node: &Node) -> String {
    let lines = lines(name, node).join("\n");
    let values = [("NAME", name), ("WORKLOAD", node.workload), ("REPOSITORY", REPOSITORY), ("LINES", &lines)];
    fill(include_str!("new/README.md.txt"), &values)
}

fn program(node: &Node, requests: &[Request]) -> anyhow::Result<String> {
    let mut types: Vec<_> = requests.iter().flat_map(|request| [&*request.name, &request.response]).collect();
    types.sort_unstable();
    let handler = |request: &Request| {
        let values = [
            ("DESCRIPTION", &*request.description),
            ("MESSAGE", &request.wire_name),
            ("REQUEST", &request.name),
            ("RESPONSE", &request.response),
        ];
        fill(include_str!("new/handler.rs.txt"), &values)
    };
    let values = [
        ("WORKLOAD", node.workload),
        ("MODULE", &node.workload.replace('-', "_")),
        ("TYPES", &types.join(", ")),
        ("HANDLERS", &requests.iter().map(handler).collect::<Vec<_>>().join("\n")),
        ("TESTS", &tests(node)?),
    ];
    Ok(fill(include_str!("new/program.rs.txt"), &values))
}

/// The tests: a test for each challenge of the workload, or one that resembles them.
fn tests(node: &Node) -> anyhow::Result<String> {
    let challenges: Vec<_> = challenges().into_iter().filter(|known| known.workload == node.workload).collect();
    if challenges.is_empty() {
        return general_test(node);
    }
    let test = |challenge: &glomers_workbench::challenge::Challenge| {
        let line = format!("maelstrom test -w {} {}", challenge.workload, challenge.options.arguments().join(" "));
        let thresholds = challenge.thresholds.map_or_else(String::new, |thresholds| {
            let (messages, median, maximum) = (thresholds.messages_per_operation, thresholds.median, thresholds.maximum);
            format!("\n    ///\n    /// Fewer than {messages} messages an operation, median below {median:?}, maximum below {maximum:?}.")
        });
        let values = [("NUMBER", challenge.name), ("LINE", &line), ("THRESHOLDS", &thresholds)];
        fill(include_str!("new/challenge.rs.txt"), &values)
    };
    let tests: String = challenges.iter().map(test).collect();
    // A network without latency hides the difference between 6b and 6c.
    match node.workload == "txn-rw-register" {
        true => Ok(format!(
            "    use glomers_workbench::{{Options, challenge, options}};\n{tests}{}",
            include_str!("new/reordered.rs.txt")
        )),
        false => Ok(format!("    use glomers_workbench::challenge;\n{tests}")),
    }
}

/// A test with the options of the built-in node's own.
fn general_test(node: &Node) -> anyhow::Result<String> {
    let line = node.lines().next().context("every node has a test")?;
    let options = TestOptions::read(&line)?.options()?;
    let clients = match options.concurrency {
        Concurrency::PerNode(clients) => clients,
        Concurrency::Total(_) => 1,
    };
    let line = format!("maelstrom test -w {} {}", node.workload, options.arguments().join(" "));
    let values = [
        ("LINE", line.as_str()),
        ("WORKLOAD", node.workload),
        ("NODES", &options.nodes.len().to_string()),
        ("CLIENTS", &clients.to_string()),
        ("RATE", &format!("{:.1}", options.rate)),
        ("SECONDS", &options.time_limit.as_secs().to_string()),
    ];
    Ok(fill(include_str!("new/test.rs.txt"), &values))
}

/// A template with its `@KEY@`s replaced.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (key, value)| text.replace(&format!("@{key}@"), value))
}

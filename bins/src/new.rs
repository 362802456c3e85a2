//! `glomers new`: a crate for a user's own node, with a function for every message and a test that names the functions
//! still to write. The messages come from the workload's schema, the files from the templates in `new/`.

use crate::names::workload_names;
use anyhow::{Context, bail};
use glomers::catalogue::Node;
use serde_json::Value;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
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

fn name(text: &str) -> Result<String, String> {
    let is_name = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    if is_name { Ok(text.to_owned()) } else { Err("expected a crate's name, such as my-node".to_owned()) }
}

/// Makes the crate, and prints the next step.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = arguments.folder.join(&arguments.name);
    if folder.exists() {
        bail!("{} exists already, and nothing is overwritten; choose another name or --folder", folder.display());
    }
    let node = Node::find(&arguments.workload).context("every workload has a built-in node")?;
    let requests = requests(&serde_json::from_str(node.schema)?);
    write(&folder.join("Cargo.toml"), &manifest(&arguments.name))?;
    write(&folder.join("src/main.rs"), &program(&arguments.name, &arguments.workload, &requests))?;
    let mut out = std::io::stdout();
    writeln!(out, "made {}: `cargo test` there names the functions that are still to write", folder.display())?;
    if let Some(checkout) = checkout() {
        let target = checkout.join("target");
        writeln!(out, "with CARGO_TARGET_DIR={} it reuses what was built there", target.display())?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
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

fn manifest(name: &str) -> String {
    let source = |folder: &str| match checkout() {
        Some(checkout) => format!("path = {:?}", checkout.join(folder)),
        None => format!("git = {REPOSITORY:?}"),
    };
    let values = [("NAME", name), ("PROTOCOL", &source("protocol")), ("WORKBENCH", &source("workbench"))];
    fill(include_str!("new/manifest.toml"), &values)
}

fn program(name: &str, workload: &str, requests: &[Request]) -> String {
    let mut types: Vec<_> = requests.iter().flat_map(|request| [&*request.name, &request.response]).collect();
    types.sort_unstable();
    let line = Node::find(workload).and_then(|node| node.lines().next()).unwrap_or_default();
    let line = line.replace(&format!("target/release/{workload} "), &format!("target/release/{name} "));
    let handler = |request: &Request| {
        let values = [
            ("DESCRIPTION", &*request.description),
            ("MESSAGE", &request.wire_name),
            ("REQUEST", &request.name),
            ("RESPONSE", &request.response),
        ];
        fill(include_str!("new/handler.rs.txt"), &values)
    };
    // One workload needs more clients than nodes.
    let (concurrency, import) = match workload {
        "lin-kv" => {
            (".concurrency(Concurrency::PerNode(2))", "Options, Validity, options::Concurrency, simulate, workload")
        }
        _ => ("", "Options, Validity, simulate, workload"),
    };
    let values = [
        ("WORKLOAD", workload),
        ("MODULE", &workload.replace('-', "_")),
        ("LINE", &line),
        ("TYPES", &types.join(", ")),
        ("HANDLERS", &requests.iter().map(handler).collect::<Vec<_>>().join("\n")),
        ("CONCURRENCY", concurrency),
        ("IMPORT", import),
    ];
    fill(include_str!("new/program.rs.txt"), &values)
}

/// A template with its `@KEY@`s replaced.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (key, value)| text.replace(&format!("@{key}@"), value))
}

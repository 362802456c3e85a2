//! `glomers new`: a crate for a node of one's own, with a function for every message, and a test that says what is left
//! to do. The messages come from the workload's schema.

use crate::arguments::workload_names;
use anyhow::{Context, bail};
use glomers::catalogue::Node;
use glomers_protocol::{
    broadcast, echo, g_counter, g_set, kafka, lin_kv, pn_counter, txn_list_append, txn_rw_register, unique_ids,
};
use serde_json::Value;
use std::{fmt::Write as _, fs, io::Write as _, path::Path, path::PathBuf};

/// The schemas by workload.
const SCHEMAS: [(&str, &str); 10] = [
    ("broadcast", broadcast::SCHEMA),
    ("echo", echo::SCHEMA),
    ("g-counter", g_counter::SCHEMA),
    ("g-set", g_set::SCHEMA),
    ("kafka", kafka::SCHEMA),
    ("lin-kv", lin_kv::SCHEMA),
    ("pn-counter", pn_counter::SCHEMA),
    ("txn-list-append", txn_list_append::SCHEMA),
    ("txn-rw-register", txn_rw_register::SCHEMA),
    ("unique-ids", unique_ids::SCHEMA),
];

/// Where the crates that the new one needs are, if this program is not where it was built.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// Which crate.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  glomers new my-node -w broadcast && cd my-node && cargo test")]
pub(crate) struct Arguments {
    /// The crate's name, and its folder's.
    #[arg(value_parser = name)]
    name: String,
    /// What the node is to serve.
    #[arg(short, long, value_parser = workload_names())]
    workload: String,
    /// The folder in which to make it.
    #[arg(long, value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

fn name(text: &str) -> Result<String, String> {
    let is_name = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    if is_name { Ok(text.to_owned()) } else { Err("expected a crate's name, such as my-node".to_owned()) }
}

/// Makes the crate, and says how to go on.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = arguments.folder.join(&arguments.name);
    if folder.exists() {
        bail!("{} is there already", folder.display());
    }
    let schema = SCHEMAS.iter().find(|(name, _)| *name == arguments.workload).map_or("{}", |(_, schema)| schema);
    let requests = requests(&serde_json::from_str(schema)?);
    write(&folder.join("Cargo.toml"), &manifest(&arguments.name))?;
    write(&folder.join("src/main.rs"), &program(&arguments.name, &arguments.workload, &requests))?;
    let mut out = std::io::stdout();
    writeln!(out, "made {}: `cargo test` there says what is left to do", folder.display())?;
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// A message that a node has to answer.
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

fn manifest(name: &str) -> String {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().filter(|checkout| checkout.join("protocol").is_dir());
    let source = |folder: &str| match checkout {
        Some(checkout) => format!("path = {:?}", checkout.join(folder)),
        None => format!("git = {REPOSITORY:?}"),
    };
    format!(
        r#"[package]
name = "{name}"
version = "0.1.0"
edition = "2024"

[dependencies]
glomers-protocol = {{ {} }}
# For messages between nodes.
serde = {{ version = "1", features = ["derive"] }}

[dev-dependencies]
glomers-workbench = {{ {} }}

# No member of a workspace around it.
[workspace]
"#,
        source("protocol"),
        source("workbench")
    )
}

fn program(name: &str, workload: &str, requests: &[Request]) -> String {
    let module = workload.replace('-', "_");
    let mut types: Vec<_> = requests.iter().flat_map(|request| [&*request.name, &request.response]).collect();
    types.sort_unstable();
    let types = types.join(", ");
    let line = Node::find(workload).and_then(|node| node.lines().next()).unwrap_or_default();
    let line = line.replace(&format!("target/release/{workload} "), &format!("target/release/{name} "));
    let mut handlers = String::new();
    for Request { wire_name, name, response, description } in requests {
        let separator = if handlers.is_empty() { "" } else { "\n" };
        write!(
            handlers,
            "{separator}    /// {description}\n    fn {wire_name}(&self, cx: &Context, request: {name}) -> Result<{response}, RpcError> {{\n        \
             let _ = (cx, request);\n        \
             Err(RpcError::new(ErrorCode::NotSupported, \"`{wire_name}` is not written yet\"))\n    }}\n"
        )
        .expect("a String takes everything");
    }
    // The one workload that needs more clients than nodes.
    let (concurrency, import) = match workload {
        "lin-kv" => {
            ("concurrency: Concurrency::PerNode(2), ", "Options, Validity, options::Concurrency, run, workload")
        }
        _ => ("", "Options, Validity, run, workload"),
    };
    format!(
        r#"//! A node for Maelstrom's workload {workload}:
//! `{line}`.

use glomers_protocol::{{Context, ErrorCode, RpcError, handler, {module}::{{{types}}}, run}};

/// What a node knows.
#[derive(Default)]
struct Node {{}}

#[handler({module})]
impl Node {{
{handlers}}}

fn main() -> std::io::Result<()> {{
    run::<Node>()
}}

#[cfg(test)]
mod tests {{
    use super::Node;
    use glomers_workbench::{{{import}}};

    #[test]
    fn a_simulated_run_is_valid() {{
        let options = Options {{ {concurrency}..Options::default() }};
        let workload = workload("{workload}").expect("it is built in");
        let report = run::<Node>(workload, &options).unwrap_or_else(|error| panic!("{{error}}"));
        assert_eq!(report.valid(), Validity::Valid, "{{report}}");
    }}
}}
"#
    )
}

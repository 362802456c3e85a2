//! Gives the macro the names of all workloads and of their requests, for its messages about unknown ones.

use std::{fs, io};

/// The text in a schema before the `type` of a message.
const TYPE: &str = "\"type\": {\"const\": \"";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=schema/workloads");
    let mut modules = Vec::new();
    for entry in fs::read_dir("schema/workloads")? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().replace('-', "_");
        if let Some(module) = name.strip_suffix(".json") {
            modules.push(format!("{module}:{}", requests(&fs::read_to_string(&path)?).join(",")));
        }
    }
    modules.sort();
    println!("cargo::rustc-env=WORKLOADS={}", modules.join(" "));
    Ok(())
}

/// The types of the messages in a schema that have a response.
fn requests(schema: &str) -> Vec<&str> {
    let types = || schema.split(TYPE).skip(1).filter_map(|rest| rest.split('"').next());
    types().filter(|name| types().any(|other| other == format!("{name}_ok"))).collect()
}

//! Gives the macro the names of all workloads, for its message about an unknown one.

use std::{fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=schema/workloads");
    let mut modules = Vec::new();
    for entry in fs::read_dir("schema/workloads")? {
        let name = entry?.file_name().to_string_lossy().replace('-', "_");
        modules.extend(name.strip_suffix(".json").map(str::to_owned));
    }
    modules.sort();
    println!("cargo::rustc-env=WORKLOADS={}", modules.join(", "));
    Ok(())
}

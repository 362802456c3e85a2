//! The real Maelstrom, if it is installed: runs a challenge under it and reads its results.

use crate::usage::usage;
use anyhow::{Context, bail};
use glomers_report::recording;
use glomers_workbench::recording::Recording;
use glomers_workbench::{Report, Validity, challenge::Challenge, workload};
use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The address of its releases.
const RELEASES: &str = "https://github.com/jepsen-io/maelstrom/releases";

/// An installed Maelstrom.
pub(crate) struct Maelstrom {
    launcher: PathBuf,
    /// The folder of the built-in nodes.
    nodes: PathBuf,
    /// The folder in which it keeps its runs.
    store: PathBuf,
}

impl Maelstrom {
    /// The Maelstrom in a folder; an error says what is missing.
    pub(crate) fn find(folder: &Path) -> anyhow::Result<Self> {
        let launcher = folder.join("maelstrom");
        if !launcher.is_file() {
            let folder = folder.display();
            return Err(usage(format!(
                "there is no `maelstrom` in {folder}; name the folder of an unpacked release from {RELEASES}"
            )));
        }
        if folder.join("lib").is_dir() {
            for (program, argument) in [("java", "-version"), ("gnuplot", "--version"), ("dot", "-V")] {
                let found = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
                found.with_context(|| {
                    format!("cannot run `{program}`: Maelstrom needs Java 11 or newer, gnuplot and graphviz")
                })?;
            }
        }
        let nodes = std::env::current_exe()?.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { launcher: launcher.canonicalize()?, nodes, store: std::env::current_dir()?.join("store/maelstrom") })
    }

    /// Runs a challenge. Returns the run, judged by us, and Maelstrom's verdict.
    pub(crate) fn run(&self, challenge: &Challenge) -> anyhow::Result<(Report, Validity)> {
        let node = self.nodes.join(challenge.workload);
        if !node.is_file() {
            bail!("there is no {}; `cargo build --release` builds it", node.display());
        }
        // Maelstrom keeps its runs in `store`, where it is started.
        let place = self.store.join(challenge.name);
        fs::create_dir_all(&place).with_context(|| format!("cannot make the folder {}", place.display()))?;
        let log = place.join("maelstrom.log");
        let output = File::create(&log).with_context(|| format!("cannot make {}", log.display()))?;
        let status = Command::new(&self.launcher)
            .args(["test", "-w", challenge.workload, "--bin"])
            .arg(&node)
            .args(arguments(challenge))
            .current_dir(&place)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .status()
            .with_context(|| format!("cannot start {}", self.launcher.display()))?;
        // 0, 1 and 2 are verdicts.
        if !matches!(status.code(), Some(0..=2)) {
            bail!("Maelstrom came to no verdict ({status}); see {}", log.display());
        }
        let recorded = Recording::read(&place.join("store/latest"))?;
        let valid = recorded.valid();
        Ok((recording::report(recorded, &*workload::named(challenge.workload)?, &challenge.options), valid))
    }
}

/// The challenge's arguments and those of the node.
fn arguments(challenge: &Challenge) -> Vec<OsString> {
    let mut arguments: Vec<_> = challenge.options.arguments().into_iter().map(OsString::from).collect();
    if !challenge.node_arguments.is_empty() {
        arguments.push("--".into());
        arguments.extend(challenge.node_arguments.iter().map(OsString::from));
    }
    arguments
}

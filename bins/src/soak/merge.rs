//! `glomers soak --merge`: the parts of a soak that ran on several machines, as one result.
//!
//! The parts must be of one soak and each must be there once, because a sum over the wrong files looks like any other. A
//! part that is missing leaves the verdict open, unless another part has a failure.

use crate::{
    soak::{
        shard::Shard,
        summary::{Failure, Scope, Summary},
    },
    usage::read_file,
};
use anyhow::{Context, bail};
use comfy_table::{CellAlignment, Table, presets::UTF8_HORIZONTAL_ONLY};
use glomers_workbench::Validity;
use serde::Serialize;
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// All parts of a soak.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Merged {
    scope: Scope,
    /// The parts that are not there.
    missing: Vec<Shard>,
    /// The sum of the parts that are there.
    #[serde(flatten)]
    pub(super) total: Summary,
    #[serde(skip)]
    parts: Vec<(Shard, Summary)>,
}

/// A part as `--json` prints it.
#[derive(Debug, serde::Deserialize)]
struct Part {
    scope: Scope,
    shard: Shard,
    #[serde(flatten)]
    summary: Summary,
}

impl Merged {
    /// Reads the parts.
    ///
    /// # Errors
    ///
    /// A file is not the output of `glomers soak --json`, belongs to another soak than the first, or is a part that is
    /// there already.
    pub(super) fn read(files: &[PathBuf]) -> anyhow::Result<Self> {
        let mut first: Option<(&Path, Scope, u64)> = None;
        let mut parts: Vec<(Shard, Summary)> = Vec::new();
        for file in files {
            let Part { scope, shard, summary } = read(file)?;
            let shown = file.display();
            match &first {
                Some((path, expected, count)) if *expected != scope || *count != shard.count => bail!(
                    "{shown} is a part of another soak than {}: it has {scope} in {} parts, expected {expected} in {count} \
                     parts; merge the parts of one soak",
                    path.display(),
                    shard.count
                ),
                Some(_) => {}
                None => first = Some((file, scope, shard.count)),
            }
            if parts.iter().any(|(other, _)| *other == shard) {
                bail!("{shown} is the part {shard} once more; give each part once");
            }
            parts.push((shard, summary));
        }
        let Some((_, scope, count)) = first else { bail!("there is no file to merge") };
        parts.sort_by_key(|(shard, _)| shard.index);
        let all = (0..count).map(|index| Shard { index, count });
        let missing = all.filter(|shard| !parts.iter().any(|(other, _)| other == shard)).collect();
        let total = Summary::sum(parts.iter().map(|(_, summary)| summary));
        Ok(Self { scope, missing, total, parts })
    }

    /// Invalid if a test was; otherwise unknown if not all were run.
    pub(super) fn valid(&self) -> Validity {
        match self.total.valid() {
            Validity::Valid if !self.missing.is_empty() => Validity::Unknown,
            valid => valid,
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Part> {
    let shown = file.display();
    let text = read_file(file)?;
    serde_json::from_str(&text).with_context(|| format!("{shown} is not what `glomers soak --json` prints"))
}

const HEADER: [&str; 7] = ["part", "tests", "planned", "invalid", "undecided", "begun", "due"];

impl fmt::Display for Merged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.total.failures.iter().try_for_each(|failure: &Failure| write!(f, "{failure}"))?;
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY).set_header(HEADER);
        let parts = self.parts.iter().map(|(shard, summary)| (shard.to_string(), summary));
        for (name, summary) in parts.chain([("all".to_owned(), &self.total)]) {
            let counts = summary.counts().map(|count| count.to_string());
            table.add_row([name].into_iter().chain(counts));
        }
        table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
        write!(f, "{table}")?;
        if !self.missing.is_empty() {
            let missing: Vec<_> = self.missing.iter().map(Shard::to_string).collect();
            write!(f, "\nmissing: {}", missing.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tempfile::TempDir;

    /// The merged parts, each of two tests, of which `invalid` failed; or the error.
    fn merge(parts: &[(&str, u64, usize)]) -> Result<Merged, String> {
        let folder = TempDir::new().unwrap();
        let write = |(index, (shard, first_seed, invalid)): (usize, &(&str, u64, usize))| {
            let failure = |seed| json!({ "name": "echo", "seed": seed, "command": "glomers test", "text": "wrong" });
            let part = json!({
                "scope": { "names": ["echo"], "first-seed": first_seed, "seeds": 8, "nemesis": null, "disk": "auto", "strict": false },
                "shard": shard, "runs": 2, "planned": 2, "undecided": 1, "failures": (0..*invalid).map(failure).collect::<Vec<_>>(),
                "begun": 10, "due": 11, "no-client-free": 0.5,
            });
            let file = folder.path().join(format!("{index}.json"));
            std::fs::write(&file, part.to_string()).unwrap();
            file
        };
        let files: Vec<_> = parts.iter().enumerate().map(write).collect();
        Merged::read(&files).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn parts_are_added_up_in_their_order() {
        let merged = merge(&[("2/3", 5, 0), ("1/3", 5, 0), ("3/3", 5, 0)]).unwrap();
        assert_eq!((merged.valid(), merged.total.counts()), (Validity::Valid, [6, 6, 0, 3, 30, 33]));
        let table = merged.to_string();
        let names = table.lines().filter_map(|line| line.split_whitespace().next());
        let rows: Vec<_> = names.filter(|name| name.contains('/') || *name == "all").collect();
        assert!(table.contains(" 33 ") && rows == ["1/3", "2/3", "3/3", "all"], "{table}");
        assert_eq!(serde_json::to_value(&merged).unwrap()["runs"], 6);
    }

    #[test]
    fn a_missing_part_leaves_the_verdict_open_unless_another_failed() {
        let merged = merge(&[("2/3", 5, 0)]).unwrap();
        assert_eq!(merged.valid(), Validity::Unknown);
        assert!(merged.to_string().ends_with("missing: 1/3, 3/3"), "{merged}");
        assert_eq!(merge(&[("2/3", 5, 1)]).unwrap().valid(), Validity::Invalid);
    }

    #[test]
    fn parts_that_do_not_belong_together_are_refused() {
        let error = merge(&[("1/2", 5, 0), ("1/2", 5, 0)]).unwrap_err();
        assert!(error.contains("1.json is the part 1/2 once more"), "{error}");
        let error = merge(&[("1/2", 5, 0), ("2/2", 6, 0)]).unwrap_err();
        assert!(error.contains("another soak than") && error.contains("seeds 6 to 13"), "{error}");
        let error = merge(&[("1/2", 5, 0), ("2/3", 5, 0)]).unwrap_err();
        assert!(error.contains("in 3 parts, expected"), "{error}");
        let error = format!("{:#}", Merged::read(&["/no/such/file".into()]).unwrap_err());
        assert!(error.starts_with("there is no file /no/such/file"), "{error}");
    }
}

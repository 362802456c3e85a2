//! The changes to the documents about the jar, in `import/base/`, that the tests import.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A change to one document.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    document: &'static str,
    edit: Edit,
}

enum Edit {
    /// Replaces a text by another.
    Put(&'static str, &'static str),
    /// Removes everything from one text up to another.
    Cut(&'static str, &'static str),
    /// Adds a text at the end.
    Add(&'static str),
}

use Edit::{Add, Cut, Put};

const fn workloads(name: &'static str, edit: Edit) -> Case {
    Case { name, document: "doc/workloads.md", edit }
}

const fn protocol(name: &'static str, edit: Edit) -> Case {
    Case { name, document: "doc/protocol.md", edit }
}

pub(crate) const CASES: &[Case] = &[
    workloads("field_added", Put(":count Int, :msg_id", ":count Int, :colour Str, :msg_id")),
    workloads("field_added_optional", Put(":count Int, :msg", ":count Int, (optional-key :colour) Str, :msg")),
    workloads("field_added_to_response", Put(" :sweets [Any],", " :sweets [Any],\n :weights [[Int]],")),
    workloads("field_removed", Put("\n :counts {java.lang.String Int},", "")),
    workloads("field_renamed", Put(":count Int, :msg_id", ":amount Int, :msg_id")),
    workloads("field_made_optional", Put(":count Int, :msg", "#schema.core.OptionalKey{:k :count} Int, :msg")),
    workloads("field_made_nullable", Put(":count Int, :msg", ":count (maybe Int), :msg")),
    workloads("field_retyped", Put(":count Int, :msg", ":count (enum \"one\" \"many\"), :msg")),
    workloads(
        "alternative_added",
        Put("(one Int \"n\")])],", "(one Int \"n\")]\n   [(one (eq \"shake\") \"f\") (one {:times Int} \"how\")])],"),
    ),
    workloads("alternative_changed", Put("\"s\") (one (eq nil) \"n\")]", "\"s\") (one Int \"n\")]")),
    workloads("tuple_extended", Put(":name \"count\"}]],", ":name \"count\"}\n   (one Bool \"wrapped\")]],")),
    workloads("request_added", Put("### RPC: Look", EMPTY)),
    workloads("request_removed", Cut("### RPC: Barter!", "## Workload: Bell")),
    workloads("response_renamed", Put("\"look_ok\"),", "\"contents\"),")),
    workloads("workload_added", Add(TRAY)),
    workloads("workload_with_every_form", Add(EVERY_FORM)),
    workloads("workload_removed", Cut("## Workload: Bell", "")),
    protocol("error_added", Put("| 20 |", "| 11 | jar-is-closed | ✓ | Come back later. |\n| 20 |")),
    protocol("error_changed", Put("| 20 | out-of-sweets | ✓ |", "| 20 | too-few-sweets |   |")),
    protocol("error_removed", Cut("| 0 |", "| 20 |")),
];

const EMPTY: &str = "### RPC: Empty!

Request:

```clj
{:type (eq \"empty\"), :msg_id Int}
```

Response:

```clj
{:type (eq \"empty_ok\"), :left [Any], (optional-key :msg_id) Int, :in_reply_to Int}
```

### RPC: Look";

const TRAY: &str = "

## Workload: Cake-tray

### RPC: Take-cake!

Request:

```clj
{:type (eq \"take-cake\"), :of (either (eq \"apples\") (eq \"plums\")), :msg_id Int}
```

Response:

```clj
{:type (eq \"take-cake_ok\"), :cake {:slices Int}, (optional-key :msg_id) Int, :in_reply_to Int}
```
";

/// Every supported form, as Maelstrom prints it or might print it.
const EVERY_FORM: &str = "

## Workload: Every-form

### RPC: Say!

Request:

```clj
{:type (eq \"say\"),
 :flag (maybe Bool), :word (maybe java.lang.String), :any (maybe Any), :list (maybe [java.lang.Long]),
 :map (maybe {Any Int}), :pair (maybe [(one Int \"x\") (one Str \"y\")]), :number (either Int (eq nil)),
 :object (maybe {:fixed Int, (optional-key \"open\") Str, #schema.core.RequiredKey{:k \"dashed-key\"} Any}),
 :deep [{:in {:deeper [[{Str [(one Bool \"b\") (one Bool \"b\")]}]]}}],
 :fixed (eq \"fixed\"), :direction (cond-pre (eq \"left\") (enum \"right\" \"straight-on\")),
 #schema.core.OptionalKey{:k :maybe_any} Any,
 #schema.core.OptionalKey{:k :maybe_object} {:a Int},
 :steps [(either [(one (eq \"go\") \"f\") (one {:x Int} \"to\") (one (enum \"on\" \"off\") \"w\") (one {Str Int} \"m\")
                  (one [(one Int \"a\") (one Int \"b\")] \"pair\") (one [{:y Int}] \"list\") (one (maybe Int) \"n\")]
                 [(one (eq \"stop\") \"f\")])],
 :fn Str, :self Int, :msg_id Int}
```

Response:

```clj
{:type (eq \"response\"), :object {:fixed Int}, (optional-key :msg_id) Int, :in_reply_to Int}
```
";

impl Case {
    /// The text of the changed document.
    fn text(&self) -> String {
        let text = fs::read_to_string(base().join(self.document)).unwrap();
        let changed = match self.edit {
            Put(from, to) => text.replacen(from, to, 1),
            Cut(from, until) => {
                let (before, rest) = text.split_once(from).unwrap();
                let after = if until.is_empty() { 0..0 } else { rest.find(until).unwrap()..rest.len() };
                format!("{before}{}", &rest[after])
            }
            Add(end) => text.clone() + end,
        };
        assert_ne!(text, changed, "{}: the document lacks the text that the case changes", self.name);
        changed
    }

    /// A folder with the changed documents in `maelstrom` and the unchanged schemas in `schema`.
    pub(crate) fn lay_out(&self, test: &str) -> PathBuf {
        let folder = copy_of_base(&format!("{test}-{}", self.name));
        fs::write(folder.join("maelstrom").join(self.document), self.text()).unwrap();
        folder
    }
}

pub(crate) fn base() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/base")
}

/// A folder for one test, with the base's documents in `maelstrom` and its schemas in `schema`.
pub(crate) fn copy_of_base(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("import").join(name);
    let _ = fs::remove_dir_all(&folder);
    copy(&base().join("schema"), &folder.join("schema"));
    copy(&base().join("doc"), &folder.join("maelstrom/doc"));
    folder
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for (name, text) in files(from) {
        let to = to.join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, text).unwrap();
    }
}

/// Every file below a folder: its path relative to the folder, and its text.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                found.push((path.strip_prefix(folder).unwrap().to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Compares a text with `import/cases/FILE`, or rewrites the file if `UPDATE_GOLDEN` is set.
pub(crate) fn golden(file: &str, text: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/cases").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    (expected != text).then(|| format!("{file} differs (UPDATE_GOLDEN=1 rewrites it):\n{text}"))
}

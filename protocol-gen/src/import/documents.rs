//! Reads a protocol from Maelstrom's documents: the workloads from `doc/workloads.md`, the error codes from the table
//! at the end of `doc/protocol.md`.
//!
//! `lein run doc` prints both documents from the running code, with the schemas and codes that the checkers use. They
//! are in every release and every checkout, in the same form since 0.2.0. The alternatives are worse.
//! `resources/errors.edn` has the same codes, but no release contains it, and no version before 0.2.3. No release
//! contains the workloads' Clojure sources either, and their schemas are computed, so reading them means running them.
//! The documents of a checkout can be older than its code; `lein run doc` updates them.

use crate::{
    error::Error,
    import::{
        forms::Form,
        markdown::{Content, blocks},
        model::{Code, Protocol, Role, Rpc, Workload},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Reads the documents of a release or a checkout.
pub(crate) fn read(maelstrom: &Path) -> Result<Protocol, Error> {
    let text = |path: &Path| fs::read_to_string(path).map_err(Error::read(path));
    let [workloads, codes] = ["doc/workloads.md", "doc/protocol.md"].map(|name| maelstrom.join(name));
    parse((&workloads, &text(&workloads)?), (&codes, &text(&codes)?))
}

/// Reads the texts of both documents, each with the file name that errors give to it.
pub(crate) fn parse(workloads: (&Path, &str), codes: (&Path, &str)) -> Result<Protocol, Error> {
    Ok(Protocol { workloads: read_workloads(workloads.0, workloads.1)?, codes: read_codes(codes.0, codes.1)? })
}

/// The part of a document below a heading `RPC: NAME`.
struct Section<'a> {
    workload: String,
    title: String,
    line: usize,
    request: Option<Form<'a>>,
    response: Option<Form<'a>>,
}

fn read_workloads(file: &Path, text: &str) -> Result<BTreeMap<String, Workload>, Error> {
    let mut workloads: BTreeMap<String, Workload> = BTreeMap::new();
    let mut types = BTreeSet::new();
    for section in sections(file, text)? {
        let rpc = section.rpc(file)?;
        for wire_type in [&rpc.request.wire_type, &rpc.response.wire_type] {
            if !types.insert((section.workload.clone(), wire_type.clone())) {
                return Err(fail(
                    file,
                    section.line,
                    format!("a second message of type `{wire_type}`; each type may occur once per workload"),
                ));
            }
        }
        workloads.entry(section.workload).or_insert(Workload { rpcs: Vec::new() }).rpcs.push(rpc);
    }
    if workloads.is_empty() {
        return Err(fail(
            file,
            1,
            "no workload found; expected headings `## Workload: NAME` and `### RPC: NAME`".to_owned(),
        ));
    }
    Ok(workloads)
}

/// The sections of all RPCs. A form belongs to a section if the paragraph before it is `Request:` or `Response:`; other
/// forms illustrate the prose.
fn sections<'a>(file: &'a Path, text: &'a str) -> Result<Vec<Section<'a>>, Error> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut workload = None;
    let mut label = String::new();
    for block in blocks(text) {
        let line = block.line;
        match block.content {
            Content::Heading(title) => {
                label.clear();
                if let Some(name) = title.strip_prefix("Workload:") {
                    // The headings are capitalized, the names are not.
                    let name = name.trim().to_lowercase();
                    if name.is_empty() || !name.chars().all(|letter| letter.is_alphanumeric() || "-_".contains(letter))
                    {
                        return Err(fail(
                            file,
                            line,
                            format!("`{name}` cannot be the name of a workload, because it cannot be a file name"),
                        ));
                    }
                    workload = Some(name);
                } else if title.starts_with("RPC:") {
                    let text = format!("`{title}` comes before the first heading `## Workload: NAME`");
                    let workload = workload.clone().ok_or_else(|| fail(file, line, text))?;
                    sections.push(Section { workload, title, line, request: None, response: None });
                }
            }
            Content::Paragraph(text) => label = text,
            Content::Code { language, text } if language == "clj" => {
                let Some(section) = sections.last_mut() else { continue };
                let place = match label.as_str() {
                    "Request:" => &mut section.request,
                    "Response:" => &mut section.response,
                    _ => continue,
                };
                if place.replace(Form { file, line, text }).is_some() {
                    return Err(fail(
                        file,
                        line,
                        format!("`{}` has two forms under `{label}`, expected one", section.title),
                    ));
                }
            }
            Content::Code { .. } | Content::Row(_) => {}
        }
    }
    Ok(sections)
}

impl Section<'_> {
    fn rpc(&self, file: &Path) -> Result<Rpc, Error> {
        let want = |form: Option<Form<'_>>, role, label| match form {
            Some(form) => form.message(role),
            None => Err(fail(file, self.line, format!("`{}` has no form under `{label}`, expected one", self.title))),
        };
        Ok(Rpc {
            request: want(self.request, Role::Request, "Request:")?,
            response: want(self.response, Role::Response, "Response:")?,
        })
    }
}

/// The rows of the table with the head `Code`, `Name`, `Definite`, `Description`.
fn read_codes(file: &Path, text: &str) -> Result<BTreeMap<i64, Code>, Error> {
    let rows = blocks(text).into_iter().filter_map(|block| match block.content {
        Content::Row(cells) => Some((block.line, cells)),
        _ => None,
    });
    let mut codes = BTreeMap::new();
    for (line, cells) in
        rows.skip_while(|(_, cells)| !cells.starts_with(&["Code", "Name", "Definite"].map(str::to_owned))).skip(1)
    {
        let refuse = || {
            fail(file, line, format!("found `{}`, expected a number, a name, and `✓` or nothing", cells.join(" | ")))
        };
        let [number, name, definite, ..] = cells.as_slice() else { return Err(refuse()) };
        let number: i64 = number.parse().map_err(|_| refuse())?;
        if name.is_empty() || !["✓", ""].contains(&definite.as_str()) {
            return Err(refuse());
        }
        if codes.insert(number, Code { name: name.clone(), definite: !definite.is_empty() }).is_some() {
            return Err(fail(file, line, format!("a second error {number}; each code may occur once")));
        }
    }
    if codes.is_empty() {
        return Err(fail(
            file,
            1,
            "no error codes found; expected a table `| Code | Name | Definite | Description |`".to_owned(),
        ));
    }
    Ok(codes)
}

fn fail(file: &Path, line: usize, message: String) -> Error {
    Error::Document { file: file.to_owned(), line, message }
}

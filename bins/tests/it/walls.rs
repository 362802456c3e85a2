//! The walls of the house. In every crate a module imports from below only: no two modules import each other, not even
//! by way of others, and the same holds for folders. So a reader can start at any file and go down without coming back.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The crates, by their folders.
const CRATES: [&str; 12] = [
    "bins",
    "handlers",
    "protocol",
    "protocol-gen",
    "protocol/edn",
    "protocol/json",
    "protocol/macros",
    "protocol/validation",
    "workbench",
    "workbench/checkers",
    "workbench/report",
    "examples/own-workload",
];

/// A module's path in its crate: `["page", "data"]`.
type Module = Vec<String>;

/// For each module, the modules that it imports from.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn imports_lead_down() {
    let circles_in = |name: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src");
        circles(&imports(&root)).into_iter().map(|circle| format!("{name}: {circle}")).collect::<Vec<_>>()
    };
    let circles: Vec<String> = CRATES.into_iter().flat_map(circles_in).collect();
    assert!(circles.is_empty(), "these import each other:\n{}", circles.join("\n"));
}

/// A node has its disk from its context only, so that a simulation can lose what was not synced.
#[test]
fn only_the_edge_of_a_node_touches_files() {
    let edge = ["data_folder", "stdio", "storage::folder", "storage::guard"];
    for name in ["protocol", "handlers"] {
        let mut texts = BTreeMap::new();
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src"), &mut Vec::new(), &mut texts);
        let touching = texts.iter().filter(|(_, text)| text.contains("fs::"));
        let touching: Vec<String> = touching.map(|(module, _)| module.join("::")).collect();
        assert_eq!(touching, if name == "protocol" { edge.as_slice() } else { &[] }, "{name}");
    }
}

#[test]
fn circles_are_found() {
    let module = |path: &str| path.split("::").map(str::to_owned).collect::<Module>();
    let check = |all: &[(&str, &str)], expected: &[&str]| {
        let mut imports = Imports::new();
        for (from, to) in all {
            imports.entry(module(to)).or_default();
            imports.entry(module(from)).or_default().insert(module(to));
        }
        assert_eq!(circles(&imports), expected);
    };
    check(&[("a", "b"), ("b", "c")], &[]);
    check(&[("a", "b"), ("b", "c"), ("c", "a")], &["a, b, c"]);
    // Folders: no file imports one that leads back to it, but the folders import each other.
    check(&[("a::x", "b::x"), ("b::y", "a::y")], &["a, b"]);
    check(&[("a", "a::x"), ("a::y", "a::x")], &[]);
    check(&[("a", "a::x"), ("a::x", "a")], &["a, a::x"]);
    check(&[("a::x", "b"), ("b", "a::y"), ("b::z", "c")], &["a, b"]);
}

#[test]
fn imports_are_read() {
    let text = "use crate::{a::{self, B, c::D}, e::f};\nuse super::{G, h::I};\nuse super::super::J;\nuse std::fmt;\n\
                // use crate::nothing;\nfn k() { crate::l::m() }\n\"crate::n\"";
    let modules =
        ["a", "a::c", "e", "x", "x::h", "l", "x::y"].map(|path| path.split("::").map(str::to_owned).collect());
    let found = targets(text, &["x".to_owned(), "y".to_owned()], &BTreeSet::from(modules));
    let found: Vec<_> = found.iter().map(|module| module.join("::")).collect();
    assert_eq!(found, ["a", "a::c", "e", "l", "x", "x::h"]);
}

/// Reads the modules under a folder of sources.
fn imports(root: &Path) -> Imports {
    let mut texts = BTreeMap::new();
    read(root, &mut Vec::new(), &mut texts);
    let modules: BTreeSet<Module> = texts.keys().cloned().collect();
    texts.iter().map(|(module, text)| (module.clone(), targets(text, module, &modules))).collect()
}

fn read(folder: &Path, path: &mut Module, texts: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let entry = entry.expect("an entry").path();
        let name = entry.file_stem().and_then(|name| name.to_str()).expect("a name in ASCII").to_owned();
        if entry.is_dir() {
            path.push(name);
            read(&entry, path, texts);
            path.pop();
        } else if entry.extension().is_some_and(|extension| extension == "rs")
            && !["lib", "main", "fuzz"].contains(&&*name)
        {
            let inner = (name != "mod").then_some(name);
            let text = fs::read_to_string(&entry).expect("a source");
            // The tests inside a module may know more than it does.
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
            texts.insert(path.iter().cloned().chain(inner).collect(), text);
        }
    }
}

/// The modules that a text names, other than `module` itself.
fn targets(text: &str, module: &[String], modules: &BTreeSet<Module>) -> BTreeSet<Module> {
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let mut found = BTreeSet::new();
    for (start, base) in [("crate::", Vec::new()), ("super::", module[..module.len().saturating_sub(1)].to_vec())] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '"' | '$')) {
                continue;
            }
            for path in paths(&code[at + start.len()..]) {
                let mut base = base.clone();
                let ups = path.iter().take_while(|part| *part == "super").count();
                base.truncate(base.len().saturating_sub(ups));
                let whole: Module = base.into_iter().chain(path.into_iter().skip(ups)).collect();
                let longest = (1..=whole.len()).rev().map(|length| whole[..length].to_vec());
                found.extend(longest.into_iter().find(|prefix| modules.contains(prefix)));
            }
        }
    }
    // A file names what is in its folder without `crate` and `super`.
    for child in modules.iter().filter(|child| child.len() == module.len() + 1 && child.starts_with(module)) {
        let start = format!("{}::", child[module.len()]);
        let stands_alone = |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':'));
        if code.match_indices(&start).any(|(at, _)| stands_alone(at)) {
            found.insert(child.clone());
        }
    }
    found.remove(module);
    found
}

/// The paths at the beginning of a text: `a::{b, c::d} ..` names `a::b` and `a::c::d`.
fn paths(text: &str) -> Vec<Module> {
    let mut prefixes: Vec<Module> = vec![Vec::new()];
    let (mut current, mut found, mut word) = (Module::new(), Vec::new(), String::new());
    for c in text.chars() {
        match c {
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            ':' if !word.is_empty() => current.push(std::mem::take(&mut word)),
            ':' => {}
            '{' => prefixes.push(current.clone()),
            ',' | '}' if prefixes.len() > 1 => {
                if !word.is_empty() {
                    let end = std::mem::take(&mut word);
                    found.push(current.iter().cloned().chain((end != "self").then_some(end)).collect());
                }
                if c == '}' {
                    prefixes.pop();
                }
                current = prefixes.last().expect("the outermost stays").clone();
            }
            c if c.is_whitespace() && prefixes.len() > 1 => {}
            _ => break,
        }
        if prefixes.len() == 1 && c == '}' {
            break;
        }
    }
    if !word.is_empty() {
        found.push(current.into_iter().chain([word]).collect());
    }
    found
}

/// The circles among files, and among the folders beside each other; each as the names in it. A folder and the file of
/// the same name are one place there.
fn circles(imports: &Imports) -> Vec<String> {
    let deepest = imports.keys().map(Vec::len).max().unwrap_or_default();
    let mut found = strong_parts(imports);
    for depth in 1..deepest {
        let place = |module: &Module| module[..depth.min(module.len())].to_vec();
        let mut folders = Imports::new();
        for (from, targets) in imports {
            let others = targets.iter().map(place).filter(|to| *to != place(from));
            folders.entry(place(from)).or_default().extend(others);
        }
        found.extend(strong_parts(&folders));
    }
    found.into_iter().collect()
}

/// The sets of places from each of which all others of the set are reached.
fn strong_parts(graph: &Imports) -> BTreeSet<String> {
    let reach = |start: &Module| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start.clone()]);
        while let Some(place) = open.pop() {
            for next in graph.get(&place).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> = graph.keys().map(|place| (place, reach(place))).collect();
    let circle = |place: &Module| {
        let around = reached[place].iter().filter(|other| reached.get(other).is_some_and(|back| back.contains(place)));
        let names: Vec<String> = around.map(|module| module.join("::")).collect();
        (names.len() > 1).then(|| names.join(", "))
    };
    graph.keys().filter_map(circle).collect()
}

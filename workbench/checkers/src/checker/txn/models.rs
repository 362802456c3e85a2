//! The names of consistency models (elle: `consistency_model.clj`).

use std::collections::BTreeSet;

/// Elle's names that adya does not know.
const ALIASES: &[(&str, &str)] = &[
    ("PL-2+", "consistent-view"),
    ("PL-2L", "monotonic-view"),
    ("PL-3U", "update-serializable"),
    ("PL-CS", "cursor-stability"),
    ("PL-FCV", "forward-consistent-view"),
    ("PL-MSR", "monotonic-snapshot-read"),
    ("strong-PL-1", "strong-read-uncommitted"),
    ("strong-PL-2", "strong-read-committed"),
    ("strong-session-PL-1", "strong-session-read-uncommitted"),
    ("strong-session-PL-2", "strong-session-read-committed"),
];

/// Every name of a consistency model that elle knows, in alphabetical order.
pub fn names() -> Vec<&'static str> {
    let all: BTreeSet<_> =
        adya::model::all_models().into_iter().chain(ALIASES.iter().map(|(alias, _)| *alias)).collect();
    all.into_iter().filter(|name| is_known(name)).collect()
}

/// Tells if elle has a consistency model of that name.
pub fn is_known(name: &str) -> bool {
    canonical(&[name.to_owned()]).is_ok()
}

/// The models by the names that adya gives them; an error is the first name that nobody knows.
pub(super) fn canonical(models: &[String]) -> Result<Vec<String>, String> {
    let known = |name: &String| {
        let name = ALIASES.iter().find(|(alias, _)| alias == name).map_or(name.as_str(), |(_, model)| model);
        adya::model::canonical(name).map(str::to_owned).ok_or_else(|| name.to_owned())
    };
    models.iter().map(known).collect()
}

/// Whether a model, by adya's name, asks that what has ended shows in all that begins later.
pub(super) fn is_real_time(model: &str) -> bool {
    model == "linearizable" || model.starts_with("str") && !model.starts_with("strong-session")
}

/// A model by the name that Elle gives it.
pub(super) fn friendly(model: String) -> String {
    if model == "strict-serializable" { "strong-serializable".to_owned() } else { model }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Result<&str, &str>) {
        let found = canonical(&[name.to_owned()]).map(|models| models.concat());
        assert_eq!(found.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn names_of_maelstrom() {
        check("read-uncommitted", Ok("read-uncommitted"));
        check("strict-serializable", Ok("strict-serializable"));
        check("strong-serializable", Ok("strict-serializable"));
        check("PL-SI", Ok("snapshot-isolation"));
        check("PL-CS", Ok("cursor-stability"));
        check("acid", Err("acid"));
    }
}

//! Dashes and quotes that a web page or a word processor has made prettier. Copied into a terminal, they make words
//! that no parser takes for options: Maelstrom passes them to the node and tests without the fault that was asked for.
//! Here they are an error that names the character.

use std::fmt;

/// A word that a typographic character has made useless.
#[derive(Debug, PartialEq)]
pub(crate) struct Typography {
    word: String,
    mark: char,
    name: &'static str,
    meant: String,
}

/// Characters that stand for `-` or `--`.
const DASHES: [(char, &str); 8] = [
    ('\u{2010}', "a hyphen"),
    ('\u{2011}', "a non-breaking hyphen"),
    ('\u{2012}', "a figure dash"),
    ('\u{2013}', "an en dash"),
    ('\u{2014}', "an em dash"),
    ('\u{2015}', "a horizontal bar"),
    ('\u{2212}', "a minus sign"),
    ('\u{fe63}', "a small hyphen"),
];

/// Characters that stand for `'` or `"`.
const QUOTES: [(char, &str); 6] = [
    ('\u{2018}', "a typographic quote"),
    ('\u{2019}', "a typographic quote"),
    ('\u{201a}', "a typographic quote"),
    ('\u{201c}', "a typographic quote"),
    ('\u{201d}', "a typographic quote"),
    ('\u{201e}', "a typographic quote"),
];

/// The first such word before `--`, if there is one. What comes after `--` belongs to the node.
pub(crate) fn find<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<Typography> {
    words.into_iter().take_while(|word| *word != "--").find_map(check)
}

fn check(word: &str) -> Option<Typography> {
    let leading = word.trim_start_matches('-').chars().next();
    let dash = leading.and_then(|first| DASHES.into_iter().find(|(mark, _)| *mark == first));
    let quote = || QUOTES.into_iter().find(|(mark, _)| word.starts_with(*mark) || word.ends_with(*mark));
    let (mark, name) = dash.or_else(quote)?;
    let bare = word.trim_matches(|c| DASHES.iter().chain(&QUOTES).any(|(mark, _)| *mark == c) || c == '-');
    let meant = match bare.chars().count() {
        _ if dash.is_none() => bare.to_owned(),
        0 => "--".to_owned(),
        1 => format!("-{bare}"),
        _ => format!("--{bare}"),
    };
    Some(Typography { word: word.to_owned(), mark, name, meant })
}

impl fmt::Display for Typography {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { word, mark, name, meant } = self;
        let verb = if word.trim_start_matches('-').starts_with(*mark) { "begins" } else { "ends" };
        write!(f, "`{word}` {verb} with {name} (U+{:04X}): did you mean `{meant}`?", u32::from(*mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        assert_eq!(find(line.split(' ')).map(|found| found.to_string()).as_deref(), expected);
    }

    #[test]
    fn dashes_are_named() {
        check("test --nemesis partition", None);
        check("–-nemesis partition", Some("`–-nemesis` begins with an en dash (U+2013): did you mean `--nemesis`?"));
        check("-–nemesis", Some("`-–nemesis` begins with an en dash (U+2013): did you mean `--nemesis`?"));
        check("—nemesis", Some("`—nemesis` begins with an em dash (U+2014): did you mean `--nemesis`?"));
        check("–w echo", Some("`–w` begins with an en dash (U+2013): did you mean `-w`?"));
        check("−−rate=5", Some("`−−rate=5` begins with a minus sign (U+2212): did you mean `--rate=5`?"));
        check("— -v", Some("`—` begins with an em dash (U+2014): did you mean `--`?"));
    }

    #[test]
    fn quotes_are_named() {
        check(
            "--nemesis “partition”",
            Some("`“partition”` begins with a typographic quote (U+201C): did you mean `partition`?"),
        );
        check("total’", Some("`total’` ends with a typographic quote (U+2019): did you mean `total`?"));
        check("it’s", None);
    }

    #[test]
    fn the_nodes_arguments_are_its_own() {
        check("test -- –x “y”", None);
    }
}

//! Differences between a terminal and a pipe or a file.

use rustix::termios::tcgetwinsize;
use std::{
    borrow::Cow,
    ffi::OsStr,
    io::{IsTerminal, stdout},
};

/// The narrowest terminal for which lines are broken between words.
const NARROWEST: usize = 40;

/// A text as it fits the terminal, if standard output is one: long lines are broken between words, and go on further to the
/// right than they began. In a pipe or a file it stays as it is.
pub(crate) fn fit(text: &str) -> Cow<'_, str> {
    let columns = stdout().is_terminal().then(|| tcgetwinsize(stdout()).ok()).flatten().map(|size| size.ws_col.into());
    match columns {
        Some(columns) if columns >= NARROWEST && text.lines().any(|line| length(line) > columns) => {
            Cow::Owned(text.split('\n').map(|line| broken(line, columns)).collect::<Vec<_>>().join("\n"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// A line broken between words, as far as its words are shorter than a line.
fn broken(line: &str, columns: usize) -> String {
    if length(line) <= columns {
        return line.to_owned();
    }
    let begin = line.len() - line.trim_start().len();
    let indent = " ".repeat((begin + 4).min(columns / 2));
    let (mut lines, mut last, mut has_word) = (String::new(), line[..begin].to_owned(), false);
    for word in line[begin..].split_inclusive(' ') {
        if has_word && length(&last) + length(word.trim_end()) > columns {
            lines.push_str(last.trim_end());
            lines.push('\n');
            last.clone_from(&indent);
        }
        last.push_str(word);
        has_word = true;
    }
    lines + last.trim_end()
}

/// The number of columns that a text takes. The codes of colours take none.
fn length(text: &str) -> usize {
    let mut in_code = false;
    let is_shown = |&character: &char| {
        let was_in_code = in_code;
        in_code = character == '\x1b' || in_code && !character.is_ascii_alphabetic();
        !in_code && !was_in_code
    };
    text.chars().filter(is_shown).count()
}

/// Tells if a stream takes colours: it is a terminal and `NO_COLOR` is not set (<https://no-color.org>).
pub(crate) fn is_colored(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && allows_color(std::env::var_os("NO_COLOR").as_deref())
}

fn allows_color(no_color: Option<&OsStr>) -> bool {
    no_color.is_none_or(OsStr::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        let check = |line: &str, expected: &str| assert_eq!(broken(line, 20), expected);
        check("  short", "  short");
        check("  4 x lost: 0 was known, and then missing", "  4 x lost: 0 was\n      known, and\n      then missing");
        check("a  table of two   columns", "a  table of two\n    columns");
        check("{\"a\":1,\"bbbbbbbbbbbbbbbbbbbbbb\":2} end", "{\"a\":1,\"bbbbbbbbbbbbbbbbbbbbbb\":2}\n    end");
        assert_eq!(length("\x1b[31merror:\x1b[0m no"), 9);
    }

    #[test]
    fn an_empty_no_color_says_nothing() {
        for (no_color, allowed) in [(None, true), (Some(""), true), (Some("1"), false), (Some("0"), false)] {
            assert_eq!(allows_color(no_color.map(OsStr::new)), allowed, "{no_color:?}");
        }
    }
}

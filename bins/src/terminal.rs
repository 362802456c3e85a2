//! Differences between a terminal and a pipe or a file.

use std::{ffi::OsStr, io::IsTerminal};

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
    fn an_empty_no_color_says_nothing() {
        for (no_color, allowed) in [(None, true), (Some(""), true), (Some("1"), false), (Some("0"), false)] {
            assert_eq!(allows_color(no_color.map(OsStr::new)), allowed, "{no_color:?}");
        }
    }
}

//! Words as a shell reads and writes them.

use std::borrow::Cow;

/// The command that started this process, ready to be pasted into a shell.
pub(crate) fn typed_command() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    quote(["glomers".to_owned()].into_iter().chain(words))
}

/// Joins words into a line that a shell splits into the same words.
pub(crate) fn quote(words: impl IntoIterator<Item = String>) -> String {
    // An argument of a process contains no NUL, the only character that cannot be quoted.
    let quoted = words.into_iter().map(|word| shlex::try_quote(&word).map(Cow::into_owned).unwrap_or(word));
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_words_as_they_were() {
        let words = ["glomers", "--bin", "./my node", "--", "it's", "a\"b", "$HOME", "", "--rate=5", "é"];
        let line = quote(words.map(str::to_owned));
        assert!(line.starts_with("glomers --bin './my node' -- "), "{line}");
        assert_eq!(shlex::split(&line).unwrap(), words);
    }
}

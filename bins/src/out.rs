//! Standard output. A reader that has closed the pipe, as `glomers test | head -1` does, has seen enough: that is no error, and
//! the exit code remains that of the verdict. Long lines are fit to a terminal.

use crate::terminal;
use std::{
    fmt::Display,
    io::{self, ErrorKind, Write, stdout},
};

/// Prints a text and a newline.
pub(crate) fn line(text: impl Display) -> io::Result<()> {
    match writeln!(stdout().lock(), "{}", terminal::fit(&text.to_string())) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

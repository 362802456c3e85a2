//! Admission of requests. A foreign web page can make a browser send requests to this machine, and with its own name
//! server even read the answers (DNS rebinding). It cannot make the browser name this machine in `Host`. So on a
//! loopback address only requests that name this machine are answered.

use percent_encoding::percent_decode_str;
use std::{io, net::SocketAddr};
use tiny_http::Request;

/// The rule for requests.
pub(super) struct Guard {
    /// The accepted values of `Host`; `None` for any.
    hosts: Option<Vec<String>>,
}

/// The reason for refusing a request.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The request is malformed.
    Bad,
    /// The request names another machine.
    Host,
    /// The store has no such file or folder.
    NotThere,
    /// The method is not a reading one.
    Method,
    /// A comparison names another number of runs than two.
    Two,
    /// The I/O error that prevented reading.
    Failed,
}

impl Guard {
    pub(super) fn new(address: SocketAddr) -> Self {
        let port = address.port();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
        let own = match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        // Browsers leave out the port that is usual.
        let forms = |name: String| [format!("{name}:{port}")].into_iter().chain((port == 80).then_some(name));
        let hosts = names.into_iter().chain([own]).flat_map(forms);
        Self { hosts: address.ip().is_loopback().then(|| hosts.collect()) }
    }

    /// Checks if a request may be answered.
    pub(super) fn admit(&self, request: &Request) -> Result<(), Refusal> {
        let Some(hosts) = &self.hosts else { return Ok(()) };
        let mut named = request.headers().iter().filter(|header| header.field.equiv("Host"));
        let (Some(host), None) = (named.next(), named.next()) else { return Err(Refusal::Bad) };
        let is_ours = hosts.iter().any(|known| known.eq_ignore_ascii_case(host.value.as_str()));
        if is_ours { Ok(()) } else { Err(Refusal::Host) }
    }
}

/// The decoded names of a path. None of them leads up or out of the store.
pub(super) fn names(path: &str) -> Result<Vec<String>, Refusal> {
    let path = path.strip_prefix('/').ok_or(Refusal::Bad)?;
    let path = percent_decode_str(path).decode_utf8().map_err(|_| Refusal::Bad)?;
    let path = path.strip_suffix('/').unwrap_or(&path);
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let is_name = |name: &str| !matches!(name, "" | "." | "..") && !name.contains(['\0', '\\']);
    let names: Vec<_> = path.split('/').map(str::to_owned).collect();
    if names.iter().all(|name| is_name(name)) { Ok(names) } else { Err(Refusal::NotThere) }
}

impl Refusal {
    /// The status and the text for the client.
    pub(super) fn in_words(&self) -> (u16, &'static str) {
        match self {
            Self::Bad => (400, "This is no request for a page."),
            Self::Host => (403, "This machine is asked for by another name than its own."),
            Self::NotThere => (404, "There is no such thing in the store."),
            Self::Two => (400, "Choose two runs to compare."),
            Self::Method => (405, "The store can only be read."),
            Self::Failed => (500, "The store cannot be read."),
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::PermissionDenied => Self::NotThere,
            _ => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_refused() {
        let names = |path| names(path).ok().map(|names| names.join("|"));
        let good = [
            ("/", ""),
            ("/kafka/latest/", "kafka|latest"),
            ("/a%20b/c", "a b|c"),
            ("/..a/b..", "..a|b.."),
            ("/%25", "%"),
        ];
        for (path, expected) in good {
            assert_eq!(names(path).as_deref(), Some(expected), "{path}");
        }
        for path in [
            "",
            "kafka",
            "http://localhost/kafka",
            "//etc/passwd",
            "/..",
            "/../x",
            "/a/../../x",
            "/a/./b",
            "/%2e%2e/x",
            "/%2E./x",
            "/a%2f..%2f..%2fx",
            "/a%2f%2fb",
            "/a%00b",
            "/a%5c..%5cb",
            "/%ff",
        ] {
            assert_eq!(names(path), None, "{path}");
        }
    }
}

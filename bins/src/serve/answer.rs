//! Answers, and the headers that every answer has.

use std::io::{self, Read};
use tiny_http::{Header, Response};

/// A response that is sent as it is read.
pub(super) type Answer = Response<Box<dyn Read + Send>>;

/// A page as an answer.
pub(super) fn page(status: u16, html: maud::Markup) -> Answer {
    text(status, html.into_string())
}

/// The text of a page as an answer.
pub(super) fn text(status: u16, html: String) -> Answer {
    let html = html.into_bytes();
    let length = html.len();
    let headers = headers("text/html; charset=utf-8");
    Response::new(status.into(), headers, Box::new(io::Cursor::new(html)), Some(length), None)
}

/// The headers of every answer: browsers must not guess its type, nor share it with other sites.
pub(super) fn headers(content_type: &str) -> Vec<Header> {
    let fixed = [
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", glomers_report::page::POLICY),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-cache"),
    ];
    let all = [("Content-Type", content_type)].into_iter().chain(fixed);
    all.map(|(name, value)| header(name, value)).collect()
}

pub(super) fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("it is ASCII")
}

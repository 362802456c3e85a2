//! Puts a form of a message into a document, for the fuzz tests inside the crate, in memory, and outside, with files.

/// The document with this form in the place of its first.
pub(crate) fn with_form(document: &str, form: &str) -> String {
    let start = document.find("Request:").unwrap();
    let start = start + document[start..].find("{:type").unwrap();
    let end = start + document[start..].find("```").unwrap();
    format!("{}{form}\n{}", &document[..start], &document[end..])
}

//! Inserts the form of a message into a document. The fuzz tests in `src/import/` and in this folder share it.

/// The document with `form` in place of its first request.
pub(crate) fn with_form(document: &str, form: &str) -> String {
    let start = document.find("Request:").unwrap();
    let start = start + document[start..].find("{:type").unwrap();
    let end = start + document[start..].find("```").unwrap();
    format!("{}{form}\n{}", &document[..start], &document[end..])
}

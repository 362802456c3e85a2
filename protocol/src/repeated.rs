//! Large values that come again. A simulation tells each of its nodes the same topology, which has 40 KB in a cluster of 1,600.
//! So a thread remembers the last large value, and one that is the same is neither scanned nor decoded again.

use crate::envelope::Fields;
use glomers_json::plain_value;
use std::{any::Any, cell::RefCell, rc::Rc};

/// The length from which a value is remembered.
pub(crate) const LARGE: usize = 1 << 13;

/// The length up to which it is: the memory is kept for as long as the thread runs.
const HUGE: usize = 1 << 20;

#[derive(Default)]
struct Last {
    /// An array or object in the common form.
    text: String,
    /// Set once it has come twice.
    is_repeated: bool,
    /// The payload of a body that has this value alone, and the value's key.
    payload: Option<(String, Rc<dyn Any>)>,
}

thread_local! {
    static LAST: RefCell<Last> = RefCell::default();
}

/// Like [`plain_value`], for a text that is large.
#[cold]
pub(crate) fn end_of_large(text: &str) -> Option<usize> {
    LAST.with_borrow_mut(|last| {
        if last.text.len() >= LARGE && text.starts_with(&last.text) {
            last.is_repeated = true;
            return Some(last.text.len());
        }
        let end = plain_value(text.as_bytes(), 0)?;
        // Only lists and objects: a number may go on, and a string of this length is rare.
        if (LARGE..=HUGE).contains(&end) && text.starts_with(['[', '{']) {
            *last = Last { text: text[..end].to_owned(), ..Last::default() };
        }
        Some(end)
    })
}

/// The only field of a body, if it is large.
#[inline]
pub(crate) fn large<'f>(fields: &'f Fields<'_>) -> Option<(&'f str, &'f str)> {
    let (key, text) = fields.get(0).filter(|(_, text)| text.len() >= LARGE)?;
    fields.get(1).is_none().then_some((key, text))
}

/// A copy of the payload that was kept for a body with this field.
#[cold]
pub(crate) fn payload<T: Clone + 'static>(field: (&str, &str)) -> Option<T> {
    known(field)?.downcast_ref::<T>().cloned()
}

fn known((key, text): (&str, &str)) -> Option<Rc<dyn Any>> {
    LAST.with_borrow(|last| {
        let (known, payload) = last.payload.as_ref()?;
        (known == key && last.text == text).then(|| Rc::clone(payload))
    })
}

/// Keeps a copy of the payload of a body with this field, if it came before.
#[cold]
pub(crate) fn keep<T: Clone + 'static>(field: (&str, &str), payload: &T) {
    keep_made(field, &|| Rc::new(payload.clone()));
}

fn keep_made((key, text): (&str, &str), payload: &dyn Fn() -> Rc<dyn Any>) {
    LAST.with_borrow_mut(|last| {
        if last.is_repeated && last.text == text {
            last.payload = Some((key.to_owned(), payload()));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, broadcast::Topology, kafka::CommitOffsets};

    fn line(wire_type: &str, key: &str, value: &str) -> String {
        format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"{wire_type}","msg_id":1,"{key}":{value}}}}}"#)
    }

    fn kept() -> bool {
        LAST.with_borrow(|last| last.payload.is_some())
    }

    #[test]
    fn a_large_value_that_comes_again_is_decoded_as_before() {
        let neighbours: Vec<_> = (0..1000).map(|node| format!(r#""n{node}":["n{}","n1"]"#, node + 1)).collect();
        let value = format!("{{{}}}", neighbours.join(","));
        let line = line("topology", "topology", &value);
        let decode = || Message::parse(&line).unwrap().payload::<Topology>().unwrap();
        let first = decode();
        assert!(first.topology.len() == 1000 && !kept());
        assert_eq!((decode(), kept()), (first.clone(), true));
        assert_eq!(decode(), first);
    }

    #[test]
    fn another_key_type_or_value_is_another_body() {
        let value = |last: &str| format!("{{{}\"z\":{last}}}", "\"a\":1,".repeat(2000));
        let offsets = |key: &str, value: &str| {
            let line = line("commit_offsets", key, value);
            Message::parse(&line).unwrap().payload::<CommitOffsets>().map(|commit| commit.offsets["z"])
        };
        for _ in 0..3 {
            assert_eq!(offsets("offsets", &value("7")).ok(), Some(7));
        }
        assert!(kept());
        assert!(offsets("others", &value("7")).is_err());
        assert_eq!(offsets("offsets", &value("8")).ok(), Some(8));
        let line = line("topology", "topology", &value("8"));
        let error = Message::parse(&line).unwrap().payload::<Topology>().unwrap_err();
        assert!(error.to_string().contains("expected a sequence"), "{error}");
        assert!(Message::parse(&line[..line.len() - 3]).is_err());
    }
}

//! Values that share one text. A value with a text of its own takes an allocation, which for an id of 20 characters is twice as
//! large as the text, and in a program that makes many values and keeps some of them leaves holes between them.

use crate::{Json, Text};
use std::sync::Arc;

/// The most bytes of a text that is shared. A longer one is not worth the copy, and would keep many others in memory.
const LONGEST: usize = 256;

/// A part of a shared text. It takes two words.
#[derive(Clone)]
pub(crate) struct Part {
    whole: Arc<Box<str>>,
    begin: u32,
    end: u32,
}

impl Part {
    pub(crate) fn as_str(&self) -> &str {
        &self.whole[self.begin as usize..self.end as usize]
    }
}

/// Puts the short texts of these values into one, which takes about half of their memory. It is freed when the last of them is
/// dropped. The values stay equal to what they were.
///
/// ```
/// use glomers_json::{Json, share};
///
/// let mut ids = [Json::from("n1-0"), Json::from("n1-1")];
/// share(ids.iter_mut().collect());
/// assert_eq!(ids, [Json::from("n1-0"), Json::from("n1-1")]);
/// ```
pub fn share(mut values: Vec<&mut Json>) {
    values.retain(|value| matches!(&value.0, Text::Other(text) if text.len() <= LONGEST));
    let whole: String = values.iter().map(|value| value.as_str()).collect();
    if u32::try_from(whole.len()).is_err() {
        return;
    }
    let whole = Arc::new(whole.into_boxed_str());
    let mut begin = 0;
    for value in values {
        let end = begin + u32::try_from(value.as_str().len()).expect("it is part of a text that is short enough");
        value.0 = Text::Shared(Part { whole: Arc::clone(&whole), begin, end });
        begin = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_values_are_what_they_were() {
        let long = format!("\"{}\"", "x".repeat(LONGEST));
        let texts =
            ["1", "null", "\"\"", "[1, 2]", "{\"b\":[],\"a\":1}", "\"\u{e9}\\n\"", "\"\\ud800\"", "1.50", &long];
        let values: Vec<Json> = texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        let mut shared = values.clone();
        share(shared.iter_mut().collect());
        let is_shared = |value: &&Json| matches!(value.0, Text::Shared(_));
        assert_eq!(shared.iter().filter(is_shared).count(), 6);
        assert_eq!(shared, values);
        assert_eq!(shared.iter().map(Json::as_str).collect::<Vec<_>>(), texts);
        assert_eq!(serde_json::to_string(&shared).unwrap(), serde_json::to_string(&values).unwrap());
        let kept = shared.swap_remove(2);
        drop(shared);
        assert_eq!(kept.as_str(), "\"\"");
    }

    #[test]
    fn a_value_is_as_small_as_before() {
        assert_eq!(size_of::<Json>(), 24);
    }
}

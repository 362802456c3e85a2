//! The decoding of a map with many entries, such as the topology of a large cluster, which each node is told. The entries are
//! sorted at once, and they mostly are in order; inserting each where it belongs takes twice as long as reading it.

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use std::{collections::BTreeMap, fmt, marker::PhantomData};

/// Decodes a map. Of entries with the same key the last one counts.
pub fn map<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
{
    deserializer.deserialize_map(Entries(PhantomData))
}

struct Entries<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Entries<K, V> {
    type Value = BTreeMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = members.next_entry()? {
            entries.push(entry);
        }
        Ok(entries.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NodeId;

    #[test]
    fn a_map_is_decoded_as_serde_does() {
        for text in [
            "{}",
            r#"{"n0":["n1"],"n10":[],"n2":["n0","n1"],"n1":["n2"]}"#,
            r#"{"n1":["n0"],"n0":[],"n1":["n2"],"n1":[]}"#,
            r#"{"n0":[1]}"#,
            r#"{"n0":[],}"#,
            "[]",
            "null",
        ] {
            let read = map::<_, NodeId, Vec<NodeId>>(&mut serde_json::Deserializer::from_str(text));
            let expected = serde_json::from_str::<BTreeMap<NodeId, Vec<NodeId>>>(text);
            assert_eq!(read.map_err(|error| error.to_string()), expected.map_err(|error| error.to_string()), "{text}");
        }
    }
}

//! The order in which Clojure walks through a set.
//!
//! Jepsen takes the first of several messages at one offset of a log, and the first is a matter of hashing. Its verdict
//! on such a log can be repeated only with the same hash: Murmur3 of the value, whose bits lead down a tree with 32
//! branches per node, five bits at a time from the lowest on.

use glomers_json::Json;

/// The branches to a value in Clojure's tree of hashes, as digits of a number; sets are in the order of these paths.
pub(crate) fn path(value: &Json) -> u64 {
    let hash = hash(value);
    [0, 5, 10, 15, 20, 25, 30].into_iter().fold(0, |path, shift| path << 5 | u64::from(hash >> shift & 31))
}

/// The hash of a value. Lists and maps, which no client sends, are hashed as their text.
fn hash(value: &Json) -> u32 {
    if let Ok(integer) = value.decode::<i64>() {
        return hash_long(integer);
    }
    match value.as_str() {
        "null" => 0,
        "true" => 1231,
        "false" => 1237,
        text if text.starts_with('"') => hash_string(&value.decode::<String>().unwrap_or_else(|_| text.to_owned())),
        text => match text.parse::<f64>() {
            Ok(double) => {
                let bits = double.to_bits();
                low(bits ^ bits >> 32)
            }
            Err(_) => hash_string(text),
        },
    }
}

fn low(bits: u64) -> u32 {
    u32::try_from(bits & u64::from(u32::MAX)).expect("it is masked to 32 bits")
}

fn hash_long(integer: i64) -> u32 {
    let bits = integer.cast_unsigned();
    if bits == 0 {
        return 0;
    }
    let hash = mix(0, low(bits));
    finish(mix(hash, low(bits >> 32)), 8)
}

/// Java's hash of a string, hashed again.
fn hash_string(text: &str) -> u32 {
    let java = text.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    if java == 0 { 0 } else { finish(mix(0, java), 4) }
}

fn mix(hash: u32, word: u32) -> u32 {
    let word = word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    (hash ^ word).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
}

fn finish(hash: u32, length: u32) -> u32 {
    let mut hash = hash ^ length;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(values: &[i64]) -> Vec<i64> {
        let mut values = values.to_vec();
        values.sort_by_key(|value| path(&Json::from(*value)));
        values
    }

    /// As `(hash 1)` and `(hash "a")` are in Clojure.
    #[test]
    fn hashes_are_those_of_clojure() {
        assert_eq!(hash(&Json::from(1_i64)), 1_392_991_556);
        assert_eq!(hash(&Json::from("a")), 1_455_541_201);
        assert_eq!(hash(&Json::from(0_i64)), 0);
    }

    /// As `(into #{} (range 10))` prints.
    #[test]
    fn sets_are_in_the_order_of_clojure() {
        assert_eq!(sorted(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), [0, 7, 1, 4, 6, 3, 2, 9, 5, 8]);
    }
}

//! A check of the nesting depth before a text is read. For nested maps and sets, the time that `clojure-reader` takes
//! grows with the square of the depth: minutes for a file of some hundred kilobytes.

/// The greatest depth at which a text is read at all. An operation that is nested too deeply is refused later, by name.
const DEEPEST: usize = 10_000;

/// The line, from 1 on, on which brackets are nested too deeply, if there is one.
pub fn too_deep(edn: &str) -> Option<usize> {
    let (mut depth, mut line) = (0_usize, 1);
    let mut bytes = edn.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\n' => line += 1,
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            // A character, such as `\[`.
            b'\\' => _ = bytes.next(),
            b'"' => line += string(&mut bytes),
            b';' => line += usize::from(bytes.any(|byte| byte == b'\n')),
            _ => {}
        }
        if depth > DEEPEST {
            return Some(line);
        }
    }
    None
}

/// Passes over the rest of a string, and says how many lines end in it.
fn string(bytes: &mut impl Iterator<Item = u8>) -> usize {
    let mut lines = 0;
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => _ = bytes.next(),
            b'\n' => lines += 1,
            _ => {}
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_brackets_count() {
        let much = "[".repeat(DEEPEST + 1);
        assert_eq!(too_deep(&"[".repeat(DEEPEST)), None);
        assert_eq!(too_deep(&format!("; a\n\"\n\\\"\n\"\n{much}")), Some(5));
        assert_eq!(too_deep(&format!("\"{much}\" ;{much}\n 1")), None);
        assert_eq!(too_deep(&"[]".repeat(DEEPEST + 1)), None);
        assert_eq!(too_deep(&"\\[".repeat(DEEPEST + 1)), None);
    }
}

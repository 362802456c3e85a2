//! The times by which Jepsen names the folders of runs, in a form for people.

/// A folder's name as a date and a time of day: `20261122T154501.123Z` is `22 Nov 2026, 15:45:01 UTC`. `None` if the
/// name is no time. Jepsen names folders by local time, such as `20261122T104501.123-0500`.
pub fn moment(name: &str) -> Option<String> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (date, rest) = name.split_once('T')?;
    let (time, fraction) = rest.split_once('.')?;
    let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(date, 8) || !is_digits(time, 6) {
        return None;
    }
    let zone = match zone.as_bytes() {
        b"Z" => "UTC".to_owned(),
        [b'+' | b'-', rest @ ..] if rest.len() == 4 && rest.iter().all(u8::is_ascii_digit) => {
            format!("UTC{}:{}", &zone[..3], &zone[3..])
        }
        _ => return None,
    };
    let month = MONTHS.get(date[4..6].parse::<usize>().ok()?.checked_sub(1)?)?;
    let day = date[6..].trim_start_matches('0');
    Some(format!("{day} {month} {}, {}:{}:{} {zone}", &date[..4], &time[..2], &time[2..4], &time[4..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_are_times() {
        let cases = [
            ("20261122T154501.123Z", Some("22 Nov 2026, 15:45:01 UTC")),
            ("20260109T104501.123-0500", Some("9 Jan 2026, 10:45:01 UTC-05:00")),
            ("20261322T154501.123Z", None),
            ("20260022T154501.123Z", None),
            ("2026112\u{e9}T154501.123Z", None),
            ("latest", None),
            ("20261122T154501.123", None),
            ("20261122T154501.123+05\u{e9}", None),
            ("20261122T154501.123+0\u{e9}5", None),
        ];
        for (name, expected) in cases {
            assert_eq!(moment(name).as_deref(), expected, "{name}");
        }
    }
}

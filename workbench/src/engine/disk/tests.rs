//! The contents of a disk after crashes, failed syncs and a lack of space. A disk's story is a list of words:
//!
//! `a+text` appends, `a=3` cuts to 3 bytes, `a>b` renames, `a-` removes, `sync` and `fail` are syncs, `crash:2.3` keeps 2
//! changes and 3 bytes of the next one, `crash` keeps what the seed draws, `begin` begins a sync and `end` ends it.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn disk(seed: u64) -> SimulatedDisk {
    SimulatedDisk::new(Duration::from_millis(1), seed)
}

fn live(disk: &mut SimulatedDisk, story: &str) {
    for word in story.split_whitespace() {
        let done = match word {
            "sync" => disk.sync(),
            "begin" => {
                disk.begin_sync();
                Ok(())
            }
            "end" => disk.end_sync(),
            "fail" => {
                disk.fail_next_sync();
                assert!(matches!(disk.sync(), Err(DiskError::Sync { .. })));
                Ok(())
            }
            "crash" => {
                disk.crash();
                Ok(())
            }
            _ => change(disk, word),
        };
        done.unwrap_or_else(|error| panic!("{word}: {error}"));
    }
}

fn change(disk: &mut SimulatedDisk, word: &str) -> Result<(), DiskError> {
    let at = word.find(['+', '=', '>', '-', ':']).unwrap();
    let (file, rest) = (&word[..at], &word[at + 1..]);
    match word.as_bytes()[at] {
        b'+' => disk.append(file, rest.as_bytes()),
        b'=' => disk.truncate(file, rest.parse().unwrap()),
        b'>' => disk.rename(file, rest),
        b'-' => disk.remove(file),
        _ => {
            let (changes, bytes) = rest.split_once('.').unwrap();
            disk.keep(changes.parse().unwrap(), bytes.parse().unwrap());
            disk.crash();
            Ok(())
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "_")
}

/// The files as `a:text`, sorted.
fn shown(disk: &SimulatedDisk) -> String {
    let files = disk.files().into_iter().map(|file| format!("{file}:{}", text(&disk.read(&file).unwrap())));
    files.collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(story: &str, expected: &str) {
    let mut disk = disk(1);
    live(&mut disk, story);
    assert_eq!(shown(&disk), expected, "{story}");
}

#[test]
fn a_reader_sees_every_write_at_once() {
    check("a+one a+two b+x", "a:onetwo b:x");
    check("a+hello a=2 a+y", "a:hey");
    check("a+one b+two a>b", "b:one");
    check("a+one a- a+two", "a:two");
    check("a+one a>a", "a:one");
    check("a+one a=9", "a:one");
}

#[test]
fn a_crash_keeps_the_first_changes_and_a_part_of_the_next() {
    // The creation of a file is a change of its own.
    check("a+one sync a+two a+three crash:0.0", "a:one");
    check("a+one sync a+two a+three crash:0.2", "a:onetw");
    check("a+one sync a+two a+three crash:1.0", "a:onetwo");
    check("a+one sync a+two a+three crash:9.9", "a:onetwothree");
    check("a+one crash:0.0", "");
    check("a+one crash:1.0", "a:");
    check("a+one crash:1.2", "a:on");
    check("a+hello sync a=2 a+y crash:0.0", "a:hello");
    check("a+hello sync a=2 a+y crash:1.0", "a:he");
    check("a+old sync b+new b>a crash:2.0", "a:old b:new");
    check("a+old sync b+new b>a crash:3.0", "a:new");
    check("a+old sync a- crash:0.0", "a:old");
    check("a+old sync a- a+new crash:2.1", "a:n");
}

#[test]
fn a_sync_covers_what_was_written_before_it_began() {
    check("a+one begin a+two end crash:0.0", "a:one");
    check("a+one begin a+two crash:0.0", "");
    check("a+one begin crash:1.2 end", "a:on");
    check("a+one begin b+x a>c end crash:0.0", "a:one");
}

/// The data is seen but never written again, not even by a sync that succeeds; what is written behind it leaves a hole.
#[test]
fn a_failed_sync_loses_its_data_at_the_next_crash() {
    let mut disk = disk(3);
    live(&mut disk, "a+one sync a+two fail");
    assert_eq!((shown(&disk), text(&disk.durable("a").unwrap())), ("a:onetwo".into(), "one".into()));
    live(&mut disk, "sync a+three sync");
    assert_eq!(shown(&disk), "a:onetwothree");
    live(&mut disk, "crash");
    assert_eq!(shown(&disk), "a:one___three");
}

#[test]
fn a_full_disk_refuses_a_write_as_a_whole() {
    let mut disk = disk(1);
    live(&mut disk, "a+one sync");
    disk.begin(Fault::DiskFull);
    let large = "x".repeat(1000);
    assert!(matches!(disk.append("a", large.as_bytes()), Err(DiskError::Full { file }) if file == "a"));
    assert!(disk.append("new", large.as_bytes()).is_err());
    assert_eq!(shown(&disk), "a:one");
    live(&mut disk, "a=1 a>b");
    disk.end(Fault::DiskFull);
    live(&mut disk, "b+two sync crash");
    assert_eq!(shown(&disk), "b:otwo");
    assert_eq!(disk.0.borrow().condition.affected(Fault::DiskFull), 2);
}

#[test]
fn a_flipped_bit_is_durable() {
    let mut disk = disk(1);
    assert_eq!(disk.strike(Fault::DiskCorrupt), "nothing to change");
    live(&mut disk, "a+hello sync a+unsynced");
    let told = disk.strike(Fault::DiskCorrupt);
    live(&mut disk, "crash:0.0");
    let differing: Vec<_> =
        disk.durable("a").unwrap().iter().zip(b"hello").map(|(found, was)| (found ^ was).count_ones()).collect();
    assert_eq!(differing.iter().sum::<u32>(), 1, "{told}");
    assert_eq!(told, format!("byte {} of a changed", differing.iter().position(|bits| *bits == 1).unwrap()));
}

#[test]
fn a_slow_disk_takes_ten_times_as_long_and_a_tenth_of_a_second_longer() {
    let times = |latency: u64, is_slow: bool| {
        let disk = SimulatedDisk::new(Duration::from_millis(latency), 1);
        if is_slow {
            disk.begin(Fault::DiskSlow);
        }
        (0..1000).map(|_| disk.begin_sync()).collect::<Vec<_>>()
    };
    let sound = times(50, false);
    let mean = sound.iter().sum::<Duration>() / 1000;
    assert!((Duration::from_millis(45)..Duration::from_millis(55)).contains(&mean), "{mean:?}");
    for (slow, sound) in times(50, true).iter().zip(&sound) {
        assert_eq!(*slow, *sound + (*sound * 9).max(Duration::from_millis(100)));
    }
    assert!(times(0, true).iter().all(|time| *time == Duration::from_millis(100)));
}

#[test]
fn operations_on_files_that_do_not_exist_fail() {
    let mut disk = disk(1);
    assert_eq!(disk.truncate("a", 0).unwrap_err().to_string(), "cannot truncate `a`");
    assert!(disk.rename("a", "b").is_err() && disk.remove("a").is_err());
    assert_eq!(disk.read("a"), None);
}

#[test]
fn the_seed_draws_every_kind_of_crash() {
    let left = |seed| {
        let mut disk = disk(seed);
        live(&mut disk, "a+one sync a+two b+new b>a crash");
        shown(&disk)
    };
    let all: std::collections::BTreeSet<_> = (0..300).map(left).collect();
    // The rename is kept with all, a part or nothing of what was to be renamed.
    for expected in ["a:one", "a:onet", "a:onetwo", "a:", "a:n", "a:new", "a:one b:", "a:onetwo b:new"] {
        assert!(all.contains(expected), "{expected} is not in {all:?}");
    }
    assert_eq!(left(7), left(7));
}

/// The files after a synced story and a crash at every byte of what follows.
#[test]
fn synced_data_survives_a_crash_at_every_byte() {
    let (before, after) = ("a+hello b+world a+more sync", "a+rest b=3 c+new c>b a+x");
    let mut whole = disk(1);
    live(&mut whole, &format!("{before} {after}"));
    let changes = whole.unsynced();
    assert_eq!(changes, [4, 0, 0, 3, 0, 1]);
    for (index, bytes) in
        changes.iter().enumerate().flat_map(|(index, size)| (0..=*size).map(move |bytes| (index, bytes)))
    {
        let mut disk = disk(1);
        live(&mut disk, &format!("{before} {after} crash:{index}.{bytes}"));
        let durable = |file| disk.durable(file).unwrap();
        assert!(durable("a").starts_with(b"hellomore"), "{index}.{bytes}: {}", shown(&disk));
        let b = text(&durable("b"));
        assert!(["world", "wor", "new"].contains(&&*b), "{index}.{bytes}: {b}");
        assert!(disk.unsynced().is_empty());
    }
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => ("[ab]", "[a-z]{1,4}").prop_map(|(file, text)| format!("{file}+{text}")),
        2 => Just("sync".to_owned()),
        1 => Just("begin".to_owned()),
        1 => Just("end".to_owned()),
        2 => Just("crash".to_owned()),
    ]
}

proptest! {
    /// Of each file at least what was synced is left, and nothing that was not written, in its order.
    #[test]
    fn whatever_the_crash_synced_data_is_there(words in prop::collection::vec(word(), 1..40), seed: u64) {
        let mut disk = disk(seed);
        let mut synced: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut covered = None;
        for word in &words {
            let before: BTreeMap<_, _> = disk.files().into_iter().map(|file| (file.clone(), disk.read(&file).unwrap())).collect();
            live(&mut disk, word);
            match word.as_str() {
                "begin" => covered = Some(before),
                "sync" => (synced, covered) = (before, None),
                "end" => synced = covered.take().unwrap_or(synced),
                "crash" => {
                    for (file, bytes) in &synced {
                        prop_assert!(disk.read(file).is_some_and(|left| left.starts_with(bytes)), "{file}");
                    }
                    for file in disk.files() {
                        prop_assert!(before.get(&file).is_some_and(|all| all.starts_with(&disk.read(&file).unwrap())));
                    }
                    synced = disk.files().into_iter().map(|file| (file.clone(), disk.durable(&file).unwrap())).collect();
                    covered = None;
                }
                _ => {}
            }
        }
    }
}

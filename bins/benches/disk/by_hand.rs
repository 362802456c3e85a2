//! The baseline for nodes with a disk: a loop that appends a record to a file and syncs it, one operation at a time.

use std::{
    fs::File,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

/// As long as the frame of a small request.
const RECORD: [u8; 100] = [b'x'; 100];

/// The times of this many operations in a file that did not exist.
pub(crate) fn times(file: &Path, count: usize) -> Vec<Duration> {
    let mut file = File::create_new(file).unwrap();
    let mut operation = || {
        let begin = Instant::now();
        file.write_all(&RECORD).unwrap();
        file.sync_data().unwrap();
        begin.elapsed()
    };
    (0..count).map(|_| operation()).collect()
}

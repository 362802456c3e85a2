//! A buffer in which values are encoded, so that each takes one allocation, of its own size. A thread has one: values are small, and
//! many.

use std::cell::Cell;

thread_local! {
    /// Absent while a value is encoded. One inside it then gets another buffer.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The capacity up to which it is kept.
const KEEP_BYTES: usize = 1 << 16;

/// An empty buffer.
pub(crate) fn take() -> Vec<u8> {
    BUFFER.take()
}

/// Empties the buffer and keeps it for the next value.
pub(crate) fn keep(mut buffer: Vec<u8>) {
    if buffer.capacity() <= KEEP_BYTES {
        buffer.clear();
        BUFFER.set(buffer);
    }
}

//! Ctrl-C, and SIGTERM alike. The first one ends a test early, and what there is is judged; the second ends the process at
//! once. Hosted nodes have no share in it: they are in process groups of their own, and the test ends them in either
//! case. SIGHUP is left as it is: `nohup` has it ignored.

use glomers_workbench::{Control, Stage};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};
use std::{
    sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering},
    thread,
};

static PRESSES: AtomicUsize = AtomicUsize::new(0);

/// The signal that came last.
static SIGNAL: AtomicU8 = AtomicU8::new(0);

/// Whether there may be nodes that only the test can end.
static HAS_NODES: AtomicBool = AtomicBool::new(false);

/// Has tests end early from now on, instead of the process. `has_nodes`: whether they start processes.
pub(crate) fn listen(has_nodes: bool) -> anyhow::Result<()> {
    HAS_NODES.store(has_nodes, Ordering::SeqCst);
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::spawn(move || signals.forever().for_each(press));
    Ok(())
}

fn press(signal: i32) {
    SIGNAL.store(u8::try_from(signal).unwrap_or_default(), Ordering::SeqCst);
    let is_again = PRESSES.fetch_add(1, Ordering::SeqCst) > 0;
    if is_again && !HAS_NODES.load(Ordering::SeqCst) {
        std::process::exit(exit_code().into());
    }
}

/// What it was, as people call it.
pub(crate) fn name() -> &'static str {
    if i32::from(SIGNAL.load(Ordering::SeqCst)) == SIGTERM { "SIGTERM" } else { "Ctrl-C" }
}

/// The exit code of a process that a signal has ended, as shells have it: 128 and the signal's number.
pub(crate) fn exit_code() -> u8 {
    128 + SIGNAL.load(Ordering::SeqCst)
}

/// What a test at this stage is to do.
pub(crate) fn wanted(stage: Stage) -> Control {
    if stage == Stage::Checking {
        // They have been ended.
        HAS_NODES.store(false, Ordering::SeqCst);
    }
    match PRESSES.load(Ordering::SeqCst) {
        0 => Control::Continue,
        1 => Control::Stop,
        _ => Control::Abort,
    }
}

/// Whether it was pressed.
pub(crate) fn is_pressed() -> bool {
    PRESSES.load(Ordering::SeqCst) > 0
}

/// Whether the process is to end at once.
pub(crate) fn is_pressed_again() -> bool {
    PRESSES.load(Ordering::SeqCst) > 1
}

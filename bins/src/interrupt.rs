//! Ctrl-C and SIGTERM. The first one ends a test early, and the history so far is judged; the second ends the process
//! at once. Hosted nodes do not receive them, because they are in process groups of their own; the test ends them in
//! both cases. SIGHUP keeps its default, so that `nohup` can ignore it.

use glomers_workbench::{Stage, Stop};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};
use std::ops::ControlFlow;
use std::{
    sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering},
    thread,
};

static PRESSES: AtomicUsize = AtomicUsize::new(0);

/// The last signal.
static SIGNAL: AtomicU8 = AtomicU8::new(0);

/// True while there may be nodes that only the test can end.
static HAS_NODES: AtomicBool = AtomicBool::new(false);

/// Makes a signal end tests early from now on, instead of the process. `has_nodes` tells if tests start processes.
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

/// The signal's name for people.
pub(crate) fn name() -> &'static str {
    if i32::from(SIGNAL.load(Ordering::SeqCst)) == SIGTERM { "SIGTERM" } else { "Ctrl-C" }
}

/// The exit code of a process that a signal has ended, as shells have it: 128 and the signal's number.
pub(crate) fn exit_code() -> u8 {
    128 + SIGNAL.load(Ordering::SeqCst)
}

/// The reaction of a test at this stage.
pub(crate) fn wanted(stage: Stage) -> ControlFlow<Stop> {
    if stage == Stage::Checking {
        // They have been ended.
        HAS_NODES.store(false, Ordering::SeqCst);
    }
    match PRESSES.load(Ordering::SeqCst) {
        0 => ControlFlow::Continue(()),
        1 => ControlFlow::Break(Stop::Early),
        _ => ControlFlow::Break(Stop::Now),
    }
}

/// Tells if a signal has come.
pub(crate) fn is_pressed() -> bool {
    PRESSES.load(Ordering::SeqCst) > 0
}

/// Tells if a second signal has come, so that the process must end at once.
pub(crate) fn is_pressed_again() -> bool {
    PRESSES.load(Ordering::SeqCst) > 1
}

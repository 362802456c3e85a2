//! Ctrl-C. The first one ends a test early, and what there is is judged; the second ends the process at once. Hosted
//! nodes have no share in it: they are in process groups of their own, and the test ends them in either case.

use glomers_workbench::{Control, Stage};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The exit code of a process that Ctrl-C has ended, as shells have it: 128 and the signal's number.
pub(crate) const EXIT_CODE: u8 = 130;

static PRESSES: AtomicUsize = AtomicUsize::new(0);

/// Whether there may be nodes that only the test can end.
static HAS_NODES: AtomicBool = AtomicBool::new(false);

/// Has tests end early from now on, instead of the process. `has_nodes`: whether they start processes.
pub(crate) fn listen(has_nodes: bool) -> anyhow::Result<()> {
    HAS_NODES.store(has_nodes, Ordering::SeqCst);
    Ok(ctrlc::set_handler(|| {
        let is_again = PRESSES.fetch_add(1, Ordering::SeqCst) > 0;
        if is_again && !HAS_NODES.load(Ordering::SeqCst) {
            std::process::exit(EXIT_CODE.into());
        }
    })?)
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

//! Bad arguments: errors that the user mends by typing something else. Their exit code is 254, whichever command finds them
//! and however late.

use glomers::catalogue::SimulateError;
use glomers_report::store::manifest::ReadRunError;
use glomers_workbench::{RunError, StartError, workload::UnknownWorkload};
use std::{error::Error, fs, io::ErrorKind, path::Path};

/// An argument that does not fit.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(String);

/// An error about an argument: what was received, why it does not fit, and what to type instead.
pub(crate) fn usage(text: impl Into<String>) -> anyhow::Error {
    Usage(text.into()).into()
}

/// The text of a file that an argument names.
pub(crate) fn read_file(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    fs::read_to_string(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => usage(format!("there is no file {shown}; name one that exists")),
        _ => anyhow::Error::new(error).context(format!("cannot read {shown}")),
    })
}

/// Tells if an error is about arguments.
pub(crate) fn is_usage(error: &anyhow::Error) -> bool {
    error.chain().any(is_about_arguments)
}

fn is_about_arguments(cause: &(dyn Error + 'static)) -> bool {
    let of_run = |error: &RunError| match error {
        RunError::Options(_) => true,
        RunError::Start(error) => !matches!(error, StartError::Io { .. }),
        _ => false,
    };
    let of_simulation = |error: &SimulateError| match error {
        SimulateError::Run(error) => of_run(error),
        SimulateError::Workload(_) | SimulateError::Arguments(_) | SimulateError::NoArguments { .. } => true,
        _ => false,
    };
    let of_folder = |error: &ReadRunError| matches!(error, ReadRunError::Nameless { .. });
    cause.is::<Usage>()
        || cause.is::<UnknownWorkload>()
        || cause.downcast_ref().is_some_and(of_run)
        || cause.downcast_ref().is_some_and(of_folder)
        || cause.downcast_ref().is_some_and(of_simulation)
}

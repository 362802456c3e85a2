//! The contract between a node and the code that serves its messages. `#[handler]` implements it.

use crate::{context::Context, error::Rejected, failure::Failure, message::Message};
use std::rc::Rc;

/// Serves the messages of a node. `#[handler]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "no `#[handler(WORKLOAD)] impl {Self}` found"
)]
pub trait Handler: Sized + 'static {
    /// Makes the handler when the node receives its id: with the `#[init]` function, or by default.
    ///
    /// # Errors
    ///
    /// The error for which the node cannot start.
    fn init(cx: &Context) -> Result<Self, Failure>;

    /// Starts the work that needs no message: `#[every]`.
    fn start(self: &Rc<Self>, cx: &Context);

    /// Serves one message.
    ///
    /// # Errors
    ///
    /// If the message can be neither served nor, for lack of a `msg_id`, answered with an error.
    fn dispatch(self: &Rc<Self>, cx: &Context, message: &Message<'_>) -> Result<(), Rejected>;
}

/// A type that an `#[init]` function may return for a handler `H`: the handler, or a `Result` of it.
#[diagnostic::on_unimplemented(
    message = "#[init] must make a `{H}`, not a `{Self}`",
    label = "write `Self`, or a `Result` of it",
    note = "the error may be of any error type: the node stops for it"
)]
pub trait IntoHandler<H> {
    /// The handler, or the error for which there is none.
    ///
    /// # Errors
    ///
    /// The error of the function.
    fn into_handler(self) -> Result<H, Failure>;
}

#[diagnostic::do_not_recommend]
impl<H: Handler> IntoHandler<H> for H {
    fn into_handler(self) -> Result<H, Failure> {
        Ok(self)
    }
}

impl<H: Handler, E: IntoFailure> IntoHandler<H> for Result<H, E> {
    fn into_handler(self) -> Result<H, Failure> {
        self.map_err(E::into_failure)
    }
}

/// An error that an `#[init]` function may return.
#[diagnostic::on_unimplemented(
    message = "a node cannot stop for a `{Self}`, which is not an error",
    label = "write a type that implements `std::error::Error`, such as `DiskError`"
)]
pub trait IntoFailure {
    /// The error for which the node stops.
    fn into_failure(self) -> Failure;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Failure>> IntoFailure for E {
    fn into_failure(self) -> Failure {
        self.into()
    }
}

/// A handler without an `#[init]` function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has neither `Default` nor an `#[init]` function",
    label = "derive `Default` for it, or write `#[init] fn new(cx: &Context) -> Self` in the block"
)]
pub trait ByDefault: Sized {
    /// The default.
    fn by_default() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> ByDefault for T {
    fn by_default() -> Self {
        Self::default()
    }
}

/// Makes a handler that has no `#[init]` function.
pub fn by_default<T: ByDefault>() -> T {
    T::by_default()
}

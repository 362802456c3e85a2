//! The contract between a node and the code that serves its messages. `#[handler]` writes it.

use crate::{Context, Message, Rejected};
use std::rc::Rc;

/// Serves the messages of a node. Implemented by `#[handler]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` serves no messages",
    label = "no `#[handler(WORKLOAD)] impl {Self}` found"
)]
pub trait Handler: Sized + 'static {
    /// Makes the handler when the node is told its id: from the `#[init]` function, or by default.
    fn init(cx: &Context) -> Self;

    /// Begins what runs without a message: `#[every]`.
    fn start(self: &Rc<Self>, cx: &Context);

    /// Serves one message.
    ///
    /// # Errors
    ///
    /// The message cannot be served and, having no `msg_id`, cannot be answered with an error either.
    fn dispatch(self: &Rc<Self>, cx: &Context, message: &Message<'_>) -> Result<(), Rejected>;
}

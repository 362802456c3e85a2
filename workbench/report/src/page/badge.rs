//! The mark of a verdict.

use glomers_checkers::validity::Validity;
use maud::{Markup, html};

/// A verdict in its colour.
pub(super) fn badge(valid: Validity) -> Markup {
    let name = valid.to_string();
    html! { span.badge.(name) { (name) } }
}

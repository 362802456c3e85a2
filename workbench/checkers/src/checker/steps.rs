//! The steps of a transaction as they are written in an operation's value, without copies.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The name of a step, borrowed unless there is an escape in it.
#[derive(Deserialize)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// A step: its name, its key and its value.
pub(super) type RawStep<'a> = (Name<'a>, &'a RawValue, &'a RawValue);

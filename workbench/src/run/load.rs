//! The load of a test: the operations begun, and those due. A verdict is worth as much as the test did.

use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// The part of the operations due that must begin.
const ENOUGH: f64 = 0.8;

/// The operations begun before the time limit, and those due.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Load {
    /// The operations that clients began.
    pub begun: usize,
    /// The operations that Jepsen's interpreter would have begun with the same draws and the same free clients.
    pub due: usize,
    /// The time for which no client was free, in which nothing is due.
    #[serde(with = "seconds")]
    pub no_client_free: Duration,
}

impl Load {
    /// Tells whether fewer than 80 % of the operations due were begun.
    pub fn is_short(&self) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        let (begun, due) = (self.begun as f64, self.due as f64);
        begun < ENOUGH * due
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { begun, due, no_client_free } = self;
        if (*begun, *due) == (0, 0) {
            return f.write_str("none, so the verdict says nothing about the nodes");
        }
        write!(f, "{begun} of {due} operations due")?;
        if !no_client_free.is_zero() {
            write!(f, "; no client was free for {:.1} s", no_client_free.as_secs_f64())?;
        }
        Ok(())
    }
}

/// Times in JSON.
mod seconds {
    use super::Duration;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(time.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

//! The kinds of anomalies of logs in words.

/// What a kind means.
pub(super) fn describe(kind: &str) -> &'static str {
    match kind {
        "G1a" => "A poll saw a message whose send failed",
        "G1c-realtime" => "A poll saw a message that was not yet sent",
        "strong-PL-2-cycle-exists" => "Some operations depend on each other in a circle",
        "duplicate" => "A message stands at several offsets",
        "empty-transaction-graph" => "There is nothing to judge: no operation followed one that succeeded",
        "inconsistent-offsets" => "An offset has several messages",
        "int-nonmonotonic-poll" => "A poll goes back in its log",
        "int-nonmonotonic-send" => "The sends of a transaction go back in their log",
        "int-poll-skip" => "A poll leaves out messages",
        "int-send-skip" => "Somebody else's messages stand between the sends of a transaction",
        "lost-write" => "A message was not polled, though one behind it was",
        "nonmonotonic-poll" => "From one poll to the next, a client goes back in a log",
        "nonmonotonic-send" => "From one send to the next, a client goes back in a log",
        "poll-skip" => "From one poll to the next, a client misses messages",
        "precommitted-read" => "A transaction sees its own sends",
        "unseen" => "Confirmed messages that nobody had polled by the end",
        _ => "An anomaly",
    }
}

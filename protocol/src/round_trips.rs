//! The test that generated code makes of its schema's examples.

use crate::message::{Message, Payload};

/// Checks that each body decodes as a `T`, and that encoding the result gives the same fields.
///
/// # Panics
///
/// If one of them does not.
pub fn assert_round_trips<T: Payload>(bodies: &[&str]) {
    for body in bodies {
        let line = format!(r#"{{"src":"c1","dest":"n1","body":{body}}}"#);
        let message = Message::parse(&line).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(message.wire_type(), T::TYPE, "{body}");
        let payload: T = message.payload().unwrap_or_else(|error| panic!("{body}: {error}"));
        let mut expected: serde_json::Value = serde_json::from_str(body).expect("parsed above");
        let fields = expected.as_object_mut().expect("parsed above");
        fields.retain(|key, _| !["type", "msg_id", "in_reply_to"].contains(&key.as_str()));
        assert_eq!(serde_json::to_value(&payload).expect("payloads have a JSON form"), expected, "{body}");
        let mut encoded = Vec::new();
        payload.encode(&mut encoded).expect("payloads have a JSON form");
        assert_eq!(encoded, serde_json::to_vec(&payload).expect("payloads have a JSON form"), "{body}");
    }
}

//! Lines that hold their text in JSON: `go test -json`, docker, klog, Cloud Logging.

use serde_json::{Map, Value};

/// Where the text of a JSON line came from; texts of different origins interleave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// `Package` of `go test -json`.
    pub(super) package: Option<String>,
    /// `Test` of `go test -json`.
    pub(super) test: Option<String>,
    /// Container, pod or stream, where one is named.
    stream: Option<String>,
}

/// The text of one JSON line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonLine {
    pub(super) origin: Origin,
    pub(super) text: String,
    /// Whether the text may go on in the next line of the same origin.
    pub(super) partial: bool,
}

/// Fields that hold the text, in order of trust.
const TEXTS: [&str; 10] =
    ["Output", "log", "msg", "message", "Message", "MESSAGE", "textPayload", "line", "text", "content"];

/// Reads a raw line that is, or ends in, one JSON object with text.
pub(super) fn read(raw: &[u8]) -> Option<JsonLine> {
    let raw = raw.trim_ascii();
    if raw.last() != Some(&b'}') {
        return None;
    }
    // A time stamp or a container's name may stand before the object.
    let start = raw.iter().take(256).position(|&b| b == b'{')?;
    if !raw[start + 1..].trim_ascii_start().starts_with(b"\"") {
        return None;
    }
    let object: Map<String, Value> = serde_json::from_slice(&raw[start..]).ok()?;
    let string = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    let (key, text) = TEXTS.iter().find_map(|key| Some((*key, string(key)?)))?;
    let partial = matches!(key, "Output") && !text.ends_with('\n');
    let origin = Origin {
        package: string("Package"),
        test: string("Test"),
        stream: string("container").or_else(|| string("pod")).or_else(|| string("container_name")),
    };
    Some(JsonLine { origin, text, partial })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_known_shapes() {
        let go = read(br#"{"Action":"output","Package":"p","Test":"TestA","Output":"  a.F()\n"}"#).unwrap();
        assert_eq!((go.origin.package.as_deref(), go.text.as_str(), go.partial), (Some("p"), "  a.F()\n", false));
        assert_eq!(go.origin.test.as_deref(), Some("TestA"));
        let docker = read(br#"{"log":"Read\n","stream":"stderr","time":"2024"}"#).unwrap();
        assert_eq!((docker.text.as_str(), docker.origin), ("Read\n", Origin::default()));
        assert_eq!(read(b"m.(*B[go.shape.struct { m.k string }"), None);
        assert_eq!(read(br#"{"Action":"start","Package":"p"}"#), None);
    }
}

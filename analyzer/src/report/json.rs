//! Lines that hold their text in JSON: `go test -json`, docker, klog, Cloud Logging.

use serde_json::Value;

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
const TEXTS: [&str; 18] = [
    "Output",
    "log",
    "msg",
    "message",
    "Message",
    "MESSAGE",
    "@message",
    "textPayload",
    "line",
    "text",
    "content",
    "body",
    "event",
    "data",
    "stdout",
    "stderr",
    "output",
    "error",
];
/// Objects and lists inside each other that are looked through for the text.
const DEPTH: usize = 6;

/// Reads a raw line that is, or ends in, one JSON object with text, or is one element of a list of lines.
pub(super) fn read(raw: &[u8]) -> Option<JsonLine> {
    let raw = raw.trim_ascii();
    let raw = raw.strip_suffix(b",").unwrap_or(raw).trim_ascii_end();
    let value: Value = match (raw.first()?, raw.last()?) {
        (_, b'}') => {
            // A time stamp or a container's name may stand before the object, but not a line of a report.
            let start = raw.iter().take(256).position(|&b| b == b'{')?;
            let begins = raw[start + 1..].trim_ascii_start().starts_with(b"\"");
            if !begins || super::lines::may_start(&raw[..start]) {
                return None;
            }
            serde_json::from_slice(&raw[start..]).ok()?
        }
        // An event of a recorded terminal: `[1.2, "o", "text"]`.
        (b'[', b']') if raw.get(1).is_some_and(|b| b.is_ascii_digit() || *b == b'"') => {
            serde_json::from_slice(raw).ok()?
        }
        (b'"', b'"') if raw.len() > 2 => serde_json::from_slice(raw).ok()?,
        _ => return None,
    };
    let object = value.as_object();
    let string = |key: &str| object.and_then(|o| o.get(key)).and_then(Value::as_str).map(str::to_owned);
    let text = titled(&value, DEPTH).or_else(|| by_name(&value, DEPTH))?.to_owned();
    let partial = string("Output").is_some_and(|output| output == text) && !text.ends_with('\n');
    let origin = Origin {
        package: string("Package"),
        test: string("Test"),
        stream: string("container").or_else(|| string("pod")).or_else(|| string("container_name")),
    };
    // A container runtime wraps what `go test -json` printed.
    let inner = text.trim_start().starts_with('{').then(|| read(text.as_bytes())).flatten();
    Some(inner.unwrap_or(JsonLine { origin, text, partial }))
}

/// The text that holds the title of a report, whatever it is called.
fn titled(value: &Value, depth: usize) -> Option<&str> {
    match value {
        Value::String(text) => text.contains("DATA RACE").then_some(text),
        Value::Array(values) if depth > 0 => values.iter().find_map(|value| titled(value, depth - 1)),
        Value::Object(values) if depth > 0 => values.values().find_map(|value| titled(value, depth - 1)),
        _ => None,
    }
}

/// The text by the name of its field, on the outside first.
fn by_name(value: &Value, depth: usize) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(values) if depth > 0 => by_name(values.last()?, depth - 1),
        Value::Object(values) if depth > 0 => {
            let own = TEXTS.iter().find_map(|key| values.get(*key)?.as_str());
            own.or_else(|| values.values().filter(|v| v.is_object()).find_map(|value| by_name(value, depth - 1)))
        }
        _ => None,
    }
}

/// Whether a raw line may be output of `go test -json` that goes on in the next one. Cheap: it runs on every line of a
/// log.
pub(super) fn may_be_partial(raw: &[u8]) -> bool {
    raw.ends_with(b"\"}") && !raw.ends_with(b"\\n\"}") && raw.windows(9).any(|word| word == b"\"Output\":")
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
        let text = |raw: &[u8]| read(raw).map(|line| line.text);
        assert_eq!(text(br#"{"severity":"E","jsonPayload":{"message":"a.F()"}}"#).as_deref(), Some("a.F()"));
        assert_eq!(
            text(br#"{"msg":"failed","output":"=\nWARNING: DATA RACE\n"}"#).as_deref(),
            Some("=\nWARNING: DATA RACE\n")
        );
        assert_eq!(text(br#"  "  a.F()","#).as_deref(), Some("  a.F()"));
        let nested =
            read(br#"{"log":"{\"Action\":\"output\",\"Package\":\"p\",\"Output\":\"  a.F()\\n\"}\n"}"#).unwrap();
        assert_eq!((nested.origin.package.as_deref(), nested.text.as_str()), (Some("p"), "  a.F()\n"));
        assert_eq!(text(br#"[0.12, "o", "  a.F()\r\n"]"#).as_deref(), Some("  a.F()\r\n"));
        assert_eq!(text(br#"Read at 0x00c000012345 by {"level":"info","msg":"x"}"#), None);
    }

    #[test]
    fn output_that_goes_on() {
        assert!(may_be_partial(br#"{"Action":"output","Package":"p","Output":"WARN"}"#));
        assert!(!may_be_partial(br#"{"Action":"output","Package":"p","Output":"WARN\n"}"#));
        assert!(!may_be_partial(br#"{"Action":"run","Test":"TestA"}"#));
    }
}

//! Frames left over from a recovered panic.
//!
//! A recovered panic skips the exits of the functions it abandons, so the shadow stack of the goroutine stays too deep
//! for the rest of its life, and the oldest entries keep showing. The shape is always `…, F@now, [run], F@then, callers
//! of F`: the run ends in the function that stands above it, at an older line.

use rustc_hash::FxHashMap;

use super::{Frame, FunctionName, StackTrace};

/// Whether one frame can have called another, as far as the source says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The line of the caller calls the callee, or may through a function value or an interface.
    Yes,
    /// The line of the caller holds nothing that can call the callee.
    No,
    /// The source of the caller is not known.
    Unknown,
}

/// Marks the stale frames of a stack. `link` is asked with a caller and its callee, in that order.
///
/// A function that is not instrumented hides its caller, so the link below one is never held against a frame.
pub fn stale_frames(stack: &StackTrace, mut link: impl FnMut(&Frame, &Frame) -> Link) -> Vec<bool> {
    let frames = &stack.frames;
    let mut stale = vec![false; frames.len()];
    let hidden: Vec<bool> = frames.iter().map(|f| FunctionName::parse(&f.function).is_uninstrumented()).collect();
    let mut callee = 0;
    while callee + 1 < frames.len() {
        let caller = callee + 1;
        let broken = !hidden[callee] && !hidden[caller] && link(&frames[caller], &frames[callee]) == Link::No;
        // The run ends at an older entry of the function above it whose own caller can be true.
        let end = broken.then(|| {
            (caller..frames.len()).find(|&j| {
                frames[j].function == frames[callee].function
                    && (j + 1 == frames.len() || hidden[j + 1] || link(&frames[j + 1], &frames[j]) != Link::No)
            })
        });
        match end.flatten() {
            Some(end) => {
                stale[caller..=end].fill(true);
                callee = end + 1;
            }
            None => callee = caller,
        }
    }
    stale
}

/// Marks the stale frames of a stack without any source: what lies between two entries of one function at different
/// lines, unless the function looks recursive. The outermost function that repeats decides, as runs end in the
/// function that recovered.
pub fn stale_frames_without_source(stack: &StackTrace) -> Vec<bool> {
    let frames = &stack.frames;
    let mut stale = vec![false; frames.len()];
    let mut entries: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (i, frame) in frames.iter().enumerate() {
        entries.entry(&frame.function).or_default().push(i);
    }
    let mut end = frames.len();
    while end > 1 {
        end -= 1;
        let frame = &frames[end];
        let Some(entries) = entries.get(frame.function.as_str()) else { continue };
        let first = entries[0];
        let name = FunctionName::parse(&frame.function);
        if first == end || name.is_uninstrumented() {
            continue;
        }
        let seen = &entries[..entries.partition_point(|&i| i <= end)];
        // A loop in a test that recovers leaves equal lines, which would look like recursion.
        if name.is_entry() || !is_recursive(frames, seen) {
            stale[first + 1..=end].fill(true);
            end = first + 1;
        }
    }
    stale
}

/// Whether the entries of one function look like recursion: two at the same line, or two in a row.
fn is_recursive(frames: &[Frame], entries: &[usize]) -> bool {
    let mut lines: Vec<_> = entries.iter().map(|&i| frames[i].line).collect();
    lines.sort_unstable();
    entries.windows(2).any(|w| w[0] + 1 == w[1]) || lines.windows(2).any(|w| w[0] == w[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(text: &str) -> StackTrace {
        let frame = |word: &str| {
            let (function, line) = word.split_once('@').unwrap();
            Frame { function: function.to_owned(), file: "x.go".to_owned(), line: line.parse().unwrap() }
        };
        StackTrace { frames: text.split(' ').map(frame).collect(), lost: false }
    }

    fn kept(text: &str, stale: &[bool]) -> String {
        text.split(' ').zip(stale).filter(|(_, s)| !**s).map(|(w, _)| w).collect::<Vec<_>>().join(" ")
    }

    /// Two leaks below one test: the test stands three times in the stack.
    const TWICE: &str =
        "p.reset@3 p.exec@5 p.Test@46 p.load@20 p.loop@15 p.Test@42 p.load@20 p.loop@15 p.Test@40 testing.tRunner@9";

    #[test]
    fn runs_are_cut_with_source() {
        let calls = [("p.exec", "p.reset"), ("p.Test", "p.exec"), ("p.loop", "p.load"), ("p.Test", "p.loop")];
        let link = |caller: &Frame, callee: &Frame| {
            if caller.function.starts_with("testing") {
                Link::Unknown
            } else if calls.contains(&(caller.function.as_str(), callee.function.as_str())) {
                Link::Yes
            } else {
                Link::No
            }
        };
        let stale = stale_frames(&stack(TWICE), link);
        assert_eq!(kept(TWICE, &stale), "p.reset@3 p.exec@5 p.Test@46 testing.tRunner@9");
    }

    #[test]
    fn one_caller_may_be_missing_below_the_runtime() {
        let text = "p.x.func1@3 runtime.deferreturn@605 p.caller@7 p.x.func1@9 p.Test@9";
        assert_eq!(stale_frames(&stack(text), |_, _| Link::No)[..3], [false; 3]);
        assert_eq!(stale_frames(&stack("p.a@1 p.b@2 p.c@3"), |_, _| Link::No), [false; 3]);
        assert_eq!(stale_frames(&StackTrace::default(), |_, _| Link::No), Vec::<bool>::new());
    }

    #[test]
    fn repeats_are_cut_without_source() {
        assert_eq!(
            kept(TWICE, &stale_frames_without_source(&stack(TWICE))),
            "p.reset@3 p.exec@5 p.Test@46 testing.tRunner@9"
        );
        let main = "main.set@30 main.main@47 main.try@26 main.main@42 main.try@26 main.main@42";
        assert_eq!(kept(main, &stale_frames_without_source(&stack(main))), "main.set@30 main.main@47");
        let walk = "p.visit@3 f.walk@9 f.walk@9 f.walk@12 f.Walk@20";
        assert_eq!(kept(walk, &stale_frames_without_source(&stack(walk))), walk);
    }
}

//! Frames with what is known of each: where it is in the checkout, and who left the stale ones.

use analyzer::{
    base::Symbol,
    locate::{LocatedReport, LocatedStack, Locator, Recovery},
    report::{Frame, FunctionName, GoroutineRef, RaceReport, StackTrace, stale_frames_without_source},
    resolve::FuncId,
};

use super::{blame, lost};
use crate::{
    finding::{Confidence, ExplainedFrame, ExplainedReport, ExplainedStack, Verdict},
    recovers::Recovers,
    rule::Cx,
};

/// Finds who left stale frames.
pub(super) struct LeftBy<'a> {
    cx: &'a Cx<'a>,
    locator: &'a Locator<'a>,
    recovers: &'a Recovers,
}

/// A recovery that left frames behind.
struct Recovered {
    /// The function that recovered, by its last name; `None` where there is a choice.
    function: Option<String>,
    /// Where, for the note.
    place: String,
}

impl<'a> LeftBy<'a> {
    pub(super) fn new(cx: &'a Cx<'a>, locator: &'a Locator<'a>, recovers: &'a Recovers) -> Self {
        Self { cx, locator, recovers }
    }

    /// Who recovered below a run of stale frames: a function of the run, or one that they call. What stands at the end
    /// of the run is the function that goes on now, so it is asked last.
    fn of_run(&self, frames: &[Frame], located: &[Option<analyzer::locate::Located>]) -> Option<Recovered> {
        for frame in frames {
            let name = FunctionName::parse(&frame.function);
            let key = FunctionName { pointer: false, ..name.clone() }.canonical();
            if self.recovers.holds(Symbol::new(&key), false) {
                return Some(Recovered { place: format!("{key} recovers"), function: Some(key) });
            }
        }
        let last = located.last().copied().flatten().map(|found| found.func);
        let mut run: Vec<FuncId> = located.iter().flatten().map(|found| found.func).collect();
        run.retain(|func| Some(*func) != last);
        run.dedup();
        let ways: [Vec<FuncId>; 2] = [run, last.into_iter().collect()];
        for seldom in [false, true] {
            for from in &ways {
                let library = |key: Symbol| self.recovers.holds(key, seldom);
                if let Some(found) = self.locator.recovery(from, library) {
                    let (found, certain) = found;
                    return Some(self.word(found, certain));
                }
            }
        }
        None
    }

    fn word(&self, found: Recovery, certain: bool) -> Recovered {
        let (function, func, span) = match found {
            Recovery::At(func, span) => (self.cx.short(func).to_owned(), func, span),
            Recovery::Library(func, span, key) => (key.as_str().to_owned(), func, span),
        };
        let site = self.cx.site(func, span);
        let verb = if certain { "recovers" } else { "is one that recovers" };
        let place = format!("{function} {verb} ({}:{})", site.file, site.line);
        Recovered { place, function: Some(function).filter(|_| certain) }
    }
}

/// The stacks of a report for output; remarks on stale frames go to `notes`.
pub(super) fn explained(
    cx: &Cx<'_>,
    left_by: &LeftBy<'_>,
    report: &RaceReport,
    located: &LocatedReport,
    notes: &mut Vec<String>,
) -> (Vec<ExplainedStack>, Vec<ExplainedStack>) {
    // Creation stacks copy what their parent's stack held, so one run shows up several times.
    let mut runs: Vec<Run> = Vec::new();
    let mut frames = |stack: &StackTrace, located: &LocatedStack, what: &str| {
        let mut out = located_frames(cx, stack, located);
        let mut at = 0;
        while at < out.len() {
            if !out[at].stale {
                at += 1;
                continue;
            }
            let end = (at..out.len()).find(|i| !out[*i].stale).unwrap_or(out.len());
            let own = &stack.frames[at..end];
            let index = runs.iter().position(|run| run.frames == own).unwrap_or_else(|| {
                let left_by = left_by.of_run(own, &located.frames[at..end]);
                let above = at.checked_sub(1).map_or("", |i| last_name(&stack.frames[i].function));
                runs.push(Run { frames: own.to_vec(), above: above.to_owned(), left_by, stacks: Vec::new() });
                runs.len() - 1
            });
            runs[index].stacks.push(what.to_owned());
            for frame in &mut out[at..end] {
                frame.left_by = runs[index].left_by.as_ref().and_then(|f| f.function.clone());
            }
            at = end;
        }
        out
    };
    let accesses = report.accesses.iter().zip(&located.accesses).map(|(access, stack)| {
        let what = format!("the {} stack", access.kind.name());
        let frames = frames(&access.stack, stack, &what);
        ExplainedStack { kind: access.kind.name(), goroutine: goroutine(access.goroutine), frames }
    });
    let accesses: Vec<ExplainedStack> = accesses.collect();
    let created = report.creations.iter().zip(&located.creations).map(|(creation, stack)| {
        let what = format!("the creation stack of goroutine {}", creation.goroutine);
        let frames = frames(&creation.stack, stack, &what);
        ExplainedStack { kind: "", goroutine: creation.goroutine.to_string(), frames }
    });
    let created = created.collect();
    notes.extend(runs.iter().map(Run::note));
    (accesses, created)
}

/// Stale frames in a row, and the stacks that show them.
struct Run {
    frames: Vec<Frame>,
    /// The function that goes on above them.
    above: String,
    left_by: Option<Recovered>,
    stacks: Vec<String>,
}

impl Run {
    fn note(&self) -> String {
        let frames = match self.frames.len() {
            1 => "1 frame".to_owned(),
            count => format!("{count} frames"),
        };
        let (stacks, above) = (self.stacks.join(" and of "), &self.above);
        match &self.left_by {
            Some(found) => {
                format!("{frames} of {stacks} below {above} left over from a recovered panic; {}", found.place)
            }
            None => format!(
                "{frames} of {stacks} below {above} left over from abandoned calls; no recovered panic was found below \
                 them (Go 1.26 to 1.27.1 also leave such frames for promoted methods of embedded interfaces, \
                 golang/go#81478)"
            ),
        }
    }
}

/// A function without the folders of its package.
fn last_name(function: &str) -> &str {
    function.rsplit('/').next().unwrap_or("")
}

fn located_frames(cx: &Cx<'_>, stack: &StackTrace, located: &LocatedStack) -> Vec<ExplainedFrame> {
    let program = cx.lifetimes.program;
    let rows = stack.frames.iter().zip(&located.frames).zip(&located.stale);
    rows.map(|((frame, found), stale)| ExplainedFrame {
        resolved: found.as_ref().map(|at| {
            let file = &program.sources().files[program.funcs()[at.func].file];
            (file.path.to_string(), at.line, at.drift)
        }),
        ..plain(frame, *stale)
    })
    .collect()
}

fn plain(frame: &Frame, stale: bool) -> ExplainedFrame {
    ExplainedFrame {
        function: frame.function.clone(),
        file: frame.file.clone(),
        line: frame.line,
        resolved: None,
        stale,
        left_by: None,
        left_out: false,
    }
}

/// How far lines moved, per file.
pub(super) fn drift_notes(cx: &Cx<'_>, located: &LocatedReport) -> Vec<String> {
    let files = &cx.lifetimes.program.sources().files;
    let moved = located.drift.iter().map(|(file, least, most)| {
        let path = &files[*file].path;
        if least == most { format!("{path} by {least:+}") } else { format!("{path} by {least:+} to {most:+}") }
    });
    let moved: Vec<String> = moved.collect();
    if moved.is_empty() {
        return Vec::new();
    }
    vec![format!("the report is of another revision: lines moved in {}", moved.join(", "))]
}

fn goroutine(reference: GoroutineRef) -> String {
    match reference {
        GoroutineRef::Main => "main".to_owned(),
        GoroutineRef::Id(id) => id.to_string(),
    }
}

/// A report without a checkout: as it was read.
pub(super) fn listed(report: &RaceReport) -> ExplainedReport {
    let frames = |stack: &StackTrace| {
        let stale = stale_frames_without_source(stack);
        stack.frames.iter().zip(stale).map(|(frame, stale)| plain(frame, stale)).collect()
    };
    let accesses = report.accesses.iter().map(|access| ExplainedStack {
        kind: access.kind.name(),
        goroutine: goroutine(access.goroutine),
        frames: frames(&access.stack),
    });
    let created = report.creations.iter().map(|c| ExplainedStack {
        kind: "",
        goroutine: c.goroutine.to_string(),
        frames: frames(&c.stack),
    });
    ExplainedReport {
        id: report.number.to_string(),
        title: report.title.clone(),
        after_test: report.is_after_test(),
        accesses: accesses.collect(),
        created: created.collect(),
        location: None,
        verdict: Verdict::Unknown,
        confidence: Confidence::Low,
        assumptions: Vec::new(),
        race: None,
        candidates: Vec::new(),
        blame: blame::blame(report, None),
        group: report.number.to_string(),
        count: 1,
        explanations: Vec::new(),
        notes: lost::advice(report).into_iter().collect(),
    }
}

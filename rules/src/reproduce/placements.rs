//! Where to wait and where to tell, in the order in which it is worth trying; and the edits that do it.

use std::{collections::BTreeMap, fmt::Write};

use analyzer::{report::FunctionName, resolve::Program};

use super::{
    Subject, points,
    points::{End, Point},
    pools::{self, PoolCall},
};
use crate::finding::{AccessSide, Site};

/// The folder, and package name, of the code that waits and tells; it exists in the overlay only.
pub const HELPER: &str = "outlivehold";
/// Callers of an access in front of which a hold is tried, should one right before the access not do.
const MAX_OUTWARD: usize = 3;

/// Further accesses of each side, of the same cause, that are tried instead.
const MAX_ALSO: usize = 2;

/// A way to make the race happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The statement that waits.
    pub hold: Point,
    /// The declared function, without its package, whose goroutines wait; all that come by without one.
    pub root: Option<String>,
    /// The statement that is waited for.
    pub mark: Point,
    /// How much longer than until the mark the hold lasts.
    pub longer: Longer,
    /// Whether the other side waits until somebody is held.
    pub meet: bool,
    /// Calls of pools that are replaced, so that what was put back last is what is taken next.
    pub reuse: Vec<PoolCall>,
    /// Which side waits, in words: the goroutine, or the other.
    pub reversed: bool,
}

/// How much longer than until the mark a hold lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Longer {
    /// Not at all: the mark is behind the statement.
    No,
    /// A moment: the mark is in front of the statement.
    AMoment,
    /// Another delay: the mark is the beginning of what leads to the access.
    ADelay,
}

/// The edits of files: bytes `start..end` replaced by text without a newline, in order.
pub type Edits = BTreeMap<String, Vec<(u32, u32, String)>>;

impl Placement {
    /// In words, with places.
    pub fn words(&self) -> String {
        let who = if self.reversed { "the other side" } else { "the goroutine" };
        let mut out = format!("{who} waits in front of {}:{}", self.hold.file, self.hold.line);
        let behind = match self.longer {
            Longer::No => "is over",
            Longer::AMoment => "has begun, and a moment more",
            Longer::ADelay => "is over, and as long again",
        };
        let _ = write!(out, " until {}:{} {behind}", self.mark.file, self.mark.line);
        if let Some(root) = &self.root {
            let _ = write!(out, ", if it runs {root}");
        }
        if self.meet {
            out.push_str("; that one waits to be met");
        }
        if !self.reuse.is_empty() {
            let _ = write!(out, "; pools give out what was put back last ({} calls)", self.reuse.len());
        }
        out
    }

    /// What to change in which file. `import` is the path of the helper package.
    pub fn edits(&self, program: &Program, import: &str) -> Edits {
        let mut out = Edits::new();
        let mut put = |file: &str, at: u32, end: u32, text: String| {
            out.entry(file.to_owned()).or_default().push((at, end, text));
        };
        let root = self.root.as_deref().unwrap_or("");
        let longer = match self.longer {
            Longer::No => 0,
            Longer::AMoment => 1,
            Longer::ADelay => 2,
        };
        put(&self.hold.file, self.hold.before, self.hold.before, format!("{HELPER}.Hold({root:?}, {longer}); "));
        if self.meet {
            put(&self.mark.file, self.mark.before, self.mark.before, format!("{HELPER}.Meet(); "));
        }
        // Who tells that the other side is over waits for who was held; before it is over, that would be too early.
        let tell = if self.longer == Longer::No { "Done" } else { "Near" };
        match self.mark.end {
            End::Behind(end) => put(&self.mark.file, end, end, format!("; {HELPER}.{tell}()")),
            End::Deferred => {
                put(&self.mark.file, self.mark.before, self.mark.before, format!("defer {HELPER}.{tell}(); "));
            }
            End::Unseen => put(&self.mark.file, self.mark.before, self.mark.before, format!("{HELPER}.Near(); ")),
        }
        for call in &self.reuse {
            put(&call.file, call.start, call.open, call.replacement());
        }
        for (file, edits) in &mut out {
            let id = points::file(program, file);
            let text = id.map(|id| program.sources().files[id].text.as_bytes()).unwrap_or_default();
            if let Some(end) = analyzer::syntax::statements(text).package_end {
                edits.push((end, end, format!("; import {HELPER} {import:?}")));
            }
            edits.sort_by_key(|edit| (edit.0, edit.1));
        }
        out
    }
}

/// A text with edits applied.
pub fn apply(text: &str, edits: &[(u32, u32, String)]) -> String {
    let mut out = String::with_capacity(text.len() + 256);
    let mut at = 0;
    for (start, end, new) in edits {
        let start = (*start as usize).max(at);
        out.push_str(text.get(at..start).unwrap_or(""));
        out.push_str(new);
        at = (*end as usize).max(start);
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

/// The helper package: where it is put, how it is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Helper {
    /// Path of its file relative to the repository.
    pub file: String,
    /// Import path.
    pub import: String,
}

/// The helper's place beside the file of a placement, in its module; `None` outside of modules.
pub fn helper(program: &Program, placement: &Placement) -> Option<Helper> {
    let sources = program.sources();
    let id = points::file(program, &placement.hold.file)?;
    // A vendored file belongs to no module of the checkout, but is built with the module around it.
    let around = |module: &&analyzer::source::Module| {
        module.dir.is_empty()
            || placement.hold.file.strip_prefix(&*module.dir).is_some_and(|rest| rest.starts_with('/'))
    };
    let module = match sources.files[id].module {
        Some(module) => sources.modules.get(module as usize),
        None => sources.modules.iter().filter(around).max_by_key(|module| module.dir.len()),
    }?;
    let dir = if module.dir.is_empty() { String::new() } else { format!("{}/", module.dir) };
    Some(Helper { file: format!("{dir}{HELPER}/hold.go"), import: format!("{}/{HELPER}", module.path) })
}

/// The text of the helper package. `events` is a folder that it writes to, `delay` a duration as Go writes it.
pub fn helper_text(events: &str, delay: &str) -> String {
    include_str!("hold.go.txt").replace("{EVENTS}", &events.replace('\\', "/")).replace("{DELAY}", delay)
}

/// Placements of a subject, those first that change least.
///
/// # Errors
/// A sentence that says which side has no place.
pub fn placements(program: &Program, subject: &Subject) -> Result<Vec<Placement>, String> {
    let outward = |sites: &[Site]| -> Vec<Point> {
        let mut found: Vec<Point> = Vec::new();
        for point in sites.iter().filter_map(|site| points::point(program, site)) {
            if !found.contains(&point) && found.len() < MAX_OUTWARD {
                found.push(point);
            }
        }
        found
    };
    let (mut holds, marks) = (outward(&subject.goroutine), outward(&subject.other));
    // The same race by other lines.
    let also = |of: AccessSide| {
        let sites = subject.also.iter().filter(move |(side, _)| *side == of);
        sites.filter_map(|(_, site)| points::point(program, site)).take(MAX_ALSO)
    };
    holds.extend(subject.body.as_deref().and_then(|body| points::beginning(program, body)));
    // A literal may be inlined elsewhere, and the package of a program is `main` to some: the declaration's name is enough.
    let root = subject.body.as_deref().map(|body| FunctionName {
        package: String::new(),
        suffix: String::new(),
        ..FunctionName::parse(body)
    });
    let root = root.map(|name| name.canonical()).filter(|name| !name.is_empty());
    let none =
        |site: &Site| format!("{}:{} is in no statement of this checkout that can be edited", site.file, site.line);
    let Some(mark) = marks.first() else { return Err(none(&subject.other[0])) };
    let Some(hold) = holds.first().cloned() else { return Err(none(&subject.goroutine[0])) };
    let plain = |hold: &Point, mark: &Point| Placement {
        hold: hold.clone(),
        root: root.clone(),
        mark: mark.clone(),
        longer: longer(mark),
        meet: false,
        reuse: Vec::new(),
        reversed: false,
    };
    let first = plain(&hold, mark);
    let reuse = pools::calls(program, &hold.file, &mark.file);
    let mut out = Vec::new();
    if subject.recycled {
        // The next user's access comes before it gives the object back in turn, or, where the goroutine is held when the
        // object is first given back, some time after that. The reuse is what makes the race.
        for reuse in [reuse.clone(), Vec::new()] {
            out.push(Placement { reuse: reuse.clone(), ..first.clone() });
            out.push(Placement { reuse, longer: Longer::ADelay, ..first.clone() });
        }
    }
    out.push(first.clone());
    out.extend(also(AccessSide::Goroutine).map(|hold| plain(&hold, mark)));
    out.extend(also(AccessSide::Other).map(|mark| plain(&hold, &mark)));
    out.push(Placement { meet: true, ..first.clone() });
    if first.root.is_some() {
        out.push(Placement { root: None, ..first.clone() });
    }
    if !reuse.is_empty() {
        out.push(Placement { reuse, ..first.clone() });
    }
    out.extend(holds[1..].iter().map(|hold| plain(hold, mark)));
    out.extend(marks[1..].iter().map(|mark| plain(&hold, mark)));
    // The other way round: the other side waits for the goroutine's access.
    let reversed = Placement { root: None, reversed: true, ..plain(mark, &hold) };
    out.push(reversed.clone());
    out.push(Placement { meet: true, ..reversed });
    let mut known = Vec::new();
    out.retain(|placement| {
        let new = !known.contains(placement);
        known.extend(new.then(|| placement.clone()));
        new
    });
    Ok(out)
}

fn longer(mark: &Point) -> Longer {
    if mark.end == End::Unseen { Longer::AMoment } else { Longer::No }
}

//! A fix as edits, where it is mechanical. Edits keep the layout `gofmt` would give: whole lines, indented as their
//! neighbours.
//!
//! What is absent on purpose: anything that would need a judgement. A way out that uses what the join ends, a goroutine
//! that may never end, a statement that spans lines: those get words only.

use analyzer::{
    base::Span,
    lifetime::{
        AccessKind, Exit, SpawnKind, Stored,
        conflict::{Conflict, JoinPoint, JoinStatus, Relation, SkippedAt},
    },
    resolve::FuncId,
    syntax::LocalDecl,
};

use crate::{finding::Edit, rule::Cx};

/// The edits that mend a conflict; empty where that is not mechanical.
pub(crate) fn edits(cx: &Cx<'_>, conflict: &Conflict) -> Vec<Edit> {
    let mut out = match &conflict.join {
        JoinStatus::Skipped { siblings, at, .. } => join_before_exits(cx, siblings, at),
        JoinStatus::Late(join) => join_first(cx, conflict, join),
        JoinStatus::Missing { .. } => add_join(cx, conflict).or_else(|| capture(cx, conflict)),
        JoinStatus::OtherGoroutine(_) | JoinStatus::SignalledEarly(..) => None,
    }
    .unwrap_or_default();
    out.sort_by(|a, b| (&a.file, a.start_line, a.end_line).cmp(&(&b.file, b.start_line, b.end_line)));
    out.dedup();
    out
}

/// A function's file as lines.
struct Lines<'a> {
    cx: &'a Cx<'a>,
    func: FuncId,
    path: String,
    lines: Vec<&'a str>,
}

impl<'a> Lines<'a> {
    fn of(cx: &'a Cx<'a>, func: FuncId) -> Self {
        let program = cx.lifetimes.program;
        let file = &program.sources().files[program.funcs()[func].file];
        Self { cx, func, path: file.path.to_string(), lines: file.text.lines().collect() }
    }

    /// The line of an offset, from 1.
    fn line(&self, offset: u32) -> u32 {
        let program = self.cx.lifetimes.program;
        program.facts(program.funcs()[self.func].file).lines.line(offset)
    }

    fn text(&self, line: u32) -> &'a str {
        self.lines.get((line as usize).saturating_sub(1)).copied().unwrap_or("")
    }

    fn indent(&self, line: u32) -> &'a str {
        let text = self.text(line);
        &text[..text.len() - text.trim_start().len()]
    }

    /// Whether two lines stand in one block: nothing between them is indented less than the first.
    fn same_block(&self, from: u32, to: u32) -> bool {
        let depth = self.indent(from).len();
        (from..=to).all(|line| self.text(line).trim().is_empty() || self.indent(line).len() >= depth)
    }

    /// Whether a line is a whole statement.
    fn is_statement(&self, line: u32) -> bool {
        let text = self.text(line).trim();
        let count = |open: char, close: char| text.matches(open).count() == text.matches(close).count();
        let ends = !text.ends_with(['{', '(', ',', '.', '+', '|', '&']) && !text.starts_with(['}', ')', '.']);
        let header = ["if ", "for ", "switch ", "case ", "select ", "else"].iter().any(|word| text.starts_with(word));
        ends && !header && count('(', ')') && count('{', '}') && !text.is_empty()
    }

    fn insert(&self, before: u32, text: String) -> Edit {
        Edit { file: self.path.clone(), start_line: before, end_line: before, replacement: text }
    }

    fn delete(&self, line: u32) -> Edit {
        Edit { file: self.path.clone(), start_line: line, end_line: line + 1, replacement: String::new() }
    }

    /// Whether a variable is in scope at a line of the function: declared before, in a block that is still open.
    fn in_scope(&self, name: &str, at: u32) -> bool {
        let program = self.cx.lifetimes.program;
        let row = &program.funcs()[self.func];
        let start = program.function(self.func).span;
        let declared = program.facts(row.file).locals.iter().filter(|local| local.name.as_str() == name);
        let mut nearest = declared.filter(|local| self.line(local.span.start) < at || start.start == local.span.start);
        let Some(mut best) = nearest.next() else {
            // Not a local variable at all, then: a package variable is in scope everywhere.
            return !program.facts(row.file).locals.iter().any(|local| local.name.as_str() == name);
        };
        for local in nearest {
            if local.span.start > best.span.start {
                best = local;
            }
        }
        if matches!(best.decl, LocalDecl::Param { .. } | LocalDecl::Receiver { .. } | LocalDecl::Result { .. }) {
            return start.contains(best.span) || program.function(self.func).span.start > best.span.start;
        }
        let from = self.line(best.span.start);
        let header = ["if ", "for ", "switch "].iter().any(|word| self.text(from).trim_start().starts_with(word));
        let deeper = (from + 1..=at)
            .all(|line| self.text(line).trim().is_empty() || self.indent(line).len() > self.indent(from).len());
        if header { deeper } else { self.same_block(from, at) }
    }
}

/// The join of another path, put before each exit that lacks it.
fn join_before_exits(cx: &Cx<'_>, siblings: &[(FuncId, Span)], at: &[SkippedAt]) -> Option<Vec<Edit>> {
    let (func, span) = *siblings.first()?;
    let lines = Lines::of(cx, func);
    let program = cx.lifetimes.program;
    let call = span.of(&program.sources().files[program.funcs()[func].file].text);
    let root = identifiers(call).next()?;
    if call.contains('\n') || !(call.ends_with(')') || call.starts_with("<-")) {
        return None;
    }
    let mut edits = Vec::new();
    for exit in at {
        let line = lines.line(exit.span.start);
        let text = lines.text(line).trim();
        let leaves = ["return", "continue", "break"].iter().any(|word| text.starts_with(word));
        let uses = identifiers(text).any(|name| name == root);
        if exit.func != func || exit.exit != Exit::Return || !leaves || uses || !lines.in_scope(root, line) {
            return None;
        }
        edits.push(lines.insert(line, format!("{}{call}\n", lines.indent(line))));
    }
    Some(edits)
}

/// The join and the conflicting statement change places.
fn join_first(cx: &Cx<'_>, conflict: &Conflict, join: &JoinPoint) -> Option<Vec<Edit>> {
    let lines = Lines::of(cx, join.func);
    let own = |(func, _): &&(FuncId, Span)| *func == join.func;
    let direct = (conflict.other.func == join.func).then_some(conflict.other.span);
    let span = direct.or_else(|| conflict.other.path.iter().find(own).map(|(_, span)| *span))?;
    let (write, wait) = (lines.line(span.start), lines.line(join.span.start));
    let plain = lines.is_statement(write) && lines.is_statement(wait);
    let deferred = |line: u32| ["defer ", "go ", "return"].iter().any(|w| lines.text(line).trim_start().starts_with(w));
    let placed = write < wait && lines.indent(write) == lines.indent(wait) && lines.same_block(write, wait);
    let alone = lines.text(wait).contains(".Wait()") || lines.text(wait).trim_start().starts_with("<-");
    if !plain || deferred(write) || deferred(wait) || !placed || !alone {
        return None;
    }
    let between =
        (write + 1..wait).map(|line| lines.text(line).trim()).filter(|t| !t.is_empty() && !t.starts_with("//"));
    let asks = between.clone().any(|t| ["close(", "cancel", "Stop", "Close(", "Cancel"].iter().any(|w| t.contains(w)));
    let ends =
        matches!(conflict.other.stored, Stored::Cleared | Stored::Fresh) || conflict.other.kind != AccessKind::Write;
    if between.count() == 0 || !asks {
        // The wait comes up: nothing it waits for is asked for in between.
        return Some(vec![lines.insert(write, format!("{}\n", lines.text(wait))), lines.delete(wait)]);
    }
    ends.then(|| vec![lines.delete(write), lines.insert(wait + 1, format!("{}\n", lines.text(write)))])
}

/// A wait group around a goroutine that ends by itself.
fn add_join(cx: &Cx<'_>, conflict: &Conflict) -> Option<Vec<Edit>> {
    let site = &cx.lifetimes.spawns.sites[conflict.spawn];
    let test = conflict.relation == Relation::TestEnd;
    let ends_here = conflict.other.func == site.func && matches!(conflict.relation, Relation::AfterSpawn);
    if site.kind != SpawnKind::Go || site.in_loop || !(test || ends_here) {
        return None;
    }
    let lines = Lines::of(cx, site.func);
    let start = lines.line(site.span.start);
    let body = literal(cx, conflict, &lines, start)?;
    let text: String = (body.0..=body.1).map(|line| format!("{}\n", lines.text(line))).collect();
    // Whoever waits for a loop without an end waits for ever.
    if ["for {", "select {", "for range"].iter().any(|w| text.contains(w)) || !imports_sync(&lines) {
        return None;
    }
    let whole: String = lines.lines.join("\n");
    let name = ["wg", "running", "started"].into_iter().find(|name| !identifiers(&whole).any(|word| word == *name))?;
    let indent = lines.indent(start);
    let mut before = format!("{indent}var {name} sync.WaitGroup\n{indent}{name}.Add(1)\n");
    let mut edits = Vec::new();
    if test {
        before.push_str(&format!("{indent}defer {name}.Wait()\n"));
    } else {
        let write = lines.line(conflict.other.span.start);
        let placed = write > body.1 && lines.indent(write) == indent && lines.same_block(start, write);
        if !placed {
            return None;
        }
        edits.push(lines.insert(write, format!("{indent}{name}.Wait()\n")));
    }
    edits.push(lines.insert(start, before));
    edits.push(lines.insert(start + 1, format!("{indent}\tdefer {name}.Done()\n")));
    Some(edits)
}

/// The field is read before the goroutine starts, and not by it.
fn capture(cx: &Cx<'_>, conflict: &Conflict) -> Option<Vec<Edit>> {
    let site = &cx.lifetimes.spawns.sites[conflict.spawn];
    let inside = &conflict.inside;
    let replaces = conflict.other.kind == AccessKind::Write && inside.kind == AccessKind::Read && !conflict.element;
    let own = site.bodies.contains(&inside.func) && inside.path.is_empty();
    if site.kind != SpawnKind::Go || !replaces || !own {
        return None;
    }
    let lines = Lines::of(cx, site.func);
    let start = lines.line(site.span.start);
    let body = literal(cx, conflict, &lines, start)?;
    let program = cx.lifetimes.program;
    let row = &program.funcs()[inside.func];
    let expr = inside.span.of(&program.sources().files[row.file].text);
    let chain = expr.contains('.') && expr.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    let root = expr.split('.').next()?;
    let span = program.function(inside.func).span;
    let inner = program.facts(row.file).locals.iter().any(|l| l.name.as_str() == root && span.contains(l.span));
    if !chain || inner {
        return None;
    }
    let last = expr.rsplit('.').next()?;
    let whole: String = lines.lines.join("\n");
    let lower: String = last.chars().take(1).flat_map(char::to_lowercase).chain(last.chars().skip(1)).collect();
    let taken = |name: &str| identifiers_outside_selectors(&whole).any(|word| word == name);
    let name = [lower.clone(), format!("{lower}AtStart")].into_iter().find(|name| !taken(name) && !is_keyword(name))?;
    let indent = lines.indent(start);
    let mut edits = vec![lines.insert(start, format!("{indent}{name} := {expr}\n"))];
    for line in body.0 + 1..body.1 {
        let text = lines.text(line);
        let replaced = replace_expression(text, expr, &name)?;
        if replaced != text {
            let replacement = format!("{replaced}\n");
            edits.push(Edit { file: lines.path.clone(), start_line: line, end_line: line + 1, replacement });
        }
    }
    (edits.len() > 1).then_some(edits)
}

/// First and last line of the literal that a `go` statement at a line starts, when it has lines of its own.
fn literal(cx: &Cx<'_>, conflict: &Conflict, lines: &Lines<'_>, start: u32) -> Option<(u32, u32)> {
    let body = cx.body(conflict)?;
    let program = cx.lifetimes.program;
    let row = &program.funcs()[body];
    row.parent?;
    let text = lines.text(start).trim();
    let span = program.function(body).span;
    let (first, last) = (lines.line(span.start), lines.line(span.end.saturating_sub(1)));
    let opens = text.starts_with("go func(") && text.ends_with('{');
    (opens && first == start && last > first && row.file == program.funcs()[lines.func].file).then_some((first, last))
}

fn imports_sync(lines: &Lines<'_>) -> bool {
    lines.lines.iter().take_while(|line| !line.starts_with("func ")).any(|line| {
        let line = line.trim();
        line == "\"sync\"" || line == "import \"sync\""
    })
}

/// A line with an expression replaced; `None` when the expression is assigned to, or its address is taken.
fn replace_expression(text: &str, expr: &str, name: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(expr) {
        let (before, after) = (&rest[..at], &rest[at + expr.len()..]);
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let whole = !before.ends_with(|c| word(c) || c == '.') && !after.starts_with(word);
        if whole {
            let next = after.trim_start();
            let assigned = next.starts_with('=') && !next.starts_with("==")
                || ["+=", "-=", "++", "--", ":=", "|="].iter().any(|op| next.starts_with(op));
            if assigned || before.ends_with('&') {
                return None;
            }
        }
        out.push_str(before);
        out.push_str(if whole { name } else { expr });
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

fn is_keyword(name: &str) -> bool {
    ["type", "func", "map", "range", "chan", "go", "select", "default", "var", "interface", "len", "cap"]
        .contains(&name)
}

fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    let word = |c: char| !(c.is_alphanumeric() || c == '_');
    text.split(word).filter(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_'))
}

/// Identifiers that are no field or method of something.
fn identifiers_outside_selectors(text: &str) -> impl Iterator<Item = &str> {
    identifiers(text).filter(move |name| {
        let at = name.as_ptr() as usize - text.as_ptr() as usize;
        !text[..at].ends_with('.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_replaced_whole() {
        assert_eq!(replace_expression("f(s.ctx, s.ctxt)", "s.ctx", "ctx").as_deref(), Some("f(ctx, s.ctxt)"));
        assert_eq!(replace_expression("os.ctx.Done()", "s.ctx", "ctx").as_deref(), Some("os.ctx.Done()"));
        assert_eq!(replace_expression("s.ctx = nil", "s.ctx", "ctx"), None);
        assert_eq!(replace_expression("if s.ctx == nil {", "s.ctx", "ctx").as_deref(), Some("if ctx == nil {"));
        assert_eq!(replace_expression("f(&s.ctx)", "s.ctx", "ctx"), None);
    }
}

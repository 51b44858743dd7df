//! What runs once for all who come the same way: whoever has been there goes on when it is done, or never runs.

use super::{
    after_spawn::Pass,
    domain::SyncKey,
    events::{Event, EventKind},
    handed::effects_of,
    models::Effect,
    order::{gets_to, is_deferred, points},
    reach::Reached,
};
use crate::{
    base::Span,
    resolve::FuncId,
    syntax::{Expr, ExprId},
};

impl Pass<'_> {
    /// Whether the goroutine makes an access in what it runs once, and this function makes its own there, too, or gets to it
    /// only when it has been there.
    pub(super) fn through_one_once(
        &self,
        goroutine: usize,
        reached: &Reached,
        path: &[(FuncId, Span)],
        to: Span,
    ) -> bool {
        let reach = &self.facts.reaches[self.ids[goroutine]];
        let inside = self.runs_once(&reach.path(reached.node));
        if inside.is_empty() {
            return false;
        }
        if self.runs_once(path).iter().any(|key| inside.contains(key)) {
            return true;
        }
        let here = points(self.events);
        let site = &self.facts.spawns.sites[self.ids[goroutine]];
        let (Some(&from), Some(&end)) = (here.get(&site.span), here.get(&to)) else { return false };
        let has_been = |event: &Event| match event.kind {
            EventKind::Call(call) => self.once_of(self.func, call).is_some_and(|key| inside.contains(&key)),
            EventKind::Leave { .. } => true,
            _ => false,
        };
        !is_deferred(self.events, end) && !gets_to(self.events, from, Some(end), &has_been)
    }

    /// What each call on a path that runs a function once goes by.
    fn runs_once(&self, path: &[(FuncId, Span)]) -> Vec<SyncKey> {
        let mut out = Vec::new();
        for &(func, span) in path {
            let rows = self.facts.calls.of(func).iter().filter(|row| row.span == span);
            out.extend(rows.filter_map(|row| self.once_of(func, row.call)));
        }
        out
    }

    /// What a call that runs its argument once goes by.
    fn once_of(&self, func: FuncId, call: ExprId) -> Option<SyncKey> {
        let cx = self.facts.cx;
        let file = cx.program.funcs()[func].file;
        let Expr::Call { callee, .. } = &cx.program.facts(file).exprs[call] else { return None };
        let Expr::Select { base, .. } = cx.program.facts(file).exprs[*callee] else { return None };
        let once = effects_of(cx.program, cx.models, file, call).contains(&Effect::Once);
        once.then(|| cx.places.key(cx.program, cx.graph, file, base)).flatten()
    }
}

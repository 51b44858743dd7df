//! From places to locations and keys: which memory an expression touches, which synchronisation object it names.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    channels::Channels,
    domain::{Access, AccessKind, Anchor, Index, Location, LockSet, Stored, SyncKey},
    free_lists::FreeLists,
    kept_in::{Keeper, Keepers, keepers},
    reused::ReusedBuffers,
};
use crate::{
    base::{Idx, InPieces, Span},
    callgraph::{CallGraph, Target},
    resolve::{Builtin, Callee, CalleeKind, FuncId, Meaning, Place, Program, Root, Step, Type},
    source::FileId,
    syntax::{Body, Comm, Expr, ExprId, FuncKind, Instr, InstrKind, LocalDecl, LocalId, Source, Terminator},
};

/// Longest chain of `a := b` that is followed. Longer ones do not occur in hand-written code.
const MAX_ALIAS_STEPS: u32 = 6;

/// What has to be known about local variables of all files, and about getters.
#[derive(Debug)]
pub struct Places {
    /// Locals assigned after their declaration, by file.
    reassigned: Vec<FxHashSet<LocalId>>,
    /// Locals whose address is taken, by file.
    addressed: Vec<FxHashSet<LocalId>>,
    /// Lists and maps that keep what variables hold, by file.
    keepers: Vec<Keepers>,
    /// Functions that only return a field of their receiver, a field of a parameter or a package variable.
    getters: FxHashMap<FuncId, Place>,
    /// Channels by what is made and done with them.
    channels: Channels,
    free_lists: FreeLists,
    reused: ReusedBuffers,
}

impl Places {
    /// Scans all files.
    pub fn build(program: &Program) -> Self {
        let scanned = program.sources().files.par_ids().one_by_one().map(|file| {
            let facts = program.facts(file);
            let mut written = FxHashSet::default();
            let mut referenced = FxHashSet::default();
            let bodies = facts.functions.iter().filter_map(|f| f.body.as_ref());
            for Instr { kind, .. } in bodies.flat_map(Body::instrs) {
                if let InstrKind::Write { place, .. } = kind
                    && let Expr::Local(local) = facts.exprs[*place]
                {
                    written.insert(local);
                }
            }
            for expr in facts.exprs.iter() {
                if let Expr::AddressOf(inner) = expr {
                    let mut inner = *inner;
                    while let Expr::Select { base, .. } | Expr::Index { base, .. } = &facts.exprs[inner] {
                        inner = *base;
                    }
                    if let Expr::Local(local) = facts.exprs[inner] {
                        referenced.insert(local);
                    }
                }
            }
            (written, (referenced, keepers(program, file)))
        });
        let (reassigned, (addressed, keepers)): (Vec<_>, (Vec<_>, Vec<_>)) = scanned.unzip();
        let getters = program.funcs().par_ids().filter_map(|f| Some((f, getter(program, f)?)));
        let getters = getters.collect::<Vec<_>>().into_iter().collect();
        let channels = Channels::build(program, &reassigned);
        let free_lists = FreeLists::build(program);
        let reused = ReusedBuffers::build(program);
        Self { reassigned, addressed, keepers, getters, channels, free_lists, reused }
    }

    /// Whether the channel is known to have no buffer.
    pub fn is_unbuffered(&self, key: SyncKey) -> bool {
        self.channels.is_unbuffered(key)
    }

    /// Whether objects that are put there are given up for the next user.
    pub(super) fn is_free_list(&self, location: Location) -> bool {
        self.free_lists.contains(location)
    }

    /// The field that a method fills again and gives out, and where it fills it.
    pub(super) fn reused_buffer(&self, method: FuncId) -> Option<&(Location, Span)> {
        self.reused.of(method)
    }

    /// Whether the communication of a select clause can never happen: nobody is on the other side of the channel.
    pub fn never_happens(&self, program: &Program, file: FileId, comm: Comm) -> bool {
        self.channels.never_happens(program, file, comm)
    }

    /// The place a getter returns, in terms of its own receiver and parameters.
    pub fn getter(&self, func: FuncId) -> Option<&Place> {
        self.getters.get(&func)
    }

    /// Whether the local is assigned again after its declaration.
    pub fn is_reassigned(&self, file: FileId, local: LocalId) -> bool {
        self.reassigned[file.index()].contains(&local)
    }

    /// Whether its address is taken.
    pub fn is_addressed(&self, file: FileId, local: LocalId) -> bool {
        self.addressed[file.index()].contains(&local)
    }

    /// Whether the variable may be shared: captured by a literal, or its address is taken.
    pub fn is_shared(&self, program: &Program, file: FileId, local: LocalId) -> bool {
        program.facts(file).locals[local].captured || self.addressed[file.index()].contains(&local)
    }

    /// The location a place names, when it has one: its last field, or its root variable.
    pub fn location(place: &Place, file: FileId) -> Option<Location> {
        let field = place.steps.iter().rev().find_map(|step| match step {
            Step::Field(field) => Some(Location::Field(*field)),
            Step::Element | Step::Deref => None,
        });
        field.or(match place.root {
            Root::Local(local) => Some(Location::Local(file, local)),
            Root::Global(var) => Some(Location::Global(var)),
            Root::Value(_) => None,
        })
    }

    /// The object a place goes through.
    pub fn anchor(place: &Place) -> Anchor {
        match place.root {
            Root::Local(local) => Anchor::Local(local),
            Root::Global(_) => Anchor::Global,
            Root::Value(_) => Anchor::Value,
        }
    }

    /// Number of fields between the anchor and the last field.
    pub fn depth(place: &Place) -> u8 {
        let fields = place.steps.iter().filter(|step| matches!(step, Step::Field(_))).count();
        u8::try_from(fields.saturating_sub(1)).unwrap_or(u8::MAX)
    }

    /// What a local variable that is never reassigned was declared as: the expression, for `x := e`.
    pub fn initial(&self, program: &Program, file: FileId, local: LocalId) -> Option<ExprId> {
        match &program.facts(file).locals[local].decl {
            LocalDecl::Value(value) if value.component.is_none() && !self.is_reassigned(file, local) => {
                Some(value.expr)
            }
            LocalDecl::TypeSwitch { subject, .. } => Some(*subject),
            _ => None,
        }
    }

    /// Whether an access goes to a struct that no other function can reach: one in a variable whose address is not taken,
    /// and all structs on the way to the field in place. What was copied from is another object.
    pub fn is_of_a_copy(&self, program: &Program, file: FileId, access: &Access) -> bool {
        let Anchor::Local(local) = access.anchor else { return false };
        if access.element
            || !matches!(access.location, Location::Field(_))
            || self.addressed[file.index()].contains(&local)
        {
            return false;
        }
        let holds = program.ty(program.underlying(program.local_type(file, local)));
        matches!(holds, Type::Struct(_))
            && (access.depth == 0
                || program.place(file, access.expr).steps.split_last().is_some_and(|(_, way)| {
                    way.iter().all(|step| matches!(step, Step::Field(field) if is_struct_value(program, *field)))
                }))
    }

    /// The place of an expression, with local aliases of other places looked through.
    pub fn canonical(&self, program: &Program, file: FileId, place: Place) -> Place {
        let mut place = place;
        for _ in 0..MAX_ALIAS_STEPS {
            let Root::Local(local) = place.root else { break };
            let Some(initial) = self.initial(program, file, local) else { break };
            if is_copy(program, file, local) {
                break;
            }
            let base = program.place(file, initial);
            let fresh = matches!(base.root, Root::Value(_)) && base.steps.is_empty();
            // `old := x` keeps what x is given up for.
            let replaced = matches!(base.root, Root::Local(source) if self.is_reassigned(file, source));
            if fresh || base == place || replaced {
                break;
            }
            let mut steps = base.steps;
            steps.extend(place.steps.iter().copied());
            place = Place { root: base.root, steps };
        }
        place
    }

    /// The synchronisation object an expression names.
    pub fn key(&self, program: &Program, graph: &CallGraph, file: FileId, expr: ExprId) -> Option<SyncKey> {
        self.key_of_place(program, graph, file, &program.place(file, expr))
    }

    /// The synchronisation object a place names: through local aliases and getters.
    pub fn key_of_place(&self, program: &Program, graph: &CallGraph, file: FileId, place: &Place) -> Option<SyncKey> {
        let mut place = self.canonical(program, file, place.clone());
        // A list may be kept in another.
        for _ in 0..MAX_ALIAS_STEPS {
            let Root::Local(local) = place.root else { break };
            let field = place.steps.iter().any(|step| matches!(step, Step::Field(_)));
            match self.keeper(program, file, local).filter(|_| !field) {
                Some(Keeper::At(keeper)) => place = self.canonical(program, file, program.place(file, keeper)),
                Some(Keeper::Field(field)) => return Some(SyncKey::Field(field)),
                None => break,
            }
        }
        self.key_of_object(program, graph, file, &place)
    }

    /// The channel itself that an expression names, and not all that are kept in one list.
    pub fn object(&self, program: &Program, graph: &CallGraph, file: FileId, expr: ExprId) -> Option<SyncKey> {
        let place = self.canonical(program, file, program.place(file, expr));
        self.key_of_object(program, graph, file, &place)
    }

    fn key_of_object(&self, program: &Program, graph: &CallGraph, file: FileId, place: &Place) -> Option<SyncKey> {
        if let (Root::Value(call), true) = (place.root, place.steps.is_empty()) {
            return self.key_of_getter(program, graph, file, call);
        }
        Self::location(place, file)
    }

    /// The list or map that a variable goes over, or what keeps what it holds.
    fn keeper(&self, program: &Program, file: FileId, local: LocalId) -> Option<Keeper> {
        if self.is_reassigned(file, local) {
            return None;
        }
        match program.facts(file).locals[local].decl {
            LocalDecl::RangeValue { over } => Some(Keeper::At(over)),
            _ => self.keepers[file.index()].get(&local).copied(),
        }
    }

    fn key_of_getter(&self, program: &Program, graph: &CallGraph, file: FileId, call: ExprId) -> Option<SyncKey> {
        let site = graph.site_at(file, call)?;
        let mut keys = graph.sites()[site].targets.callees().iter().map(|target| match target {
            Target::Func(func) => {
                let place = self.getter(*func)?;
                place.steps.iter().any(|s| matches!(s, Step::Field(_))).then_some(())?;
                Self::location(place, program.funcs()[*func].file)
            }
            Target::External(_) => None,
        });
        let first = keys.next()??;
        keys.all(|key| key == Some(first)).then_some(first)
    }

    /// Whether the expression is a channel.
    pub fn is_channel(&self, program: &Program, file: FileId, expr: ExprId) -> bool {
        let ty = program.underlying(program.expr_type(file, expr));
        matches!(program.ty(ty), Type::Chan { .. })
    }

    /// What a write stores.
    pub fn stored(&self, program: &Program, file: FileId, place: ExprId, source: Source) -> Stored {
        match source {
            Source::Zero => Stored::Cleared,
            Source::Update(_) => Stored::Update,
            Source::RangeKey { .. } | Source::RangeValue { .. } => Stored::Other,
            Source::Value(value) if value.component.is_some() => Stored::Other,
            Source::Value(value) => self.stored_value(program, file, Some(place), value.expr, 0),
        }
    }

    fn stored_value(
        &self,
        program: &Program,
        file: FileId,
        place: Option<ExprId>,
        value: ExprId,
        steps: u32,
    ) -> Stored {
        let facts = program.facts(file);
        match &facts.exprs[value] {
            nil if nil.is_nil() => Stored::Cleared,
            Expr::Composite { elements, .. } if elements.is_empty() => Stored::Cleared,
            Expr::Composite { .. } => Stored::Fresh,
            Expr::AddressOf(inner) if matches!(facts.exprs[*inner], Expr::Composite { .. }) => Stored::Fresh,
            Expr::Local(local) if steps < MAX_ALIAS_STEPS => match self.initial(program, file, *local) {
                Some(initial) => self.stored_value(program, file, None, initial, steps + 1),
                None => Stored::Other,
            },
            Expr::Call { args, .. } => match program.callee_kind(file, value) {
                CalleeKind::Builtin(Builtin::Make | Builtin::New) => Stored::Fresh,
                CalleeKind::Builtin(Builtin::Append) => {
                    let same = |place| {
                        facts.exprs.list(*args).first().is_some_and(|arg| same_place(program, file, place, *arg))
                    };
                    if place.is_some_and(same) { Stored::Update } else { Stored::Other }
                }
                _ => Stored::Other,
            },
            Expr::Slice { base, .. } if place.is_some_and(|place| same_place(program, file, place, *base)) => {
                Stored::Cleared
            }
            _ => Stored::Other,
        }
    }

    /// Which elements `expr`, used as a whole, stands for: those before the bound in `x[:n]`.
    pub fn bound(&self, program: &Program, file: FileId, expr: ExprId) -> Index {
        let facts = program.facts(file);
        let Expr::Slice { base, bounds } = &facts.exprs[expr] else { return Index::Whole };
        let bounds = facts.exprs.list(*bounds);
        let [end] = *bounds else { return Index::Whole };
        let Expr::Int(n) = facts.exprs[end] else { return Index::Whole };
        let (whole, from, bound) = (facts.exprs.span(expr), facts.exprs.span(*base).end, facts.exprs.span(end));
        // There is one colon. As a rule nothing but a bracket stands on its other side, and the text need not be asked.
        let before = match (bound.start - from, whole.end - bound.end) {
            (1, _) => false,
            (_, 1) => true,
            _ => Span { start: from, end: bound.start }.of(&program.sources().files[file].text).contains(':'),
        };
        if before { Index::Below(n) } else { Index::Whole }
    }

    /// The accesses that reading or writing `expr` makes: every pointer field on the way is read.
    ///
    /// `func`, `expr`, `span` and `locks` of the rows are for the caller to fill in.
    pub fn accesses(
        &self,
        program: &Program,
        file: FileId,
        expr: ExprId,
        kind: AccessKind,
        stored: Stored,
    ) -> SmallVec<[Access; 2]> {
        let place = program.place(file, expr);
        let element_at = element_index(program, file, expr);
        let mut out = SmallVec::new();
        if let Root::Value(root) = place.root
            && let Expr::Select { base, .. } = program.facts(file).exprs[root]
            && !takes_address(program, file, root, base)
        {
            // A member of a type whose source is absent: what holds the value is read to get there.
            out = self.accesses(program, file, base, AccessKind::Read, Stored::Other);
        }
        let anchor = Self::anchor(&place);
        let mut part = |location, (element, index), kind, depth: usize| {
            out.push(Access {
                func: FuncId::new(0),
                location,
                element,
                index,
                kind,
                stored,
                atomic: false,
                anchor,
                depth: u8::try_from(depth).unwrap_or(u8::MAX),
                expr,
                span: Span::default(),
                locks: LockSet::new(),
            });
        };
        let last_field = place.steps.iter().rposition(|step| matches!(step, Step::Field(_)));
        let root = match place.root {
            Root::Local(local) if self.is_shared(program, file, local) || is_reference_param(program, file, local) => {
                Some(Location::Local(file, local))
            }
            Root::Global(var) => Some(Location::Global(var)),
            Root::Local(_) | Root::Value(_) => None,
        };
        if let Some(location) = root {
            match last_field {
                None if place.steps.is_empty() => part(location, (false, Index::Whole), kind, 0),
                None => {
                    part(location, (false, Index::Whole), AccessKind::Read, 0);
                    part(location, (true, element_at), kind, 0);
                }
                Some(last) => {
                    let ty = match place.root {
                        Root::Local(local) => program.ty(program.underlying(program.local_type(file, local))),
                        Root::Global(var) => program.ty(program.underlying(program.var(var).ty)),
                        Root::Value(_) => &Type::Struct(std::sync::Arc::from([])),
                    };
                    // A store into a field touches the struct around it, in place.
                    let rest = &place.steps[last + 1..];
                    let in_place = place.steps[..last]
                        .iter()
                        .all(|step| matches!(step, Step::Field(field) if is_struct_value(program, *field)))
                        && rest.iter().all(|step| matches!((step, place.steps[last]), (Step::Element, Step::Field(field)) if is_array(program, field)));
                    let part_kind = if in_place { kind } else { AccessKind::Read };
                    match ty {
                        Type::Struct(_) => part(location, (false, Index::Part), part_kind, 0),
                        _ => {
                            part(location, (false, Index::Whole), AccessKind::Read, 0);
                            if matches!(location, Location::Local(..)) {
                                part(location, (true, Index::Part), part_kind, 0);
                            }
                        }
                    }
                }
            }
        }
        let mut row = |location, element: bool, kind, depth| {
            let index = if element { element_at } else { Index::Whole };
            part(location, (element, index), kind, depth);
        };
        let mut depth = 0;
        for (at, step) in place.steps.iter().enumerate() {
            let Step::Field(field) = step else { continue };
            let location = Location::Field(*field);
            let rest = &place.steps[at + 1..];
            if Some(at) == last_field {
                if rest.is_empty() {
                    row(location, false, kind, depth);
                } else {
                    row(location, false, AccessKind::Read, depth);
                    row(location, true, kind, depth);
                }
            } else if !is_struct_value(program, *field) {
                row(location, false, AccessKind::Read, depth);
            }
            depth += 1;
        }
        out
    }
}

/// Whether a method value keeps the address of what it is called on, and reads nothing of it.
fn takes_address(program: &Program, file: FileId, method: ExprId, base: ExprId) -> bool {
    let Meaning::Method(callee) = program.meaning(file, method) else { return false };
    let Callee::Func { func, .. } = *callee else { return false };
    let FuncKind::Decl { receiver: Some(receiver), .. } = &program.function(func).kind else { return false };
    let held = program.ty(program.underlying(program.expr_type(file, base)));
    receiver.pointer && matches!(held, Type::Struct(_))
}

/// Whether a variable holds a struct or array in place: `a := b` is then another object.
fn is_copy(program: &Program, file: FileId, local: LocalId) -> bool {
    let ty = program.underlying(program.local_type(file, local));
    matches!(program.ty(ty), Type::Struct(_) | Type::Array(_))
}

/// A parameter through which the callee reaches memory of the caller without a field: pointers, slices, maps.
fn is_reference_param(program: &Program, file: FileId, local: LocalId) -> bool {
    let LocalDecl::Param { .. } = program.facts(file).locals[local].decl else { return false };
    let ty = program.underlying(program.local_type(file, local));
    matches!(program.ty(ty), Type::Pointer(_) | Type::Slice(_) | Type::Map { .. })
}

/// Whether the field holds a struct in place, so that going on to one of its fields reads nothing.
fn is_struct_value(program: &Program, field: crate::resolve::FieldId) -> bool {
    matches!(program.ty(program.underlying(program.field(field).ty)), Type::Struct(_) | Type::Array(_))
}

fn is_array(program: &Program, field: crate::resolve::FieldId) -> bool {
    matches!(program.ty(program.underlying(program.field(field).ty)), Type::Array(_))
}

/// Which element an expression ends in.
fn element_index(program: &Program, file: FileId, expr: ExprId) -> Index {
    let facts = program.facts(file);
    match &facts.exprs[expr] {
        // Every store into a map changes all of it.
        Expr::Index { base, .. } if is_map(program, file, *base) => Index::Whole,
        Expr::Index { base, .. } if is_indexed_map(program, file, *base) => Index::Whole,
        Expr::Index { indices, .. } => match facts.exprs.list(*indices).first().map(|i| &facts.exprs[*i]) {
            Some(Expr::Int(n)) => Index::Constant(*n),
            Some(Expr::Local(local)) => Index::Local(*local),
            Some(_) => Index::Variable,
            None => Index::Whole,
        },
        Expr::Select { base, .. } => element_index(program, file, *base),
        _ => Index::Whole,
    }
}

fn is_map(program: &Program, file: FileId, expr: ExprId) -> bool {
    matches!(program.ty(program.underlying(program.expr_type(file, expr))), Type::Map { .. })
}

fn is_indexed_map(program: &Program, file: FileId, expr: ExprId) -> bool {
    matches!(&program.facts(file).exprs[expr], Expr::Index { base, .. } if is_map(program, file, *base))
}

fn same_place(program: &Program, file: FileId, a: ExprId, b: ExprId) -> bool {
    let a = program.place(file, a);
    a == program.place(file, b) && !matches!(a.root, Root::Value(_))
}

/// The place a function returns, if all it does is to return one.
fn getter(program: &Program, func: FuncId) -> Option<Place> {
    let function = program.function(func);
    let body = function.body.as_ref()?;
    let entry = body.blocks.iter().next()?;
    let Terminator::Return { values } = &entry.end else { return None };
    let [value] = values[..] else { return None };
    let place = program.place(program.funcs()[func].file, value);
    let plain = body.instrs_of(entry).iter().all(|i| matches!(i.kind, InstrKind::Read(_)));
    (plain && !matches!(place.root, Root::Value(_)) && !place.steps.is_empty()).then_some(place)
}

/// Whether the meaning is a local variable, for matches that need one.
pub fn as_local(meaning: &Meaning) -> Option<LocalId> {
    match meaning {
        Meaning::Local(local) => Some(*local),
        _ => None,
    }
}

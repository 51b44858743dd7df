//! Which object an access goes to: a variable of the function that a walk starts in, or what fields lead to from it.
//!
//! Two accesses with equal objects go to one object as long as nobody stores another one in a field on the way. Absent
//! on purpose: which variables two functions share; that is told by the calls ([`super::reach`]).

use smallvec::SmallVec;

use super::{
    domain::{Access, Location},
    domain_local::{Operand, operand},
    spawns::Context,
};
use crate::{
    callgraph::Target,
    resolve::{Callee, FieldId, FuncId, Place, Program, Root, Step},
    source::FileId,
    syntax::{Expr, ExprId, LocalId},
};

/// Steps from a variable to an object at most. Longer ways are kept by nobody in one piece.
const MAX_WAY: usize = 5;
/// Getters in one expression: `a.B().C()`.
const MAX_GETTERS: u32 = 3;

/// An object: a variable, and the steps from it. Walks over calls make millions of them, hence no allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Object {
    /// The variable.
    pub root: LocalId,
    /// The steps.
    pub way: Way,
}

/// Steps from a variable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// Fields; `None` for the elements of a list or map, and behind the end.
    steps: [Option<FieldId>; MAX_WAY],
    length: u8,
}

impl Way {
    /// The way that goes on like this, if it is not too long.
    fn then(mut self, more: impl Iterator<Item = Option<FieldId>>) -> Option<Self> {
        for step in more {
            *self.steps.get_mut(usize::from(self.length))? = step;
            self.length += 1;
        }
        Some(self)
    }
}

impl Object {
    /// What the variable itself holds.
    pub(super) fn whole(root: LocalId) -> Self {
        Self { root, way: Way::default() }
    }

    /// What the steps lead to from this object, if they are few enough.
    pub(super) fn part(self, steps: &[Step]) -> Option<Self> {
        let steps = steps.iter().filter_map(|step| match step {
            Step::Field(field) => Some(Some(*field)),
            Step::Element => Some(None),
            Step::Deref => None,
        });
        Some(Self { way: self.way.then(steps)?, ..self })
    }

    /// What that way leads to from this object, if it is not too long.
    pub(super) fn along(self, way: &Way) -> Option<Self> {
        let steps = way.steps.iter().take(usize::from(way.length)).copied();
        Some(Self { way: self.way.then(steps)?, ..self })
    }

    /// The variable, if the object is what it holds.
    pub(super) fn as_variable(self) -> Option<LocalId> {
        (self.way.length == 0).then_some(self.root)
    }
}

/// The object that a place of a file names, in terms of the variables of the function around it: other names of variables
/// are looked through, and so are getters.
pub(super) fn object_at(cx: Context<'_>, file: FileId, place: &Place) -> Option<Object> {
    let place = through_getters(cx, file, place.clone(), MAX_GETTERS)?;
    match place.root {
        Root::Local(root) => Object::whole(root).part(&place.steps),
        Root::Global(_) | Root::Value(_) => None,
    }
}

/// The place that an access goes to. Of `x.f.Close()` the end of `x.f` is kept, by the call.
pub(super) fn accessed(program: &Program, access: &Access) -> Place {
    let file = program.funcs()[access.func].file;
    let exprs = &program.facts(file).exprs;
    let expr = match &exprs[access.expr] {
        Expr::Call { callee, .. } => match &exprs[*callee] {
            Expr::Select { base, .. } => *base,
            _ => access.expr,
        },
        _ => access.expr,
    };
    program.place(file, expr)
}

/// The object that holds the location of an access, in terms of the variables of its function.
pub(super) fn holder_of(cx: Context<'_>, access: &Access) -> Option<Object> {
    let Location::Field(field) = access.location else { return None };
    let file = cx.program.funcs()[access.func].file;
    let mut place = accessed(cx.program, access);
    let at = place.steps.iter().rposition(|step| *step == Step::Field(field))?;
    place.steps.truncate(at);
    object_at(cx, file, &place)
}

fn through_getters(cx: Context<'_>, file: FileId, place: Place, left: u32) -> Option<Place> {
    let place = cx.places.canonical(cx.program, file, place);
    let Root::Value(call) = place.root else { return Some(place) };
    let func = only_callee(cx, file, call)?;
    let got = cx.places.getter(func)?;
    let Root::Local(from) = got.root else { return None };
    let given = given_for(cx, file, call, func, from)?;
    if left == 0 {
        return None;
    }
    let mut given = through_getters(cx, file, given, left - 1)?;
    given.steps.extend(got.steps.iter().chain(&place.steps).copied());
    Some(given)
}

/// The only function that a call may run.
pub(super) fn only_callee(cx: Context<'_>, file: FileId, call: ExprId) -> Option<FuncId> {
    let site = cx.graph.site_at(file, call)?;
    match *cx.graph.sites()[site].targets.callees() {
        [Target::Func(func)] => Some(func),
        _ => None,
    }
}

/// What a call gives for the receiver, or a parameter, of the function it runs.
fn given_for(cx: Context<'_>, file: FileId, call: ExprId, func: FuncId, local: LocalId) -> Option<Place> {
    match operand(cx.program, func, cx.program.funcs()[func].file, local) {
        Operand::Receiver => match cx.program.callee(file, call) {
            Callee::Func { receiver, .. } => receiver,
            Callee::Interface { receiver, .. } => Some(receiver),
            _ => None,
        },
        Operand::Param(at) => {
            let args = cx.program.facts(file).exprs.args(call)?;
            Some(cx.program.place(file, *args.get(at as usize)?))
        }
        Operand::Captured | Operand::Own => None,
    }
}

/// Variables with the objects they hold, in the order in which they came. What goroutines reach has millions of them, and
/// most objects are what a variable holds as a whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    /// Variable, root of the object, and number of the way: its row of `ways` from 1, or 0 for none.
    rows: Vec<(LocalId, LocalId, u32)>,
    ways: Vec<Way>,
}

impl Holders {
    /// Adds a variable.
    fn push(&mut self, (variable, object): (LocalId, Object)) {
        if object.way.length > 0 && self.ways.last() != Some(&object.way) {
            self.ways.push(object.way);
        }
        let way = if object.way.length > 0 { self.ways.len() as u32 } else { 0 };
        self.rows.push((variable, object.root, way));
    }

    /// Adds variables.
    pub(super) fn extend(&mut self, rows: impl IntoIterator<Item = (LocalId, Object)>) {
        rows.into_iter().for_each(|row| self.push(row));
    }

    /// Number of rows.
    pub(super) fn len(&self) -> u32 {
        self.rows.len() as u32
    }

    /// The rows from one number up to another.
    pub(super) fn rows(&self, first: u32, end: u32) -> impl ExactSizeIterator<Item = (LocalId, Object)> + '_ {
        self.rows[first as usize..end as usize].iter().map(|&(variable, root, way)| {
            let way = way.checked_sub(1).map_or(Way::default(), |at| self.ways[at as usize]);
            (variable, Object { root, way })
        })
    }

    /// Gives back the memory reserved for rows that never came.
    pub(super) fn shrink_to_fit(&mut self) {
        self.rows.shrink_to_fit();
        self.ways.shrink_to_fit();
    }
}

/// What a function's calls run, each callee with its variables in terms of the caller's.
#[derive(Clone, Debug, Default)]
pub(super) struct Bound {
    /// One past the last callee of each call.
    calls: Box<[u32]>,
    /// The callees of all calls, and one past the last variable of each.
    callees: Box<[(FuncId, u32)]>,
    /// The variables of all callees: (there, here).
    bindings: Holders,
}

impl Bound {
    /// From the callees of each call.
    pub(super) fn new(calls: impl Iterator<Item = SmallVec<[(FuncId, Bindings); 2]>>) -> Self {
        let (mut ends, mut callees, mut bindings) = (Vec::new(), Vec::new(), Holders::default());
        for call in calls {
            for (callee, bound) in call {
                bindings.extend(bound);
                callees.push((callee, bindings.len()));
            }
            ends.push(callees.len() as u32);
        }
        bindings.shrink_to_fit();
        Self { calls: ends.into(), callees: callees.into(), bindings }
    }

    /// The callees of a call, with their variables.
    pub(super) fn of_call(
        &self,
        call: usize,
    ) -> impl Iterator<Item = (FuncId, impl ExactSizeIterator<Item = (LocalId, Object)>)> {
        let before = |row: usize| row.checked_sub(1);
        let first = before(call).map_or(0, |before| self.calls[before] as usize);
        (first..self.calls[call] as usize).map(move |row| {
            let first = before(row).map_or(0, |before| self.callees[before].1);
            let (callee, end) = self.callees[row];
            (callee, self.bindings.rows(first, end))
        })
    }
}

/// What a callee's receiver and parameters are in terms of the caller's variables: (there, here).
pub(super) type Bindings = SmallVec<[(LocalId, Object); 2]>;

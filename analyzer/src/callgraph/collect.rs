//! One file's part of the flow graph: what flows where because of its statements and expressions.

use smallvec::{SmallVec, smallvec};

use super::{
    instances,
    model::Target,
    node::{Container, Dynamic, DynamicKind, Item, Node, Source},
    solve::Graph,
};
use crate::{
    base::{IndexVec, Symbol},
    resolve::{
        Basic, Builtin, FieldId, FuncId, Program, Reason, Type, TypeId,
        internal::{Binding, Called, Declarations, Entity, Member, Receiver, Typer},
    },
    source::FileId,
    syntax::{ElementKey, Expr, ExprId, FileFacts, ValueRef},
};

pub(super) type Sources = SmallVec<[Source; 2]>;

/// What one file adds.
#[derive(Default)]
pub(super) struct FileFlow {
    /// Its part of the flow graph, with numbers of its own.
    pub(super) graph: Graph,
    pub(super) dynamic: Vec<Dynamic>,
    /// Expressions that are function values.
    pub(super) values: Vec<ExprId>,
    /// What each call expression calls without need of the flow graph.
    pub(super) calls: Vec<(ExprId, Direct)>,
}

/// A call as far as types decide it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Direct {
    /// A function of the source, maybe a method.
    Func { func: FuncId, method: bool },
    /// A function without source.
    External { key: Symbol, method: bool },
    /// One of [`FileFlow::dynamic`].
    Dynamic(u32),
    /// Not known.
    Unknown(Reason),
}

/// Collects the flows of one file.
pub(super) fn collect(program: &Program, file: FileId) -> FileFlow {
    let mut collector =
        Collector { t: Typer::new(program), p: program, file, f: program.facts(file), out: FileFlow::default() };
    collector.expressions();
    collector.statements();
    collector.out
}

/// The file being read.
pub(super) struct Collector<'p> {
    pub(super) t: Typer<'p>,
    pub(super) p: &'p Program,
    pub(super) file: FileId,
    pub(super) f: &'p FileFacts,
    pub(super) out: FileFlow,
}

/// Whether values of a type carry items: interfaces, functions, type parameters, and what is not known.
pub(super) fn carries(t: &Typer<'_>, ty: TypeId) -> bool {
    match t.ty(t.underlying(ty)) {
        Type::Interface { .. } | Type::Func { .. } | Type::Param { .. } | Type::Unknown(_) => true,
        Type::Basic(_)
        | Type::Named { .. }
        | Type::Pointer(_)
        | Type::Slice(_)
        | Type::Array(_)
        | Type::Map { .. }
        | Type::Chan { .. }
        | Type::Struct(_)
        | Type::Tuple(_)
        | Type::Nil => false,
    }
}

impl Collector<'_> {
    pub(super) fn ty(&self, expr: ExprId) -> TypeId {
        self.t.expr_type(self.file, expr)
    }

    pub(super) fn carries(&self, ty: TypeId) -> bool {
        carries(&self.t, ty)
    }

    pub(super) fn flow(&mut self, sources: &[Source], to: Node) {
        for &source in sources.iter().filter(|&&source| source != Source::Node(to)) {
            self.out.graph.flow(source, to);
        }
    }

    /// `to = value`, where `to` has type `ty`.
    pub(super) fn assign(&mut self, to: Node, ty: TypeId, value: ValueRef) {
        if self.carries(ty) {
            let sources = self.sources(value);
            self.flow(&sources, to);
        }
    }

    pub(super) fn assign_expr(&mut self, to: Node, ty: TypeId, expr: ExprId) {
        self.assign(to, ty, ValueRef { expr, component: None });
    }

    /// The node of an expression's value, fed by what flows into it.
    pub(super) fn value_node(&mut self, value: ValueRef) -> Node {
        let node = Node::Expr(self.file, value.expr, value.component.unwrap_or(0).into());
        let sources = self.sources(value);
        self.flow(&sources, node);
        node
    }

    /// What an expression's value may carry.
    pub(super) fn sources(&mut self, value: ValueRef) -> Sources {
        let ty = self.t.component_type(self.file, value);
        if !self.carries(ty) {
            return match self.t.ty(ty) {
                Type::Nil | Type::Tuple(_) => Sources::new(),
                _ => smallvec![Source::Item(Item::Type(self.t.default_type(ty)))],
            };
        }
        let mut sources = self.carried(value, ty);
        let function = matches!(self.t.ty(self.t.underlying(ty)), Type::Func { .. });
        if function && matches!(self.t.ty(ty), Type::Named { .. }) {
            sources.push(Source::Item(Item::Type(ty)));
        }
        sources
    }

    fn carried(&mut self, value: ValueRef, ty: TypeId) -> Sources {
        let expr = value.expr;
        let component = value.component.unwrap_or(0).into();
        let node = |node: Option<Node>| node.map(Source::Node).into_iter().collect::<Sources>();
        match &self.f.exprs[expr] {
            Expr::Local(_) | Expr::Deref(_) | Expr::Receive(_) => node(self.place_node(expr)),
            Expr::Name(_) | Expr::Select { .. } => match self.place_node(expr) {
                Some(place) => smallvec![Source::Node(place)],
                None => self.named_function(expr, ty),
            },
            Expr::Index { .. } => match self.t.called(self.file, expr) {
                Called::Value(_) => node(self.place_node(expr)),
                called => self.function_item(expr, &called, ty),
            },
            Expr::Call { callee, args, .. } => {
                let called = self.t.called(self.file, *callee);
                match called {
                    Called::Conversion(_) => match self.f.exprs.list(*args).first() {
                        Some(&arg) => self.sources(ValueRef { expr: arg, component: None }),
                        None => Sources::new(),
                    },
                    Called::Func { func, .. } if !self.p.is_stub(func) => node(Some(Node::Result(func, component))),
                    Called::Literal(index) => {
                        node(self.p.func_of(self.file, index).map(|func| Node::Result(func, component)))
                    }
                    Called::Func { .. } | Called::External { .. } | Called::Unknown(_) => {
                        smallvec![Source::Item(Item::Open(self.open_reason(&called)))]
                    }
                    Called::Interface { .. } | Called::Value(_) => {
                        smallvec![Source::Node(Node::Expr(self.file, expr, component))]
                    }
                    Called::Builtin(Builtin::Recover) => node(Some(Node::Panic)),
                    Called::Builtin(_) => Sources::new(),
                }
            }
            Expr::TypeAssert { base, .. } => {
                let base_sources = self.sources(ValueRef { expr: *base, component: None });
                let own = Node::Expr(self.file, expr, 0);
                self.flow(&base_sources, own);
                smallvec![Source::Node(own)]
            }
            Expr::FuncLit(index) => match self.p.func_of(self.file, *index) {
                Some(func) => smallvec![Source::Item(Item::Func {
                    target: Target::Func(func),
                    signature: self.t.func_type(func),
                    method_expression: false,
                })],
                None => Sources::new(),
            },
            Expr::Bad => smallvec![Source::Item(Item::Open(Reason::SyntaxError))],
            // Composite literals of unknown types, and expressions that carry nothing.
            Expr::Composite { .. }
            | Expr::Slice { .. }
            | Expr::AddressOf(_)
            | Expr::Not(_)
            | Expr::Unary(_)
            | Expr::Binary { .. }
            | Expr::Int(_)
            | Expr::Literal(_)
            | Expr::Type(_) => Sources::new(),
        }
    }

    fn open_reason(&self, called: &Called) -> Reason {
        match called {
            Called::External { package, .. } => Declarations::absent(*package),
            Called::Func { func, .. } => Reason::NoSource(self.p.packages()[self.p.funcs()[*func].package].path),
            Called::Unknown(reason) => *reason,
            _ => Reason::Opaque,
        }
    }

    /// A name or selector that is a function or a value without a node.
    fn named_function(&mut self, expr: ExprId, ty: TypeId) -> Sources {
        match self.t.binding(self.file, expr) {
            Some(Binding::Nil | Binding::Bool | Binding::Iota | Binding::Blank) => return Sources::new(),
            Some(Binding::Entity(Entity::Value(..))) => return Sources::new(),
            _ => {}
        }
        let called = self.t.called(self.file, expr);
        self.function_item(expr, &called, ty)
    }

    fn function_item(&mut self, expr: ExprId, called: &Called, ty: TypeId) -> Sources {
        let item = match called {
            Called::Func { func, receiver, .. } => {
                let target = match self.p.is_stub(*func) {
                    true => Target::External(self.p.funcs()[*func].key),
                    false => Target::Func(*func),
                };
                let method_expression = receiver.as_ref().is_some_and(|receiver| receiver.base.is_none());
                if let (Target::Func(func), Some(receiver)) = (target, receiver) {
                    self.receiver_flow(func, receiver);
                }
                Item::Func { target, signature: ty, method_expression }
            }
            Called::External { name, receiver, .. } => Item::Func {
                target: Target::External(self.t.external_key(*name)),
                signature: ty,
                method_expression: receiver.as_ref().is_some_and(|receiver| receiver.base.is_none()),
            },
            Called::Interface { interface, method, receiver, .. } => {
                let node = self.interface_receiver(receiver);
                self.out.dynamic.push(Dynamic {
                    file: self.file,
                    expr,
                    what: DynamicKind::Interface { interface: *interface, method: *method, receiver: node },
                    args: Vec::new(),
                    results: Vec::new(),
                });
                Item::Bound(self.file, expr)
            }
            Called::Literal(_) | Called::Value(_) | Called::Builtin(_) | Called::Conversion(_) => {
                return Sources::new();
            }
            Called::Unknown(reason) => Item::Open(*reason),
        };
        smallvec![Source::Item(item)]
    }

    /// The node of the receiver of an interface method; `None` for a method expression.
    fn interface_receiver(&mut self, receiver: &Receiver) -> Option<Node> {
        match receiver.path.last() {
            Some(&field) => Some(Node::Field(field)),
            None => {
                let base = receiver.base?;
                Some(self.value_node(ValueRef { expr: base, component: None }))
            }
        }
    }

    /// A function type may have methods: what is in the receiver flows into the method.
    fn receiver_flow(&mut self, func: FuncId, receiver: &Receiver) {
        let Some((local, ty)) = self.receiver_local(func) else { return };
        match (receiver.path.last(), receiver.base) {
            (Some(&field), _) => self.flow(&[Source::Node(Node::Field(field))], local),
            (None, Some(base)) => self.assign_expr(local, ty, base),
            (None, None) => {}
        }
    }

    fn receiver_local(&self, func: FuncId) -> Option<(Node, TypeId)> {
        receiver_local(&self.t, self.p, func)
    }

    /// The node of a place; `None` for what is no place or carries nothing.
    pub(super) fn place_node(&mut self, expr: ExprId) -> Option<Node> {
        let ty = self.ty(expr);
        match &self.f.exprs[expr] {
            Expr::Local(local) => Some(Node::Local(self.file, *local)),
            Expr::Name(_) => self.global(expr),
            Expr::Select { base, name } => {
                if self.t.binding(self.file, expr).is_some() {
                    return self.global(expr);
                }
                if self.t.expr_as_type(self.file, *base).is_some() {
                    return None;
                }
                match self.t.find_member(self.ty(*base), *name) {
                    Member::Field { path, .. } => path.last().map(|&field| Node::Field(field)),
                    _ => None,
                }
            }
            Expr::Index { base, .. } => match self.t.ty(self.t.core(self.ty(*base))) {
                Type::Map { value, .. } => Some(Node::Element(Container::MapValue, *value)),
                Type::Slice(element) | Type::Array(element) => Some(Node::Element(Container::Slice, *element)),
                Type::Pointer(_) => Some(Node::Element(Container::Slice, ty)),
                _ => None,
            },
            Expr::Deref(_) => Some(Node::Element(Container::Pointer, ty)),
            Expr::Receive(_) => Some(Node::Element(Container::Chan, ty)),
            _ => None,
        }
    }

    fn global(&self, expr: ExprId) -> Option<Node> {
        match self.t.binding(self.file, expr)? {
            Binding::Entity(Entity::Value(file, row)) => self.t.var(file, row).map(Node::Global),
            _ => None,
        }
    }

    // ---- expressions ----

    fn expressions(&mut self) {
        let mut called: IndexVec<ExprId, bool> = IndexVec::filled(false, self.f.exprs.len());
        for expr in self.f.exprs.iter() {
            if let Expr::Call { callee, .. } = expr {
                called[*callee] = true;
            }
        }
        for (id, expr) in self.f.exprs.iter_enumerated() {
            match expr {
                Expr::Call { callee, args, spread } => self.call(id, *callee, self.f.exprs.list(*args), *spread),
                Expr::Composite { elements, .. } => {
                    let ty = self.ty(id);
                    self.composite(self.t.deref(ty), self.f.exprs.elements(*elements));
                }
                Expr::AddressOf(operand) => {
                    let ty = self.ty(*operand);
                    if self.carries(ty)
                        && let Some(place) = self.place_node(*operand)
                    {
                        let pointed = Node::Element(Container::Pointer, ty);
                        self.flow(&[Source::Node(place)], pointed);
                        self.flow(&[Source::Node(pointed)], place);
                    }
                }
                _ => {}
            }
            if !called[id]
                && matches!(self.t.ty(self.t.underlying(self.ty(id))), Type::Func { .. })
                && !matches!(expr, Expr::Type(_))
                && self.t.expr_as_type(self.file, id).is_none()
            {
                self.value_node(ValueRef { expr: id, component: None });
                self.out.values.push(id);
            }
        }
        for (row, value) in self.f.values.iter().enumerate() {
            if let (Some(var), Some(value)) = (self.t.var(self.file, row as u32), value.value) {
                self.assign(Node::Global(var), self.t.value_type(self.file, row as u32), value);
            }
        }
    }

    fn composite(&mut self, ty: TypeId, elements: &[crate::syntax::Element]) {
        match self.t.ty(self.t.core(ty)) {
            Type::Slice(value) | Type::Array(value) => {
                for element in elements {
                    self.assign_expr(Node::Element(Container::Slice, *value), *value, element.value);
                }
            }
            Type::Map { key, value } => {
                for element in elements {
                    self.assign_expr(Node::Element(Container::MapValue, *value), *value, element.value);
                    if let Some(ElementKey::Expr(expr) | ElementKey::Name { expr, .. }) = element.key {
                        self.assign_expr(Node::Element(Container::MapKey, *key), *key, expr);
                    }
                }
            }
            Type::Struct(fields) => {
                let fields: &[FieldId] = fields;
                for (i, element) in elements.iter().enumerate() {
                    let field = match element.key {
                        Some(ElementKey::Name { name, .. }) => self.t.declared().field_named(fields, name),
                        Some(ElementKey::Expr(_)) => None,
                        None => fields.get(i).copied(),
                    };
                    if let Some(field) = field {
                        self.assign_expr(Node::Field(field), self.p.field(field).ty, element.value);
                    }
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, call: ExprId, callee: ExprId, args: &[ExprId], spread: bool) {
        let called = self.t.called(self.file, callee);
        let direct = match called {
            Called::Conversion(ty) => return self.conversion(ty, args),
            Called::Builtin(builtin) => return self.builtin(builtin, args, spread),
            Called::Func { func, ref receiver, .. } => {
                let method = receiver.is_some();
                if self.p.is_stub(func) {
                    self.outside(args);
                    Direct::External { key: self.p.funcs()[func].key, method }
                } else {
                    self.instantiation(call, func, &called);
                    self.static_call(func, receiver.as_ref(), args, spread);
                    Direct::Func { func, method }
                }
            }
            Called::Literal(index) => match self.p.func_of(self.file, index) {
                Some(func) => {
                    self.static_call(func, None, args, spread);
                    Direct::Func { func, method: false }
                }
                None => Direct::Unknown(Reason::SyntaxError),
            },
            Called::External { name, ref receiver, .. } => {
                self.outside(args);
                Direct::External { key: self.t.external_key(name), method: receiver.is_some() }
            }
            Called::Interface { interface, method, ty, ref receiver } => {
                let node = self.interface_receiver(receiver);
                let args = match receiver.base {
                    Some(_) => args,
                    None => args.get(1..).unwrap_or(&[]),
                };
                let what = DynamicKind::Interface { interface, method, receiver: node };
                self.dynamic(call, what, ty, args, spread)
            }
            Called::Value(value) => {
                let signature = self.t.core(self.ty(value));
                let node = self.value_node(ValueRef { expr: value, component: None });
                self.dynamic(call, DynamicKind::Value { signature, value: node }, signature, args, spread)
            }
            Called::Unknown(reason) => {
                self.outside(args);
                Direct::Unknown(reason)
            }
        };
        self.out.calls.push((call, direct));
    }

    fn dynamic(&mut self, call: ExprId, what: DynamicKind, signature: TypeId, args: &[ExprId], spread: bool) -> Direct {
        let (params, variadic, results): (&[TypeId], bool, &[TypeId]) = match self.t.ty(signature) {
            Type::Func { params, variadic, results } => (params, *variadic, results),
            _ => (&[], false, &[]),
        };
        let mut nodes = Vec::new();
        for (i, value) in self.argument_values(args).into_iter().enumerate() {
            if variadic && i + 1 >= params.len() {
                self.variadic_argument(params, value, spread);
            } else if params.get(i).is_none_or(|&param| self.carries(param)) {
                nodes.resize(i, None);
                nodes.push(Some(self.value_node(value)));
            }
        }
        let results = (0..results.len())
            .map(|i| self.carries(results[i]).then_some(Node::Expr(self.file, call, i as u32)))
            .collect();
        self.out.dynamic.push(Dynamic { file: self.file, expr: call, what, args: nodes, results });
        Direct::Dynamic(self.out.dynamic.len() as u32 - 1)
    }

    fn variadic_argument(&mut self, params: &[TypeId], value: ValueRef, spread: bool) {
        if let (false, Some(Type::Slice(element))) = (spread, params.last().map(|&last| self.t.ty(last))) {
            self.assign(Node::Element(Container::Slice, *element), *element, value);
        }
    }

    /// Arguments as values; the results of a single call of several are several.
    pub(super) fn argument_values(&self, args: &[ExprId]) -> Vec<ValueRef> {
        if let [one] = args
            && let Type::Tuple(parts) = self.t.ty(self.ty(*one))
        {
            return (0..parts.len()).map(|i| ValueRef { expr: *one, component: Some(i as u16) }).collect();
        }
        args.iter().map(|&expr| ValueRef { expr, component: None }).collect()
    }

    fn static_call(&mut self, func: FuncId, receiver: Option<&Receiver>, args: &[ExprId], spread: bool) {
        let mut args = args;
        if let Some(receiver) = receiver {
            match (receiver.base, args) {
                (None, [first, rest @ ..]) => {
                    if let Some((local, ty)) = self.receiver_local(func) {
                        self.assign_expr(local, ty, *first);
                    }
                    args = rest;
                }
                _ => self.receiver_flow(func, receiver),
            }
        }
        let Type::Func { params, variadic, .. } = self.t.ty(self.t.func_type(func)) else { return };
        let row = &self.p.funcs()[func];
        let locals = &self.p.function(func).signature.params;
        for (i, value) in self.argument_values(args).into_iter().enumerate() {
            if *variadic && i + 1 >= params.len() {
                self.variadic_argument(params, value, spread);
            } else if let Some(&ty) = params.get(i) {
                let local = locals.get(i).and_then(|param| param.local);
                self.assign(local.map_or(Node::Outside, |local| Node::Local(row.file, local)), ty, value);
            }
        }
    }

    /// Arguments of a call of code without source: any may become an interface value there.
    fn outside(&mut self, args: &[ExprId]) {
        for value in self.argument_values(args) {
            let ty = self.t.component_type(self.file, value);
            if matches!(self.t.ty(self.t.deref(ty)), Type::Named { .. } | Type::Struct(_)) && !self.carries(ty) {
                self.flow(&[Source::Item(Item::Type(ty))], Node::Outside);
            }
        }
    }

    /// Type arguments of a call of a generic function.
    fn instantiation(&mut self, call: ExprId, func: FuncId, called: &Called) {
        let Some(args) = self.t.call_type_args(self.file, call, called) else { return };
        let owner = self.t.func_owner(func);
        for (i, &arg) in args.iter().enumerate() {
            instances::type_argument(&self.t, owner, i as u32, arg, &mut self.out.graph);
        }
    }

    fn conversion(&mut self, to: TypeId, args: &[ExprId]) {
        let Some(&arg) = args.first() else { return };
        let from = self.ty(arg);
        // Structs of the same shape may have fields of different declarations.
        if let (Some((to, _)), Some((from, _))) = (self.t.fields(self.t.deref(to)), self.t.fields(self.t.deref(from)))
            && to != from
        {
            for (&a, &b) in to.iter().zip(from.iter()) {
                if self.carries(self.p.field(a).ty) {
                    self.flow(&[Source::Node(Node::Field(b))], Node::Field(a));
                }
            }
        }
    }

    fn builtin(&mut self, builtin: Builtin, args: &[ExprId], spread: bool) {
        match (builtin, args) {
            (Builtin::Append, [slice, values @ ..]) if !spread => {
                if let Type::Slice(element) = self.t.ty(self.t.core(self.ty(*slice))) {
                    for &value in values {
                        self.assign_expr(Node::Element(Container::Slice, *element), *element, value);
                    }
                }
            }
            (Builtin::Panic, [value]) => {
                let any = self.t.ty(self.ty(*value));
                if !matches!(any, Type::Basic(Basic::UntypedString | Basic::String)) {
                    let sources = self.sources(ValueRef { expr: *value, component: None });
                    self.flow(&sources, Node::Panic);
                }
            }
            (Builtin::New, [value]) if self.t.expr_as_type(self.file, *value).is_none() => {
                let ty = self.ty(*value);
                self.assign_expr(Node::Element(Container::Pointer, ty), ty, *value);
            }
            _ => {}
        }
    }
}

/// The receiver variable of a method, when it carries items.
pub(super) fn receiver_local(t: &Typer<'_>, p: &Program, func: FuncId) -> Option<(Node, TypeId)> {
    let crate::syntax::FuncKind::Decl { receiver: Some(receiver), .. } = &p.function(func).kind else { return None };
    let file = p.funcs()[func].file;
    let local = receiver.local?;
    let ty = t.local_type(file, local);
    carries(t, ty).then_some((Node::Local(file, local), ty))
}

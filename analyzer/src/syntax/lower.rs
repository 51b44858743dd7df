//! Entry of lowering, and declarations at package level.

use std::{cell::RefCell, mem};

use super::{
    Expr, ExprId, FileFacts, FuncIndex, FuncKind, Function, Import, ImportBinding, InstrKind, Local, LocalDecl,
    LocalId, Receiver, Signature, Source, TypeDecl, TypeExpr, TypeParam, TypeParamOwner, ValueDecl, ValueRef,
    evaluate::Task,
    flow::Flow,
    kind::Kind,
    names::{Known, Names},
    scope::{Binding, Scopes},
    tree::{NodeId, Reader, Tree, forget_tables, with_tree},
};
use crate::base::{LineIndex, Problem, ProblemKind, Span, Symbol};

/// Statements, expressions and types nested deeper than this are left out with [`ProblemKind::Budget`]. Chains (`a+b+c`,
/// `x.f().g()`, parentheses, `else if`) do not count: they are read without recursion. The deepest nesting in the Go
/// distribution is 22, in a server of a million lines 18; without optimisation the two megabytes of stack a worker thread has last for more
/// than 600 (all measured 2026-11).
pub(super) const MAX_NESTING: u32 = 300;

thread_local! {
    static NAMES: RefCell<Names> = RefCell::default();
}

/// Drops what this thread keeps from one file to the next; for when no more are to come.
pub fn forget_last_file() {
    NAMES.take();
    forget_tables();
}

/// Lowers one file.
pub fn lower(text: &[u8]) -> FileFacts {
    lower_by(Reader::Both, text).unwrap_or_default()
}

/// Lowers one file as one reader alone sees it, to compare them; `None` if it refuses the file.
pub fn lower_by(reader: Reader, text: &[u8]) -> Option<FileFacts> {
    // Taken out and put back, not borrowed: a panic in between then costs the cache, not the thread.
    let names = NAMES.take();
    let (facts, names) = with_tree(text, reader, |tree| {
        let mut lowerer = Lowerer::new(text, tree, names);
        lowerer.file();
        (lowerer.facts, lowerer.names)
    })?;
    NAMES.set(names);
    Some(facts)
}

/// The file being lowered.
pub(super) struct Lowerer<'t> {
    pub(super) text: &'t [u8],
    pub(super) tree: &'t Tree,
    pub(super) facts: FileFacts,
    pub(super) names: Names,
    pub(super) known: &'static Known,
    pub(super) scopes: Scopes,
    /// The function being lowered.
    pub(super) flow: Flow,
    /// Pending steps of [`Lowerer::evaluate`]; empty between calls.
    pub(super) tasks: Vec<Task>,
    nesting: u32,
    /// The body of all package variables' initialisers, once there is one.
    initialisers: Option<(Flow, Span)>,
    init_functions: u32,
}

/// The parts of a `const` or `var` specification.
pub(super) struct ValueSpec {
    pub(super) names: Vec<NodeId>,
    pub(super) ty: Option<NodeId>,
    pub(super) values: Vec<NodeId>,
}

impl<'t> Lowerer<'t> {
    fn new(text: &'t [u8], tree: &'t Tree, names: Names) -> Self {
        Self {
            text,
            tree,
            facts: FileFacts { lines: LineIndex::new(text), ..FileFacts::default() },
            names,
            known: Known::get(),
            scopes: Scopes::default(),
            flow: Flow::default(),
            tasks: Vec::new(),
            nesting: 0,
            initialisers: None,
            init_functions: 0,
        }
    }

    fn file(&mut self) {
        self.facts.directives = self.tree.directive_rows(self.text, |offset| self.facts.lines.line(offset));
        self.facts.grammar_errors = self.tree.first_errors;
        for &span in &self.tree.errors {
            let line = self.facts.lines.line(span.start);
            let message = "Go syntax that could not be read".to_owned();
            self.facts.problems.push(Problem { kind: ProblemKind::Syntax, message, file: None, line: Some(line) });
        }
        for root in self.tree.roots() {
            self.top_level(root);
        }
        if let Some((mut flow, span)) = self.initialisers.take()
            && let Some(function) = flow.function
        {
            self.facts.functions[function].span = span;
            self.number_literals(mem::take(&mut flow.literals));
            self.facts.functions[function].body = Some(flow.finish(Span { start: span.end, end: span.end }));
        }
        // Errors come in crowds; one a line says it.
        self.facts.problems.sort_by_key(|problem| (problem.line, problem.kind));
        self.facts.problems.dedup_by_key(|problem| (problem.line, problem.kind));
        // Facts of a whole repository are kept at once.
        self.facts.exprs.shrink_to_fit();
        self.facts.type_exprs.shrink_to_fit();
        self.facts.locals.shrink_to_fit();
        self.facts.functions.shrink_to_fit();
    }

    fn top_level(&mut self, parent: NodeId) {
        for node in self.tree.children(parent) {
            match self.tree.kind(node) {
                Kind::PackageClause => self.package_clause(node),
                Kind::ImportDeclaration => self.imports(node),
                Kind::ConstDeclaration => self.package_constants(node),
                Kind::VarDeclaration => self.package_variables(node),
                Kind::TypeDeclaration => self.type_declaration(node),
                Kind::FunctionDeclaration | Kind::MethodDeclaration => self.function_declaration(node),
                Kind::Error => self.top_level(node),
                // Statements at top level are not Go; the grammar allows them for snippets.
                _ => {}
            }
        }
    }

    // ---- small helpers used by all parts ----

    pub(super) fn span(&self, node: NodeId) -> Span {
        self.tree.span(node)
    }

    pub(super) fn bytes(&self, node: NodeId) -> &'t [u8] {
        let span = self.tree.span(node);
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    pub(super) fn symbol(&mut self, node: NodeId) -> Symbol {
        self.names.symbol(self.bytes(node))
    }

    /// Enters one level of nesting; `None` when the budget is spent.
    pub(super) fn enter(&mut self, node: NodeId) -> Option<()> {
        if self.nesting < MAX_NESTING {
            self.nesting += 1;
            return Some(());
        }
        let line = self.facts.lines.line(self.span(node).start);
        let message = format!("nested more than {MAX_NESTING} levels deep: what is inside was left out");
        self.facts.problems.push(Problem { kind: ProblemKind::Budget, message, file: None, line: Some(line) });
        None
    }

    pub(super) fn leave(&mut self) {
        self.nesting -= 1;
    }

    /// The expressions of an `expression_list`, or the one expression `node` is.
    pub(super) fn listed(&self, node: NodeId) -> Vec<NodeId> {
        match self.tree.kind(node) {
            Kind::ExpressionList => {
                self.tree.children(node).filter(|&child| self.tree.kind(child).is_expression()).collect()
            }
            _ => vec![node],
        }
    }

    /// A new variable of the current function, visible from now on.
    pub(super) fn declare_local(&mut self, name: Symbol, span: Span, decl: LocalDecl) -> Option<LocalId> {
        let function = self.flow.function?;
        let loop_scope = self.flow.loop_scope;
        let local = self.facts.locals.push(Local { name, function, decl, span, loop_scope, captured: false });
        self.scopes.declare(name, Binding::Local(local));
        Some(local)
    }

    /// Which value each of `names` names gets.
    pub(super) fn distribute(names: usize, values: &[ExprId], index: usize) -> Option<ValueRef> {
        match values {
            [expr] if names > 1 => Some(ValueRef { expr: *expr, component: u16::try_from(index).ok() }),
            _ => values.get(index).map(|&expr| ValueRef { expr, component: None }),
        }
    }

    // ---- package clause, imports ----

    fn package_clause(&mut self, node: NodeId) {
        if let Some(name) = self.tree.child(node, Kind::PackageIdentifier) {
            self.facts.package = Some(self.symbol(name));
            self.facts.generated = self.tree.generated.is_some_and(|comment| comment < self.span(node).start);
        }
    }

    fn imports(&mut self, node: NodeId) {
        for child in self.tree.children(node) {
            match self.tree.kind(child) {
                Kind::ImportSpec => self.import(child),
                Kind::ImportSpecList | Kind::Error => self.imports(child),
                _ => {}
            }
        }
    }

    fn import(&mut self, node: NodeId) {
        let mut binding = ImportBinding::PackageName;
        let mut path = None;
        for child in self.tree.children(node) {
            match self.tree.kind(child) {
                Kind::Dot => binding = ImportBinding::Dot,
                Kind::BlankIdentifier => binding = ImportBinding::Blank,
                Kind::PackageIdentifier => {
                    let name = self.symbol(child);
                    binding = if name == self.known.blank { ImportBinding::Blank } else { ImportBinding::Named(name) };
                }
                Kind::InterpretedStringLiteral | Kind::RawStringLiteral => path = Some(child),
                _ => {}
            }
        }
        let Some(path) = path else { return };
        let quoted = self.bytes(path);
        let path = self.names.symbol(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
        self.facts.cgo |= path == self.known.c;
        self.facts.imports.push(Import { binding, path, span: self.span(node) });
    }

    // ---- constants and variables ----

    /// The specifications of a `const` or `var` declaration.
    pub(super) fn value_specs(&self, node: NodeId, into: &mut Vec<NodeId>) {
        for child in self.tree.children(node) {
            match self.tree.kind(child) {
                Kind::ConstSpec | Kind::VarSpec => into.push(child),
                Kind::VarSpecList | Kind::Error => self.value_specs(child, into),
                _ => {}
            }
        }
    }

    pub(super) fn value_spec(&self, node: NodeId) -> ValueSpec {
        let mut spec = ValueSpec { names: Vec::new(), ty: None, values: Vec::new() };
        for child in self.tree.children(node) {
            match self.tree.kind(child) {
                Kind::Identifier => spec.names.push(child),
                Kind::ExpressionList => spec.values = self.listed(child),
                kind if kind.is_type() => spec.ty = Some(child),
                _ => {}
            }
        }
        spec
    }

    fn package_constants(&mut self, node: NodeId) {
        let mut specs = Vec::new();
        self.value_specs(node, &mut specs);
        let mut repeated = (None, Vec::new());
        for node in specs {
            let spec = self.value_spec(node);
            if !spec.values.is_empty() {
                let ty = spec.ty.map(|ty| self.type_expr(ty));
                repeated = (ty, spec.values.iter().map(|&value| self.expr(value)).collect());
            }
            for (index, &name) in spec.names.iter().enumerate() {
                let value = repeated.1.get(index).map(|&expr| ValueRef { expr, component: None });
                let row =
                    ValueDecl { name: self.symbol(name), constant: true, ty: repeated.0, value, span: self.span(name) };
                self.facts.values.push(row);
            }
        }
    }

    fn package_variables(&mut self, node: NodeId) {
        let mut specs = Vec::new();
        self.value_specs(node, &mut specs);
        for node in specs {
            let spec = self.value_spec(node);
            let ty = spec.ty.map(|ty| self.type_expr(ty));
            let values = self.package_initialisers(node, &spec.values);
            for (index, &node) in spec.names.iter().enumerate() {
                let (name, span) = (self.symbol(node), self.span(node));
                let value = Self::distribute(spec.names.len(), &values, index);
                self.facts.values.push(ValueDecl { name, constant: false, ty, value, span });
                if let Some(value) = value
                    && name != self.known.blank
                {
                    let place = self.push_expr(Expr::Name(name), span);
                    self.in_initialisers(|this| {
                        this.flow.emit(InstrKind::Write { place, source: Source::Value(value) }, span);
                    });
                }
            }
        }
    }

    fn package_initialisers(&mut self, spec: NodeId, values: &[NodeId]) -> Vec<ExprId> {
        if values.is_empty() {
            return Vec::new();
        }
        let span = self.span(spec);
        match &mut self.initialisers {
            Some((_, whole)) => whole.end = span.end,
            None => {
                let function = self.push_function(FuncKind::VarInit, span, span);
                self.initialisers = Some((Flow::new(function), span));
            }
        }
        self.in_initialisers(|this| {
            let values: Vec<ExprId> = values.iter().map(|&value| this.expr(value)).collect();
            for &value in &values {
                this.evaluate(value);
            }
            values
        })
    }

    /// Runs `read` inside the body of the package variables' initialisers.
    fn in_initialisers<R: Default>(&mut self, read: impl FnOnce(&mut Self) -> R) -> R {
        let Some((flow, span)) = self.initialisers.take() else { return R::default() };
        let outside = mem::replace(&mut self.flow, flow);
        let value = read(self);
        self.initialisers = Some((mem::replace(&mut self.flow, outside), span));
        value
    }

    // ---- types ----

    /// A `type` declaration, at package level or inside a function.
    pub(super) fn type_declaration(&mut self, node: NodeId) {
        for child in self.tree.children(node) {
            match self.tree.kind(child) {
                Kind::TypeSpec => self.type_spec(child, false),
                Kind::TypeAlias => self.type_spec(child, true),
                Kind::Error => self.type_declaration(child),
                _ => {}
            }
        }
    }

    fn type_spec(&mut self, node: NodeId, alias: bool) {
        let Some(name) = self.tree.child(node, Kind::TypeIdentifier) else { return };
        let (name, name_node) = (self.symbol(name), name);
        let function = self.flow.function;
        let body = self.bad_type();
        let span = self.span(node);
        let decl = self.facts.types.push(TypeDecl { name, type_params: Vec::new(), body, alias, function, span });
        if function.is_some() {
            self.scopes.declare(name, Binding::Type(decl));
        }
        self.scopes.open();
        if let Some(list) = self.tree.child(node, Kind::TypeParameterList) {
            self.facts.types[decl].type_params = self.type_parameters(list, TypeParamOwner::Type(decl), Vec::new());
        }
        let body =
            self.tree.children(node).filter(|&child| self.tree.kind(child).is_type() && child != name_node).last();
        if let Some(body) = body {
            self.facts.types[decl].body = self.type_expr(body);
        }
        self.scopes.close();
    }

    /// The parameters of a list, after those already known.
    fn type_parameters(&mut self, list: NodeId, owner: TypeParamOwner, known: Vec<TypeParam>) -> Vec<TypeParam> {
        let first = known.len();
        let mut params = known;
        let mut constraints = Vec::new();
        for declaration in self.tree.children(list) {
            if self.tree.kind(declaration) != Kind::TypeParameterDeclaration {
                continue;
            }
            let constraint = self.tree.child(declaration, Kind::TypeConstraint);
            for child in self.tree.children(declaration) {
                if self.tree.kind(child) == Kind::Identifier {
                    let name = self.symbol(child);
                    self.declare_type_parameter(name, owner, params.len());
                    params.push(TypeParam { name, constraint: None });
                    constraints.push(constraint);
                }
            }
        }
        // A constraint may name any parameter of its list, so all are declared first. Names of one declaration share it.
        let mut last = None;
        for (param, constraint) in params[first..].iter_mut().zip(constraints) {
            if constraint != last.map(|(node, _)| node) {
                last = constraint.map(|node| (node, self.union_type(node)));
            }
            param.constraint = last.map(|(_, ty)| ty);
        }
        params
    }

    fn declare_type_parameter(&mut self, name: Symbol, owner: TypeParamOwner, index: usize) {
        if name != self.known.blank {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            self.scopes.declare(name, Binding::TypeParam { owner, index });
        }
    }

    // ---- functions ----

    fn push_function(&mut self, kind: FuncKind, span: Span, name_span: Span) -> FuncIndex {
        self.facts.functions.push(Function {
            kind,
            type_params: Vec::new(),
            signature: Signature::default(),
            span,
            name_span,
            body_span: None,
            body: None,
        })
    }

    fn function_declaration(&mut self, node: NodeId) {
        let name = self.tree.child_where(node, |kind| matches!(kind, Kind::Identifier | Kind::FieldIdentifier));
        let Some(name_node) = name else { return };
        let name = self.symbol(name_node);
        let is_method = self.tree.kind(node) == Kind::MethodDeclaration;
        let receiver = match is_method {
            true => self.tree.child(node, Kind::ParameterList),
            false => self.tree.separate_receiver(node),
        };
        let mut init_number = 0;
        if name == self.known.init && receiver.is_none() {
            init_number = self.init_functions;
            self.init_functions += 1;
        }
        let kind = FuncKind::Decl { name, receiver: None, init_number };
        let function = self.push_function(kind, self.span(node), self.span(name_node));
        let outside = mem::replace(&mut self.flow, Flow::new(function));
        self.scopes.open();
        if let Some(list) = receiver {
            let found = self.receiver(list, function);
            if let FuncKind::Decl { receiver, .. } = &mut self.facts.functions[function].kind {
                *receiver = Some(found);
            }
        }
        if let Some(list) = self.tree.child(node, Kind::TypeParameterList) {
            // A method's own type parameters follow those its receiver names.
            let params = mem::take(&mut self.facts.functions[function].type_params);
            self.facts.functions[function].type_params =
                self.type_parameters(list, TypeParamOwner::Func(function), params);
        }
        let lists = self.tree.children(node).filter(|&child| self.tree.kind(child) == Kind::ParameterList);
        let lists: Vec<NodeId> = lists.skip(usize::from(is_method)).collect();
        self.function_rest(node, function, &lists);
        self.scopes.close();
        self.flow = outside;
    }

    /// A function literal inside the current function.
    pub(super) fn function_literal(&mut self, node: NodeId) -> Expr {
        let Some(parent) = self.flow.function else { return Expr::Bad };
        let span = self.span(node);
        let keyword = Span { start: span.start, end: span.end.min(span.start + 4) };
        let function = self.push_function(FuncKind::Literal { parent, number: 0 }, span, keyword);
        self.flow.literals.push(function);
        let outside = mem::replace(&mut self.flow, Flow::new(function));
        self.scopes.open();
        let lists = self.tree.children(node).filter(|&child| self.tree.kind(child) == Kind::ParameterList);
        let lists: Vec<NodeId> = lists.collect();
        self.function_rest(node, function, &lists);
        self.scopes.close();
        self.flow = outside;
        Expr::FuncLit(function)
    }

    /// Signature and body of the current function.
    fn function_rest(&mut self, node: NodeId, function: FuncIndex, lists: &[NodeId]) {
        let result = self.tree.child_where(node, Kind::is_type);
        self.facts.functions[function].signature = self.declared_signature(lists, result);
        let Some(block) = self.tree.child(node, Kind::Block) else { return };
        let span = self.span(block);
        self.facts.functions[function].body_span = Some(span);
        // Parameters and the body's own variables share one scope, so `x := …` of a parameter `x` assigns.
        self.statements(block);
        let mut flow = mem::take(&mut self.flow);
        self.number_literals(mem::take(&mut flow.literals));
        let closing = Span { start: span.end.saturating_sub(1).max(span.start), end: span.end };
        self.facts.functions[function].body = Some(flow.finish(closing));
    }

    /// Gives the literals directly inside one function their numbers.
    ///
    /// Go numbers by position in the source, which is not always the order they are lowered in: all cases of a `switch`
    /// are evaluated before its first clause runs. Bodies of range-over-func loops have numbers of their own (`-range1`)
    /// and take none of these; a literal inside such a body counts for the function around the loop. Unreachable code
    /// counts as well.
    ///
    /// Go 1.26 differs in two ways that one file cannot tell: literals of package variables are numbered over all files
    /// of the package in the order of initialisation (`init.func1`), and what a constant condition rules out
    /// (`if debug { … }` with `const debug = false`, also in `for` and `switch`) takes no numbers.
    fn number_literals(&mut self, mut literals: Vec<FuncIndex>) {
        literals.sort_by_key(|&literal| self.facts.functions[literal].span.start);
        for (literal, count) in literals.into_iter().zip(1..) {
            if let FuncKind::Literal { number, .. } = &mut self.facts.functions[literal].kind {
                *number = count;
            }
        }
    }

    fn receiver(&mut self, list: NodeId, function: FuncIndex) -> Receiver {
        let nothing = Receiver { local: None, type_name: self.names.symbol(b""), pointer: false };
        let Some(declaration) = self.tree.child(list, Kind::ParameterDeclaration) else { return nothing };
        let Some(ty) = self.tree.child_where(declaration, Kind::is_type) else { return nothing };
        let mut base = ty;
        let mut pointer = false;
        while let Some(inner) = match self.tree.kind(base) {
            Kind::PointerType | Kind::ParenthesizedType => self.tree.child_where(base, Kind::is_type),
            _ => None,
        } {
            pointer |= self.tree.kind(base) == Kind::PointerType;
            base = inner;
        }
        if self.tree.kind(base) == Kind::GenericType {
            self.receiver_type_parameters(base, function);
            base = self.tree.child_where(base, Kind::is_type).unwrap_or(base);
        }
        let type_name = self.symbol(base);
        let ty = self.type_expr(ty);
        let name = self.tree.child(declaration, Kind::Identifier);
        let local = name.and_then(|node| {
            let name = self.symbol(node);
            let blank = name == self.known.blank;
            let span = self.span(node);
            if blank { None } else { self.declare_local(name, span, LocalDecl::Receiver { ty }) }
        });
        Receiver { local, type_name, pointer }
    }

    fn receiver_type_parameters(&mut self, generic: NodeId, function: FuncIndex) {
        let Some(arguments) = self.tree.child(generic, Kind::TypeArguments) else { return };
        let mut params = Vec::new();
        for argument in self.tree.children(arguments) {
            let name = match self.tree.kind(argument) {
                Kind::TypeElem => self.tree.child(argument, Kind::TypeIdentifier),
                Kind::TypeIdentifier => Some(argument),
                _ => None,
            };
            let Some(name) = name else { continue };
            let name = self.symbol(name);
            self.declare_type_parameter(name, TypeParamOwner::Func(function), params.len());
            params.push(TypeParam { name, constraint: None });
        }
        self.facts.functions[function].type_params = params;
    }

    pub(super) fn bad_type(&mut self) -> super::TypeExprId {
        self.facts.type_exprs.push(TypeExpr::Bad)
    }
}

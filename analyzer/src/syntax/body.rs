//! Statements. Those that decide where control goes next are in [`branch`](super::branch).

use smallvec::SmallVec;

use super::{
    Expr, ExprId, InstrKind, LocalDecl, LoopScope, Source, Terminator, ValueRef, kind::Kind, lower::Lowerer,
    scope::Binding, tree::NodeId,
};
use crate::base::{Span, Symbol};

impl Lowerer<'_> {
    /// The statements of a block, clause or list, in the scope that is open.
    pub(super) fn statements(&mut self, node: NodeId) {
        for child in self.tree.children(node) {
            match self.tree.kind(child) {
                Kind::StatementList => self.statements(child),
                // Inside an error the grammar gives up on statements before it gives up on expressions.
                Kind::Error => self.statements_of_error(child),
                kind if kind.is_statement() => self.statement(child),
                _ => {}
            }
        }
    }

    fn statements_of_error(&mut self, node: NodeId) {
        if self.enter(node).is_none() {
            return;
        }
        for child in self.tree.children(node) {
            let kind = self.tree.kind(child);
            if kind.is_expression() {
                let expr = self.expr(child);
                self.evaluate(expr);
            } else if kind == Kind::ExpressionList || kind == Kind::Error {
                self.statements_of_error(child);
            } else if kind == Kind::StatementList {
                self.statements(child);
            } else if kind.is_statement() {
                self.statement(child);
            }
        }
        self.leave();
    }

    /// A block with a scope of its own.
    pub(super) fn block(&mut self, node: NodeId) {
        self.scopes.open();
        self.statements(node);
        self.scopes.close();
    }

    /// One statement.
    pub(super) fn statement(&mut self, node: NodeId) {
        let mut labels: SmallVec<[Symbol; 1]> = SmallVec::new();
        let mut node = node;
        while self.tree.kind(node) == Kind::LabeledStatement {
            if let Some(label) = self.tree.child(node, Kind::LabelName) {
                let name = self.symbol(label);
                let block = self.flow.label(name);
                self.flow.goto(block, self.span(label));
                self.flow.start(block);
                labels.push(name);
            }
            match self.tree.child_where(node, |kind| kind.is_statement() || kind == Kind::LabeledStatement) {
                Some(inner) => node = inner,
                None => return,
            }
        }
        if self.enter(node).is_none() {
            return;
        }
        let label = labels.last().copied();
        let span = self.span(node);
        match self.tree.kind(node) {
            Kind::ExpressionStatement => self.expression_statement(node),
            Kind::AssignmentStatement => self.assignment(node),
            Kind::ShortVarDeclaration => self.short_var_declaration(node),
            Kind::IncStatement | Kind::DecStatement => self.increment(node),
            Kind::SendStatement => {
                if let Some((channel, value)) = self.send_operands(node) {
                    self.evaluate(channel);
                    self.evaluate(value);
                    self.flow.emit(InstrKind::Send { channel, value }, span);
                }
            }
            Kind::GoStatement => self.go_or_defer(node, InstrKind::Go),
            Kind::DeferStatement => self.go_or_defer(node, InstrKind::Defer),
            Kind::VarDeclaration => self.local_variables(node),
            Kind::ConstDeclaration => self.local_constants(node),
            Kind::TypeDeclaration => self.type_declaration(node),
            Kind::ReturnStatement => {
                let list = self.tree.child(node, Kind::ExpressionList);
                let values = list.map(|list| self.expr_list(list)).unwrap_or_default();
                for &value in &values {
                    self.evaluate(value);
                }
                self.flow.end(Terminator::Return { values: values.into() }, span);
            }
            Kind::Block => self.block(node),
            Kind::IfStatement => self.if_statement(node),
            Kind::ForStatement => self.for_statement(node, label),
            Kind::ExpressionSwitchStatement => self.expression_switch(node, label),
            Kind::TypeSwitchStatement => self.type_switch(node, label),
            Kind::SelectStatement => self.select(node, label),
            Kind::BreakStatement => {
                let label = self.jump_label(node);
                let target = self.flow.break_target(label);
                self.jump(target, span);
            }
            Kind::ContinueStatement => {
                let label = self.jump_label(node);
                let target = self.flow.continue_target(label);
                self.jump(target, span);
            }
            Kind::GotoStatement => {
                let target = self.jump_label(node).map(|label| self.flow.label(label));
                self.jump(target, span);
            }
            Kind::FallthroughStatement => {
                let target = self.flow.targets.last().and_then(|target| target.following);
                self.jump(target, span);
            }
            _ => {}
        }
        self.leave();
    }

    fn jump_label(&mut self, node: NodeId) -> Option<Symbol> {
        self.tree.child(node, Kind::LabelName).map(|label| self.symbol(label))
    }

    /// Leaves for `target`; a jump to nowhere is a mistake in the Go code and ends the path.
    fn jump(&mut self, target: Option<super::BlockId>, span: Span) {
        match target {
            Some(target) => self.flow.goto(target, span),
            None => self.flow.end(Terminator::Unreachable, span),
        }
    }

    pub(super) fn expr_list(&mut self, list: NodeId) -> Vec<ExprId> {
        self.listed(list).into_iter().map(|node| self.expr(node)).collect()
    }

    fn first_expression(&self, node: NodeId) -> Option<NodeId> {
        self.tree.child_where(node, Kind::is_expression)
    }

    fn expression_statement(&mut self, node: NodeId) {
        let Some(inner) = self.first_expression(node) else { return };
        let expr = self.expr(inner);
        self.evaluate(expr);
        if let Expr::Call { callee, .. } = &self.facts.exprs[expr]
            && matches!(self.facts.exprs[*callee], Expr::Name(name) if name == self.known.panic)
        {
            self.flow.end(Terminator::Panic(expr), self.span(inner));
        }
    }

    fn go_or_defer(&mut self, node: NodeId, kind: fn(ExprId) -> InstrKind) {
        let Some(inner) = self.first_expression(node) else { return };
        let call = self.expr(inner);
        self.evaluate_operands_of(call);
        self.flow.emit(kind(call), self.span(node));
    }

    pub(super) fn send_operands(&mut self, node: NodeId) -> Option<(ExprId, ExprId)> {
        let mut parts = self.tree.children(node).filter(|&part| self.tree.kind(part).is_expression());
        let (channel, value) = (parts.next()?, parts.next()?);
        Some((self.expr(channel), self.expr(value)))
    }

    fn increment(&mut self, node: NodeId) {
        let Some(place) = self.first_expression(node) else { return };
        let place = self.expr(place);
        self.evaluate_place(place);
        self.write(place, Source::Update(None));
    }

    // ---- assignment ----

    pub(super) fn write(&mut self, place: ExprId, source: Source) {
        self.flow.emit(InstrKind::Write { place, source }, self.facts.exprs.span(place));
    }

    /// A place to assign to; `None` for `_`.
    pub(super) fn place(&mut self, node: NodeId) -> Option<ExprId> {
        let blank = self.tree.kind(node) == Kind::Identifier && self.bytes(node) == b"_";
        if blank { None } else { Some(self.expr(node)) }
    }

    /// Left and right side of an assignment, and whether it is a plain `=`.
    fn sides(&self, node: NodeId) -> (Vec<NodeId>, Vec<NodeId>, bool) {
        let mut lists = self.tree.children(node).filter(|&part| self.tree.kind(part) == Kind::ExpressionList);
        let left = lists.next().map(|list| self.listed(list)).unwrap_or_default();
        let right = lists.next().map(|list| self.listed(list)).unwrap_or_default();
        (left, right, self.tree.child(node, Kind::Assign).is_some())
    }

    fn assignment(&mut self, node: NodeId) {
        let (left, right, plain) = self.sides(node);
        let places: SmallVec<[Option<ExprId>; 2]> = left.iter().map(|&place| self.place(place)).collect();
        for &place in places.iter().flatten() {
            self.evaluate_place(place);
        }
        let values: SmallVec<[ExprId; 2]> = right.iter().map(|&value| self.expr(value)).collect();
        for &value in &values {
            self.evaluate(value);
        }
        for (index, place) in places.iter().enumerate() {
            let Some(place) = *place else { continue };
            let source = match Self::distribute(places.len(), &values, index) {
                Some(value) if plain => Source::Value(value),
                Some(value) => Source::Update(Some(value.expr)),
                None => Source::Update(None),
            };
            self.write(place, source);
        }
    }

    fn short_var_declaration(&mut self, node: NodeId) {
        let (left, right, _) = self.sides(node);
        let values: SmallVec<[ExprId; 2]> = right.iter().map(|&value| self.expr(value)).collect();
        for &value in &values {
            self.evaluate(value);
        }
        for (index, &name) in left.iter().enumerate() {
            if let Some(value) = Self::distribute(left.len(), &values, index) {
                self.define_or_assign(name, value);
            }
        }
    }

    /// One name on the left of `:=`. What the same scope already declares is assigned, not declared again.
    pub(super) fn define_or_assign(&mut self, node: NodeId, value: ValueRef) {
        let (name, span) = (self.symbol(node), self.span(node));
        if name == self.known.blank {
            return;
        }
        if let Some(Binding::Local(local)) = self.scopes.find_innermost(name) {
            let place = self.push_expr(Expr::Local(local), span);
            self.write(place, Source::Value(value));
            return;
        }
        self.define(name, span, LocalDecl::Value(value), Source::Value(value));
    }

    /// A new variable and its first value.
    pub(super) fn define(&mut self, name: Symbol, span: Span, decl: LocalDecl, source: Source) {
        if name == self.known.blank {
            return;
        }
        if let Some(local) = self.declare_local(name, span, decl) {
            self.flow.emit(InstrKind::Define { local, source }, span);
        }
    }

    // ---- declarations inside functions ----

    fn local_variables(&mut self, node: NodeId) {
        let mut specs = Vec::new();
        self.value_specs(node, &mut specs);
        for node in specs {
            let spec = self.value_spec(node);
            let ty = spec.ty.map(|ty| self.type_expr(ty));
            let values: Vec<ExprId> = spec.values.iter().map(|&value| self.expr(value)).collect();
            for &value in &values {
                self.evaluate(value);
            }
            for (index, &name) in spec.names.iter().enumerate() {
                let value = Self::distribute(spec.names.len(), &values, index);
                let decl = match (ty, value) {
                    (Some(ty), _) => LocalDecl::Typed { ty },
                    (None, Some(value)) => LocalDecl::Value(value),
                    (None, None) => LocalDecl::Typed { ty: self.bad_type() },
                };
                let (symbol, span) = (self.symbol(name), self.span(name));
                self.define(symbol, span, decl, value.map_or(Source::Zero, Source::Value));
            }
        }
    }

    fn local_constants(&mut self, node: NodeId) {
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
                let decl = LocalDecl::Const { ty: repeated.0, value: repeated.1.get(index).copied() };
                let (symbol, span) = (self.symbol(name), self.span(name));
                if symbol != self.known.blank {
                    self.declare_local(symbol, span, decl);
                }
            }
        }
    }

    /// Runs `read` with declarations counted to a part of a loop.
    pub(super) fn in_loop(&mut self, span: Span, header: bool, read: impl FnOnce(&mut Self)) {
        let outside = self.flow.loop_scope.replace(LoopScope { span, header });
        read(self);
        self.flow.loop_scope = outside;
    }
}

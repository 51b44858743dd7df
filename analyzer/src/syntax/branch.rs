//! Statements that branch: `if`, `for`, `switch`, `select`.

use thin_vec::ThinVec;

use super::{
    BlockId, Comm, Expr, ExprId, LocalDecl, Loop, SelectArm, Source, SwitchArm, Terminator, TypeExprId, TypeSwitchArm,
    ValueRef, flow::Target, kind::Kind, lower::Lowerer, tree::NodeId,
};
use crate::base::{Span, Symbol};

impl Lowerer<'_> {
    /// The closing brace of a block.
    fn closing(&self, node: NodeId) -> Span {
        let span = self.span(node);
        Span { start: span.end.saturating_sub(1).max(span.start), end: span.end }
    }

    /// The statement before the `;` of a header.
    fn header_statement(&mut self, node: NodeId) {
        if let Some(statement) = self.tree.child_where(node, Kind::is_simple_statement) {
            self.statement(statement);
        }
    }

    fn header_expression(&self, node: NodeId) -> Option<NodeId> {
        self.tree.child_where(node, Kind::is_expression)
    }

    /// `if`, with its whole `else if` chain: generated code has thousands of them.
    pub(super) fn if_statement(&mut self, node: NodeId) {
        let mut after = None;
        let mut scopes = 0;
        let mut node = node;
        loop {
            self.scopes.open();
            scopes += 1;
            self.header_statement(node);
            let (condition, span) = match self.header_expression(node) {
                Some(condition) => (self.expr(condition), self.span(condition)),
                None => (self.push_expr(Expr::Bad, self.span(node)), self.span(node)),
            };
            self.evaluate(condition);
            let mut blocks = self.tree.children(node).filter(|&child| self.tree.kind(child) == Kind::Block);
            let (body, last) = (blocks.next(), blocks.next());
            let chained = self.tree.child(node, Kind::IfStatement);
            let then = self.flow.new_block();
            let otherwise = match (last, chained) {
                (None, None) => *after.get_or_insert_with(|| self.flow.new_block()),
                _ => self.flow.new_block(),
            };
            self.flow.end(Terminator::If { condition, then, otherwise }, span);
            self.flow.start(then);
            if let Some(body) = body {
                self.block(body);
                self.flow.join(&mut after, self.closing(body));
            }
            match (last, chained) {
                (_, Some(chained)) => {
                    self.flow.start(otherwise);
                    node = chained;
                }
                (Some(last), None) => {
                    self.flow.start(otherwise);
                    self.block(last);
                    self.flow.join(&mut after, self.closing(last));
                    break;
                }
                (None, None) => break,
            }
        }
        for _ in 0..scopes {
            self.scopes.close();
        }
        self.flow.resume(after);
    }

    // ---- loops ----

    pub(super) fn for_statement(&mut self, node: NodeId, label: Option<Symbol>) {
        let body = self.tree.children(node).filter(|&child| self.tree.kind(child) == Kind::Block).last();
        let body = body.unwrap_or(node);
        self.scopes.open();
        match self.tree.child(node, Kind::RangeClause) {
            Some(clause) => self.range_loop(node, clause, body, label),
            None => self.condition_loop(node, body, label),
        }
        self.scopes.close();
    }

    fn condition_loop(&mut self, node: NodeId, body: NodeId, label: Option<Symbol>) {
        let span = self.span(node);
        let mut init = None;
        let mut condition = self.header_expression(node);
        let mut post = None;
        let clause = self.tree.child(node, Kind::ForClause);
        if let Some(clause) = clause {
            // `init ; condition ; post`, each of them optional.
            let mut semicolons = 0;
            for part in self.tree.children(clause) {
                match (self.tree.kind(part), semicolons) {
                    (Kind::Semicolon, _) => semicolons += 1,
                    (kind, 0) if kind.is_simple_statement() => init = Some(part),
                    (kind, 1) if kind.is_expression() => condition = Some(part),
                    (kind, _) if kind.is_simple_statement() => post = Some(part),
                    _ => {}
                }
            }
        }
        if let Some(init) = init {
            self.in_loop(span, true, |this| this.statement(init));
        }
        let head = self.flow.new_block();
        let exit = self.flow.new_block();
        self.flow.push_loop(Loop { head, exit, span });
        let header = clause.map_or(Span { start: span.start, end: self.span(body).start }, |clause| self.span(clause));
        self.flow.goto(head, header);
        self.flow.start(head);
        let inside = match condition {
            Some(node) => {
                let condition = self.expr(node);
                self.evaluate(condition);
                let then = self.flow.new_block();
                self.flow.end(Terminator::If { condition, then, otherwise: exit }, self.span(node));
                then
            }
            None => {
                let inside = self.flow.new_block();
                self.flow.goto(inside, header);
                inside
            }
        };
        let next = match post {
            Some(post) => {
                let block = self.flow.new_block();
                self.flow.start(block);
                self.in_loop(span, true, |this| this.statement(post));
                self.flow.goto(head, self.span(post));
                block
            }
            None => head,
        };
        self.flow.start(inside);
        self.loop_body(span, body, Target { label, exit: Some(exit), next: Some(next), following: None });
        self.flow.goto(next, self.closing(body));
        self.flow.start(exit);
    }

    fn loop_body(&mut self, span: Span, body: NodeId, target: Target) {
        self.flow.targets.push(target);
        self.in_loop(span, false, |this| this.block(body));
        self.flow.targets.pop();
    }

    fn range_loop(&mut self, node: NodeId, clause: NodeId, body: NodeId, label: Option<Symbol>) {
        let span = self.span(node);
        let left = self.tree.child(clause, Kind::ExpressionList).map(|list| self.listed(list)).unwrap_or_default();
        let defines = self.tree.child(clause, Kind::Define).is_some();
        let over = match self.tree.children(clause).filter(|&part| self.tree.kind(part).is_expression()).last() {
            Some(over) => self.expr(over),
            None => self.push_expr(Expr::Bad, self.span(clause)),
        };
        self.evaluate(over);
        let head = self.flow.new_block();
        let inside = self.flow.new_block();
        let exit = self.flow.new_block();
        self.flow.push_loop(Loop { head, exit, span });
        self.flow.goto(head, self.span(clause));
        self.flow.start(head);
        self.flow.end(Terminator::Range { over, body: inside, done: exit }, self.span(clause));
        self.flow.start(inside);
        self.in_loop(span, true, |this| {
            for (index, &name) in left.iter().take(2).enumerate() {
                let value = index == 1;
                let source = if value { Source::RangeValue { over } } else { Source::RangeKey { over } };
                if !defines {
                    if let Some(place) = this.place(name) {
                        this.evaluate_place(place);
                        this.write(place, source);
                    }
                    continue;
                }
                let decl = if value { LocalDecl::RangeValue { over } } else { LocalDecl::RangeKey { over } };
                let (symbol, span) = (this.symbol(name), this.span(name));
                this.define(symbol, span, decl, source);
            }
        });
        self.loop_body(span, body, Target { label, exit: Some(exit), next: Some(head), following: None });
        self.flow.goto(head, self.closing(body));
        self.flow.start(exit);
    }

    // ---- switches ----

    fn clauses(&self, node: NodeId) -> Vec<NodeId> {
        let is_clause =
            |kind| matches!(kind, Kind::ExpressionCase | Kind::TypeCase | Kind::CommunicationCase | Kind::DefaultCase);
        self.tree.children(node).filter(|&child| is_clause(self.tree.kind(child))).collect()
    }

    /// One block for each clause, and where control goes without a match: `default`, or the block after the switch.
    fn clause_blocks(&mut self, clauses: &[NodeId], after: &mut Option<BlockId>) -> (Vec<BlockId>, BlockId) {
        let blocks: Vec<BlockId> = clauses.iter().map(|_| self.flow.new_block()).collect();
        let default = clauses.iter().position(|&clause| self.tree.kind(clause) == Kind::DefaultCase);
        let default = match default.and_then(|index| blocks.get(index)) {
            Some(&block) => block,
            None => *after.get_or_insert_with(|| self.flow.new_block()),
        };
        (blocks, default)
    }

    /// Runs `begin` and the statements of every clause, each in a scope of its own.
    fn clause_bodies(
        &mut self,
        node: NodeId,
        clauses: &[NodeId],
        blocks: &[BlockId],
        mut target: Target,
        mut begin: impl FnMut(&mut Self, usize),
    ) {
        for (index, (&clause, &block)) in clauses.iter().zip(blocks).enumerate() {
            self.flow.start(block);
            self.scopes.open();
            begin(self, index);
            target.following = blocks.get(index + 1).copied();
            self.flow.targets.push(target);
            self.clause_statements(clause);
            // Pushed above, and every statement pops what it pushes.
            let Some(popped) = self.flow.targets.pop() else { return };
            target = popped;
            self.scopes.close();
            self.flow.join(&mut target.exit, self.closing(node));
        }
        self.flow.resume(target.exit);
    }

    /// The statements of a clause. A `select` clause's communication is a child of the same kinds.
    fn clause_statements(&mut self, clause: NodeId) {
        for child in self.tree.children(clause) {
            if self.tree.kind(child) == Kind::StatementList {
                self.statements(child);
            }
        }
    }

    pub(super) fn expression_switch(&mut self, node: NodeId, label: Option<Symbol>) {
        self.scopes.open();
        self.header_statement(node);
        let tag = self.header_expression(node).map(|tag| self.expr(tag));
        if let Some(tag) = tag {
            self.evaluate(tag);
        }
        let clauses = self.clauses(node);
        let mut exit = None;
        let mut cases: Vec<ThinVec<ExprId>> = Vec::with_capacity(clauses.len());
        for &clause in &clauses {
            let list = match self.tree.kind(clause) {
                Kind::ExpressionCase => self.tree.child(clause, Kind::ExpressionList),
                _ => None,
            };
            let values = list.map(|list| self.expr_list(list)).unwrap_or_default();
            for &value in &values {
                self.evaluate(value);
            }
            cases.push(values.into());
        }
        let (blocks, default) = self.clause_blocks(&clauses, &mut exit);
        let mut arms = ThinVec::with_capacity(clauses.len());
        for ((&clause, cases), &block) in clauses.iter().zip(cases).zip(&blocks) {
            if self.tree.kind(clause) == Kind::ExpressionCase {
                arms.push(SwitchArm { cases, block });
            }
        }
        self.flow.end(Terminator::Switch { tag, arms, default }, self.head_span(node));
        let target = Target { label, exit, next: None, following: None };
        self.clause_bodies(node, &clauses, &blocks, target, |_, _| {});
        self.scopes.close();
    }

    /// `switch …` up to its brace.
    fn head_span(&self, node: NodeId) -> Span {
        let span = self.span(node);
        let headers = self.tree.children(node).take_while(|&child| {
            !matches!(
                self.tree.kind(child),
                Kind::ExpressionCase | Kind::TypeCase | Kind::CommunicationCase | Kind::DefaultCase
            )
        });
        let end = headers.last().map_or(span.start + 6, |header| self.span(header).end);
        Span { start: span.start, end: end.min(span.end) }
    }

    pub(super) fn type_switch(&mut self, node: NodeId, label: Option<Symbol>) {
        self.scopes.open();
        self.header_statement(node);
        let alias = self.tree.child(node, Kind::ExpressionList).and_then(|list| self.listed(list).first().copied());
        let subject = match self.header_expression(node) {
            Some(subject) => self.expr(subject),
            None => self.push_expr(Expr::Bad, self.span(node)),
        };
        self.evaluate(subject);
        let clauses = self.clauses(node);
        let mut exit = None;
        let (blocks, default) = self.clause_blocks(&clauses, &mut exit);
        let types: Vec<ThinVec<TypeExprId>> = clauses.iter().map(|&clause| self.clause_types(clause)).collect();
        let mut arms = ThinVec::with_capacity(clauses.len());
        for ((&clause, types), &block) in clauses.iter().zip(&types).zip(&blocks) {
            if self.tree.kind(clause) == Kind::TypeCase {
                arms.push(TypeSwitchArm { types: types.clone(), block });
            }
        }
        self.flow.end(Terminator::TypeSwitch { subject, arms, default }, self.head_span(node));
        let target = Target { label, exit, next: None, following: None };
        self.clause_bodies(node, &clauses, &blocks, target, |this, index| {
            if let (Some(alias), Some(types)) = (alias, types.get(index)) {
                let decl = LocalDecl::TypeSwitch { subject, types: types.clone() };
                let (name, span) = (this.symbol(alias), this.span(alias));
                this.define(name, span, decl, Source::Value(ValueRef { expr: subject, component: None }));
            }
        });
        self.scopes.close();
    }

    /// The types of a `case`, without `nil`.
    fn clause_types(&mut self, clause: NodeId) -> ThinVec<TypeExprId> {
        if self.tree.kind(clause) != Kind::TypeCase {
            return ThinVec::default();
        }
        let nil = b"nil".as_slice();
        let types = self.tree.children(clause).take_while(|&child| self.tree.kind(child) != Kind::StatementList);
        let types = types.filter(|&child| self.tree.kind(child).is_type() && self.bytes(child) != nil);
        let types: Vec<NodeId> = types.collect();
        types.into_iter().map(|ty| self.type_expr(ty)).collect()
    }

    // ---- select ----

    pub(super) fn select(&mut self, node: NodeId, label: Option<Symbol>) {
        let clauses = self.clauses(node);
        let blocks: Vec<BlockId> = clauses.iter().map(|_| self.flow.new_block()).collect();
        let comms: Vec<Comm> = clauses.iter().map(|&clause| self.communication(clause)).collect();
        let arms = clauses.iter().zip(&comms).zip(&blocks).map(|((&clause, &comm), &block)| {
            let head =
                self.tree.child_where(clause, |kind| matches!(kind, Kind::SendStatement | Kind::ReceiveStatement));
            let start = self.span(clause).start;
            let end = head.map_or(start + 7, |head| self.span(head).end);
            SelectArm { comm, block, span: Span { start, end } }
        });
        let arms = arms.collect();
        self.flow.end(Terminator::Select { arms }, self.head_span(node));
        let target = Target { label, exit: None, next: None, following: None };
        self.clause_bodies(node, &clauses, &blocks, target, |this, index| {
            if let (Some(&clause), Some(&Comm::Receive(receive))) = (clauses.get(index), comms.get(index)) {
                this.received_values(clause, receive);
            }
        });
    }

    /// The communication of a clause; its operands are evaluated in the block before the `select`.
    fn communication(&mut self, clause: NodeId) -> Comm {
        if let Some(send) = self.tree.child(clause, Kind::SendStatement) {
            if let Some((channel, value)) = self.send_operands(send) {
                self.evaluate(channel);
                self.evaluate(value);
                return Comm::Send { channel, value };
            }
        } else if let Some(receive) = self.tree.child(clause, Kind::ReceiveStatement) {
            let parts = self.tree.children(receive).filter(|&part| self.tree.kind(part).is_expression());
            let expr = match parts.last() {
                Some(part) => self.expr(part),
                None => self.push_expr(Expr::Bad, self.span(receive)),
            };
            self.evaluate_operands_of(expr);
            return Comm::Receive(expr);
        }
        if self.tree.kind(clause) == Kind::DefaultCase {
            return Comm::Default;
        }
        let bad = self.push_expr(Expr::Bad, self.span(clause));
        Comm::Receive(bad)
    }

    /// `v, ok := <-c` on entering the clause.
    fn received_values(&mut self, clause: NodeId, receive: ExprId) {
        let Some(statement) = self.tree.child(clause, Kind::ReceiveStatement) else { return };
        let Some(list) = self.tree.child(statement, Kind::ExpressionList) else { return };
        let left = self.listed(list);
        let defines = self.tree.child(statement, Kind::Define).is_some();
        for (index, &name) in left.iter().enumerate() {
            let Some(value) = Self::distribute(left.len(), &[receive], index) else { continue };
            if defines {
                self.define_or_assign(name, value);
            } else if let Some(place) = self.place(name) {
                self.evaluate_place(place);
                self.write(place, Source::Value(value));
            }
        }
    }
}

//! Statements.

use std::mem;

use smallvec::SmallVec;

use super::{
    super::{
        kind::Kind,
        scan::Token,
        tree::{List, NodeId},
    },
    Parser,
};

/// What may stand in a statement besides what always may.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Anywhere,
    /// `range` may follow.
    For,
    /// `x.(type)` may follow.
    Switch,
}

/// A statement that may stand in a header.
#[derive(Clone, Copy)]
enum Simple {
    /// An expression, which the header may want as such.
    Expression(NodeId),
    /// Anything else.
    Statement(NodeId),
}

/// What the parts of an `if`, `for` or `switch` header are.
#[derive(Default)]
struct Header {
    init: Option<NodeId>,
    /// The `;` after `init`.
    semicolon: Option<NodeId>,
    subject: Option<Simple>,
}

impl Parser<'_> {
    /// The body of a function, whatever the function stands in.
    pub(super) fn function_body(&mut self) -> Option<NodeId> {
        let guard = mem::replace(&mut self.guard_allowed, false);
        let body = self.enclosed(Self::block)?;
        self.guard_allowed = guard;
        Some(body)
    }

    fn block(&mut self) -> Option<NodeId> {
        let start = self.start();
        self.expect(Token::LeftBrace)?;
        let statements = self.statements()?;
        self.expect(Token::RightBrace)?;
        Some(self.node(Kind::Block, start, statements))
    }

    /// Statements up to a closing brace or the next clause.
    fn statements(&mut self) -> Option<List> {
        let mut list = List::default();
        loop {
            match self.token() {
                Token::Semicolon => self.advance(),
                Token::RightBrace | Token::Case | Token::Default => return Some(list),
                _ => {
                    let statement = self.statement()?;
                    self.push(&mut list, statement);
                    if self.token() != Token::RightBrace {
                        self.expect(Token::Semicolon)?;
                    }
                }
            }
        }
    }

    fn statement(&mut self) -> Option<NodeId> {
        self.enter()?;
        let start = self.start();
        let mut children = List::default();
        let node = match self.token() {
            Token::Const | Token::Type | Token::Var => self.declaration()?,
            Token::LeftBrace => self.block()?,
            Token::If => self.if_statement()?,
            Token::For => self.for_statement()?,
            Token::Switch => self.switch_statement()?,
            Token::Select => self.select_statement()?,
            Token::Return => {
                self.advance();
                if !matches!(self.token(), Token::Semicolon | Token::RightBrace) {
                    let values = self.expression_list()?;
                    self.push(&mut children, values);
                }
                self.node(Kind::ReturnStatement, start, children)
            }
            Token::Go | Token::Defer => {
                let kind = if self.token() == Token::Go { Kind::GoStatement } else { Kind::DeferStatement };
                self.advance();
                let call = self.expression()?;
                self.push(&mut children, call);
                self.node(kind, start, children)
            }
            Token::Break | Token::Continue | Token::Goto => {
                let kind = match self.token() {
                    Token::Break => Kind::BreakStatement,
                    Token::Continue => Kind::ContinueStatement,
                    _ => Kind::GotoStatement,
                };
                self.advance();
                match self.name(Kind::LabelName) {
                    Some(label) => self.push(&mut children, label),
                    None if kind == Kind::GotoStatement => return None,
                    None => {}
                }
                self.node(kind, start, children)
            }
            Token::Fallthrough => self.leaf(Kind::FallthroughStatement),
            _ => match self.simple(Place::Anywhere)? {
                Simple::Expression(name)
                    if self.token() == Token::Colon && self.tree.kind(name) == Kind::Identifier =>
                {
                    self.advance();
                    self.tree.set_kind(name, Kind::LabelName);
                    self.push(&mut children, name);
                    let empty = [Token::Semicolon, Token::RightBrace, Token::Case, Token::Default];
                    if !empty.contains(&self.token()) {
                        let statement = self.statement()?;
                        self.push(&mut children, statement);
                    }
                    self.node(Kind::LabeledStatement, start, children)
                }
                simple => self.wrapped(simple),
            },
        };
        self.leave();
        Some(node)
    }

    fn wrapped(&mut self, simple: Simple) -> NodeId {
        match simple {
            Simple::Expression(node) => {
                let mut children = List::default();
                self.push(&mut children, node);
                self.tree.add(Kind::ExpressionStatement, self.tree.span(node), children)
            }
            Simple::Statement(node) => node,
        }
    }

    fn simple(&mut self, place: Place) -> Option<Simple> {
        let start = self.start();
        let mut children = List::default();
        if place == Place::For && self.take(Token::Range) {
            let over = self.expression()?;
            self.push(&mut children, over);
            return Some(Simple::Statement(self.node(Kind::RangeClause, start, children)));
        }
        let guard_allowed = mem::replace(&mut self.guard_allowed, place == Place::Switch);
        let first = self.expression()?;
        let operator = match self.token() {
            Token::Comma | Token::Define | Token::Assign | Token::Update => {
                let left = self.rest_of_list(first)?;
                self.push(&mut children, left);
                self.token()
            }
            Token::Increment | Token::Decrement => {
                let kind = if self.token() == Token::Increment { Kind::IncStatement } else { Kind::DecStatement };
                self.advance();
                self.push(&mut children, first);
                self.guard_allowed = guard_allowed;
                return Some(Simple::Statement(self.node(kind, start, children)));
            }
            Token::Arrow => {
                self.advance();
                self.push(&mut children, first);
                let value = self.expression()?;
                self.push(&mut children, value);
                self.guard_allowed = guard_allowed;
                return Some(Simple::Statement(self.node(Kind::SendStatement, start, children)));
            }
            _ => {
                self.guard_allowed = guard_allowed;
                return Some(Simple::Expression(first));
            }
        };
        let mut kind = Kind::AssignmentStatement;
        match operator {
            Token::Define => {
                kind = Kind::ShortVarDeclaration;
                let define = self.leaf(Kind::Define);
                self.push(&mut children, define);
            }
            Token::Assign => {
                let assign = self.leaf(Kind::Assign);
                self.push(&mut children, assign);
            }
            Token::Update => self.advance(),
            _ => return None,
        }
        if place == Place::For && operator != Token::Update && self.take(Token::Range) {
            let over = self.expression()?;
            self.push(&mut children, over);
            kind = Kind::RangeClause;
        } else {
            let right = self.expression_list()?;
            self.push(&mut children, right);
        }
        self.guard_allowed = guard_allowed;
        Some(Simple::Statement(self.node(kind, start, children)))
    }

    /// `init; subject` before the brace of a block. The subject of a `for` is not read here.
    fn header(&mut self, place: Place) -> Option<Header> {
        let around = mem::replace(&mut self.in_header, true);
        let mut header = Header::default();
        if self.token() != Token::Semicolon && self.token() != Token::LeftBrace {
            header.subject = Some(self.simple(place)?);
        }
        if self.token() == Token::Semicolon {
            if self.scanner.implied || self.guard.is_some() {
                return None;
            }
            header.init = header.subject.take().map(|simple| self.wrapped(simple));
            header.semicolon = Some(self.leaf(Kind::Semicolon));
            if self.token() != Token::LeftBrace {
                header.subject = Some(self.simple(place)?);
            }
        }
        self.in_header = around;
        Some(header)
    }

    /// `if`, with its whole `else if` chain.
    fn if_statement(&mut self) -> Option<NodeId> {
        let mut chain: SmallVec<[(u32, List); 4]> = SmallVec::new();
        loop {
            let start = self.start();
            self.advance();
            let mut children = List::default();
            let header = self.header(Place::Anywhere)?;
            if let Some(init) = header.init {
                self.push(&mut children, init);
            }
            let Some(Simple::Expression(condition)) = header.subject else { return None };
            self.push(&mut children, condition);
            let then = self.block()?;
            self.push(&mut children, then);
            chain.push((start, children));
            if !self.take(Token::Else) {
                break;
            }
            if self.token() == Token::If {
                continue;
            }
            let otherwise = self.block()?;
            let (_, children) = chain.last_mut()?;
            self.tree.push(children, otherwise);
            break;
        }
        let mut last = None;
        while let Some((start, mut children)) = chain.pop() {
            if let Some(chained) = last {
                self.push(&mut children, chained);
            }
            last = Some(self.node(Kind::IfStatement, start, children));
        }
        last
    }

    fn for_statement(&mut self) -> Option<NodeId> {
        let start = self.start();
        self.advance();
        let mut children = List::default();
        let around = mem::replace(&mut self.in_header, true);
        if self.token() != Token::LeftBrace {
            let clause_start = self.start();
            let mut first = None;
            if self.token() != Token::Semicolon {
                first = Some(self.simple(Place::For)?);
            }
            let clause = match first {
                Some(Simple::Statement(clause)) if self.tree.kind(clause) == Kind::RangeClause => clause,
                Some(Simple::Expression(condition)) if self.token() == Token::LeftBrace => condition,
                _ => self.for_clause(clause_start, first)?,
            };
            self.push(&mut children, clause);
        }
        self.in_header = around;
        let body = self.block()?;
        self.push(&mut children, body);
        Some(self.node(Kind::ForStatement, start, children))
    }

    /// `init; condition; post`, from the first semicolon on.
    fn for_clause(&mut self, start: u32, init: Option<Simple>) -> Option<NodeId> {
        let mut children = List::default();
        if let Some(init) = init {
            let init = self.wrapped(init);
            self.push(&mut children, init);
        }
        self.written_semicolon(&mut children)?;
        if self.token() != Token::Semicolon {
            let condition = self.expression()?;
            self.push(&mut children, condition);
        }
        self.written_semicolon(&mut children)?;
        if self.token() != Token::LeftBrace {
            let post = self.simple(Place::Anywhere)?;
            let post = self.wrapped(post);
            self.push(&mut children, post);
        }
        Some(self.node(Kind::ForClause, start, children))
    }

    fn written_semicolon(&mut self, children: &mut List) -> Option<()> {
        if self.token() != Token::Semicolon || self.scanner.implied {
            return None;
        }
        let semicolon = self.leaf(Kind::Semicolon);
        self.push(children, semicolon);
        Some(())
    }

    fn switch_statement(&mut self) -> Option<NodeId> {
        let start = self.start();
        self.advance();
        let mut children = List::default();
        let outer_guard = self.guard.take();
        let header = self.header(Place::Switch)?;
        for part in [header.init, header.semicolon].into_iter().flatten() {
            self.push(&mut children, part);
        }
        let guard = mem::replace(&mut self.guard, outer_guard);
        let (kind, case) = match guard {
            Some(guard) => {
                self.type_switch_subject(guard, header.subject?, &mut children)?;
                (Kind::TypeSwitchStatement, Kind::TypeCase)
            }
            None => {
                match header.subject {
                    Some(Simple::Expression(tag)) => self.push(&mut children, tag),
                    Some(Simple::Statement(_)) => return None,
                    None => {}
                }
                (Kind::ExpressionSwitchStatement, Kind::ExpressionCase)
            }
        };
        self.clauses(case, &mut children)?;
        Some(self.node(kind, start, children))
    }

    /// `x` of `switch x.(type)`, or `v` and `x` of `switch v := x.(type)`.
    fn type_switch_subject(&mut self, guard: NodeId, subject: Simple, children: &mut List) -> Option<()> {
        match subject {
            Simple::Expression(node) if node == guard => {}
            Simple::Statement(node) if self.tree.kind(node) == Kind::ShortVarDeclaration => {
                let mut parts = self.tree.children(node);
                let (alias, values) = (parts.next()?, parts.nth(1)?);
                let mut values = self.tree.children(values);
                let mut aliases = self.tree.children(alias);
                if values.next() != Some(guard) || values.next().is_some() || aliases.nth(1).is_some() {
                    return None;
                }
                self.push(children, alias);
            }
            _ => return None,
        }
        let value = self.tree.children(guard).next()?;
        self.push(children, value);
        Some(())
    }

    fn select_statement(&mut self) -> Option<NodeId> {
        let start = self.start();
        self.advance();
        let mut children = List::default();
        self.clauses(Kind::CommunicationCase, &mut children)?;
        Some(self.node(Kind::SelectStatement, start, children))
    }

    fn clauses(&mut self, case: Kind, children: &mut List) -> Option<()> {
        self.expect(Token::LeftBrace)?;
        while !self.take(Token::RightBrace) {
            let start = self.start();
            let mut parts = List::default();
            let kind = match self.token() {
                Token::Default => {
                    self.advance();
                    Kind::DefaultCase
                }
                Token::Case => {
                    self.advance();
                    self.case_head(case, &mut parts)?;
                    case
                }
                _ => return None,
            };
            self.expect(Token::Colon)?;
            let list_start = self.start();
            let statements = self.statements()?;
            let statements = self.node(Kind::StatementList, list_start, statements);
            self.push(&mut parts, statements);
            let clause = self.node(kind, start, parts);
            self.push(children, clause);
        }
        Some(())
    }

    fn case_head(&mut self, case: Kind, parts: &mut List) -> Option<()> {
        match case {
            Kind::ExpressionCase => {
                let values = self.expression_list()?;
                self.push(parts, values);
            }
            Kind::TypeCase => loop {
                self.push_type(parts)?;
                if !self.take(Token::Comma) {
                    break;
                }
            },
            _ => {
                let communication = self.communication()?;
                self.push(parts, communication);
            }
        }
        Some(())
    }

    fn communication(&mut self) -> Option<NodeId> {
        match self.simple(Place::Anywhere)? {
            Simple::Expression(node) => {
                let mut children = List::default();
                self.push(&mut children, node);
                Some(self.tree.add(Kind::ReceiveStatement, self.tree.span(node), children))
            }
            Simple::Statement(node) if self.tree.kind(node) == Kind::SendStatement => Some(node),
            // `v, ok := <-c` has the same parts, but one expression on the right.
            Simple::Statement(node) => {
                let mut parts = self.tree.children(node);
                let (left, operator, right) = (parts.next()?, parts.next()?, parts.next()?);
                let mut values = self.tree.children(right);
                let value = values.next()?;
                if values.next().is_some() {
                    return None;
                }
                let mut children = List::default();
                for part in [left, operator, value] {
                    self.push(&mut children, part);
                }
                Some(self.tree.add(Kind::ReceiveStatement, self.tree.span(node), children))
            }
        }
    }
}

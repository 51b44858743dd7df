//! Go text to a [`Tree`], by recursive descent: every file that is Go, up to version 1.27, with the nodes tree-sitter's
//! grammar has.
//!
//! Invariant: all or nothing. What is not Go, or nests deeper than lowering follows, is *refused* (`None`), and the whole
//! file is read by tree-sitter, which knows how to go on after an error. So nothing here recovers from anything.
//!
//! Where the grammar's nodes say more than lowering asks for, they are left out: most punctuation, `type_elem` around one
//! type, tags of fields, the list inside a block. An expression that turns out to be a type (`T` before `{`) is relabelled
//! in place.
//!
//! | module | reads |
//! |---|---|
//! | `mod` | declarations |
//! | `types` | types, signatures, type parameters |
//! | `exprs` | expressions |
//! | `stmts` | statements |

mod exprs;
mod stmts;
mod types;

use super::{
    kind::Kind,
    lower::MAX_NESTING,
    scan::{Scanner, Token},
    tree::{List, NodeId, Tree},
};
use crate::base::Span;

/// Reads `text` into `tree`, which must be empty. If it is refused (`None`) the tree holds parts nobody may use.
pub(super) fn parse(text: &[u8], tree: &mut Tree) -> Option<()> {
    // Names and literals are then characters, and no byte has to be looked at twice.
    std::str::from_utf8(text).ok()?;
    let mut parser = Parser {
        text,
        tree,
        scanner: Scanner::new(text),
        last_end: 0,
        nesting: 0,
        in_header: false,
        guard_allowed: false,
        guard: None,
    };
    parser.advance();
    parser.file()
}

struct Parser<'p> {
    text: &'p [u8],
    tree: &'p mut Tree,
    scanner: Scanner<'p>,
    /// End of the token before the current one.
    last_end: u32,
    nesting: u32,
    /// Whether `T {` is not a literal, because a block must follow: `if x == T {`.
    in_header: bool,
    /// Whether `x.(type)` may stand here.
    guard_allowed: bool,
    /// The `x.(type)` that was read.
    guard: Option<NodeId>,
}

impl Parser<'_> {
    // ---- tokens ----

    fn token(&self) -> Token {
        self.scanner.token
    }

    fn advance(&mut self) {
        self.last_end = self.scanner.span().end;
        let (text, tree) = (self.text, &mut *self.tree);
        self.scanner.advance(&mut |span| tree.comment(text, span));
    }

    /// Takes the current token if it is this one.
    fn take(&mut self, token: Token) -> bool {
        let found = self.token() == token;
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, token: Token) -> Option<()> {
        self.take(token).then_some(())
    }

    fn start(&self) -> u32 {
        self.scanner.span().start
    }

    /// The end of what stands in a list: a semicolon, which may be left out before the closing bracket.
    fn end_of_item(&mut self) -> Option<()> {
        match self.token() {
            Token::Semicolon => self.advance(),
            Token::RightParen | Token::RightBrace => {}
            _ => return None,
        }
        Some(())
    }

    // ---- nodes ----

    /// A node from `start` to the last token taken.
    fn node(&mut self, kind: Kind, start: u32, children: List) -> NodeId {
        self.tree.add(kind, Span { start, end: self.last_end }, children)
    }

    /// The current token as a node.
    fn leaf(&mut self, kind: Kind) -> NodeId {
        let node = self.tree.add(kind, self.scanner.span(), List::default());
        self.advance();
        node
    }

    fn name(&mut self, kind: Kind) -> Option<NodeId> {
        (self.token() == Token::Name).then(|| self.leaf(kind))
    }

    fn push(&mut self, list: &mut List, node: NodeId) {
        self.tree.push(list, node);
    }

    fn node_start(&self, node: NodeId) -> u32 {
        self.tree.span(node).start
    }

    fn is_expression(&self, node: NodeId) -> bool {
        self.tree.kind(node).is_expression()
    }

    fn is_type(&self, node: NodeId) -> bool {
        self.tree.kind(node).is_type()
    }

    /// One level deeper; `None` beyond what lowering would follow.
    fn enter(&mut self) -> Option<()> {
        self.nesting += 1;
        (self.nesting <= MAX_NESTING).then_some(())
    }

    fn leave(&mut self) {
        self.nesting -= 1;
    }

    // ---- declarations ----

    fn file(&mut self) -> Option<()> {
        let start = self.start();
        let mut declarations = List::default();
        self.expect(Token::Package)?;
        let mut children = List::default();
        let name = self.name(Kind::PackageIdentifier)?;
        self.push(&mut children, name);
        let clause = self.node(Kind::PackageClause, start, children);
        self.push(&mut declarations, clause);
        self.end_of_item()?;
        while self.token() != Token::Eof {
            let declaration = match self.token() {
                Token::Import => self.grouped(Kind::ImportDeclaration, Self::import_spec)?,
                Token::Func => self.function_declaration()?,
                _ => self.declaration()?,
            };
            self.push(&mut declarations, declaration);
            self.expect(Token::Semicolon)?;
        }
        let root = self.node(Kind::SourceFile, start, declarations);
        self.tree.set_root(root);
        Some(())
    }

    /// `const`, `type` or `var`, at package level or in a function.
    fn declaration(&mut self) -> Option<NodeId> {
        match self.token() {
            Token::Const => self.grouped(Kind::ConstDeclaration, |this| this.value_spec(Kind::ConstSpec)),
            Token::Var => self.grouped(Kind::VarDeclaration, |this| this.value_spec(Kind::VarSpec)),
            Token::Type => self.grouped(Kind::TypeDeclaration, Self::type_spec),
            _ => None,
        }
    }

    /// A keyword with one specification, or with many in parentheses.
    fn grouped(&mut self, kind: Kind, mut spec: impl FnMut(&mut Self) -> Option<NodeId>) -> Option<NodeId> {
        let start = self.start();
        self.advance();
        let mut specs = List::default();
        if self.take(Token::LeftParen) {
            while !self.take(Token::RightParen) {
                let one = spec(self)?;
                self.push(&mut specs, one);
                self.end_of_item()?;
            }
        } else {
            let one = spec(self)?;
            self.push(&mut specs, one);
        }
        Some(self.node(kind, start, specs))
    }

    fn import_spec(&mut self) -> Option<NodeId> {
        let start = self.start();
        let mut children = List::default();
        let binding = match self.token() {
            Token::Name => Some(self.leaf(Kind::PackageIdentifier)),
            Token::Dot => Some(self.leaf(Kind::Dot)),
            _ => None,
        };
        if let Some(binding) = binding {
            self.push(&mut children, binding);
        }
        let path = match self.token() {
            Token::String => self.leaf(Kind::InterpretedStringLiteral),
            Token::RawString => self.leaf(Kind::RawStringLiteral),
            _ => return None,
        };
        self.push(&mut children, path);
        Some(self.node(Kind::ImportSpec, start, children))
    }

    fn value_spec(&mut self, kind: Kind) -> Option<NodeId> {
        let start = self.start();
        let mut children = List::default();
        loop {
            let name = self.name(Kind::Identifier)?;
            self.push(&mut children, name);
            if !self.take(Token::Comma) {
                break;
            }
        }
        let typed = self.token().begins_type() || self.token() == Token::LeftParen;
        if typed {
            let ty = self.ty()?;
            self.push(&mut children, ty);
        }
        if self.take(Token::Assign) {
            let values = self.expression_list()?;
            self.push(&mut children, values);
        } else if typed != (kind == Kind::VarSpec) {
            // A variable has a type or a value; a constant without a value has no type.
            return None;
        }
        Some(self.node(kind, start, children))
    }

    fn function_declaration(&mut self) -> Option<NodeId> {
        let start = self.start();
        self.advance();
        let mut children = List::default();
        let is_method = self.token() == Token::LeftParen;
        let (kind, name_kind) = match is_method {
            true => (Kind::MethodDeclaration, Kind::FieldIdentifier),
            false => (Kind::FunctionDeclaration, Kind::Identifier),
        };
        if is_method {
            let receiver = self.parameter_list()?;
            self.push(&mut children, receiver);
        }
        let name = self.name(name_kind)?;
        self.push(&mut children, name);
        if self.token() == Token::LeftBracket {
            let parameters = self.type_parameter_list()?;
            self.push(&mut children, parameters);
        }
        self.signature(&mut children)?;
        if self.token() == Token::LeftBrace {
            let body = self.function_body()?;
            self.push(&mut children, body);
        }
        Some(self.node(kind, start, children))
    }
}

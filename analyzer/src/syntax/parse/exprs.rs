//! Expressions. Chains (`a + b + c`, `x.f().g[i]`) are read without recursion, as lowering does.

use super::{
    super::{
        kind::Kind,
        scan::Token,
        tree::{List, NodeId},
    },
    Parser,
};

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Option<NodeId> {
        let node = self.expression_or_type()?;
        self.is_expression(node).then_some(node)
    }

    /// An expression, or a type that cannot be taken for one: `[]T`, `chan T`.
    pub(super) fn expression_or_type(&mut self) -> Option<NodeId> {
        self.binary(1)
    }

    /// Reads between brackets, where a literal cannot be taken for a block.
    pub(super) fn enclosed<R>(&mut self, read: impl FnOnce(&mut Self) -> Option<R>) -> Option<R> {
        let header = std::mem::replace(&mut self.in_header, false);
        let value = read(self);
        self.in_header = header;
        value
    }

    pub(super) fn expression_list(&mut self) -> Option<NodeId> {
        let first = self.expression()?;
        self.rest_of_list(first)
    }

    /// The list that begins with `first`.
    pub(super) fn rest_of_list(&mut self, first: NodeId) -> Option<NodeId> {
        let mut list = List::default();
        self.push(&mut list, first);
        while self.take(Token::Comma) {
            let next = self.expression()?;
            self.push(&mut list, next);
        }
        Some(self.node(Kind::ExpressionList, self.node_start(first), list))
    }

    /// Operands with operators of precedence `lowest` and above between them.
    fn binary(&mut self, lowest: u8) -> Option<NodeId> {
        let mut left = self.unary()?;
        loop {
            let precedence = self.token().precedence();
            if precedence < lowest {
                return Some(left);
            }
            if !self.is_expression(left) {
                return None;
            }
            let mut children = List::default();
            self.push(&mut children, left);
            // Arithmetic is one to lowering; its operators need no nodes.
            let operator = match self.token() {
                Token::OrOr => Some(Kind::OrOr),
                Token::AndAnd => Some(Kind::AndAnd),
                Token::Equal => Some(Kind::EqualEqual),
                Token::NotEqual => Some(Kind::NotEqual),
                Token::Less => Some(Kind::Less),
                Token::LessEqual => Some(Kind::LessEqual),
                Token::Greater => Some(Kind::Greater),
                Token::GreaterEqual => Some(Kind::GreaterEqual),
                Token::ShiftLeft => Some(Kind::ShiftLeft),
                Token::ShiftRight => Some(Kind::ShiftRight),
                _ => None,
            };
            match operator {
                Some(operator) => {
                    let operator = self.leaf(operator);
                    self.push(&mut children, operator);
                }
                None => self.advance(),
            }
            let right = self.binary(precedence + 1)?;
            if !self.is_expression(right) {
                return None;
            }
            self.push(&mut children, right);
            left = self.node(Kind::BinaryExpression, self.node_start(left), children);
        }
    }

    fn unary(&mut self) -> Option<NodeId> {
        let operator = match self.token() {
            Token::Plus | Token::Minus | Token::Caret => None,
            Token::Bang => Some(Kind::Bang),
            Token::Ampersand => Some(Kind::Ampersand),
            Token::Star => Some(Kind::Star),
            Token::Arrow => Some(Kind::Arrow),
            _ => return self.primary(),
        };
        self.enter()?;
        let start = self.start();
        let mut children = List::default();
        match operator {
            Some(operator) => {
                let operator = self.leaf(operator);
                self.push(&mut children, operator);
            }
            None => self.advance(),
        }
        if operator == Some(Kind::Arrow) && self.take(Token::Chan) {
            self.push_type(&mut children)?;
            self.leave();
            // `<-chan T(x)` receives from what is converted to `chan T`: not worth the trouble.
            return (self.token() != Token::LeftParen).then(|| self.node(Kind::ChannelType, start, children));
        }
        let operand = self.unary()?;
        self.push(&mut children, operand);
        self.leave();
        let kind = match operator {
            _ if self.is_expression(operand) => Kind::UnaryExpression,
            Some(Kind::Star) => Kind::PointerType,
            _ => return None,
        };
        Some(self.node(kind, start, children))
    }

    /// An operand and the chain of selectors, indices and calls after it.
    fn primary(&mut self) -> Option<NodeId> {
        let mut node = self.operand()?;
        loop {
            node = match self.token() {
                Token::Dot => self.selector(node)?,
                Token::LeftBracket => self.index(node)?,
                Token::LeftParen => self.call(node)?,
                Token::LeftBrace if self.begins_literal(node) => {
                    self.as_type(node)?;
                    let mut children = List::default();
                    self.push(&mut children, node);
                    let value = self.literal_value()?;
                    self.push(&mut children, value);
                    self.node(Kind::CompositeLiteral, self.node_start(node), children)
                }
                _ => return Some(node),
            };
        }
    }

    fn operand(&mut self) -> Option<NodeId> {
        let kind = match self.token() {
            Token::Name => match self.scanner.word() {
                b"nil" => Kind::Nil,
                b"true" => Kind::True,
                b"false" => Kind::False,
                b"iota" => Kind::Iota,
                _ => Kind::Identifier,
            },
            Token::Int => Kind::IntLiteral,
            Token::Float => Kind::FloatLiteral,
            Token::Imaginary => Kind::ImaginaryLiteral,
            Token::Rune => Kind::RuneLiteral,
            Token::String => Kind::InterpretedStringLiteral,
            Token::RawString => Kind::RawStringLiteral,
            Token::LeftParen => return self.parenthesized(),
            Token::Func => return self.function_literal(),
            Token::LeftBracket => return self.array(),
            Token::Map | Token::Chan | Token::Struct | Token::Interface => return self.ty(),
            _ => return None,
        };
        Some(self.leaf(kind))
    }

    fn parenthesized(&mut self) -> Option<NodeId> {
        self.enter()?;
        let start = self.start();
        self.advance();
        let mut children = List::default();
        let inner = self.enclosed(Self::expression_or_type)?;
        self.push(&mut children, inner);
        self.expect(Token::RightParen)?;
        self.leave();
        let kind = if self.is_type(inner) { Kind::ParenthesizedType } else { Kind::ParenthesizedExpression };
        Some(self.node(kind, start, children))
    }

    /// A function literal, or a function type where nothing follows it.
    fn function_literal(&mut self) -> Option<NodeId> {
        self.enter()?;
        let start = self.start();
        self.advance();
        let mut children = List::default();
        self.signature(&mut children)?;
        let mut kind = Kind::FunctionType;
        if self.token() == Token::LeftBrace {
            let body = self.function_body()?;
            self.push(&mut children, body);
            kind = Kind::FuncLiteral;
        }
        self.leave();
        Some(self.node(kind, start, children))
    }

    /// `[]T`, `[n]T`, `[...]T`.
    fn array(&mut self) -> Option<NodeId> {
        self.enter()?;
        let start = self.start();
        self.advance();
        let mut children = List::default();
        let kind = match self.token() {
            Token::RightBracket => Kind::SliceType,
            Token::Ellipsis => {
                self.advance();
                Kind::ImplicitLengthArrayType
            }
            _ => {
                let length = self.enclosed(Self::expression)?;
                self.push(&mut children, length);
                Kind::ArrayType
            }
        };
        self.expect(Token::RightBracket)?;
        self.push_type(&mut children)?;
        self.leave();
        if kind == Kind::ImplicitLengthArrayType && self.token() != Token::LeftBrace {
            return None;
        }
        Some(self.node(kind, start, children))
    }

    fn selector(&mut self, operand: NodeId) -> Option<NodeId> {
        if !self.is_expression(operand) {
            return None;
        }
        let start = self.node_start(operand);
        self.advance();
        let mut children = List::default();
        self.push(&mut children, operand);
        if let Some(name) = self.name(Kind::FieldIdentifier) {
            self.push(&mut children, name);
            return Some(self.node(Kind::SelectorExpression, start, children));
        }
        self.expect(Token::LeftParen)?;
        let is_guard = self.guard_allowed && self.take(Token::Type);
        if !is_guard {
            self.push_type(&mut children)?;
        }
        self.expect(Token::RightParen)?;
        let node = self.node(Kind::TypeAssertionExpression, start, children);
        if is_guard {
            self.guard = Some(node);
        }
        Some(node)
    }

    /// `x[i]`, `x[i:j]`, `f[A, B]`.
    fn index(&mut self, operand: NodeId) -> Option<NodeId> {
        if !self.is_expression(operand) {
            return None;
        }
        self.enter()?;
        let start = self.node_start(operand);
        self.advance();
        let mut children = List::default();
        self.push(&mut children, operand);
        let header = std::mem::replace(&mut self.in_header, false);
        let mut kind = Kind::IndexExpression;
        if self.token() != Token::Colon {
            let first = self.expression_or_type()?;
            self.push(&mut children, first);
            if self.token() == Token::Colon && !self.is_expression(first) {
                return None;
            }
            while self.take(Token::Comma) && self.token() != Token::RightBracket {
                let next = self.expression_or_type()?;
                self.push(&mut children, next);
            }
        }
        let mut colons = 0;
        while colons < 2 && self.take(Token::Colon) {
            colons += 1;
            kind = Kind::SliceExpression;
            // Of three bounds only the first may be left out.
            if colons == 2 || !matches!(self.token(), Token::RightBracket | Token::Colon) {
                let bound = self.expression()?;
                self.push(&mut children, bound);
            } else if self.token() == Token::Colon {
                return None;
            }
        }
        self.in_header = header;
        self.expect(Token::RightBracket)?;
        self.leave();
        Some(self.node(kind, start, children))
    }

    /// A call, or a conversion to what can only be a type.
    fn call(&mut self, callee: NodeId) -> Option<NodeId> {
        self.enter()?;
        let start = self.node_start(callee);
        let list_start = self.start();
        let takes_type = self.tree.kind(callee) == Kind::Identifier && matches!(self.text_of(callee), b"new" | b"make");
        self.advance();
        let header = std::mem::replace(&mut self.in_header, false);
        let mut children = List::default();
        self.push(&mut children, callee);
        let kind = if self.is_type(callee) {
            let operand = self.expression()?;
            self.push(&mut children, operand);
            self.take(Token::Comma);
            self.expect(Token::RightParen)?;
            Kind::TypeConversionExpression
        } else {
            let mut arguments = List::default();
            while self.token() != Token::RightParen {
                let mut argument = self.expression_or_type()?;
                if !(self.is_expression(argument) || takes_type && arguments.is_empty()) {
                    return None;
                }
                if self.take(Token::Ellipsis) {
                    let mut inner = List::default();
                    self.push(&mut inner, argument);
                    argument = self.node(Kind::VariadicArgument, self.node_start(argument), inner);
                }
                self.push(&mut arguments, argument);
                if !self.take(Token::Comma) {
                    break;
                }
            }
            self.expect(Token::RightParen)?;
            let arguments = self.node(Kind::ArgumentList, list_start, arguments);
            self.push(&mut children, arguments);
            Kind::CallExpression
        };
        self.in_header = header;
        self.leave();
        Some(self.node(kind, start, children))
    }

    fn text_of(&self, node: NodeId) -> &[u8] {
        let span = self.tree.span(node);
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// Whether the `{` after `node` begins the value of a composite literal.
    fn begins_literal(&self, node: NodeId) -> bool {
        use Kind::*;
        match self.tree.kind(node) {
            SliceType | ArrayType | ImplicitLengthArrayType | MapType | StructType => true,
            Identifier => !self.in_header,
            SelectorExpression => !self.in_header && self.first_kind(node) == Some(Identifier),
            IndexExpression => {
                let generic = self.tree.children(node).next();
                !self.in_header
                    && generic.is_some_and(|generic| match self.tree.kind(generic) {
                        Identifier => true,
                        SelectorExpression => self.first_kind(generic) == Some(Identifier),
                        _ => false,
                    })
            }
            _ => false,
        }
    }

    fn first_kind(&self, node: NodeId) -> Option<Kind> {
        self.tree.children(node).next().map(|first| self.tree.kind(first))
    }

    fn literal_value(&mut self) -> Option<NodeId> {
        self.enter()?;
        let start = self.start();
        self.expect(Token::LeftBrace)?;
        let header = std::mem::replace(&mut self.in_header, false);
        let mut elements = List::default();
        while self.token() != Token::RightBrace {
            let mut element = self.literal_element()?;
            if self.take(Token::Colon) {
                let start = self.node_start(element);
                let mut parts = List::default();
                self.push(&mut parts, element);
                let value = self.literal_element()?;
                self.push(&mut parts, value);
                element = self.node(Kind::KeyedElement, start, parts);
            }
            self.push(&mut elements, element);
            if !self.take(Token::Comma) {
                break;
            }
        }
        self.in_header = header;
        self.expect(Token::RightBrace)?;
        self.leave();
        Some(self.node(Kind::LiteralValue, start, elements))
    }

    fn literal_element(&mut self) -> Option<NodeId> {
        let start = self.start();
        let mut children = List::default();
        let value = match self.token() {
            Token::LeftBrace => self.literal_value()?,
            _ => self.expression()?,
        };
        self.push(&mut children, value);
        Some(self.node(Kind::LiteralElement, start, children))
    }
}

//! Expressions. Nothing is evaluated here: [`evaluate`](super::evaluate) turns expressions into instructions.

use smallvec::SmallVec;

use super::{
    BinaryOp, Element, ElementKey, Expr, ExprId, Literal, TypeExpr, TypeExprId, kind::Kind, lower::Lowerer,
    scope::Binding, tree::NodeId,
};
use crate::base::{List, Span, Symbol};

/// Texts of string literals up to this length are kept: enough for the names of files, keys and environment variables
/// analysis compares.
const MAX_KEPT_STRING: usize = 64;

impl Lowerer<'_> {
    pub(super) fn push_expr(&mut self, expr: Expr, span: Span) -> ExprId {
        self.facts.exprs.push(expr, span)
    }

    fn bad_expr(&mut self, node: NodeId) -> ExprId {
        self.push_expr(Expr::Bad, self.span(node))
    }

    /// Lowers an expression.
    ///
    /// What hangs on the left (`a + b + c`, `x.f().g[i]`) is unrolled: generated code has chains of fifty thousand.
    pub(super) fn expr(&mut self, node: NodeId) -> ExprId {
        if self.enter(node).is_none() {
            return self.bad_expr(node);
        }
        let mut chain: SmallVec<[NodeId; 8]> = SmallVec::new();
        let mut innermost = node;
        loop {
            let kind = self.tree.kind(innermost);
            let links = match kind {
                Kind::ParenthesizedExpression | Kind::ParenthesizedType => false,
                Kind::BinaryExpression
                | Kind::SelectorExpression
                | Kind::IndexExpression
                | Kind::SliceExpression
                | Kind::CallExpression
                | Kind::TypeAssertionExpression => true,
                _ => break,
            };
            let Some(first) = self.tree.child_where(innermost, |kind| kind.is_expression() || kind.is_type()) else {
                break;
            };
            if links {
                chain.push(innermost);
            }
            innermost = first;
        }
        let mut value = self.operand(innermost);
        while let Some(link) = chain.pop() {
            let expr = self.chain_link(link, value);
            value = self.push_expr(expr, self.span(link));
        }
        self.leave();
        value
    }

    /// An expression whose first operand, already lowered, is `first`.
    fn chain_link(&mut self, node: NodeId, first: ExprId) -> Expr {
        let base = first;
        match self.tree.kind(node) {
            Kind::SelectorExpression => match self.tree.child(node, Kind::FieldIdentifier) {
                Some(name) => Expr::Select { base, name: self.symbol(name) },
                None => Expr::Bad,
            },
            Kind::CallExpression => self.call(node, base),
            Kind::BinaryExpression => {
                let mut parts = self.tree.children(node).filter(|&part| self.tree.kind(part) != Kind::Error).skip(1);
                // Operators without an own kind (`/`, `%`, `|`, `&^`) are not in the tree.
                let mut op = BinaryOp::Arithmetic;
                let mut right = parts.next();
                if let Some(token) = right
                    && self.tree.kind(token).is_token()
                {
                    op = binary_op(self.tree.kind(token));
                    right = parts.next();
                }
                match right {
                    Some(right) => Expr::Binary { op, left: first, right: self.expr(right) },
                    None => Expr::Bad,
                }
            }
            Kind::IndexExpression => Expr::Index { base, indices: self.later_operands(node) },
            Kind::SliceExpression => Expr::Slice { base, bounds: self.later_operands(node) },
            Kind::TypeAssertionExpression => {
                let ty = self.tree.children(node).skip(1).find(|&part| self.tree.kind(part).is_type());
                Expr::TypeAssert { base, ty: ty.map(|ty| self.type_expr(ty)) }
            }
            _ => Expr::Bad,
        }
    }

    /// All operands but the first.
    fn later_operands(&mut self, node: NodeId) -> List<ExprId> {
        let operands = self.tree.children(node).filter(|&part| {
            let kind = self.tree.kind(part);
            kind.is_expression() || kind.is_type()
        });
        let operands: SmallVec<[ExprId; 4]> = operands.skip(1).map(|part| self.expr(part)).collect();
        self.facts.exprs.push_list(operands)
    }

    fn call(&mut self, node: NodeId, callee: ExprId) -> Expr {
        let callee = match self.tree.child(node, Kind::TypeArguments) {
            Some(arguments) => {
                let span = Span { start: self.facts.exprs.span(callee).start, end: self.span(arguments).end };
                let indices = self.type_argument_exprs(arguments);
                self.push_expr(Expr::Index { base: callee, indices }, span)
            }
            None => callee,
        };
        let mut args = SmallVec::<[ExprId; 4]>::new();
        let mut spread = false;
        if let Some(list) = self.tree.child(node, Kind::ArgumentList) {
            self.arguments(list, &mut args, &mut spread);
        }
        Expr::Call { callee, args: self.facts.exprs.push_list(args), spread }
    }

    fn arguments(&mut self, list: NodeId, args: &mut SmallVec<[ExprId; 4]>, spread: &mut bool) {
        for argument in self.tree.children(list) {
            match self.tree.kind(argument) {
                Kind::VariadicArgument => {
                    *spread = true;
                    self.arguments(argument, args, spread);
                }
                // What the grammar could not place may still be arguments.
                Kind::Error | Kind::ExpressionList => self.arguments(argument, args, spread),
                kind if kind.is_expression() || kind.is_type() => args.push(self.expr(argument)),
                _ => {}
            }
        }
    }

    /// An expression that is no chain.
    fn operand(&mut self, node: NodeId) -> ExprId {
        let expr = match self.tree.kind(node) {
            Kind::Identifier | Kind::TypeIdentifier | Kind::Nil | Kind::True | Kind::False | Kind::Iota => {
                let name = self.symbol(node);
                self.name_expr(name)
            }
            Kind::UnaryExpression => self.unary(node),
            Kind::CompositeLiteral => return self.composite(node),
            Kind::FuncLiteral => self.function_literal(node),
            Kind::IntLiteral => {
                int_value(self.bytes(node)).map_or(Expr::Literal(Literal::LargeInt), |n| Expr::Int(n.into()))
            }
            Kind::FloatLiteral => Expr::Literal(Literal::Float),
            Kind::ImaginaryLiteral => Expr::Literal(Literal::Imaginary),
            Kind::RuneLiteral => Expr::Literal(Literal::Rune),
            Kind::InterpretedStringLiteral | Kind::RawStringLiteral => self.string(node),
            Kind::TypeConversionExpression => {
                let parts: SmallVec<[NodeId; 2]> = self.operands(node).collect();
                let [ty, operand] = parts.as_slice() else { return self.bad_expr(node) };
                let callee = self.expr(*ty);
                let operand = self.expr(*operand);
                Expr::Call { callee, args: self.facts.exprs.push_list([operand]), spread: false }
            }
            Kind::TypeInstantiationExpression => {
                let parts: SmallVec<[NodeId; 4]> = self.operands(node).collect();
                let [base, indices @ ..] = parts.as_slice() else { return self.bad_expr(node) };
                let base = self.expr(*base);
                let indices: SmallVec<[ExprId; 4]> = indices.iter().map(|&index| self.expr(index)).collect();
                Expr::Index { base, indices: self.facts.exprs.push_list(indices) }
            }
            kind if kind.is_type() => self.type_as_expr(node),
            _ => Expr::Bad,
        };
        self.push_expr(expr, self.span(node))
    }

    fn operands(&self, node: NodeId) -> impl Iterator<Item = NodeId> {
        let tree = self.tree;
        tree.children(node).filter(|&part| tree.kind(part).is_expression() || tree.kind(part).is_type())
    }

    /// What a bare name stands for as an expression.
    pub(super) fn name_expr(&mut self, name: Symbol) -> Expr {
        match self.scopes.find(name) {
            None => Expr::Name(name),
            Some(Binding::Local(local)) => Expr::Local(local),
            Some(Binding::Type(decl)) => Expr::Type(self.facts.type_exprs.push(TypeExpr::Local(decl))),
            Some(Binding::TypeParam { owner, index }) => {
                Expr::Type(self.facts.type_exprs.push(TypeExpr::Param { owner, index, name }))
            }
        }
    }

    fn unary(&mut self, node: NodeId) -> Expr {
        let operator = self.tree.child_where(node, Kind::is_token).map(|token| self.tree.kind(token));
        let Some(operand) = self.tree.child_where(node, |kind| kind.is_expression() || kind.is_type()) else {
            return Expr::Bad;
        };
        let operand = self.expr(operand);
        match operator {
            Some(Kind::Ampersand) => Expr::AddressOf(operand),
            Some(Kind::Star) => self.deref(operand),
            Some(Kind::Arrow) => Expr::Receive(operand),
            Some(Kind::Bang) => Expr::Not(operand),
            _ => Expr::Unary(operand),
        }
    }

    /// `*x`, or a pointer type when `x` can only be a type.
    fn deref(&mut self, operand: ExprId) -> Expr {
        match self.facts.exprs[operand] {
            Expr::Type(ty) => Expr::Type(self.facts.type_exprs.push(TypeExpr::Pointer(ty))),
            _ => Expr::Deref(operand),
        }
    }

    /// A node the grammar calls a type, where Go may mean an expression: `new(x.y)`, `f[i](x)`, `(*p)(x)`.
    fn type_as_expr(&mut self, node: NodeId) -> Expr {
        match self.tree.kind(node) {
            Kind::QualifiedType => {
                let package = self.tree.child(node, Kind::PackageIdentifier);
                let name = self.tree.child(node, Kind::TypeIdentifier);
                let (Some(package), Some(name)) = (package, name) else { return Expr::Bad };
                let symbol = self.symbol(package);
                let base = self.name_expr(symbol);
                let base = self.push_expr(base, self.span(package));
                Expr::Select { base, name: self.symbol(name) }
            }
            Kind::PointerType => match self.tree.child_where(node, Kind::is_type) {
                Some(inner) => {
                    let inner = self.expr(inner);
                    self.deref(inner)
                }
                None => Expr::Bad,
            },
            Kind::GenericType => {
                let Some(generic) = self.tree.child_where(node, Kind::is_type) else { return Expr::Bad };
                let base = self.expr(generic);
                let indices = match self.tree.child(node, Kind::TypeArguments) {
                    Some(arguments) => self.type_argument_exprs(arguments),
                    None => List::default(),
                };
                Expr::Index { base, indices }
            }
            _ => Expr::Type(self.type_expr(node)),
        }
    }

    /// Type arguments as the indices of an [`Expr::Index`].
    fn type_argument_exprs(&mut self, arguments: NodeId) -> List<ExprId> {
        let mut indices = Vec::new();
        for argument in self.tree.children(arguments) {
            let node = match self.tree.kind(argument) {
                Kind::TypeElem => match self.tree.child_where(argument, Kind::is_type) {
                    Some(ty) => ty,
                    None => continue,
                },
                kind if kind.is_type() => argument,
                _ => continue,
            };
            indices.push(self.expr(node));
        }
        self.facts.exprs.push_list(indices)
    }

    fn composite(&mut self, node: NodeId) -> ExprId {
        let ty = self.tree.child_where(node, Kind::is_type).map(|ty| self.type_expr(ty));
        match self.tree.child(node, Kind::LiteralValue) {
            Some(body) => self.literal_value(body, ty, self.span(node)),
            None => self.bad_expr(node),
        }
    }

    /// `{…}` of a composite literal.
    fn literal_value(&mut self, node: NodeId, ty: Option<TypeExprId>, span: Span) -> ExprId {
        let mut elements = Vec::new();
        for child in self.tree.children(node) {
            match self.tree.kind(child) {
                Kind::LiteralElement => {
                    if let Some(value) = self.literal_element(child) {
                        elements.push(Element { key: None, value });
                    }
                }
                Kind::KeyedElement => {
                    let mut parts =
                        self.tree.children(child).filter(|&part| self.tree.kind(part) == Kind::LiteralElement);
                    let (Some(key), Some(value)) = (parts.next(), parts.next()) else { continue };
                    let key = self.element_key(key);
                    if let Some(value) = self.literal_element(value) {
                        elements.push(Element { key, value });
                    }
                }
                _ => {}
            }
        }
        let elements = self.facts.exprs.push_elements(elements);
        self.push_expr(Expr::Composite { ty, elements }, span)
    }

    fn literal_element(&mut self, node: NodeId) -> Option<ExprId> {
        let inner = self.tree.child_where(node, |kind| kind.is_expression() || kind == Kind::LiteralValue)?;
        if self.tree.kind(inner) != Kind::LiteralValue {
            return Some(self.expr(inner));
        }
        if self.enter(inner).is_none() {
            return Some(self.bad_expr(inner));
        }
        let value = self.literal_value(inner, None, self.span(inner));
        self.leave();
        Some(value)
    }

    fn element_key(&mut self, node: NodeId) -> Option<ElementKey> {
        let expr = self.literal_element(node)?;
        let bare = self.tree.child(node, Kind::Identifier);
        match bare {
            Some(identifier) => Some(ElementKey::Name { name: self.symbol(identifier), expr }),
            None => Some(ElementKey::Expr(expr)),
        }
    }

    fn string(&mut self, node: NodeId) -> Expr {
        let quoted = self.bytes(node);
        let content = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        let raw = self.tree.kind(node) == Kind::RawStringLiteral;
        let plain = content.len() <= MAX_KEPT_STRING
            && !content.contains(&if raw { b'\r' } else { b'\\' })
            && std::str::from_utf8(content).is_ok();
        Expr::Literal(Literal::String(plain.then(|| self.names.symbol(content))))
    }
}

fn binary_op(token: Kind) -> BinaryOp {
    match token {
        Kind::EqualEqual => BinaryOp::Equal,
        Kind::NotEqual => BinaryOp::NotEqual,
        Kind::Less | Kind::LessEqual | Kind::Greater | Kind::GreaterEqual => BinaryOp::Order,
        Kind::AndAnd => BinaryOp::And,
        Kind::OrOr => BinaryOp::Or,
        Kind::ShiftLeft | Kind::ShiftRight => BinaryOp::Shift,
        _ => BinaryOp::Arithmetic,
    }
}

/// The value of an integer literal, if it fits.
fn int_value(text: &[u8]) -> Option<i64> {
    let digits: String = std::str::from_utf8(text).ok()?.chars().filter(|&c| c != '_').collect();
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    i64::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_every_base_have_values() {
        let values = ["0", "42", "1_000", "0x1F", "0o17", "017", "0b101", "9223372036854775808"];
        let expected = [Some(0), Some(42), Some(1000), Some(31), Some(15), Some(15), Some(5), None];
        assert_eq!(values.map(|text| int_value(text.as_bytes())), expected);
    }
}

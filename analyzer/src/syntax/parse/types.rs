//! Types, signatures and type parameters.

use smallvec::SmallVec;

use super::{
    super::{
        kind::Kind,
        scan::Token,
        tree::{List, NodeId},
    },
    Parser,
};

/// A part of a parameter list before it is clear whether the list has names.
struct Parameter {
    /// A name; without `ty` it may be a type.
    name: Option<NodeId>,
    ty: Option<NodeId>,
    variadic: bool,
}

/// What a `[` after a name begins.
enum Bracketed {
    /// The type of what is named: `a []T`, `a [n]T`.
    Type(NodeId),
    /// The name's type arguments: `T[int]`.
    Arguments(List),
}

impl Parser<'_> {
    pub(super) fn ty(&mut self) -> Option<NodeId> {
        self.enter()?;
        let start = self.start();
        let mut children = List::default();
        let kind = match self.token() {
            Token::Name => {
                let name = self.leaf(Kind::TypeIdentifier);
                let ty = self.type_name(name);
                self.leave();
                return ty;
            }
            Token::Star => {
                self.advance();
                self.push_type(&mut children)?;
                Kind::PointerType
            }
            Token::LeftParen => {
                self.advance();
                self.push_type(&mut children)?;
                self.expect(Token::RightParen)?;
                Kind::ParenthesizedType
            }
            Token::LeftBracket => {
                self.advance();
                let kind = if self.take(Token::RightBracket) {
                    Kind::SliceType
                } else {
                    let length = self.enclosed(Self::expression)?;
                    self.push(&mut children, length);
                    self.expect(Token::RightBracket)?;
                    Kind::ArrayType
                };
                self.push_type(&mut children)?;
                kind
            }
            Token::Map => {
                self.advance();
                self.expect(Token::LeftBracket)?;
                self.push_type(&mut children)?;
                self.expect(Token::RightBracket)?;
                self.push_type(&mut children)?;
                Kind::MapType
            }
            Token::Chan => {
                let chan = self.leaf(Kind::Chan);
                self.push(&mut children, chan);
                if self.token() == Token::Arrow {
                    let arrow = self.leaf(Kind::Arrow);
                    self.push(&mut children, arrow);
                }
                self.push_type(&mut children)?;
                Kind::ChannelType
            }
            Token::Arrow => {
                let arrow = self.leaf(Kind::Arrow);
                self.push(&mut children, arrow);
                self.expect(Token::Chan)?;
                self.push_type(&mut children)?;
                Kind::ChannelType
            }
            Token::Func => {
                self.advance();
                self.signature(&mut children)?;
                Kind::FunctionType
            }
            Token::Struct => {
                self.struct_fields(&mut children)?;
                Kind::StructType
            }
            Token::Interface => {
                self.interface_elements(&mut children)?;
                Kind::InterfaceType
            }
            _ => return None,
        };
        self.leave();
        Some(self.node(kind, start, children))
    }

    pub(super) fn push_type(&mut self, list: &mut List) -> Option<()> {
        let ty = self.ty()?;
        self.push(list, ty);
        Some(())
    }

    /// What follows the first name of a type: `.T`, type arguments.
    fn type_name(&mut self, name: NodeId) -> Option<NodeId> {
        let ty = self.qualified(name)?;
        if self.token() != Token::LeftBracket {
            return Some(ty);
        }
        self.advance();
        let mut arguments = List::default();
        loop {
            self.push_type(&mut arguments)?;
            if !self.take(Token::Comma) || self.token() == Token::RightBracket {
                break;
            }
        }
        self.expect(Token::RightBracket)?;
        Some(self.generic_type(ty, arguments))
    }

    /// `name` as a type, with what a dot selects from it.
    fn qualified(&mut self, name: NodeId) -> Option<NodeId> {
        if !self.take(Token::Dot) {
            self.tree.set_kind(name, Kind::TypeIdentifier);
            return Some(name);
        }
        self.tree.set_kind(name, Kind::PackageIdentifier);
        let mut children = List::default();
        self.push(&mut children, name);
        let selected = self.name(Kind::TypeIdentifier)?;
        self.push(&mut children, selected);
        Some(self.node(Kind::QualifiedType, self.node_start(name), children))
    }

    /// `ty[arguments]`, its last token taken.
    fn generic_type(&mut self, ty: NodeId, arguments: List) -> NodeId {
        let start = self.node_start(ty);
        let mut children = List::default();
        self.push(&mut children, ty);
        let arguments = self.node(Kind::TypeArguments, start, arguments);
        self.push(&mut children, arguments);
        self.node(Kind::GenericType, start, children)
    }

    /// Relabels an expression that stands where only a type can.
    pub(super) fn as_type(&mut self, node: NodeId) -> Option<()> {
        self.enter()?;
        let kind = match self.tree.kind(node) {
            Kind::Identifier => Kind::TypeIdentifier,
            Kind::SelectorExpression => {
                let mut parts = self.tree.children(node);
                let (package, name) = (parts.next()?, parts.next()?);
                if self.tree.kind(package) != Kind::Identifier {
                    return None;
                }
                self.tree.set_kind(package, Kind::PackageIdentifier);
                self.tree.set_kind(name, Kind::TypeIdentifier);
                Kind::QualifiedType
            }
            Kind::IndexExpression => {
                let parts: SmallVec<[NodeId; 4]> = self.tree.children(node).collect();
                for &part in &parts {
                    self.as_type(part)?;
                }
                let (&generic, arguments) = parts.split_first()?;
                let arguments = arguments.iter().fold(List::default(), |mut list, &argument| {
                    self.push(&mut list, argument);
                    list
                });
                let arguments = self.tree.add(Kind::TypeArguments, self.tree.span(node), arguments);
                let mut children = List::default();
                self.push(&mut children, generic);
                self.push(&mut children, arguments);
                self.tree.set_children(node, children);
                Kind::GenericType
            }
            Kind::UnaryExpression => {
                let mut parts = self.tree.children(node);
                let (operator, operand) = (parts.next()?, parts.next()?);
                if self.tree.kind(operator) != Kind::Star {
                    return None;
                }
                self.as_type(operand)?;
                Kind::PointerType
            }
            Kind::ParenthesizedExpression => {
                let inner = self.tree.children(node).next()?;
                self.as_type(inner)?;
                Kind::ParenthesizedType
            }
            kind if kind.is_type() => kind,
            _ => return None,
        };
        self.tree.set_kind(node, kind);
        self.leave();
        Some(())
    }

    /// What stands in brackets after a name that may be that of a variable or of a type. The current token is the `[`.
    fn bracketed(&mut self) -> Option<Bracketed> {
        let start = self.start();
        self.advance();
        let mut children = List::default();
        if self.take(Token::RightBracket) {
            self.push_type(&mut children)?;
            return Some(Bracketed::Type(self.node(Kind::SliceType, start, children)));
        }
        let mut parts: SmallVec<[NodeId; 4]> = SmallVec::new();
        loop {
            parts.push(self.enclosed(Self::expression_or_type)?);
            if !self.take(Token::Comma) || self.token() == Token::RightBracket {
                break;
            }
        }
        self.expect(Token::RightBracket)?;
        if let &[length] = parts.as_slice()
            && (self.token().begins_type() || self.token() == Token::LeftParen)
        {
            if !self.is_expression(length) {
                return None;
            }
            self.push(&mut children, length);
            self.push_type(&mut children)?;
            return Some(Bracketed::Type(self.node(Kind::ArrayType, start, children)));
        }
        for part in parts {
            self.as_type(part)?;
            self.push(&mut children, part);
        }
        Some(Bracketed::Arguments(children))
    }

    // ---- signatures ----

    /// Parameters and results.
    pub(super) fn signature(&mut self, children: &mut List) -> Option<()> {
        let parameters = self.parameter_list()?;
        self.push(children, parameters);
        if self.token() == Token::LeftParen {
            let results = self.parameter_list()?;
            self.push(children, results);
        } else if self.token().begins_type() {
            self.push_type(children)?;
        }
        Some(())
    }

    pub(super) fn parameter_list(&mut self) -> Option<NodeId> {
        self.enter()?;
        let start = self.start();
        self.expect(Token::LeftParen)?;
        let mut parameters: SmallVec<[Parameter; 8]> = SmallVec::new();
        while self.token() != Token::RightParen {
            parameters.push(self.parameter()?);
            if !self.take(Token::Comma) {
                break;
            }
        }
        self.expect(Token::RightParen)?;
        let named = parameters.iter().any(|parameter| parameter.name.is_some() && parameter.ty.is_some());
        let mut list = List::default();
        let mut children = List::default();
        let mut names = 0;
        for Parameter { name, ty, variadic } in parameters {
            let ty = match (named, name, ty) {
                (true, Some(name), ty) => {
                    self.push(&mut children, name);
                    names += 1;
                    match ty {
                        Some(ty) => ty,
                        None => continue,
                    }
                }
                (false, Some(name), None) => {
                    self.tree.set_kind(name, Kind::TypeIdentifier);
                    name
                }
                (false, None, Some(ty)) => ty,
                _ => return None,
            };
            // `a, b ...T` is no Go.
            if variadic && names > 1 {
                return None;
            }
            self.push(&mut children, ty);
            let kind = if variadic { Kind::VariadicParameterDeclaration } else { Kind::ParameterDeclaration };
            let declaration = self.tree.add(kind, self.tree.span(ty), std::mem::take(&mut children));
            self.push(&mut list, declaration);
            names = 0;
        }
        // Names at the end without a type.
        if names > 0 {
            return None;
        }
        self.leave();
        Some(self.node(Kind::ParameterList, start, list))
    }

    fn parameter(&mut self) -> Option<Parameter> {
        let unnamed = |ty| Parameter { name: None, ty: Some(ty), variadic: false };
        if self.take(Token::Ellipsis) {
            return Some(Parameter { variadic: true, ..unnamed(self.ty()?) });
        }
        let Some(name) = self.name(Kind::Identifier) else { return self.ty().map(unnamed) };
        let named = |ty| Parameter { name: Some(name), ty, variadic: false };
        Some(match self.token() {
            Token::Comma | Token::RightParen => named(None),
            Token::Dot => unnamed(self.type_name(name)?),
            Token::Ellipsis => {
                self.advance();
                Parameter { variadic: true, ..named(Some(self.ty()?)) }
            }
            Token::LeftBracket => match self.bracketed()? {
                Bracketed::Type(ty) => named(Some(ty)),
                Bracketed::Arguments(arguments) => {
                    self.tree.set_kind(name, Kind::TypeIdentifier);
                    unnamed(self.generic_type(name, arguments))
                }
            },
            _ => named(Some(self.ty()?)),
        })
    }

    // ---- type declarations ----

    pub(super) fn type_spec(&mut self) -> Option<NodeId> {
        let start = self.start();
        let mut children = List::default();
        let name = self.name(Kind::TypeIdentifier)?;
        self.push(&mut children, name);
        if self.token() == Token::LeftBracket && self.begins_type_parameters() {
            let parameters = self.type_parameter_list()?;
            self.push(&mut children, parameters);
        }
        let kind = if self.take(Token::Assign) { Kind::TypeAlias } else { Kind::TypeSpec };
        self.push_type(&mut children)?;
        Some(self.node(kind, start, children))
    }

    /// Whether the current `[`, after the name of a declared type, begins type parameters or an array or slice type.
    ///
    /// A few tokens tell, where the specification prefers an array (`[P *C | D]`) included. Type parameters that begin in an
    /// unusual way (`[P (C)]`) are then not read as a type either, and the file is refused.
    fn begins_type_parameters(&self) -> bool {
        let mut ahead = self.scanner;
        let mut next = || {
            ahead.advance(&mut |_| {});
            ahead.token
        };
        if next() != Token::Name {
            return false;
        }
        match next() {
            Token::Name | Token::Comma | Token::Tilde | Token::Arrow => true,
            Token::Interface | Token::Func | Token::Map | Token::Chan | Token::Struct => true,
            Token::LeftBracket => next() == Token::RightBracket,
            Token::Star => match next() {
                // `[P *C,]` and `[P *C | D, …` are no arrays.
                Token::Name => loop {
                    match next() {
                        Token::Name | Token::Dot | Token::Or | Token::Star => {}
                        token => break token == Token::Comma,
                    }
                },
                token => token.begins_type(),
            },
            _ => false,
        }
    }

    pub(super) fn type_parameter_list(&mut self) -> Option<NodeId> {
        let start = self.start();
        self.expect(Token::LeftBracket)?;
        let mut list = List::default();
        loop {
            let start = self.start();
            let mut children = List::default();
            loop {
                let name = self.name(Kind::Identifier)?;
                self.push(&mut children, name);
                if !self.take(Token::Comma) {
                    break;
                }
            }
            let constraint = self.type_element(Kind::TypeConstraint, None)?;
            self.push(&mut children, constraint);
            let declaration = self.node(Kind::TypeParameterDeclaration, start, children);
            self.push(&mut list, declaration);
            if !self.take(Token::Comma) || self.token() == Token::RightBracket {
                break;
            }
        }
        self.expect(Token::RightBracket)?;
        Some(self.node(Kind::TypeParameterList, start, list))
    }

    /// `~A | B`, whose first name may have been taken already.
    fn type_element(&mut self, kind: Kind, first: Option<NodeId>) -> Option<NodeId> {
        let start = first.map_or(self.start(), |name| self.node_start(name));
        let mut terms = List::default();
        if let Some(name) = first {
            let ty = self.type_name(name)?;
            self.push(&mut terms, ty);
            if !self.take(Token::Or) {
                return Some(self.node(kind, start, terms));
            }
        }
        loop {
            let start = self.start();
            if self.take(Token::Tilde) {
                let mut children = List::default();
                self.push_type(&mut children)?;
                let term = self.node(Kind::NegatedType, start, children);
                self.push(&mut terms, term);
            } else {
                self.push_type(&mut terms)?;
            }
            if !self.take(Token::Or) {
                return Some(self.node(kind, start, terms));
            }
        }
    }

    fn struct_fields(&mut self, children: &mut List) -> Option<()> {
        self.advance();
        let start = self.start();
        self.expect(Token::LeftBrace)?;
        let mut fields = List::default();
        while !self.take(Token::RightBrace) {
            let field = self.field()?;
            self.push(&mut fields, field);
            if matches!(self.token(), Token::String | Token::RawString) {
                self.advance();
            }
            self.end_of_item()?;
        }
        let list = self.node(Kind::FieldDeclarationList, start, fields);
        self.push(children, list);
        Some(())
    }

    fn field(&mut self) -> Option<NodeId> {
        let start = self.start();
        let mut children = List::default();
        if self.token() == Token::Star {
            let star = self.leaf(Kind::Star);
            self.push(&mut children, star);
            let name = self.name(Kind::TypeIdentifier)?;
            let ty = self.type_name(name)?;
            self.push(&mut children, ty);
            return Some(self.node(Kind::FieldDeclaration, start, children));
        }
        let name = self.name(Kind::FieldIdentifier)?;
        match self.token() {
            Token::Dot | Token::String | Token::RawString | Token::Semicolon | Token::RightBrace => {
                let ty = self.type_name(name)?;
                self.push(&mut children, ty);
            }
            Token::LeftBracket => match self.bracketed()? {
                Bracketed::Type(ty) => {
                    self.push(&mut children, name);
                    self.push(&mut children, ty);
                }
                Bracketed::Arguments(arguments) => {
                    self.tree.set_kind(name, Kind::TypeIdentifier);
                    let ty = self.generic_type(name, arguments);
                    self.push(&mut children, ty);
                }
            },
            _ => {
                self.push(&mut children, name);
                while self.take(Token::Comma) {
                    let name = self.name(Kind::FieldIdentifier)?;
                    self.push(&mut children, name);
                }
                self.push_type(&mut children)?;
            }
        }
        Some(self.node(Kind::FieldDeclaration, start, children))
    }

    fn interface_elements(&mut self, children: &mut List) -> Option<()> {
        self.advance();
        self.expect(Token::LeftBrace)?;
        while !self.take(Token::RightBrace) {
            let start = self.start();
            let name = self.name(Kind::FieldIdentifier);
            let element = if let Some(name) = name
                && self.token() == Token::LeftParen
            {
                let mut parts = List::default();
                self.push(&mut parts, name);
                self.signature(&mut parts)?;
                self.node(Kind::MethodElem, start, parts)
            } else {
                self.type_element(Kind::TypeElem, name)?
            };
            self.push(children, element);
            self.end_of_item()?;
        }
        Some(())
    }
}

//! Type expressions and signatures.

use thin_vec::{ThinVec, thin_vec};

use super::{
    ChanDirection, FieldDecl, LocalDecl, MethodSpec, Param, Signature, TypeExpr, TypeExprId, kind::Kind,
    lower::Lowerer, scope::Binding, tree::NodeId,
};
use crate::base::{Span, Symbol};

/// A parameter or result before its names are declared.
struct Parameter {
    name: Option<(Symbol, Span)>,
    ty: TypeExprId,
    variadic: bool,
}

impl Lowerer<'_> {
    /// Lowers a type. Types with errors inside become [`TypeExpr::Bad`] where they stand.
    pub(super) fn type_expr(&mut self, node: NodeId) -> TypeExprId {
        if self.enter(node).is_none() {
            return self.bad_type();
        }
        let ty = self.type_expr_inside(node);
        self.leave();
        self.facts.type_exprs.push(ty)
    }

    fn type_expr_inside(&mut self, node: NodeId) -> TypeExpr {
        match self.tree.kind(node) {
            Kind::TypeIdentifier | Kind::Identifier => {
                let name = self.symbol(node);
                self.named_type(name)
            }
            Kind::QualifiedType => {
                let package = self.tree.child(node, Kind::PackageIdentifier);
                let name = self.tree.child(node, Kind::TypeIdentifier);
                let (Some(package), Some(name)) = (package, name) else { return TypeExpr::Bad };
                TypeExpr::Qualified { package: self.symbol(package), name: self.symbol(name) }
            }
            Kind::GenericType => {
                let generic = self.inner_type(node);
                let args = match self.tree.child(node, Kind::TypeArguments) {
                    Some(arguments) => self.type_arguments(arguments).into(),
                    None => ThinVec::default(),
                };
                TypeExpr::Instance { generic, args }
            }
            // Parentheses say nothing; the inner row is repeated so that the caller's id is this node's.
            Kind::ParenthesizedType => {
                let inner = self.inner_type(node);
                self.facts.type_exprs[inner].clone()
            }
            Kind::PointerType => TypeExpr::Pointer(self.inner_type(node)),
            Kind::SliceType => TypeExpr::Slice(self.inner_type(node)),
            Kind::ArrayType => {
                let length = self.tree.child_where(node, Kind::is_expression).map(|length| self.expr(length));
                TypeExpr::Array { length, element: self.inner_type(node) }
            }
            Kind::ImplicitLengthArrayType => TypeExpr::Array { length: None, element: self.inner_type(node) },
            Kind::MapType => {
                let mut parts = self.tree.children(node).filter(|&part| self.tree.kind(part).is_type());
                let (key, value) = (parts.next(), parts.next());
                let (Some(key), Some(value)) = (key, value) else { return TypeExpr::Bad };
                TypeExpr::Map { key: self.type_expr(key), value: self.type_expr(value) }
            }
            Kind::ChannelType => {
                let mut tokens = self.tree.children(node).map(|token| self.tree.kind(token));
                let direction = match (tokens.next(), tokens.next()) {
                    (Some(Kind::Arrow), _) => ChanDirection::Receive,
                    (_, Some(Kind::Arrow)) => ChanDirection::Send,
                    _ => ChanDirection::Both,
                };
                TypeExpr::Chan { direction, element: self.inner_type(node) }
            }
            Kind::FunctionType => TypeExpr::Func(Box::new(self.signature(node))),
            Kind::StructType => self.struct_type(node),
            Kind::InterfaceType => self.interface_type(node),
            Kind::NegatedType => TypeExpr::Interface {
                methods: ThinVec::default(),
                embedded: thin_vec![self.inner_type(node)],
                union: true,
            },
            _ => TypeExpr::Bad,
        }
    }

    /// What a bare name stands for as a type.
    pub(super) fn named_type(&self, name: Symbol) -> TypeExpr {
        match self.scopes.find(name) {
            None => TypeExpr::Name(name),
            Some(Binding::Type(decl)) => TypeExpr::Local(decl),
            Some(Binding::TypeParam { owner, index }) => TypeExpr::Param { owner, index, name },
            Some(Binding::Local(_)) => TypeExpr::Bad,
        }
    }

    /// The first type among the children.
    fn inner_type(&mut self, node: NodeId) -> TypeExprId {
        match self.tree.child_where(node, Kind::is_type) {
            Some(inner) => self.type_expr(inner),
            None => self.bad_type(),
        }
    }

    /// The types of a `type_arguments` node.
    pub(super) fn type_arguments(&mut self, node: NodeId) -> Vec<TypeExprId> {
        let mut types = Vec::new();
        for child in self.tree.children(node) {
            match self.tree.kind(child) {
                Kind::TypeElem => types.push(self.union_type(child)),
                kind if kind.is_type() => types.push(self.type_expr(child)),
                _ => {}
            }
        }
        types
    }

    /// A `type_elem` or constraint: one type, or a union of several.
    pub(super) fn union_type(&mut self, node: NodeId) -> TypeExprId {
        let mut members: Vec<NodeId> = Vec::new();
        for child in self.tree.children(node) {
            match self.tree.kind(child) {
                // A constraint of one element is `type_constraint` itself; a nested element appears after errors only.
                Kind::TypeElem => return self.union_type(child),
                kind if kind.is_type() => members.push(child),
                _ => {}
            }
        }
        match members.as_slice() {
            [] => self.bad_type(),
            [one] => self.type_expr(*one),
            _ => {
                let embedded = members.into_iter().map(|member| self.union_member(member)).collect();
                self.facts.type_exprs.push(TypeExpr::Interface { methods: ThinVec::default(), embedded, union: true })
            }
        }
    }

    /// A member of a union, its `~` dropped: the union says already that underlying types count.
    fn union_member(&mut self, node: NodeId) -> TypeExprId {
        match self.tree.kind(node) {
            Kind::NegatedType => self.inner_type(node),
            _ => self.type_expr(node),
        }
    }

    fn struct_type(&mut self, node: NodeId) -> TypeExpr {
        let mut fields = Vec::new();
        if let Some(list) = self.tree.child(node, Kind::FieldDeclarationList) {
            for field in self.tree.children(list) {
                if self.tree.kind(field) == Kind::FieldDeclaration {
                    self.field_declaration(field, &mut fields);
                }
            }
        }
        TypeExpr::Struct { fields: fields.into() }
    }

    fn field_declaration(&mut self, node: NodeId, fields: &mut Vec<FieldDecl>) {
        let Some(ty_node) = self.tree.child_where(node, Kind::is_type) else { return };
        let mut ty = self.type_expr(ty_node);
        let before = fields.len();
        for child in self.tree.children(node) {
            if self.tree.kind(child) == Kind::FieldIdentifier {
                let name = self.symbol(child);
                fields.push(FieldDecl { name, ty, embedded: false, span: self.span(child) });
            }
        }
        if fields.len() > before {
            return;
        }
        if self.tree.child(node, Kind::Star).is_some() {
            ty = self.facts.type_exprs.push(TypeExpr::Pointer(ty));
        }
        let name_node = self.type_name_node(ty_node);
        let name = self.symbol(name_node);
        fields.push(FieldDecl { name, ty, embedded: true, span: self.span(name_node) });
    }

    /// The node that names a possibly qualified, instantiated or pointed-to type: `T` of `*pkg.T[int]`.
    fn type_name_node(&self, node: NodeId) -> NodeId {
        let mut node = node;
        while let Some(inner) = match self.tree.kind(node) {
            Kind::GenericType | Kind::PointerType | Kind::ParenthesizedType => {
                self.tree.child_where(node, Kind::is_type)
            }
            Kind::QualifiedType => self.tree.child(node, Kind::TypeIdentifier),
            _ => None,
        } {
            node = inner;
        }
        node
    }

    fn interface_type(&mut self, node: NodeId) -> TypeExpr {
        let mut methods = Vec::new();
        let mut embedded = Vec::new();
        for child in self.tree.children(node) {
            match self.tree.kind(child) {
                Kind::MethodElem => {
                    let Some(name) = self.tree.child(child, Kind::FieldIdentifier) else { continue };
                    let spec =
                        MethodSpec { name: self.symbol(name), signature: self.signature(child), span: self.span(name) };
                    methods.push(spec);
                }
                Kind::TypeElem => embedded.push(self.union_type(child)),
                _ => {}
            }
        }
        TypeExpr::Interface { methods: methods.into(), embedded: embedded.into(), union: false }
    }

    /// Signature of a function type or interface method: its names declare nothing.
    fn signature(&mut self, node: NodeId) -> Signature {
        let mut lists = self.tree.children(node).filter(|&child| self.tree.kind(child) == Kind::ParameterList);
        let params = lists.next().map(|list| self.parameters(list)).unwrap_or_default();
        let results = self.results(lists.next(), self.tree.child_where(node, Kind::is_type));
        let variadic = params.last().is_some_and(|param| param.variadic);
        let silent = |param: Parameter| Param { local: None, name: param.name.map(|(name, _)| name), ty: param.ty };
        Signature {
            params: params.into_iter().map(silent).collect(),
            variadic,
            results: results.into_iter().map(silent).collect(),
        }
    }

    /// Signature of the current function, whose parameters and results become variables.
    ///
    /// All types are lowered before any name is declared: in `func f(int string, x int)` the last `int` is the universe's.
    pub(super) fn declared_signature(&mut self, lists: &[NodeId], result: Option<NodeId>) -> Signature {
        let params = lists.first().map(|&list| self.parameters(list)).unwrap_or_default();
        let results = self.results(lists.get(1).copied(), result);
        let variadic = params.last().is_some_and(|param| param.variadic);
        let params = params.into_iter().zip(0..).map(|(param, index)| {
            let decl = LocalDecl::Param { index, ty: param.ty, variadic: param.variadic };
            self.declare_parameter(param, decl)
        });
        let params = params.collect();
        let results = results.into_iter().zip(0..).map(|(result, index)| {
            let decl = LocalDecl::Result { index, ty: result.ty };
            self.declare_parameter(result, decl)
        });
        Signature { params, variadic, results: results.collect() }
    }

    fn declare_parameter(&mut self, parameter: Parameter, decl: LocalDecl) -> Param {
        let local = match parameter.name {
            Some((name, span)) if name != self.known.blank => self.declare_local(name, span, decl),
            _ => None,
        };
        Param { local, name: parameter.name.map(|(name, _)| name), ty: parameter.ty }
    }

    fn results(&mut self, list: Option<NodeId>, single: Option<NodeId>) -> Vec<Parameter> {
        match (list, single) {
            (Some(list), _) => self.parameters(list),
            (None, Some(ty)) => vec![Parameter { name: None, ty: self.type_expr(ty), variadic: false }],
            (None, None) => Vec::new(),
        }
    }

    fn parameters(&mut self, list: NodeId) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        for node in self.tree.children(list) {
            let variadic = match self.tree.kind(node) {
                Kind::ParameterDeclaration => false,
                Kind::VariadicParameterDeclaration => true,
                _ => continue,
            };
            let ty = self.inner_type(node);
            let before = parameters.len();
            for child in self.tree.children(node) {
                if self.tree.kind(child) == Kind::Identifier {
                    let name = Some((self.symbol(child), self.span(child)));
                    parameters.push(Parameter { name, ty, variadic });
                }
            }
            if parameters.len() == before {
                parameters.push(Parameter { name: None, ty, variadic });
            }
        }
        parameters
    }
}

//! What one Go file says: declarations, and per function a small control-flow graph of instructions over expressions.
//!
//! Names are resolved *lexically* here and no further: a name that a parameter, local variable or local type of an
//! enclosing function declares becomes [`Expr::Local`] or [`TypeExpr::Local`]; every other name stays a [`Symbol`] for
//! `resolve` (package scope, imports, universe). All ids are of the file they stand in.

use std::{ops, slice};

use thin_vec::ThinVec;

use crate::{
    base::{IndexVec, LineIndex, List, Lists, Problem, Span, Spans, Symbol},
    define_id,
};

define_id!(
    /// A function of a file: a declaration, a literal, or the initialisers of its package variables.
    FuncIndex
);
define_id!(
    /// An expression of a file.
    ExprId
);
define_id!(
    /// A type expression of a file.
    TypeExprId
);
define_id!(
    /// A local variable, parameter, receiver, named result or local constant of a file.
    LocalId
);
define_id!(
    /// A type declaration of a file, at package level or inside a function.
    TypeDeclId
);
define_id!(
    /// A basic block of one function body.
    BlockId
);

/// Everything lowered from one file.
#[derive(Debug, Default)]
pub struct FileFacts {
    /// Name of the `package` clause; empty when the file has none.
    pub package: Option<Symbol>,
    /// Import declarations in source order.
    pub imports: Vec<Import>,
    /// Type declarations, package level and local.
    pub types: IndexVec<TypeDeclId, TypeDecl>,
    /// Package-level `var` and `const` specifications, one row per name.
    pub values: Vec<ValueDecl>,
    /// Functions: declarations, literals, and at most one [`FuncKind::VarInit`]. A literal follows its parent.
    pub functions: IndexVec<FuncIndex, Function>,
    /// Expressions, children before parents where possible.
    pub exprs: Exprs,
    /// Type expressions.
    pub type_exprs: IndexVec<TypeExprId, TypeExpr>,
    /// Local variables of all functions.
    pub locals: IndexVec<LocalId, Local>,
    /// Comments that are instructions to this program or to linters: `//outlive:…`, `//nolint…`, `// want …`.
    pub directives: Vec<Directive>,
    /// Starts of lines.
    pub lines: LineIndex,
    /// Whether the file says `// Code generated … DO NOT EDIT.` before its package clause.
    pub generated: bool,
    /// Whether the file imports "C".
    pub cgo: bool,
    /// Syntax errors and what was left out because of them.
    pub problems: Vec<Problem>,
    /// Errors of the grammar before the file was read again in another spelling or piece by piece. What helped is no
    /// problem, but worth measuring.
    pub grammar_errors: u32,
}

/// One import specification.
#[derive(Clone, Debug)]
pub struct Import {
    /// How the name is bound.
    pub binding: ImportBinding,
    /// Import path, unquoted.
    pub path: Symbol,
    /// Where the specification stands.
    pub span: Span,
}

/// How an import binds names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportBinding {
    /// By the package's own name.
    PackageName,
    /// By a name of the file's choice.
    Named(Symbol),
    /// `.`: all exported names, in the file's scope.
    Dot,
    /// `_`: for its initialisation only.
    Blank,
}

/// A comment that is an instruction.
#[derive(Clone, Debug)]
pub struct Directive {
    /// Line of the comment, from 1.
    pub line: u32,
    /// Text after `//`, trimmed.
    pub text: Box<str>,
    /// Whether the comment stands alone on its line (and so speaks of the next one).
    pub alone: bool,
}

/// A type declaration.
#[derive(Debug)]
pub struct TypeDecl {
    /// Declared name.
    pub name: Symbol,
    /// Type parameters, in order.
    pub type_params: Vec<TypeParam>,
    /// Right-hand side.
    pub body: TypeExprId,
    /// `type A = B`.
    pub alias: bool,
    /// Function it is declared in, if any.
    pub function: Option<FuncIndex>,
    /// Where the specification stands.
    pub span: Span,
}

/// One type parameter.
#[derive(Clone, Debug)]
pub struct TypeParam {
    /// Its name; `_` is kept.
    pub name: Symbol,
    /// Its constraint as written. `~int | string` is an [`TypeExpr::Interface`] without methods. On a receiver
    /// (`func (b *Box[T]) …`) there is none.
    pub constraint: Option<TypeExprId>,
}

/// One name of a package-level `var` or `const` declaration.
#[derive(Debug)]
pub struct ValueDecl {
    /// Declared name (`_` included).
    pub name: Symbol,
    /// `const` or `var`.
    pub constant: bool,
    /// Declared type, if written. For a constant that repeats the row above, that row's type.
    pub ty: Option<TypeExprId>,
    /// Initialiser: the expression, and which of its values when one expression gives several.
    pub value: Option<ValueRef>,
    /// Where the name stands.
    pub span: Span,
}

/// A value: an expression, or one component of a multi-value expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueRef {
    /// The expression.
    pub expr: ExprId,
    /// `Some(i)` when `expr` gives several values (`a, b := f()`, `v, ok := m[k]`, `v, ok := <-c`, `v, ok := x.(T)`).
    pub component: Option<u16>,
}

/// A function of the file.
#[derive(Debug)]
pub struct Function {
    /// Declaration, literal or package initialiser.
    pub kind: FuncKind,
    /// Type parameters (for a method: those its receiver names).
    pub type_params: Vec<TypeParam>,
    /// Parameters and results.
    pub signature: Signature,
    /// The whole declaration or literal.
    pub span: Span,
    /// The name of a declaration, or the `func` keyword of a literal.
    pub name_span: Span,
    /// The block with its braces; `None` for a declaration without a body.
    pub body_span: Option<Span>,
    /// Control flow; `None` without a body.
    pub body: Option<Body>,
}

/// What kind of function.
#[derive(Clone, Debug)]
pub enum FuncKind {
    /// `func name(…)` or `func (recv) name(…)`.
    Decl {
        /// Declared name.
        name: Symbol,
        /// Receiver of a method.
        receiver: Option<Receiver>,
        /// For `init` functions: how many stand before this one in the file.
        init_number: u32,
    },
    /// A function literal.
    Literal {
        /// The function around it ([`FuncKind::VarInit`] for one in a package variable's initialiser).
        parent: FuncIndex,
        /// Its number among the literals directly inside `parent`, from 1, in source order: the `N` of `F.funcN`
        /// and the last number of `F.func1.N`. (Go counts literals per outermost function at the first level and
        /// per literal below.) The literal of a `go func` or `defer func` statement counts like any other.
        number: u32,
    },
    /// All initialisers of the file's package variables, in source order, as one body. Each is followed by a
    /// [`InstrKind::Write`] of the variable as an [`Expr::Name`], except for `_`.
    VarInit,
}

/// A method's receiver.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// The receiver variable; `None` when it has no name or is `_`.
    pub local: Option<LocalId>,
    /// Receiver base type name, without pointer and type arguments.
    pub type_name: Symbol,
    /// `*T` or `T`.
    pub pointer: bool,
}

/// Parameters and results of a function, function type or interface method.
#[derive(Clone, Debug, Default)]
pub struct Signature {
    /// Parameters, one row per name (`a, b int` gives two).
    pub params: Vec<Param>,
    /// Whether the last parameter is `...T`; its `ty` is then `T`.
    pub variadic: bool,
    /// Results.
    pub results: Vec<Param>,
}

/// A parameter or result.
#[derive(Clone, Debug)]
pub struct Param {
    /// The variable; `None` for an unnamed or blank one, and in function types.
    pub local: Option<LocalId>,
    /// Its name as written, if any.
    pub name: Option<Symbol>,
    /// Its type.
    pub ty: TypeExprId,
}

/// A local variable, parameter, receiver, named result or local constant.
#[derive(Debug)]
pub struct Local {
    /// Its name.
    pub name: Symbol,
    /// The function (declaration or literal) that declares it.
    pub function: FuncIndex,
    /// How it is declared, from which its type follows.
    pub decl: LocalDecl,
    /// Where its name stands.
    pub span: Span,
    /// The smallest loop body or loop header around the declaration, by span; `None` outside loops. Which of the two
    /// matters to Go before 1.22: a variable of the header (`for i := …`) is shared by all iterations.
    pub loop_scope: Option<LoopScope>,
    /// Whether a literal inside `function` uses it (it is captured).
    pub captured: bool,
}

impl Local {
    /// Whether it is a variable of a loop's header.
    pub fn is_of_header(&self) -> bool {
        self.loop_scope.is_some_and(|scope| scope.header)
    }
}

/// Where inside a loop a variable is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopScope {
    /// The loop statement.
    pub span: Span,
    /// Declared by the `for` clause itself, not in the body.
    pub header: bool,
}

/// How a local is declared.
#[derive(Clone, Debug)]
pub enum LocalDecl {
    /// Parameter number `index`.
    Param { index: u32, ty: TypeExprId, variadic: bool },
    /// Receiver; its type is in [`Receiver`].
    Receiver { ty: TypeExprId },
    /// Named result number `index`.
    Result { index: u32, ty: TypeExprId },
    /// `var x T` or `var x T = e`.
    Typed { ty: TypeExprId },
    /// `x := e`, `var x = e`.
    Value(ValueRef),
    /// First variable of `range over`.
    RangeKey { over: ExprId },
    /// Second variable of `range over`.
    RangeValue { over: ExprId },
    /// The variable of a type switch in one of its clauses; `types` are the types of that clause (`nil` left out).
    TypeSwitch { subject: ExprId, types: ThinVec<TypeExprId> },
    /// Local constant.
    Const { ty: Option<TypeExprId>, value: Option<ExprId> },
}

/// A type as written.
#[derive(Clone, Debug)]
pub enum TypeExpr {
    /// A name no local declaration binds.
    Name(Symbol),
    /// `pkg.Name`.
    Qualified { package: Symbol, name: Symbol },
    /// A type declared in an enclosing function.
    Local(TypeDeclId),
    /// A type parameter in scope: of a function, or of the type declaration being read.
    Param { owner: TypeParamOwner, index: u32, name: Symbol },
    /// `G[A, B]`.
    Instance { generic: TypeExprId, args: ThinVec<TypeExprId> },
    /// `*T`.
    Pointer(TypeExprId),
    /// `[]T`.
    Slice(TypeExprId),
    /// `[n]T`, `[...]T` (no length expression).
    Array { length: Option<ExprId>, element: TypeExprId },
    /// `map[K]V`.
    Map { key: TypeExprId, value: TypeExprId },
    /// `chan T`, `<-chan T`, `chan<- T`.
    Chan { direction: ChanDirection, element: TypeExprId },
    /// `func(…) …`.
    Func(Box<Signature>),
    /// `struct{…}`.
    Struct { fields: ThinVec<FieldDecl> },
    /// `interface{…}`, and constraints such as `~int | string`.
    Interface { methods: ThinVec<MethodSpec>, embedded: ThinVec<TypeExprId>, union: bool },
    /// Something the grammar could not read.
    Bad,
}

/// Whose type parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeParamOwner {
    /// Of a function declaration or of its receiver.
    Func(FuncIndex),
    /// Of a type declaration.
    Type(TypeDeclId),
}

/// Direction of a channel type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChanDirection {
    /// `chan T`
    Both,
    /// `chan<- T`
    Send,
    /// `<-chan T`
    Receive,
}

/// A field of a struct type.
#[derive(Clone, Debug)]
pub struct FieldDecl {
    /// Name; of an embedded field its type's name.
    pub name: Symbol,
    /// Type; of an embedded `*T` the pointer type.
    pub ty: TypeExprId,
    /// Whether the field is embedded.
    pub embedded: bool,
    /// Where the name stands.
    pub span: Span,
}

/// A method of an interface type.
#[derive(Clone, Debug)]
pub struct MethodSpec {
    /// Name.
    pub name: Symbol,
    /// Signature.
    pub signature: Signature,
    /// Where the name stands.
    pub span: Span,
}

/// The expressions of a file, where each stands, and the lists that some of them have.
#[derive(Debug, Default)]
pub struct Exprs {
    rows: IndexVec<ExprId, Expr>,
    spans: Spans<ExprId>,
    operands: Lists<ExprId>,
    elements: Lists<Element>,
}

impl Expr {
    /// Whether it is `nil`, as it is written: no file in its right mind has another of that name.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Name(name) if name.as_str() == "nil")
    }
}

impl Exprs {
    /// Adds an expression.
    pub fn push(&mut self, expr: Expr, span: Span) -> ExprId {
        self.spans.push(span);
        self.rows.push(expr)
    }

    /// Where an expression stands.
    #[inline]
    pub fn span(&self, expr: ExprId) -> Span {
        self.spans.of(expr)
    }

    /// Adds a list of operands: arguments, indices or bounds.
    pub fn push_list(&mut self, operands: impl IntoIterator<Item = ExprId>) -> List<ExprId> {
        self.operands.push(operands)
    }

    /// Adds the elements of a composite literal.
    pub fn push_elements(&mut self, elements: impl IntoIterator<Item = Element>) -> List<Element> {
        self.elements.push(elements)
    }

    /// The operands of a list.
    pub fn list(&self, list: List<ExprId>) -> &[ExprId] {
        self.operands.of(list)
    }

    /// The arguments of a call; `None` of another expression.
    pub fn args(&self, call: ExprId) -> Option<&[ExprId]> {
        match self.rows[call] {
            Expr::Call { args, .. } => Some(self.list(args)),
            _ => None,
        }
    }

    /// The elements of a composite literal.
    pub fn elements(&self, list: List<Element>) -> &[Element] {
        self.elements.of(list)
    }

    /// Gives back the memory reserved for rows that never came.
    pub fn shrink_to_fit(&mut self) {
        self.rows.shrink_to_fit();
        self.spans.shrink_to_fit();
        self.operands.shrink_to_fit();
        self.elements.shrink_to_fit();
    }
}

impl ops::Deref for Exprs {
    type Target = IndexVec<ExprId, Expr>;
    fn deref(&self) -> &Self::Target {
        &self.rows
    }
}

/// An expression: 12 bytes, of which a large repository has millions. Parentheses are dropped.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A local variable, parameter, receiver, result or local constant.
    Local(LocalId),
    /// A name no local declaration binds: package scope, import, universe.
    Name(Symbol),
    /// `base.name`: field, method, or member of an imported package.
    Select { base: ExprId, name: Symbol },
    /// `base[i]`, or an instantiation `f[T]` (indices may then be [`Expr::Type`]).
    Index { base: ExprId, indices: List<ExprId> },
    /// `base[lo:hi:max]`; `bounds` holds those written.
    Slice { base: ExprId, bounds: List<ExprId> },
    /// A call or a conversion: `resolve` tells which. Type arguments of `f[T](x)` are an [`Expr::Index`] callee.
    Call { callee: ExprId, args: List<ExprId>, spread: bool },
    /// `&x`.
    AddressOf(ExprId),
    /// `*x` (or a pointer type in expression position, such as the callee of `(*T)(x)`: `resolve` tells which).
    Deref(ExprId),
    /// `<-c`.
    Receive(ExprId),
    /// `!x`.
    Not(ExprId),
    /// `+x`, `-x`, `^x`.
    Unary(ExprId),
    /// `x op y`.
    Binary { op: BinaryOp, left: ExprId, right: ExprId },
    /// `x.(T)`; `x.(type)` has no type.
    TypeAssert { base: ExprId, ty: Option<TypeExprId> },
    /// `T{…}`, or `{…}` inside another literal.
    Composite { ty: Option<TypeExprId>, elements: List<Element> },
    /// A function literal.
    FuncLit(FuncIndex),
    /// An integer literal that fits.
    Int(Int),
    /// Another literal constant.
    Literal(Literal),
    /// A type that can only be a type (`[]int`, `map[K]V`, `chan T`, `struct{…}`, `func()`, …).
    Type(TypeExprId),
    /// Something the grammar could not read.
    Bad,
}

const _: () = assert!(size_of::<Expr>() == 12);

/// An element of a composite literal.
#[derive(Clone, Debug)]
pub struct Element {
    /// `key:` as written: a field name, an index or a map key, told apart by `resolve`.
    pub key: Option<ElementKey>,
    /// The value.
    pub value: ExprId,
}

/// The key of an element.
#[derive(Clone, Debug)]
pub enum ElementKey {
    /// A bare identifier: a field name, or an expression that happens to be one name.
    Name {
        /// The identifier.
        name: Symbol,
        /// The same as an expression.
        expr: ExprId,
    },
    /// Any other key.
    Expr(ExprId),
}

/// Literal constants but integers that fit. Texts are kept only where analysis asks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// An integer that does not fit an [`Int`].
    LargeInt,
    /// A floating-point number.
    Float,
    /// An imaginary number.
    Imaginary,
    /// A rune.
    Rune,
    /// A string, raw or interpreted; its text when at most 64 bytes without escapes.
    String(Option<Symbol>),
}

/// An integer of 64 bits that is aligned like one of 32, which keeps expressions small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Int([u32; 2]);

impl Int {
    /// The number.
    pub fn value(self) -> i64 {
        i64::from(self.0[0]) | i64::from(self.0[1].cast_signed()) << 32
    }
}

impl From<i64> for Int {
    fn from(value: i64) -> Self {
        Self([value as u32, (value >> 32) as u32])
    }
}

/// Binary operators, grouped as far as analysis cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`, `<=`, `>`, `>=`
    Order,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `<<`, `>>`: the type is the left operand's.
    Shift,
    /// Everything else: the type is the operands'.
    Arithmetic,
}

/// Control flow of one function.
#[derive(Debug, Default)]
pub struct Body {
    /// Basic blocks; the first is the entry. Blocks that cannot be reached from it may be present.
    pub blocks: IndexVec<BlockId, Block>,
    /// Loops of this body (not of literals inside), outermost first.
    pub loops: ThinVec<Loop>,
    /// Instructions of all blocks, in the order of the blocks.
    pub(super) instrs: Vec<Instr>,
}

impl Body {
    /// The instructions of all blocks, in the order of the blocks.
    pub fn instrs(&self) -> slice::Iter<'_, Instr> {
        self.instrs.iter()
    }

    /// The instructions of one of the blocks, in the order Go evaluates them.
    pub fn instrs_of(&self, block: &Block) -> &[Instr] {
        &self.instrs[block.instrs.start as usize..block.instrs.end as usize]
    }
}

/// A loop of a body.
#[derive(Clone, Copy, Debug)]
pub struct Loop {
    /// The block control comes back to at each iteration.
    pub head: BlockId,
    /// The block after the loop.
    pub exit: BlockId,
    /// The statement.
    pub span: Span,
}

/// Straight-line code with one way in and a decision at its end.
#[derive(Debug)]
pub struct Block {
    /// Its rows of [`Body::instrs`].
    pub(super) instrs: ops::Range<u32>,
    /// Where control goes.
    pub end: Terminator,
    /// Where the decision stands: the whole `return` statement, the condition, the `for` clause; for
    /// [`Terminator::End`] the closing brace.
    pub end_span: Span,
}

/// One instruction.
#[derive(Clone, Copy, Debug)]
pub struct Instr {
    /// What it does.
    pub kind: InstrKind,
    /// Where it stands (the expression or statement it comes from).
    pub span: Span,
}

/// What an instruction does.
///
/// A statement is flattened: operands first, then the operation. For `x.f = g(y.z).h` the order is `Read y.z`,
/// `Call g(…)`, `Read g(…).h`, `Write x.f`. Reads are of *maximal* paths (`a.b.c` is one `Read`, not three; a path may
/// start at a call or a parenthesised expression). A function literal is no read of what it captures: its body is a
/// function of its own. `x.f` under `&x.f` is not read; the method value or callee `x.f.M` of a call reads `x.f`.
///
/// Whether a callee is itself a variable is for `resolve`: `f(…)` with an unbound `f` and the last step of `x.f.M(…)` are
/// in the [`InstrKind::Call`] only. The callee of `local(…)` is read. The package of `pkg.F(…)` is read like any other
/// unbound name; `nil`, `true`, `false`, `iota`, `_` and local constants are not. A bare name as the key of a composite
/// literal is read when the literal is seen to be a map, slice or array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstrKind {
    /// A value is read: [`Expr::Local`], [`Expr::Name`], [`Expr::Select`], [`Expr::Index`], [`Expr::Deref`].
    Read(ExprId),
    /// A place is written.
    Write {
        /// The place; [`Expr::Local`] also for a `:=` that redeclares.
        place: ExprId,
        /// What is written.
        source: Source,
    },
    /// A new variable comes to be: `x := …`, `var x …`, a `for` or `range` clause's variable, a type switch's.
    Define {
        /// The variable.
        local: LocalId,
        /// Its first value.
        source: Source,
    },
    /// A call ([`Expr::Call`]) happens here; conversions and built-ins included.
    Call(ExprId),
    /// `go call`: operands were evaluated by the instructions before.
    Go(ExprId),
    /// `defer call`: operands were evaluated by the instructions before.
    Defer(ExprId),
    /// `channel <- value` outside of `select` communication (see [`Terminator::Select`]).
    Send {
        /// The channel.
        channel: ExprId,
        /// The value sent.
        value: ExprId,
    },
    /// The [`Expr::Receive`] happens here.
    Receive(ExprId),
}

/// What is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A value.
    Value(ValueRef),
    /// `x op= e`, `x++` (no operand): the old value takes part.
    Update(Option<ExprId>),
    /// First variable of a range.
    RangeKey { over: ExprId },
    /// Second variable of a range.
    RangeValue { over: ExprId },
    /// The zero value (`var x T`).
    Zero,
}

/// How a block ends.
#[derive(Clone, Debug)]
pub enum Terminator {
    /// On to another block.
    Goto(BlockId),
    /// A condition. `&&`, `||` and `!` in it are *not* split into blocks.
    If { condition: ExprId, then: BlockId, otherwise: BlockId },
    /// Expression switch; without a `default` clause `default` is the block after it.
    Switch { tag: Option<ExprId>, arms: ThinVec<SwitchArm>, default: BlockId },
    /// Type switch on `subject.(type)`; without a `default` clause `default` is the block after it.
    TypeSwitch { subject: ExprId, arms: ThinVec<TypeSwitchArm>, default: BlockId },
    /// `select`. The channel and value operands were read before; the communication happens on entering the arm.
    /// `select {}` has no arms and goes nowhere.
    Select { arms: ThinVec<SelectArm> },
    /// `for … range over`: `over` was evaluated before the loop; this block decides about another iteration.
    Range { over: ExprId, body: BlockId, done: BlockId },
    /// `return`, with the values written.
    Return { values: ThinVec<ExprId> },
    /// Control reaches the closing brace.
    End,
    /// A call of the built-in `panic` (the call itself is the last instruction).
    Panic(ExprId),
    /// Control cannot get here (after `for {}` without `break`, empty `select {}`).
    Unreachable,
}

/// One clause of an expression switch.
#[derive(Clone, Debug)]
pub struct SwitchArm {
    /// Values of the `case`.
    pub cases: ThinVec<ExprId>,
    /// Its statements.
    pub block: BlockId,
}

/// One clause of a type switch.
#[derive(Clone, Debug)]
pub struct TypeSwitchArm {
    /// Types of the `case`; `nil` is left out.
    pub types: ThinVec<TypeExprId>,
    /// Its statements.
    pub block: BlockId,
}

/// One clause of a `select`.
#[derive(Clone, Debug)]
pub struct SelectArm {
    /// The communication.
    pub comm: Comm,
    /// Its statements (they begin with the `Define` or `Write` of received values).
    pub block: BlockId,
    /// The communication clause's head.
    pub span: Span,
}

/// The communication of a `select` clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comm {
    /// `case c <- v:`
    Send { channel: ExprId, value: ExprId },
    /// `case … <-c:`; the [`Expr::Receive`].
    Receive(ExprId),
    /// `default:`
    Default,
}

impl Terminator {
    /// The blocks control may go to, in source order.
    pub fn successors(&self) -> Vec<BlockId> {
        match self {
            Self::Goto(next) => vec![*next],
            Self::If { then, otherwise, .. } => vec![*then, *otherwise],
            Self::Switch { arms, default, .. } => arms.iter().map(|arm| arm.block).chain([*default]).collect(),
            Self::TypeSwitch { arms, default, .. } => arms.iter().map(|arm| arm.block).chain([*default]).collect(),
            Self::Select { arms } => arms.iter().map(|arm| arm.block).collect(),
            Self::Range { body, done, .. } => vec![*body, *done],
            Self::Return { .. } | Self::End | Self::Panic(_) | Self::Unreachable => Vec::new(),
        }
    }
}

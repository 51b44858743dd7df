//! The nodes of the flow graph and what flows through it.
//!
//! Field-based, after Sundaresan and others 2000, "Practical virtual method call resolution for Java" (variable type
//! analysis), as `golang.org/x/tools/go/callgraph/vta` does it for Go: one node per variable, struct field, function
//! result and element type of a container. Types travel to interfaces, functions travel to function values.

use crate::{
    base::Symbol,
    resolve::{FieldId, FuncId, Reason, TypeId, VarId},
    source::FileId,
    syntax::{ExprId, LocalId},
};

use super::model::Target;

/// A place that values flow through.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Node {
    /// A variable of a function.
    Local(FileId, LocalId),
    /// A package variable.
    Global(VarId),
    /// A field, of all values of its struct type.
    Field(FieldId),
    /// A result of a function.
    Result(FuncId, u32),
    /// The value of an expression, or one of its values.
    Expr(FileId, ExprId, u32),
    /// The elements of all containers of a kind with this type of element.
    Element(Container, TypeId),
    /// The types that stand for a type parameter.
    TypeParam(u32, u32),
    /// A variable of a `range` over a function.
    Yield(FileId, ExprId, u32),
    /// An argument of the calls of a group.
    GroupParam(u32, u32),
    /// The receivers of the calls of a group.
    GroupReceiver(u32),
    /// A result of the calls of a group.
    GroupResult(u32, u32),
    /// What is given to `panic`, which is what `recover` gives.
    Panic,
    /// What is given to code without source and to parameters without names: it flows no further that we see, but
    /// counts as made into an interface value.
    Outside,
}

/// Kinds of containers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Container {
    /// Slices and arrays.
    Slice,
    MapKey,
    MapValue,
    Chan,
    /// Variables that pointers point to.
    Pointer,
}

impl Container {
    /// All kinds.
    pub(super) const ALL: [Self; 5] = [Self::Slice, Self::MapKey, Self::MapValue, Self::Chan, Self::Pointer];
}

/// What flows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Item {
    /// A value of a type that is no interface.
    Type(TypeId),
    /// A function.
    Func {
        target: Target,
        /// Its type as a value.
        signature: TypeId,
        /// Its receiver is its first parameter.
        method_expression: bool,
    },
    /// A method value of an interface: whatever the selector `expr` dispatches to.
    Bound(FileId, ExprId),
    /// The body of a `range` over the function `expr`.
    RangeBody(FileId, ExprId),
    /// Something from outside of the known source.
    Open(Reason),
}

/// Where a flow begins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Source {
    Node(Node),
    Item(Item),
}

/// A call that needs the flow graph to tell its callees.
#[derive(Clone, Debug)]
pub(super) struct Dynamic {
    pub(super) file: FileId,
    /// The call; of an [`Item::Bound`] the selector; of a range over a function the function.
    pub(super) expr: ExprId,
    pub(super) what: DynamicKind,
    /// Arguments that may carry items.
    pub(super) args: Vec<Option<Node>>,
    /// Results that may carry items.
    pub(super) results: Vec<Option<Node>>,
}

/// What a [`Dynamic`] call depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DynamicKind {
    /// Types of the receiver.
    Interface { interface: TypeId, method: Symbol, receiver: Option<Node> },
    /// Functions in the value.
    Value { signature: TypeId, value: Node },
}

//! The node kinds of tree-sitter-go that lowering knows, as an enum: kind ids are looked up once per process, never by
//! string afterwards.

use std::sync::OnceLock;

use tree_sitter::Language;

macro_rules! kinds {
    (named { $($name:ident = $text:literal,)* } tokens { $($token:ident = $token_text:literal,)* }) => {
        /// Kind of a node of a [`Tree`](super::tree::Tree).
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Kind {
            $(#[doc = $text] $name,)*
            $(#[doc = $token_text] $token,)*
            /// A node the grammar could not place, or skipped input.
            Error,
            /// A token or node lowering never asks for.
            Other,
        }

        impl Kind {
            fn from_grammar(text: &str, named: bool) -> Self {
                match (text, named) {
                    $(($text, true) => Self::$name,)*
                    $(($token_text, false) => Self::$token,)*
                    ("ERROR", _) => Self::Error,
                    _ => Self::Other,
                }
            }
        }
    };
}

kinds! {
    named {
        ArgumentList = "argument_list",
        ArrayType = "array_type",
        AssignmentStatement = "assignment_statement",
        BinaryExpression = "binary_expression",
        BlankIdentifier = "blank_identifier",
        Block = "block",
        BreakStatement = "break_statement",
        CallExpression = "call_expression",
        ChannelType = "channel_type",
        Comment = "comment",
        CommunicationCase = "communication_case",
        CompositeLiteral = "composite_literal",
        ConstDeclaration = "const_declaration",
        ConstSpec = "const_spec",
        ContinueStatement = "continue_statement",
        DecStatement = "dec_statement",
        DefaultCase = "default_case",
        DeferStatement = "defer_statement",
        Dot = "dot",
        EmptyStatement = "empty_statement",
        ExpressionCase = "expression_case",
        ExpressionList = "expression_list",
        ExpressionStatement = "expression_statement",
        ExpressionSwitchStatement = "expression_switch_statement",
        FallthroughStatement = "fallthrough_statement",
        False = "false",
        FieldDeclaration = "field_declaration",
        FieldDeclarationList = "field_declaration_list",
        FieldIdentifier = "field_identifier",
        FloatLiteral = "float_literal",
        ForClause = "for_clause",
        ForStatement = "for_statement",
        FuncLiteral = "func_literal",
        FunctionDeclaration = "function_declaration",
        FunctionType = "function_type",
        GenericType = "generic_type",
        GoStatement = "go_statement",
        GotoStatement = "goto_statement",
        Identifier = "identifier",
        IfStatement = "if_statement",
        ImaginaryLiteral = "imaginary_literal",
        ImplicitLengthArrayType = "implicit_length_array_type",
        ImportDeclaration = "import_declaration",
        ImportSpec = "import_spec",
        ImportSpecList = "import_spec_list",
        IncStatement = "inc_statement",
        IndexExpression = "index_expression",
        InterfaceType = "interface_type",
        InterpretedStringLiteral = "interpreted_string_literal",
        IntLiteral = "int_literal",
        Iota = "iota",
        KeyedElement = "keyed_element",
        LabeledStatement = "labeled_statement",
        LabelName = "label_name",
        LiteralElement = "literal_element",
        LiteralValue = "literal_value",
        MapType = "map_type",
        MethodDeclaration = "method_declaration",
        MethodElem = "method_elem",
        NegatedType = "negated_type",
        Nil = "nil",
        PackageClause = "package_clause",
        PackageIdentifier = "package_identifier",
        ParameterDeclaration = "parameter_declaration",
        ParameterList = "parameter_list",
        ParenthesizedExpression = "parenthesized_expression",
        ParenthesizedType = "parenthesized_type",
        PointerType = "pointer_type",
        QualifiedType = "qualified_type",
        RangeClause = "range_clause",
        RawStringLiteral = "raw_string_literal",
        ReceiveStatement = "receive_statement",
        ReturnStatement = "return_statement",
        RuneLiteral = "rune_literal",
        SelectorExpression = "selector_expression",
        SelectStatement = "select_statement",
        SendStatement = "send_statement",
        ShortVarDeclaration = "short_var_declaration",
        SliceExpression = "slice_expression",
        SliceType = "slice_type",
        SourceFile = "source_file",
        StatementList = "statement_list",
        StructType = "struct_type",
        True = "true",
        TypeAlias = "type_alias",
        TypeArguments = "type_arguments",
        TypeAssertionExpression = "type_assertion_expression",
        TypeCase = "type_case",
        TypeConstraint = "type_constraint",
        TypeConversionExpression = "type_conversion_expression",
        TypeDeclaration = "type_declaration",
        TypeElem = "type_elem",
        TypeIdentifier = "type_identifier",
        TypeInstantiationExpression = "type_instantiation_expression",
        TypeParameterDeclaration = "type_parameter_declaration",
        TypeParameterList = "type_parameter_list",
        TypeSpec = "type_spec",
        TypeSwitchStatement = "type_switch_statement",
        UnaryExpression = "unary_expression",
        VarDeclaration = "var_declaration",
        VariadicArgument = "variadic_argument",
        VariadicParameterDeclaration = "variadic_parameter_declaration",
        VarSpec = "var_spec",
        VarSpecList = "var_spec_list",
    }
    tokens {
        Assign = "=",
        Define = ":=",
        Semicolon = ";",
        Arrow = "<-",
        Chan = "chan",
        Star = "*",
        Ampersand = "&",
        Plus = "+",
        Minus = "-",
        Caret = "^",
        Bang = "!",
        EqualEqual = "==",
        NotEqual = "!=",
        Less = "<",
        LessEqual = "<=",
        Greater = ">",
        GreaterEqual = ">=",
        AndAnd = "&&",
        OrOr = "||",
        ShiftLeft = "<<",
        ShiftRight = ">>",
    }
}

impl Kind {
    /// The kind of every node kind id of the grammar.
    pub(super) fn table(language: &Language) -> &'static [Kind] {
        static TABLE: OnceLock<Vec<Kind>> = OnceLock::new();
        TABLE.get_or_init(|| {
            (0..language.node_kind_count())
                .filter_map(|id| u16::try_from(id).ok())
                .map(|id| match language.node_kind_for_id(id) {
                    Some(text) => Self::from_grammar(text, language.node_kind_is_named(id)),
                    None => Self::Other,
                })
                .collect()
        })
    }

    /// Whether the children of such a node say nothing lowering needs.
    pub(super) fn is_leaf(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Identifier
                | FieldIdentifier
                | TypeIdentifier
                | PackageIdentifier
                | LabelName
                | BlankIdentifier
                | Dot
                | InterpretedStringLiteral
                | RawStringLiteral
                | IntLiteral
                | FloatLiteral
                | ImaginaryLiteral
                | RuneLiteral
                | Nil
                | True
                | False
                | Iota
                | Comment
        ) || self.is_token()
    }

    /// Whether this is punctuation or an operator.
    pub(super) fn is_token(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Assign
                | Define
                | Semicolon
                | Arrow
                | Chan
                | Star
                | Ampersand
                | Plus
                | Minus
                | Caret
                | Bang
                | EqualEqual
                | NotEqual
                | Less
                | LessEqual
                | Greater
                | GreaterEqual
                | AndAnd
                | OrOr
                | ShiftLeft
                | ShiftRight
                | Other
        )
    }

    /// Whether the node is a type and cannot be anything else by its kind.
    pub(super) fn is_type(self) -> bool {
        use Kind::*;
        matches!(
            self,
            TypeIdentifier
                | GenericType
                | QualifiedType
                | PointerType
                | StructType
                | InterfaceType
                | ArrayType
                | ImplicitLengthArrayType
                | SliceType
                | MapType
                | ChannelType
                | FunctionType
                | NegatedType
                | ParenthesizedType
        )
    }

    /// Whether the node is an expression by its kind.
    pub(super) fn is_expression(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Identifier
                | UnaryExpression
                | BinaryExpression
                | SelectorExpression
                | IndexExpression
                | SliceExpression
                | CallExpression
                | TypeAssertionExpression
                | TypeConversionExpression
                | TypeInstantiationExpression
                | CompositeLiteral
                | FuncLiteral
                | InterpretedStringLiteral
                | RawStringLiteral
                | IntLiteral
                | FloatLiteral
                | ImaginaryLiteral
                | RuneLiteral
                | Nil
                | True
                | False
                | Iota
                | ParenthesizedExpression
        )
    }

    /// Whether the node is a statement that may stand before the `;` of an `if`, `for` or `switch` header.
    pub(super) fn is_simple_statement(self) -> bool {
        use Kind::*;
        matches!(
            self,
            ExpressionStatement
                | SendStatement
                | IncStatement
                | DecStatement
                | AssignmentStatement
                | ShortVarDeclaration
                | EmptyStatement
        )
    }

    /// Whether the node is a statement.
    pub(super) fn is_statement(self) -> bool {
        use Kind::*;
        self.is_simple_statement()
            || matches!(
                self,
                ConstDeclaration
                    | TypeDeclaration
                    | VarDeclaration
                    | ReturnStatement
                    | GoStatement
                    | DeferStatement
                    | IfStatement
                    | ForStatement
                    | ExpressionSwitchStatement
                    | TypeSwitchStatement
                    | SelectStatement
                    | LabeledStatement
                    | FallthroughStatement
                    | BreakStatement
                    | ContinueStatement
                    | GotoStatement
                    | Block
            )
    }
}

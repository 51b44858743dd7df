//! Facts as text, for tests and for looking at what lowering made of a file.

use std::fmt::Write as _;

use super::{
    Comm, Expr, ExprId, FileFacts, FuncIndex, FuncKind, Instr, InstrKind, LocalId, Source, Terminator, TypeParam,
};
use crate::base::{Idx, Span};

/// Functions, blocks and instructions with the words of the source they come from.
///
/// A block is `bN:`, an instruction is its name and its operands as written; `x#3` is the local with number 3.
pub fn dump(facts: &FileFacts, text: &str) -> String {
    let mut out = String::new();
    let dumper = Dumper { facts, text };
    for (index, function) in facts.functions.iter_enumerated() {
        let _ = write!(out, "{}", dumper.function_name(index));
        let _ = write!(out, "{}", type_params(&function.type_params));
        let params: Vec<String> =
            function.signature.params.iter().map(|param| dumper.optional_local(param.local)).collect();
        let _ = writeln!(out, "({})", params.join(", "));
        if let Some(body) = &function.body {
            for (id, block) in body.blocks.iter_enumerated() {
                let _ = writeln!(out, "  b{}:", id.index());
                dumper.block(body.instrs_of(block), &block.end, &mut out);
            }
            for row in &body.loops {
                let _ = writeln!(out, "  loop b{} exit b{}", row.head.index(), row.exit.index());
            }
        }
    }
    out
}

fn type_params(params: &[TypeParam]) -> String {
    if params.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
    format!("[{}]", names.join(", "))
}

struct Dumper<'a> {
    facts: &'a FileFacts,
    text: &'a str,
}

impl Dumper<'_> {
    fn function_name(&self, index: FuncIndex) -> String {
        let Some(function) = self.facts.functions.get(index) else { return "?".to_owned() };
        match &function.kind {
            FuncKind::Decl { name, receiver: None, .. } => format!("func {name}"),
            FuncKind::Decl { name, receiver: Some(receiver), .. } => {
                let star = if receiver.pointer { "*" } else { "" };
                format!("func ({} {star}{}) {name}", self.optional_local(receiver.local), receiver.type_name)
            }
            FuncKind::Literal { parent, number } => format!("{} literal {number}", self.function_name(*parent)),
            FuncKind::VarInit => "var".to_owned(),
        }
    }

    fn block(&self, instrs: &[Instr], end: &Terminator, out: &mut String) {
        for instr in instrs {
            let _ = writeln!(out, "    {}", self.instr(&instr.kind));
        }
        let _ = writeln!(out, "    {}", self.terminator(end));
    }

    fn instr(&self, kind: &InstrKind) -> String {
        match *kind {
            InstrKind::Read(expr) => format!("read {}", self.expr(expr)),
            InstrKind::Write { place, source } => format!("write {} = {}", self.expr(place), self.source(source)),
            InstrKind::Define { local, source } => format!("define {} = {}", self.local(local), self.source(source)),
            InstrKind::Call(expr) => format!("call {}", self.expr(expr)),
            InstrKind::Go(expr) => format!("go {}", self.expr(expr)),
            InstrKind::Defer(expr) => format!("defer {}", self.expr(expr)),
            InstrKind::Send { channel, value } => format!("send {} <- {}", self.expr(channel), self.expr(value)),
            InstrKind::Receive(expr) => format!("receive {}", self.expr(expr)),
        }
    }

    fn terminator(&self, end: &Terminator) -> String {
        match end {
            Terminator::Goto(next) => format!("goto b{}", next.index()),
            Terminator::If { condition, then, otherwise } => {
                format!("if {} b{} else b{}", self.expr(*condition), then.index(), otherwise.index())
            }
            Terminator::Switch { tag, arms, default } => {
                let tag = tag.map(|tag| self.expr(tag)).unwrap_or_default();
                let arms: Vec<String> =
                    arms.iter().map(|arm| format!("[{}] b{}", self.list(&arm.cases), arm.block.index())).collect();
                format!("switch {tag} {} default b{}", arms.join(" "), default.index())
            }
            Terminator::TypeSwitch { subject, arms, default } => {
                let arms: Vec<String> =
                    arms.iter().map(|arm| format!("[{} types] b{}", arm.types.len(), arm.block.index())).collect();
                format!("typeswitch {} {} default b{}", self.expr(*subject), arms.join(" "), default.index())
            }
            Terminator::Select { arms } => {
                let arm = |comm: Comm| match comm {
                    Comm::Send { channel, value } => format!("{} <- {}", self.expr(channel), self.expr(value)),
                    Comm::Receive(expr) => self.expr(expr),
                    Comm::Default => "default".to_owned(),
                };
                let arms: Vec<String> =
                    arms.iter().map(|row| format!("[{}] b{}", arm(row.comm), row.block.index())).collect();
                format!("select {}", arms.join(" "))
            }
            Terminator::Range { over, body, done } => {
                format!("range {} b{} done b{}", self.expr(*over), body.index(), done.index())
            }
            Terminator::Return { values } => format!("return {}", self.list(values)),
            Terminator::End => "end".to_owned(),
            Terminator::Panic(_) => "panic".to_owned(),
            Terminator::Unreachable => "unreachable".to_owned(),
        }
    }

    fn source(&self, source: Source) -> String {
        match source {
            Source::Value(value) => match value.component {
                Some(component) => format!("{}.{component}", self.expr(value.expr)),
                None => self.expr(value.expr),
            },
            Source::Update(Some(operand)) => format!("update {}", self.expr(operand)),
            Source::Update(None) => "update".to_owned(),
            Source::RangeKey { over } => format!("key of {}", self.expr(over)),
            Source::RangeValue { over } => format!("value of {}", self.expr(over)),
            Source::Zero => "zero".to_owned(),
        }
    }

    fn list(&self, exprs: &[ExprId]) -> String {
        exprs.iter().map(|&expr| self.expr(expr)).collect::<Vec<_>>().join(", ")
    }

    fn expr(&self, expr: ExprId) -> String {
        match self.facts.exprs.get(expr) {
            Some(Expr::Local(local)) => self.local(*local),
            Some(Expr::FuncLit(function)) => self.function_name(*function),
            Some(_) => self.snippet(self.facts.exprs.span(expr)),
            None => "?".to_owned(),
        }
    }

    fn local(&self, local: LocalId) -> String {
        match self.facts.locals.get(local) {
            Some(row) => format!("{}#{}{}", row.name, local.index(), if row.captured { "^" } else { "" }),
            None => "?".to_owned(),
        }
    }

    fn optional_local(&self, local: Option<LocalId>) -> String {
        local.map_or_else(|| "_".to_owned(), |local| self.local(local))
    }

    /// The source of a span on one line.
    fn snippet(&self, span: Span) -> String {
        span.of(self.text).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

//! Types as Go writes them, with import paths before the names.

use super::{
    model::{Basic, Type, TypeId},
    program::Program,
    universe,
};
use crate::{base::Idx, syntax::ChanDirection};

/// Nesting of types that is written out.
const MAX_DEPTH: u32 = 16;

impl Program {
    /// A type as Go writes it; `?` for what is not known.
    pub fn display_type(&self, ty: TypeId) -> String {
        let mut out = String::new();
        self.write_type(&mut out, ty, 0);
        out
    }

    fn write_type(&self, out: &mut String, ty: TypeId, depth: u32) {
        if MAX_DEPTH < depth {
            out.push('…');
            return;
        }
        let depth = depth + 1;
        let mut prefixed = |prefix: &str, ty: TypeId| {
            out.push_str(prefix);
            self.write_type(out, ty, depth);
        };
        match self.ty(ty) {
            Type::Unknown(_) => out.push('?'),
            Type::Basic(basic) => out.push_str(basic_name(*basic)),
            Type::Named { named, args } => {
                let row = self.named(*named);
                if universe::NAMED.len() <= named.index() {
                    out.push_str(row.package.as_str());
                    out.push('.');
                }
                out.push_str(row.name.as_str());
                if !args.is_empty() {
                    self.write_list(out, "[", args, "]", depth);
                }
            }
            Type::Param { name, .. } => out.push_str(name.as_str()),
            Type::Pointer(to) => prefixed("*", *to),
            Type::Slice(element) => prefixed("[]", *element),
            Type::Array(element) => prefixed("[...]", *element),
            Type::Map { key, value } => {
                prefixed("map[", *key);
                prefixed("]", *value);
            }
            Type::Chan { direction, element } => {
                let prefix = match direction {
                    ChanDirection::Both => "chan ",
                    ChanDirection::Send => "chan<- ",
                    ChanDirection::Receive => "<-chan ",
                };
                prefixed(prefix, *element);
            }
            Type::Func { .. } => {
                out.push_str("func");
                self.write_signature(out, ty, depth);
            }
            Type::Struct(fields) => {
                out.push_str("struct{");
                for (i, &field) in fields.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { "; " });
                    let field = self.field(field);
                    out.push_str(field.name.as_str());
                    out.push(' ');
                    self.write_type(out, field.ty, depth);
                }
                out.push('}');
            }
            Type::Interface { methods, complete } => {
                if methods.is_empty() && *complete {
                    out.push_str("any");
                    return;
                }
                out.push_str("interface{");
                for (i, method) in methods.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { "; " });
                    out.push_str(method.name.as_str());
                    self.write_signature(out, method.ty, depth);
                }
                out.push_str(if *complete { "}" } else { "; …}" });
            }
            Type::Tuple(parts) => self.write_list(out, "(", parts, ")", depth),
            Type::Nil => out.push_str("nil"),
        }
    }

    fn write_signature(&self, out: &mut String, ty: TypeId, depth: u32) {
        let Type::Func { params, variadic, results } = self.ty(ty) else { return };
        out.push('(');
        for (i, &param) in params.iter().enumerate() {
            out.push_str(if i == 0 { "" } else { ", " });
            match self.ty(param) {
                Type::Slice(element) if *variadic && i + 1 == params.len() => {
                    out.push_str("...");
                    self.write_type(out, *element, depth);
                }
                _ => self.write_type(out, param, depth),
            }
        }
        out.push(')');
        match **results {
            [] => {}
            [one] => {
                out.push(' ');
                self.write_type(out, one, depth);
            }
            _ => self.write_list(out, " (", results, ")", depth),
        }
    }

    fn write_list(&self, out: &mut String, open: &str, types: &[TypeId], close: &str, depth: u32) {
        out.push_str(open);
        for (i, &ty) in types.iter().enumerate() {
            out.push_str(if i == 0 { "" } else { ", " });
            self.write_type(out, ty, depth);
        }
        out.push_str(close);
    }
}

fn basic_name(basic: Basic) -> &'static str {
    match basic {
        Basic::Bool => "bool",
        Basic::String => "string",
        Basic::Int => "int",
        Basic::Int8 => "int8",
        Basic::Int16 => "int16",
        Basic::Int32 => "int32",
        Basic::Int64 => "int64",
        Basic::Uint => "uint",
        Basic::Uint8 => "uint8",
        Basic::Uint16 => "uint16",
        Basic::Uint32 => "uint32",
        Basic::Uint64 => "uint64",
        Basic::Uintptr => "uintptr",
        Basic::Float32 => "float32",
        Basic::Float64 => "float64",
        Basic::Complex64 => "complex64",
        Basic::Complex128 => "complex128",
        Basic::UnsafePointer => "unsafe.Pointer",
        Basic::UntypedBool => "untyped bool",
        Basic::UntypedInt => "untyped int",
        Basic::UntypedRune => "untyped rune",
        Basic::UntypedFloat => "untyped float",
        Basic::UntypedString => "untyped string",
    }
}

//! Type parameters and what stands for them, as flows.

use rustc_hash::FxHashMap;

use super::{
    collect::carries,
    node::{Container, Item, Node, Source},
    solve::Graph,
};
use crate::{
    resolve::{Program, Type, TypeId, internal::Typer},
    syntax::TypeParamOwner,
};

/// A type argument flows into its type parameter.
pub(super) fn type_argument(t: &Typer<'_>, owner: u32, index: u32, arg: TypeId, graph: &mut Graph) {
    let to = Node::TypeParam(owner, index);
    match t.ty(arg) {
        Type::Param { owner, index, .. } => graph.flow(Source::Node(Node::TypeParam(*owner, *index)), to),
        Type::Unknown(_) => {}
        _ => graph.flow(Source::Item(Item::Type(arg)), to),
    }
}

/// Flows between the type parameters of declared types and those of their methods, and from type arguments.
pub(super) fn instantiations(program: &Program, graph: &mut Graph) {
    let t = Typer::new(program);
    for ty in program.all_types() {
        let Type::Named { named, args } = t.ty(ty) else { continue };
        let Some((file, decl)) = program.named(*named).decl else { continue };
        let owner = t.owner_number(file, TypeParamOwner::Type(decl));
        for (i, &arg) in args.iter().enumerate() {
            type_argument(&t, owner, i as u32, arg, graph);
        }
    }
    for (func, row) in program.funcs().iter_enumerated() {
        let Some((file, decl)) = row.receiver.and_then(|named| program.named(named).decl) else { continue };
        let owner = t.owner_number(file, TypeParamOwner::Type(decl));
        for i in 0..program.function(func).type_params.len() as u32 {
            graph.flow(Source::Node(Node::TypeParam(owner, i)), Node::TypeParam(t.func_owner(func), i));
        }
    }
}

/// Containers of a type parameter's values and containers of what stands for it are the same containers.
pub(super) fn link_containers(program: &Program, graph: &mut Graph) {
    let t = Typer::new(program);
    let params: Vec<(u32, u32, TypeId)> = program
        .all_types()
        .filter_map(|ty| match t.ty(ty) {
            Type::Param { owner, index, .. } => Some((*owner, *index, ty)),
            _ => None,
        })
        .collect();
    let by_owner: FxHashMap<(u32, u32), TypeId> = params.iter().map(|&(o, i, ty)| ((o, i), ty)).collect();
    let element =
        |container, owner: u32, index: u32| by_owner.get(&(owner, index)).map(|&param| Node::Element(container, param));
    // First the methods' parameters, which are those of their receivers' types.
    let mut flows = Vec::new();
    for &(from, to) in &graph.edges {
        let (Node::TypeParam(o1, i1), Node::TypeParam(o2, i2)) = (graph.nodes[from as usize], graph.nodes[to as usize])
        else {
            continue;
        };
        for container in Container::ALL {
            let (Some(a), Some(b)) = (element(container, o1, i1), element(container, o2, i2)) else { continue };
            flows.push((Source::Node(a), b));
            flows.push((Source::Node(b), a));
        }
    }
    for (from, to) in flows.drain(..) {
        graph.flow(from, to);
    }
    for &(to, item) in &graph.seeds {
        let (Node::TypeParam(owner, index), Item::Type(arg)) = (graph.nodes[to as usize], graph.items[item as usize])
        else {
            continue;
        };
        for container in Container::ALL {
            let Some(inside) = element(container, owner, index) else { continue };
            if graph.known(inside).is_none() {
                continue;
            }
            if carries(&t, arg) {
                let outside = Node::Element(container, arg);
                flows.push((Source::Node(outside), inside));
                flows.push((Source::Node(inside), outside));
            } else {
                flows.push((Source::Item(Item::Type(arg)), inside));
            }
        }
    }
    for (from, to) in flows {
        graph.flow(from, to);
    }
}

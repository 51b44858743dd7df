//! The flow graph and its solution: which items reach which node.
//!
//! Components of the graph are found once and visited sources first, so that every edge is looked at once. Sets of
//! items are interned: long chains of nodes share one.

use hashbrown::HashTable;
use rustc_hash::{FxHashMap, FxHasher};
use std::{
    hash::{BuildHasher, BuildHasherDefault},
    sync::Arc,
};

use super::{
    dispatch::{Dispatch, Filter},
    node::{Item, Node, Source},
    scc::{Adjacency, Components},
};

/// Nodes, edges and what starts at each node.
#[derive(Default)]
pub(super) struct Graph {
    ids: FxHashMap<Node, u32>,
    pub(super) nodes: Vec<Node>,
    item_ids: FxHashMap<Item, u32>,
    pub(super) items: Vec<Item>,
    pub(super) edges: Vec<(u32, u32)>,
    /// `(node, item)`.
    pub(super) seeds: Vec<(u32, u32)>,
}

impl Graph {
    /// The number of a node, new or not.
    pub(super) fn node(&mut self, node: Node) -> u32 {
        let next = self.nodes.len() as u32;
        let id = *self.ids.entry(node).or_insert(next);
        if id == next {
            self.nodes.push(node);
        }
        id
    }

    /// The number of a node that something flows through.
    pub(super) fn known(&self, node: Node) -> Option<u32> {
        self.ids.get(&node).copied()
    }

    pub(super) fn item(&mut self, item: Item) -> u32 {
        let next = self.items.len() as u32;
        let id = *self.item_ids.entry(item).or_insert(next);
        if id == next {
            self.items.push(item);
        }
        id
    }

    /// Adds all of another graph. Numbers go on in the order of its own, as if its flows had been added one by one.
    pub(super) fn append(&mut self, part: Self) {
        let nodes: Vec<u32> = part.nodes.into_iter().map(|node| self.node(node)).collect();
        let items: Vec<u32> = part.items.into_iter().map(|item| self.item(item)).collect();
        self.edges.extend(part.edges.into_iter().map(|(from, to)| (nodes[from as usize], nodes[to as usize])));
        self.seeds.extend(part.seeds.into_iter().map(|(to, item)| (nodes[to as usize], items[item as usize])));
    }

    /// Adds a flow.
    pub(super) fn flow(&mut self, from: Source, to: Node) {
        let to = self.node(to);
        match from {
            Source::Node(from) => {
                let from = self.node(from);
                self.edges.push((from, to));
            }
            Source::Item(item) => {
                let item = self.item(item);
                self.seeds.push((to, item));
            }
        }
    }
}

/// A set of items, interned.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct SetId(u32);

/// Interned sets: sorted item numbers.
#[derive(Default)]
pub(super) struct Sets {
    rows: Vec<Box<[u32]>>,
    index: HashTable<u32>,
}

impl Sets {
    /// The set without items.
    pub(super) const EMPTY: SetId = SetId(0);

    fn new() -> Self {
        let mut sets = Self::default();
        sets.intern(&[]);
        sets
    }

    pub(super) fn get(&self, set: SetId) -> &[u32] {
        self.rows.get(set.0 as usize).map_or(&[], |row| row)
    }

    fn intern(&mut self, items: &[u32]) -> SetId {
        let hasher = BuildHasherDefault::<FxHasher>::default();
        let hash = hasher.hash_one(items);
        if let Some(&id) = self.index.find(hash, |&id| *self.rows[id as usize] == *items) {
            return SetId(id);
        }
        let id = self.rows.len() as u32;
        self.rows.push(items.into());
        let rows = &self.rows;
        self.index.insert_unique(hash, id, |&id| hasher.hash_one(&*rows[id as usize]));
        SetId(id)
    }
}

/// Filters by number; 0 lets everything pass.
#[derive(Default)]
struct Filters {
    ids: FxHashMap<Filter, u32>,
    keys: Vec<Filter>,
    /// Bit sets over items, made when first asked for.
    bits: Vec<Option<Arc<[u64]>>>,
    applied: FxHashMap<(SetId, u32), SetId>,
}

impl Filters {
    fn id(&mut self, key: Filter) -> u32 {
        let next = self.keys.len() as u32 + 1;
        let id = *self.ids.entry(key).or_insert(next);
        if id == next {
            self.keys.push(key);
            self.bits.push(None);
        }
        id
    }

    fn apply(&mut self, sets: &mut Sets, set: SetId, filter: u32, dispatch: &Dispatch<'_>, items: &[Item]) -> SetId {
        if filter == 0 || set == Sets::EMPTY {
            return set;
        }
        if let Some(&known) = self.applied.get(&(set, filter)) {
            return known;
        }
        let row = filter as usize - 1;
        let key = self.keys[row];
        let bits = self.bits[row].get_or_insert_with(|| dispatch.admitted(key, items));
        let kept: Vec<u32> =
            sets.get(set).iter().copied().filter(|&i| bits[i as usize / 64] >> (i % 64) & 1 == 1).collect();
        let result = if kept.len() == sets.get(set).len() { set } else { sets.intern(&kept) };
        self.applied.insert((set, filter), result);
        result
    }
}

/// Which items reach which node.
pub(super) struct Solution {
    components: Components,
    sets_of: Vec<SetId>,
    node_filters: Vec<u32>,
    filters: Filters,
    pub(super) sets: Sets,
}

impl Solution {
    /// Propagates all items along all edges. `node_filters` has what may stay at each node, where that is not everything.
    pub(super) fn new(
        graph: &Graph,
        extra: &[(u32, u32)],
        dispatch: &Dispatch<'_>,
        node_filters: &[Option<Filter>],
    ) -> Self {
        let n = graph.nodes.len();
        let edges = || graph.edges.iter().chain(extra).copied();
        let (components, (backward, seeds)) = rayon::join(
            || Adjacency::new(n, edges()).components(),
            || {
                let backward = Adjacency::new(n, edges().map(|(from, to)| (to, from)));
                (backward, Adjacency::new(n, graph.seeds.iter().copied()))
            },
        );
        let mut filters = Filters::default();
        let node_filters = node_filters.iter().map(|filter| filter.map_or(0, |filter| filters.id(filter))).collect();
        let sets_of = vec![Sets::EMPTY; components.len()];
        let mut solution = Self { components, sets_of, node_filters, filters, sets: Sets::new() };
        let mut union = Union { stamps: vec![0; graph.items.len()], epoch: 0 };
        let (mut parts, mut own): (Vec<SetId>, Vec<u32>) = (Vec::new(), Vec::new());
        // Sinks have the smallest numbers.
        for component in (0..solution.components.len() as u32).rev() {
            parts.clear();
            own.clear();
            for at in 0..solution.components.members(component).len() {
                let node = solution.components.members(component)[at];
                own.extend_from_slice(seeds.of(node));
                for &from in backward.of(node) {
                    if solution.components.of[from as usize] != component {
                        parts.push(solution.node_set(from, dispatch, &graph.items));
                    }
                }
            }
            parts.sort_unstable_by_key(|set| set.0);
            parts.dedup();
            let set = union.of(&mut solution.sets, &parts, &mut own);
            let members = solution.components.members(component);
            let filter = solution.node_filters[members[0] as usize];
            let shared = members.iter().all(|&node| solution.node_filters[node as usize] == filter);
            let set = match shared {
                true => solution.filters.apply(&mut solution.sets, set, filter, dispatch, &graph.items),
                false => set,
            };
            solution.sets_of[component as usize] = set;
        }
        solution
    }

    /// The items of a node.
    pub(super) fn node_set(&mut self, node: u32, dispatch: &Dispatch<'_>, items: &[Item]) -> SetId {
        let set = self.sets_of[self.components.of[node as usize] as usize];
        self.filters.apply(&mut self.sets, set, self.node_filters[node as usize], dispatch, items)
    }
}

/// Scratch space for unions.
struct Union {
    stamps: Vec<u32>,
    epoch: u32,
}

impl Union {
    /// The union of sets and single items, which are used up. Starts from the largest set: mostly it is the union already.
    fn of(&mut self, sets: &mut Sets, parts: &[SetId], added: &mut Vec<u32>) -> SetId {
        let largest = parts.iter().copied().max_by_key(|&set| sets.get(set).len()).unwrap_or(Sets::EMPTY);
        if added.is_empty() && parts.iter().all(|&set| set == largest || set == Sets::EMPTY) {
            return largest;
        }
        self.epoch += 1;
        for &item in sets.get(largest) {
            self.stamps[item as usize] = self.epoch;
        }
        added.retain(|&item| std::mem::replace(&mut self.stamps[item as usize], self.epoch) != self.epoch);
        for &set in parts.iter().filter(|&&set| set != largest) {
            for &item in sets.get(set) {
                if self.stamps[item as usize] != self.epoch {
                    self.stamps[item as usize] = self.epoch;
                    added.push(item);
                }
            }
        }
        if added.is_empty() {
            return largest;
        }
        added.sort_unstable();
        let merged = merge(sets.get(largest), added);
        sets.intern(&merged)
    }
}

/// Two sorted lists without common elements as one.
fn merge(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut merged = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i] < b[j] {
            merged.push(a[i]);
            i += 1;
        } else {
            merged.push(b[j]);
            j += 1;
        }
    }
    merged.extend_from_slice(&a[i..]);
    merged.extend_from_slice(&b[j..]);
    merged
}

//! Strongly connected components of a graph given as adjacency rows, without recursion: flow graphs of large programs
//! have paths of a hundred thousand nodes.
//!
//! Tarjan 1972, "Depth-first search and linear graph algorithms".

/// Edges as one array, with the start of each node's part.
#[derive(Default)]
pub(super) struct Adjacency {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Adjacency {
    /// The graph of `nodes` nodes with the given edges, each node's in the order given.
    pub(super) fn new(nodes: usize, edges: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0_u32; nodes + 1];
        for (from, _) in edges.clone() {
            starts[from as usize + 1] += 1;
        }
        for i in 0..nodes {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut targets = vec![0; starts[nodes] as usize];
        for (from, to) in edges {
            targets[next[from as usize] as usize] = to;
            next[from as usize] += 1;
        }
        Self { starts, targets }
    }

    /// Where the edges of a node lead.
    pub(super) fn of(&self, node: u32) -> &[u32] {
        &self.targets[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }

    fn nodes(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The component of each node, and the components: what a component leads to has a smaller number.
    pub(super) fn components(&self) -> Components {
        const UNSEEN: u32 = u32::MAX;
        let n = self.nodes();
        let mut order = vec![UNSEEN; n];
        let mut low = vec![0_u32; n];
        let mut of = vec![UNSEEN; n];
        let mut stack: Vec<u32> = Vec::new();
        let mut path: Vec<(u32, u32)> = Vec::new();
        let mut members: Vec<u32> = Vec::with_capacity(n);
        let mut starts = vec![0_u32];
        let mut seen = 0;
        for root in 0..n as u32 {
            if order[root as usize] != UNSEEN {
                continue;
            }
            path.push((root, 0));
            while let Some(&mut (node, ref mut next)) = path.last_mut() {
                let at = node as usize;
                if *next == 0 {
                    order[at] = seen;
                    low[at] = seen;
                    seen += 1;
                    stack.push(node);
                }
                if let Some(&to) = self.of(node).get(*next as usize) {
                    *next += 1;
                    if order[to as usize] == UNSEEN {
                        path.push((to, 0));
                    } else if of[to as usize] == UNSEEN {
                        low[at] = low[at].min(order[to as usize]);
                    }
                    // A node whose first edge is done must not be entered again.
                    continue;
                }
                path.pop();
                if let Some(&(parent, _)) = path.last() {
                    low[parent as usize] = low[parent as usize].min(low[at]);
                }
                if low[at] == order[at] {
                    let component = starts.len() as u32 - 1;
                    while let Some(member) = stack.pop() {
                        of[member as usize] = component;
                        members.push(member);
                        if member == node {
                            break;
                        }
                    }
                    starts.push(members.len() as u32);
                }
            }
        }
        Components { of, starts, members }
    }
}

/// Components in an order in which what a component leads to comes before it.
pub(super) struct Components {
    /// The component of each node.
    pub(super) of: Vec<u32>,
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Components {
    /// Number of components.
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The nodes of a component.
    pub(super) fn members(&self, component: u32) -> &[u32] {
        &self.members[self.starts[component as usize] as usize..self.starts[component as usize + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_one_component_and_sinks_come_first() {
        // 0 → 1 → 2 → 1, 2 → 3, 4 alone, 5 → 5.
        let edges = [(0, 1), (1, 2), (2, 1), (2, 3), (5, 5)];
        let components = Adjacency::new(6, edges.into_iter()).components();
        assert_eq!(components.len(), 5);
        assert_eq!(components.of[1], components.of[2]);
        assert!(components.of[3] < components.of[2] && components.of[2] < components.of[0]);
    }

    #[test]
    fn a_long_path_needs_no_stack() {
        let n = 300_000;
        let components = Adjacency::new(n, (1..n as u32).map(|i| (i - 1, i))).components();
        assert_eq!(components.len(), n);
    }
}

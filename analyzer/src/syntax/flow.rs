//! The control-flow graph of the function being lowered.

use std::{mem, ops::Range};

use rustc_hash::FxHashMap;

use super::{Block, BlockId, Body, FuncIndex, Instr, InstrKind, Loop, LoopScope, Terminator};
use crate::base::{Idx, IndexVec, Span, Symbol};

/// A statement `break`, `continue` or `fallthrough` may leave.
pub(super) struct Target {
    pub(super) label: Option<Symbol>,
    /// The block after the statement, once something jumps there.
    pub(super) exit: Option<BlockId>,
    /// Where `continue` goes; only loops have it.
    pub(super) next: Option<BlockId>,
    /// The clause after the one being read.
    pub(super) following: Option<BlockId>,
}

/// One function under construction.
#[derive(Default)]
pub(super) struct Flow {
    /// `None` outside of functions.
    pub(super) function: Option<FuncIndex>,
    /// Literals directly inside.
    pub(super) literals: Vec<FuncIndex>,
    /// The innermost loop of this function around the statement being read.
    pub(super) loop_scope: Option<LoopScope>,
    pub(super) targets: Vec<Target>,
    body: Body,
    /// The block being filled.
    current: Option<BlockId>,
    /// Instructions in the order in which they were met.
    instrs: Vec<Instr>,
    /// Which of them belong to which block. A block may be filled in several turns.
    turns: Vec<(BlockId, Range<usize>)>,
    labels: FxHashMap<Symbol, BlockId>,
}

impl Flow {
    pub(super) fn new(function: FuncIndex) -> Self {
        let mut flow = Self { function: Some(function), ..Self::default() };
        flow.current = Some(flow.new_block());
        flow
    }

    /// A block nothing leads to yet.
    pub(super) fn new_block(&mut self) -> BlockId {
        self.body.blocks.push(Block { instrs: 0..0, end: Terminator::Unreachable, end_span: Span::default() })
    }

    /// Whether control can reach the next statement by falling into it.
    pub(super) fn is_open(&self) -> bool {
        self.current.is_some()
    }

    /// The block being filled. After a `return` it is a new one nothing leads to.
    fn open_block(&mut self) -> BlockId {
        match self.current {
            Some(block) => block,
            None => {
                let block = self.new_block();
                self.current = Some(block);
                block
            }
        }
    }

    pub(super) fn emit(&mut self, kind: InstrKind, span: Span) {
        self.open_block();
        self.instrs.push(Instr { kind, span });
    }

    /// Turns to another block.
    fn turn_to(&mut self, block: Option<BlockId>) {
        let first = self.turns.last().map_or(0, |turn| turn.1.end);
        if let Some(left) = mem::replace(&mut self.current, block)
            && first < self.instrs.len()
        {
            self.turns.push((left, first..self.instrs.len()));
        }
    }

    /// Gives the body its instructions, in the order of the blocks.
    fn lay_out(&mut self) {
        self.turns.sort_by_key(|turn| turn.0);
        let Body { blocks, instrs, .. } = &mut self.body;
        instrs.reserve_exact(self.instrs.len());
        for (block, turn) in self.turns.drain(..) {
            let first = instrs.len() as u32;
            instrs.extend_from_slice(&self.instrs[turn]);
            let own = &mut blocks[block].instrs;
            own.start = if own.end == 0 { first } else { own.start };
            own.end = instrs.len() as u32;
        }
    }

    /// Ends the current block by a decision.
    pub(super) fn end(&mut self, end: Terminator, span: Span) {
        let block = self.open_block();
        self.body.blocks[block].end = end;
        self.body.blocks[block].end_span = span;
        self.turn_to(None);
    }

    /// Goes on to `next`, if control gets here at all.
    pub(super) fn goto(&mut self, next: BlockId, span: Span) {
        if self.is_open() {
            self.end(Terminator::Goto(next), span);
        }
    }

    /// Fills `block` from now on.
    pub(super) fn start(&mut self, block: BlockId) {
        self.turn_to(Some(block));
    }

    /// Goes on to the block `slot` names, which is made when first gone to.
    pub(super) fn join(&mut self, slot: &mut Option<BlockId>, span: Span) {
        if self.is_open() {
            let next = *slot.get_or_insert_with(|| self.new_block());
            self.end(Terminator::Goto(next), span);
        }
    }

    /// Fills the block `slot` names, or nothing when control never got there.
    pub(super) fn resume(&mut self, slot: Option<BlockId>) {
        self.turn_to(slot);
    }

    /// The block a label stands for.
    pub(super) fn label(&mut self, name: Symbol) -> BlockId {
        match self.labels.get(&name) {
            Some(&block) => block,
            None => {
                let block = self.new_block();
                self.labels.insert(name, block);
                block
            }
        }
    }

    /// Where a `break` goes.
    pub(super) fn break_target(&mut self, label: Option<Symbol>) -> Option<BlockId> {
        let index = self.targets.iter().rposition(|target| label.is_none() || target.label == label)?;
        if let Some(exit) = self.targets[index].exit {
            return Some(exit);
        }
        let exit = self.new_block();
        self.targets[index].exit = Some(exit);
        Some(exit)
    }

    /// Where a `continue` goes.
    pub(super) fn continue_target(&self, label: Option<Symbol>) -> Option<BlockId> {
        let fits = |target: &&Target| target.next.is_some() && (label.is_none() || target.label == label);
        self.targets.iter().rev().find(fits)?.next
    }

    pub(super) fn push_loop(&mut self, row: Loop) {
        self.body.loops.push(row);
    }

    /// Ends the function at its closing brace.
    pub(super) fn finish(mut self, closing: Span) -> Body {
        if let Some(block) = self.current {
            let reached = reachable(&self.body.blocks);
            self.body.blocks[block].end =
                if reached[block.index()] { Terminator::End } else { Terminator::Unreachable };
            self.body.blocks[block].end_span = closing;
            self.turn_to(None);
        }
        self.lay_out();
        self.body.blocks.shrink_to_fit();
        self.body.loops.shrink_to_fit();
        self.body
    }
}

fn reachable(blocks: &IndexVec<BlockId, Block>) -> Vec<bool> {
    let mut reached = vec![false; blocks.len()];
    let mut open = vec![BlockId::new(0)];
    while let Some(block) = open.pop() {
        if !mem::replace(&mut reached[block.index()], true) {
            open.extend(blocks[block].end.successors());
        }
    }
    reached
}

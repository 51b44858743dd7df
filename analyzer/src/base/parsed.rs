//! Results that keep what was understood beside what was not.

use std::{fmt, sync::Arc};

/// A value read from untrusted input, and the trouble met on the way. Trouble never takes the value away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed<T> {
    /// What was understood.
    pub value: T,
    /// What was not, in the order of the input.
    pub problems: Vec<Problem>,
}

impl<T> Parsed<T> {
    /// A value read without trouble.
    pub fn clean(value: T) -> Self {
        Self { value, problems: Vec::new() }
    }
}

/// What sort of trouble an input gave. The name in JSON is [`ProblemKind::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// A line of a race report that no rule of the report grammar fits.
    ReportLine,
    /// A stack of a report that the runtime could not restore.
    LostStack,
    /// A report that ends in the middle.
    TruncatedReport,
    /// A frame of a report whose function is not in the checkout.
    FrameNotFound,
    /// A file or folder that could not be read.
    Unreadable,
    /// A file that is not UTF-8.
    NotUtf8,
    /// A Go file with syntax errors; what stood around them was read.
    Syntax,
    /// A file left out because of its size.
    TooLarge,
    /// A folder without `go.mod`, or a `go.mod` that could not be understood.
    Module,
    /// Two packages in one folder.
    PackageClash,
    /// The same name declared twice in one package.
    DuplicateDeclaration,
    /// Types that embed each other in a circle.
    CyclicEmbedding,
    /// A configuration file that could not be understood.
    Configuration,
    /// A named budget was reached; what lies behind it is unknown.
    Budget,
}

impl ProblemKind {
    /// The name used in JSON, stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReportLine => "report-line",
            Self::LostStack => "lost-stack",
            Self::TruncatedReport => "truncated-report",
            Self::FrameNotFound => "frame-not-found",
            Self::Unreadable => "unreadable",
            Self::NotUtf8 => "not-utf8",
            Self::Syntax => "syntax",
            Self::TooLarge => "too-large",
            Self::Module => "module",
            Self::PackageClash => "package-clash",
            Self::DuplicateDeclaration => "duplicate-declaration",
            Self::CyclicEmbedding => "cyclic-embedding",
            Self::Configuration => "configuration",
            Self::Budget => "budget",
        }
    }
}

/// Trouble with the input: not a defect in the Go code, and not a defect of this program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What sort of trouble.
    pub kind: ProblemKind,
    /// One sentence for a person, without the position.
    pub message: String,
    /// Path of the input, relative to the repository where there is one.
    pub file: Option<Arc<str>>,
    /// Line in that input, from 1.
    pub line: Option<u32>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{file}:{line}: ")?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.message)
    }
}

//! Interfaces of the standard library, and what makes groups, timers, contexts and scanners, for checkouts whose Go installation
//! and module cache are not at hand.
//!
//! Types of the checkout embed and implement the interfaces; without their method sets an `Executor` that embeds
//! `io.Closer` would fit anything. And `g, ctx := errgroup.WithContext(ctx)` must give `g` a type, or what it starts is
//! not seen. Every other member of these packages stays what it is without a stub, a name of a package without source.
//! A package whose source is there needs no stub.

use super::{FileRole, SourceFile, SourceSet};
use crate::base::Symbol;

/// Import paths and declarations.
const STUBS: [(&str, &str); 18] = [
    ("bufio", include_str!("../../stubs/bufio.go")),
    ("container/heap", include_str!("../../stubs/container_heap.go")),
    ("context", include_str!("../../stubs/context.go")),
    ("database/sql/driver", include_str!("../../stubs/database_sql_driver.go")),
    ("encoding", include_str!("../../stubs/encoding.go")),
    ("encoding/json", include_str!("../../stubs/encoding_json.go")),
    ("flag", include_str!("../../stubs/flag.go")),
    ("fmt", include_str!("../../stubs/fmt.go")),
    ("golang.org/x/sync/errgroup", include_str!("../../stubs/errgroup.go")),
    ("hash", include_str!("../../stubs/hash.go")),
    ("io", include_str!("../../stubs/io.go")),
    ("io/fs", include_str!("../../stubs/io_fs.go")),
    ("net", include_str!("../../stubs/net.go")),
    ("net/http", include_str!("../../stubs/net_http.go")),
    ("os", include_str!("../../stubs/os.go")),
    ("sort", include_str!("../../stubs/sort.go")),
    ("sync", include_str!("../../stubs/sync.go")),
    ("time", include_str!("../../stubs/time.go")),
];

/// Import paths that mean what another one means: the types of both are the same.
const SAME: [(&str, &str); 1] = [("golang.org/x/net/context", "context")];

/// The import path that a path stands for, if that is another one.
pub(crate) fn standing_for(path: &str) -> Option<&'static str> {
    SAME.iter().find(|row| row.0 == path).map(|row| row.1)
}

/// Adds the stubs of packages that no file of the set belongs to.
pub(super) fn add(set: &mut SourceSet) {
    for (path, text) in STUBS {
        let import_path = Symbol::new(path);
        if set.files.iter().any(|file| file.import_path == import_path) {
            continue;
        }
        set.files.push(SourceFile {
            path: format!("$std/{path}.go").into(),
            text: text.into(),
            import_path,
            module: None,
            role: FileRole::Stub,
            test: false,
        });
    }
}

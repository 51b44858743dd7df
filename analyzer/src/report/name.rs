//! Function names as the linker prints them, of every Go version reports are found of.

/// A function name taken apart.
///
/// `A.B.func2` may be a closure of method `B` of `A`, or a closure of function `B` inlined into function `A`; it is
/// read as the former.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FunctionName {
    /// Import path, without `vendor` and with `%2e` undone; empty for names outside packages (`_cgoexp_…`). Bazel
    /// prints no module path; see [`FunctionName::is_in`].
    pub package: String,
    /// Type of the receiver, without its type arguments.
    pub receiver: Option<String>,
    /// Whether the receiver is a pointer.
    pub pointer: bool,
    /// Function or method; `init.0` for init functions, `init` for closures of package variables, empty for closures
    /// of Go 1.4 and older, which do not name their function.
    pub base: String,
    /// What follows the declared function, with its separator: `.func1.2`, `.gowrap1`, `-range1`, `-fm`, or nothing.
    pub suffix: String,
}

impl FunctionName {
    /// Takes a name apart. Every text has an answer; a name of no known form is all base.
    pub fn parse(printed: &str) -> Self {
        let text = modern(printed.trim());
        // The package ends at the first dot of the last path element; parentheses may hold further paths.
        let paren = text.find('(').unwrap_or(text.len());
        let element = text[..paren].rfind('/').map_or(0, |at| at + 1);
        let special = text.starts_with("type:") || text.starts_with("type..") || text.starts_with("go:");
        let dot = text[element..].find('.').filter(|_| !special).map(|at| element + at);
        let Some(dot) = dot else {
            return Self { base: text, ..Self::default() };
        };
        let mut name = Self { package: package_path(&text[..dot]), ..Self::default() };
        let rest = name.take_receiver(&text[dot + 1..]);
        let end = base_end(rest);
        name.base = rest[..end].to_owned();
        name.suffix = rest[end..].to_owned();
        if is_closure_part(&name.base) && name.receiver.is_none() {
            name.suffix = format!(".{}{}", name.base, name.suffix);
            name.base.clear();
        }
        name
    }

    /// The name in the form of current linkers without type arguments: `p/q.(*T).M.func1.2`. Dots of the package
    /// path are printed as dots. Equal functions of one Go version have equal canonical names.
    pub fn canonical(&self) -> String {
        let mut parts = Vec::with_capacity(3);
        if !self.package.is_empty() {
            parts.push(self.package.clone());
        }
        match &self.receiver {
            Some(receiver) if self.pointer => parts.push(format!("(*{receiver})")),
            Some(receiver) => parts.push(receiver.clone()),
            None => {}
        }
        if !self.base.is_empty() {
            parts.push(self.base.clone());
        }
        parts.join(".") + &self.suffix
    }

    /// The canonical name of the declared function around this one: without closures, wrappers and method values.
    pub fn declared(&self) -> String {
        Self { suffix: String::new(), ..self.clone() }.canonical()
    }

    /// Whether this is a closure, a wrapper or a loop body and not a declared function itself.
    pub fn is_closure(&self) -> bool {
        !self.suffix.is_empty() && self.suffix != "-fm"
    }

    /// Whether this is a method value (`t.M` used as a function).
    pub fn is_method_value(&self) -> bool {
        self.suffix.ends_with("-fm")
    }

    /// Whether the compiler made this function for a `go` or `defer` statement; its frame has the line of that
    /// statement.
    pub fn is_wrapper(&self) -> bool {
        let last = self.suffix.rsplit('.').next().unwrap_or("");
        last.starts_with("gowrap") || last.starts_with("deferwrap")
    }

    /// Whether the function can be of the package at `import_path`, its tests included. Names of Bazel lack the
    /// module path and carry the name of the test target.
    pub fn is_in(&self, import_path: &str) -> bool {
        let ends = |package: &str| {
            !package.is_empty()
                && import_path
                    .strip_suffix(package)
                    .is_some_and(|rest| rest.is_empty() || package.contains('/') && rest.ends_with('/'))
        };
        let external = self.package.strip_suffix("_test").unwrap_or(&self.package);
        let target = external.strip_suffix("_test").unwrap_or(external);
        let folder = target.rsplit_once('/').filter(|(folder, last)| folder.rsplit('/').next() == Some(last));
        ends(&self.package)
            || ends(external)
            || external != self.package && folder.is_some_and(|(folder, _)| ends(folder))
    }

    /// Whether the function is part of the runtime and its helpers: never the cause of a race.
    pub fn is_runtime(&self) -> bool {
        let within = |root: &str| self.package.strip_prefix(root).is_some_and(|r| r.is_empty() || r.starts_with('/'));
        within("runtime") || within("sync") || within("internal") || matches!(self.base.as_str(), "??" | "-")
    }

    /// Whether the race detector does not see the calls of this function, so that its caller may be missing below it.
    pub fn is_uninstrumented(&self) -> bool {
        let package = self.package.as_str();
        let runtime = ["runtime", "sync", "sync/atomic", "internal/sync", "internal/race", "internal/runtime"];
        runtime.contains(&package)
            || package.starts_with("internal/runtime/")
            || package.starts_with("runtime/internal/")
            || package == "reflect"
                && matches!(self.base.as_str(), "callReflect" | "makeFuncStub" | "call" | "methodValueCall")
            || package.is_empty()
    }

    /// Whether the function starts a goroutine and is called by no sane program: `main`, or a test.
    pub fn is_entry(&self) -> bool {
        let test = ["Test", "Benchmark", "Fuzz", "Example"].iter().any(|word| {
            // `Testify` is a name like any other.
            let rest = self.base.strip_prefix(word);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_lowercase()))
        });
        let main = self.package == "main" && self.base == "main";
        self.suffix.is_empty() && self.receiver.is_none() && (test || main)
    }

    /// Reads the receiver off the front of what follows the package, and returns the rest.
    fn take_receiver<'a>(&mut self, rest: &'a str) -> &'a str {
        let pointer = rest.strip_prefix("(*").and_then(|r| r.split_once(")."));
        // Go 1.1 to 1.4 printed method values as `p.*T.(p.M)·fm`.
        let old = || rest.strip_prefix('*').and_then(|r| r.split_once('.'));
        if let Some((receiver, method)) = pointer.or_else(old) {
            self.pointer = true;
            self.receiver = Some(type_name(receiver));
            return method;
        }
        let Some((first, second)) = rest.split_once('.') else { return rest };
        let closure = second.split(['.', '-']).next().is_some_and(is_closure_part);
        if closure || first.contains('-') || first.is_empty() || second.is_empty() || is_closure_part(first) {
            return rest;
        }
        self.receiver = Some(type_name(first));
        second
    }
}

/// A type without the number that tells apart types of one name declared inside functions.
fn type_name(text: &str) -> String {
    text.split('\u{b7}').next().unwrap_or(text).to_owned()
}

/// Where the declared function ends in `M.func1.2`, `M-fm`, `init.0.func1`.
fn base_end(rest: &str) -> usize {
    let end = |from: usize| {
        let dot = rest[from..].find('.').map(|at| from + at);
        let dash = ["-fm", "-range"].iter().filter_map(|d| rest[from..].find(d)).min().map(|at| from + at);
        dot.into_iter().chain(dash).min().unwrap_or(rest.len())
    };
    let first = end(0);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if &rest[..first] == "init" && rest[first..].starts_with('.') {
        let second = end(first + 1);
        if digits(&rest[first + 1..second]) {
            return second;
        }
    }
    first
}

/// Whether one part of a name is of a closure or wrapper: `func1`, `2`, `gowrap1`, `deferwrap2`.
fn is_closure_part(part: &str) -> bool {
    let part = part.split('-').next().unwrap_or(part);
    let number = ["func", "gowrap", "deferwrap"].iter().find_map(|w| part.strip_prefix(w)).unwrap_or(part);
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// The import path of a printed package: `a/vendor/c/yaml%2ego` to `c/yaml.go`.
fn package_path(printed: &str) -> String {
    let printed = match printed.rfind("/vendor/") {
        Some(at) => &printed[at + "/vendor/".len()..],
        None => printed.strip_prefix("vendor/").unwrap_or(printed),
    };
    let mut bytes = Vec::with_capacity(printed.len());
    let mut rest = printed.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail.get(..2).filter(|_| byte == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(code) => {
                bytes.push(code);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Rewrites the spellings of old versions and of damaged text to current ones, and drops type arguments.
fn modern(printed: &str) -> String {
    let text = without_type_arguments(printed.strip_suffix("()").unwrap_or(printed));
    // The middle dot (`·`) becomes replacement characters, or a bullet after optical recognition.
    let mut text =
        text.replace(['\u{2022}', '\u{fffd}', '\u{2027}', '\u{22c5}'], "\u{b7}").replace("\u{c2}\u{b7}", "\u{b7}");
    while text.contains("\u{b7}\u{b7}") {
        text = text.replace("\u{b7}\u{b7}", "\u{b7}");
    }
    text = text.replace("glob..func", "init.func").replace("\u{b7}fm", "-fm").replace("\u{b7}dwrap\u{b7}", ".gowrap");
    text = text.replace("-dwrap\u{b7}", ".gowrap").replace("\u{b7}dwrap", ".gowrap");
    if let Some(at) = text.find("func\u{b7}") {
        // Go 1.4 and older number the closures of a package: `p.func·001`.
        let digits = text[at + "func\u{b7}".len()..].trim_start_matches('0').to_owned();
        text = format!("{}func{}", &text[..at], if digits.is_empty() { "0" } else { &digits });
    }
    // `p.(*T).(pkg/path.M)-fm` names the package of an unexported method again.
    if let Some(open) = text.rfind(".(").filter(|&at| !text[at..].starts_with(".(*"))
        && let Some(close) = text[open..].find(')').map(|at| open + at)
    {
        let method = text[open + 2..close].rsplit('.').next().unwrap_or("").to_owned();
        text.replace_range(open + 1..=close, &method);
    }
    text
}

fn without_type_arguments(text: &str) -> String {
    if !text.contains('[') {
        return text.to_owned();
    }
    let mut depth = 0usize;
    let keep = |c: &char| {
        match c {
            '[' => depth += 1,
            ']' => {
                depth = depth.saturating_sub(1);
                return false;
            }
            _ => {}
        }
        depth == 0
    };
    text.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms() {
        for (printed, canonical) in [
            ("main.main", "main.main"),
            ("p/q.(*T).M.func1.2", "p/q.(*T).M.func1.2"),
            ("p/q.T.M", "p/q.T.M"),
            ("p.F.func1", "p.F.func1"),
            ("p.func\u{b7}001", "p.func1"),
            ("p.func\u{fffd}\u{fffd}012", "p.func12"),
            ("p.glob..func9.1", "p.init.func9.1"),
            ("p.init.func9", "p.init.func9"),
            ("p.init.0", "p.init.0"),
            ("p.init.1.func1", "p.init.1.func1"),
            ("p.init.0\u{2022}dwrap\u{2022}1", "p.init.0.gowrap1"),
            ("p.F\u{b7}dwrap\u{b7}21", "p.F.gowrap21"),
            ("p.F.func2.deferwrap1", "p.F.func2.deferwrap1"),
            ("p.(*T).M-fm", "p.(*T).M-fm"),
            ("a/p.*T.(b/c.M)\u{b7}fm", "a/p.(*T).M-fm"),
            ("a/p.(*T).(b/c.M)-fm", "a/p.(*T).M-fm"),
            ("p.F-range1", "p.F-range1"),
            ("p.(*T).F-range1.func2", "p.(*T).F-range1.func2"),
            ("m.(*Box[go.shape.struct { a/m.k string; m.v []uint8 }]).Set", "m.(*Box).Set"),
            ("m.Map[go.shape.int,go.shape.*a/b.T].func1", "m.Map.func1"),
            ("e.org/yaml%2ego.Run", "e.org/yaml.go.Run"),
            ("gopkg.in/check%2ev1.(*C).run", "gopkg.in/check.v1.(*C).run"),
            ("a/b/vendor/c/d.F", "c/d.F"),
            ("_cgoexp_1234_cb", "_cgoexp_1234_cb"),
            ("p.A.B.func2", "p.A.B.func2"),
            ("p.(*C).stop.func3.(*R).Wait.func2.2", "p.(*C).stop.func3.(*R).Wait.func2.2"),
            ("??", "??"),
        ] {
            assert_eq!(FunctionName::parse(printed).canonical(), canonical, "{printed}");
        }
    }

    #[test]
    fn parts() {
        let n = FunctionName::parse("e.org/a/p.(*T[go.shape.int]).M.func1.2");
        assert_eq!((n.package.as_str(), n.receiver.as_deref(), n.pointer), ("e.org/a/p", Some("T"), true));
        assert_eq!((n.base.as_str(), n.suffix.as_str(), n.is_closure()), ("M", ".func1.2", true));
        assert_eq!(n.declared(), "e.org/a/p.(*T).M");
        let n = FunctionName::parse("p.T.M-fm");
        assert_eq!((n.receiver.as_deref(), n.base.as_str(), n.is_method_value()), (Some("T"), "M", true));
        let n = FunctionName::parse("p.func\u{b7}003");
        assert_eq!((n.base.as_str(), n.suffix.as_str()), ("", ".func3"));
        assert!(FunctionName::parse("p.F.gowrap2").is_wrapper());
        assert!(FunctionName::parse("internal/race.WriteRange").is_runtime());
        assert!(!FunctionName::parse("syncx.F").is_runtime());
    }

    #[test]
    fn packages_of_bazel() {
        assert!(FunctionName::parse("pkg/dir/dir_test_test.TestX").is_in("e.org/m/pkg/dir"));
        assert!(FunctionName::parse("pkg/dir/dir_test.TestX").is_in("e.org/m/pkg/dir"));
        assert!(FunctionName::parse("e.org/m/pkg_test.TestX").is_in("e.org/m/pkg"));
        assert!(!FunctionName::parse("other/dir.F").is_in("e.org/m/dir"));
        assert!(!FunctionName::parse("main.main").is_in("e.org/m/main"));
    }
}

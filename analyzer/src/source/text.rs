//! The text of a file, which need not stay in memory: lowered facts answer nearly every question, and what a finding quotes
//! stands in a few files.
//!
//! Invariant: a text is the one that was lowered, or empty. A file that was changed since has no text.

use std::{
    fmt,
    hash::Hasher,
    ops,
    sync::{Arc, OnceLock},
};

use rustc_hash::FxHasher;

/// Reads a file once more, by its path in the [`super::SourceSet`]. Only the caller of an analysis can.
pub trait ReadAgain: Send + Sync {
    /// The bytes of the file, if it is there.
    fn read(&self, path: &str) -> Option<Vec<u8>>;
}

/// The text of a file, in memory or to be read again when it is asked for.
#[derive(Clone)]
pub struct Text {
    here: OnceLock<Arc<str>>,
    elsewhere: Option<Elsewhere>,
}

/// Where to find a text that was let go of.
#[derive(Clone)]
struct Elsewhere {
    reader: Arc<dyn ReadAgain>,
    path: Arc<str>,
    length: usize,
    hash: u64,
}

impl Text {
    /// Lets go of the text. Who asks for it gets what `reader` finds at the path, unless that is another text by now.
    pub fn let_go(&mut self, path: &Arc<str>, reader: &Arc<dyn ReadAgain>) {
        let Some(text) = self.here.take() else { return };
        let (length, hash) = (text.len(), hash_of(&text));
        self.elsewhere = Some(Elsewhere { reader: reader.clone(), path: path.clone(), length, hash });
    }

    /// The text, if it is in memory.
    pub fn here(&self) -> Option<&Arc<str>> {
        self.here.get()
    }

    /// Bytes of the text, wherever it is.
    pub fn bytes(&self) -> usize {
        self.elsewhere.as_ref().map_or_else(|| self.len(), |elsewhere| elsewhere.length)
    }
}

impl Elsewhere {
    fn read(&self) -> Option<Arc<str>> {
        let bytes = self.reader.read(&self.path)?;
        let text = String::from_utf8_lossy(&bytes);
        (text.len() == self.length && hash_of(&text) == self.hash).then(|| text.into())
    }
}

impl ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        let read = || self.elsewhere.as_ref().and_then(Elsewhere::read).unwrap_or_default();
        self.here.get_or_init(read)
    }
}

impl<T: Into<Arc<str>>> From<T> for Text {
    fn from(text: T) -> Self {
        Self { here: OnceLock::from(text.into()), elsewhere: None }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text").field("bytes", &self.bytes()).finish()
    }
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(&'static str);

    impl ReadAgain for Says {
        fn read(&self, path: &str) -> Option<Vec<u8>> {
            (path == "a.go").then(|| self.0.as_bytes().to_vec())
        }
    }

    fn after(path: &str, says: &'static str) -> Text {
        let mut text = Text::from("package p\n");
        let reader: Arc<dyn ReadAgain> = Arc::new(Says(says));
        text.let_go(&path.into(), &reader);
        assert!(text.here().is_none() && text.bytes() == 10);
        text
    }

    #[test]
    fn a_text_is_read_again_unless_it_has_changed() {
        assert_eq!(&*after("a.go", "package p\n"), "package p\n");
        assert_eq!(&*after("a.go", "package q\n"), "");
        assert_eq!(&*after("b.go", "package p\n"), "");
    }
}

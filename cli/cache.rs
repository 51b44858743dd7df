//! Answers of earlier runs of `check`, kept by a hash of everything they depend on.
//!
//! Invariant: an answer from here is the one a run would give. The key is a hash of this program, of what was asked, and of
//! every byte that was read; an entry that is not exactly what was written is not there. Entries are written under another
//! name and renamed, so that several runs may share a folder and any of them may be killed. A cache that does not work costs
//! time and nothing else.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Result;
use blake3::{Hash, Hasher};
use etcetera::BaseStrategy;
use rayon::prelude::*;

use crate::{
    args::{CacheArgs, CheckArgs},
    load::Tree,
};

/// Bytes of all entries together; beyond it the ones not asked for longest go. An answer of a million lines with all its
/// findings is 25 MB in JSON, one a gate prints a few kilobytes.
const MAX_CACHE_BYTES: u64 = 256 << 20;

/// What an entry begins with: another form has another number.
const MAGIC: &[u8] = b"outlive answer 1\n";

/// Age at which an unfinished file is nobody's any more.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Everything a run says, in the form it is printed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) exit: u8,
    /// Standard output.
    pub(crate) answer: Vec<u8>,
    /// The files of `--output`, in the order they were asked for.
    pub(crate) files: Vec<Vec<u8>>,
    /// Lines for standard error.
    pub(crate) notes: Vec<String>,
}

impl Said {
    fn to_bytes(&self) -> Vec<u8> {
        let mut body = vec![self.exit];
        let mut put = |part: &[u8]| {
            body.extend((part.len() as u64).to_le_bytes());
            body.extend(part);
        };
        put(&self.answer);
        put(&(self.files.len() as u64).to_le_bytes());
        self.files.iter().for_each(|file| put(file));
        self.notes.iter().for_each(|note| put(note.as_bytes()));
        [MAGIC, blake3::hash(&body).as_bytes(), &body].concat()
    }

    /// `None` for anything but what [`Said::to_bytes`] makes.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (hash, body) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<{ blake3::OUT_LEN }>()?;
        if blake3::hash(body) != Hash::from_bytes(*hash) {
            return None;
        }
        let (&exit, mut rest) = body.split_first()?;
        let mut take = || {
            let (length, after) = rest.split_first_chunk()?;
            let (part, after) = after.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
            rest = after;
            Some(part)
        };
        let answer = take()?.to_vec();
        let count = u64::from_le_bytes(take()?.try_into().ok()?);
        let files = (0..count).map(|_| take().map(<[u8]>::to_vec)).collect::<Option<_>>()?;
        let mut notes = Vec::new();
        while let Some(note) = take() {
            notes.push(String::from_utf8(note.to_vec()).ok()?);
        }
        Some(Self { exit, answer, files, notes })
    }
}

/// Hashes what an answer depends on.
pub(crate) struct Key(Hasher);

impl Key {
    /// A key of this program, where it runs and what it was asked; `None` if not everything it reads passes through here.
    pub(crate) fn new(args: &CheckArgs, coloured: bool) -> Option<Self> {
        // Sources of dependencies are looked for import by import; a baseline is written, not printed.
        if args.build.goroot.is_some() || args.build.modcache.is_some() || args.write_baseline.is_some() {
            return None;
        }
        let program = std::env::current_exe().ok()?;
        let meta = fs::metadata(&program).ok()?;
        let mut key = Self(Hasher::new());
        key.add(env!("CARGO_PKG_VERSION").as_bytes());
        key.add(format!("{} {} {:?}", program.display(), meta.len(), meta.modified().ok()?).as_bytes());
        // Paths in messages are seen from here.
        key.add(std::env::current_dir().ok()?.as_os_str().as_encoded_bytes());
        key.add(args.dir.canonicalize().ok()?.as_os_str().as_encoded_bytes());
        key.add(format!("{args:?} {coloured}").as_bytes());
        Some(key)
    }

    /// A part; no two lists of parts have the same hash.
    pub(crate) fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// A file that may not be there.
    pub(crate) fn add_file(&mut self, path: Option<&Path>) {
        match path.map(fs::read) {
            Some(Ok(text)) => self.add(&text),
            Some(Err(error)) => self.add(error.to_string().as_bytes()),
            None => self.add(b""),
        }
    }

    /// All files of a tree.
    pub(crate) fn add_tree(&mut self, tree: &Tree) {
        let texts: Vec<Hash> = tree.inputs.par_iter().map(|input| blake3::hash(&input.text)).collect();
        self.add(&(texts.len() as u64).to_le_bytes());
        for (input, text) in tree.inputs.iter().zip(texts) {
            self.add(input.path.as_bytes());
            self.add(format!("{:?} {:?}", input.role, input.import_path).as_bytes());
            self.add(text.as_bytes());
        }
        self.add(format!("{:?}", tree.problems).as_bytes());
    }
}

/// A folder of answers.
pub(crate) struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// The folder asked for, or the one of this program among the user's caches; `None` if there is to be none.
    pub(crate) fn find(args: &CacheArgs) -> Option<Self> {
        if args.no_cache {
            return None;
        }
        let dir = match &args.cache_dir {
            Some(dir) => dir.clone(),
            None => etcetera::base_strategy::choose_native_strategy().ok()?.cache_dir().join("outlive"),
        };
        Some(Self { dir })
    }

    fn entry(&self, key: &Key) -> PathBuf {
        self.dir.join(format!("{}.answer", key.0.finalize().to_hex()))
    }

    /// The answer of a key.
    pub(crate) fn get(&self, key: &Key) -> Option<Said> {
        let path = self.entry(key);
        let said = Said::from_bytes(&fs::read(&path).ok()?)?;
        // For eviction. An entry that cannot be marked is as good.
        let _ = File::options().write(true).open(&path).and_then(|file| file.set_modified(SystemTime::now()));
        Some(said)
    }

    /// Keeps an answer.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn put(&self, key: &Key, said: &Said) -> Result<()> {
        fs::create_dir_all(&self.dir)?;
        let path = self.entry(key);
        let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
        let written = fs::write(&unfinished, said.to_bytes()).and_then(|()| fs::rename(&unfinished, &path));
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written?;
        self.evict();
        Ok(())
    }

    /// Takes away what is unfinished for long, and the oldest entries of too many. Another run may do the same.
    fn evict(&self) {
        let Ok(files) = fs::read_dir(&self.dir) else { return };
        let mut entries: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for file in files.flatten() {
            let path = file.path();
            let Ok(meta) = file.metadata() else { continue };
            let Ok(modified) = meta.modified() else { continue };
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("answer") => entries.push((modified, meta.len(), path)),
                Some("tmp") if modified.elapsed().is_ok_and(|age| age > ABANDONED) => drop(fs::remove_file(path)),
                _ => {}
            }
        }
        entries.sort();
        let mut bytes: u64 = entries.iter().map(|(_, length, _)| length).sum();
        for (_, length, path) in entries {
            if bytes <= MAX_CACHE_BYTES {
                break;
            }
            let _ = fs::remove_file(path);
            bytes -= length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> Said {
        Said {
            exit: 1,
            answer: b"findings".to_vec(),
            files: vec![Vec::new(), vec![0, 255]],
            notes: vec!["note: a".to_owned(), String::new()],
        }
    }

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        for said in [said(), Said::default()] {
            assert_eq!(Said::from_bytes(&said.to_bytes()), Some(said));
        }
    }

    #[test]
    fn a_damaged_answer_is_none() {
        let bytes = said().to_bytes();
        for at in 0..bytes.len() {
            assert_eq!(Said::from_bytes(&bytes[..at]), None);
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(Said::from_bytes(&damaged), None);
        }
        assert_eq!(Said::from_bytes(&[bytes, vec![0]].concat()), None);
    }

    #[test]
    fn parts_of_keys_do_not_run_together() {
        let key = |parts: &[&[u8]]| {
            let mut key = Key(Hasher::new());
            parts.iter().for_each(|part| key.add(part));
            key.0.finalize()
        };
        assert_ne!(key(&[b"ab", b"c"]), key(&[b"a", b"bc"]));
        assert_ne!(key(&[b"", b"a"]), key(&[b"a", b""]));
    }

    #[test]
    fn the_oldest_entries_go_first() {
        let dir = std::env::temp_dir().join(format!("outlive-cache-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        let cache = Cache { dir: dir.clone() };
        let key = |name: &str| {
            let mut key = Key(Hasher::new());
            key.add(name.as_bytes());
            key
        };
        fs::create_dir_all(&dir).unwrap();
        // Files as large as the bound, without the bytes.
        for (name, age) in [("old", 500), ("older", 900)] {
            let file = File::create(cache.entry(&key(name))).unwrap();
            file.set_len(MAX_CACHE_BYTES / 2).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        cache.put(&key("new"), &said()).unwrap();
        let exists = ["older", "old", "new"].map(|name| cache.entry(&key(name)).exists());
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(exists, [false, true, true]);
    }
}

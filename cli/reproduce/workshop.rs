//! The temporary folder: overlays, binaries, and the folder that the helper tells its events in.
//!
//! Invariant: everything that is written stands below the temporary folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use analyzer::resolve::Program;
use anyhow::{Context, Result, anyhow};
use rules::reproduce::{Placement, apply, helper, helper_text};
use serde::Serialize;

/// A checkout under work.
pub(super) struct Workshop {
    folder: Option<tempfile::TempDir>,
    path: PathBuf,
    /// The checkout, an absolute path.
    root: PathBuf,
    built: u32,
}

#[derive(Serialize)]
struct Overlay {
    #[serde(rename = "Replace")]
    replace: BTreeMap<PathBuf, PathBuf>,
}

impl Workshop {
    pub(super) fn new(root: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("outlive-reproduce-").tempdir();
        let folder = folder.context("cannot make a temporary folder")?;
        let path = folder.path().canonicalize().context("the temporary folder is gone")?;
        let shop = Self { folder: Some(folder), path, root: root.to_owned(), built: 0 };
        fs::create_dir(shop.events()).context("cannot write to the temporary folder")?;
        Ok(shop)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn events(&self) -> PathBuf {
        self.path.join("events")
    }

    /// A name for a binary that is not used yet.
    pub(super) fn binary(&mut self) -> PathBuf {
        self.built += 1;
        self.path.join(format!("tests-{}{}", self.built, std::env::consts::EXE_SUFFIX))
    }

    /// Writes the overlay of a placement, in place of the one before, and returns its file.
    ///
    /// # Errors
    /// When a file cannot be written, or the code belongs to no module.
    pub(super) fn overlay(&self, program: &Program, placement: &Placement, delay: Duration) -> Result<PathBuf> {
        let helper = helper(program, placement).ok_or_else(|| {
            anyhow!("{} belongs to no module: there is no place for the code that waits", placement.hold.file)
        })?;
        let folder = self.path.join("overlay");
        if folder.exists() {
            fs::remove_dir_all(&folder).context("cannot empty the temporary folder")?;
        }
        fs::create_dir(&folder).context("cannot write to the temporary folder")?;
        let mut replace = BTreeMap::new();
        let mut write = |path: &str, text: &str| -> Result<()> {
            let number = replace.len();
            let name = path.rsplit('/').next().unwrap_or(path);
            let file = folder.join(format!("{number}-{name}"));
            fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
            replace.insert(self.root.join(path), file);
            Ok(())
        };
        let files = &program.sources().files;
        for (path, edits) in placement.edits(program, &helper.import) {
            let text = files.iter().find(|file| *file.path == *path).map(|file| &*file.text);
            write(&path, &apply(text.unwrap_or_default(), &edits))?;
        }
        let delay = format!("{}us", delay.as_micros());
        write(&helper.file, &helper_text(&self.events().to_string_lossy(), &delay))?;
        let json = serde_json::to_vec_pretty(&Overlay { replace }).context("the overlay")?;
        let file = self.path.join("overlay.json");
        fs::write(&file, json).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(file)
    }

    /// Keeps the folder, without the binaries.
    pub(super) fn keep(&mut self) -> Result<()> {
        for number in 1..=self.built {
            let _ = fs::remove_file(self.path.join(format!("tests-{number}{}", std::env::consts::EXE_SUFFIX)));
        }
        if let Some(folder) = self.folder.take() {
            let _ = folder.keep();
        }
        Ok(())
    }
}

//! Certificates and keys that the app gave as text, as files for the moment in which the driver reads them:
//! it takes paths only, and reads them inside `Client::with_options` (driver `sdam/topology.rs:129`,
//! `cmap/establish.rs:90`).

use std::fs::{self, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::PathBuf;

/// Readable by their owner only, removed when this is dropped.
#[must_use = "the files are removed when this is dropped, keep it until the client exists"]
#[derive(Debug, Default)]
pub struct PrivateFiles {
    paths: Vec<PathBuf>,
}

impl PrivateFiles {
    pub(super) fn write(&mut self, text: &str) -> io::Result<PathBuf> {
        let mut options = OpenOptions::new();
        // A name that exists already, be it as a symbolic link of somebody else, is an error.
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // Two hashes with the process's random keys: names that nobody can prepare.
        let name = |salt: usize| RandomState::new().hash_one((std::process::id(), salt));
        let file_name =
            format!("connect-mongo-native-{:016x}{:016x}.pem", name(self.paths.len()), name(usize::MAX));
        let path = std::env::temp_dir().join(file_name);
        let mut file = options.open(&path)?;
        self.paths.push(path.clone());
        file.write_all(text.as_bytes())?;
        Ok(path)
    }
}

impl Drop for PrivateFiles {
    fn drop(&mut self) {
        for path in &self.paths {
            // Nothing more can be done about a file that can't be removed; only its owner can read it.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_private_and_removed() {
        let mut files = PrivateFiles::default();
        let (first, second) = (files.write("one").unwrap(), files.write("two").unwrap());
        assert_ne!(first, second);
        assert_eq!(fs::read_to_string(&first).unwrap(), "one");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
        }
        drop(files);
        assert!(!first.exists() && !second.exists());
    }
}

//! Certificates and keys that the app gave as text, as files for the moment in which the driver reads them:
//! it takes paths only, and reads them inside `Client::with_options` (driver `sdam/topology.rs:129`,
//! `cmap/establish.rs:90`).

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Readable by their owner only, gone when this is dropped.
#[must_use = "the files are gone when this is dropped, keep it until the client exists"]
#[derive(Debug, Default)]
pub struct PrivateFiles {
    /// Of Linux, where files need no directory: containers may have none that can be written.
    in_memory: Vec<File>,
    paths: Vec<PathBuf>,
}

impl PrivateFiles {
    pub(super) fn write(&mut self, text: &str) -> io::Result<PathBuf> {
        if let Ok((file, path)) = in_memory(text) {
            self.in_memory.push(file);
            return Ok(path);
        }
        self.write_in(&std::env::temp_dir(), text)
    }

    fn write_in(&mut self, directory: &Path, text: &str) -> io::Result<PathBuf> {
        self.create_in(directory, text).map_err(|error| {
            let directory = directory.display();
            let message = format!(
                "the driver takes certificates and keys in files, and none can be written in {directory} ({error}): set \
                 TMPDIR to a directory that can be written, or give tlsCAFile and tlsCertificateKeyFile"
            );
            io::Error::new(error.kind(), message)
        })
    }

    fn create_in(&mut self, directory: &Path, text: &str) -> io::Result<PathBuf> {
        let mut options = OpenOptions::new();
        // A name that exists already, be it as a symbolic link of somebody else, is an error.
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // Two hashes with the process's random keys: names that nobody can prepare.
        let name = |salt: usize| RandomState::new().hash_one((std::process::id(), salt));
        let file_name =
            format!("connect-mongo-native-{:016x}{:016x}.pem", name(self.paths.len()), name(usize::MAX));
        let path = directory.join(file_name);
        let mut file = options.open(&path)?;
        self.paths.push(path.clone());
        file.write_all(text.as_bytes())?;
        Ok(path)
    }
}

/// A file that only this process can open, by a path that holds as long as the file.
#[cfg(target_os = "linux")]
fn in_memory(text: &str) -> io::Result<(File, PathBuf)> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{MemfdFlags, memfd_create};

    let mut file = File::from(memfd_create("connect-mongo-native.pem", MemfdFlags::CLOEXEC)?);
    file.write_all(text.as_bytes())?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    // There may be no /proc.
    File::open(&path)?;
    Ok((file, path))
}

#[cfg(not(target_os = "linux"))]
fn in_memory(_text: &str) -> io::Result<(File, PathBuf)> {
    Err(io::ErrorKind::Unsupported.into())
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
    fn files_can_be_read_by_their_paths_until_they_are_dropped() {
        let mut files = PrivateFiles::default();
        let (first, second) = (files.write("one").unwrap(), files.write("two").unwrap());
        assert_ne!(first, second);
        assert_eq!(fs::read_to_string(&first).unwrap(), "one");
        assert_eq!(fs::read_to_string(&first).unwrap(), "one", "as often as the driver likes");
        drop(files);
        assert!(!first.exists() && !second.exists());
    }

    #[test]
    fn files_in_a_directory_are_private_and_removed() {
        let mut files = PrivateFiles::default();
        let path = files.write_in(&std::env::temp_dir(), "one").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        drop(files);
        assert!(!path.exists());
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_named_with_the_remedy() {
        let directory = Path::new("/there/is/none");
        let error = PrivateFiles::default().write_in(directory, "one").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let message = error.to_string();
        assert!(
            message.contains("none can be written in /there/is/none (") && message.contains("set TMPDIR to"),
            "{message}"
        );
    }
}

//! A program under test, and the reasons why it cannot be started.

use glomers_protocol::NodeId;
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// The shell that runs a script without a `#!` line, as Java does for Maelstrom.
const SHELL: &str = "/bin/sh";

/// The error number of a file that the system cannot execute.
const ENOEXEC: i32 = 8;

/// The number of bytes that are read to find a script's interpreter.
const FIRST_LINE: u64 = 256;

/// The variable that tells a node where to keep its data.
const DATA: &str = "GLOMERS_DATA";

/// A program that is run as a node, in the system's temporary folder. A line of its stdout has at most 64 MiB; after a
/// longer one, the node is ignored. A script without a `#!` line runs through `sh`, as under Maelstrom.
#[derive(Clone, Debug)]
pub struct Program {
    /// The binary.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The folder in which each node's stderr is kept, as `ID.log`. A node that is started again goes on in the same file.
    pub logs: Option<PathBuf>,
    /// The folder with the nodes' data. If nodes have a disk ([`Options::has_disk`](crate::Options::has_disk)), the variable
    /// `GLOMERS_DATA` tells each node a folder of its own in there, named by its id, which exists and which it finds again
    /// after a kill. Otherwise, and if there is no such folder, the variable is empty.
    pub data: Option<PathBuf>,
    /// True to show the nodes' stderr on this program's stderr as well.
    pub show_stderr: bool,
}

/// A reason why a program could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The path leads nowhere.
    #[error("cannot find {}{hint}", path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
        /// A guess at the mistake.
        hint: String,
    },
    /// The path is a folder.
    #[error("cannot run {}: it is a folder; name the program in it{hint}", path.display())]
    Folder {
        /// The path.
        path: PathBuf,
        /// The program of a crate.
        hint: String,
    },
    /// The file may not be executed.
    #[error("cannot run {0}: it may not be executed; try `chmod +x {0}`", path.display())]
    NotExecutable {
        /// The path.
        path: PathBuf,
    },
    /// The interpreter in a script's first line does not exist.
    #[error("cannot run {}: its first line names {interpreter}, which does not exist", path.display())]
    NoInterpreter {
        /// The script.
        path: PathBuf,
        /// The interpreter.
        interpreter: String,
    },
    /// A script's first line ends with a carriage return, which the system takes for a part of the interpreter's name.
    #[error(
        "cannot run {}: its first line ends with a carriage return (CRLF), which the system takes for a part of \
         {interpreter}; save the file with LF line ends", path.display()
    )]
    CarriageReturn {
        /// The script.
        path: PathBuf,
        /// The interpreter.
        interpreter: String,
    },
    /// The system refused something else.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// The action.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl Program {
    /// The binary without arguments; its stderr is not kept.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), arguments: Vec::new(), logs: None, data: None, show_stderr: false }
    }

    /// Starts a process, whose data are in that folder.
    pub(super) fn spawn(&self, data: &Path) -> Result<Child, StartError> {
        let path = match fs::canonicalize(&self.path) {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(self.not_found()),
            Err(source) => return Err(self.io("find", source)),
        };
        match self.command(&path, data).spawn() {
            Err(error) if error.raw_os_error() == Some(ENOEXEC) && !is_binary(&path) => {
                self.command(Path::new(SHELL), data).arg0(SHELL).spawn().map_err(|source| self.io("run", source))
            }
            started => started.map_err(|source| self.explain(&path, source)),
        }
    }

    /// The command that runs the program, or has `runner` run it.
    fn command(&self, runner: &Path, data: &Path) -> Command {
        let mut command = Command::new(runner);
        if runner == Path::new(SHELL) {
            command.arg(fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone()));
        }
        command
            .args(&self.arguments)
            .env(DATA, data)
            .current_dir(std::env::temp_dir())
            // Ctrl-C is for the test, which ends its nodes itself.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The log of a node's stderr, emptied for its first process.
    pub(super) fn open_log(&self, id: &NodeId, is_first: bool) -> Result<Option<(PathBuf, File)>, StartError> {
        let Some(folder) = &self.logs else { return Ok(None) };
        fs::create_dir_all(folder).map_err(failed("make", folder))?;
        let path = folder.join(format!("{id}.log"));
        let mut options = File::options();
        options.create(true).write(true).truncate(is_first).append(!is_first);
        let file = options.open(&path).map_err(failed("write", &path))?;
        Ok(Some((path, file)))
    }

    /// The folder of a node's data, which exists; empty if the node has none.
    pub(super) fn data_of(&self, id: &NodeId) -> Result<PathBuf, StartError> {
        let Some(folder) = &self.data else { return Ok(PathBuf::new()) };
        let folder = folder.join(id.as_str());
        fs::create_dir_all(&folder).map_err(failed("make", &folder))?;
        // The process runs in another folder.
        fs::canonicalize(&folder).map_err(failed("find", &folder))
    }

    fn not_found(&self) -> StartError {
        let text = self.path.to_string_lossy();
        let hint = if text.starts_with('~') {
            "; the shell does not expand a quoted `~`: write the whole path".to_owned()
        } else if let Some((program, _)) = text.split_once(' ').filter(|(program, _)| Path::new(program).exists()) {
            format!("; it looks like a command line: give `{program}` alone, and its arguments behind `--`")
        } else {
            String::new()
        };
        StartError::NotFound { path: self.path.clone(), hint }
    }

    fn explain(&self, path: &Path, error: io::Error) -> StartError {
        let given = self.path.clone();
        let metadata = fs::metadata(path).ok();
        if metadata.as_ref().is_some_and(fs::Metadata::is_dir) {
            return StartError::Folder { path: given, hint: program_of_crate(path).unwrap_or_default() };
        }
        if metadata.is_some_and(|metadata| metadata.permissions().mode() & 0o111 == 0) {
            return StartError::NotExecutable { path: given };
        }
        match interpreter(path) {
            Some(interpreter) if interpreter.ends_with('\r') => {
                StartError::CarriageReturn { path: given, interpreter: interpreter.trim_end().to_owned() }
            }
            Some(interpreter) if !Path::new(&interpreter).exists() => {
                StartError::NoInterpreter { path: given, interpreter }
            }
            _ => self.io("run", error),
        }
    }

    fn io(&self, action: &'static str, source: io::Error) -> StartError {
        StartError::Io { action, path: self.path.clone(), source }
    }
}

/// The path at which `cargo build` puts the program of the crate in a folder; `None` if the folder has no crate.
fn program_of_crate(folder: &Path) -> Option<String> {
    let name = folder.file_name().filter(|_| folder.join("Cargo.toml").is_file())?;
    let program = folder.join("target/debug").join(name);
    Some(format!("; if the crate has the folder's name, `cargo build` there makes {}", program.display()))
}

/// Makes the error of an action on a file.
fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StartError {
    let path = path.to_owned();
    move |source| StartError::Io { action, path, source }
}

/// The interpreter that the first line of a script names.
fn interpreter(path: &Path) -> Option<String> {
    let mut line = Vec::new();
    BufReader::new(File::open(path).ok()?.take(FIRST_LINE)).read_until(b'\n', &mut line).ok()?;
    let line = String::from_utf8_lossy(&line);
    let command = line.strip_prefix("#!")?.trim_start_matches([' ', '\t']).trim_end_matches('\n');
    Some(command.split([' ', '\t']).next().unwrap_or_default().to_owned())
}

/// Tells whether a file begins like a binary, perhaps for another kind of machine. Its first bytes are no text.
fn is_binary(path: &Path) -> bool {
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FIRST_LINE).read_to_end(&mut begin));
    read.is_err() || begin.contains(&0)
}

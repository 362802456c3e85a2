//! NATS and etcd servers for a test, on free ports and in folders of their own. They end with the test.

use std::{
    env, fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::{self, sleep},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The longest wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something is there.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        match find() {
            Some(found) => return found,
            None if begin.elapsed() < PATIENCE => sleep(Duration::from_millis(20)),
            None => panic!("{what}: not within {PATIENCE:?}"),
        }
    }
}

/// The program that a variable names or that is in one of the usual folders. Without it, the test says so and ends.
pub(crate) fn installed(variable: &str, name: &str) -> Option<PathBuf> {
    let usual = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"];
    let found = env::var_os(variable).map(PathBuf::from);
    let found =
        found.or_else(|| usual.into_iter().map(|folder| PathBuf::from(folder).join(name)).find(|path| path.exists()));
    if found.is_none() {
        eprintln!("{name} is not installed: nothing is tested here");
    }
    found
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A process that is killed when it is dropped.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(command: &mut Command) -> Process {
    Process(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// A NATS server, or the place of one.
pub(crate) struct Nats {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    process: Option<Process>,
}

impl Nats {
    /// A server that takes messages up to this length.
    pub(crate) fn start(max_payload: usize) -> Option<Self> {
        let mut nats = Self::planned(max_payload)?;
        nats.go();
        Some(nats)
    }

    /// A server with more lines in its configuration.
    pub(crate) fn configured(lines: &str) -> Option<Self> {
        let mut nats = Self::planned(1 << 20)?;
        let config = nats.folder.path().join("nats.conf");
        fs::write(&config, fs::read_to_string(&config).unwrap() + lines).unwrap();
        nats.go();
        Some(nats)
    }

    /// A server that is started later.
    pub(crate) fn planned(max_payload: usize) -> Option<Self> {
        let (program, folder) = (installed("NATS_SERVER", "nats-server")?, TempDir::new().unwrap());
        let limit = format!("max_payload: {max_payload}\nmax_pending: {}\n", 100 * max_payload);
        fs::write(folder.path().join("nats.conf"), limit).unwrap();
        Some(Self { program, folder, port: free_port(), process: None })
    }

    pub(crate) fn go(&mut self) {
        let config = self.folder.path().join("nats.conf");
        let port = self.port.to_string();
        let mut command = Command::new(&self.program);
        self.process = Some(start(command.args(["--addr", "127.0.0.1", "--port", &port, "--config"]).arg(config)));
        eventually("a NATS server", || self.connect());
    }

    /// Kills it.
    pub(crate) fn end(&mut self) {
        self.process = None;
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    fn connect(&self) -> Option<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let mut begin = [0; 4];
        stream.read_exact(&mut begin).ok()?;
        (&begin == b"INFO").then_some(stream)
    }

    /// Publishes without a client: `CONNECT`, `PUB`, and a `PING` that shows that the server has done it.
    pub(crate) fn publish(&self, messages: &[(&str, &str)]) {
        let mut stream = self.connect().unwrap();
        write!(stream, "CONNECT {{\"verbose\":false}}\r\n").unwrap();
        for (subject, payload) in messages {
            write!(stream, "PUB {subject} {}\r\n{payload}\r\n", payload.len()).unwrap();
        }
        write!(stream, "PING\r\n").unwrap();
        let mut answer = Vec::new();
        let mut byte = [0];
        while !answer.ends_with(b"PONG") {
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
    }
}

/// The address of something that looks like an etcd member: it reads each request and answers it with the JSON for the
/// request's path, or closes the connection if there is none.
pub(crate) fn member(answer: fn(&str) -> Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = vec![0; 64 << 10];
            let length = stream.read(&mut request).unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default();
            if let Some(body) = answer(path) {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                let _ = write!(stream, "{head}{body}");
            }
        }
    });
    address
}

/// A single etcd member.
pub(crate) struct Etcd {
    _process: Process,
    _folder: TempDir,
    port: u16,
}

impl Etcd {
    pub(crate) fn start() -> Option<Self> {
        let (program, folder, port, peer) =
            (installed("ETCD", "etcd")?, TempDir::new().unwrap(), free_port(), free_port());
        let (client, peer) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peer}"));
        let mut command = Command::new(program);
        command
            .args(["--name", "e", "--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("e={peer}"), "--unsafe-no-fsync", "--data-dir"]);
        let process = start(command.arg(folder.path()));
        let etcd = Self { _process: process, _folder: folder, port };
        eventually("an etcd member", || etcd.is_healthy().then_some(()));
        Some(etcd)
    }

    fn is_healthy(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut answer = String::new();
        let asked = write!(stream, "GET /health HTTP/1.0\r\n\r\n").and_then(|()| stream.read_to_string(&mut answer));
        asked.is_ok() && answer.contains("\"health\":\"true\"")
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Runs `etcdctl` with this stdin. `None` if it is not installed.
    pub(crate) fn control(&self, words: &str, input: &str) -> Option<()> {
        let mut command = Command::new(installed("ETCDCTL", "etcdctl")?);
        command.env("ETCDCTL_API", "3").args(["--endpoints", &self.url()]).args(words.split(' '));
        let output = crate::cluster::run(&mut command, input);
        assert!(output.status.success(), "{words}: {output:?}");
        Some(())
    }
}

/// A certificate authority, and certificates for a server on this machine and for a client, in PEM files.
pub(crate) struct Certificates(TempDir);

impl Certificates {
    /// `None` if OpenSSL is not installed.
    pub(crate) fn new() -> Option<Self> {
        let (program, folder) = (installed("OPENSSL", "openssl")?, TempDir::new().unwrap());
        let openssl = |words: &str| {
            let output = Command::new(&program).args(words.split(' ')).current_dir(&folder).output().unwrap();
            assert!(output.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&output.stderr));
        };
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 1 -subj /CN=authority"));
        fs::write(folder.path().join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
        for name in ["server", "client"] {
            openssl(&format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"));
            let by = "-CA ca.pem -CAkey ca.key -CAcreateserial";
            openssl(&format!("x509 -req -in {name}.csr {by} -out {name}.pem -days 1 -extfile names"));
        }
        Some(Self(folder))
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

//! The store over a real socket: its files can be read, nothing else, and only from this machine.

#![cfg(unix)]
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::symlink,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};
use tempfile::TempDir;

/// A store that is served, and a secret beside it.
struct Served {
    glomers: Child,
    folder: TempDir,
    port: u16,
    announced: String,
    stdout: BufReader<ChildStdout>,
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.glomers.kill().unwrap();
        self.glomers.wait().unwrap();
    }
}

fn write(path: &Path, content: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn results(valid: &str, count: usize) -> String {
    format!(r#"{{"valid?": {valid}, "stats": {{"count": {count}, "ok-count": {count}}}, "workload": {{}}}}"#)
}

impl Served {
    fn start(words: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        write(&folder.path().join("secret.txt"), "secret");
        write(&store.join("echo/20260101T000000.000Z/results.json"), results("true", 7));
        write(&store.join("echo/20260101T000000.000Z/report.html"), "<p>report");
        let manifest =
            |figures: &str| format!(r#"{{"command": "glomers test <b>", "seed": 1, "figures": {{{figures}}}}}"#);
        let figures =
            r#""messages-per-operation": 0.5, "median": 1000000, "maximum": 4000000, "faults": 0, "strict": 0"#;
        write(&store.join("echo/20260101T000000.000Z/test.json"), manifest(figures));
        let figures =
            r#""messages-per-operation": 1.5, "median": 2000000, "maximum": 3000000, "faults": 2, "strict": 1"#;
        write(&store.join("kafka/20260102T000000.000Z/test.json"), manifest(figures));
        write(&store.join("echo/20260101T000000.000Z/node-logs/n 1%.log"), "hello");
        write(&store.join("kafka/20260102T000000.000Z/results.json"), results("false", 9));
        write(&store.join("broadcast/20260103T000000.000Z/results.json"), results("\"unknown\"", 8));
        fs::create_dir(store.join("echo/20260104T000000.000Z")).unwrap();
        symlink("echo/20260101T000000.000Z", store.join("latest")).unwrap();
        symlink("../secret.txt", store.join("leak")).unwrap();
        symlink("/", store.join("root")).unwrap();
        let mut glomers = Command::new(env!("CARGO_BIN_EXE_glomers"))
            .args(["serve", "--port", "0"])
            .args(words)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut announced = String::new();
        let mut stdout = BufReader::new(glomers.stdout.take().unwrap());
        stdout.read_line(&mut announced).unwrap();
        let port = announced.split("http://").nth(1).unwrap().split('/').next().unwrap();
        let port = port.rsplit(':').next().unwrap().parse().unwrap();
        Self { glomers, folder, port, announced, stdout }
    }

    /// Sends a request as it is, and reads until the connection is closed.
    fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        let body = answer.split_off(end + 4);
        let head = String::from_utf8(answer).unwrap();
        Answer { status: head.split(' ').nth(1).unwrap().parse().unwrap(), head, body }
    }

    fn ask(&self, method: &str, path: &str, host: &str) -> Answer {
        self.send(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &format!("127.0.0.1:{}", self.port))
    }
}

impl Answer {
    fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }
}

#[test]
fn runs_are_listed_newest_first_or_as_asked() {
    let served = Served::start(&[]);
    let order = |path: &str| {
        let answer = served.get(path);
        assert_eq!(answer.status, 200);
        let names = answer.text().split(" Jan 2026, 00:00:00 UTC</a></td>");
        names.filter_map(|before| before.chars().last()).filter(char::is_ascii_digit).collect::<String>()
    };
    assert_eq!(order("/"), "4321");
    assert_eq!(order("/?sort=workload"), "3412");
    assert_eq!(order("/?sort=verdict"), "2341");
    assert_eq!(order("/?sort=operations"), "2314");
    assert_eq!(order("/?sort=findings"), "2431");
    assert_eq!(order("/?sort=messages"), "2143");
    assert_eq!(order("/?sort=latency"), "1243");
    assert_eq!(order("/?sort=nonsense"), "4321");
    let page = served.get("/");
    for part in [
        "<span class=\"badge valid\">valid</span>",
        "<span class=\"badge invalid\">invalid</span>",
        "<span class=\"badge unknown\">unknown</span>",
        "no results",
        "it is still running, or it broke off before its verdict",
        "7 / 7",
        "<td>2 + 1 strict</td>",
        "<td>1.5</td>",
        "<td>1 ms / 4 ms</td>",
        "href=\"/?sort=latency\"",
        "aria-sort=\"descending\"",
        "glomers test &lt;b&gt;",
        "href=\"/echo/20260101T000000.000Z/report.html\"",
        "href=\"/echo/20260101T000000.000Z/node-logs/\"",
    ] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
}

#[test]
fn two_runs_are_compared() {
    let served = Served::start(&[]);
    let page = served.get("/compare?run=echo%2F20260101T000000.000Z&run=kafka%2F20260102T000000.000Z");
    for part in [
        "<tr class=\"changed\"><td>\u{2260}</td><th scope=\"row\">valid?</th><td class=\"text\">true</td><td class=\"text\">false</td>",
        "<tr class=\"changed\"><td>\u{2260}</td><th scope=\"row\">figures \u{203a} faults</th>",
        "<tr><th scope=\"row\">seed</th><td class=\"text\">1</td><td class=\"text\">1</td>",
        "echo, 1 Jan 2026, 00:00:00 UTC",
    ] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    let wrong = [
        ("/compare", 400),
        ("/compare?run=echo%2F20260101T000000.000Z", 400),
        ("/compare?run=echo%2F20260101T000000.000Z&run=..%2F..", 404),
        ("/compare?run=echo%2F20260101T000000.000Z&run=root", 404),
        ("/compare?run=echo%2F20260101T000000.000Z&run=nothing", 404),
    ];
    for (path, status) in wrong {
        assert_eq!(served.get(path).status, status, "{path}");
    }
}

/// A stretch of time is made from the run's files on request.
#[test]
fn a_stretch_of_a_run_is_shown() {
    let served = Served::start(&[]);
    let line = |time: u32, kind: &str| {
        format!(r#"{{"time":{time},"type":"{kind}","process":0,"f":"echo","value":"v{time}"}}"#)
    };
    let lines = [line(1, "invoke"), line(2, "ok"), line(3_000, "invoke"), line(4_000, "ok")].join("\n");
    let folder = served.folder.path().join("store/echo/20260104T000000.000Z");
    write(&folder.join("history.jsonl"), lines);
    write(&folder.join("report.html"), "<p>report");
    let page = served.get("/echo/20260104T000000.000Z/report.html?from=2500&to=5000");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("v3000\\") && !page.text().contains("v1\\"), "{}", page.text());
    assert!(served.get("/echo/20260104T000000.000Z/report.html?from=5&to=4").text().contains("<p>report"));
}

#[test]
fn files_and_folders_can_be_read() {
    let served = Served::start(&[]);
    for (path, kind, content) in [
        ("/echo/20260101T000000.000Z/report.html", "text/html; charset=utf-8", "<p>report"),
        ("/latest/report.html", "text/html; charset=utf-8", "<p>report"),
        ("/latest/results.json", "application/json", "\"valid?\": true"),
        ("/latest/node-logs/n%201%25.log", "text/plain; charset=utf-8", "hello"),
        ("/latest/", "text/html; charset=utf-8", "href=\"/latest/node-logs/\""),
        ("/latest/node-logs", "text/html; charset=utf-8", "href=\"/latest/node-logs/n%201%25.log\""),
    ] {
        let answer = served.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text().contains(content), "{path}: {}", answer.text());
        for header in [
            format!("Content-Type: {kind}\r\n"),
            format!("Content-Length: {}\r\n", answer.body.len()),
            "X-Content-Type-Options: nosniff\r\n".to_owned(),
            "Content-Security-Policy: default-src 'none'".to_owned(),
        ] {
            assert!(answer.head.contains(&header), "{path}, {header}: {}", answer.head);
        }
    }
}

#[test]
fn nothing_outside_the_store_can_be_read() {
    let served = Served::start(&[]);
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/echo/..%2f..%2fsecret.txt",
        "/echo/%2e%2e/%2e%2e/secret.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/leak",
        "/root/",
        "/root/etc/passwd",
        "/echo%00",
        "/nothing",
        "/latest/report.html/more",
    ] {
        let answer = served.get(path);
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        assert!(!answer.text().contains("secret"), "{path}");
    }
    assert_eq!(served.get("http://127.0.0.1/latest/").status, 400);
    assert!(served.folder.path().join("store/leak").exists());
}

#[test]
fn only_those_who_mean_this_machine_are_answered() {
    let served = Served::start(&[]);
    let port = served.port;
    for host in
        [format!("localhost:{port}"), format!("LocalHost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")]
    {
        assert_eq!(served.ask("GET", "/", &host).status, 200, "{host}");
    }
    let foreign = [
        "evil.example",
        &format!("evil.example:{port}"),
        "localhost",
        "localhost:1",
        &format!("127.0.0.1.evil:{port}"),
        "",
    ];
    for host in foreign {
        assert_eq!(served.ask("GET", "/latest/report.html", host).status, 403, "{host}");
    }
    assert_eq!(served.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").status, 400);
    let twice = format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\nHost: evil\r\nConnection: close\r\n\r\n");
    assert_eq!(served.send(&twice).status, 400);
    assert!(!served.announced.contains("whoever"));
}

#[test]
fn the_store_can_only_be_read() {
    let served = Served::start(&[]);
    let host = format!("localhost:{}", served.port);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let answer = served.ask(method, "/latest/report.html", &host);
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.head.contains("Allow: GET, HEAD\r\n"), "{}", answer.head);
    }
    let answer = served.ask("HEAD", "/latest/report.html", &host);
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert!(answer.head.contains("Content-Length: 9\r\n"), "{}", answer.head);
}

/// A file that is larger than the memory that the server is found to need.
#[cfg(target_os = "linux")]
#[test]
fn large_files_are_sent_as_they_are_read() {
    const SIZE: u64 = 64 << 20;
    let served = Served::start(&[]);
    let path = served.folder.path().join("store/latest/messages.jsonl");
    fs::File::create(&path).unwrap().set_len(SIZE).unwrap();
    let answer = served.get("/latest/messages.jsonl");
    assert_eq!((answer.status, answer.body.len() as u64), (200, SIZE));
    let status = fs::read_to_string(format!("/proc/{}/status", served.glomers.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kib: u64 = peak.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    assert!(peak_kib < SIZE / 1024 / 2, "{peak_kib} KiB at the peak");
}

#[test]
fn who_listens_to_others_is_told_so() {
    let mut served = Served::start(&["--host", "0.0.0.0"]);
    let mut told = String::new();
    served.stdout.read_line(&mut told).unwrap();
    assert!(told.contains("any machine that can reach 0.0.0.0 can read them all"), "{told}");
    assert_eq!(served.ask("GET", "/", "my-machine.example").status, 200);
}

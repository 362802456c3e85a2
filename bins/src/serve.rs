//! `glomers serve`: the store as web pages (jepsen: `web.clj`). It reads, and nothing else; whoever asks gets files of the
//! store, and of nothing outside it. Unless it is told otherwise, only programs on this machine can ask.
//!
//! A request is answered by one of a few threads, which wait for nothing but the disk and the one who asked.

mod files;
mod guard;
mod pages;
mod runs;

use anyhow::{Context, anyhow, bail};
use guard::{Guard, Refusal};
use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};
use tiny_http::{Header, Method, Request, Response, Server};

/// How many requests are answered at a time.
const THREADS: usize = 4;

/// Which runs, and where to.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  glomers serve                        on http://127.0.0.1:8080/\n  glomers serve --port 0               on a port that is free\n  glomers serve --store other/store    other runs, as well those of Maelstrom"
)]
pub(crate) struct Arguments {
    /// Where runs are kept.
    #[arg(long, value_name = "DIR", default_value = "store")]
    store: PathBuf,
    /// The port; 0 for one that is free.
    #[arg(long, value_name = "NUMBER", default_value_t = 8080)]
    port: u16,
    /// The address to listen on. Another one than this machine's own lets others read the store.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
}

/// What every thread needs.
struct Site {
    root: PathBuf,
    guard: Guard,
}

/// Answers requests until the process is ended.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let store = arguments.store.display();
    if !arguments.store.is_dir() {
        bail!("there is no store in {store}; `glomers test` makes one, and --store names another");
    }
    let root = arguments.store.canonicalize().with_context(|| format!("cannot read {store}"))?;
    let (host, port) = (arguments.host, arguments.port);
    let server = Server::http(SocketAddr::new(host, port))
        .map_err(|error| anyhow!("cannot listen on {host}, port {port}: {error}; `--port 0` takes one that is free"))?;
    let address = server.server_addr().to_ip().context("it listens on no network")?;
    let mut out = io::stdout();
    writeln!(out, "the runs in {store}: http://{address}/ (Ctrl-C ends it)")?;
    if !address.ip().is_loopback() {
        writeln!(out, "whoever reaches {} can read them all", address.ip())?;
    }
    out.flush()?;
    let site = Arc::new(Site { root, guard: Guard::new(address) });
    let server = Arc::new(server);
    let threads = (0..THREADS).map(|_| {
        let (site, server) = (Arc::clone(&site), Arc::clone(&server));
        thread::spawn(move || server.incoming_requests().for_each(|request| site.answer(request)))
    });
    // All of them have to begin before the first is waited for.
    let threads: Vec<_> = threads.collect();
    threads.into_iter().try_for_each(|thread| thread.join()).map_err(|_| anyhow!("it broke down"))
}

/// A response that is sent as it is read.
type Answer = Response<Box<dyn Read + Send>>;

impl Site {
    fn answer(&self, request: Request) {
        let answer = self.look_up(&request).unwrap_or_else(|refusal| refused(&refusal));
        // Nothing is left to do if the one who asked is gone.
        let _ = request.respond(answer);
    }

    fn look_up(&self, request: &Request) -> Result<Answer, Refusal> {
        if !matches!(request.method(), Method::Get | Method::Head) {
            return Err(Refusal::Method);
        }
        self.guard.admit(request)?;
        let (path, query) = request.url().split_once('?').unwrap_or((request.url(), ""));
        let names = guard::names(path)?;
        if names.is_empty() {
            let order = runs::Order::of(query);
            let runs = runs::find(&self.root, order)?;
            return Ok(page(200, pages::runs(&runs, order)));
        }
        let path = self.inside(&names)?;
        if path.is_dir() {
            return Ok(page(200, pages::folder(&names, &files::list(&path)?)));
        }
        files::send(&path)
    }

    /// Where in the store it is, links followed.
    fn inside(&self, names: &[String]) -> Result<PathBuf, Refusal> {
        let path = names.iter().fold(self.root.clone(), |path, name| path.join(name));
        let path = path.canonicalize()?;
        let is_readable = |path: &Path| path.is_file() || path.is_dir();
        if path.starts_with(&self.root) && is_readable(&path) { Ok(path) } else { Err(Refusal::NotThere) }
    }
}

fn refused(refusal: &Refusal) -> Answer {
    let (status, text) = refusal.in_words();
    let answer = page(status, pages::refusal(text));
    if status == 405 { answer.with_header(header("Allow", "GET, HEAD")) } else { answer }
}

fn page(status: u16, html: maud::Markup) -> Answer {
    let html = html.into_string().into_bytes();
    let length = html.len();
    let headers = headers("text/html; charset=utf-8");
    Response::new(status.into(), headers, Box::new(io::Cursor::new(html)), Some(length), None)
}

/// What goes with every answer: browsers are to take it for what it is, and for nobody else's.
fn headers(content_type: &str) -> Vec<Header> {
    let fixed = [
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", glomers_report::page::POLICY),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-cache"),
    ];
    let all = [("Content-Type", content_type)].into_iter().chain(fixed);
    all.map(|(name, value)| header(name, value)).collect()
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("it is ASCII")
}

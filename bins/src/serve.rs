//! `glomers serve`: the store as web pages (jepsen: `web.clj`). The server only reads, and only files inside the store.
//! By default it listens on the loopback address, so only programs on this machine can connect.
//!
//! A few threads answer requests. They wait for nothing but the disk and the client.

mod answer;
mod comparison;
mod files;
mod guard;
mod pages;
mod query;
mod runs;

use crate::serve::{
    answer::{Answer, header, page, text},
    guard::{Guard, Refusal},
};
use crate::usage::usage;
use anyhow::{Context, anyhow};
use glomers_report::store::manifest::read_window;
use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};
use tiny_http::{Method, Request, Server};

/// The number of requests that are answered at a time.
const THREADS: usize = 4;

/// The arguments.
#[derive(clap::Args)]
#[command(after_help = include_str!("help/serve.txt"))]
pub(crate) struct Arguments {
    /// The folder in which runs are kept
    #[arg(long, value_name = "DIR", default_value = "store")]
    store: PathBuf,
    /// The port; 0 for a free one
    #[arg(short, long, value_name = "NUMBER", default_value_t = 8080)]
    port: u16,
    /// The address to listen on; with any address but this machine's own, other machines can read the store
    #[arg(short = 'b', long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
}

/// The state that all threads share.
struct Site {
    root: PathBuf,
    guard: Guard,
}

/// Answers requests until the process is ended.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let store = arguments.store.display();
    if !arguments.store.is_dir() {
        return Err(usage(format!(
            "there is no store in {store}; `glomers test` makes one, and --store names another"
        )));
    }
    let root = arguments.store.canonicalize().with_context(|| format!("cannot read {store}"))?;
    let (host, port) = (arguments.host, arguments.port);
    let server = Server::http(SocketAddr::new(host, port))
        .map_err(|error| anyhow!("cannot listen on {host}, port {port}: {error}; `--port 0` takes a free one"))?;
    let address = server.server_addr().to_ip().context("the server has no network address")?;
    let mut out = io::stdout();
    writeln!(out, "the runs in {store}: http://{address}/ (Ctrl-C ends it)")?;
    if !address.ip().is_loopback() {
        writeln!(out, "any machine that can reach {} can read them all", address.ip())?;
    }
    out.flush()?;
    let site = Arc::new(Site { root, guard: Guard::new(address) });
    let server = Arc::new(server);
    let threads = (0..THREADS).map(|_| {
        let (site, server) = (Arc::clone(&site), Arc::clone(&server));
        thread::spawn(move || server.incoming_requests().for_each(|request| site.answer(request)))
    });
    // All of them must start before the first is joined.
    let threads: Vec<_> = threads.collect();
    threads.into_iter().try_for_each(|thread| thread.join()).map_err(|_| anyhow!("a server thread panicked"))
}

impl Site {
    fn answer(&self, request: Request) {
        let answer = self.look_up(&request).unwrap_or_else(|refusal| refused(&refusal));
        // Nothing is left to do if the client is gone.
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
        if names == ["compare"] {
            let named = query::all(query, "run");
            let [one, other] = &named[..] else { return Err(Refusal::Two) };
            let run = |name: &String| comparison::Run::read(&self.inside(&guard::names(&format!("/{name}"))?)?, name);
            return Ok(page(200, comparison::page(&run(one)?, &run(other)?)));
        }
        let path = self.inside(&names)?;
        if let (Some(window), Some(folder)) = (query::window(query), path.parent())
            && path.file_name().is_some_and(|name| name == "report.html")
        {
            let report = read_window(folder, &window).map_err(|_| Refusal::Failed)?;
            return Ok(text(200, glomers_report::page::window(&report, window)));
        }
        if path.is_dir() {
            return Ok(page(200, pages::folder(&names, &files::list(&path)?)));
        }
        files::send(&path)
    }

    /// The path in the store, with links resolved.
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

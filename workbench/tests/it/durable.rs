//! Sets on a disk: ones that lose nothing they have confirmed, and ones that are wrong on purpose.
#![expect(unreachable_pub, reason = "a helper of tests")]

use glomers_protocol::{
    Context, Disk, DiskError, ErrorCode, Json, Log, RpcError,
    echo::{Echo, EchoOk},
    g_counter,
    g_set::{Add, AddOk, Read, ReadOk},
    handler,
    unique_ids::{Generate, GenerateOk},
};
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    rc::Rc,
    time::Duration,
};

/// The disks on which an element is before it is confirmed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Copies {
    /// That of the node which was asked.
    One,
    /// Those of a majority.
    Majority,
}

/// A set in a [`Log`]. An element is seen when it is on as many disks as it takes.
pub struct LoggedSet {
    copies: Copies,
    /// The elements in the log here.
    stored: RefCell<BTreeSet<Json>>,
    shown: RefCell<BTreeSet<Json>>,
    log: Option<Log<Json>>,
}

/// Elements that the sender has.
#[derive(Serialize, Deserialize)]
pub struct Elements {
    elements: BTreeSet<Json>,
}

/// Elements to store.
#[derive(Serialize, Deserialize)]
pub struct Keep {
    elements: BTreeSet<Json>,
}

/// They are stored.
#[derive(Serialize, Deserialize)]
pub struct Kept {}

impl LoggedSet {
    pub fn with(copies: Copies) -> impl Fn(&Context) -> Result<Self, DiskError> + Clone {
        move |cx| {
            let (log, elements) = match cx.disk()? {
                Some(disk) => Log::open(&disk, "set").map(|(log, elements)| (Some(log), elements))?,
                None => (None, Vec::new()),
            };
            let stored: BTreeSet<Json> = elements.into_iter().collect();
            let shown = if copies == Copies::One { stored.clone() } else { BTreeSet::new() };
            Ok(Self { copies, stored: RefCell::new(stored), shown: RefCell::new(shown), log })
        }
    }

    /// Stores elements, and waits until they are durable.
    async fn store(&self, elements: &BTreeSet<Json>) {
        let new: Vec<Json> = elements.difference(&self.stored.borrow()).cloned().collect();
        self.stored.borrow_mut().extend(new.iter().cloned());
        let Some(log) = &self.log else { return };
        new.iter().for_each(|element| log.append(element));
        if self.stored.borrow().len() % 8 == 7 {
            log.compact(&*self.stored.borrow());
        }
        log.sync().await;
    }

    /// Has other nodes store elements; true if then a majority has them.
    async fn spread(&self, cx: &Context, elements: BTreeSet<Json>) -> bool {
        let keep = Keep { elements };
        let calls: Vec<_> = cx.peers().map(|peer| cx.call(peer, &keep)).collect();
        let (mut copies, majority) = (1, cx.ids().len() / 2 + 1);
        for call in calls {
            copies += usize::from(copies < majority && call.await.is_ok());
        }
        if copies >= majority {
            self.shown.borrow_mut().extend(keep.elements);
        }
        copies >= majority
    }
}

#[handler(g_set)]
impl LoggedSet {
    #[init]
    fn new(cx: &Context) -> Result<Self, DiskError> {
        Self::with(Copies::One)(cx)
    }

    async fn add(&self, cx: &Context, request: Add) -> Result<AddOk, RpcError> {
        let element = BTreeSet::from([request.element]);
        self.store(&element).await;
        if self.copies == Copies::One {
            self.shown.borrow_mut().extend(element);
        } else if !self.spread(cx, element).await {
            return Err(RpcError::new(ErrorCode::Timeout, "too few nodes have stored the element"));
        }
        Ok(AddOk {})
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { value: self.shown.borrow().iter().cloned().collect() }
    }

    #[rpc]
    async fn keep(&self, request: Keep) -> Kept {
        self.store(&request.elements).await;
        Kept {}
    }

    #[message]
    fn elements(&self, received: Elements) {
        self.shown.borrow_mut().extend(received.elements);
    }

    #[every(millis = 500)]
    async fn tell(&self, cx: &Context) {
        if self.copies == Copies::One {
            let elements = Elements { elements: self.shown.borrow().clone() };
            cx.peers().for_each(|peer| cx.send(peer, &elements));
        } else {
            let stored = self.stored.borrow().clone();
            self.store(&stored).await;
            self.spread(cx, stored).await;
        }
    }
}

/// The mistake that a [`LineSet`] makes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mistake {
    #[default]
    None,
    /// Confirms an element while the sync is under way.
    AnswersBeforeSync,
    /// Does not sync every fourth element, as if the next one's sync came soon enough.
    ForgetsToSync,
    /// Shows an element before it is durable.
    ShowsTooEarly,
    /// Waits as long as a sync usually takes.
    TrustsSpeed,
    /// Takes the last line for whole, and goes on behind it.
    ReplaysTornLine,
    /// Renames a snapshot over the old file before the snapshot is durable.
    RenamesBeforeSync,
    /// Takes a write that failed for done.
    IgnoresFullDisk,
}

/// A set in a file of lines, one element each, without checksums.
pub struct LineSet {
    mistake: Mistake,
    elements: RefCell<BTreeSet<Json>>,
    disk: Option<Disk>,
    added: Cell<u64>,
}

#[derive(Deserialize)]
struct Line {
    element: Json,
}

const FILE: &str = "set";

impl LineSet {
    pub fn with(mistake: Mistake) -> impl Fn(&Context) -> Result<Self, DiskError> + Clone {
        move |cx| {
            let disk = cx.disk()?;
            let elements = disk.as_ref().map_or(Ok(BTreeSet::new()), |disk| replay(disk, mistake))?;
            Ok(Self { mistake, elements: RefCell::new(elements), disk, added: Cell::new(0) })
        }
    }

    async fn write(&self, cx: &Context, disk: &Disk, element: &Json) {
        if self.mistake == Mistake::RenamesBeforeSync {
            let snapshot: String = self.elements.borrow().iter().chain([element]).map(line).collect();
            if disk.append("snapshot", snapshot.as_bytes()).and_then(|()| disk.rename("snapshot", FILE)).is_ok() {
                return;
            }
        }
        while disk.append(FILE, line(element).as_bytes()).is_err() {
            if self.mistake == Mistake::IgnoresFullDisk {
                return;
            }
            cx.sleep(Duration::from_millis(50)).await;
        }
    }

    async fn sync(&self, cx: &Context, disk: &Disk) {
        self.added.update(|count| count + 1);
        match self.mistake {
            Mistake::AnswersBeforeSync => {
                let disk = disk.clone();
                cx.spawn(async move { disk.sync().await });
            }
            Mistake::ForgetsToSync if self.added.get().is_multiple_of(4) => {}
            Mistake::TrustsSpeed => {
                let disk = disk.clone();
                cx.spawn(async move { disk.sync().await });
                cx.sleep(Duration::from_millis(20)).await;
            }
            _ => disk.sync().await,
        }
    }
}

/// The line of an element, which is long enough to be torn often.
fn line(element: &Json) -> String {
    format!("{{\"element\":{element},\"padding\":\"{:64}\"}}\n", "")
}

/// The elements in the file, whose last line may have been torn.
fn replay(disk: &Disk, mistake: Mistake) -> Result<BTreeSet<Json>, DiskError> {
    let bytes = disk.read(FILE)?.unwrap_or_default();
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let whole = if mistake == Mistake::ReplaysTornLine { bytes.len() } else { whole };
    if whole < bytes.len() {
        disk.truncate(FILE, whole as u64)?;
    }
    let lines = String::from_utf8_lossy(&bytes[..whole]).into_owned();
    let element = |line: &str| serde_json::from_str::<Line>(line).ok().map(|line| line.element);
    Ok(lines.lines().filter_map(element).collect())
}

#[handler(g_set)]
impl LineSet {
    #[init]
    fn new(cx: &Context) -> Result<Self, DiskError> {
        Self::with(Mistake::None)(cx)
    }

    async fn add(&self, cx: &Context, request: Add) -> AddOk {
        if self.mistake == Mistake::ShowsTooEarly {
            self.elements.borrow_mut().insert(request.element.clone());
        }
        if let Some(disk) = &self.disk {
            self.write(cx, disk, &request.element).await;
            self.sync(cx, disk).await;
        }
        self.elements.borrow_mut().insert(request.element);
        AddOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { value: self.elements.borrow().iter().cloned().collect() }
    }

    #[message]
    fn line_elements(&self, received: LineElements) {
        self.elements.borrow_mut().extend(received.elements);
    }

    #[every(millis = 500)]
    fn tell(&self, cx: &Context) {
        let elements = LineElements { elements: self.elements.borrow().clone() };
        cx.peers().for_each(|peer| cx.send(peer, &elements));
    }
}

/// Elements that the sender has.
#[derive(Serialize, Deserialize)]
pub struct LineElements {
    elements: BTreeSet<Json>,
}

/// A place for data that every run finds, such as a folder with a fixed name.
pub type SharedFolder = Rc<Cell<i64>>;

/// A counter whose total outlives the run.
#[derive(Default)]
pub struct HauntedCounter(SharedFolder);

impl HauntedCounter {
    pub fn with(folder: SharedFolder) -> impl Fn(&Context) -> Self + Clone {
        move |_| Self(Rc::clone(&folder))
    }
}

#[handler(g_counter)]
impl HauntedCounter {
    fn add(&self, request: g_counter::Add) -> g_counter::AddOk {
        self.0.update(|total| total + request.delta);
        g_counter::AddOk {}
    }

    fn read(&self, _: g_counter::Read) -> g_counter::ReadOk {
        g_counter::ReadOk { value: self.0.get() }
    }
}

/// Ids with the number of the start, which is the last line of a file without checksums.
pub struct NumberedStarts {
    start: u64,
    last: Cell<u64>,
    disk: Disk,
}

#[handler(unique_ids)]
impl NumberedStarts {
    #[init]
    fn new(cx: &Context) -> Result<Self, DiskError> {
        let disk = cx.disk()?.expect("the test gives nodes a disk");
        let text = disk.read("starts")?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let whole = text.rfind('\n').map_or(0, |newline| newline + 1);
        if whole < text.len() {
            disk.truncate("starts", whole as u64)?;
        }
        let start = text[..whole].lines().last().and_then(|line| line.parse().ok()).unwrap_or(0) + 1;
        disk.append("starts", format!("{start}\n").as_bytes())?;
        Ok(Self { start, last: Cell::new(0), disk })
    }

    async fn generate(&self, cx: &Context, _: Generate) -> GenerateOk {
        self.disk.sync().await;
        self.last.update(|last| last + 1);
        GenerateOk { id: Json::from(format!("{}-{}-{}", cx.id(), self.start, self.last.get())) }
    }
}

/// Stops after three requests.
#[derive(Default)]
pub struct Quitter(Cell<u64>);

#[handler(echo)]
impl Quitter {
    fn echo(&self, cx: &Context, request: Echo) -> EchoOk {
        self.0.update(|count| count + 1);
        if self.0.get() > 3 {
            cx.fail_stop(std::io::Error::other("three is enough"));
        }
        EchoOk { echo: request.echo }
    }
}
